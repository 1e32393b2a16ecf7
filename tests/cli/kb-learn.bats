#!/usr/bin/env bats
# oncall-kb: what is learned from resolutions and from people.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common
load ../lib/incident

setup() {
    incident_setup
    configure 'relays: [root, nobody]'
}

# kb COMMAND ARGUMENT...: with what the store knows, and nothing else.
kb() {
    local command=$1

    shift
    oncall-kb "$command" --no-default-packs "$@"
}

# at DAY COMMAND...: at noon of that day of November (31 is the first of December).
at() {
    local day=$1

    shift
    ONCALL_NOW=$(date -u -d "2026-11-01 12:00 UTC + $((day - 1)) days" +%Y-%m-%dT%H:%M:%SZ) "$@"
}

pool() {
    kb add pool-full --title 'The connection pool is full' --service shop \
        --pattern 'timed out waiting for a connection from pool \w+'
    kb solution add pool-full widen --action update_config --param size=40
}

# trouble MESSAGE [ARGUMENT...]: an incident of the shop; its id is in $id.
trouble() {
    oi open --title "${title:-No connection}" --service shop --severity high \
        --message "$1" "${@:2}" >opened
    id=$(jq -r .id opened)
}

# resolved MESSAGE SOLUTION: an incident that was matched and then resolved.
resolved() {
    trouble "$1"
    kb match opened >matched
    oi resolve "$id" --solution "$2" "${@:3}" >moved
}

full='timed out waiting for a connection from pool main'

# confidence [MEMBER]: of the only solution of the pool.
confidence() {
    kb solution list pool-full --json | jq -r ".${1:-confidence}"
}

# higher A B: A is more than B.
higher() {
    jq -ne --argjson a "$1" --argjson b "$2" '$a > $b' >/dev/null ||
        is "$1" "more than $2"
}

@test "a resolution strengthens the entry that was found, once" {
    pool
    before=$(confidence)
    resolved "$full" widen
    expect 0 kb learn --pending
    higher "$(confidence)" "$before"
    is "$(confidence outcomes)" 1
    once=$(confidence)
    expect 0 kb learn --pending
    expect_records 0 kb learn moved
    is "$output" "$(<moved)"
    is "$(confidence)" "$once"
    expect_records 0 kb history pool-full
    is "$(of 'select(.what == "worked") | [.cause, .solution, .actor] | join(" ")')" \
        "$id widen $(id -un)"
}

@test "an incident that nobody matched is matched by learn" {
    pool
    trouble "$full"
    oi resolve "$id" --solution update_config >moved
    expect 0 kb learn --pending
    is "$(confidence outcomes)" 1
}

@test "a solution that failed weakens it, until the incident is reopened and solved" {
    pool
    before=$(confidence)
    resolved "$full" widen --failed
    expect 0 kb learn --pending
    higher "$before" "$(confidence)"
    oi reopen "$id" >moved
    oi resolve "$id" --solution widen >moved
    expect 0 kb learn --pending
    higher "$(confidence)" "$before"
    is "$(confidence outcomes)" 1
}

@test "a program's word counts only where automation might use the entry" {
    pool
    trouble "$full"
    kb match opened >matched
    oi resolve "$id" --solution widen --as oncall >moved
    expect 0 kb learn --pending
    is "$(confidence outcomes)" 0
    expect 0 kb confidence pool-full 1 --reason 'tried for years'
    for i in 1 2 3 4 5 6; do
        expect 0 kb feedback pool-full --worked --solution widen
    done
    title='Another day' trouble "$full again"
    kb match opened >matched
    is "$(jq .knowledge[0].reuse matched)" true
    oi resolve "$id" --solution widen --as oncall >moved
    was=$(confidence outcomes)
    expect 0 kb learn --pending
    is "$(confidence outcomes)" $((was + 1))
}

