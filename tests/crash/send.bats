#!/usr/bin/env bats
# chatops-send is killed (-9) at random moments while a server counts what
# arrives. SEND_KILLS says how often (20), SEND_COUNT how many messages there are
# (2000).
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common
load ../lib/send

KILLS=${SEND_KILLS:-20}
COUNT=${SEND_COUNT:-2000}
# Milliseconds after the start.
LATEST=${SEND_LATEST:-60}

sender=''
another=''

teardown() {
    local pid

    for pid in $sender $another; do
        kill -9 "$pid" 2>/dev/null || :
    done
    send_teardown
}

# A run that is killed at some moment, unless it was quicker. How it is fed
# changes: all of it again, or only what is in the outbox.
killed_run() {
    if (($1 % 3)); then
        chatops-send --wait 30s all.jsonl >>out.jsonl 2>>err.txt 3>&- &
    else
        chatops-send --flush >>out.jsonl 2>>err.txt 3>&- &
    fi
    sender=$!
    sleep "0.$(printf '%03d' $((RANDOM % LATEST + 5)))"
    if kill -9 "$sender" 2>/dev/null; then
        killed=$((killed + 1))
    fi
    wait "$sender" || :
    sender=''
}

all_arrived() {
    sort -u hook/got >unique
    is "$(wc -l <unique)" "$COUNT"
    # One identity, one message.
    is "$(cut -d ' ' -f 1 unique | sort -u | wc -l)" "$COUNT"
    [ ! -e hook/bad ]
    is "$(store_sql "SELECT COUNT(*) FROM deliveries
        WHERE status = 'delivered'")" "$COUNT"
    is "$(store_sql "SELECT COUNT(*) FROM messages WHERE status = 'sent'")" \
        "$COUNT"
}

# The first time that each arrived is in their order.
in_order() {
    awk '!seen[$1]++ { print substr($1, 2) }' hook/got | sort -n -c
}

@test "killed at any moment, every message arrives, under one identity" {
    killed=0
    configured 'routes: {all: {to: [hook]}}'
    messages "$COUNT" >all.jsonl
    for ((i = 1; i <= KILLS; i++)); do
        killed_run "$i"
    done
    cs --wait 30s all.jsonl >last.jsonl
    all_arrived
    in_order
    is "$(grep -c '"type":"delivery".*"status":"delivered"' last.jsonl)" "$COUNT"
    echo "# $killed of $KILLS were killed at work;" \
        "$(($(wc -l <hook/got) - COUNT)) came twice" >&3
    [ "$killed" -ge $((KILLS / 2)) ]
}

@test "two who send the same deliver each once, in order" {
    configured 'routes: {all: {to: [hook]}}'
    COUNT=500
    messages 500 >all.jsonl
    chatops-send --wait 30s all.jsonl >one.out 2>one.err 3>&- &
    sender=$!
    chatops-send --wait 30s all.jsonl >two.out 2>two.err 3>&- &
    another=$!
    wait "$sender"
    sender=''
    wait "$another"
    another=''
    is "$(wc -l <hook/got)" 500
    all_arrived
    in_order
    is "$(grep -c '"status":"delivered"' one.out)" 500
    is "$(grep -c '"status":"delivered"' two.out)" 500
}
