#!/usr/bin/env bats
# chatops-send speaks as the services' own descriptions say: what it sends to
# tests/lib/chat-server.py is validated by what they publish as packages.
# shellcheck disable=SC2016,SC2034,SC2154

load ../lib/common
load ../lib/send

SCHEMAS=$BUILD/schemas

setup_file() {
    local problem status=0

    problem=$(cd "$ROOT" && scripts/schemas "$BUILD/schemas" 2>&1) || status=$?
    if [ "$status" -eq 75 ]; then
        echo "$problem" >"$BATS_FILE_TMPDIR/problem"
    elif [ "$status" -ne 0 ]; then
        echo "$problem" >&2
        return 1
    fi
}

setup() {
    [ ! -e "$BATS_FILE_TMPDIR/problem" ] || skip "$(<"$BATS_FILE_TMPDIR/problem")"
    common_setup
    mkfifo stop port
    CHAT_LOG=requests "$ROOT/tests/lib/chat-server.py" <stop >port 3>&- 2>server.err &
    server_pid=$!
    exec 8>stop
    read -r PORT <port
    AT=http://127.0.0.1:$PORT
    services
}

teardown() {
    [ ! -e "$BATS_FILE_TMPDIR/problem" ] || return 0
    exec 8>&-
    send_teardown
}

# A target of each kind, which may send as fast as it likes.
services() {
    export ONCALL_CONFIG=$PWD/oncall.yaml
    export T_MATRIX=matrix-token T_SLACK=xoxb-slack-token T_GITHUB=ghp_token
    export T_PAGE=0123456789abcdef0123456789abcdef T_SMS=twilio-token
    export T_SLACK_HOOK=$AT/slack/services/T/B/hook
    export T_TEAMS="$AT/teams/workflows/1/triggers/manual/paths/invoke?sig=teams-secret"
    export T_DISCORD=$AT/discord/api/webhooks/1/discord-token
    (umask 077 && cat >oncall.yaml) <<YAML
targets:
  matrix: {type: matrix, homeserver: "$AT/matrix", room: "!abc:example.org", token: {env: T_MATRIX}, every: 1ms}
  slack: {type: slack, url: "$AT/slack", room: C0123456, token: {env: T_SLACK}, buttons: true, every: 1ms}
  slackhook: {type: slack, webhook: {env: T_SLACK_HOOK}, buttons: true, every: 1ms}
  teams: {type: teams, webhook: {env: T_TEAMS}, every: 1ms}
  discord: {type: discord, webhook: {env: T_DISCORD}, every: 1ms}
  page: {type: pagerduty, url: "$AT/pagerduty", routing_key: {env: T_PAGE}, every: 1ms}
  sms: {type: sms, url: "$AT/sms", from: "+15005550006", to: "+491701234567", token: {env: T_SMS}, account: AC0123456789abcdef0123456789abcdef, every: 1ms}
  github: {type: github, url: "$AT/github", repository: example/web, labels: [incident], token: {env: T_GITHUB}, every: 1ms}
groups: {all: [matrix, slack, slackhook, teams, discord, page, sms, github]}
YAML
}

# Messages of all sorts; one opens an incident.
notes() {
    local full='{"thread": "INC-20261120-0001", "incident": "INC-20261120-0001",
        "severity": "high", "service": "web", "reason": "first",
        "text": "one\n\n* two_three*", "code": "ls -l | grep x",
        "fields": {"host": "web1", "category": "disk", "n": 3, "none": ""},
        "links": [{"text": "look", "url": "https://x.example.org/?a=1&b=2"}],
        "buttons": [{"id": "ack", "label": "Acknowledge", "command": "y"},
            {"id": "run", "label": "Run"}]}'

    message plain 'first'
    message full 'disk full' "$full"
    message hostile $'a\t<b>&*_`~|\\ @everyone' "$(jq -nc '{
        text: "``` <!channel> @all {noformat} </b><script>\u0001\u202e\u0000",
        code: "```\n$(x) ${x}`", service: "<a>", severity: "critical",
        fields: {"__proto__": "]]>", "<b>": "|| `", "\"": "\\", "": "x"},
        links: [{text: "](x)|>", url: "https://x.example.org/|)>\"\u0027"},
            "https://x.example.org", {text: "", url: "https://y.example.org"}],
        buttons: [{id: "<&>", label: "<!here> *x*"}]}')"
    message long "$(limit 300)" | jq -c --arg x "$(limit 300)" '. + {
        text: ($x * 300), code: ($x * 40), severity: "info", service: $x,
        fields: ([range(60) | {key: "f\(.)\($x)", value: ($x * 8)}]
            | from_entries),
        links: [range(40) | {text: $x, url: "https://x.example.org/\(.)"}],
        buttons: [range(40) | {id: "b\(.)\($x)", label: $x}]}'
}

