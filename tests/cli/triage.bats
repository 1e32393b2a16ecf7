#!/usr/bin/env bats
# oncall-triage: cause, risk, confidence and decision; changes.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/incident
load ../lib/triage

triage() {
    oncall-triage --actions actions.yaml "$@"
}

# policy TEXT: the configuration from now on.
policy() {
    configure 'environment: test' \
        'services: {api: {depends_on: [db]}, db: {depends_on: [disk]}, disk: {depends_on: [api]}}' \
        "policy: $1"
}

# learned N [PARAM [ACTION]]: an entry of the store that finds "pool is full" and
# has helped N times.
learned() {
    local n own='service=${service}'

    oncall-kb add pool --title 'The pool is full' --pattern 'pool is full of \w+' \
        --category database --service api --cause 'a leak'
    oncall-kb solution add pool mend --action "${3:-mend}" --param "${2:-$own}" \
        --confidence 0.9
    for ((n = 0; n < $1; n++)); do
        oncall-kb feedback pool --worked --solution mend
    done
}

# The record of a new incident of api, with its knowledge.
new_incident() {
    d id=d1 at=12:00 service=api category=database severity=high host=web1 pattern=other \
        message='the pool is full of connections' "$@" | oi open |
        oncall-kb match --no-default-packs
}

@test "an incident gets cause, risk, confidence, decision and reasons" {
    learned 3
    new_incident >in
    gives 0 triage in
    is "$(of '.triage | [.decision, .actions[0].name, .actions[0].params.service,
        .actions[0].untrusted[0], .actions[0].entry, .actions[0].solution] | join(" ")')" \
        'suggest mend api service pool mend'
    is "$(of .triage.cause)" 'The pool is full: a leak'
    [[ $(of '.triage.actions[0].command') == *true*api* ]]
    is "$(of '.triage.risk.level')" low
    is "$(of '.triage | ([.risk.factors[].value] | add) - .risk.score | . < 0.002 and . > -0.002')" true
    is "$(of '.triage | ([.confidence_factors[].value] | add) - .confidence | . < 0.002 and . > -0.002')" true
    [[ $(of '.triage.reasons[]') == *'the policy is to suggest it'* ]]
    [[ $(of .triage.policy) == ????????????????' '* ]]
}

@test "the rest of the record, and other records, are left as they were" {
    learned 1
    { echo '{"type":"note","x": 1 }'; new_incident; echo '{"type":"error"}'; } >in
    expect 0 triage in
    is "$(sed -n 1p <<<"$output")" '{"type":"note","x": 1 }'
    is "$(sed -n 3p <<<"$output")" '{"type":"error"}'
    is "$(sed -n 2p <<<"$output" | jq -c 'del(.triage)')" "$(sed -n 2p in | jq -c .)"
    cp in first
    printf '%s\n' "$output" >in
    expect 0 triage in
    is "$output" "$(cat in)"
}

@test "what was decided is kept with the revision, and pending is what is not" {
    learned 1
    new_incident >in
    is "$(has 1 .triaged)" null
    gives 0 triage --pending
    is "$(of '[.id, .triage.actions[0].name] | join(" ")')" 'INC-20261120-0001 mend'
    is "$(has 1 .triaged)" 1
    is "$(store_sql 'SELECT incident, revision, decision FROM incident_triage')" \
        '202611200000001|1|suggest'
    gives 0 triage --pending
    is "$output" ''
    oi severity "$(inc 1)" critical >/dev/null
    gives 0 triage --pending
    is "$(of .severity)" critical
    is "$(has 1 .triaged)" 2
    gives 0 triage in
    is "$(has 1 .triaged)" 2
    is "$(store_sql 'SELECT revision FROM incident_triage')" 2
}

@test "a removed incident leaves nothing behind" {
    new_incident | triage >/dev/null
    oi close "$(inc 1)" >/dev/null
    gives 0 oi purge --older-than 0s --now 2026-11-30T12:00:00Z
    is "$(store_sql 'SELECT count(*) FROM incidents')" 0
    is "$(store_sql 'SELECT count(*) FROM incident_triage')" 0
}

@test "a dry run keeps nothing, and another store's incident is not marked" {
    learned 1
    new_incident >in
    echo '{"type":"change","id":"c","service":"api","what":"x"}' >>in
    expect 0 triage --dry-run in
    is "$(of '.triage.decision? // empty')" suggest
    is "$(has 1 .triaged)" null
    is "$(store_sql 'SELECT count(*) FROM changes')" 0
    sed 's/"fingerprint":"[^"]*"/"fingerprint":"other"/' in >elsewhere
    expect 0 triage elsewhere
    is "$(has 1 .triaged)" null
}

