#!/usr/bin/env bats
# What `open` stores must not depend on how its work was cut up: by kill -9, by
# restarts of the server, by others who write, by the pieces of its input. Every
# test compares a store with that of one run in peace.

load ../lib/common

opener='' locker='' writers=()

teardown() {
    local job

    for job in $opener $locker "${writers[@]}"; do
        kill "$job" 2>/dev/null || :
    done
    [ ! -e server ] || "$ROOT/tests/lib/postgres" stop "$PWD/server"
    common_teardown
}

# make_detections N [NAME=VALUE...]: see tests/bench/make-detections.c.
make_detections() {
    "$BUILD/bench/make-detections" "$@"
}

# Everything that a store knows, but the times of this test.
state() {
    oncall-incident export --store "$1"
    store_sql 'SELECT stream, source, position, at_position, cursor_position,
        snapshot, updated FROM streams ORDER BY stream' "$1"
    store_sql 'SELECT * FROM fingerprints ORDER BY fingerprint' "$1"
    store_sql 'SELECT * FROM detection_counts
        ORDER BY hour, pattern, service, severity' "$1"
    store_sql 'SELECT id FROM seen_detections ORDER BY id' "$1"
    store_sql "SELECT * FROM counters WHERE name <> 'change' ORDER BY name" "$1"
}

# same_state ADDRESS ADDRESS
same_state() {
    state "$1" >state.wanted
    state "$2" >state.got
    [ -s state.wanted ]
    diff state.wanted state.got | cut -c 1-2000
    cmp state.wanted state.got
}

# cursors FILE: its cursor records.
cursors() {
    grep '"type":"cursor"' "$1"
}

# trickle FILE BYTES: writes a file in pieces with pauses, so that each piece is
# a batch of its own.
trickle() {
    local piece

    while IFS= read -r -N "$2" piece || [ -n "$piece" ]; do
        printf %s "$piece"
        sleep 0.005
    done <"$1"
}

# Two days of one stream that comes back after the first: some incidents were
# resolved long before that, some shortly before, the others not at all.
make_history() {
    make_detections 2000 fingerprints=40 size=300 cursor=100 >before.jsonl
    make_detections 6000 fingerprints=60 size=300 cursor=40 twins=20 \
        unplaced=10 foreign=50 streams=3 name=after seed=2 \
        start=$((1795168800 + 86400)) >after.jsonl
}

# begin_history ADDRESS: the first day, and what people did then.
begin_history() {
    local i

    oncall-incident open --store "$1" before.jsonl >history.out
    for i in 1 2 3 4 5 6 7 8 9; do
        oncall-incident resolve --store "$1" --now 2026-11-20T11:00:00Z \
            "INC-20261120-000$i" >history.out
        oncall-incident resolve --store "$1" --now 2026-11-21T09:30:00Z \
            "INC-20261120-001$i" >history.out
    done
}

# survives KILLS WHERE: being killed so often, resuming from there.
survives() {
    make_history
    begin_history "$ONCALL_STORE"
    "$ROOT/tests/crash/interrupt.py" --kills "$1" --resume "$2" after.jsonl \
        oncall-incident open
    wanted=$(new_store wanted)
    begin_history "$wanted"
    oncall-incident open --store "$wanted" after.jsonl >wanted.out
    same_state "$wanted" "$ONCALL_STORE"
}

@test "killed 200 times, it goes on behind the last cursor it passed on" {
    survives 200 output
}

@test "killed 60 times, it goes on from the cursors in the store" {
    survives 60 store
}

@test "killed 30 times, it begins again each time" {
    survives 30 start
}

@test "killed while it makes the store, it makes the store later" {
    make_detections 50 cursor=10 >in.jsonl
    "$ROOT/tests/crash/interrupt.py" --kills 40 --resume start in.jsonl \
        oncall-incident open
    wanted=$(new_store wanted)
    oncall-incident open --store "$wanted" in.jsonl >wanted.out
    same_state "$wanted" "$ONCALL_STORE"
}

# A server that only this test uses, since it is restarted.
own_server() {
    need postgresql
    "$ROOT/tests/lib/postgres" start "$PWD/server" >server.address
    ONCALL_STORE=$("$ROOT/tests/lib/postgres" newdb "$PWD/server" one)
}

