#!/usr/bin/env bats
# Hostile values through every parameter of every shipped action that takes
# untrusted text: each is refused, or stays one literal value.
# shellcheck disable=SC2030,SC2031,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/monitor
load ../lib/actions

# How many of them JSON can hold, and how many only JSON can.
values=176

# An incident for each value, in a store that each test copies.
setup_file() {
    export FILE_STORE=$BATS_FILE_TMPDIR/store.db
    local now

    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    seq "$values" | jq -c --arg now "$now" '{type: "detection", id: "d\(.)", time: $now,
        pattern: "p\(.)", title: "trouble \(.)", severity: "low", service: "s\(.)"}' |
        HOME=$BATS_FILE_TMPDIR ONCALL_STORE=$FILE_STORE "$BUILD/bin/oncall-incident" open \
            >"$BATS_FILE_TMPDIR/incidents"
}

setup() {
    common_setup
    cp "$FILE_STORE" "$BATS_TEST_TMPDIR/oncall.db"
    export ONCALL_STORE=$BATS_TEST_TMPDIR/oncall.db
    open_policy
    copy_packs
    sed -i '/^    limits:/d' "$act_packs"/*.yaml
    mkdir here outside
    canary=$PWD/canary
    echo '# a 1' | tee outside/canary.conf outside/canary.log outside/canary >/dev/null
    touch -d '90 days ago' outside/*
    ln -s "$PWD/outside" here/link
    ln -s "$PWD/outside/canary.conf" here/link.conf
    ln -s "$PWD/outside/canary.log" here/link.log
    outside=$(state_of outside)
    system=$(state_of /etc/passwd /etc/shadow /etc/sudoers.d)
}

# open_policy LINE...: everything runs by itself, as often as it likes; and more
# lines of configuration.
open_policy() {
    configured 'policy:' '  autonomy: auto' "  stop_file: $PWD/stop" \
        '  limits: {actions_per_hour: 0, actions_per_incident: 0}' \
        '  breaker: {failures: 1000, ineffective: 1000}' "$@"
}

# The store's own psql, no stand-in, takes the store away.
teardown() {
    PATH=${PATH//"$BATS_TEST_TMPDIR/bin:"/}
    ends_with_test
    common_teardown
}

# state_of PATH...: all that could be changed of it.
state_of() {
    find "$@" -printf '%p %y %s %T@ %m %u %l\n' 2>/dev/null | sort
}

# harmless: nothing came of it but what the stand-ins were rightly asked.
harmless() {
    [ ! -e "$canary" ]
    is "$(state_of outside)" "$outside"
    is "$(state_of /etc/passwd /etc/shadow /etc/sudoers.d)" "$system"
    called_well
}

# hostile ACTION PARAM [KEY=VALUE...]: each value through that parameter, beside
# fitting ones for the others, as an incident would bring it. What is run must
# have the value as it is.
hostile() {
    local pack files=() status=0

    for pack in "$act_packs"/*.yaml; do
        files+=(--actions "$pack")
    done
    "$ROOT/tests/lib/hostile-values" "$PWD/here" "$canary" "$@" \
        <"$BATS_FILE_TMPDIR/incidents" >"$BATS_TEST_TMPDIR/in"
    timeout 250 oncall-act run "${files[@]}" "$BATS_TEST_TMPDIR/in" \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
    is "$status" 5
    # A path may have been written in a simpler way.
    jq -c --arg param "$2" 'def plain: tostring | if startswith("/") then gsub("/\\.?(?=/|$)"; "") else . end;
        select(.type == "incident") | [.triage.actions[0].params[$param] as $asked | .actions[-1] | .status,
        ($asked | plain) == ((.params // {})[$param] | plain), .reason, $asked]' "$BATS_TEST_TMPDIR/out" \
        >"$BATS_TEST_TMPDIR/ended"
    is "$(grep -c '' "$BATS_TEST_TMPDIR/ended")" "$values"
    # Refused, or done with that very value.
    is "$(grep -v -E '^\["(refused"|done",true)' "$BATS_TEST_TMPDIR/ended")" ''
    ran=$(grep -c '^\["done"' "$BATS_TEST_TMPDIR/ended" || :)
    [ "$ran" -ge "${least:-1}" ]
    harmless
}

# tested: ACTION PARAM lines of what the tests below go through.
tested() {
    sed -n -E 's/^ +(least=0 )?hostile ([a-z_]+) ([a-z_]+).*/\2 \3/p' "$BATS_TEST_FILENAME" | sort -u
}