@test "the ladder: off, suggest, approve, auto" {
    local step

    learned 30
    new_incident >in
    for step in 'off ignore' 'suggest suggest' 'approve approve' 'auto auto'; do
        policy "{autonomy: ${step% *}, thresholds: {auto: 30, escalate: 10}}"
        gives 0 triage in
        is "$(of .triage.decision)" "${step#* }"
    done
    policy '{autonomy: auto, thresholds: {auto: 99, escalate: 10}}'
    gives 0 triage in
    is "$(of .triage.decision)" approve
    [[ $(of '.triage.reasons[]') == *'does not run by itself: the confidence'* ]]
    policy '{autonomy: auto, thresholds: {auto: 99, escalate: 98}}'
    gives 0 triage in
    is "$(of .triage.decision)" escalate
}

@test "a freeze, a critical service, and a false positive" {
    learned 30
    new_incident >in
    policy '{autonomy: auto, thresholds: {auto: 30, escalate: 10}, freeze: ["Fri 10:00 to Mon 08:00"]}'
    gives 0 triage in
    is "$(of .triage.decision)" suggest
    configure 'services: {api: {criticality: critical}}' \
        'policy: {autonomy: auto, thresholds: {auto: 30, escalate: 10}}'
    gives 0 triage in
    is "$(of .triage.decision)" approve
    oi false-positive "$(inc 1)" >/dev/null
    gives 0 triage in
    is "$(of .triage.decision)" ignore
}

@test "what is silenced is not acted on, and is again when that is over" {
    learned 30
    policy '{autonomy: auto, thresholds: {auto: 30, escalate: 10}}'
    new_incident >in
    gives 0 triage --dry-run in
    is "$(of .triage.decision)" auto
    oi silence add service=db --for 1h >/dev/null
    oi silence add service=api --for 1h --from 2026-11-20T13:00:00Z >/dev/null
    gives 0 triage --dry-run in
    is "$(of .triage.decision)" auto
    id=$(oi silence add service=api category=database --for 1h --json | jq -r .id)
    gives 0 triage in
    is "$(of .triage.decision)" ignore
    is "$(of '.triage.reasons[0]')" "the incident is silenced by $id of $(id -un)"
    gives 0 triage --dry-run in --now 2026-11-20T12:59:59Z
    is "$(of .triage.decision)" ignore
    gives 0 triage --dry-run in --now 2026-11-20T14:00:00Z
    is "$(of .triage.decision)" auto
    oi silence expire "$id" >/dev/null
    gives 0 triage --dry-run in
    is "$(of .triage.decision)" auto
}

@test "what is over is ignored, also when the record does not know it yet" {
    learned 30
    policy '{autonomy: auto, thresholds: {auto: 30, escalate: 10}}'
    new_incident >in
    sed 's/"status":"open"/"status":"closed"/' in >closed
    gives 0 triage --dry-run in
    is "$(of .triage.decision)" auto
    gives 0 triage --dry-run closed
    is "$(of '.triage | .decision, .reasons[0], (.actions | length)' | xargs)" \
        'ignore the incident is over 0'
    oi resolve "$(inc 1)" >/dev/null
    gives 0 triage --dry-run in
    is "$(of .triage.decision)" ignore
}

@test "values of the record are untrusted, and refused where none may be" {
    learned 30 'service=${service}' own
    policy '{autonomy: auto, thresholds: {auto: 30, escalate: 10}}'
    new_incident >in
    gives 0 triage in
    is "$(of .triage.decision)" suggest
    is "$(of '.triage.actions[0] | .untrusted[0], has("command")' | xargs)" 'service false'
    [[ $(of '.triage.reasons[]') == *own*service* ]]
}

@test "what the knowledge base does not say itself is untrusted" {
    learned 30 service=nginx own
    policy '{autonomy: auto, thresholds: {auto: 30, escalate: 10}}'
    new_incident >in
    gives 0 triage in
    is "$(of '.triage.decision, (.triage.actions[0].untrusted | length)' | xargs)" 'auto 0'
    sed 's/"service":"nginx"/"service":"sshd"/' in >changed
    run ! cmp -s in changed
    gives 0 triage changed
    is "$(of '.triage.decision, .triage.actions[0].untrusted[0]' | xargs)" 'suggest service'
}

