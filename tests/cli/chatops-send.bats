#!/usr/bin/env bats
# chatops-send in a pipe: what it sends where, and what it says of it.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load ../lib/send

@test "chatops-send passes all on, and deliveries follow their message" {
    configured 'routes: {all: {to: [hook, log]}}'
    {
        echo '{"type":"other",  "x":1}'
        message m1 'first'
        echo '{"type":"incident","id":"INC-20261120-0001"}'
        message m2 'second'
    } >in.jsonl
    expect 0 cs in.jsonl
    is "$(of '.type' | paste -sd ' ')" \
        'other message delivery delivery incident message delivery delivery'
    is "${lines[0]}" '{"type":"other",  "x":1}'
    is "${lines[1]}" "$(sed -n 2p in.jsonl)"
    is "$(deliveries | paste -sd ,)" 'm1 hook delivered,m1 log delivered,m2 hook delivered,m2 log delivered'
    is "$(got | paste -sd ,)" 'first,second'
    is "$(wc -l <log)" 2
    [ ! -e hook/bad ]
    of 'select(.type == "delivery") | tojson' | validate
}

@test "chatops-send writes notes to files as their schema says" {
    configured 'routes: {all: {to: [log]}}'
    message m1 plain >in.jsonl
    message m2 full '{"severity": "high", "service": "web", "reason": "first",
        "text": "a\nb", "code": "ls", "thread": "INC-20261120-0001",
        "incident": "INC-20261120-0001", "fields": {"host": "web1"},
        "links": [{"text": "x", "url": "https://x.example.org"}],
        "buttons": [{"id": "ack", "label": "Acknowledge", "command": "y"}]}' >>in.jsonl
    echo '{"type":"incident","id":"INC-20261120-0001","title":"t","status":"resolved"}' >>in.jsonl
    expect 0 cs --each incident in.jsonl
    is "$(jq -r '"\(.title) \(.over)"' log | paste -sd ,)" 'plain false,full false,INC-20261120-0001: t true'
    validate --types note log
}

@test "chatops-send sends once what it reads twice" {
    configured 'routes: {all: {to: [hook]}}'
    message m1 'first' >in.jsonl
    expect 0 cs in.jsonl
    expect 0 cs in.jsonl
    is "$(deliveries)" 'm1 hook delivered'
    is "$(got)" 'first'
}

@test "chatops-send asks routes only for those that name nobody" {
    configured 'routes:' '  bad: {match: {severity: [critical]}, to: [dead]}' \
        '  others: {to: [log]}' 'groups: {ana: [hook]}'
    message m1 'for ana' '{"to": ["ana"]}' | expect 0 cs
    is "$(got)" 'for ana'
    message m2 'for the log' | expect 0 cs
    is "$(wc -l <log)" 1
    message m3 'for the hook' '{"to": ["log"]}' >in.jsonl
    expect 0 cs --to hook in.jsonl
    is "$(got | tail -n 1)" 'for the hook'
    is "$(wc -l <log)" 1
}

@test "chatops-send with nothing to do writes nothing" {
    expect 0 cs </dev/null
    is "$output" ''
    [ -z "$stderr" ]
}

@test "chatops-send says what would do for an unknown target, and sends the rest" {
    message m1 'first' >in.jsonl
    expect 2 cs --to hok in.jsonl
    says "did you mean 'hook'?"
    expect 2 cs --to hok,hook in.jsonl
    says "m1 to hok: failed: there is no target or group 'hok'"
    is "$(deliveries | sort | paste -sd ,)" 'm1 hok failed,m1 hook delivered'
    is "$(got)" 'first'
}

@test "chatops-send without a route fails the message and says so" {
    configured 'routes: {some: {match: {severity: [high]}, to: [hook]}}'
    message m1 'first' >in.jsonl
    expect 2 cs in.jsonl
    says 'm1: failed: it names nobody, and no route takes it'
    is "$(deliveries)" 'm1  failed'
}

@test "chatops-send queues what cannot be delivered, with status 75" {
    message m1 'first' >in.jsonl
    expect 75 cs --wait 100ms --to dead,hook in.jsonl
    is "$(deliveries | paste -sd ,)" 'm1 dead queued,m1 hook delivered'
    of 'select(.status == "queued") | .reason' | grep -q 'cannot reach'
}

@test "chatops-send reports bad records, and delivers the others" {
    configured 'routes: {all: {to: [hook]}}'
    {
        message m1 'first'
        echo 'no record'
        echo '{"type":"message","id":"m2","time":"2026-11-20T10:00:00.000Z","key":"m2"}'
        message m3 'third'
    } >in.jsonl
    expect 3 cs in.jsonl
    says 'in.jsonl:2: '
    says 'in.jsonl:3: '
    is "$(got | paste -sd ,)" 'first,third'
    expect 3 cs --strict in.jsonl
}

