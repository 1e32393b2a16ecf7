#!/usr/bin/env bats
# chatops-send and services that fail it, and its own end in the midst of it.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load ../lib/send
load ../lib/chat

sender=''

setup() {
    chat_setup
}

teardown() {
    [ -z "$sender" ] || kill -9 "$sender" 2>/dev/null || :
    chat_teardown
}

due_now() {
    store_sql 'UPDATE deliveries SET due = 0' >&2
}

# killed_with TARGET SERVICE: a sender that is killed when the service has done
# what it was asked, and has not answered.
killed_with() {
    local before

    before=$(tried "$2" length)
    plan "$2" stuck
    chatops-send --to "$1" in.jsonl >out 2>err 3>&- 8>&- &
    sender=$!
    eventually 20 more_tried "$2" "$before"
    eventually 20 [ "$(taken "$1")" -gt 0 ]
    kill -9 "$sender"
    wait "$sender" || :
    sender=''
}

more_tried() {
    [ "$(tried "$1" length)" -gt "$2" ]
}

@test "chatops-send delivers once whatever a service does that knows messages again" {
    local how name

    sed -i 's/timeout: 500ms/timeout: 200ms/' oncall.yaml
    for how in reset close mid-body hang drip huge 429 500 503 502 504 lost; do
        for name in matrix hook; do
            plan "$(service_of "$name")" "$how" 2
        done
        message "m-$how" "$how" >in.jsonl
        expect 0 cs --to matrix,hook --wait 20s in.jsonl
    done
    is "$(taken matrix) $(seen webhook 'map(.key) | unique | length')" '12 12'
    # One transaction for each, however often it was tried.
    is "$(tried matrix 'map(select(startswith("PUT"))) | unique | length')" 12
    [ "$(tried matrix 'map(select(startswith("PUT"))) | length')" -gt 12 ]
}

@test "chatops-send looks before it sends again what a service cannot know" {
    local how name

    for name in slack github ntfy sms; do
        message "m-$name" "title $name" >in.jsonl
        plan "$name" lost
        expect 0 cs --to "$name" --wait 20s in.jsonl
        is "$name $(taken "$name")" "$name 1"
        for how in reset 500 503; do
            message "m-$name-$how" "title $name $how" >in.jsonl
            plan "$name" "$how"
            expect 0 cs --to "$name" --wait 20s in.jsonl
        done
        is "$name $(taken "$name")" "$name 4"
    done
}

@test "chatops-send leaves unknown what nobody can know, and calls nobody for it" {
    local name

    sed -i 's/^send: {/send: {fallback: [log], /' oncall.yaml
    for name in teams discord; do
        message "m-$name" first >in.jsonl
        plan "$name" lost
        expect 75 cs --to "$name" in.jsonl
        is "$(deliveries)" "m-$name $name unknown"
        due_now
        expect 0 cs --flush
        is "$(taken "$name")" 1
    done
    [ ! -e log ]
}

@test "chatops-send waits as long as a service asks for" {
    local name

    for name in matrix slack discord hook; do
        message "m-$name" first >in.jsonl
        plan "$(service_of "$name")" 429-after
        expect 75 cs --to "$name" --wait 300ms in.jsonl
        [ "$(store_sql "SELECT due FROM deliveries WHERE target = '$name'")" -gt $((($(date +%s) + 4) * 1000)) ]
        [ "$(tried "$(service_of "$name")" 'map(select(startswith("P"))) | length')" -le 1 ]
    done
}

@test "chatops-send follows no redirection, and sets the message aside" {
    local name

    for name in matrix slack discord hook; do
        message "m-$name" first >in.jsonl
        plan "$(service_of "$name")" redirect 9
        expect 1 cs --to "$name" in.jsonl
        is "$(tried "$(service_of "$name")" 'map(select(test("elsewhere"))) | length')" 0
    done
}

@test "chatops-send opens one ticket when killed before the answer" {
    local name

    for name in github jira; do
        message "m-$name" 'disk full' '{"thread": "INC-20261120-0001"}' >in.jsonl
        killed_with "$name" "$name"
        # A search of Jira finds an issue some time later.
        plan "$name" blind 9
        run --separate-stderr cs --flush --wait 300ms
        plan "$name" blind 0
        due_now
        expect 0 cs --flush
        is "$name $(taken "$name")" "$name 1"
    done
    message m2 'still full' '{"thread": "INC-20261120-0001"}' >in.jsonl
    expect 0 cs --to github,jira in.jsonl
    is "$(seen github '.[0].comments | length') $(seen jira '.[0].comments | length')" '1 1'
}

@test "chatops-send sends with the same transaction after kill -9" {
    message m1 first >in.jsonl
    killed_with matrix matrix
    expect 0 cs --flush
    message m2 first >in.jsonl
    is "$(tried matrix 'map(select(startswith("PUT"))) | unique | length')" 1
    is "$(taken matrix)" 1
    killed_with slack slack
    due_now
    expect 0 cs --flush
    is "$(taken slack)" 1
}

