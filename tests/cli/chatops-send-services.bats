#!/usr/bin/env bats
# chatops-send and services that are as strict as the real ones: what they get.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load ../lib/send
load ../lib/chat

setup() {
    chat_setup
}

teardown() {
    chat_teardown
}

all_names() {
    local IFS=,

    echo "${CHATS[*]}"
}

@test "chatops-send threads an incident everywhere" {
    for i in 1 2 3; do
        message "INC-1.a.$i" "number $i" '{"thread": "INC-20261120-0001", "incident": "INC-20261120-0001"}'
        expect 0 cs --to matrix,slack,github,jira <<<"$(message "INC-1.a.$i" "number $i" '{"thread": "INC-20261120-0001"}')"
    done
    is "$(seen matrix '[.[1, 2].content["m.relates_to"] | .event_id, .["m.in_reply_to"].event_id] | join(" ")')" \
        "$(seen matrix '[.[0].id, .[0].id, .[0].id, .[1].id] | join(" ")')"
    is "$(seen slack '[.[1, 2].thread_ts] | unique | join(" ")')" "$(seen slack '.[0].ts')"
    is "$(taken github) $(seen github '.[0].comments | length')" '1 2'
    is "$(taken jira) $(seen jira '.[0].comments | length')" '1 2'
}

@test "chatops-send puts a message in the place of an earlier one, and again" {
    local name

    message m1 first | expect 0 cs --to matrix,slack,discord
    message m2 second '{"supersedes": "m1"}' | expect 0 cs --to matrix,slack,discord
    message m3 third '{"supersedes": "m2"}' | expect 0 cs --to matrix,slack,discord
    is "$(seen matrix length)" 3
    is "$(seen matrix '[.[1, 2].content["m.relates_to"].event_id] | unique | join(" ")')" "$(seen matrix '.[0].id')"
    for name in slack discord; do
        is "$(seen "$name" length)" 1
        [[ $(seen "$name" '.[0] | tojson') == *third* ]]
    done
}

@test "chatops-send posts anew what cannot be edited any more" {
    message m1 first | expect 0 cs --to slack,discord
    store_sql "UPDATE deliveries SET remote_id = 'C0123456/1.1' WHERE target = 'slack'"
    store_sql "UPDATE deliveries SET remote_id = '4711' WHERE target = 'discord'"
    message m2 second '{"supersedes": "m1"}' >in.jsonl
    expect 0 cs --to slack,discord in.jsonl
    is "$(taken slack) $(taken discord)" '2 2'
}

@test "chatops-send counts what repeats in the first message" {
    for i in 1 2 3; do
        message "m$i" 'disk full' '{"room": "!abc:example.org", "buttons": [{"id": "ack", "label": "Acknowledge", "command": "oncall-incident ack INC-1"}]}'
    done >in.jsonl
    expect 0 cs --to matrix in.jsonl
    [[ $(seen matrix '.[-1].content["m.new_content"].body') == *'disk full (3 times)'*'oncall-incident ack INC-1'* ]]
    is "$(seen matrix '[.[1:][].content["m.relates_to"].event_id] | unique | join(" ")')" "$(seen matrix '.[0].id')"
}

@test "chatops-send takes no end of an incident for a repetition" {
    local open='{"type":"incident","id":"INC-20261120-0001","time":"2026-11-20T10:00:00.000Z","revision":1,"status":"open","severity":"high","title":"disk full","service":"web","opened":"2026-11-20T10:00:00.000Z","updated":"2026-11-20T10:00:00.000Z","count":1,"fingerprint":"v1:x"}'

    {
        echo "$open"
        echo "${open/\"open\"/\"acknowledged\"}"
        echo "${open/\"open\"/\"resolved\"}"
    } >in.jsonl
    expect 0 cs --each incident --to matrix,page in.jsonl
    is "$(seen matrix length)" 3
    is "$(seen matrix '[.[].content | has("m.new_content")] | any')" false
    [[ $(seen matrix '.[2].content.body') == *✅* ]]
    is "$(seen pagerduty '[.[].event_action] | join(" ")')" 'trigger acknowledge resolve'
    is "$(seen pagerduty '[.[].dedup_key] | unique | join(" ")')" INC-20261120-0001
}

