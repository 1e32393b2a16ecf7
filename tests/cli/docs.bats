#!/usr/bin/env bats
# What the documents say: every example works as it is written.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common

APPROVAL=APR-01KAJ5V0E8Q3N7W2Z4X6Y8T0RM # which the examples of oncall name

# What nobody configured is read: the machine's own files stay out.
setup() {
    common_setup
    export ONCALL_CONFIG=$PWD/oncall.yaml ONCALL_NOW=2026-11-20T12:00:00Z
    (umask 077 && printf '%s\n' 'environment: test' "roster: $PWD/roster" \
        "targets: {ops: {type: file, path: $PWD/told}}" \
        'routes: {all: {to: [ops]}}' >"$ONCALL_CONFIG")
    cp "$ROOT/examples/config/roster" "$PWD/roster"
    chmod 644 "$PWD/roster"
}

# A folder in which the examples make sense: an incident of the day that they
# name, something that waits for approval, and a stand-in for the monitor.
prepare() {
    mkdir "$PWD/stand-ins"
    printf '#!/bin/sh\nexec cat "%s"\n' "$PWD/seen.jsonl" \
        >"$PWD/stand-ins/oncall-monitor"
    chmod 755 "$PWD/stand-ins/oncall-monitor"
    PATH=$PWD/stand-ins:$PATH
    detections 3 fingerprints=2 first=1 stream=s2 >"$PWD/seen.jsonl"
    detections 1 >detections.jsonl
    oncall-incident open detections.jsonl >/dev/null
    store_sql "INSERT INTO approvals (id, subject, hash, status, requester,
        approvers, quorum, votes, requested, expires) VALUES ('$APPROVAL',
        '{}', 'abc', 'waiting', 'bot', '[]', 1, '[]', 0, 4102444800000)"
}

