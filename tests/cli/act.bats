#!/usr/bin/env bats
# oncall-act run: by name, over incidents, from the store; and what was done.
# Some values must not expand: SC2016.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load ../lib/common
load ../lib/incident
load ../lib/act

@test "an action runs by name, and its record says what came of it" {
    gives 0 oa run note text='hello you'
    is "$(cat notes)" 'hello you'
    is "$(of '[.type, .name, .status, .verdict, .target] | join("|")')" \
        'action|note|done|ran_unverified|notes'
    is "$(of .params.text)" 'hello you'
    is "$(of .output)" 'hello you'
    # Each time it is asked for it is another action.
    gives 0 oa run note text='hello you'
    is "$(lines_of notes)" 2
}

@test "without --host it is for this host" {
    gives 0 oa run note text=x
    is "$(of .host)" "$(uname -n)"
    gives 0 oa run note text=x --host web1 --service shop
    is "$(of '[.host, .service] | join(" ")')" 'web1 shop'
}

@test "a person reads what ran, the verdict and the output" {
    expect 0 oa run note text=hello --table
    [[ $output == ACT-*note*verdict*ran_unverified*output*hello* ]]
    expect 1 oa run broken --table
    [[ $output == *failed_during_change*"ended with status 1"*next* ]]
}

@test "the check says whether it helped, not the exit status" {
    gives 0 oa run switch_on name=a
    is "$(of .verdict)" verified_fixed
    [ -e on.a ]
    gives 1 oa run useless
    is "$(of '[.status, .verdict, .exit] | join("|")')" 'done|ran_ineffective|0'
    gives 1 oa run broken
    is "$(of .verdict)" failed_during_change
}

@test "a check that fails runs the rollback" {
    cat >>actions.yaml <<YAML
  - id: half_done
    description: Do half of it
    command: [touch, "$PWD/half"]
    check:
      after: {command: [test, -e, "$PWD/whole"]}
    rollback: {command: [rm, "$PWD/half"]}
    target: half
YAML
    gives 1 oa run half_done
    is "$(of .rollback)" 'done'
    [ ! -e half ]
}

@test "what would run is shown to the byte, and is not run" {
    gives 0 oa run note text='$(id) "x"' --dry-run
    is "$(of '.steps[0].command | join(" ")')" "tee -a $PWD/notes"
    is "$(of '.steps[0].input')" '$(id) "x"'
    is "$(of '[.dry_run, .status, .target, (.hash | length)] | join("|")')" \
        'true|planned|notes|64'
    expect 0 oa run note text=x --dry-run --table
    [[ $output == *target*notes*hash*runs*tee*guards*'would run'* ]]
    [ ! -e notes ]
    expect 0 oa history --json
    is "$output" ''
    trail_is_whole
}

@test "a dry run tells what the guards would say" {
    expect 0 oncall-act stop --reason 'a move'
    gives 5 oa run note text=x --dry-run
    is "$(of .status)" refused
    [[ $(of .reason) == *stop*'a move'* ]]
    expect 5 oa run note txt=x --dry-run
    says "did you mean 'text'"
    expect 5 oa run nota text=x --dry-run
    says "did you mean 'note'"
}

@test "wrong usage is said, with the way out" {
    expect 2 oa run note text
    says 'KEY=VALUE'
    expect 2 oa run note text=a text=b
    says "'text' is given twice"
    expect 2 oa run --pending note
    expect 2 oa run --dry-run </dev/null
    says 'oncall-act list'
    expect 2 oa run --jobs 0 </dev/null
    expect 4 oa run ./nothing.jsonl
}

