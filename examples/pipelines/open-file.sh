#!/usr/bin/env bash
# open-file.sh FILE...: opens incidents from files of detections and prints one
# line for each incident that is new, back again or worse. Reading a file again,
# or one that has grown, takes only what is new.
set -euo pipefail
[ $# -gt 0 ] || {
    echo 'usage: open-file.sh FILE...' >&2
    exit 2
}
oncall-incident open "$@" |
    jq -r 'select(.change == ("opened", "reopened", "raised")) |
        [.change, .severity, .id, .service // "-", .title] | join("  ")'