# Prints "program<TAB>command" of every example of every program.
table_examples() {
    for program in "$BUILD"/bin/*; do
        "$program" --help=json |
            jq -r '. as $tool | .examples[] | [$tool.name, .command] | @tsv' |
            sed 's/\\\\/\\/g'
    done
}

# page_examples PAGE: the displays under EXAMPLES of a manual, each ended by a
# line that holds only a NUL.
page_examples() {
    awk '/^\.Sh/ { inside = /EXAMPLES/ }
        inside && /^\.Ed/ { show = 0; printf "%c\n", 0 }
        inside && show
        inside && /^\.Bd -literal/ { show = 1 }' "$ROOT/man/$1.in" |
        sed 's/\\e/\\/g'
}

# works COMMAND: a shell runs it without an error in any part of a pipe.
works() {
    expect 0 bash -o pipefail -c "$1"
    [ -z "$stderr" ] || {
        printf 'standard error of %s: %s\n' "$1" "$stderr" >&2
        return 1
    }
}

@test "every example of every program runs as it is written" {
    prepare
    count=0
    while IFS=$'\t' read -r program command; do
        [[ $command == *"$program"* || $command == 'oncall '* ]]
        works "$command"
        count=$((count + 1))
    done < <(table_examples)
    [ "$count" -ge 10 ]
    # They did something, too.
    expect 0 oncall-incident show INC-20261120-0001
    is "$(of .status)" resolved
    is "$(of .solution)" restart
    is "$(oncall-incident list --status all --json | wc -l)" 3
    is "$(wc -l <incidents.jsonl)" 3
}

@test "the examples of oncall-records(5) run as they are written" {
    prepare
    count=0
    while IFS= read -r -d '' command; do
        works "$command"
        [ -n "$output" ]
        count=$((count + 1))
    done < <(oncall-incident severity INC-20261120-0001 critical >/dev/null &&
        page_examples oncall-records.5)
    is "$count" 4
}

@test "the file of oncall-config(5) is a configuration" {
    (umask 077 && page_examples oncall-config.5 | tr -d '\0' >page.yaml)
    grep -q reopen_within page.yaml
    expect 0 oncall config --config page.yaml
    [[ $output == *'reopen_within: 1h '* ]]
}

# ---- README ----

# first_steps: the commands of the tutorial, each "$ " line with the output that
# is printed under it, as "command<TAB>line<RS>line".
first_steps() {
    awk '/^## / { inside = /First steps/ }
        /^```/ { code = inside && /console/; next }
        !code { next }
        sub(/^\$ /, "") { if (n++) print ""; printf "%s\t", $0; next }
        { printf "%s\036", $0 }
        END { print "" }' "$ROOT/README.md"
}

# A folder as after `make`, without what the tutorial leaves behind.
checkout() {
    mkdir -p checkout/build
    ln -s "$BUILD" checkout/build/release
    ln -s "$ROOT/examples" checkout/examples
    cd checkout || return 1
    unset ONCALL_CONFIG ONCALL_NOW ONCALL_STORE
}

# One shell on a terminal runs all commands; "#N" stands before what the
# N-th one writes.
run_first_steps() {
    local n=0 said=0 command

    echo 'set -e' >steps
    while IFS=$'\t' read -r command _; do
        n=$((n + 1))
        printf 'echo "#%d"\n%s\n' "$n" "$command" >>steps
    done < <(first_steps)
    NO_COLOR=1 COLUMNS=120 script -qec 'bash steps' /dev/null </dev/null \
        >terminal || said=$?
    tr -d '\r' <terminal >written
    return "$said"
}

@test "the first steps of README work and print what it shows" {
    need script
    need sqlite # the tutorial names its own store
    checkout
    expect 0 run_first_steps
    n=0
    while IFS=$'\t' read -r command shown; do
        n=$((n + 1))
        [ -n "$shown" ] || continue
        is "$(awk -v n="#$n" '/^#[0-9]+$/ { inside = $0 == n; next } inside' \
            written)" "$(printf %s "$shown" | tr '\036' '\n')"
    done < <(first_steps)
    [ "$n" -ge 15 ]
}

# shellcheck disable=SC2013,SC2016
@test "what README links to is there" {
    # What stands in code: in a line of a block, or between marks.
    words=$(sed -E 's/`([^`]*)`/\n\1\n/g' "$ROOT/README.md")
    links=$(grep -o ']([^)]*)' "$ROOT/README.md" | tr -d ']()')
    [ "$(wc -l <<<"$links")" -ge 8 ]
    for link in $links; do
        [ -e "$ROOT/$link" ] || {
            echo "there is no $link" >&2
            return 1
        }
    done
    for page in $(grep -oE 'man/[a-z-]+\.[157]' <<<"$words"); do
        [ -e "$ROOT/$page" ]
    done
    for name in $(sed -nE 's/^man( [157])? ([a-z-]+)$/\2/p' <<<"$words"); do
        compgen -G "$ROOT/man/$name.[157]"
    done
    for target in $(sed -nE 's/^(sudo )?make ([a-z]+).*/\2/p' <<<"$words"); do
        grep -q "^$target:\|^[^#]* $target:" "$ROOT/Makefile"
    done
}