# What becomes of the incident: put in its place, threaded, taken on, over.
later_notes() {
    local about='"thread": "INC-20261120-0001", "incident": "INC-20261120-0001"'

    message again 'disk full, twice' "{$about, \"supersedes\": \"full\", \"text\": \"again\"}"
    message reply 'nearly' "{$about, \"text\": \"still\", \"severity\": \"low\"}"
    message ack 'somebody looks' "{$about, \"reason\": \"acknowledged\"}"
    message over 'all is well' "{$about, \"reason\": \"all_resolved\"}"
}

# limit N: so many characters of two, three and four bytes, joined and not.
limit() {
    jq -nr --argjson n "$1" '[range($n) | ["ä", "漢", "😀", "👩‍🚀", "e\u0301", " "][. % 6]]
        | add | .[:$n]'
}

# Judges the requests in a file.
published() {
    timeout 150 "$ROOT/tests/lib/published.py" "$SCHEMAS" "$1"
}

# asked SERVICE: how it was asked, each way once.
asked() {
    jq -r --arg service "$1" 'select(.service == $service)
        | "\(.method) \(.path | sub(".*/(?=.)"; "") | sub("[0-9]+$"; "N"))"' \
        requests | sort -u | paste -sd ,
}

send_all() {
    notes >in.jsonl
    expect 0 cs --to all in.jsonl
    [ -z "$stderr" ]
    later_notes >in.jsonl
    expect 0 cs --to all in.jsonl
    [ -z "$stderr" ]
}

@test "chatops-send sends what the descriptions of the services allow" {
    send_all
    expect 0 cs --check matrix slack slackhook discord github
    is "$(asked github)" 'GET web,PATCH N,POST comments,POST issues'
    is "$(asked slack)" 'POST auth.test,POST chat.postMessage,POST chat.update,POST hook'
    is "$(asked discord)" 'GET discord-token,PATCH N,POST discord-token'
    expect 0 published requests
    is "$output" 'validated: discord 8 github 10 matrix 8 pagerduty 8 slack 16 sms 8 teams 8'
}

# spoil SERVICE JQ: the first request of the service that the change changes is
# written with it.
spoil() {
    jq -c --arg service "$1" "select(.service == \$service and .method != \"GET\")
        | .body = (.body as \$b | try (\$b | fromjson) catch \$b) | . as \$was
        | try ($2) catch empty | select(. != \$was)
        | .body = (.body | if type == \"object\" then tojson else . end)" requests |
        head -n 1
}

@test "the descriptions of the services refuse what is not as they say" {
    local changes=(
        'slack .body.attachments[0].blocks[0].text.type = "mrkdwn"'
        'slack .body.attachments[0].blocks[0].type = "heading"'
        'slack .body.attachments[0].colour = "#000000"'
        'slack .body.metadata.event_payload.key = null'
        'slack if .body.ts then .body.ts = 7 else empty end'
        'slack if .path | endswith("hook") then .body.room = "x" else empty end'
        'discord .body.embeds[0].color = "red"'
        'discord .body.embeds[0].text = "x"'
        'discord .body.allowed_mentions.parse = ["all"]'
        'discord .query.wait = "perhaps"'
        'discord if .method == "PATCH" then .body.tts = 1 else empty end'
        'matrix .body.msgtype = "m.words"'
        'matrix .body.format = "html"'
        'matrix del(.body.body)'
        'matrix .body["m.mentions"].all = true'
        'matrix if .body["m.relates_to"].is_falling_back then .body["m.relates_to"].rel_type = "m.thr" else empty end'
        'matrix if .body["m.new_content"] then .body["m.new_content"].msgtype = 1 else empty end'
        'pagerduty .body.event_action = "open"'
        'pagerduty .body.payload.severity = "high"'
        'pagerduty del(.body.payload.source)'
        'pagerduty .body.links[0].url = "x"'
        'sms .body |= sub("To="; "Whom=")'
        'sms .body |= sub("To=[^&]*&"; "")'
        'github .body.headline = "x"'
        'github del(.body.title)'
        'github .body.labels = "x"'
        'github if .method == "PATCH" then .body.state = "done" else empty end'
        'github if .path | endswith("comments") then del(.body.body) else empty end'
        'github if .path | endswith("comments") then .path |= sub("[0-9]+"; "x") else empty end'
        'github .method = "PUT"'
        'github .query.per = "1"'
        'teams .body.attachments[0].content.body[0].color = "Pink"'
        'teams .body.attachments[0].content.body[0].bold = true'
        'teams .body.attachments[0].content.body[0].style = "heading"'
        'teams .body.attachments[0].content.body[0].text = 1'
        'teams .body.attachments[0].content.body[0].type = "Text"'
        'teams .body.attachments[0].content.actions[0].url = null'
        'teams .body.attachments[0].content.title = "x"'
    ) change

    send_all
    for change in "${changes[@]}"; do
        spoil "${change%% *}" "${change#* }" >>spoiled
    done
    is "$(wc -l <spoiled)" "${#changes[@]}"
    expect 1 published spoiled
    is "$(printf '%s\n' "${lines[@]%%: *}" | grep -x '[0-9]*' | sort -nu | wc -l)" "${#changes[@]}"
}