@test "a template without a value is no action, and says what is missing" {
    learned 30 'service=x-${fields.unit}'
    policy '{autonomy: auto, thresholds: {auto: 30, escalate: 10}}'
    new_incident >in
    gives 0 triage in
    is "$(of .triage.decision)" suggest
    [[ $(of '.triage.reasons[]') == *"needs 'fields.unit'"* ]]
    new_incident id=d2 fingerprint=f2 'fields={"unit":"web"}' >in
    gives 0 triage in
    is "$(of '.triage | .decision, .actions[0].params.service' | xargs)" 'auto x-web'
}

@test "text of an incident is text: it runs nothing, and changes no decision" {
    learned 30
    policy '{autonomy: auto, thresholds: {auto: 30, escalate: 10}}'
    new_incident service='"; touch owned #"' id=d9 >in
    gives 0 triage in
    [ "$(of .triage.decision)" != auto ]
    [ ! -e owned ]
    expect 0 triage --explain in
    [ ! -e owned ]
}

@test "a service above that failed earlier, and the root before what is between" {
    policy '{}'
    d id=d1 at=11:50 service=disk severity=critical title='disk is full' pattern=a | oi open >/dev/null
    d id=d2 at=11:55 service=db severity=critical title='db is down' pattern=b | oi open >/dev/null
    d id=d3 at=12:00 service=api pattern=c | oi open >in
    d id=d4 at=12:01 service=api pattern=e | oi open >/dev/null
    gives 0 triage in
    is "$(of '.triage.causes[:2][] | .from + " " + .ref' | xargs)" \
        'dependency INC-20261120-0001 dependency INC-20261120-0002'
    [[ $(of .triage.cause) == 'disk, which api needs in turn: disk is full (since 10m'* ]]
    oi resolve "$(inc 1)" "$(inc 2)" >/dev/null
    gives 0 triage in
    is "$(of '.triage.causes | length')" 0
}

@test "changes are kept from the command line and from records, and are causes" {
    policy '{}'
    gives 0 oncall-triage change add --service db --what 'more memory' --kind configuration \
        --release 2.4 --time 2026-11-20T11:55:00Z --link https://x.example/1
    is "$(of '[.service, .what, .kind, .version, .time, .link, (.who | length > 0)] | join("|")')" \
        'db|more memory|configuration|2.4|2026-11-20T11:55:00.000Z|https://x.example/1|true'
    {
        echo '{"type":"change","id":"deploy-1","time":"2026-11-20T11:58:00.000Z","service":"api","what":"deploy","who":"ci"}'
        d id=d3 at=12:00 service=api pattern=c | oi open
    } >in
    gives 0 triage in
    is "$(sed -n 1p <<<"$output")" "$(sed -n 1p in)"
    is "$(tail -n 1 <<<"$output" | jq -r '.triage.causes[].text')" \
        "change of api by ci, 2m before: deploy
configuration of db to 2.4 by $(id -un), 5m before: more memory"
    gives 0 triage in
    gives 0 oncall-triage change list --json
    is "${#lines[@]}" 2
    is "$(head -n 1 <<<"$output" | jq -r .id)" deploy-1
    gives 0 oncall-triage change list --service db --since 1h --json
    is "$(of .what)" 'more memory'
    expect 0 oncall-triage change list --table
    [[ $output == *SERVICE*'more memory'* ]]
}

@test "a bad change is reported, and the rest goes on" {
    d id=d3 service=api | oi open >in
    printf '%s\n' '{"type":"change","id":"1","service":"api"}' \
        '{"type":"change","id":"2","what":"x"}' \
        '{"type":"change","id":"3","service":"api","what":7}' \
        '{"type":"change","id":"4","service":"api","what":"x","time":"yesterday"}' \
        '{"type":"change","service":"api","what":"without id"}' \
        '{"type":"change","id":"an id that is much longer than the store has room for","service":"api","what":"y"}' >>in
    expect 3 triage in
    says 'in:2: "what" is missing'
    says 'in:3: "service" is missing'
    says 'in:4: "what" is no text'
    says 'in:5: "time" is no time'
    is "${#lines[@]}" 3
    expect 3 triage in
    is "$(store_sql 'SELECT count(*) FROM changes')" 2
    expect 2 oncall-triage change add --service api
    expect 2 oncall-triage change add --what x
    expect 2 oncall-triage change remove
    says "'remove' is neither add nor list"
}

