# What every program's table gives: help, manual, completion. No program is
# named here that need not be.

load ../lib/common

programs() {
    (cd "$BUILD/bin" && ls)
}

# complete_bash PROGRAM WORD...: what bash offers for the last word.
complete_bash() {
    # shellcheck disable=SC2016
    bash --norc -c '
        eval "$("$1" --help=bash)"
        function=_${1//-/_}
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        "$function"
        printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

@test "the table of every program keeps the rules" {
    for program in $(programs); do
        "$program" --help=check
    done
}

@test "every program prints help and version, and usage without a command" {
    for program in $(programs); do
        run -0 --separate-stderr "$program" --help
        [[ $output == *"Usage: $program "* ]]
        [ -z "$stderr" ]
        run -0 --separate-stderr "$program" --version
        [[ $output == "$program "[0-9]*.[0-9]*.[0-9]* ]]
        # One without commands, or with a usual one, has something to do
        # without a word.
        [ -n "$("$program" --help=json |
            jq -r 'if .usual then empty else .commands[0].name // empty end')" ] ||
            continue
        run -2 --separate-stderr "$program" </dev/null
        [ -z "$output" ]
        [[ $stderr == *"Usage: $program "* ]]
    done
}

@test "the machine-readable table is JSON with a command for each in --help" {
    for program in $(programs); do
        for command in $("$program" --help=json |
            jq -r '.commands[] | select(.hidden | not) | .name // empty'); do
            run -0 "$program" "$command" --help
            [[ ${lines[0]} == "Usage: $program $command"* ]]
        done
    done
}

@test "the parts of the manual are sound mdoc" {
    command -v mandoc >/dev/null || skip "mandoc is missing"
    for program in $(programs); do
        {
            printf '%s\n' '.Dd November 20, 2026' ".Dt ${program^^} 1" .Os \
                '.Sh NAME' ".Nm $program" '.Nd a program'
            for part in synopsis commands options environment exits examples; do
                echo ".Sh ${part^^}"
                "$program" "--help=mdoc-$part"
            done
            echo '.Ss Keys'
            "$program" --help=mdoc-keys
        } >"$program.1"
        run -0 mandoc -Tlint "$program.1"
        [ -z "$output" ]
    done
}

@test "bash completes commands, options, choices and files" {
    touch incident.jsonl
    run -0 complete_bash oncall-incident res
    [ "$output" = resolve ]
    run -0 complete_bash oncall-incident list --sev
    [ "$output" = --severity ]
    run -0 complete_bash oncall-incident list --severity c
    [ "$output" = critical ]
    run -0 complete_bash oncall-incident list --severity = h
    [ "$output" = high ]
    run -0 complete_bash oncall-incident open inc
    [ "$output" = incident.jsonl ]
    run -0 complete_bash oncall-incident list inc
    [ -z "$output" ]
}

@test "fish completes commands, options, choices and files" {
    command -v fish >/dev/null || skip "fish is missing"
    touch incident.jsonl
    oncall-incident --help=fish >completion.fish
    ask() {
        fish -c "source completion.fish; complete -C '$1'" | cut -f 1
    }
    run -0 ask 'oncall-incident res'
    [ "$output" = resolve ]
    run -0 ask 'oncall-incident list --sev'
    [ "$output" = --severity ]
    run -0 ask 'oncall-incident list --severity c'
    [ "$output" = critical ]
    run -0 ask 'oncall-incident open inc'
    [ "$output" = incident.jsonl ]
}

@test "the completion scripts are sound" {
    for program in $(programs); do
        "$program" --help=bash >script.bash
        run -0 bash -n script.bash
        "$program" --help=zsh >script.zsh
        [ "$(head -n 1 script.zsh)" = "#compdef $program" ]
        ! command -v zsh >/dev/null || run -0 zsh -n script.zsh
        "$program" --help=fish >script.fish
        ! command -v fish >/dev/null || run -0 fish -n script.fish
    done
}
