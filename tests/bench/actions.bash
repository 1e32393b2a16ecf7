# actions.bash - the pieces of tests/bench/run that measure how fast actions are
# carried out. Sourced.
# Functions are called by name, and awk's fields are no shell parameters:
# shellcheck shell=bash disable=SC2317,SC2016,SC2154

ACTIONS=10000

workers_ours() {
    "$B/bench/run-actions" "$ACTIONS" 4 "$true"
}

workers_theirs() {
    xargs -P4 -n1 "$true" <"$dir/numbers"
}

# Nothing is stored: what is left is the fork of the program, and us.
bench_workers() {
    local true

    true=$(type -P true)
    seq "$ACTIONS" >"$dir/numbers"
    compare "$ROUNDS" workers_ours workers_theirs
    row "actions, $ACTIONS of true, x xargs -P4 -n1" \
        "$(middle "$ACTIONS * 1000000 / \$1" '%.0f/s')" \
        "$(middle "$ACTIONS * 1000000 / \$2" '%.0f/s')" \
        "$(middle '$2 / $1' %.2f)" '>= 0.8'
}