@test "chatops-send repeats and gathers in the room of the messages" {
    CHAT_SEND='collapse: 10m, burst: 2, burst_window: 300ms' chat_targets
    for i in 1 1 2 3 4; do
        message "m$i$RANDOM" "title $i" '{"room": "!other:example.org"}'
    done >in.jsonl
    expect 0 cs --to matrix --wait 5s in.jsonl
    is "$(seen matrix '[.[].room] | unique | join(" ")')" '%21other%3Aexample.org'
    [[ $(seen matrix '[.[].content.body] | join("\n")') == *'2 messages since'* ]]
}

@test "chatops-send leaves the room behind at a fallback" {
    chat_targets '  lost: {type: webhook, url: "http://127.0.0.1:1/", fallback: [slack]}'
    sed -i 's/^send: {/send: {attempts: 2, /; s/, attempts: 20}/}/' oncall.yaml
    message m1 first '{"room": "!abc:example.org"}' >in.jsonl
    expect 1 cs --to lost --wait 5s in.jsonl
    is "$(seen slack '.[0].channel')" C0123456
}

@test "chatops-send opens, acknowledges and resolves a page" {
    message m1 'disk full' '{"thread": "INC-20261120-0001", "reason": "opened", "severity": "critical"}' >in.jsonl
    message m2 'disk full' '{"thread": "INC-20261120-0001", "reason": "acknowledged"}' >>in.jsonl
    message m3 'disk full' '{"thread": "INC-20261120-0001", "reason": "all_resolved"}' >>in.jsonl
    expect 0 cs --to page in.jsonl
    is "$(seen pagerduty '[.[] | "\(.event_action) \(.dedup_key)"] | join(",")')" \
        'trigger INC-20261120-0001,acknowledge INC-20261120-0001,resolve INC-20261120-0001'
}

@test "chatops-send opens one ticket, comments on it, and closes it" {
    local name

    message m1 'disk full' '{"thread": "INC-20261120-0001"}' >in.jsonl
    message m2 'still full' '{"thread": "INC-20261120-0001"}' >>in.jsonl
    message m3 'no longer' '{"thread": "INC-20261120-0001", "reason": "all_resolved"}' >>in.jsonl
    expect 0 cs --to github,jira in.jsonl
    for name in github jira; do
        is "$(seen "$name" '"\(length) \(.[0].comments | length)"')" '1 2'
    done
    is "$(seen github '.[0].state')" closed
    is "$(seen jira '.[0].status')" 'done'
}

@test "chatops-send keeps the limits of every service, whatever it says" {
    local cjk emoji name

    cjk=$(printf '你%.0s' {1..5000})
    emoji=$(printf '🔥%.0s' {1..3000})
    {
        # Every letter has several bytes, and code lies across every cut.
        jq -nc --arg t "$cjk" --arg e "$emoji" '{type: "message", id: "m1", key: "m1",
            time: "2026-11-20T10:00:00.000Z", title: $e, text: ($t + "\n" + $e),
            code: ([range(2000) | "第\(.)行 ```"] | join("\n")),
            fields: ([range(40) | {key: "字段\(.)\($t[:300])", value: $t}] | from_entries),
            links: [range(40) | {text: "\($e[:80])", url: "https://example.org/\($t)"}]}'
        jq -nc --arg t "$cjk" '{type: "message", id: "m2", key: "m2",
            time: "2026-11-20T10:00:00.000Z", title: "t", text: ([range(9000) | "字\n"] | add),
            code: ([range(9000) | "字\n"] | add),
            links: [range(40) | {text: "x", url: ("https://example.org/" + ("a" * 480))}],
            fields: ([range(40) | {key: "f\(.)", value: $t}] | from_entries)}'
        jq -nc --arg t "$cjk" '{type: "message", id: "m3", key: "m3",
            time: "2026-11-20T10:00:00.000Z", title: "t", text: "```\nopen",
            fields: [{name: "a", value: "1"}, {name: "a", value: "2"}],
            links: [{text: "x", url: ("https://example.org/" + ("a" * 700000))}]}'
    } >in.jsonl
    expect 0 cs --to "$(all_names)" in.jsonl
    for name in "${CHATS[@]}"; do
        case $name in
        slackhook | slack) is "$name $(taken "$name")" "$name 3" ;;
        *) is "$name $(taken "$name")" "$name 3" ;;
        esac
    done
    # No letter was cut.
    for name in matrix slack teams discord pagerduty ntfy sms jira github webhook; do
        [[ $(seen "$name" tojson) != *$'\uFFFD'* ]]
    done
}