@test "the server is restarted under load" {
    own_server
    make_detections 4000 fingerprints=50 size=300 cursor=50 twins=20 \
        unplaced=10 streams=2 >in.jsonl
    head -n 3000 in.jsonl >first.jsonl
    tail -n +3001 in.jsonl >rest.jsonl

    {
        trickle first.jsonl 3000
        eventually 60 [ -e calm ]
        trickle rest.jsonl 3000
    } | oncall-incident open >out.jsonl 2>err.txt &
    opener=$!
    for mode in immediate fast immediate fast immediate fast; do
        sleep 0.3
        "$ROOT/tests/lib/postgres" restart "$PWD/server" "$mode"
    done
    touch calm
    wait "$opener"
    grep -q 'trying again' err.txt
    is "$(cursors out.jsonl)" "$(cursors in.jsonl)"

    wanted=$("$ROOT/tests/lib/postgres" newdb "$PWD/server" wanted)
    oncall-incident open --store "$wanted" in.jsonl >wanted.out
    same_state "$wanted" "$ONCALL_STORE"
}

is_locked() {
    [ "$(store_sql "SELECT COUNT(*) FROM pg_locks WHERE granted AND
        relation = 'detection_counts'::regclass")" -gt 0 ]
}

waits_for_lock() {
    [ "$(store_sql 'SELECT COUNT(*) FROM pg_locks WHERE NOT granted')" -gt 0 ]
}

@test "the server is restarted in the middle of a transaction" {
    own_server
    make_detections 3000 fingerprints=500 cursor=1000 >in.jsonl
    split -n l/3 in.jsonl piece.
    oncall-incident open piece.aa >first.out
    for mode in immediate fast; do
        piece=piece.ab
        [ "$mode" != fast ] || piece=piece.ac
        # A batch writes this table last.
        store_sql 'BEGIN; LOCK TABLE detection_counts; SELECT pg_sleep(60)' \
            >lock.out 2>&1 &
        locker=$!
        eventually 20 is_locked
        oncall-incident open "$piece" >out.jsonl 2>err.txt &
        opener=$!
        eventually 20 waits_for_lock
        "$ROOT/tests/lib/postgres" restart "$PWD/server" "$mode"
        ! wait "$locker"
        wait "$opener"
        grep -q 'trying again' err.txt
    done

    wanted=$("$ROOT/tests/lib/postgres" newdb "$PWD/server" wanted)
    oncall-incident open --store "$wanted" in.jsonl >wanted.out
    same_state "$wanted" "$ONCALL_STORE"
}

# start_writer N FILE: one of several at once, in the background; every other
# one gets its input in pieces.
start_writer() {
    if [ $(($1 % 2)) -eq 0 ]; then
        oncall-incident open "$2" >"$1.out" 2>"$1.err" &
    else
        trickle "$2" 10000 | oncall-incident open >"$1.out" 2>"$1.err" &
    fi
    writers+=("$!")
}

writers_succeed() {
    local writer

    for writer in "${writers[@]}"; do
        wait "$writer"
    done
    cat -- *.err
    is "$(cat -- *.err)" ''
}

# What the detections of all files come to, in the order of fingerprints.
summed_up() {
    jq -s -c '["info", "low", "medium", "high", "critical"] as $levels |
        map(select(.type == "detection")) | group_by(.fingerprint)[] |
        [.[0].fingerprint, (map(.count) | add), length,
            $levels[map(.severity as $s | $levels | index($s)) | max],
            (map(.event_time) | min), (map(.event_time) | max)]' "$@"
}