@test "past incidents tell what solved them" {
    d id=d1 at=09:00 service=api pattern=c fingerprint=f | oi open >/dev/null
    oi resolve "$(inc 1)" --solution 'turned it off and on' --now 2026-11-20T09:30:00Z >/dev/null
    d id=d2 at=12:00 service=api pattern=c fingerprint=g | oi open >in
    gives 0 triage in
    is "$(of '.triage.causes[0] | .from + " " + .ref')" 'past INC-20261120-0001'
    is "$(of .triage.cause)" \
        'the same as INC-20261120-0001, which was solved by: turned it off and on'
}

@test "explain says all of it, and what was decided before" {
    learned 3
    new_incident >in
    expect 0 oncall-triage explain "$(inc 1)" --actions actions.yaml --table
    [[ $output == *'Decision: suggest'*'Cause'*'The pool is full: a leak'*'Actions'*mend* ]]
    [[ $output == *'not to be trusted: ["service"]'*'Confidence: '*'Risk: '*'Policy: '* ]]
    [[ $output == *'Nothing was decided about it before'* ]]
    gives 0 triage in
    expect 0 oncall-triage explain "$(inc 1)" --actions actions.yaml --table
    [[ $output != *'ecided'* || $output != *'before.'* ]]
    policy '{autonomy: off}'
    expect 0 oncall-triage explain "$(inc 1)" --actions actions.yaml --table
    [[ $output == *'Decision: ignore'*'Decided at 2026-11-20T12:00:00.000Z, for revision 1: suggest'* ]]
    gives 0 oncall-triage explain "$(inc 1)" --actions actions.yaml --json
    is "$(of '.id + " " + .triage.decision')" 'INC-20261120-0001 ignore'
    is "$(store_sql 'SELECT decision FROM incident_triage')" suggest
    expect 1 oncall-triage explain "$(inc 99)"
    expect 0 triage --explain in
    [[ $output == 'INC-20261120-0001  trouble'*'Decision: ignore'* ]]
}

@test "another policy can be tried, with the services that are configured" {
    learned 30
    new_incident >in
    configure 'services: {api: {criticality: critical}}'
    (umask 077 && echo 'policy: {autonomy: auto, thresholds: {auto: 30, escalate: 10}}' >p.yaml)
    gives 0 triage --policy p.yaml --dry-run in
    is "$(of .triage.decision)" approve
    (umask 077 && printf '%s\n' 'services: {api: {criticality: low}}' \
        'policy: {autonomy: auto, thresholds: {auto: 30, escalate: 10}}' >p.yaml)
    gives 0 triage --policy p.yaml --dry-run in
    is "$(of .triage.decision)" auto
    expect 4 triage --policy nowhere.yaml in
    chmod 666 p.yaml
    expect 5 triage --policy p.yaml in
    chmod 666 actions.yaml
    expect 5 triage in
}

@test "the same state and clock give the same bytes" {
    learned 3
    new_incident >in
    gives 0 triage in
    printf '%s\n' "$output" >one
    gives 0 triage in
    is "$output" "$(cat one)"
}

@test "knowledge that is not as it should be does no harm" {
    local bad

    for bad in 3 '[1]' '[{}]' '[{"entry":"x"}]' '[{"entry":"x","score":"y","solutions":{}}]' \
        '[{"entry":"x","score":9,"solutions":[1,{},{"action":5},{"action":"mend","params":[]}]}]' \
        '[{"entry":"","score":1,"solutions":[{"name":"","action":"mend","params":{"service":null}}]}]'; do
        printf '{"type":"incident","id":"INC-20261120-0001","revision":1,"knowledge":%s}\n' "$bad"
    done >in
    expect 0 triage in
    is "${#lines[@]}" 7
    is "$(of .triage.decision | sort -u)" escalate
}

@test "bad lines are counted, a full disk and an unknown store are errors" {
    printf '%s\n' '{' '{"type":"incident","id":"INC-1","id":"INC-2"}' >in
    expect 3 triage in
    says 'in:1:'
    says 'in:2:'
    new_incident >in
    run -4 --separate-stderr bash -c 'oncall-triage in >/dev/full'
    ONCALL_STORE=$BATS_TEST_TMPDIR/none.db expect 4 oncall-triage --pending
    says 'oncall init'
    expect 2 triage --pending in
    expect 2 oncall-triage dcide
    says "did you mean 'decide'?"
}

@test "without a store the records are decided about" {
    need sqlite
    echo '{"type":"incident","id":"INC-20261120-0001","title":"x","service":"api"}' >in
    ONCALL_STORE=$BATS_TEST_TMPDIR/none.db expect 0 triage in
    is "$(of .triage.decision)" escalate
    [ ! -e "$BATS_TEST_TMPDIR/none.db" ]
}

@test "what oncall-triage wrote was valid" {
    all_valid
}