@test "every parameter that takes untrusted text is tried below" {
    local pack files=()

    for pack in "$ROOT"/examples/packs/actions/*.yaml; do
        files+=(--actions "$pack")
    done
    is "$(tested)" "$(oncall-act list --json --no-default-packs "${files[@]}" |
        jq -r 'select(.params) | .id as $id | .params | to_entries[] |
            select(.value.untrusted) | "\($id) \(.key)"' | sort -u)"
}

@test "restart_service, with systemd, OpenRC, supervisor, Docker and Kubernetes" {
    stand_ins systemctl rc-service supervisorctl docker kubectl
    known unit/web active
    known container/web running
    known deployment/web 1
    shipped services.yaml 's/settle: 3s/settle: 0s/; s/within: .*, every/within: 0s, every/'
    hostile restart_service service manager=systemd
    hostile restart_service service manager=openrc
    hostile restart_service service manager=supervisor
    hostile restart_service service manager=docker
    hostile restart_service service manager=kubernetes
    # Nothing that turns machines off was named.
    called | grep -E 'reboot|poweroff|\.target|\.mount|restart all$' && return 1
    called | grep -q 'systemctl --no-ask-password restart web$'
}

@test "restart_service, with runit" {
    need sv
    mkdir -p sv/other
    open_policy 'actions:' "  restart_service: {params: {runit_dir: $PWD/sv}}"
    least=0 hostile restart_service service manager=runit
    is "$(find sv | sort)" "$(printf 'sv\nsv/other')"
}

@test "health_check asks nothing but what is named" {
    serve data-server.py
    mkdir checks
    # shellcheck disable=SC2016
    printf '#!/bin/sh\necho "$#" >>%s\n' "$PWD/checked" | tee checks/web outside/program >/dev/null
    chmod +x checks/web outside/program
    outside=$(state_of outside)
    shipped services.yaml "s,/etc/oncall/checks/,$PWD/checks/,"
    least=0 hostile health_check target kind=http
    hostile health_check target kind=tcp
    hostile health_check target kind=tls
    hostile health_check target kind=command
    is "$(cat checked)" 0
    is "$(curl -fsS "http://127.0.0.1:$port/-/log")" ''
}

@test "cleanup_logs, clean_temporary_files and disk_report stay in their folders" {
    echo x | tee here/old.log >here/old
    touch -d '90 days ago' here/old.log here/old
    shipped files.yaml "s,under: \[/(var|tmp).*\],under: [$PWD/here],"
    hostile cleanup_logs folder
    [ ! -e here/old.log ]
    hostile clean_temporary_files folder
    nice=$(command -v nice)
    before=$(find . | sort)
    # It looks anywhere, but not for hours.
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\nexit 0\n' >"$BATS_TEST_TMPDIR/bin/nice"
    chmod +x "$BATS_TEST_TMPDIR/bin/nice"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
    hostile disk_report path
    is "$(find . | sort)" "$before"
    [ -n "$nice" ]
}

@test "update_config and adjust_memory_config change no other file" {
    echo 'a 1' >here/web.conf
    shipped configuration.yaml "s,under: \[/etc.*\],under: [$PWD/here],"
    least=0 hostile update_config file key=a value=2
    least=0 hostile adjust_memory_config file key=a value=2
    is "$(cat here/web.conf)" 'a 1'
    verdict verified_fixed update_config "file=$PWD/here/web.conf" key=a value=2
}

@test "what is set in a file stays one line and one value" {
    local value set=0

    while IFS= read -r -d '' value; do
        printf 'A=1\nB=2\n' >here/web.env
        run --separate-stderr oncall-act edit -- here/web.env A "$value"
        [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
        is "$(sed -n '$p' here/web.env)" B=2
        is "$(grep -c '' here/web.env)" 2
        [ "$status" -eq 0 ] || continue
        set=$((set + 1))
        # A shell that reads it finds the value, and runs nothing.
        # shellcheck disable=SC2016
        is "$(env -i sh -c '. "$1" && printf "%s." "$A"' sh "$PWD/here/web.env")" "$value."
    done < <("$ROOT/tests/lib/hostile-values" "$PWD/here" "$canary")
    [ "$set" -ge 100 ]
    harmless
}

@test "clear_cache touches nothing that is not listed" {
    need redis-cli
    mkdir cache
    touch cache/x here/y
    open_policy 'actions:' "  clear_cache: {params: {folders: $PWD/cache, servers: '127.0.0.1:1'}}"
    hostile clear_cache target kind=directory
    hostile clear_cache target kind=redis
    hostile clear_cache target kind=memcached
    [ -e cache/x ] && [ -e here/y ]
}

@test "restart_connection_pool says the same to PgBouncer, whatever its database" {
    stand_ins psql
    known database/web x
    known database/other x
    hostile restart_connection_pool database
    called | grep -q 'database=web '
    called | grep 'database=other' && return 1
    true
}

@test "actions of containers name one container, deployment or service" {
    stand_ins docker kubectl
    known container/web running
    known deployment/web 1
    known service/web 1
    shipped containers.yaml 's/settle: 3s/settle: 0s/; s/within: [0-9]+[sm]/within: 0s/'
    hostile restart_container container
    hostile scale_resources name kind=deployment replicas=2
    hostile scale_resources name kind=service replicas=2
    hostile rollback_deployment name kind=deployment
    hostile rollback_deployment name kind=service
    called | grep -E 'other|--all|-rf' && return 1
    true
}

data() {
    serve data-server.py
    url=http://127.0.0.1:$port
    (umask 077 && echo 'Bearer good' >token)
    open_policy 'actions:' \
        "  $1: {params: {url: '$url$2'}, secrets: {authorization: {file: $PWD/token}}}"
    shipped data.yaml 's/within: [0-9]+m/within: 0s/; s/every: [0-9]+s/every: 100ms/'
}

# All requests were such as the real server takes, with no header of ours.
asked_well() {
    curl -fsS "$url/-/log" >asked
    is "$(jq -c 'select(.wrong)' asked)" ''
    is "$(jq -r '.headers[]' asked | grep -i evil)" ''
    jq -r .target asked | grep -E '\.\.|//|[^!-~]' && return 1
    [ -s asked ]
}

@test "airflow_retry_task asks about one task of one run" {
    data airflow_retry_task ''
    hostile airflow_retry_task dag run=r task=t
    hostile airflow_retry_task run dag=d task=t
    hostile airflow_retry_task task dag=d run=r
    asked_well
}

@test "airflow_clear_task asks about one task of one run" {
    data airflow_clear_task ''
    hostile airflow_clear_task dag run=r task=t
    hostile airflow_clear_task run dag=d task=t
    hostile airflow_clear_task task dag=d run=r
    asked_well
}

@test "airflow_trigger_dag asks for one DAG" {
    data airflow_trigger_dag ''
    hostile airflow_trigger_dag dag
    asked_well
}

@test "spark_kill and spark_resubmit name one application" {
    data spark_kill ''
    open_policy 'actions:' "  spark_kill: {params: {url: '$url'}}" \
        "  spark_resubmit: {params: {url: '$url', submissions: $PWD/here}}"
    echo '{}' >outside/canary.json
    outside=$(state_of outside)
    hostile spark_kill application
    hostile spark_kill application cluster=standalone
    least=0 hostile spark_resubmit application memory=1G
    least=0 hostile spark_resubmit application memory=1G cluster=standalone
    asked_well
}

@test "retry_ingestion names one job" {
    data retry_ingestion /jobs/retry
    # shellcheck disable=SC2016
    printf '#!/bin/sh\necho "$#" >>%s\n' "$PWD/counts" >retry
    chmod +x retry
    hostile retry_ingestion job via=http
    asked_well
    shipped data.yaml "s,/etc/oncall/retry-ingestion,$PWD/retry,"
    hostile retry_ingestion job
    is "$(sort -u counts)" 1
}
