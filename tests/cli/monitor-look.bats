#!/usr/bin/env bats
# Trying expressions, explaining lines, checking packs, patterns of the store,
# and questions about what was detected.
# shellcheck disable=SC2016  # ${...} is for the program

load ../lib/common
load ../lib/monitor

@test "an expression is tried on a text, a file and standard input" {
    expect 0 oncall-monitor --test-pattern 'usage (?<usage>\d+)%' 'Usage 91% of disk'
    is "${lines[0]}" '1: Usage 91% of disk'
    is "${lines[1]}" '    usage = 91'
    printf '%s\n' 'a 1' 'b 2' >log
    expect 0 oncall-monitor --test-pattern '^b' log
    is "$output" '2: b 2'
    expect 1 oncall-monitor --test-pattern '^c' <log
    is "$output" ''
    expect 1 oncall-monitor --test-pattern '^c' 'a b'
}

@test "an expression that does not compile is shown with its place" {
    expect 2 oncall-monitor --test-pattern 'usage (\d+' 'usage 1'
    says 'usage (\d+'
    expect 4 monitor --no-default-packs --patterns /nonexistent log
    says /nonexistent
}

@test "a line is explained: fields, what matches, what nearly does" {
    pack <<'YAML'
patterns:
  - {id: full, severity: high, match: ['disk (?<disk>\w+) is full']}
  - {id: drill, severity: high, match: [boom], except: [drill]}
  - {id: often, severity: high, match: [login failed], when: 3 times within 1m}
YAML
    expect 0 monitor --explain <<<'2026-11-20T10:11:12Z disk sda is full'
    [[ $output == *'2026-11-20T10:11:12.000Z'*'full: detected'*'disk = sda'* ]]
    expect 1 monitor --explain <<<'disk sda is fine'
    [[ $output == *'full: not here'* ]]
    [[ $output == *'nothing matches'* ]]
    expect 1 monitor --explain <<<'boom, a drill'
    [[ $output == *'drill: matches, but so does its exception'* ]]
    expect 0 monitor --explain <<<'login failed'
    [[ $output == *'often: matches; '*'3 times within 1m'* ]]
}

@test "a pack is checked" {
    pack <<'YAML'
patterns:
  - {id: good, severity: high, match: ['disk \w+ is full'], examples: [disk sda is full]}
  - {id: wrong, severity: high, match: [boom], examples: [bang], counter_examples: [boom]}
  - {id: slow, severity: high, match: ['^(\w+\s?)+$'], examples: [some words]}
YAML
    expect 1 oncall-monitor --check pack.yaml
    [[ $output == *'pack.yaml:'*'error: wrong: '* ]]
    [[ $output == *'slow'* ]]
    [[ $output != *'error: good'* ]]
}

@test "the shipped packs are sound, and enough" {
    expect 0 oncall-monitor --check
    expect_records 0 oncall-monitor --list-patterns --json
    [ "${#lines[@]}" -ge 150 ]
    is "$(of .id | sort | uniq -d)" ''
}

@test "patterns are added to the store, used, replaced and removed" {
    expect 0 oncall-monitor --add-pattern door --match 'door (?<door>\w+) is open' \
        --severity high --title 'Door ${door} is open' --category access
    expect_records 0 oncall-monitor <<<'door north is open'
    is "$(of .title)" 'Door north is open'
    expect_records 0 oncall-monitor --list-patterns --json
    is "$(of 'select(.id == "door") | .severity')" high
    expect 0 oncall-monitor --add-pattern door --match 'gate' --severity low
    expect 1 oncall-monitor <<<'door north is open'
    expect 1 oncall-monitor --no-default-packs --patterns /dev/null <<<gate ||
        is "$status" 2
    expect 0 oncall-monitor --remove-pattern door
    expect 1 oncall-monitor --remove-pattern door
    says door
    expect 2 oncall-monitor --add-pattern bad --match '(' --severity low
    expect 2 oncall-monitor --add-pattern 'no id' --match 'x' --severity low
    expect 2 oncall-monitor --add-pattern nothing
}

@test "what was detected is listed and counted" {
    rules 'x high boom' 'y low bang'
    {
        printf '2026-11-20T1%d:00:00Z boom\n' 0 1 2
        printf '2026-11-20T10:30:00Z bang\n'
    } >log
    monitor --service shop log | oncall-incident open >/dev/null
    expect_records 0 oncall-monitor --recent --json
    is "$(of .event_time | head -n 1)" 2026-11-20T12:00:00.000Z
    is "${#lines[@]}" 4
    expect_records 0 oncall-monitor --recent --json --pattern x --limit 2
    is "${#lines[@]}" 2
    expect_records 0 oncall-monitor --recent --json --severity high \
        --until 2026-11-20T11:30:00Z
    is "${#lines[@]}" 2
    expect 1 oncall-monitor --recent --pattern z
    expect_records 0 oncall-monitor --statistics --json
    is "$(of '"\(.labels.pattern) \(.value)"' | paste -sd ' ')" 'x 3 y 1'
    expect_records 0 oncall-monitor --statistics --by hour --json
    is "$(of .value | paste -sd ' ')" '2 1 1'
    expect 0 oncall-monitor --statistics --by service --table
    [[ $output == *shop*4* ]]
    expect 0 oncall-monitor --recent --table
    [[ ${lines[0]} == TIME*SEVERITY*PATTERN* ]]
}

@test "only one thing is done at a time" {
    expect 2 oncall-monitor --recent --statistics
    expect 2 oncall-monitor --recent log
    says log
}
