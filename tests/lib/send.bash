# What the tests of chatops-send share: `load ../lib/send`, after common. A
# webhook that counts stands ready as target "hook" (see count-server.py), "log"
# is a file, and nobody listens at "dead".
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154

server_pid=''

setup() {
    send_setup
}

teardown() {
    send_teardown
}

send_setup() {
    common_setup
    mkdir hook
    "$ROOT/tests/lib/count-server.py" "$PWD/hook" 3>&- 2>server.err &
    server_pid=$!
    eventually 20 [ -e hook/port ]
    HOOK=http://127.0.0.1:$(<hook/port)/in
    export ONCALL_CONFIG=$PWD/oncall.yaml
    configured
}

send_teardown() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || :
    common_teardown
}

# configured LINE...: the targets of the tests, and these lines.
configured() {
    (umask 077 && {
        cat <<YAML
targets:
  hook: {type: webhook, url: "$HOOK"}
  log: {type: file, path: $PWD/log}
  dead: {type: webhook, url: "http://127.0.0.1:1/in"}
YAML
        printf '%s\n' "$@"
    } >oncall.yaml)
}

# message KEY TITLE [JSON]: a message record; JSON has more members.
message() {
    local more=${3:-}

    jq -nc --arg key "$1" --arg title "$2" --argjson more "${more:-{\}}" \
        '{type: "message", id: $key, time: "2026-11-20T10:00:00.000Z",
        key: $key, title: $title} + $more'
}

# messages N: that many, whose keys are k1, k2, ...
messages() {
    awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++)
        printf "{\"type\":\"message\",\"id\":\"k%d\",\"time\":" \
            "\"2026-11-20T10:00:00.000Z\",\"key\":\"k%d\",\"title\":" \
            "\"title %d\"}\n", i, i, i }'
}

# cs ARGUMENT...: chatops-send, never for long.
cs() {
    timeout -k 5 120 chatops-send "$@"
}

# got: the titles that the webhook got, in their order.
got() {
    [ ! -e hook/got ] || cut -d ' ' -f 2- hook/got
}

# answers WORD...: how the webhook answers from now on; none: well.
answers() {
    rm -f hook/answer
    [ $# -eq 0 ] || echo "$*" >hook/answer
}

# deliveries: "KEY TARGET STATUS" of the delivery records of the last run.
deliveries() {
    of 'select(.type == "delivery") | "\(.key) \(.target) \(.status)"'
}