@test "what was decided is done, in order, and the rest is passed on" {
    incidents 5
    {
        sed -n 1p incidents.jsonl | decided auto note '{"text": "one"}'
        echo '{"type":"other",  "a":1}'
        sed -n 2p incidents.jsonl | decided approve note '{"text": "two"}'
        sed -n 3p incidents.jsonl | decided suggest note '{"text": "three"}'
        sed -n 4p incidents.jsonl | decided escalate note '{"text": "four"}'
        sed -n 5p incidents.jsonl
        echo '{"no":"type"}'
    } >in.jsonl
    expect 75 oa run <in.jsonl
    is "$(cat notes)" one
    is "$(of '.type + " " + (.status // "")' | xargs)" \
        'incident open action done other incident open action waiting incident open incident open incident open'
    is "$(of 'select(.id == "INC-20261120-0001") | .actions[0] |
        [.name, .status, .verdict, has("incident"), has("type")] | join("|")')" \
        'note|done|ran_unverified|false|false'
    # What is not acted on has every byte that it had.
    is "${lines[2]}" "$(sed -n 2p in.jsonl)"
    is "${lines[5]}" "$(sed -n 4p in.jsonl)"
    is "${lines[7]}" "$(sed -n 6p in.jsonl)"
    printf '%s\n' "$output" | grep -v '"other"\|"no"' >>"$BATS_FILE_TMPDIR/records"
}

@test "the same record again is the same action" {
    incidents 1
    decided auto note '{"text": "one"}' <incidents.jsonl >in.jsonl
    gives 0 oa run in.jsonl
    id=$(of 'select(.type == "action").id')
    gives 0 oa run in.jsonl in.jsonl
    is "$(of 'select(.type == "incident") | .actions[0].id' | sort -u)" "$id"
    is "$(of .type | sort -u)" incident
    is "$(lines_of notes)" 1
    # Another revision asks anew.
    jq -c '.revision += 1' in.jsonl >next.jsonl
    gives 0 oa run next.jsonl
    is "$(lines_of notes)" 2
}

@test "actions that an incident has already are kept" {
    incidents 1
    decided auto note '{"text": "one"}' <incidents.jsonl |
        jq -c '. + {actions: [{id: "ACT-OLD", name: "older", status: "done"}]}' \
            >in.jsonl
    gives 0 oa run in.jsonl
    is "$(of 'select(.type == "incident") | [.actions[].name] | join(" ")')" \
        'older note'
    of 'select(.type == "incident")' | jq -c . >again.jsonl
    gives 0 oa run again.jsonl
    is "$(of '[.actions[].name] | join(" ")')" 'older note'
}

@test "when the first did not help, the next is asked for" {
    incidents 1
    decided auto useless '{}' note '{"text": "next"}' <incidents.jsonl >in.jsonl
    gives 1 oa run in.jsonl
    [ ! -e notes ]
    gives 75 oa run in.jsonl
    is "$(of 'select(.type == "action") | [.name, .status] | join(" ")')" \
        'note waiting'
    gives 75 oa run in.jsonl
    is "$(of .type | xargs)" incident
}

@test "an incident that is fixed is mitigated, and its timeline says how" {
    incidents 1
    decided auto switch_on '{"name": "x"}' <incidents.jsonl >in.jsonl
    gives 0 oa run in.jsonl
    is "$(has 1 .status)" mitigated
    [[ $(timeline 1) == *action*switch_on* ]]
}

@test "decisions that make no sense are bad input, and are passed on" {
    incidents 1
    jq -c '. + {triage: {decision: "auto", actions: []}}' incidents.jsonl >in.jsonl
    jq -c '. + {triage: {decision: "auto", actions: [{}]}}' incidents.jsonl >>in.jsonl
    jq -c 'del(.revision) + {triage: {decision: "auto", actions:
        [{name: "note", params: {}}]}}' incidents.jsonl >>in.jsonl
    expect 3 oa run in.jsonl
    is "$output" "$(cat in.jsonl)"
    is "${#stderr_lines[@]}" 3
    says 'names no action'
}

