#!/usr/bin/env bats
# oncall-incident heartbeat: signs of life that must come, and what says so when
# one does not. Who says that policies are wrong stands here, too.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

# at TIME COMMAND...: at that time of the day.
at() {
    local ONCALL_NOW=2026-11-20T$1:00Z

    export ONCALL_NOW
    "${@:2}"
}

# states: "name value" of each in the last output, in one line.
states() {
    of '"\(.labels.heartbeat) \(.value)"' | paste -sd ,
}

@test "heartbeat says of each when it lived last and when it is missed" {
    configure 'heartbeats:' \
        "  backup: {file: $PWD/last, every: 1h, grace: 10m}" \
        '  reports: {every: 2h}' \
        '  queue: {command: ["true"], every: 5m}' \
        '  pager: {tick: true, every: 5m}'
    touch -d 2026-11-20T11:30:00Z last
    expect_records 0 oi heartbeat
    is "$(of .metric | sort -u)" heartbeat
    is "$(states)" 'backup ok,reports ok,queue ok,pager ok'
    is "$(of .labels.kind | paste -sd ,)" file,beat,command,tick
    is "$(of .from | paste -sd ,)" \
        2026-11-20T11:30:00.000Z,null,2026-11-20T12:00:00.000Z,null
    is "$(of .to | paste -sd ,)" "2026-11-20T12:40:00.000Z,$(
    )2026-11-20T14:01:00.000Z,2026-11-20T12:06:00.000Z,2026-11-20T12:06:00.000Z"
    expect 0 oi heartbeat --table
    is "${#lines[@]}" 5
    [[ ${lines[1]} == *'last sign of life 30m ago' ]]
    expect 4 bash -c 'oncall-incident heartbeat >/dev/full'
}

@test "a missing sign of life opens one incident, and its return resolves it" {
    configure 'heartbeats:' \
        '  backup:' \
        "    file: $PWD/last" \
        '    every: 1h' \
        '    severity: critical' \
        '    service: storage' \
        '    host: db1'
    expect 0 oi heartbeat
    at 13:01 expect_records 1 oi heartbeat
    is "$(states)" 'backup missing'
    is "$(of .labels.why)" "no sign of life yet; '$PWD/last' is not there"
    at 13:02 expect 1 oi heartbeat
    is "$(oi list --json | wc -l)" 1
    is "$(has 1 '[.title, .severity, .service, .host, .category, .count] | tojson')" \
        '["no sign of life from backup for 1h 1m","critical","storage","db1","heartbeat",1]'
    is "$(has 1 .labels.heartbeat)" backup
    is "$(has 1 '.detections[0].message')" "'$PWD/last' is not there"
    oi show "$(inc 1)" --json | validate
    touch -d 2026-11-20T13:30:00Z last
    at 13:31 expect 0 oi heartbeat
    is "$(has 1 '[.status, .auto_resolved] | tojson')" '["resolved",true]'
    is "$(timeline 1 | tail -n 1)" "resolved open>resolved: a sign of life $(
    )came, 30m after it was missed ($(id -un))"
    # Missed again at once, it is the same incident; later it is a new one.
    at 14:40 expect 1 oi heartbeat
    is "$(has 1 .status)" open
    touch -d 2026-11-20T14:41:00Z last
    at 14:42 expect 0 oi heartbeat
    at 23:00 expect 1 oi heartbeat
    is "$(has 2 '[.status, .previous] | tojson')" "[\"open\",\"$(inc 1)\"]"
}

@test "a job gives its own sign of life" {
    configure 'heartbeats: {reports: {every: 1h}, pager: {tick: true, every: 1d}}'
    expect 0 oi heartbeat beat reports
    is "$output" ''
    at 13:00 expect 0 oi heartbeat
    at 13:01 expect 1 oi heartbeat
    at 13:02 oi heartbeat beat reports
    at 13:02 expect 0 oi heartbeat
    is "$(has 1 .status)" resolved
    expect 2 oi heartbeat beat report
    says "no heartbeat is called 'report'; did you mean 'reports'?"
    expect 2 oi heartbeat beat pager
    says "'pager' lives by its tick"
    expect 2 oi heartbeat beat
    says "'heartbeat beat NAME'"
    expect 2 oi heartbeat bet reports
    says "'heartbeat beat NAME'"
}

