# act.bash - the piece of tests/bench/run that measures how fast actions are
# carried out. Sourced.
# Functions are called by name, and awk's fields are no shell parameters:
# shellcheck shell=bash disable=SC2317,SC2016,SC2154

ACTIONS=10000
ACTION_JOBS=4

# Incidents that each ask for an action of their own; $dir/queue.db knows them.
make_queue() {
    mkdir -p "$dir/oncall"
    cat >"$dir/oncall/oncall.yaml" <<'YAML'
policy:
  autonomy: auto
  limits: {actions_per_hour: 0, actions_per_incident: 0}
YAML
    cat >"$dir/actions.yaml" <<'YAML'
pack: bench
version: 1.0.0
description: nothing to do
actions:
  - id: nothing
    description: Do nothing
    params: {target: {type: name, required: true}}
    command: ["true"]
    target: "${target}"
YAML
    chmod 600 "$dir/oncall/oncall.yaml" "$dir/actions.yaml"
    fresh_store
    detections $ACTIONS fingerprints=$ACTIONS turns=1 cursor=0 |
        "$B/bin/oncall-incident" open |
        jq -c 'select(.type == "incident") | {type, id, time, revision,
            severity, triage: {decision: "auto", actions: [{name: "nothing",
            params: {target: .id}, untrusted: []}]}}' >"$dir/queue.jsonl"
    [ "$(wc -l <"$dir/queue.jsonl")" -eq $ACTIONS ] || die 'no incidents'
    sqlite3 "$ONCALL_STORE" "VACUUM INTO '$dir/queue.db'"
}

act_ours() {
    fresh_store
    cp "$dir/queue.db" "$ONCALL_STORE"
    "$B/bin/oncall-act" run --jobs $ACTION_JOBS --no-default-packs \
        --actions "$dir/actions.yaml" "$dir/queue.jsonl"
}

act_theirs() {
    seq $ACTIONS | xargs -P$ACTION_JOBS -n1 true
}

bench_actions() {
    make_queue
    compare "$ROUNDS" act_ours act_theirs
    row "act, $ACTIONS of true, 4 jobs, x xargs" \
        "$(middle "$ACTIONS / \$1 * 1e6" %.0f/s)" \
        "$(middle "$ACTIONS / \$2 * 1e6" %.0f/s)" \
        "$(middle '$2 / $1' %.2f)" '>= 0.6'
    [ "$(sqlite3 "$ONCALL_STORE" "SELECT COUNT(*) FROM actions
        WHERE status = 'done'")" -eq $ACTIONS ] || die 'not all were done'
}
