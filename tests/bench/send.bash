# send.bash - the piece of tests/bench/run that measures how fast messages are
# delivered. Sourced.
# Functions are called by name, and awk's fields are no shell parameters:
# shellcheck shell=bash disable=SC2317,SC2016,SC2154

MESSAGES=10000
CURLS=100          # one takes so long that few are enough
SEND_MEMORY_KB=48828 # 50 MB

make_messages() {
    mkdir -p "$dir/oncall" "$dir/hook"
    rm -f "$dir"/hook/*
    tests/lib/count-server.py "$dir/hook" &
    server=$!
    until [ -e "$dir/hook/port" ]; do
        kill -0 "$server" || die 'cannot start the server'
        sleep 0.05
    done
    HOOK=http://127.0.0.1:$(<"$dir/hook/port")/in
    cat >"$dir/oncall/oncall.yaml" <<YAML
targets: {hook: {type: webhook, url: "$HOOK"}}
routes: {all: {to: [hook]}}
YAML
    chmod 600 "$dir/oncall/oncall.yaml"
    seq $MESSAGES | jq -c '{type: "message", id: "k\(.)", key: "k\(.)",
        time: "2026-11-20T10:00:00.000Z", title: "title \(.)", text: "text"}' \
        >"$dir/messages.jsonl"
    head -n 1 "$dir/messages.jsonl" >"$dir/message.json"
}

send_ours() {
    fresh_store
    rm -f "$dir/hook/got"
    usage "$dir/usage" "$B/bin/chatops-send" "$dir/messages.jsonl"
}

send_theirs() {
    local i

    for ((i = 0; i < CURLS; i++)); do
        curl -sS -H 'Content-Type: application/json' \
            -H "Idempotency-Key: c$i" --data-binary @"$dir/message.json" \
            "$HOOK" || return
    done
}

bench_send() {
    local server HOOK

    make_messages
    compare "$ROUNDS" send_theirs send_ours
    kill "$server"
    row "send, $MESSAGES to a webhook, x curl" \
        "$(middle "$MESSAGES / \$2 * 1e6" %.0f/s)" \
        "$(middle "$CURLS / \$1 * 1e6" %.0f/s)" \
        "$(middle "(\$1 / $CURLS) / (\$2 / $MESSAGES)" %.0f)" '>= 20'
    row 'send, memory' "$(middle '$3 / 1024' '%.0f MiB' "$dir/usage")" \
        "$(middle "$SEND_MEMORY_KB / 1024" '%.0f MiB' "$dir/usage")" \
        "$(middle "\$3 / $SEND_MEMORY_KB" %.2f "$dir/usage")" '< 1'
    cut -d ' ' -f 1 "$dir/hook/got" | grep -v '^c' | cut -c 2- |
        cmp -s - <(seq $MESSAGES) || die 'not all arrived, in order'
    rm -f "$dir/oncall/oncall.yaml"
}