@test "of what a command says the incident has the first line" {
    configure 'heartbeats:' '  queue:' '    every: 5m' '    grace: 0s' \
        '    command: [sh, -c, "echo no consumers >&2; echo more >&2; exit 3"]'
    expect 0 oi heartbeat
    at 12:05 expect 1 oi heartbeat
    is "$(has 1 '.detections[0].message')" \
        "'sh' ends with status 3: no consumers"
}

@test "checks that run at once open and resolve one incident" {
    configure 'heartbeats:' \
        '  a: {every: 1h}' '  b: {every: 1h}' \
        "  c: {command: [sh, -c, 'echo >>$PWD/runs; exit 1'], every: 2m}"
    oi heartbeat >/dev/null
    at 13:30 at_once 1
    is "$(oi list --json | jq -r .title | sort | paste -sd ,)" \
        "$(printf 'no sign of life from %s for 1h 30m\n' a b c | paste -sd ,)"
    is "$(oi list --json | jq -s 'map(.count) | add')" 3
    is "$(wc -l <runs)" 2
    at 13:31 oi heartbeat beat a
    at 13:31 oi heartbeat beat b
    at 13:31 at_once 1
    is "$(oi list --json | jq -r .title)" 'no sign of life from c for 1h 30m'
    is "$(timeline 1 | grep -c '^resolved')" 1
}

# at_once STATUS: eight checks, all of which end with that status.
at_once() {
    local pids=() pid status

    for _ in 1 2 3 4 5 6 7 8; do
        timeout 60 oncall-incident heartbeat >/dev/null 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        status=0
        wait "$pid" || status=$?
        is "$status" "$1"
    done
}

@test "a check that is killed leaves nothing half done" {
    configure 'heartbeats:' '  a: {every: 1h}' \
        "  q: {command: [sh, -c, 'echo >begun; exec sleep 60'], every: 5m}"
    oi heartbeat beat a
    ONCALL_NOW=2026-11-20T13:30:00Z oncall-incident heartbeat \
        >/dev/null 2>&1 3>&- &
    eventually 20 test -s begun
    kill -9 $!
    wait $! || :
    # The command is as good as being run until it is due again.
    configure 'heartbeats:' '  a: {every: 1h}' \
        '  q: {command: ["false"], every: 5m}'
    at 13:31 expect 1 oi heartbeat
    is "$(states)" 'a missing,q ok'
    at 13:37 expect 1 oi heartbeat
    is "$(states)" 'a missing,q missing'
    is "$(oi list --json | wc -l)" 2
    sound
}

@test "what is not configured any more is resolved" {
    configure 'heartbeats: {a: {every: 1h}}'
    oi heartbeat >/dev/null
    at 13:30 expect 1 oi heartbeat
    configure 'environment: test'
    at 13:31 expect 0 oi heartbeat
    is "$output" ''
    is "$(has 1 .status)" resolved
    [[ $(timeline 1) == *'this heartbeat is not configured any more'* ]]
    expect 0 oi heartbeat --table
    is "$output" 'none is configured'
}

@test "a wrong heartbeat is named with its line" {
    configure 'environment: test' 'heartbeats:' '  a: {file: x, every: 1h}'
    expect 2 oi heartbeat
    says "oncall.yaml:2: heartbeats.a: 'x' is no absolute path"
    expect 2 oncall doctor --json
    is "$(of 'select(.labels.what == "heartbeats").value')" fail
}

# ---- the pager's own ----

# ticked TIME: the last tick was then.
ticked() {
    store_sql "INSERT INTO counters (name, value)
        VALUES ('last_tick', $(date -d "2026-11-20T$1:00Z" +%s)000)"
}

