# The programs that make the pager run: oncall-incident tick --follow, oncall
# tick.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident
load ../lib/pager

teardown() {
    [ -z "${follower:-}" ] || kill "$follower" 2>/dev/null || :
    common_teardown
}

follows() {
    unset ONCALL_NOW
    oi tick >/dev/null
    oncall-incident tick --follow >follow.out 2>follow.err 3>&- &
    follower=$!
    eventually 10 is_ready
}

# It has taken over its signals, HUP among them.
is_ready() {
    grep -q '^SigCgt:.*[13579bdf]$' "/proc/$follower/status"
}

told() {
    [ "$(wc -l <follow.out)" -ge "$1" ]
}

@test "--follow tells what changes while it runs, and stops cleanly" {
    configure 'incidents: {group_wait: 0s, group_interval: 0s}'
    follows
    up one
    eventually 10 told 1
    up two
    eventually 10 told 2
    is "$(reasons <follow.out)" 'first changed'
    validate --types message follow.out
    kill -TERM "$follower"
    status=0
    wait "$follower" || status=$?
    follower=''
    is "$status" 143
    is "$(cat follow.err)" ''
}

@test "--follow wakes for a timer" {
    configure 'incidents: {group_wait: 2s}'
    follows
    up one
    eventually 10 told 1
    opened=$(date -d "$(jq -r .fields.opened follow.out)" +%s%3N)
    made=$(date -d "$(jq -r .time follow.out)" +%s%3N)
    echo "told $((made - opened)) ms after it was opened"
    [ $((made - opened)) -ge 2000 ]
    [ $((made - opened)) -lt 8000 ]
}

@test "HUP reads configuration again; a wrong one is told, and the old one kept" {
    configure 'incidents: {group_wait: 1h}'
    follows
    up one
    configure 'incidents: {group_wait: banana}'
    kill -HUP "$follower"
    eventually 10 grep -q 'configuration before is kept' follow.err
    [[ $(cat follow.err) == *oncall.yaml:1* ]]
    kill -0 "$follower"
    configure 'incidents: {group_wait: 0s, group_by: [host]}'
    kill -HUP "$follower"
    up two
    eventually 10 told 1
}

@test "--follow at rest uses no processor time that could be measured" {
    need sqlite
    configure 'incidents: {group_wait: 0s}'
    follows
    up one
    eventually 10 told 1
    sleep 1
    before=$(awk '{ print $14 + $15 }' "/proc/$follower/stat")
    sleep 4
    after=$(awk '{ print $14 + $15 }' "/proc/$follower/stat")
    # Hundredths of a second.
    [ $((after - before)) -le 2 ]
}

@test "oncall tick runs every stage, and tells people" {
    at 10:00:00
    up 'disk full on db1' high db
    expect_records 0 oncall tick
    is "$(of .reason)" first
    is "$(has 1 '.known, .triaged')" '1
1'
    expect 0 oncall tick
    is "$output" ''
}

@test "oncall tick goes on when a stage fails; the worst status counts" {
    at 10:00:00
    up one
    at 10:00:30
    mkdir bin
    ln -s "$BUILD"/bin/oncall-incident "$BUILD"/bin/oncall-kb bin/
    cp "$BUILD/bin/oncall" bin/
    printf '#!/bin/sh\nexit 75\n' >bin/oncall-triage
    printf '#!/bin/sh\nexit 1\n' >bin/oncall-act
    chmod +x bin/oncall-triage bin/oncall-act
    expect 75 bin/oncall tick
    is "$(of .reason)" first
    printf '#!/bin/sh\nkill -9 $$\n' >bin/oncall-act
    expect 4 bin/oncall tick
    says 'oncall-act was ended by signal 9'
}

@test "oncall tick takes the places of configuration and store" {
    at 10:00:00
    up one
    at 10:00:30
    store=$ONCALL_STORE config=$ONCALL_CONFIG
    unset ONCALL_STORE ONCALL_CONFIG
    expect_records 0 oncall tick --store "$store" --config "$config"
    is "$(of .reason)" first
    expect 2 oncall tick now
    expect 4 oncall tick --config /nowhere
}

@test "oncall tick sends only where targets are configured" {
    at 10:00:00
    up one
    at 10:00:30
    mkdir bin
    ln -s "$BUILD"/bin/oncall-* bin/
    cp "$BUILD/bin/oncall" bin/
    printf '#!/bin/sh\necho "$@" >>%s/sent\n' "$PWD" >bin/chatops-send
    chmod +x bin/chatops-send
    expect 0 bin/oncall tick
    [ ! -e sent ]
    configure "targets: {log: {type: file, path: $PWD/log}}"
    expect 0 bin/oncall tick
    is "$(cat sent)" --flush
}
