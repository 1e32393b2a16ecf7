#!/usr/bin/env bats
# oncall-act list, show and check: what is declared.
# shellcheck disable=SC2016,SC2154

load ../lib/common

actions() {
    cat >actions.yaml <<'END'
pack: mine
actions:
  - id: close_door
    description: Close a door
    params:
      door: {type: name, required: true, untrusted: true, description: which}
      age: {type: duration, min: 1m, max: 1h, default: 5m, description: how old}
    command: [doorctl, close, '${door}', '${age}']
    check: {after: {command: [doorctl, state, '${door}']}}
    rollback: {command: [doorctl, open, '${door}']}
    target: '${door}'
    risk: medium
    blast_radius: service
    reversible: true
  - id: ring
    command: 'ring "$BELL"'
    shell: true
    params: {bell: {type: choice, choices: [small, big], required: true}}
END
}

act() {
    local command=$1

    shift
    oncall-act "$command" --no-default-packs --actions actions.yaml "$@"
}

@test "list shows the actions that are declared" {
    actions
    expect 0 act list --table
    [[ ${lines[1]} == close_door*medium*service*yes*'door [age]'*'Close a door'* ]]
    [[ ${lines[2]} == ring*high*cluster*no*bell* ]]
    expect 0 act list --table --text DOOR
    [ "${#lines[@]}" -eq 2 ]
    expect 0 act list --table --text nothing
    is "$output" 'no actions'
}

@test "list and show write records" {
    actions
    expect_records 0 act list
    [ "${#lines[@]}" -eq 2 ]
    expect_records 0 act show close_door
    is "$(of '.params.age.min')" 60
    is "$(of '.variants[0].rollback')" "doorctl open '\${door}'"
    is "$(of '[.risk, .reversible, .pack, .line] | tojson')" '["medium",true,"mine",3]'
}

@test "show names the nearest action when there is none" {
    actions
    expect 0 act show ring close_door --table
    [[ $output == *'small|big'* && $output == *'doorctl close'* ]]
    expect 1 act show close_dor
    says "did you mean 'close_door'?"
}

@test "every shipped action can be shown, and its file has no error" {
    expect_records 0 oncall-act list
    [ "${#lines[@]}" -ge 20 ]
    expect 0 oncall-act check "$ROOT"/examples/packs/actions/*.yaml
}

@test "check finds all errors, with their lines, and says what could be better" {
    actions
    expect 0 oncall-act check actions.yaml
    [[ $output == *'warning: actions.yaml:15: ring has no target'* ]]
    printf 'actions:\n  - {id: a, commandd: [x]}\n  - {id: b, command: ["${c}", "${d}"]}\n' >bad.yaml
    expect 1 oncall-act check bad.yaml
    [[ $output == *'error: bad.yaml:2: unknown key "commandd", did you mean "command"?'* ]]
    [[ $output == *'error: bad.yaml:3: ${c} names no parameter of b'* ]]
    [[ $output == *'error: bad.yaml:3: ${d} names no parameter of b'* ]]
    expect 1 oncall-act check missing.yaml
    [[ $output == *"cannot open 'missing.yaml'"* ]]
}

@test "a file that others can write is refused" {
    actions
    chmod o+w actions.yaml
    expect 5 act list
    says 'can be written by others'
    expect 1 oncall-act check actions.yaml
}

@test "values of the configuration take the place of defaults" {
    actions
    printf 'actions: {close_door: {params: {age: 9m}}}\n' >oncall.yaml
    expect_records 0 act show close_door --config oncall.yaml
    is "$(of .params.age.default)" 9m
    printf 'actions: {close_door: {params: {age: 9h}}}\n' >oncall.yaml
    expect 2 act list --config oncall.yaml
    says "actions.close_door.params.age: '9h' is out of range"
}

@test "a full disk is told" {
    actions
    expect 4 sh -c 'oncall-act list --actions actions.yaml >/dev/full'
}
