# What tests of oncall-monitor share: load common first.
# shellcheck shell=bash disable=SC2034,SC2154

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

# In the background, ended with the test: `ends_with_test` in teardown. What
# runs there must not hold on to bats' descriptor 3, nor to ours.
jobs_of_test=()

# behind COMMAND...: runs it in the background; its number is in $job.
behind() {
    "$@" 3>&- 9>&- &
    job=$!
    jobs_of_test+=("$job")
}

ends_with_test() {
    [ "${#jobs_of_test[@]}" -eq 0 ] || {
        kill -9 "${jobs_of_test[@]}" 2>/dev/null || :
        # Not for the watchdog that a test with a time limit has.
        wait "${jobs_of_test[@]}" || :
    }
}

# serve PROGRAM ARGUMENT...: one of tests/lib, until the test ends; its port is
# in $port. A program that is left over ends when nobody holds its input.
serve() {
    local program=$ROOT/tests/lib/$1

    shift
    [ -p served ] || mkfifo served
    [ -e /proc/self/fd/9 ] || exec 9<>served
    : >port
    "$program" "$@" <served >port 3>&- 9>&- &
    jobs_of_test+=($!)
    eventually 10 test -s port
    port=$(cat port)
}

# Prints a port that nobody listens on.
free_port() {
    python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# seen TEXT [N]: the file out has at least N lines with it.
seen() {
    [ "$(grep -c -- "$1" out)" -ge "${2:-1}" ]
}

# configure LINE...: the configuration from now on.
configure() {
    (umask 077 && printf '%s\n' "$@" >"$ONCALL_CONFIG")
}
