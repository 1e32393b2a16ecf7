# What the tests of oncall-act share: `load ../lib/act`, after common and
# incident. One file of actions, a policy that lets everything run by itself
# unless a test says otherwise, and incidents that were decided on.
# shellcheck shell=bash disable=SC2034,SC2154

setup() {
    act_setup
}

act_setup() {
    incident_setup
    export PAGER_DIR=$PWD
    policy 'autonomy: auto'
    actions
}

# policy LINE...: what stands under "policy" from now on, beside what lets tests
# run many actions.
policy() {
    configure 'environment: test' 'policy:' "  stop_file: $PWD/stop" \
        "${@/#/  }" '  limits: {actions_per_hour: 0, actions_per_incident: 0}'
}

# The actions of the tests; their targets are what they are given.
actions() {
    (umask 022 && cat >actions.yaml) <<YAML
pack: tests
version: 1.0.0
description: actions of the tests
actions:
  - id: note
    description: Append a line to a file
    params:
      text: {type: string, pattern: '.+', required: true, untrusted: true}
      target: {type: name, default: notes}
    command: [tee, -a, $PWD/notes]
    input: "\${text}\n"
    target: "\${target}"
  - id: switch_on
    description: Make a file, which the check looks for
    params:
      name: {type: name, required: true, untrusted: true}
    command: [touch, "$PWD/on.\${name}"]
    check:
      before: {command: [test, "!", -e, "$PWD/on.\${name}"]}
      after: {command: [test, -e, "$PWD/on.\${name}"]}
    rollback: {command: [rm, "$PWD/on.\${name}"]}
    target: "\${name}"
    reversible: true
    risk: low
    blast_radius: process
  - id: useless
    description: Run well, and help nothing
    params:
      name: {type: name, default: it, untrusted: true}
    command: ["true"]
    check:
      after: {command: ["false"]}
    target: "\${name}"
  - id: broken
    description: Fail
    command: ["false"]
    target: it
  - id: slow
    description: Take its time
    params:
      seconds: {type: number, default: 30}
      target: {type: name, default: slow}
    command: [sh, "$PWD/slow.sh", "\${seconds}"]
    target: "\${target}"
  - id: again
    description: Take its time, and do no harm when repeated
    idempotent: true
    command: [sh, "$PWD/slow.sh", "30"]
    check:
      after: {command: [test, -e, "$PWD/slow.done"]}
    target: again
YAML
    cat >slow.sh <<'SH'
echo began >>"$(dirname "$0")/slow.log"
sleep "$1"
echo ended >>"$(dirname "$0")/slow.log"
SH
}

# oa COMMAND...: with the actions of the tests.
oa() {
    local command=$1

    shift
    case $command in
    run | approve | undo | recover)
        set -- --no-default-packs --actions actions.yaml "$@"
        ;;
    esac
    oncall-act "$command" "$@"
}

# incidents N: opens that many; their records are in incidents.jsonl.
incidents() {
    local i

    for ((i = 1; i <= $1; i++)); do
        d id="d$i" pattern="p$i" title="trouble $i" service="svc$i"
    done | oi open >incidents.jsonl
    [ "$(wc -l <incidents.jsonl)" -eq "$1" ]
}

# decided DECISION NAME [PARAMS]...: standard input's incidents with a triage
# that says so; PARAMS is a JSON object, NAME PARAMS may come again.
decided() {
    local decision=$1 all='[]'

    shift
    while [ $# -gt 0 ]; do
        all=$(jq -nc --argjson all "$all" --arg name "$1" \
            --argjson params "${2:-{\}}" '$all + [{name: $name,
            params: $params, untrusted: ($params | keys), confidence: 0.95}]')
        shift $(($# > 1 ? 2 : 1))
    done
    jq -c --arg decision "$decision" --argjson actions "$all" \
        '. + {triage: {decision: $decision, actions: $actions, risk:
        {level: "low", score: 0.1, factors: []}, confidence: 0.95,
        confidence_factors: [], causes: [], reasons: [], policy: "test"}}'
}

# lines FILE: how many it has, 0 when it is not there.
lines_of() {
    [ ! -e "$1" ] && echo 0 || wc -l <"$1"
}

# starts: the slow action has begun.
starts() {
    [ -e slow.log ] && [ "$(grep -c began slow.log)" -ge "${1:-1}" ]
}

trail_is_whole() {
    oncall-act audit verify >/dev/null
}
