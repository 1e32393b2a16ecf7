# What tests of oncall-monitor share: load common first.
# shellcheck shell=bash disable=SC2154

# rules LINE...: a file of patterns, rules.tsv; blanks part id and severity from
# the rest, which is the expression.
rules() {
    local id severity expression

    for rule; do
        read -r id severity expression <<<"$rule"
        printf '%s\t%s\t%s\n' "$id" "$severity" "$expression"
    done >rules.tsv
}

# pack: a pack from standard input, pack.yaml, safe to use.
pack() {
    (
        umask 077
        { echo 'pack: test' && cat; } >pack.yaml
    )
}

# monitor ARGUMENT...: with rules.tsv, or pack.yaml, and nothing else.
monitor() {
    local patterns=()

    [ ! -e rules.tsv ] || patterns+=(--patterns rules.tsv)
    [ ! -e pack.yaml ] || patterns+=(--patterns pack.yaml)
    oncall-monitor --no-default-packs "${patterns[@]}" "$@"
}
