#!/usr/bin/env bats
# oncall-kb check, optimize, stats: a knowledge base kept in order.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common
load ../lib/incident

kb() {
    local command=$1

    shift
    oncall-kb "$command" --no-default-packs "$@"
}

# finds WHAT [ENTRY]: the last run told of it.
finds() {
    [ -n "$(of "select((.what | contains(\"$1\")) and (\"${2:-}\" == \"\" or .entry == \"${2:-}\")).entry")" ]
}

@test "the shipped knowledge is in order" {
    oncall init >/dev/null
    expect 0 oncall-kb check --table
    is "$output" 'nothing was found'
}

@test "what a person should look at is told" {
    kb add a --title 'Pool is full' --category db --pattern 'pool \w+ is full'
    kb add b --title 'pool  is FULL!' --category web --pattern 'pool \w+ is full'
    kb add c --title 'Of nothing' --rule no-such-pattern
    kb add d --title 'Other' --pattern 'is full' --example 'disk is full'
    kb add e --title 'Precise' --keyword 'cache' --example 'the cache is full' --parent d
    kb add f --title 'Vague' --pattern 'the' --example 'the pool main is full'
    expect_records 1 kb check
    finds 'same title' b
    finds 'with another category' b
    finds 'no pack has' c
    finds 'never matched' a
    finds 'has no solution' a
    finds 'matches better' f
    # Of f alone, for d is what it is part of.
    is "$(of 'select((.what | contains("matches better")) and .entry == "e").other')" f
    kb remove d
    expect_records 1 kb check
    finds 'does not exist' e
}

@test "solutions that mostly fail are told, and taken away when asked" {
    kb add a --title 'Pool is full' --pattern 'pool \w+ is full'
    kb solution add a widen --action update_config
    kb solution add a restart --action restart_service
    for _ in 1 2 3 4 5; do
        kb feedback a --solution widen --failed
        kb feedback a --solution restart --worked
    done
    expect_records 1 kb check
    is "$(of 'select(.what | contains("mostly fails")).other')" widen
    expect_records 0 kb optimize
    is "$(of .other)" widen
    expect_records 0 kb solution list a
    is "${#lines[@]}" 2
    expect 0 kb optimize --apply
    expect_records 0 kb solution list a
    is "$(of .name)" restart
    kb undo a
    expect_records 0 kb solution list a
    is "${#lines[@]}" 2
}

@test "duplicates are merged with their outcomes" {
    kb add a --title 'Pool is full' --category db --pattern 'pool \w+ is full' --keyword one
    kb add b --title 'pool is full' --category db --pattern 'no connection in pool' --keyword two
    kb solution add a widen --action update_config
    kb solution add b widen --action update_config
    kb feedback a --solution widen --worked
    kb feedback b --solution widen --worked
    kb feedback b --solution widen --worked
    expect_records 0 kb optimize --dry-run
    is "$(of '[.entry, .other] | join(" ")')" 'b a'
    expect_records 0 kb list
    is "${#lines[@]}" 2
    expect 0 kb optimize --apply
    expect_records 0 kb list
    is "$(of '[.id, (.keywords | join(",")), (.patterns | length)] | join(" ")')" 'a one,two 2'
    expect_records 0 kb solution list a
    is "$(of .outcomes)" 3
    expect 0 kb optimize --apply --table
    is "$output" 'nothing to do'
    expect 2 kb optimize --apply --dry-run
}

@test "patterns are made from examples where there are none" {
    kb add a --title 'Queue overflow' --example 'queue orders7 overflowed at 10:11:12 with 4711 entries' \
        --example 'queue mails12 overflowed at 23:01:59 with 9 entries'
    kb solution add a drain --action restart_service
    expect 0 kb optimize --apply
    expect 0 kb match --text 'queue returns99 overflowed at 01:02:03 with 123456 entries'
    is "$(of '.knowledge[0] | [.entry, (.why.pattern > 0)] | join(" ")')" 'a true'
}

@test "proposals that nobody wanted are removed after a month" {
    echo '{"type":"entry","id":"p","title":"Proposed","status":"proposed","origin":"learned"}' >p.jsonl
    kb import p.jsonl
    expect 0 kb optimize --apply --table
    is "$output" 'nothing to do'
    ONCALL_NOW=2026-12-25T12:00:00Z expect 0 kb optimize --apply --table
    [[ $output == *'nobody has accepted it'* ]]
    expect 0 kb list --table
    is "$output" 'no entries'
}

@test "figures are counted" {
    kb add a --title 'Pool is full' --category db --pattern 'pool \w+ is full'
    kb solution add a widen --action update_config
    kb feedback a --solution widen --worked
    detection '{"message":"pool main is full"}' | kb match >/dev/null
    expect_records 0 kb stats
    is "$(of 'select(.metric == "entries" and .labels.category == "db").value')" 1
    is "$(of 'select(.metric == "outcomes").labels.verdict')" worked
    is "$(of 'select(.metric == "matches") | [.labels.entry, .value] | join(" ")')" 'a 1'
}
