#!/usr/bin/env bats
# oncall-act is killed (-9) at random moments over actions that must not be done
# twice. ACT_KILLS says how often (20).
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common
load ../lib/incident
load ../lib/act

KILLS=${ACT_KILLS:-20}
# So many are there for each kill, so that there is work until the last, and so
# many are told at a time.
PER_KILL=60
AT_ONCE=500
# Milliseconds after the start.
LATEST=80
# So many that were told before are told again.
TWICE=20

actor=''

teardown() {
    [ -z "$actor" ] || kill -9 "$actor" 2>/dev/null || :
    common_teardown
}

# queue N: N incidents, each with an action that appends its number to a file.
queue() {
    "$BUILD/bench/make-detections" "$1" fingerprints="$1" turns=1 cursor=0 |
        oncall-incident open | jq -c 'select(.type == "incident")' >plain.jsonl
    [ "$(wc -l <plain.jsonl)" -eq "$1" ]
    jq -c '. + {triage: {decision: "auto", actions: [{name: "note",
        params: {text: .id, target: ("t" + .id)}, untrusted: ["text"]}]}}' \
        plain.jsonl >queue.jsonl
}

taken() {
    store_sql 'SELECT COUNT(*) FROM actions'
}

# A run that is killed at some moment, unless it was quicker.
killed_run() {
    local before from

    before=$(taken)
    from=$((before > TWICE ? before - TWICE + 1 : 1))
    tail -n "+$from" queue.jsonl | head -n "$AT_ONCE" >rest.jsonl
    oncall-act run --no-default-packs --actions actions.yaml rest.jsonl \
        >>out.jsonl 2>>err.txt 3>&- &
    actor=$!
    sleep "0.$(printf '%03d' $((RANDOM % LATEST + 5)))"
    if kill -9 "$actor" 2>/dev/null; then
        killed=$((killed + 1))
    fi
    wait "$actor" || :
    actor=''
}

@test "killed at any moment, it does nothing twice and accounts for all" {
    total=$((KILLS * PER_KILL)) killed=0
    queue "$total"
    : >notes
    oncall-act run --no-default-packs --actions actions.yaml --jobs 1 \
        queue.jsonl >first.out 2>first.err 3>&- &
    actor=$!
    eventually 20 [ -s notes ]
    kill -9 "$actor"
    wait "$actor" || :
    for ((i = 0; i < KILLS; i++)); do
        killed_run
    done
    echo "# $killed of $KILLS were killed at work; $(taken) of $total taken" >&3
    [ "$killed" -ge $((KILLS / 2)) ]
    # Every intent has an end, or is known to have none.
    oa recover >recover.out || is "$?" 1
    oa run queue.jsonl >last.out || is "$?" 1

    # No line twice.
    is "$(sort notes | uniq -d | wc -l)" 0
    is "$(taken)" "$total"
    is "$(store_sql "SELECT COUNT(*) FROM actions
        WHERE status NOT IN ('done', 'unknown')")" 0
    # What was done has its line, and a line was done or is unknown.
    oncall-act history --json >history.jsonl
    jq -r 'select(.status == "done") | .params.text' history.jsonl | sort >finished
    jq -r .params.text history.jsonl | sort >all
    sort notes >lines
    is "$(comm -23 finished lines | wc -l)" 0
    is "$(comm -13 all lines | wc -l)" 0
    trail_is_whole
    # Some were cut off, or this proves nothing.
    [ "$(jq -r .status history.jsonl | grep -c unknown)" -gt 0 ]
}

@test "two who are fed the same do each once" {
    queue 100
    : >notes
    oncall-act run --no-default-packs --actions actions.yaml queue.jsonl \
        >one.out 3>&- &
    actor=$!
    # What the other one has at hand is not done yet.
    oa run queue.jsonl >two.out || is "$?" 75
    wait "$actor" || is "$?" 75
    actor=''
    is "$(sort notes | uniq -d | wc -l)" 0
    is "$(lines_of notes)" 100
    trail_is_whole
}
