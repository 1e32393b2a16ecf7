#!/usr/bin/env bats
# oncall-incident false-positive: what was nothing opens nothing again.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common
load ../lib/incident

setup() {
    incident_setup
    cat >rules.yaml <<'RULES'
pack: mine
patterns:
  - id: disk-full
    match: ["No space left on device"]
    severity: high
    title: "A disk is full"
    service: disk
RULES
    scratch='backup[17]: write /mnt/scratch/a.tmp: No space left on device'
    mysql='mysqld[17]: write /var/lib/mysql/x: No space left on device'
}

# monitor LINE...: what is detected in these lines.
monitor() {
    printf '%s\n' "$@" | oncall-monitor --no-default-packs --patterns rules.yaml
}

# found LINE: how many detections it gives.
found() {
    monitor "2026-11-20T10:00:00Z $1" | wc -l
}

# opened LINE [DAY]: an incident of that line.
opened() {
    monitor "2026-11-${2:-20}T10:00:00Z $1" >detected
    ONCALL_NOW=2026-11-${2:-20}T12:00:00Z oi open detected | jq -r .id
}

@test "the same line opens nothing again, another one still does, undo gives it back" {
    opened "$scratch" >id
    is "$(found "$scratch")$(found "$mysql")" 11
    expect_records 0 oi false-positive "$(<id)"
    is "$(of '[.status, .false_positive] | join(" ")')" 'closed true'
    is "$(found "$scratch")" 0
    is "$(found "${scratch/17/4711}")" 0
    is "$(found "$mysql")" 1
    is "$(found "${scratch/scratch/data}")" 1
    expect_records 0 oi false-positive --undo "$(<id)"
    is "$(of '[.status, .false_positive] | map(tostring) | join(" ")')" 'open null'
    is "$(found "$scratch")$(found "$mysql")" 11
    expect 0 oi false-positive --undo "$(<id)"
    is "$output" ''
}

@test "a dry run says which pattern and which expression, and changes nothing" {
    opened "$scratch" >id
    oi export >before
    expect_records 0 oi false-positive --dry-run "$(<id)"
    is "$(of '[.type, .pattern, (.except | length)] | join(" ")')" 'exception disk-full 1'
    [[ $(of '.except[0]') == *'/mnt/scratch/a\.tmp: No space left on device'* ]]
    expect 0 oi false-positive --dry-run --table "$(<id)"
    [[ $output == *'disk-full would not match: '*'No space left on device'* ]]
    oi export | diff before -
    is "$(found "$scratch")" 1
    expect 2 oi false-positive --dry-run --undo "$(<id)"
}

@test "the timeline has the expression, and its end" {
    opened "$scratch" >id
    oi false-positive "$(<id)" --note 'only scratch' >moved
    oi false-positive --undo "$(<id)" >moved
    expect_records 0 oi show "$(<id)" --json
    is "$(of '[.timeline[] | .what] | join(" ")')" \
        'opened excepted false_positive excepted reopened'
    is "$(of '.timeline[1].note')" disk-full
    is "$(of '.timeline[1].after')" "$(of '.timeline[3].before')"
}

@test "it never takes in what was real" {
    opened "$mysql" >real
    oi resolve "$(<real)" --solution clean >moved
    opened "${mysql/17/18}" 21 >id
    expect 0 oi false-positive "$(<id)"
    is "$(found "$mysql")" 1
    is "$(found "${mysql/17/18}")" 0
}

@test "where nothing tells it from what was real it says so, and the mark is there" {
    opened "$mysql" >real
    oi resolve "$(<real)" --solution clean >moved
    opened "$mysql" 21 >id
    expect 0 oi false-positive "$(<id)"
    says 'nothing tells its messages from those of incidents that were real'
    is "$(of .false_positive)" true
    is "$(found "$mysql")" 1
}

@test "of several marks each is undone by itself" {
    opened "$scratch" >one
    oi false-positive "$(<one)" >moved
    oi open >moved < <(detection "{\"id\":\"x2\",\"pattern\":\"disk-full\",\"service\":\"b\",
        \"message\":\"$scratch\",\"fingerprint\":\"v1:00000000000000000000000000000002\"}")
    oi false-positive "$(jq -r .id moved)" >again
    oi false-positive --undo "$(<one)" >undone
    is "$(found "$scratch")" 0
    oi false-positive --undo "$(jq -r .id moved)" >undone
    is "$(found "$scratch")" 1
}

@test "the entry that was found gets a counter-example, until it is undone" {
    oncall-kb add disk --no-default-packs --title 'A disk is full' --service disk \
        --pattern 'No space left on device'
    opened "$scratch" >id
    oi show "$(<id)" --json | oncall-kb match --no-default-packs >matched
    is "$(jq -r '.knowledge[0].entry' matched)" disk
    oi false-positive "$(<id)" >moved
    expect_records 0 oncall-kb show disk --no-default-packs
    is "$(of '.counter_examples[0]')" "$scratch"
    is "$(of '.patterns[0].except | length')" 1
    expect 0 oncall-kb match --no-default-packs --text "$mysql" --service disk --expect disk
    oi false-positive --undo "$(<id)" >moved
    expect_records 0 oncall-kb show disk --no-default-packs
    is "$(of '[.counter_examples, .patterns[0].except] | map(length) | join(" ")')" '0 0'
}

@test "what no pattern has detected is only marked" {
    oi open --title 'by hand' --service x --severity low --message 'something odd' >opened
    expect 0 oi false-positive "$(jq -r .id opened)"
    says 'no pattern has detected it'
    is "$(of .false_positive)" true
}