@test "chatops-send looks from when the message was written, whatever its time" {
    message m1 first '{"time": "2035-01-01T00:00:00.000Z"}' >in.jsonl
    plan slack lost
    plan sms lost
    expect 0 cs --to slack,sms --wait 20s in.jsonl
    is "$(taken slack) $(taken sms)" '1 1'
}

@test "chatops-send tells no secret that a service says back" {
    local name

    for name in matrix slack hook github discord jira; do
        message "m-$name" first >in.jsonl
        plan "$(service_of "$name")" echo 9
        run --separate-stderr cs --to "$name" --wait 1ms -vv in.jsonl
        printf '%s\n' "$output" "$stderr" >>text
        run --separate-stderr cs --check "$name"
        printf '%s\n' "$output" "$stderr" >>text
    done
    store_sql 'SELECT * FROM deliveries' >>text
    run ! grep -F -e "$T_MATRIX" -e "$T_SLACK" -e "$T_GITHUB" -e discord-token \
        -e "$(printf %s "oncall@example.org:$T_JIRA" | base64)" text
    grep -q 'you said' text
}

@test "chatops-send does not send what oncall-incident ack took back" {
    local before

    before=$(date -u -d '-60 seconds' +%FT%TZ)
    echo 'rotation primary weekly Mon 09:00 from 2026-11-02: ana' >roster
    chmod 600 roster
    chat_targets 'groups: {ana: [matrix]}' 'routes: {all: {to: [matrix]}}' \
        "roster: $PWD/roster" 'escalation:' '  urgent:' \
        '    match: {severity: [high]}' '    fallback: [ana]' '    steps: [after 0m to primary]'
    ONCALL_NOW=$before expect 0 oncall-incident open --title one --severity high --service web
    ONCALL_NOW=$before expect 0 oncall-incident tick
    plan matrix 503 99
    run -75 --separate-stderr bash -o pipefail -c 'oncall-incident tick | chatops-send --wait 100ms'
    [[ $output == *'"reason":"escalation"'*'"status":"queued"'* ]]
    expect 0 oncall-incident ack INC-"$(date -u -d "$before" +%Y%m%d)"-0001
    plan matrix 503 0
    due_now
    expect 0 cs --flush
    is "$(taken matrix)" 0
    expect 0 cs outbox list --target matrix --status cancelled
    is "$(of .reason | sort | uniq -c | xargs)" '2 somebody has acknowledged it'
    # How it ends is still told, to all and to who was called.
    expect 0 oncall-incident resolve INC-"$(date -u -d "$before" +%Y%m%d)"-0001
    run -0 --separate-stderr bash -o pipefail -c 'oncall-incident tick | chatops-send'
    is "$(taken matrix)" 2
}

@test "chatops-send --daemon reads its configuration again with HUP" {
    configured_target() {
        chat_targets "$1" "routes: {all: {to: [${2}]}}"
    }
    configured_target '' hook
    chatops-send --daemon >out 2>err 3>&- 8>&- &
    sender=$!
    message m1 first >in.jsonl
    store_sql 'SELECT 1' >/dev/null 2>&1 || :
    expect 0 cs --wait 10s in.jsonl
    configured_target "  late: {type: file, path: $PWD/late}" late
    kill -HUP "$sender"
    eventually 20 queued_goes_late
    echo 'routes: {all: {to: [nobody]}}' >>oncall.yaml
    kill -HUP "$sender"
    eventually 20 grep -q 'the configuration before is kept' err
    kill -TERM "$sender"
    wait "$sender" || is "$?" 143
    sender=''
}

# A message that another program left, which names nobody.
queued_goes_late() {
    local num=$((++nums + 100))

    store_sql "INSERT INTO messages (num, key, record, call, status, made)
        VALUES ($num, 'p$num', '$(message "p$num" "title $num")', 0, 'queued', $(date +%s)000)"
    eventually 1 [ -s late ]
}

# A certificate that nobody vouches for, and one of another host.
@test "chatops-send sends nothing to who cannot prove to be the service" {
    local name

    chat_stop
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
        -days 2 -subj /CN=elsewhere -addext subjectAltName=DNS:elsewhere 2>openssl.out
    CHAT_SCHEME=https chat_start cert.pem key.pem
    for name in matrix slack discord hook; do
        message "m-$name" first >in.jsonl
        expect 75 cs --to "$name" --wait 1ms in.jsonl
        of 'select(.type == "delivery").reason' | grep -q 'cannot reach'
        sed -i "s|timeout: 500ms|ca_file: $PWD/cert.pem, &|" oncall.yaml
        message "n-$name" first >in.jsonl
        expect 75 cs --to "$name" --wait 1ms in.jsonl
        chat_targets
        is "$(tried "$(service_of "$name")" length)" 0
    done
}
