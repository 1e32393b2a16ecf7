#!/usr/bin/env bats
# What a crash cuts off is unknown: shown, checked, and repeated only when that
# does no harm. And what was done is undone.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common
load ../lib/incident
load ../lib/act

actor=''

teardown() {
    [ -z "$actor" ] || kill -9 "$actor" 2>/dev/null || :
    common_teardown
}

# cut_off NAME...: an action that is killed with its program while it runs.
cut_off() {
    oncall-act run --no-default-packs --actions actions.yaml "$@" \
        >cut.out 3>&- &
    actor=$!
    eventually 10 starts
    kill -9 "$actor"
    ! wait "$actor"
    actor=''
    id=$(store_sql "SELECT id FROM actions WHERE name = '$1'")
}

@test "what was cut off is unknown, and what it ran has ended" {
    cut_off slow
    gives 1 oa recover
    is "$(of '[.id, .status] | join(" ")')" "$id unknown"
    run -1 pgrep -f "$PWD/slow.sh"
    is "$(xargs <slow.log)" began
    # It is not repeated, ever, and its target is free.
    gives 1 oa recover --run
    is "$(xargs <slow.log)" began
    gives 0 oa run slow seconds=0
    trail_is_whole
}

@test "what is idempotent is repeated when asked to" {
    cut_off again
    gives 1 oa recover
    is "$(of .status)" unknown
    is "$(lines_of slow.log)" 1
    sed -i 's/"30"/"0"/' actions.yaml
    touch slow.done
    gives 0 oa recover --run
    is "$(of '[.status, .verdict] | join(" ")')" 'done verified_fixed'
    gives 0 oa recover
    is "$output" ''
}

@test "a check that holds settles it without repeating" {
    cat >>actions.yaml <<YAML
  - id: once
    description: Not to be repeated, but it can be seen
    command: [sh, "$PWD/slow.sh", "30"]
    check:
      after: {command: [test, -e, "$PWD/slow.done"]}
    target: once
YAML
    cut_off once
    gives 1 oa recover --run
    is "$(of .status)" unknown
    touch slow.done
    gives 0 oa recover --run
    is "$(of '[.status, .verdict] | join(" ")')" 'done verified_fixed'
    is "$(xargs <slow.log)" began
}

@test "a person says what became of it" {
    cut_off slow
    expect 2 oa recover --verdict ran_unverified
    gives 0 oa recover "$id" --verdict ran_unverified --reason 'the log says so'
    is "$(of '[.status, .verdict] | join(" ")')" 'done ran_unverified'
    [[ $(of .reason) == *'the log says so'* ]]
    gives 0 oa recover
    is "$output" ''
}

@test "what runs elsewhere is left alone" {
    oncall-act run --no-default-packs --actions actions.yaml slow seconds=1.5 \
        >first.out 3>&- &
    actor=$!
    eventually 10 starts
    gives 0 oa recover --run
    is "$output" ''
    wait "$actor"
    actor=''
    is "$(jq -r .status first.out)" 'done'
}

@test "what was done is undone, once" {
    gives 0 oa run switch_on name=a
    id=$(of .id)
    [ -e on.a ]
    gives 0 oa undo "$id"
    [ ! -e on.a ]
    is "$(of '[.undo_of, .status] | join(" ")')" "$id done"
    gives 0 oncall-act history "$id"
    is "$(of '.undone != null')" true
    expect 5 oa undo "$id"
    says 'undone'
    trail_is_whole
}

@test "what cannot be undone says why" {
    gives 0 oa run note text=x
    expect 5 oa undo "$(of .id)"
    says rollback
    expect 1 oa undo ACT-NONE
    gives 5 oa run note txt=x
    expect 5 oa undo "$(of .id)"
    gives 0 oa run switch_on name=a
    id=$(of .id)
    gives 0 oncall-act stop
    gives 5 oa undo "$id"
    is "$(of .status)" refused
    [ -e on.a ]
}

@test "all that was written was valid" {
    all_valid
}
