# What tests of the shipped actions share: load common and monitor first.
# shellcheck shell=bash disable=SC2034,SC2154

# act NAME KEY=VALUE...: runs a shipped action; the record is in $output. Each run
# has a store of its own: limits and cool-downs of one do not reach the next. What
# fails before it changed anything is not tried again: nobody wants to wait.
act_runs=0
act_packs=$BATS_TEST_TMPDIR/packs
act() {
    local pack files=()

    [ -e "$act_packs" ] || copy_packs
    for pack in "$act_packs"/*.yaml; do
        files+=(--actions "$pack")
    done
    act_runs=$((act_runs + 1))
    ONCALL_STORE=$BATS_TEST_TMPDIR/act-$act_runs.db \
        run --separate-stderr timeout -k 5 120 oncall-act run "${files[@]}" "$@"
}

copy_packs() {
    local pack

    mkdir -m 700 "$act_packs"
    for pack in "$ROOT"/examples/packs/actions/*.yaml; do
        (umask 077 && sed '/^    retries:/d' "$pack" >"$act_packs/${pack##*/}")
    done
}

# verdict WANTED NAME KEY=VALUE...: what came of it.
verdict() {
    local wanted=$1

    shift
    act "$@"
    [ "$(of .verdict)" = "$wanted" ] || {
        printf '%s, not %s: %.3000s\n%s\n' "$(of .verdict)" "$wanted" "$output" "$stderr" >&2
        return 1
    }
}

# refused NAME KEY=VALUE...: it is not run, with status 5.
refused() {
    act "$@"
    [ "$status" -eq 5 ] || {
        printf 'status %s: %.3000s\n%s\n' "$status" "$output" "$stderr" >&2
        return 1
    }
}

# why: what the last run gave as its reason.
why() {
    printf '%s %s' "$output" "$stderr"
}

# explains TEXT: the reason of the last run has it.
explains() {
    [[ $(why) == *"$1"* ]] || {
        printf 'lacks: %s\nis: %s\n' "$1" "$(why)" >&2
        return 1
    }
}

# shipped FILE SED: that pack from now on as a user would have changed it: with
# another folder, for example.
shipped() {
    [ -e "$act_packs" ] || copy_packs
    cp "$act_packs/$1" "$BATS_TEST_TMPDIR/before"
    sed -E -i "$2" "$act_packs/$1"
    ! cmp -s "$BATS_TEST_TMPDIR/before" "$act_packs/$1"
}

# stand_ins NAME...: programs of these names that are strict about how they are
# called, first in PATH. What they know stands in $HOME/stand-in.
stand_ins() {
    local name

    mkdir -p "$BATS_TEST_TMPDIR/bin" "$HOME/stand-in"
    for name; do
        ln -sf "$ROOT/tests/lib/stand-in" "$BATS_TEST_TMPDIR/bin/$name"
    done
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# known NAME STATE: something that the stand-ins know.
known() {
    mkdir -p "$HOME/stand-in/$(dirname "$1")"
    echo "$2" >"$HOME/stand-in/$1"
}

# called: how the stand-ins were called, a line each.
called() {
    [ ! -e "$HOME/stand-in/.log" ] || jq -r '.argv | join(" ")' "$HOME/stand-in/.log"
}

# called_well: never in a way that the real programs would not take.
called_well() {
    [ ! -e "$HOME/stand-in/.log" ] ||
        ! jq -c 'select(.good | not)' "$HOME/stand-in/.log" | grep .
}

# configured LINE...: the configuration of actions.
configured() {
    export ONCALL_CONFIG=$PWD/oncall.yaml
    configure "$@"
}