@test "what is not known is proposed, waits, and is found once it was accepted" {
    pool
    title='Mail is stuck'
    resolved 'queue of mail 17 on mx1 is stuck after 250ms: bounce loop detected' widen
    expect 0 kb learn --pending
    expect_records 0 kb list --proposed
    is "$(of '[.id, .status, .origin, .services[0]] | join(" ")')" \
        'mail-is-stuck proposed learned shop'
    is "$(of '.solutions[0] | [.name, .action, .params.size] | join(" ")')" \
        'widen update_config 40'
    is "$(of '.examples | length')" 1
    re=$(of '.patterns[0].match')
    grep -Pq "$re" <<<'queue of mail 4 on mx2.example.com is stuck after 3s: bounce loop detected'
    run ! grep -Pq "$re" <<<'queue of mail 4 is empty'
    expect 1 kb match --text 'bounce loop detected: mail is stuck'
    XDG_CACHE_HOME=$PWD/new expect 1 kb match --text 'bounce loop detected: mail is stuck'
    expect 0 kb accept mail-is-stuck --reason 'looks right'
    expect 0 kb list --proposed --json
    is "$output" ''
    expect 0 kb match --expect mail-is-stuck --text \
        'queue of mail 4 on mx2.example.com is stuck after 3s: bounce loop detected'
    title='' trouble 'queue of mail 5 on mx3 is stuck after 1ms: bounce loop detected'
    kb match opened >matched
    oi resolve "$id" --solution widen >moved
    expect 0 kb learn --pending
    expect_records 0 kb solution list mail-is-stuck
    is "$(of .outcomes)" 2
}

@test "words that name no solution become the description; rejected is gone" {
    title='Mail is stuck'
    resolved 'bounce loop detected in queue 7' 'asked the postmaster'
    expect 0 kb learn --pending
    expect_records 0 kb show mail-is-stuck
    is "$(of .description)" 'What helped: asked the postmaster'
    is "$(of '.solutions // [] | length')" 0
    expect 0 kb reject mail-is-stuck
    expect 1 kb show mail-is-stuck
    expect 0 kb learn --pending
    expect 1 kb show mail-is-stuck
    pool
    expect 1 kb reject pool-full
    says 'is no proposal'
}

@test "a second incident makes the proposal more general, and adds no other" {
    title='Mail is stuck'
    resolved 'bounce loop detected in queue alpha today' 'asked the postmaster'
    expect 0 kb learn --pending
    oi open --title "$title" --service post --severity high \
        --message 'bounce loop detected in queue beta today' >opened
    id=$(jq -r .id opened)
    oi resolve "$id" --solution 'asked again' >moved
    expect 0 kb learn --pending
    expect_records 0 kb list
    is "${#lines[@]}" 1
    [[ $(of '.patterns[0].match') == *'(?:alpha|beta)'* ]]
    is "$(of '.examples | length')" 2
    is "$(of '.services | join(" ")')" 'shop post'
}

@test "an expression that other incidents' messages match is not proposed" {
    title='Something else'
    trouble 'Bounce loop detected in queue alpha today, harmless' --host h1
    title='Mail is stuck'
    oi open --title "$title" --service post --severity high \
        --message 'bounce loop detected in queue alpha today' >opened
    oi resolve "$(jq -r .id opened)" --solution 'asked the postmaster' >moved
    expect 0 kb learn --pending
    expect_records 0 kb show mail-is-stuck
    is "$(of '.patterns // [] | length')" 0
    is "$(of '.examples | length')" 1
}

@test "so many a day and no more; the others wait for the next day" {
    configure 'learning:
  max_new_patterns_per_day: 2'
    for i in one two three; do
        title="Trouble $i" resolved "wheel $i fell off the wagon" "glue $i"
    done
    expect 0 kb learn --pending
    says '1 incidents wait'
    expect 0 kb list --proposed --json
    is "${#lines[@]}" 2
    expect 0 kb learn --pending
    expect 0 kb list --proposed --json
    is "${#lines[@]}" 2
    expect 0 at 21 kb learn --pending
    expect 0 kb list --proposed --json
    is "${#lines[@]}" 3
}

@test "learning.auto uses it at once" {
    configure 'learning:
  auto: true'
    title='Wagon is broken' resolved 'a wheel fell off the wagon' 'glue'
    expect 0 kb learn --pending
    expect_records 0 kb show wagon-is-broken
    is "$(of .origin)" learned
    is "$(of '.status // "active"')" active
}

