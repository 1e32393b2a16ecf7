#!/usr/bin/env bats
# oncall-incident who: the roster says who is on call, and what is wrong with it.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common

# The clock stands at noon of a Friday.
setup() {
    common_setup
    export ONCALL_NOW=2026-11-20T12:00:00Z ONCALL_CONFIG=$PWD/oncall.yaml
    (umask 077 && echo "roster: $PWD/roster" >"$ONCALL_CONFIG")
    roster 'zone Europe/Berlin' \
        'team web' \
        'rotation primary weekly Mon 09:00 from 2026-11-02: ana, ben, cem' \
        'rotation second weekly Mon 09:00 from 2026-11-02: ben, cem, ana' \
        'only second Mon-Fri 09:00 to 17:00' \
        'override primary 2026-11-21 18:00 to 2026-11-22 09:00: eli' \
        'team data' \
        'rotation primary daily 09:00 from 2026-11-02: dua, fay'
}

# roster LINE...: the roster is these lines.
roster() {
    printf '%s\n' "$@" >roster
    chmod 644 roster
}

who() {
    oncall-incident who "$@"
}

# turn_of TEAM/ROTATION: "person why next to" of it in the last output.
turn_of() {
    of "select(.labels.rotation == \"${1##*/}\" and .labels.team == \"${1%%/*}\") |
        \"\(.value) \(.labels.why) \(.labels.next) \(.to)\""
}

@test "who says of each rotation who it is, until when, and who is next" {
    expect_records 0 who
    is "${#lines[@]}" 3
    is "$(of .metric | sort -u)" on_call
    is "$(turn_of web/primary)" 'cem rotation eli 2026-11-21T17:00:00.000Z'
    is "$(turn_of web/second)" 'ana rotation ben 2026-11-20T16:00:00.000Z'
    is "$(turn_of data/primary)" 'dua rotation fay 2026-11-21T08:00:00.000Z'
    is "$(of .from | head -n 1)" 2026-11-16T08:00:00.000Z
    # No store is needed, and none is made.
    [ ! -e "$HOME/.local/state" ]
}

@test "who --at asks for another time" {
    expect_records 0 who --at 2026-11-22T08:00:00+01:00
    is "$(turn_of web/primary)" 'eli override cem 2026-11-22T08:00:00.000Z'
    is "$(turn_of web/second)" 'null outside ben 2026-11-23T08:00:00.000Z'
    # A month on, on the hour and just before.
    expect 0 who web/primary --at 2026-12-21T07:59:59.999Z
    is "$(of .value)" ana
    expect 0 who web/primary --at 2026-12-21T08:00:00Z
    is "$(of .value)" ben
    expect 0 who data/primary --at 1d
    is "$(of .value)" fay
    # Before all of it, there is nobody.
    expect_records 1 who --at 2026-10-01T00:00:00Z
    is "$(of .value | sort -u)" null
    is "$(of 'has("from")' | sort -u)" false
    expect 2 who --at yesterday
}

@test "who NAME and --team choose; the status says whether somebody is there" {
    expect 0 who primary
    is "$(of .value | paste -sd ' ')" 'cem dua'
    expect 0 who web/primary data/primary
    is "$(of .value | paste -sd ' ')" 'cem dua'
    expect 0 who --team data
    is "$(of .value)" dua
    expect 0 who --team web primary
    is "$(of .value)" cem
    expect 0 who ana
    is "$(of .labels.rotation)" second
    expect 1 who second --at 2026-11-22T12:00:00Z
    is "$(of .labels.why)" outside
    # It is not their turn.
    expect 1 who ben
    is "$output" ''
    expect 1 who --table ben
    is "$output" nobody
}

@test "names that are not there are told with what is near" {
    expect 1 who primry
    says "nobody and nothing on call is 'primry'; did you mean 'primary'?"
    expect 1 who data/primry
    says "did you mean 'data/primary'?"
    expect 1 who --team wbe
    says "no team 'wbe'; did you mean 'web'?"
    expect 1 who web
    says "'web' is a team: write one of its rotations, such as 'web/primary'"
}

@test "who --days lists the turns to come, one after the other" {
    expect_records 0 who --days 4 web/primary
    is "$(of '"\(.value) \(.from) \(.to)"')" "cem 2026-11-16T08:00:00.000Z 2026-11-21T17:00:00.000Z
eli 2026-11-21T17:00:00.000Z 2026-11-22T08:00:00.000Z
cem 2026-11-22T08:00:00.000Z 2026-11-23T08:00:00.000Z
ana 2026-11-23T08:00:00.000Z 2026-11-30T08:00:00.000Z"
    # When is it my turn?
    expect 0 who --days 30 ben
    is "$(of '"\(.labels.team)/\(.labels.rotation) \(.from[:10])"' | sort -u)" \
        "web/primary 2026-11-30
web/second 2026-11-23
web/second 2026-11-24
web/second 2026-11-25
web/second 2026-11-26
web/second 2026-11-27
web/second 2026-12-14
web/second 2026-12-15
web/second 2026-12-16
web/second 2026-12-17
web/second 2026-12-18"
    expect 2 who --days 0
    expect 2 who --days 100000
}

@test "turns have 23 and 25 hours where the clock changes" {
    expect 0 who data/primary --at 2027-03-27T12:00:00Z
    is "$(of '"\(.from) \(.to)"')" '2027-03-27T08:00:00.000Z 2027-03-28T07:00:00.000Z'
    expect 0 who data/primary --at 2027-10-30T12:00:00Z
    is "$(of '"\(.from) \(.to)"')" '2027-10-30T07:00:00.000Z 2027-10-31T08:00:00.000Z'
}

