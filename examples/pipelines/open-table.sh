#!/bin/sh
# open-table.sh [OPTION...]: prints the incidents that are not over as a table, the
# worst first, and nothing at all when there are none: so cron sends mail only
# when there is something to say. OPTIONs are those of `oncall-incident list`.
set -eu
found=$(oncall-incident list --json --limit 1 "$@")
[ -n "$found" ] || exit 0
oncall-incident list --table --sort severity "$@"