@test "README lists every program with its summary, and no other" {
    # shellcheck disable=SC2016
    is "$(sed -n 's/^| `\([a-z-]*\)` | \(.*\) |$/\1 \2/p' "$ROOT/README.md" |
        sort)" "$(for program in "$BUILD"/bin/*; do
        "$program" --help=json | jq -r '"\(.name) \(.summary)"'
    done | sort)"
}

# ---- examples ----

@test "the configurations of examples load" {
    for file in "$ROOT"/examples/{config,demo}/*.yaml; do
        install -m 600 "$file" example.yaml
        expect 0 oncall config --config example.yaml
        [[ $output == *'example.yaml:'* ]]
    done
}

@test "open-file.sh tells what is new, and nothing twice" {
    detections 4 fingerprints=2 >seen.jsonl
    expect 0 "$ROOT/examples/pipelines/open-file.sh" seen.jsonl
    is "${#lines[@]}" 2
    is "${lines[0]}" 'opened  high  INC-20261120-0001  db  trouble 0 with db'
    expect 0 "$ROOT/examples/pipelines/open-file.sh" seen.jsonl
    is "$output" ''
    expect 4 "$ROOT/examples/pipelines/open-file.sh" no-such-file
    expect 2 "$ROOT/examples/pipelines/open-file.sh"
}

@test "open-table.sh is silent when nothing is open" {
    oncall-incident open --title 'all is lost' --severity high >/dev/null
    expect 0 "$ROOT/examples/pipelines/open-table.sh" --severity critical
    is "$output" ''
    expect 0 "$ROOT/examples/pipelines/open-table.sh"
    is "${#lines[@]}" 2
    [[ ${lines[1]} == INC-20261120-0001*'all is lost' ]]
    expect 4 "$ROOT/examples/pipelines/open-table.sh" --store "$PWD/none.db"
}

@test "backup.sh writes what import takes, and keeps fourteen" {
    detections 4 fingerprints=2 | oncall-incident open >/dev/null
    mkdir kept
    for day in $(seq -w 1 20); do
        touch "kept/incidents-2020-01-$day.jsonl.gz"
    done
    touch kept/other.gz
    expect 0 "$ROOT/examples/pipelines/backup.sh" kept
    is "$(find kept -name 'incidents-*' | wc -l)" 14
    is "$(find kept -name 'incidents-2020*' | sort | head -n 1)" \
        kept/incidents-2020-01-08.jsonl.gz
    [ -e kept/other.gz ]
    oncall-incident export >before
    ONCALL_STORE=$(new_store second)
    export ONCALL_STORE
    gzip -dc kept/incidents-"$(date -u +%Y)"*.gz | oncall-incident import
    is "$(oncall-incident export)" "$(cat before)"
}

@test "backup.sh leaves no half of a backup" {
    mkdir kept
    expect 4 "$ROOT/examples/pipelines/backup.sh" kept
    is "$(ls -A kept)" ''
}

# Six fields and a command; the commands run, with the scripts of this folder.
@test "the lines for cron run" {
    detections 1 | oncall-incident open >/dev/null
    mkdir kept
    count=0
    while read -r minute _ _ _ _ user command; do
        [[ $minute == [0-9*]* ]] || continue
        is "$user" oncall
        [[ $command != *%* ]]
        command=${command//\/usr\/local\/share\/oncall/$ROOT}
        works "${command//\/var\/backups\/oncall/kept}"
        count=$((count + 1))
    done <"$ROOT/examples/cron/oncall"
    is "$count" 5
    is "$(find kept -name '*.gz' | wc -l)" 1
}

# ---- manuals ----

@test "every program and every command has a place in its manual" {
    for program in "$BUILD"/bin/*; do
        name=${program##*/}
        for command in $("$program" --help=json | jq -r '.commands[].name // empty'); do
            # In the prose, not only in what is generated.
            grep -qE "^\.(It )?Cm (.* , Cm )?$command( |\$)" "$ROOT/man/$name.1.in" || {
                echo "$name.1.in says nothing of $command" >&2
                return 1
            }
        done
    done
}

@test "oncall-records(5) has every type and every member that has a schema" {
    page=$ROOT/man/oncall-records.5
    for schema in "$ROOT"/man/schema/*.schema.json; do
        type=$(basename "$schema" .schema.json)
        grep -qw "$type" "$page" || {
            echo "nothing of $type" >&2
            return 1
        }
    done
    for type in detection cursor incident approval report error; do
        for member in $(jq -r '.properties | keys[]' \
            "$ROOT/man/schema/$type.schema.json"); do
            grep -qwE "(Cm|Ql) (.* )?$member(\?.*|\$| .*)" "$page" || {
                echo "nothing of $member of $type" >&2
                return 1
            }
        done
    done
}

@test "mandoc finds nothing to say of the manuals" {
    need mandoc
    need makewhatis
    for page in "$ROOT"/man/*.[157]; do
        mkdir -p "tree/man${page##*.}"
        cp "$page" "tree/man${page##*.}/"
    done
    makewhatis "$PWD/tree"
    MANPATH=$PWD/tree expect 0 mandoc -Tlint -Wstyle tree/man*/*
    is "$output$stderr" ''
}
