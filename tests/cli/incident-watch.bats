#!/usr/bin/env bats
# What runs until it is stopped: oncall-incident watch follows changes, and both
# watch and open end cleanly on a signal.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

watcher=''

teardown() {
    [ -z "$watcher" ] || kill -KILL "$watcher" 2>/dev/null || :
    common_teardown
}

# starts COMMAND...: in the background, its output in `out`. A shell lets what
# it puts there ignore INT.
starts() {
    : >out
    env --default-signal=INT "$@" >>out 2>err &
    watcher=$!
}

# lines_in N: as many records came.
lines_in() {
    [ "$(wc -l <out)" -ge "$1" ]
}

gone() {
    ! kill -0 "$watcher" 2>/dev/null
}

# ends STATUS: it has ended with it, soon.
ends() {
    local status=0

    eventually 5 gone || kill -KILL "$watcher"
    wait "$watcher" || status=$?
    watcher=''
    is "$status" "$1"
}

# It has begun to follow, once it has seen a change.
watching() {
    local i
    for i in {1..100}; do
        oi note "$1" "are you there? $i" >noted
        [ ! -s out ] || break
        sleep 0.1
    done
    [ -s out ]
    sleep 0.3
    : >out
}

@test "watch writes each change as a record, until TERM ends it with status 143" {
    opens "$(d)"
    starts oncall-incident watch
    watching "$(inc 1)"
    d pattern=q severity=high | oi open >opened
    eventually 3 lines_in 1
    oi ack "$(inc 1)" >moved
    eventually 3 lines_in 2
    kill -TERM "$watcher"
    ends 143
    is "$(jq -r '.id + " " + .change' out | paste -sd,)" "$(inc 2) opened,$(inc 1) acknowledged"
    is "$(cat err)" ''
    cat out >>"$BATS_FILE_TMPDIR/records"
}

@test "watch tells nothing of what was before it, with --all what is not over" {
    opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c)"
    oi close "$(inc 2)" >moved
    starts oncall-incident watch --all
    eventually 3 lines_in 2
    is "$(jq -r .id out | paste -sd ' ')" "$(inc 1) $(inc 3)"
    kill -INT "$watcher"
    ends 130
    starts timeout -s TERM 1 oncall-incident watch
    ends 124
    is "$(cat out)" ''
    cat out >>"$BATS_FILE_TMPDIR/records"
}

@test "watch ends quietly when its reader is gone" {
    opens "$(d)"
    expect 0 timeout 10 bash -c 'oncall-incident watch --all | head -n 1'
    is "${#lines[@]}" 1
    is "$stderr" ''
}

@test "INT and TERM let open commit what it has, and write it, status 128+n" {
    for signal in INT:130 TERM:143; do
        ONCALL_STORE=$(new_store $signal)
        rm -f in
        mkfifo in
        starts oncall-incident open in
        exec 9>in
        d >&9
        eventually 3 lines_in 1
        { d at=10:01 && cursor s 7 && printf '{"half a line'; } >&9
        sleep 0.05
        kill -"${signal%:*}" "$watcher"
        ends "${signal#*:}"
        exec 9>&-
        is "$(jq -r '.change // .type' out | paste -sd ' ')" 'opened updated cursor'
        is "$(cat err)" ''
        is "$(oi list | jq .count)" 2
    done
}

@test "a signal in the middle of a lot of input loses nothing that was written" {
    detections 200000 fingerprints=50 >in
    oi open </dev/null
    starts oncall-incident open in
    sleep 0.1
    kill -INT "$watcher" 2>/dev/null || skip 'it was done before'
    ends 130
    is "$(cat err)" ''
    is "$(oi list | wc -l)" "$(jq -r .id out | sort -u | wc -l)"
    # Going on gives what one run would have given.
    oi open in >rest
    oi export >two
    ONCALL_STORE=$(new_store whole)
    oi open in >whole
    oi export | cmp - two
}

@test "HUP does not end open" {
    mkfifo in
    starts env --default-signal=HUP oncall-incident open in
    exec 9>in
    d >&9
    eventually 3 lines_in 1
    kill -HUP "$watcher"
    d at=10:01 >&9
    eventually 3 lines_in 2
    exec 9>&-
    ends 0
}

@test "every record that these tests have read is valid" {
    all_valid
}