@test "eight writers at once lose nothing, and none fails" {
    for i in 1 2 3 4 5 6 7 8; do
        make_detections 1000 fingerprints=30 size=300 cursor=100 unplaced=10 \
            twins=20 seed="$i" name="writer$i." step=$((i + 10)) >"$i.in"
    done
    for i in 1 2 3 4 5 6 7 8; do
        start_writer "$i" "$i.in"
    done
    writers_succeed

    oncall-incident export >export.jsonl
    jq -s -c 'sort_by(.fingerprint)[] | [.fingerprint, .count, .seen, .severity,
        .first, .last]' export.jsonl >sums
    is "$(cat sums)" "$(summed_up ./*.in)"
    is "$(store_sql 'SELECT SUM(count) FROM detection_counts')" \
        "$(jq -s 'map(.count // 0) | add' ./*.in)"
    is "$(jq -r .id export.jsonl | sort)" \
        "$(seq -f 'INC-20261120-%04.0f' 30)"
    is "$(jq -c '[.timeline[] | select(.what == "opened")] | length' \
        export.jsonl | sort -u)" 1
    is "$(jq -c '[.timeline[].seq] == [range(1; (.timeline | length) + 1)]' \
        export.jsonl | sort -u)" true
    for i in 1 2 3 4 5 6 7 8; do
        is "$(cursors "$i.out")" "$(cursors "$i.in")"
    done
}

@test "eight writers who are fed the same count it once" {
    make_detections 2000 fingerprints=30 size=300 cursor=100 unplaced=10 \
        twins=20 streams=3 >in.jsonl
    for i in 1 2 3 4 5 6 7 8; do
        start_writer "$i" in.jsonl
    done
    writers_succeed

    wanted=$(new_store wanted)
    oncall-incident open --store "$wanted" in.jsonl >wanted.out
    same_state "$wanted" "$ONCALL_STORE"
}

@test "a replay gives the same incidents as the live run" {
    # Over two days, so that numbers begin again.
    make_detections 3000 fingerprints=2000 size=300 step=60000 cursor=100 \
        unplaced=10 twins=20 streams=3 >in.jsonl
    oncall-incident open <in.jsonl >live.out
    replayed=$(new_store replayed)
    oncall-incident open --replay --store "$replayed" <in.jsonl >replayed.out
    same_state "$ONCALL_STORE" "$replayed"
    cmp live.out replayed.out
    is "$(jq -r '.id[4:12]' live.out | sort -u | grep -c 202611)" 3

    # Hours later and from a file of its own, in pieces.
    pieces=$(new_store pieces)
    trickle in.jsonl 20000 |
        oncall-incident open --replay --store "$pieces" >pieces.out
    same_state "$ONCALL_STORE" "$pieces"
}

@test "in small pieces or in one go, it comes to the same" {
    make_history
    begin_history "$ONCALL_STORE"
    trickle after.jsonl 15000 | oncall-incident open >pieces.out
    wanted=$(new_store wanted)
    begin_history "$wanted"
    oncall-incident open --store "$wanted" after.jsonl >wanted.out
    same_state "$wanted" "$ONCALL_STORE"
    # It was cut up, or this proves nothing.
    [ "$(grep -c '"type":"incident"' pieces.out)" -gt \
        $((2 * $(grep -c '"type":"incident"' wanted.out))) ]
    is "$(grep -v '"type":"incident"' pieces.out)" \
        "$(grep -v '"type":"incident"' wanted.out)"
}

@test "incidents are numbered in the order of what opened them" {
    line() {
        detection "{\"id\": \"$1\", \"time\": \"$2\", \"event_time\": \"$2\",
            \"title\": \"$3\", \"fingerprint\": \"v1:$3\",
            \"source\": {\"offset\": $1}}" >"$1.jsonl"
    }
    # A was resolved at 2 o'clock. A line of before that comes late; then B is
    # opened, then the successor of A, then C.
    line 1 2026-11-20T01:00:00.000Z A
    line 2 2026-11-20T01:30:00.000Z A
    line 3 2026-11-20T07:00:00.000Z B
    line 4 2026-11-20T08:00:00.000Z A
    line 5 2026-11-20T09:00:00.000Z C
    for store in one each; do
        ONCALL_STORE=$(new_store "$store")
        oncall-incident open 1.jsonl >out.jsonl
        oncall-incident resolve --now 2026-11-20T02:00:00Z \
            INC-20261120-0001 >out.jsonl
        if [ "$store" = one ]; then
            cat [2-5].jsonl | oncall-incident open >out.jsonl
        else
            for line in [2-5].jsonl; do
                oncall-incident open "$line" >out.jsonl
            done
        fi
        oncall-incident export >export.jsonl
        is "$(jq -r '"\(.id[13:]) \(.title)"' export.jsonl | xargs)" \
            '0001 A 0002 B 0003 A 0004 C'
    done
}