@test "nothing in a message is more than text to any service" {
    jq -nc '{type: "message", id: "m1", key: "m1", time: "2026-11-20T10:00:00.000Z",
        title: "<!channel> @everyone @here <@U123> <script>alert(1)</script> *b* [x](javascript:alert(1))\r\nX-Evil: 1 \u202edrows",
        text: "</pre><img src=x onerror=y> {noformat} <at>all</at> ![i](http://x)\n# h\n> q\n--></div>",
        code: "``` {noformat} </code> ```",
        fields: {"<b>": "@octocat\n{code}", "\u202e": "x"},
        links: [{text: "a](javascript:x)", url: "javascript:alert(1)"}, {text: "<b>|\u0022", url: "https://example.org/\u0022><script>|>"},
            {text: "d", url: "data:text/html,x"}, {text: "v", url: "JaVaScRiPt://example.org/%0aalert(1)"}],
        buttons: [{id: "<x>", label: "@here", command: "rm -rf `x`"}]}' >in.jsonl
    expect 0 cs --to "$(all_names)" in.jsonl
    for name in "${CHATS[@]}"; do
        is "$name $(taken "$name")" "$name 1"
    done
    for name in matrix slack slackhook teams discord pagerduty ntfy sms jira github; do
        seen "$name" tojson >text
        run ! grep -i '"\(href\|url\|click\)":"\(javascript\|data\):\|<javascript:\|href=.."javascript' text
        run ! grep $'\u202e' text
    done
    for name in 'teams .[0] | tojson' 'discord .[0] | tojson' 'github .[0].body'; do
        seen "${name%% *}" "${name#* }" >text
        run ! grep -i '[^\\]](javascript:' text
    done
    # What is plain text there is shown as it is.
    seen slack '.[0] | [.text, (.attachments[0].blocks[].text | select(.type == "mrkdwn") | .text)] | join("\n")' >text
    run ! grep '<!channel>\|<@U123>' text
    seen discord '.[0] | tojson' >text
    run ! grep '[^\\]<@U123>' text
    seen github '.[0].body' >text
    run ! grep '@octocat\|@everyone\|@here' text
    [[ $(seen matrix '.[0].content.formatted_body') != *'<script>'* ]]
}

@test "chatops-send --check asks each service, and posts nothing" {
    local name

    expect 0 cs --check
    is "${#lines[@]}" 13
    for name in "${CHATS[@]}"; do
        is "$name $(taken "$name")" "$name 0"
    done
    [[ $output == *'matrix: ok: @oncall:example.org, room !abc:example.org can be read'* ]]
    [[ $output == *'slack: ok: oncall in Example'* ]]
    [[ $output == *"discord: ok: webhook 'on call'"* ]]
    [[ $output == *'sms: ok: '*active* ]]
    export T_MATRIX=wrong-1 T_SLACK=wrong-2 T_SMS=wrong-3 T_JIRA=wrong-4 T_GITHUB=wrong-5 T_NTFY=wrong-6
    run --separate-stderr cs --check matrix slack sms jira github ntfy
    is "$(grep -c ': no$' <<<"$output")" 6
    [ "$status" -eq 5 ]
    [[ $output$stderr != *wrong-[1-6]* ]]
}

@test "chatops-send names file, line and column of a bad template" {
    printf 'first\n  ${nothing|shout}\n' >bad
    chat_targets "  own: {type: slack, url: \"$CHAT/slack\", room: C1, token: {env: T_SLACK}, template: $PWD/bad}"
    message m1 first >in.jsonl
    expect 2 cs --render own in.jsonl
    says "$PWD/bad:2:"
    expect 2 cs --check own
    says "$PWD/bad:2:"
    expect 2 cs --to own,log --wait 1ms in.jsonl
    is "$(deliveries | sort | paste -sd ,)" 'm1 log delivered,m1 own queued'
    of 'select(.target == "own") | .reason' | grep -qF "$PWD/bad:2:"
}