@test "chatops-send takes records of other types with --each" {
    configured 'routes: {all: {to: [hook]}}'
    cat >in.jsonl <<'END'
{"type":"incident","id":"INC-20261120-0001","time":"2026-11-20T10:00:00.000Z","revision":1,"status":"open","severity":"high","title":"disk full","service":"web","opened":"2026-11-20T10:00:00.000Z","updated":"2026-11-20T10:00:00.000Z","count":1,"fingerprint":"v1:x"}
{"type":"incident","id":"INC-20261120-0001","time":"2026-11-20T10:00:00.000Z","revision":1,"status":"open","severity":"high","title":"disk full","service":"web","opened":"2026-11-20T10:00:00.000Z","updated":"2026-11-20T10:00:00.000Z","count":9,"fingerprint":"v1:x"}
{"type":"incident","id":"INC-20261120-0001","time":"2026-11-20T10:00:00.000Z","revision":1,"status":"resolved","severity":"high","title":"disk full","service":"web","opened":"2026-11-20T10:00:00.000Z","updated":"2026-11-20T10:00:00.000Z","count":9,"fingerprint":"v1:x"}
END
    expect 0 cs in.jsonl
    is "$(got)" ''
    expect 0 cs --each incident,action in.jsonl
    # The same in the same state is told once.
    is "$(wc -l <hook/got)" 2
    is "$(deliveries | sort -u | paste -sd ,)" \
        'incident.INC-20261120-0001.1.open hook delivered,incident.INC-20261120-0001.1.resolved hook delivered'
}

@test "chatops-send --text sends standard input" {
    printf 'disk full\nno space left\non /var\n' >text
    expect 0 cs --text --to hook,log --severity high <text
    is "$(got)" 'disk full'
    is "$(jq -r .severity log)" high
    is "$(jq -r .text log)" $'no space left\non /var'
    printf 'no space left\n' >text
    expect 0 cs --text --to log --title 'disk full' --key once <text
    expect 0 cs --text --to log --title 'disk full' --key once <text
    is "$(wc -l <log)" 2
    is "$(tail -n 1 log | jq -r '.title + ": " + .text')" 'disk full: no space left'
    expect 3 cs --text --to log </dev/null
    says 'nothing to send'
}

@test "chatops-send --render prints what would be sent, and sends nothing" {
    message m1 'first' >in.jsonl
    expect 0 cs --render hook in.jsonl
    is "${lines[0]}" "POST $HOOK"
    [[ $output == *'"title":"first"'* ]]
    is "$(got)" ''
    [ "$DRIVER" = postgresql ] || [ ! -e "$ONCALL_STORE" ]
    expect 2 cs --render hok in.jsonl
    says "did you mean 'hook'?"
}

@test "chatops-send --check asks the targets" {
    expect 0 cs --check log
    [[ ${lines[0]} == 'log: ok: '* ]]
    configured '  nowhere: {type: file, path: /nonexistent/log}'
    expect 5 cs --check
    [[ $output == *'nowhere: no'* ]]
    says "nowhere: cannot open '/nonexistent/log'"
    expect 2 cs --check hok
    says "did you mean 'hook'?"
}

@test "chatops-send names wrong usage" {
    expect 2 cs --flush --text
    says 'exclude each other'
    expect 2 cs --flush file
    says 'too many'
    expect 2 cs outbox
    says 'list, show, retry or drop'
    expect 2 cs outbox list --status opn
    says "did you mean 'open'?"
    configured 'routes: {all: {to: [hok]}}'
    expect 2 cs </dev/null
    says "oncall.yaml:5: routes.all.to: there is no target or group 'hok'; did you mean 'hook'?"
}

@test "chatops-send says when it cannot write, and has sent" {
    configured 'routes: {all: {to: [hook]}}'
    message m1 'first' >in.jsonl
    run -4 --separate-stderr bash -c 'timeout 20 chatops-send in.jsonl >/dev/full'
    says 'No space left'
    is "$(got)" 'first'
    messages 500 >in.jsonl
    run --separate-stderr bash -c 'set -o pipefail
        timeout 60 chatops-send in.jsonl | head -n 1'
    [ "$status" -eq 141 ]
    expect 0 cs --flush
    is "$(store_sql "SELECT COUNT(*) FROM messages WHERE status <> 'sent'")" 0
}

@test "chatops-send in a live pipe tells at once, and tries again by itself" {
    configured 'routes: {all: {to: [hook]}}'
    answers 503
    mkfifo pipe
    timeout 60 chatops-send --wait 100ms <pipe >out 2>err 3>&- &
    local pid=$!
    exec 9>pipe
    message m1 'first' >&9
    eventually 20 grep -q '"status":"queued"' out
    answers
    eventually 20 sent_all 1
    message m2 'second' >&9
    eventually 20 grep -q '"m2/hook"' out
    exec 9>&-
    wait "$pid" || is $? 75
}

sent_all() {
    [ "$(store_sql "SELECT COUNT(*) FROM messages WHERE status = 'sent'")" -eq "$1" ]
}
