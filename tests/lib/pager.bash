# What the tests of the pager share: `load ../lib/pager`, after common and
# incident. A test is a table of times, what people or machines do then, and the
# reasons of the messages that the tick after it writes.
# Words of a row are split on purpose:
# shellcheck shell=bash disable=SC2034,SC2154,SC2086,SC2116

# plays: reads lines "[DAY ]TIME | COMMAND | REASONS". A message that goes to
# somebody is REASON>NAME,NAME. The messages are kept in messages.jsonl.
plays() {
    local line time command wanted got

    while read -r line; do
        case $line in '' | '#'*) continue ;; esac
        IFS='|' read -r time command wanted <<<"$line"
        at ${time:?}
        eval "$command" || {
            echo "failed: $line" >&2
            return 1
        }
        oi tick >tick.out || return 1
        cat tick.out >>messages.jsonl
        got=$(reasons <tick.out)
        is "$time| $got" "$time| $(echo $wanted)" || return 1
    done
}

# at [DAY] TIME: the clock from now on.
at() {
    local day=20

    [ $# -eq 1 ] || { day=$1 && shift; }
    export ONCALL_NOW=2026-11-${day}T$1Z
}

# The reasons of messages, and whom they go to, in one line.
reasons() {
    jq -r '.reason + (if .to then ">" + (.to | join(",")) else "" end)' |
        paste -sd ' ' -
}

# up TITLE [SEVERITY [SERVICE [OPTION...]]]: a sign of trouble.
up() {
    oi open --title "$1" --severity "${2:-high}" --service "${3:-web}" \
        "${@:4}" >up.out
}

# ack N..., resolve N..., and so on.
ack() { for_each ack "$@"; }
investigate() { for_each investigate "$@"; }
mitigate() { for_each mitigate "$@"; }
resolve() { for_each resolve "$@"; }
reopen() { for_each reopen "$@"; }

for_each() {
    local verb=$1 n

    shift
    for n; do
        oi "$verb" "$(inc "$n")" >/dev/null || return 1
    done
}

# silence WORD...: what `silence add` takes; its id is in $silence.
silence() {
    silence=$(oi silence add "$@" --note test --json | jq -r .id)
}

# outbox: what waits to be sent and what became of the rest, one a line.
outbox() {
    store_sql "SELECT status, key FROM messages ORDER BY num"
}

# The last message that was written.
last() {
    tail -n 1 messages.jsonl | jq -r "$1"
}
