#!/usr/bin/env bats
# chatops-send --flush, --daemon and outbox: what waits.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load ../lib/send

sender=''

teardown() {
    [ -z "$sender" ] || kill -9 "$sender" 2>/dev/null || :
    send_teardown
}

# waiting TITLE...: that many messages to "hook", which does not take them.
waiting() {
    local i=0 title

    answers 503
    for title; do
        i=$((i + 1))
        message "m$i" "$title"
    done >in.jsonl
    expect 75 cs --wait 1ms --to hook in.jsonl
    rm -f hook/got
}

due_now() {
    store_sql 'UPDATE deliveries SET due = 0' >&2
}

@test "chatops-send --flush sends what is due, in order" {
    waiting 'first' 'second'
    expect 75 cs --flush --wait 1ms
    is "$(got)" ''
    answers
    # What is due soon is waited for.
    expect 0 cs --flush --wait 10s
    is "$(got | paste -sd ,)" 'first,second'
    is "$(deliveries | paste -sd ,)" 'm1 hook delivered,m2 hook delivered'
    expect 0 cs --flush
    is "$output" ''
}

@test "chatops-send --flush heeds what the far side asks for" {
    answers 429 3600
    message m1 'first' >in.jsonl
    expect 75 cs --wait 1ms --to hook in.jsonl
    is "$(wc -l <hook/got)" 1
    [ "$(store_sql 'SELECT due FROM deliveries')" -gt $((($(date +%s) + 3500) * 1000)) ]
    answers 401
    due_now
    expect 1 cs --flush
    says 'm1 to hook: failed'
    is "$(deliveries)" 'm1 hook failed'
}

@test "chatops-send keeps a message whatever the far side does" {
    local how

    configured 'send: {retry_min: 50ms, retry_max: 100ms}'
    for how in 500 'cut' 'drip' 503; do
        rm -f hook/got
        answers "$how"
        message "m-$how" "$how" >in.jsonl
        [ "$how" = drip ] || expect 75 cs --wait 10ms --to hook in.jsonl
        answers
        expect 0 cs --wait 20s --to hook in.jsonl
        is "$(deliveries)" "m-$how hook delivered"
        is "$(sort -u hook/got)" "m-$how $how"
    done
}

@test "chatops-send --daemon sends what comes, and ends when told" {
    configured 'routes: {all: {to: [hook]}}'
    chatops-send --daemon >out 2>err 3>&- &
    sender=$!
    answers 503
    message m1 'first' >in.jsonl
    expect 75 cs --wait 1ms --to hook in.jsonl
    answers
    eventually 30 grep -q '"m1/hook"' out
    kill -TERM "$sender"
    wait "$sender" || is "$?" 143
    sender=''
    is "$(store_sql 'SELECT status FROM messages')" sent
    is "$(sort -u hook/got)" 'm1 first'
}

@test "chatops-send outbox list shows what waits, and why" {
    waiting 'first' 'second'
    message m3 'third' | expect 2 cs --to hok,log
    expect 0 cs outbox list --table
    [[ ${lines[0]} == KEY*TARGET*STATUS*REASON ]]
    is "${#lines[@]}" 5
    expect_records 0 cs outbox list --status open
    is "$(deliveries | paste -sd ,)" 'm2 hook queued,m1 hook queued'
    expect 0 cs outbox list --status failed
    is "$(of .target)" hok
    expect 0 cs outbox list --target log --limit 1
    is "$(deliveries)" 'm3 log delivered'
    expect 0 cs outbox list --table --target nothing
    is "$output" 'nothing is there'
}

@test "chatops-send outbox show tells all of a message" {
    waiting 'first'
    expect_records 0 cs outbox show m1
    is "${lines[0]}" "$(cat in.jsonl)"
    is "$(deliveries)" 'm1 hook queued'
    expect 1 cs outbox show nothing
    says "no message 'nothing'"
    expect 2 cs outbox show
}

@test "chatops-send outbox retry sends again what failed" {
    answers 404
    message m1 'first' >in.jsonl
    expect 1 cs --to hook in.jsonl
    expect 1 cs --to hook in.jsonl
    is "$(deliveries)" 'm1 hook failed'
    answers
    expect 0 cs outbox retry m1
    expect 0 cs --flush
    is "$(deliveries)" 'm1 hook delivered'
    expect 1 cs outbox retry m1
    says "nothing of 'm1' failed"
    expect 2 cs outbox retry
    says 'or give --target, or --all'
    expect 1 cs outbox retry --all
}

@test "chatops-send outbox drop takes out what waits" {
    waiting 'first' 'second' 'third'
    answers
    expect 0 cs outbox drop m1
    expect 1 cs outbox drop m1
    says "nothing of 'm1' waits"
    expect 0 cs outbox drop --target hook
    due_now
    expect 0 cs --flush
    is "$(got)" ''
    is "$(store_sql "SELECT COUNT(*) FROM messages WHERE status = 'cancelled'")" 3
}

@test "chatops-send sends what the pager has put there, and nothing too old" {
    configured 'routes: {all: {to: [hook]}}'
    expect 0 cs --flush
    store_sql "INSERT INTO messages (num, key, record, call, status, made)
        VALUES (1, 'p1', '$(message p1 'old')', 0, 'queued', 1000),
        (2, 'p2', '$(message p2 'new')', 0, 'queued', $(date +%s)000),
        (3, 'p3', 'no record', 0, 'queued', $(date +%s)000)"
    expect 1 cs --flush
    is "$(got)" 'new'
    is "$(deliveries | paste -sd ,)" 'p1  failed,p3  failed,p2 hook delivered'
    says 'p1: failed: too old to be sent'
}

@test "chatops-send --flush keeps to a rate, and goes on" {
    configured "  paced: {type: webhook, url: \"$HOOK\", every: 300ms}"
    messages 4 >in.jsonl
    expect 75 cs --wait 1ms --to paced in.jsonl
    expect 0 cs --flush
    is "$(got | paste -sd ,)" 'title 1,title 2,title 3,title 4'
}

@test "chatops-send --flush removes what is over and old" {
    messages 3 | expect 0 cs --to hook
    expect 0 cs --flush
    is "$(store_sql 'SELECT COUNT(*) FROM messages')" 3
    store_sql "UPDATE messages SET made = 1000 WHERE key <> 'k3'"
    store_sql "UPDATE messages SET status = 'queued' WHERE key = 'k2'"
    configured 'send: {keep: 1d}'
    expect 75 cs --flush
    is "$(store_sql 'SELECT key FROM messages ORDER BY num' | paste -sd ,)" 'k2,k3'
    is "$(store_sql 'SELECT COUNT(*) FROM deliveries')" 2
}

@test "chatops-send does not send what was acknowledged" {
    waiting 'first' 'second'
    store_sql "UPDATE messages SET status = 'cancelled', reason = 'acknowledged'
        WHERE key = 'm1'"
    expect 0 cs outbox show m1
    is "$(deliveries)" 'm1 hook cancelled'
    answers
    due_now
    expect 0 cs --flush
    is "$(got)" 'second'
}
