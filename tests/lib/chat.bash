# Targets of every kind of service, each as strict as the real one: `load
# ../lib/chat`, after common and send. See chat-server.py.
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154

chat_pid=''

# The names of the targets that chat_targets makes.
CHATS=(matrix slack slackhook teams discord page ntfy sms jira github hook)

chat_setup() {
    common_setup
    chat_start
}

# chat_start [CERTIFICATE KEY]: a server, and the configuration for it.
chat_start() {
    rm -f feed port
    mkfifo feed
    "$ROOT/tests/lib/chat-server.py" "$@" <feed >port 2>server.err 3>&- &
    chat_pid=$!
    exec 8>feed
    eventually 20 [ -s port ]
    CHAT=${CHAT_SCHEME:-http}://127.0.0.1:$(<port)
    export ONCALL_CONFIG=$PWD/oncall.yaml
    export T_SIGN='signing key' T_MATRIX=matrix-token T_SLACK=xoxb-slack-token
    export T_SLACK_HOOK=$CHAT/slack/services/T/B/hook
    export T_TEAMS="$CHAT/teams/workflows/1/triggers/manual/paths/invoke?api-version=1&sig=teams-secret"
    export T_DISCORD=$CHAT/discord/api/webhooks/1/discord-token
    export T_PAGE=0123456789abcdef0123456789abcdef T_NTFY=tk_ntfy
    export T_SMS=twilio-token T_JIRA=jira-token T_GITHUB=ghp_token
    chat_targets
}

chat_teardown() {
    chat_stop
    common_teardown
}

chat_stop() {
    exec 8>&-
    [ -z "$chat_pid" ] || kill "$chat_pid" 2>/dev/null || :
}

# chat_targets LINE...: a target for each service, "log" and "dead", and these
# lines. Nothing is slow, and what failed is soon tried again.
chat_targets() {
    (umask 077 && {
        cat <<YAML
send: {retry_min: 20ms, retry_max: 50ms, ${CHAT_SEND:-attempts: 20}}
targets:
  hook: {type: webhook, url: "$CHAT/webhook/hook", signing_key: {env: T_SIGN}, timeout: 500ms}
  matrix: {type: matrix, homeserver: "$CHAT/matrix/", room: "!abc:example.org", token: {env: T_MATRIX}, timeout: 500ms, every: 0s}
  slack: {type: slack, url: "$CHAT/slack", room: C0123456, token: {env: T_SLACK}, timeout: 500ms, every: 0s}
  slackhook: {type: slack, webhook: {env: T_SLACK_HOOK}, timeout: 500ms, every: 0s}
  teams: {type: teams, webhook: {env: T_TEAMS}, timeout: 500ms, every: 0s}
  discord: {type: discord, webhook: {env: T_DISCORD}, timeout: 500ms, every: 0s}
  page: {type: pagerduty, url: "$CHAT/pagerduty", routing_key: {env: T_PAGE}, timeout: 500ms, every: 0s}
  ntfy: {type: ntfy, url: "$CHAT/ntfy", room: oncall, token: {env: T_NTFY}, timeout: 500ms, every: 0s}
  sms: {type: sms, url: "$CHAT/sms", from: '+15005550006', to: '+491701234567', token: {env: T_SMS}, account: AC0123456789abcdef0123456789abcdef, timeout: 500ms, every: 0s}
  jira: {type: jira, url: "$CHAT/jira", project: OPS, user: oncall@example.org, token: {env: T_JIRA}, timeout: 500ms, every: 0s}
  github: {type: github, url: "$CHAT/github", repository: example/web, labels: [incident], token: {env: T_GITHUB}, timeout: 500ms, every: 0s}
  log: {type: file, path: $PWD/log}
  dead: {type: webhook, url: "http://127.0.0.1:1/in"}
YAML
        printf '%s\n' "$@"
    } >oncall.yaml)
}

# plan SERVICE HOW [TIMES]: the next requests to it are treated so.
plan() {
    jq -nc '{service: $ARGS.positional[0], how: $ARGS.positional[1],
        times: ($ARGS.positional[2] // "1" | tonumber)}' --args "$@" |
        curl -sfk --data-binary @- "$CHAT/control" >answer
}

# seen SERVICE [FILTER]: of what it has taken, a list. tried SERVICE [FILTER]: of
# the requests that came.
seen() {
    curl -sfk "$CHAT/seen/$1" | jq -r "${2:-.}"
}

tried() {
    curl -sfk "$CHAT/tried/$1" | jq -r "${2:-.}"
}

# service_of TARGET: the first part of its addresses.
service_of() {
    case $1 in
    page) echo pagerduty ;;
    hook) echo webhook ;;
    slackhook) echo slack ;;
    *) echo "$1" ;;
    esac
}

# taken TARGET: how many messages stand there.
taken() {
    case $1 in
    slackhook) seen slackhook length ;;
    *) seen "$(service_of "$1")" length ;;
    esac
}
