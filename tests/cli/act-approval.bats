#!/usr/bin/env bats
# Approvals of actions: who agrees to what, for how long, and once.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common
load ../lib/incident
load ../lib/act

# Votes are those of named people, whom this user speaks for.
setup() {
    act_setup
    people
}

# people LINE...: a policy that asks, with more lines under "policy".
people() {
    configure 'environment: test' "relays: [$(id -un)]" 'policy:' \
        '  autonomy: approve' '  limits: {actions_per_hour: 0, actions_per_incident: 0}' \
        "${@/#/  }"
}

# An action waits; its id is in $id.
asks() {
    incidents 1
    decided approve note '{"text": "agreed"}' <incidents.jsonl >in.jsonl
    expect 75 oa run in.jsonl
    id=$(of 'select(.type == "action").id')
    [[ $id == ACT-* ]]
}

says_yes() {
    oncall-act approve "$1" --as "$2" --json
}

@test "what is approved runs, once" {
    asks
    [ ! -e notes ]
    gives 0 oncall-act pending
    is "$(of '[.action, .missing, .status] | join("|")')" "$id|1|waiting"
    [[ $(of .subject.command) == *tee* ]]
    expect 0 oncall-act pending --table
    [[ $output == *"$id"*note*anybody*tee* ]]
    gives 0 says_yes "$id" ana
    is "$(of .status)" approved
    gives 0 oa run --pending
    is "$(of 'select(.type == "action") | [.id, .status] | join(" ")')" "$id done"
    is "$(cat notes)" agreed
    gives 0 oa run --pending
    gives 0 oa run in.jsonl
    is "$(cat notes)" agreed
    expect 5 says_yes "$id" ben
    expect 0 oncall-act pending --json
    is "$output" ''
    trail_is_whole
}

@test "--run carries it out at once" {
    asks
    gives 0 oa approve "$id" --as ana --run --reason 'seen it'
    is "$(of 'select(.type == "action").verdict')" ran_unverified
    is "$(cat notes)" agreed
    is "$(oncall-act audit list --subject "$id" | jq -r .what | xargs)" \
        'asked approved intent outcome'
}

@test "the front door approves by either id" {
    asks
    gives 0 oncall approve "$id" --as ana --json
    is "$(of .status)" approved
    gives 0 oa run --pending
    is "$(cat notes)" agreed
}

@test "one who is not asked has no vote, and it takes as many as it takes" {
    people 'approval: {approvers: [ana, ben, eva], quorum: 2}'
    asks
    gives 0 oncall-act pending
    is "$(of '[.missing, (.approvers | join(","))] | join("|")')" '2|ana,ben,eva'
    expect 5 says_yes "$id" tom
    says 'not among the approvers'
    gives 0 says_yes "$id" ana
    is "$(of .status)" waiting
    expect 5 says_yes "$id" ana
    says 'has voted'
    expect 5 oa approve "$id" --as ana --run
    gives 0 oncall-act pending
    is "$(of .missing)" 1
    gives 0 oa run --pending
    [ ! -e notes ]
    gives 0 says_yes "$id" ben
    gives 0 oa run --pending
    is "$(cat notes)" agreed
}

@test "who asked does not agree with himself, unless the policy says so" {
    asks
    expect 5 oncall-act approve "$id"
    says 'somebody else has to agree'
    people 'approval: {self: true}'
    jq -c '.revision += 7' in.jsonl >next.jsonl
    mv next.jsonl in.jsonl
    gives 75 oa run in.jsonl
    gives 0 oncall-act approve "$(of 'select(.type == "action").id')"
    is "$(of .status)" approved
}

@test "an action's own approvers are asked" {
    cat >>actions.yaml <<YAML
  - id: guarded
    description: For ana alone
    command: [touch, $PWD/guarded]
    target: guarded
    approvers: [ana]
YAML
    incidents 1
    decided approve guarded <incidents.jsonl >in.jsonl
    gives 75 oa run in.jsonl
    id=$(of 'select(.type == "action").id')
    expect 5 says_yes "$id" ben
    gives 0 says_yes "$id" ana
    gives 0 oa run --pending
    [ -e guarded ]
}

@test "a no is the end of it" {
    asks
    gives 0 oncall-act deny "$id" --as ana --reason 'not at night'
    is "$(of .status)" denied
    gives 0 oncall-act history "$id"
    is "$(of .status)" refused
    [[ $(of .reason) == *denied*ana*'not at night'* ]]
    [[ $(timeline 1) == *denied* ]]
    gives 0 oa run --pending
    [ ! -e notes ]
    gives 5 oa run in.jsonl
    expect 5 says_yes "$id" ben
}

@test "an approval is taken back until it is used" {
    asks
    gives 0 says_yes "$id" ana
    gives 0 oncall-act revoke "$id" --as ana --reason 'wrong host'
    is "$(of .status)" cancelled
    gives 0 oncall-act history "$id"
    [[ $(of .reason) == *revoked*'wrong host'* ]]
    gives 0 oa run --pending
    [ ! -e notes ]
    expect 5 oncall-act revoke "$id" --as ana
}

@test "what ran cannot be revoked" {
    asks
    gives 0 oa approve "$id" --as ana --run
    expect 5 oncall-act revoke "$id" --as ana
    says undo
}

@test "what nobody agrees to in time is refused, and escalates" {
    people 'approval: {expires: 30m}'
    asks
    store_sql "INSERT INTO incident_triage (incident, revision, decision, triage,
        decided) SELECT num, revision, 'approve',
        '$(jq -c .triage in.jsonl)', 0 FROM incidents"
    export ONCALL_NOW=2026-11-20T12:31:00Z
    expect 5 says_yes "$id" ana
    says expired
    expect 0 oncall-act pending --json
    is "$output" ''
    gives 0 oa run --pending
    gives 0 oncall-act history "$id"
    is "$(of .status)" refused
    [[ $(of .reason) == *'nobody agreed in time'* ]]
    [[ $(timeline 1) == *escalated* ]]
    is "$(store_sql 'SELECT decision FROM incident_triage')" escalate
    [ ! -e notes ]
}

@test "what changed since it was approved is not run" {
    asks
    gives 0 says_yes "$id" ana
    sed -i 's/tee, -a/tee, -a, -i/' actions.yaml
    gives 5 oa run --pending
    [[ $(of 'select(.type == "action").reason') == *approv* ]]
    [ ! -e notes ]
}

@test "a policy that changed since voids the approval" {
    asks
    gives 0 says_yes "$id" ana
    people 'thresholds: {auto: 99}'
    gives 5 oa run --pending
    [ ! -e notes ]
}

@test "there is no such thing" {
    expect 1 oncall-act approve ACT-NONE
    says 'oncall-act pending'
    expect 1 oncall-act deny APR-NONE
    policy 'autonomy: auto'
    gives 0 oa run note text=x
    expect 5 oncall-act approve "$(of .id)"
    says 'was not asked for'
}

@test "all that was written was valid" {
    all_valid
}
