# What every bats file loads: `load ../lib/common`. Each test gets a directory of
# its own to be in, a fixed environment, and a store of its own on the driver
# that `make check STORE=...` names. A file with its own setup() calls
# common_setup first, one with its own teardown() common_teardown last.
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154

bats_require_minimum_version 1.5.0

ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BUILD=$(cd "$ROOT" && cd "${B:-build/release}" && pwd)
DRIVER=${STORE:-sqlite}
COMMON_ENVIRONMENT=${!ONCALL_*}

setup() {
    common_setup
}

teardown() {
    common_teardown
}

common_setup() {
    local name

    for name in $COMMON_ENVIRONMENT; do
        unset "$name"
    done
    unset NO_COLOR COLUMNS XDG_CONFIG_DIRS XDG_RUNTIME_DIR CDPATH
    export LC_ALL=C.UTF-8 TZ=UTC TERM=dumb
    export HOME=$BATS_TEST_TMPDIR/home
    export XDG_CONFIG_HOME=$HOME/.config XDG_STATE_HOME=$HOME/.local/state
    export XDG_DATA_HOME=$HOME/.local/share XDG_CACHE_HOME=$HOME/.cache
    export PATH=$BUILD/bin:$PATH
    umask 022
    mkdir -p "$HOME" "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return 1
    ONCALL_STORE=$(new_store) || return 1
    export ONCALL_STORE
}

common_teardown() {
    local database

    cd / || return 1
    [ -e "$BATS_TEST_TMPDIR/databases" ] || return 0
    while read -r database; do
        postgres_sql "DROP DATABASE IF EXISTS $database WITH (FORCE)"
    done <"$BATS_TEST_TMPDIR/databases"
}

# Runs SQL on the private server, in the database that always exists.
postgres_sql() {
    psql -XqAt -v ON_ERROR_STOP=1 -d "$TEST_POSTGRES" -c "$1"
}

# new_store [NAME]: prints the address of a store that does not exist yet.
new_store() {
    if [ "$DRIVER" = postgresql ]; then
        new_postgres
    else
        echo "$BATS_TEST_TMPDIR/${1:-oncall}.db"
    fi
}

# Prints the address of a new, empty database on the private server.
new_postgres() {
    local database=t_${BASHPID}_${RANDOM}${RANDOM}

    echo "$database" >>"$BATS_TEST_TMPDIR/databases"
    postgres_sql "CREATE DATABASE $database" >&2 || return 1
    postgres_address "$database"
}

# postgres_address DATABASE: on the private server.
postgres_address() {
    [[ $TEST_POSTGRES =~ ^(postgresql://[^/]*/)[^?]*(.*)$ ]]
    echo "${BASH_REMATCH[1]}$1${BASH_REMATCH[2]}"
}

# store_sql SQL [ADDRESS]: asks the test's store directly; columns joined by |.
store_sql() {
    local address=${2:-$ONCALL_STORE}

    case $address in
    postgresql:*)
        PGOPTIONS='-c search_path=oncall' psql -XqAt -v ON_ERROR_STOP=1 \
            -d "$address" -c "$1"
        ;;
    *) sqlite3 -batch "$address" "$1" ;;
    esac
}

# need sqlite|postgresql|root|user|PROGRAM: skips the test elsewhere.
need() {
    case $1 in
    sqlite | postgresql) [ "$DRIVER" = "$1" ] || skip "is for $1" ;;
    server) [ -n "${TEST_POSTGRES:-}" ] || skip 'no PostgreSQL here' ;;
    root) [ "$(id -u)" -eq 0 ] || skip 'needs root' ;;
    user) [ "$(id -u)" -ne 0 ] || skip 'root may do everything' ;;
    unsanitized)
        ! nm "$BUILD/bin/oncall" 2>/dev/null | grep -q __asan_init ||
            skip 'AddressSanitizer has its own allocator'
        ;;
    *) command -v "$1" >/dev/null || skip "needs $1" ;;
    esac
}

# expect STATUS COMMAND...: runs it, standard output in $output and $lines,
# standard error in $stderr and $stderr_lines; the status must be as given.
expect() {
    local status_wanted=$1

    shift
    run --separate-stderr "$@"
    [ "$status" -eq "$status_wanted" ] || {
        printf 'status %s, not %s, of: %s\n' "$status" "$status_wanted" "$*"
        printf 'standard output: %.2000s\n' "$output"
        printf 'standard error: %.2000s\n' "$stderr"
        return 1
    } >&2
}

# Like expect, and standard output holds records only, at least one, all valid.
expect_records() {
    expect "$@"
    validate_output
}

# The output of the last run must be valid records.
validate_output() {
    printf '%s\n' "$output" | validate
}

# validate [--types TYPE,...] [FILE...]: records from files or standard input.
validate() {
    "$ROOT/tests/lib/validate.py" "$@"
}

# says TEXT: standard error of the last run contains it.
says() {
    [[ $stderr == *"$1"* ]] || {
        printf 'standard error lacks: %s\nit says: %s\n' "$1" "$stderr" >&2
        return 1
    }
}

# is ACTUAL WANTED: equal, with both shown when not.
is() {
    [ "$1" = "$2" ] || {
        printf 'wanted: %s\n   got: %s\n' "$2" "$1" >&2
        return 1
    }
}

# of FILTER: what jq makes of the output of the last run.
of() {
    printf '%s\n' "$output" | jq -r "$1"
}

# detection [JSON]: one detection record; the members in JSON replace others.
detection() {
    "$ROOT/tests/lib/detections" 1 | jq -c ". * ${1:-{\}}"
}

# detections N [NAME=VALUE...]: N detection records, see tests/lib/detections.
detections() {
    "$ROOT/tests/lib/detections" "$@"
}

# eventually SECONDS COMMAND...: until it succeeds; fails when it never does.
eventually() {
    local end=$((SECONDS + $1))

    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.02
    done
}
