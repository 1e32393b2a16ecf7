#!/usr/bin/env bats
# What hostile lines, hostile packs, broken surroundings and people in a hurry
# may not do to oncall-monitor: it stays clear, bounded, and loses nothing.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # ${...} is for the program

load ../lib/common
load ../lib/monitor

job=''

setup() {
    common_setup
}

teardown() {
    [ -z "$job" ] || kill "$job" 2>/dev/null || :
    common_teardown
}

# a N: so many letters a.
a() {
    head -c "$1" /dev/zero | tr '\0' a
}

# narrow COMMAND...: in little memory and little time.
narrow() {
    # AddressSanitizer reserves more than any limit allows.
    if nm "$BUILD/bin/oncall" 2>/dev/null | grep -q __asan_init; then
        timeout 120 "$@"
    else
        (
            ulimit -v 200000
            timeout 30 "$@"
        )
    fi
}

# patterns ARGUMENT...: the program itself, for what runs commands.
quick() {
    narrow "$BUILD/bin/oncall-monitor" --no-default-packs \
        --patterns rules.tsv "$@"
}

# ---- bytes that are no lines ----

@test "a line without an end costs the memory of a line, and is told cut" {
    rules 'x high a' 'y low late'
    a 60000000 >log
    {
        cat log
        echo ' late'
        echo 'a late'
    } >pipe-in
    expect_records 0 quick log
    is "$(of '[.source.line, .truncated, (.message | length)] | join(" ")')" \
        '1 true 1048576'
    expect_records 0 quick < <(cat pipe-in)
    is "$(of '[.pattern, .source.line, .truncated] | join(" ")' | paste -sd ,)" \
        'x 1 true,x 2 ,y 2 '
    is "$(of .source.offset | tail -n 1)" 60000006
    gzip -1 <pipe-in >log.gz
    expect_records 0 quick log.gz
    is "${#lines[@]}" 3
}

@test "a line from a pipe may be longer than what is read at a time" {
    rules 'x high boom'
    for size in 65536 262143 262144 262145 300000 1048570; do
        expect_records 0 quick < <(
            a "$size"
            echo ' boom'
            echo 'boom 2'
        )
        is "$(of .source.offset | paste -sd ' ')" "0 $((size + 6))"
    done
}
