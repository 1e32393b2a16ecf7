#!/usr/bin/env bats
# chatops-send and what should do it no harm: hostile text, much of it, secrets.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load ../lib/send

SECRETS=(tok-6cb27e16a2 sig-0b5e4f6c1d url-91d3a07b52)

# Secrets of all three kinds: from the environment, a file, a command.
secret_targets() {
    (umask 077 && echo "${SECRETS[1]}" >signing)
    export HOOK_TOKEN=${SECRETS[0]}
    configured "  safe: {type: webhook, url: \"$HOOK\", token: {env: HOOK_TOKEN}, signing_key: {file: $PWD/signing}}" \
        "  hidden: {type: webhook, webhook: {command: [echo, \"$HOOK/${SECRETS[2]}\"]}}" \
        "  gone: {type: webhook, webhook: {command: [echo, \"http://127.0.0.1:1/${SECRETS[2]}\"]}, token: {env: HOOK_TOKEN}}"
}

no_secret_in() {
    local secret

    for secret in "${SECRETS[@]}"; do
        ! grep -raF -- "$secret" "$@" || {
            echo "has the secret $secret: $*" >&2
            return 1
        }
    done
}

@test "chatops-send keeps its secrets to itself" {
    secret_targets
    message m1 'first' >in.jsonl
    mkdir seen
    run --separate-stderr cs --wait 500ms --to safe,hidden,gone -vv in.jsonl
    [ "$status" -eq 75 ]
    is "$(wc -l <hook/got)" 2
    printf '%s\n' "$output" "$stderr" >seen/run
    run --separate-stderr cs --to safe --render safe in.jsonl
    printf '%s\n' "$output" "$stderr" >seen/render
    run --separate-stderr cs --render hidden in.jsonl
    printf '%s\n' "$output" "$stderr" >seen/hidden
    run --separate-stderr cs --check safe hidden gone
    printf '%s\n' "$output" "$stderr" >seen/check
    answers 401
    message m2 'second' >in.jsonl
    run --separate-stderr cs --wait 1ms --to safe,hidden --log-format json in.jsonl
    printf '%s\n' "$output" "$stderr" >seen/failed
    run --separate-stderr cs outbox list --json
    printf '%s\n' "$output" "$stderr" >seen/list
    if [ "$DRIVER" = sqlite ]; then
        cat "$ONCALL_STORE"* >seen/store
    else
        store_sql 'SELECT * FROM messages' >seen/store
        store_sql 'SELECT * FROM deliveries' >>seen/store
    fi
    no_secret_in seen
}

@test "chatops-send has no secret among its arguments" {
    secret_targets
    answers hang
    message m1 'first' >in.jsonl
    chatops-send --to safe,hidden in.jsonl >out 2>err 3>&- &
    local pid=$!
    eventually 20 [ -s hook/got ]
    tr '\0' '\n' <"/proc/$pid/cmdline" >seen
    kill -9 "$pid"
    wait "$pid" || :
    no_secret_in seen
}

@test "chatops-send sends ten million bytes, and goes on" {
    configured 'routes: {all: {to: [log]}}'
    {
        printf '{"type":"message","id":"big","time":"2026-11-20T10:00:00.000Z","key":"big","title":"big","text":"'
        head -c 10000000 /dev/zero | tr '\0' x
        echo '"}'
        message m2 'second'
    } >in.jsonl
    expect 0 cs in.jsonl
    is "$(wc -l <log)" 2
    is "$(head -n 1 log | jq '.text | length')" 10000000
}

@test "chatops-send refuses bytes that are no text, and goes on" {
    configured 'routes: {all: {to: [log]}}'
    {
        printf '{"type":"message","id":"m1","time":"2026-11-20T10:00:00.000Z","key":"m1","title":"\xff\xfe"}\n'
        message m2 'second'
    } >in.jsonl
    expect 3 cs in.jsonl
    says 'in.jsonl:1: '
    is "$(jq -r .title log)" second
    printf 'caf\xe9\n\xff\n' >text
    expect 0 cs --text --to log <text
    is "$(tail -n 1 log | jq -r .title)" $'caf\xef\xbf\xbd'
}

@test "chatops-send makes one line of titles and keys" {
    configured 'routes: {all: {to: [hook]}}'
    message $'m1\r\nX-Evil: 1' $'one\r\nX-Evil: 2' >in.jsonl
    expect 0 cs in.jsonl
    [ ! -e hook/bad ]
    is "$(wc -l <hook/got)" 1
    [[ $(<hook/got) =~ ^[0-9a-f]{32}\ one ]]
}

@test "chatops-send names a message with too many receivers" {
    {
        message m1 'first' "$(jq -nc '{to: [range(5000) | "t\(.)"]}')"
        message m2 'second' '{"to": ["hook"]}'
    } >in.jsonl
    expect 1 cs in.jsonl
    says 'm1: failed: it names more targets than are allowed'
    is "$(got)" 'second'
    message m3 'third' "$(jq -nc '{to: ([range(900) | "t\(.)"] + ["hook"])}')" >in.jsonl
    expect 2 cs in.jsonl
    says 'further messages that fail'
    is "$(got | tail -n 1)" third
}

@test "chatops-send goes on when one target cannot be opened" {
    configured '  broken: {type: webhook, url: "http://127.0.0.1:1/", token: {env: NOT_SET_AT_ALL}}'
    message m1 'first' >in.jsonl
    expect 2 cs --wait 1ms --to broken,hook in.jsonl
    is "$(deliveries | sort | paste -sd ,)" 'm1 broken queued,m1 hook delivered'
    of 'select(.target == "broken") | .reason' | grep -q NOT_SET_AT_ALL
}

@test "chatops-send survives a target that hangs, and tells the others" {
    configured "  slow: {type: webhook, url: \"$HOOK\", timeout: 300ms}"
    answers hang
    message m1 'first' >in.jsonl
    expect 75 cs --wait 1ms --to slow,log in.jsonl
    is "$(deliveries | sort | paste -sd ,)" 'm1 log delivered,m1 slow queued'
}
