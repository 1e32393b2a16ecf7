#!/usr/bin/env bats
# oncall-triage replay: what a policy would have done, without a look ahead.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/incident
load ../lib/triage

setup() {
    triage_setup
    (umask 077 && echo 'policy: {autonomy: auto, thresholds: {auto: 40, escalate: 10}}' >auto.yaml)
    ONCALL_NOW=2026-11-01T12:00:00Z
    {
        oncall-kb add pool --title 'The pool is full' --category database --service api \
            --pattern 'pool is full of \w+'
        oncall-kb solution add pool mend --action mend --param 'service=${service}' \
            --confidence 0.9
    } 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8; do oncall-kb feedback pool --worked --solution mend; done
}

at() {
    ONCALL_NOW=$1T12:00:00Z
    shift
    "$@"
}

# happened DAY [MEMBER=VALUE...]: an incident of that day, matched.
happened() {
    local day=$1

    shift
    d id="x$day" "time=\"${day}T12:00:00.000Z\"" service=api category=database severity=high \
        pattern=other fingerprint="f$day" message='the pool is full of connections' "$@" |
        at "$day" oi open | at "$day" oncall-kb match --no-default-packs >/dev/null
    ONCALL_NOW=2026-11-20T12:00:00Z
}

replay() {
    gives 0 oncall-triage replay --actions actions.yaml --json "$@"
}

# figure METRIC LABEL...: the value, of which all labels are NAME=VALUE.
figure() {
    local metric=$1 label filter='true'

    shift
    for label; do filter+=" and .labels.${label%%=*} == \"${label#*=}\""; done
    of "select(.metric == \"$metric\" and ($filter)) | .value" |
        awk '{ n += $1; any = 1 } END { if (any) print n }'
}

@test "right and wrong are what was recorded" {
    happened 2026-11-10 && oi resolve INC-20261110-0001 --solution mend >/dev/null
    happened 2026-11-11 && oi resolve INC-20261111-0001 --solution 'something else' >/dev/null
    happened 2026-11-12 && oi false-positive INC-20261112-0001 >/dev/null
    happened 2026-11-13 'message="the pool is full of sessions"'
    happened 2026-11-14 && oncall-kb feedback INC-20261114-0001 --worked --solution mend
    happened 2026-11-15 && oncall-kb feedback INC-20261115-0001 --failed --solution mend
    replay
    is "$(figure triage_decisions decision=suggest outcome=right)" 2
    is "$(figure triage_decisions decision=suggest outcome=wrong)" 3
    is "$(figure triage_decisions decision=suggest outcome=unknown)" 1
    is "$(figure triage_decisions decision=auto)" 0
    is "$(figure triage_actions action=mend decision=suggest)" 6
    is "$(of 'select(.metric == "triage_changes")')" ''
    replay --policy auto.yaml
    is "$(figure triage_decisions decision=auto outcome=right)" 2
    is "$(figure triage_decisions decision=auto outcome=wrong)" 3
    is "$(figure triage_decisions_now decision=suggest outcome=right)" 2
    is "$(figure triage_changes now=suggest decision=auto)" 6
    is "$(of 'select(.metric == "triage_decisions") | .from + " " + .to' | sort -u)" \
        '2026-10-21T12:00:00.000Z 2026-11-20T12:00:00.001Z'
}

@test "a span of time is asked about" {
    happened 2026-11-10
    happened 2026-11-15
    replay --since 2026-11-12T00:00:00Z
    is "$(figure triage_decisions decision=suggest)" 1
    replay --since 30d --until 2026-11-12T00:00:00Z
    is "$(figure triage_decisions decision=suggest)" 1
    replay --since 1h
    is "$(figure triage_decisions unknown=unknown)" ''
    is "$(figure triage_decisions outcome=unknown)" 0
}

@test "actions that were carried out say whether they helped" {
    happened 2026-11-10
    happened 2026-11-11
    happened 2026-11-12
    local n=0 verdict

    for verdict in verified_fixed ran_ineffective ran_unverified; do
        store_sql "INSERT INTO actions (id, same, incident, name, params, untrusted, target,
            hash, actor, status, verdict, attempts, requested, started) VALUES ('A$n', 'A$n',
            $((202611100000001 + n * 10000000)), 'mend', '{}', '[]', 't', 'h', 'a', 'done',
            '$verdict', 1, 1794312000001, $((1794312000001 + n * 86400000)))"
        n=$((n + 1))
    done
    replay
    is "$(figure triage_decisions outcome=right)" 1
    is "$(figure triage_decisions outcome=wrong)" 1
    is "$(figure triage_decisions outcome=unknown)" 1
}