@test "several run at once, and one at a time on a target" {
    incidents 4
    {
        for i in 1 2 3; do
            sed -n "${i}p" incidents.jsonl |
                decided auto slow "{\"seconds\": 0.3, \"target\": \"t$((i / 2))\"}" |
                jq -c '.triage.actions[0].untrusted = []'
        done
    } >in.jsonl
    gives 0 oa run --jobs 4 in.jsonl
    is "$(of 'select(.type == "action").status' | xargs)" 'done done done'
    # Two of them had the same target: one began when the other had ended.
    is "$(sed -n '1,2p' slow.log | xargs)" 'began began'
    is "$(sort slow.log | uniq -c | xargs)" '3 began 3 ended'
    is "$(jq -r 'select(.type == "action") | .target + " " + .started + " " +
        .ended' "$BATS_FILE_TMPDIR/records" | grep -c '^t1 ')" 2
}

@test "a live pipe is answered while a long action runs" {
    incidents 2
    mkfifo in out
    oncall-act run --no-default-packs --actions actions.yaml <in >out 3>&- &
    act=$!
    exec 7>in 8<out
    sed -n 1p incidents.jsonl | decided auto slow '{"seconds": 2}' |
        jq -c '.triage.actions[0].untrusted = []' >&7
    eventually 10 starts
    sed -n 2p incidents.jsonl | decided auto note '{"text": "two"}' >&7
    eventually 10 [ -s notes ]
    [ "$(grep -c ended slow.log)" -eq 0 ]
    exec 7>&-
    cat <&8 >out.jsonl
    wait "$act"
    is "$(jq -r .type out.jsonl | xargs)" 'incident action incident action'
}

@test "--pending does what was decided and nobody has acted on" {
    incidents 3
    for i in 1 2; do
        decision=$([ "$i" -eq 1 ] && echo auto || echo suggest)
        triage=$(sed -n "${i}p" incidents.jsonl |
            decided "$decision" note "{\"text\": \"n$i\"}" | jq -c .triage)
        num=$(store_sql "SELECT num FROM incidents ORDER BY num" | sed -n "${i}p")
        store_sql "INSERT INTO incident_triage (incident, revision, decision,
            triage, decided) SELECT num, revision, '$decision', '$triage', 0
            FROM incidents WHERE num = $num"
        store_sql "UPDATE incidents SET triaged = revision WHERE num = $num"
    done
    gives 0 oa run --pending
    is "$(cat notes)" n1
    is "$(of 'select(.type == "action").name')" note
    gives 0 oa run --pending
    is "$(cat notes)" n1
}

@test "known, decided, done, mitigated, and remembered" {
    policy 'autonomy: auto' 'thresholds: {auto: 30, escalate: 10}'
    oncall-kb add switch-off --no-default-packs --title 'the switch is off' \
        --category switches --service svc1 --pattern 'switch is off' --keyword switch
    oncall-kb solution add switch-off on --no-default-packs --action switch_on \
        --param name=main --confidence 0.97
    d id=d1 pattern=p1 title='the switch is off' message='the switch is off' \
        category=switches service=svc1 | oi open >open.jsonl
    oncall-kb match --no-default-packs --pending >known.jsonl
    oncall-triage --actions actions.yaml <known.jsonl >decided.jsonl
    is "$(jq -r .triage.decision decided.jsonl)" auto
    gives 0 oa run --pending
    is "$(of 'select(.type == "action") | [.name, .verdict, .entry, .solution] | join("|")')" \
        'switch_on|verified_fixed|switch-off|on'
    [ -e on.main ]
    is "$(has 1 .status)" mitigated
    is "$(oncall-kb history switch-off --no-default-packs --json | jq -r .what | grep -c worked)" 1
    # Nothing is left to do.
    gives 0 oa run --pending
    is "$output" ''
    gives 0 oa run decided.jsonl
    is "$(of .type)" incident
}

