# What the tests of oncall-incident share: `load ../lib/incident`, after common.
# The clock stands at noon of 2026-11-20 unless a test says --now, and nobody's
# configuration but the test's own is read.
# shellcheck shell=bash disable=SC2034,SC2154

setup() {
    incident_setup
}

incident_setup() {
    common_setup
    export ONCALL_NOW=2026-11-20T12:00:00Z ONCALL_CONFIG=$PWD/oncall.yaml
    configure 'environment: test'
}

# On PostgreSQL a database is emptied and used again by a later test of the file,
# since making one takes longer than most tests. These stand in for common's.
new_postgres() {
    local free=$BATS_FILE_TMPDIR/databases database

    if [ -s "$free" ]; then
        database=$(tail -n 1 "$free")
        sed -i '$d' "$free"
    else
        database=t_${BASHPID}_${RANDOM}${RANDOM}
        postgres_sql "CREATE DATABASE $database" >&2 || return 1
    fi
    echo "$database" >>"$BATS_TEST_TMPDIR/databases"
    postgres_address "$database"
}

common_teardown() {
    local database

    cd / || return 1
    [ -e "$BATS_TEST_TMPDIR/databases" ] || return 0
    while read -r database; do
        psql -XqAt -v ON_ERROR_STOP=1 -d "$(postgres_address "$database")" \
            -c 'SET client_min_messages = error' \
            -c 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()' \
            -c 'DROP SCHEMA IF EXISTS oncall CASCADE' >&2 || return 1
        echo "$database" >>"$BATS_FILE_TMPDIR/databases"
    done <"$BATS_TEST_TMPDIR/databases"
}

teardown_file() {
    local database

    [ -e "$BATS_FILE_TMPDIR/databases" ] || return 0
    while read -r database; do
        postgres_sql "DROP DATABASE IF EXISTS $database WITH (FORCE)"
    done <"$BATS_FILE_TMPDIR/databases"
}

# configure LINE...: the configuration from now on.
configure() {
    (umask 077 && printf '%s\n' "$@" >"$ONCALL_CONFIG")
}

oi() {
    oncall-incident "$@"
}

# d [MEMBER=VALUE...]: one detection record, without a process. A value that is
# no number, object, list, flag, null or quoted text is quoted. at=10:30 is the
# time of day; a member without a value is left out.
d() {
    local -A members=([id]='' [time]='"2026-11-20T10:00:00.000Z"' [pattern]='"p"'
        [title]='"trouble"' [severity]='"medium"' [service]='"db"')
    local order='id time pattern title severity service' name value line

    for name; do
        value=${name#*=} name=${name%%=*}
        case $name in
        at) name=time value=2026-11-20T$value:00.000Z ;;
        esac
        case $value in
        '' | \"* | \{* | \[* | true | false | null) ;;
        *[!0-9]*) value=\"$value\" ;;
        esac
        [[ " $order " == *" $name "* ]] || order+=" $name"
        members[$name]=$value
    done
    line='{"type":"detection"'
    for name in $order; do
        [ -z "${members[$name]}" ] || line+=",\"$name\":${members[$name]}"
    done
    printf '%s}\n' "$line"
}

# at_position STREAM OFFSET: the member `source` of a record that stands there.
at_position() {
    printf 'source={"kind":"file","stream":"%s","offset":%s}' "$1" "$2"
}

# cursor STREAM POSITION [SNAPSHOT]
cursor() {
    printf '{"type":"cursor","id":"%s@%s","time":"2026-11-20T10:00:00.000Z",' \
        "$1" "$2"
    printf '"source":{"kind":"file","stream":"%s"},"position":%s%s}\n' \
        "$1" "$2" "${3:+,\"snapshot\":\"$3\"}"
}

# gives STATUS COMMAND...: like expect; what it wrote is records, which the last
# test of the file validates all at once.
gives() {
    expect "$@"
    [ -z "$output" ] || printf '%s\n' "$output" >>"$BATS_FILE_TMPDIR/records"
}

# The last test of a file: everything that `gives` saw was valid.
all_valid() {
    [ -e "$BATS_FILE_TMPDIR/records" ] || skip 'no test before it ran'
    validate "$BATS_FILE_TMPDIR/records"
}

# opens [RECORD...]: hands records to open; its output in $output.
opens() {
    printf '%s\n' "$@" >opens.in
    gives 0 oi open opens.in
}

# inc N: the Nth incident of the day.
inc() {
    printf 'INC-20261120-%04d' "$1"
}

# has N FILTER: what jq makes of incident N, with all that belongs to it.
has() {
    oi show "$(inc "$1")" --json | jq -c "$2" | jq -r .
}

# The timeline of incident N, one entry a line: what before>after note, by actor
timeline() {
    oi show "$(inc "$1")" --json | jq -r '.timeline[] |
        "\(.what) \(.before // "")>\(.after // "")" +
        (if .note then ": " + .note else "" end) + " (" + .actor + ")"'
}

# The whole store, for a comparison.
whole() {
    oi export
}

# sound: the store is not damaged.
sound() {
    expect 0 oncall doctor --json
}