@test "people see a table" {
    expect 0 who --table
    is "${lines[0]}" 'ROTATION      WHO  WHY       UNTIL                     NEXT'
    is "${lines[1]}" 'web/primary   cem  rotation  2026-11-21T17:00:00.000Z  eli'
    is "${#lines[@]}" 4
    expect 0 who --table --days 1 second
    is "${lines[0]}" 'ROTATION    WHO     WHY       FROM                      UNTIL'
    is "${lines[2]}" 'web/second  nobody  outside   2026-11-20T16:00:00.000Z  2026-11-23T08:00:00.000Z'
}

@test "who --check tells what is good, and who is next" {
    expect 0 who --check --table
    is "${lines[0]}" "$PWD/roster: 0 errors, 0 warnings"
    [[ $output == *'web/primary   cem  rotation  2026-11-21T17:00:00.000Z  eli'* ]]
    expect_records 0 who --check
    is "$(of .metric | sort | uniq -c | tr -s ' ')" ' 3 on_call'
}

@test "who --check tells all errors of a file, with their lines" {
    roster 'zone Mars' 'rotation x weekly Mon 09:00 from 2026-11-04: ana' '' \
        'overide x 2026-12-24 to 2026-12-27: ben'
    mv roster other
    expect 2 who --check --table other
    is "${lines[0]}" "error: other:1: unknown time zone 'Mars': write UTC, local or a name such as Europe/Berlin"
    is "${lines[1]}" 'error: other:2: 2026-11-04 is a Wednesday: write from 2026-11-02 or from 2026-11-09'
    is "${lines[2]}" "error: other:4: no line begins with 'overide', did you mean 'override'?"
    is "${lines[3]}" 'other: 3 errors, 0 warnings'
    is "${#lines[@]}" 4
    expect_records 2 who --check other
    is "$(of '"\(.metric) \(.value)"' | sort -u)" 'roster fail'
    is "${#lines[@]}" 3
    # Without --check the first one ends it.
    mv other roster
    expect 2 who
    says "$PWD/roster:1: unknown time zone 'Mars'"
    is "$output" ''
    expect 2 who --check one two
    expect 2 who --check --team web
}

@test "who --check warns of overlaps, look-alikes and gaps" {
    roster 'rotation day daily 09:00 from 2026-11-02: anna, bert, anna' \
        'only day Mon-Fri 09:00 to 17:00' \
        'override day 2026-11-23 09:00 to 2026-11-23 12:00: brt' \
        'override day 2026-11-23 10:00 to 2026-11-23 11:00: bert'
    expect 0 who --check --days 3 --table roster
    is "$output" "warning: roster:4: overrides of 'day' overlap: from 2026-11-23T10:00:00.000Z on 'bert' has it, not 'brt' of line 3
warning: roster:3: 'brt' stands only here and looks like 'bert'
warning: roster:1: no zone is named, so times are in UTC: write 'zone Europe/Berlin' above, or the like
warning: nobody is on call from 2026-11-20T17:00:00.000Z to 2026-11-23T09:00:00.000Z (2d 16h)
roster: 0 errors, 4 warnings

ROTATION  WHO   WHY       UNTIL                     NEXT
day       anna  rotation  2026-11-20T17:00:00.000Z  brt"
    # Thirty days, and not all of their gaps.
    expect_records 0 who --check roster
    is "$(of 'select(.value == "warn").labels.detail' | grep -c 'nobody is on call')" 10
    is "$(of 'select(.value == "warn").labels.detail' | tail -n 1)" \
        'so it is 11 times more within 30 days'
    roster 'zone UTC' 'team x' 'rotation a daily 09:00 from 2026-11-21: anna'
    expect 0 who --check --table
    is "${lines[0]}" "warning: nobody of team x is on call from 2026-11-20T12:00:00.000Z to 2026-11-21T09:00:00.000Z (21h)"
}

@test "a roster that others can write is refused, one that is missing told" {
    chmod 666 roster
    expect 5 who
    says "$PWD/roster"
    expect 5 who --check
    rm roster
    expect 4 who
    says "cannot open '$PWD/roster'"
    expect 4 who --check nowhere
    (umask 077 && echo 'environment: test' >"$ONCALL_CONFIG")
    expect 2 who
    says "no roster: write its path into the configuration, 'roster: /etc/oncall/roster'"
    expect 2 who --check
}

@test "a roster from another system is read: BOM, CRLF, tabs, no last newline" {
    printf '\xef\xbb\xbfzone UTC\r\n\r\nrotation\tx  daily 9:00 from 2026-11-02 :\tEva Öz , ben\r\n# end' >roster
    expect 0 who
    is "$(of .value)" 'Eva Öz'
}

@test "many people take little time" {
    {
        echo 'zone Europe/Berlin'
        for i in {1..100}; do
            printf 'rotation r%d weekly Mon 09:00 from 2020-01-06: ' "$i"
            seq -s ', ' -f "p$i-%g" 100
        done
    } >roster
    expect 0 timeout 20 oncall-incident who
    is "${#lines[@]}" 100
    expect 0 timeout 20 oncall-incident who r7 --at 9999-12-31T00:00:00Z
    is "${#lines[@]}" 1
}

@test "the example of a roster is good" {
    cp "$ROOT/examples/config/roster" roster
    chmod 644 roster
    expect 0 who --check --table
    is "${lines[0]}" "$PWD/roster: 0 errors, 0 warnings"
}

@test "output that cannot be written is an error" {
    expect 4 bash -c 'oncall-incident who >/dev/full'
    expect 4 bash -c 'oncall-incident who --check --table >/dev/full'
}