@test "what came later is not seen: outcomes, severity, tags, false positives" {
    (umask 077 && cat >later.yaml) <<'END'
policy:
  autonomy: suggest
  thresholds: {auto: 40, escalate: 10}
  rules:
    a: {match: {severity: critical}, autonomy: off}
    b: {match: {tags: later}, autonomy: off}
    c: {match: {service: api}, autonomy: auto}
END
    happened 2026-11-10 severity=medium
    replay --policy later.yaml
    is "$(figure triage_decisions decision=auto)" 1
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        at 2026-11-11 oncall-kb feedback pool --failed --solution mend
    done
    at 2026-11-12 oi severity INC-20261110-0001 high >/dev/null
    at 2026-11-13 oi severity INC-20261110-0001 critical >/dev/null
    at 2026-11-13 oi tag INC-20261110-0001 later >/dev/null
    at 2026-11-14 oi false-positive INC-20261110-0001 >/dev/null
    ONCALL_NOW=2026-11-20T12:00:00Z
    replay --policy later.yaml
    is "$(figure triage_decisions decision=auto outcome=wrong)" 1
    happened 2026-11-15 severity=medium fingerprint=other
    replay --policy later.yaml --since 2026-11-15T00:00:00Z
    is "$(figure triage_decisions decision=auto)" 0
}

@test "what came later is not seen: entries" {
    happened 2026-11-10 fingerprint=same
    at 2026-11-12 oncall-kb add newer --title 'A newer one' --category database --service api \
        --pattern 'the pool is full of connections'
    at 2026-11-12 oncall-kb solution add newer other --action other --confidence 1
    ONCALL_NOW=2026-11-20T12:00:00Z
    replay
    is "$(figure triage_actions action=mend)" 1
    # The knowledge of hindsight counts as of when the incident was opened.
    at 2026-11-13 oi resolve INC-20261110-0001 --solution mend >/dev/null
    at 2026-11-14 oi show INC-20261110-0001 --json |
        at 2026-11-14 oncall-kb match --no-default-packs >/dev/null
    [[ $(store_sql 'SELECT knowledge FROM incident_knowledge') == *newer* ]]
    ONCALL_NOW=2026-11-20T12:00:00Z
    replay
    is "$(figure triage_actions action=other)" ''
    is "$(figure triage_actions action=mend decision=suggest outcome=right)" 1
}

@test "what came later is not seen: detections" {
    oncall-kb solution add pool mend --action mend --param 'service=${fields.unit}' \
        --confidence 0.9 2>/dev/null
    happened 2026-11-10 fingerprint=same 'fields={"unit":"web"}'
    replay --policy auto.yaml
    is "$(figure triage_decisions decision=auto)" 1
    d id=late 'time="2026-11-10T12:30:00.000Z"' service=api fingerprint=same pattern=other \
        'fields={"unit":"--web"}' message='the pool is full of connections' |
        at 2026-11-11 oi open >/dev/null
    ONCALL_NOW=2026-11-20T12:00:00Z
    replay --policy auto.yaml
    is "$(figure triage_decisions decision=auto)" 1
}

@test "risk of the past: incidents that were open then" {
    local n

    (umask 077 && cat >risk.yaml) <<'END'
policy: {autonomy: auto, thresholds: {auto: 40, escalate: 10}}
services: {api: {criticality: high}}
END
    happened 2026-11-10
    replay --policy risk.yaml
    is "$(figure triage_decisions decision=auto)" 1
    sed -i 's/risk: low/risk: medium/; s/blast_radius: process/blast_radius: service/' actions.yaml
    for n in 1 2 3 4 5; do
        happened 2026-11-09 id="o$n" fingerprint="o$n"
        at 2026-11-11 oi close "INC-20261109-000$n" >/dev/null
    done
    ONCALL_NOW=2026-11-20T12:00:00Z
    replay --policy risk.yaml --since 2026-11-10T00:00:00Z
    is "$(figure triage_decisions decision=auto)" 0
    is "$(figure triage_decisions decision=approve)" 1
    for n in 1 2 3 4 5; do
        at 2026-11-12 oi reopen "INC-20261109-000$n" >/dev/null
        store_sql "UPDATE incidents SET closed = 1794200000000, status = 'closed'
            WHERE num = 20261109000000$n"
    done
    ONCALL_NOW=2026-11-20T12:00:00Z
    replay --policy risk.yaml --since 2026-11-10T00:00:00Z
    is "$(figure triage_decisions decision=auto)" 1
}

@test "simulated and merged incidents are left out, and nothing is kept" {
    happened 2026-11-10
    happened 2026-11-10 id=b fingerprint=b
    happened 2026-11-11 simulated=true
    oi merge INC-20261110-0001 INC-20261110-0002 >/dev/null
    store_sql 'SELECT * FROM incidents' >before
    replay
    is "$(figure triage_decisions decision=suggest)" 1
    is "$(figure triage_decisions decision=escalate)" 0
    is "$(store_sql 'SELECT * FROM incidents')" "$(cat before)"
    is "$(store_sql 'SELECT count(*) FROM incident_triage')" 0
}

@test "for people it is tables" {
    happened 2026-11-10 && oi resolve INC-20261110-0001 --solution mend >/dev/null
    expect 0 oncall-triage replay --actions actions.yaml --policy auto.yaml --table
    [[ $output =~ auto\ +1\ +1\ +0\ +0 ]]
    [[ $output =~ mend\ +auto\ +1\ +1\ +0\ +0 ]]
    [[ $output =~ '1 would be decided otherwise'.*suggest\ +auto\ +1\ +1\ +0\ +0 ]]
    configure "$(cat auto.yaml)"
    expect 0 oncall-triage replay --actions actions.yaml --policy auto.yaml --table
    [[ $output == *'The policy in force decides the same.'* ]]
}

@test "what oncall-triage wrote was valid" {
    all_valid
}
