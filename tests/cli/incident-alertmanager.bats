#!/usr/bin/env bats
# oncall-incident open --from alertmanager, against the real Prometheus and
# Alertmanager: an alert fires and resolves, and is told again and again.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

setup() {
    need prometheus
    need prometheus-alertmanager
    incident_setup
    unset ONCALL_NOW # their clock is the real one
    started=()
}

teardown() {
    local pid

    [ -z "${into:-}" ] || exec {into}>&-
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in "${started[@]}"; do
        wait "$pid" || true
    done
    common_teardown
}

start_receiver() {
    mkfifo receiver.in receiver.out
    mkdir bodies
    echo 0 >bodies/trouble
    "$ROOT/tests/lib/alert-receiver.py" bodies \
        sh -c 'oncall-incident open --from alertmanager >>opened.jsonl' \
        <receiver.in >receiver.out 2>receiver.err 3>&- &
    started+=("$!")
    exec {into}>receiver.in
    read -r -t 20 receiver prometheus alertmanager <receiver.out
}

start_alertmanager() {
    cat >alertmanager.yml <<END
route:
  receiver: incidents
  group_by: [alertname]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1s
receivers:
  - name: incidents
    webhook_configs:
      - url: http://127.0.0.1:$receiver/
        send_resolved: true
END
    prometheus-alertmanager --config.file=alertmanager.yml \
        --storage.path=alertmanager.data --cluster.listen-address= \
        --web.listen-address=127.0.0.1:"$alertmanager" \
        >alertmanager.err 2>&1 3>&- &
    started+=("$!")
}

start_prometheus() {
    cat >rules.yml <<'END'
groups:
  - name: test
    rules:
      - alert: Trouble
        expr: trouble > 0
        labels: {severity: page, service: shop}
        annotations:
          summary: 'the shop is in {{ $labels.job }} trouble'
          description: 'trouble is {{ $value }}'
          runbook_url: https://example.org/trouble
END
    cat >prometheus.yml <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{targets: ['127.0.0.1:$alertmanager']}]
scrape_configs:
  - job_name: test
    static_configs: [{targets: ['127.0.0.1:$receiver']}]
END
    prometheus --config.file=prometheus.yml --storage.tsdb.path=prometheus.data \
        --web.listen-address=127.0.0.1:"$prometheus" \
        --rules.alert.resend-delay=1s >prometheus.err 2>&1 3>&- &
    started+=("$!")
}

# bodies STATUS: how many payloads of that status came.
bodies() {
    cat bodies/*.json 2>/dev/null | jq -r .status | grep -cx "$1"
}

came() {
    [ "$(bodies "$1")" -ge "$2" ]
}

@test "an alert of Prometheus is one incident, opened and resolved" {
    start_receiver
    start_alertmanager
    start_prometheus
    echo 1 >bodies/trouble
    eventually 60 came firing 3 # told again while it fires
    echo 0 >bodies/trouble
    eventually 60 came resolved 1

    is "$(jq -r '[.id, .change] | join(" ")' opened.jsonl | sort -u | wc -l)" 2
    is "$(jq -r .change opened.jsonl)" $'opened\nresolved'
    gives 0 oi list --status all --json
    is "$(of '[.status, .severity, .severity_raw, .service, .pattern, .title,
        .count, .auto_resolved, (.links | index("https://example.org/trouble"))]
        | map(tostring) | join("|")')" \
        'resolved|critical|page|shop|Trouble|the shop is in test trouble|1|true|0'
    is "$(of '.fingerprint')" \
        "alertmanager:v1:$(jq -r '.alerts[0].fingerprint' bodies/1.json)"
    is "$(of '.resolved >= .opened')" true

    # Whatever is delivered again, in whatever order, changes nothing.
    whole >before.jsonl
    for _ in 1 2 3; do
        for body in $(printf '%s\n' bodies/*.json | shuf); do
            expect 0 oi open --from alertmanager "$body"
            is "$output" ''
        done
    done
    whole >after.jsonl
    cmp before.jsonl after.jsonl
    is "$(cat receiver.err)" ''
}

@test "all records were valid" {
    all_valid
}