@test "open, status and doctor tell when the pager is late" {
    d >one
    gives 0 oi open one
    is "$stderr" ''
    expect 0 oncall doctor --json
    is "$(of 'select(.labels.what == "last tick").labels.detail')" \
        'there was none yet'
    ticked 11:00
    at 11:10 gives 0 oi open one
    is "$stderr" ''
    at 11:10 expect 0 oncall doctor --json
    is "$(of 'select(.labels.what == "last tick") |
        "\(.value) \(.labels.detail)"')" 'ok 10m ago'
    at 11:11 gives 0 oi open one
    is "${#stderr_lines[@]}" 1
    says "the pager's last tick was 11m ago: nobody is told until"
    at 11:11 expect 0 oncall status --table
    [[ $output == *"Last tick  11m ago: nobody is told until"* ]]
    at 11:11 expect 0 oncall doctor --json
    is "$(of 'select(.labels.what == "last tick").value')" warn
    # Events of another time say nothing of today's pager.
    gives 0 oi open --replay one
    is "$stderr" ''
}

# ---- policies ----

# policy LINE...: a configuration with a roster, and a policy of these lines.
policy() {
    printf '%s\n' 'zone UTC' \
        'rotation primary weekly Mon 09:00 from 2026-11-02: ana, ben' >roster
    chmod 644 roster
    configure "roster: $PWD/roster" 'escalation:' '  urgent:' \
        "${@/#/    }"
    oi heartbeat # makes the store
}

@test "a wrong policy is found before the night" {
    local what="oncall.yaml:4: escalation.urgent.steps: step 1, 'after 0m to
 primry': nobody and nothing on call is 'primry'; did you mean 'primary'?"

    what=${what//$'\n'}
    policy 'steps: [after 0m to primary]' 'fallback: [ana]'
    expect 0 oi who --check --table
    expect 0 oncall doctor --json
    is "$(of 'select(.labels.what == "escalation") |
        "\(.value) \(.labels.detail)"')" 'ok 1 policies'
    is "$(of 'select(.labels.what == "roster").value')" ok
    policy 'steps: [after 0m to primry]' 'fallback: [ana]'
    expect 2 oi who --check --table
    [[ $output == *"$what"* ]]
    expect 2 oncall doctor --json
    [[ $(of 'select(.labels.what == "escalation").labels.detail') == *"$what"* ]]
}

@test "doctor tells a step that is never done again" {
    policy 'steps:' '  - after 0m to primary only 2026-11-20 to 2026-11-21' \
        '  - after 1h to primary only 2026-11-01 to 2026-11-19' 'fallback: [ana]'
    expect 0 oncall doctor --json
    is "$(of 'select(.labels.what == "escalation") |
        "\(.value) \(.labels.detail)"')" \
        "ok 1 policies"$'\n'"warn policy 'urgent' never does its step $(
        )'after 1h to primary only 2026-11-01 to 2026-11-19' again: the window is over"
}

@test "doctor tells a roster that is wrong, or leaves nobody" {
    policy 'steps: [after 0m to primary]' 'fallback: [ana]'
    echo 'only primary Mon-Fri 09:00 to 17:00' >>roster
    expect 0 oncall doctor --json
    is "$(of 'select(.labels.what == "roster") |
        "\(.value) \(.labels.detail)"')" \
        "warn nobody is on call from 2026-11-20T17:00:00.000Z to $(
        )2026-11-23T09:00:00.000Z"
    (umask 077 && printf '%s\n' 'targets: {sms: {type: file, path: /dev/null}}' \
        'groups: {ana: [sms]}' >>oncall.yaml)
    expect 0 oncall doctor --json
    is "$(of 'select(.labels.what == "roster") | .labels.detail' | tail -n 1)" \
        'messages to ben go nowhere: there is neither a target nor a group of that name'
    echo 'rotation second' >>roster
    expect 2 oncall doctor --json
    is "$(of 'select(.labels.what == "roster").value')" fail
    # Of names that stand in it nothing is known then.
    is "$(of 'select(.labels.what == "escalation").value')" ''
}

@test "all that was written in this file is valid" {
    all_valid
}
