#!/usr/bin/env bats
# The guards of oncall-act: each refuses with status 5 and a record that says
# why, and what to do next.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common
load ../lib/incident
load ../lib/act

# refuses TEXT COMMAND...: it is refused, and the record names the reason.
refuses() {
    local text=$1

    shift
    gives 5 "$@"
    is "$(of .status)" refused
    [[ $(of .reason) == *"$text"* ]] || {
        echo "the reason is: $(of .reason)" >&2
        return 1
    }
}

@test "stop refuses everything until resume, and works with broken files" {
    echo 'nonsense: [' >broken.yaml
    gives 0 oncall-act stop --reason 'the move'
    is "$(of '[.on, .name] | join(" ")')" 'true stop'
    refuses 'the move' oa run note text=x
    [[ $(of .reason) == *resume* ]]
    [ ! -e notes ]
    gives 0 oncall-act resume
    is "$(of .on)" false
    gives 0 oa run note text=x
    is "$(oncall-act audit list | jq -r .what | grep -c 'stop\|resume')" 2
}

@test "a file stops everything, too" {
    echo 'somebody pulled the plug' >stop
    refuses stop oa run note text=x
    expect 5 oncall-act resume
    says "$PWD/stop"
    rm stop
    gives 0 oa run note text=x
}

@test "in a filter a refusal is noted, and the run goes on" {
    incidents 2
    decided auto note '{"text": "one"}' <incidents.jsonl |
        jq -c 'if .id[-1:] == "1" then .triage.actions[0].name = "nothing"
            else . end' >in.jsonl
    gives 5 oa run in.jsonl
    is "$(of 'select(.type == "action").status' | xargs)" 'refused done'
    is "$(cat notes)" one
}

@test "an unknown action, and parameters that do not fit" {
    refuses "did you mean 'note'" oa run nota text=x
    refuses "did you mean 'text'" oa run note txt=x
    refuses text oa run note
    refuses name oa run switch_on name=-rf
    refuses name oa run switch_on 'name=a b'
    incidents 1
    decided auto slow '{"seconds": 1}' <incidents.jsonl >in.jsonl
    gives 5 oa run in.jsonl
    [[ $(of 'select(.type == "action").reason') == *seconds*untrusted* ]]
    [ ! -e slow.log ]
}

@test "a person is told what to do next" {
    expect 5 oa run note txt=x --table
    [[ $output == *refused*next*'oncall-act show'* ]]
    configure 'environment: test' 'policy:' '  limits: {actions_per_hour: 1}'
    gives 0 oa run note text=x
    expect 5 oa run note text=x --table
    [[ $output == *'rate limits'*next*'policy.limits'* ]]
}

@test "files of actions that others can write are not read" {
    chmod 666 actions.yaml
    expect 5 oa run note text=x
    says actions.yaml
    [ ! -e notes ]
}

@test "in a freeze nothing runs, whoever asks" {
    policy 'autonomy: auto' 'freeze: [2026-11-20 00:00 to 2026-11-21 00:00]'
    incidents 1
    decided auto note '{"text": "one"}' <incidents.jsonl >in.jsonl
    expect 5 oa run in.jsonl
    [[ $(of 'select(.type == "action").reason') == *freeze* ]]
    refuses freeze oa run note text=x
    [ ! -e notes ]
}

@test "so many in an hour, and no more" {
    cat >>actions.yaml <<'YAML'
  - id: rare
    description: Not too often
    command: ["true"]
    params: {target: {type: name, default: t}}
    target: "${target}"
    limits: {per_hour: 2}
  - id: cool
    description: With pauses
    command: ["true"]
    params: {target: {type: name, default: t}}
    target: "${target}"
    limits: {cool_down: 10m}
  - id: spread
    description: Not too often on a target
    command: ["true"]
    params: {target: {type: name, default: t}}
    target: "${target}"
    limits: {per_target: 1}
YAML
    gives 0 oa run rare target=a
    gives 0 oa run rare target=b
    refuses hour oa run rare target=c
    gives 0 oa run rare target=d --now 2026-11-20T13:00:01Z
    gives 0 oa run cool
    refuses cool oa run cool
    gives 0 oa run cool --now 2026-11-20T12:10:01Z
    gives 0 oa run spread target=a
    refuses a oa run spread target=a
    gives 0 oa run spread target=b
}

@test "the policy's own limits hold for all actions" {
    configure 'environment: test' 'policy:' '  autonomy: auto' \
        '  limits: {actions_per_hour: 2, actions_per_incident: 1}'
    incidents 3
    decided auto note '{"text": "one"}' <incidents.jsonl >in.jsonl
    expect 5 oa run in.jsonl
    is "$(of 'select(.type == "action").status' | xargs)" 'done done refused'
    [[ $(of 'select(.status == "refused").reason') == *hour* ]]
}

@test "so many for an incident, and no more" {
    configure 'environment: test' 'policy:' '  autonomy: auto' \
        '  limits: {actions_per_hour: 0, actions_per_incident: 1}'
    incidents 1
    decided auto note '{"text": "one"}' <incidents.jsonl >in.jsonl
    gives 0 oa run in.jsonl
    jq -c '.revision += 1' in.jsonl >next.jsonl
    gives 5 oa run next.jsonl
    [[ $(of 'select(.type == "action").reason') == *incident* ]]
}

@test "a breaker opens after failures, is tried again, and can be reset" {
    configure 'environment: test' 'policy:' '  autonomy: auto' \
        '  limits: {actions_per_hour: 0, actions_per_incident: 0}' \
        '  breaker: {failures: 2, window: 1h, cool_down: 30m}'
    gives 1 oa run broken
    gives 1 oa run broken
    refuses breaker oa run broken
    [[ $(of .reason) == *'breaker reset'* ]]
    gives 0 oncall-act breaker list
    is "$(of '[.state, .failures] | join(" ")')" 'open 2'
    name=$(of .id)
    expect 0 oncall-act breaker list --table
    [[ $output == *open* ]]
    # Half open after the cool-down: one may try.
    gives 1 oa run broken --now 2026-11-20T12:31:00Z
    refuses breaker oa run broken --now 2026-11-20T12:32:00Z
    expect 1 oncall-act breaker reset nothing
    says 'breaker list'
    expect 0 oncall-act breaker reset "$name" --reason mended
    gives 1 oa run broken
    expect 2 oncall-act breaker reset
    expect 2 oncall-act breaker lst
    says "did you mean 'list'"
}

@test "two processes never have the same target at once" {
    oncall-act run --no-default-packs --actions actions.yaml slow seconds=1.5 \
        >first.out 3>&- &
    first=$!
    eventually 10 starts
    gives 0 oa run slow seconds=0
    wait "$first"
    is "$(xargs <slow.log)" 'began ended began ended'
}

@test "a stop asked for by signal ends what runs, and begins nothing" {
    incidents 3
    decided auto slow '{"seconds": 30}' <incidents.jsonl |
        jq -c '.triage.actions[0].untrusted = []' >in.jsonl
    oncall-act run --no-default-packs --actions actions.yaml --jobs 1 in.jsonl \
        >out.jsonl 3>&- &
    act=$!
    eventually 10 starts
    kill -TERM "$act"
    wait "$act" || is "$?" 143
    is "$(xargs <slow.log)" began
    is "$(jq -r 'select(.type == "incident").id' out.jsonl | wc -l)" 3
    is "$(jq -r 'select(.type == "action" and .status == "done").verdict' \
        out.jsonl)" failed_during_change
    is "$(store_sql "SELECT COUNT(*) FROM actions WHERE status = 'running'")" 0
}

@test "all that was written was valid" {
    all_valid
}