@test "false positives, simulated, merged and live ones teach nothing" {
    pool
    resolved "$full" widen
    oi false-positive "$id" >moved
    trouble "$full" --simulate
    oi resolve "$id" --solution widen >moved
    title=Other trouble "$full"
    oi open --title Into --service shop --severity high >into
    oi merge "$(jq -r .id into)" "$id" >moved
    expect 0 kb learn --pending
    is "$(confidence outcomes)" 0
    expect 0 kb list --json
    is "${#lines[@]}" 1
}

@test "learn passes on what it does not know, and counts what is not there" {
    printf '%s\n' '{"type":"x","a": 1}' '{"type":"incident","id":"INC-20260101-0009","x":1}' >in
    oncall init
    expect 3 kb learn in
    is "$output" "$(<in)"
    says "there is no incident 'INC-20260101-0009'"
    expect 2 kb learn --pending in
}

@test "feedback: of an entry or an incident, rated, replaced and kept" {
    pool
    expect 2 kb feedback pool-full
    expect 2 kb feedback pool-full --worked --failed
    expect 2 kb feedback pool-full --worked --speed 6
    expect 1 kb feedback pool --worked
    expect 0 kb feedback pool-full --worked --speed 1 --effect 5 --note 'slow'
    slow=$(confidence)
    trouble "$full"
    expect 1 kb feedback "$id" --worked
    says 'no entry was found'
    kb match opened >matched
    expect 0 kb feedback "$id" --failed
    higher "$slow" "$(confidence)"
    expect 0 kb feedback "$id" --worked
    higher "$(confidence)" "$slow"
    is "$(confidence outcomes)" 2
    expect_records 0 kb history pool-full
    is "$(of 'select(.note) | [.what, .note] | join(" ")')" 'worked slow'
    is "$(oi show "$id" --json | jq -r '[.timeline[] | select(.what == "feedback").after] | join(" ")')" \
        'failed worked'
    expect 0 kb feedback "$id" --wrong --note 'it was the network'
    is "$(confidence outcomes)" 1
}

@test "of many programs that change one entry at once no outcome is lost" {
    pool
    jobs=()
    for i in {1..8}; do
        kb feedback pool-full --worked --note "note $i" 3>&- &
        jobs+=("$!")
        kb edit pool-full --keyword "word $i" 3>&- &
        jobs+=("$!")
    done
    for job in "${jobs[@]}"; do wait "$job"; done
    is "$(confidence outcomes)" 8
    is "$(kb history pool-full | jq -r 'select(.what == "worked").note' | sort -u | wc -l)" 8
    is "$(kb show pool-full | jq '.keywords | length')" 8
}

@test "confidence is stated with a reason, and stands in the history" {
    pool
    expect 2 kb confidence pool-full 0.9
    says 'reason'
    expect 2 kb confidence pool-full 1.5 --reason x
    expect 2 kb confidence pool-full high --reason x
    expect 1 kb confidence pool-full 0.9 --reason x --solution none
    expect 0 kb confidence pool-full 0.9 --reason 'measured it'
    is "$(confidence stated)" 0.9
    expect 0 kb history pool-full --table
    [[ $output == *'confidence set to 0.9'*'measured it'* ]]
}

@test "thirty days: the confidence rises with success, falls with failure, rests without news" {
    pool
    last=$(confidence lower)
    for day in {1..20}; do
        title="Day $day" at "$day" resolved "$full" widen
        at "$day" kb learn --pending
        if [ $((day % 5)) -eq 0 ]; then
            now=$(at "$day" confidence lower)
            higher "$now" "$last"
            last=$now
        fi
    done
    higher "$last" 0.7
    for day in {21..30}; do
        title="Day $day" at "$day" resolved "$full" widen --failed
        at "$day" kb learn --pending
        if [ $((day % 5)) -eq 0 ]; then
            now=$(at "$day" confidence lower)
            higher "$last" "$now"
            last=$now
        fi
    done
    higher 0.6 "$last"
    is "$(at 30 confidence outcomes)" 30
    is "$(at 300 confidence lower)" "$last"
}