@test "history and stats tell what was done" {
    [ "$DRIVER" = sqlite ] || oncall init >/dev/null
    expect 0 oa history
    expect 0 oa history --table
    gives 0 oa run note text=a
    gives 0 oa run switch_on name=b
    id=$(of .id)
    gives 1 oa run useless
    gives 0 oa history
    is "$(of .name | sort | xargs)" 'note switch_on useless'
    gives 0 oa history --action note
    is "$(of .name)" note
    gives 0 oa history --status ran_ineffective
    is "$(of .name)" useless
    gives 0 oa history "$id"
    is "$(of .verdict)" verified_fixed
    expect 1 oa history ACT-NONE
    says 'ACT-NONE'
    expect 0 oa history --table
    [[ $output == *verified_fixed* ]]
    expect 2 oa history --status nonsense
    gives 0 oa history --since 2026-11-20T12:00:01Z
    is "$output" ''
    gives 0 oa stats
    is "$(of 'select(.metric == "actions_rate" and .labels.action == "useless").value')" 0
    is "$(of 'select(.metric == "actions_rate" and .labels.action == "switch_on").value')" 1
    is "$(of 'select(.metric == "actions_rate" and .labels.action == "note").value')" ''
    expect 0 oa stats --table --action note
    [[ $output == *note* && $output != *useless* ]]
}

@test "the history of an incident is its own" {
    incidents 2
    decided auto note '{"text": "one"}' <incidents.jsonl >in.jsonl
    gives 0 oa run in.jsonl
    gives 0 oa history --incident "$(inc 2)"
    is "$(of .incident)" "$(inc 2)"
    gives 0 oa run note text=by-hand --incident "$(inc 2)"
    gives 0 oa history --incident "$(inc 2)"
    is "${#lines[@]}" 2
    expect 1 oa run note text=x --incident "$(inc 9)"
}

@test "empty input, closed pipes and full disks" {
    gives 0 oa run </dev/null
    is "$output" ''
    incidents 1
    decided auto note '{"text": "one"}' <incidents.jsonl >in.jsonl
    run -4 --separate-stderr bash -c \
        'oncall-act run --no-default-packs --actions actions.yaml in.jsonl >/dev/full'
    says 'No space left'
    is "$(lines_of notes)" 1
    oncall-act history --json | jq -e '.status == "done"'
}

@test "a reader who goes away leaves nothing unknown" {
    incidents 3
    decided auto slow '{"seconds": 0.3}' <incidents.jsonl |
        jq -c '.triage.actions[0] += {untrusted: []} |
            .triage.actions[0].params.target = .id' >in.jsonl
    mkfifo out
    oncall-act run --no-default-packs --actions actions.yaml --jobs 1 in.jsonl \
        >out 3>&- &
    act=$!
    exec 8<out
    eventually 10 starts
    exec 8<&-
    wait "$act" || is "$?" 141
    is "$(grep -c ended slow.log)" "$(grep -c began slow.log)"
    is "$(oncall-act history --status 'done' --json | wc -l)" \
        "$(grep -c ended slow.log)"
    expect 0 oa recover --json
    is "$output" ''
}

@test "without a store there is nothing, and nothing is made to say so" {
    need sqlite
    for command in history stats pending 'breaker list'; do
        # shellcheck disable=SC2086
        expect 0 oncall-act $command --json
        is "$output" ''
    done
    expect 1 oncall-act audit verify
    [ ! -e "$ONCALL_STORE" ]
}

@test "the trail is read, proved, and its end noted" {
    gives 0 oa run note text=a
    expect 0 oncall-act audit verify
    [[ $output == *whole* ]]
    expect 0 oncall-act audit head
    head=$output
    gives 0 oa run note text=b
    expect 0 oncall-act audit verify --head "$head"
    gives 0 oncall-act audit list
    [ "${#lines[@]}" -ge 4 ]
    expect 0 oncall-act audit list --table
    store_sql 'DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)'
    expect 0 oncall-act audit verify
    store_sql "UPDATE audit SET actor = 'nobody' WHERE seq = 2"
    expect 1 oncall-act audit verify
    says 2
    expect 2 oncall-act audit verif
    says "did you mean 'verify'"
}

@test "a trail that was cut off shows against its end" {
    gives 0 oa run note text=a
    head=$(oncall-act audit head)
    store_sql 'DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)'
    expect 0 oncall-act audit verify
    expect 1 oncall-act audit verify --head "$head"
}

@test "all that was written was valid" {
    all_valid
}
