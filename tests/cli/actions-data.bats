#!/usr/bin/env bats
# Shipped actions for Airflow, Spark and ingestion, with a server that holds
# each request against the published descriptions.
# shellcheck disable=SC2030,SC2031,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/monitor
load ../lib/actions

setup() {
    common_setup
    need curl
    serve data-server.py
    url=http://127.0.0.1:$port
    (umask 077 && echo 'Bearer good' >token && echo 'Bearer bad' >other)
    with_token token
}

teardown() {
    asked_well
    ends_with_test
    common_teardown
}

# with_token FILE [LINE...]: the configuration of all of them.
with_token() {
    local name lines=(actions:)

    for name in airflow_retry_task airflow_clear_task airflow_trigger_dag retry_ingestion; do
        lines+=("  $name:" "    params: {url: '$url$([ "$name" != retry_ingestion ] || echo /jobs/retry)'}"
            "    secrets: {authorization: {file: $PWD/$1}}")
    done
    configured "${lines[@]}" "${@:2}" \
        "  spark_kill: {params: {url: '$url'}}" \
        "  spark_resubmit: {params: {url: '$url', submissions: $PWD/spark}}"
}

answers() {
    curl -fsS "$url/-/set?$1" >/dev/null
}

# asked [FILTER]: the requests, a line each.
asked() {
    curl -fsS "$url/-/log" | jq -r "${1:-.method + \" \" + .target}"
}

asked_well() {
    [ "$(asked 'select(.wrong)' | wc -l)" -eq 0 ] || {
        asked 'select(.wrong)' >&2
        return 1
    }
}

quick() {
    shipped data.yaml 's/within: [0-9]+m/within: 1s/; s/every: [0-9]+s/every: 300ms/'
}

@test "airflow_retry_task clears a failed task, in both versions of the API" {
    for api in v1 v2; do
        answers state=failed
        verdict verified_fixed airflow_retry_task dag=load run=manual__2024-01-01T00:00:00+00:00 task=copy.all "api=$api"
    done
    is "$(asked 'select(.method == "POST") | .target')" '/api/v1/dags/load/clearTaskInstances
/api/v2/dags/load/clearTaskInstances'
    asked 'select(.method == "GET") | .target' | grep -q 'dagRuns/manual__2024-01-01T00%3A00%3A00%2B00%3A00/taskInstances/copy.all'
    is "$(asked 'select(.method == "POST") | .body | fromjson | .dag_run_id' | uniq)" manual__2024-01-01T00:00:00+00:00
}

@test "airflow_retry_task leaves alone what has not failed, and what is not there" {
    answers state=success
    verdict failed_before_change airflow_retry_task dag=load run=r task=copy
    verdict failed_before_change airflow_retry_task dag=none run=r task=copy
    is "$(asked 'select(.method == "POST")')" ''
    with_token other
    verdict failed_before_change airflow_retry_task dag=load run=r task=copy
    [[ $(why) != *'Bearer bad'* ]]
    configured "actions: {airflow_retry_task: {params: {url: '$url'}}}"
    refused airflow_retry_task dag=load run=r task=copy
}

@test "airflow_retry_task knows whether it helped" {
    quick
    answers 'state=failed&next=failed'
    verdict ran_ineffective airflow_retry_task dag=load run=r task=copy
    answers 'status=500'
    verdict failed_during_change airflow_retry_task dag=load run=r task=copy
    answers 'body=nonsense'
    verdict failed_before_change airflow_retry_task dag=load run=r task=copy
}

@test "airflow_clear_task clears a task and all that depends on it" {
    answers state=success
    verdict verified_fixed airflow_clear_task dag=load run=r task=copy api=v1
    verdict verified_fixed airflow_clear_task dag=load run=r task=copy
    is "$(asked 'select(.method == "POST") | .body | fromjson | .include_downstream' | uniq)" true
}

@test "airflow_trigger_dag starts a run, and not of a paused one" {
    verdict verified_fixed airflow_trigger_dag dag=load
    verdict verified_fixed airflow_trigger_dag dag=load api=v1
    is "$(asked 'select(.method == "POST") | .body')" '{"logical_date": null, "conf": {}}
{"conf": {}}'
    answers paused=1
    verdict failed_before_change airflow_trigger_dag dag=load
    verdict failed_before_change airflow_trigger_dag dag=none
}

@test "spark_kill ends an application of YARN and of a standalone master" {
    answers 'state=RUNNING&next=KILLED'
    verdict verified_fixed spark_kill application=application_1404198295326_0003
    answers 'state=RUNNING&next=KILLED'
    verdict verified_fixed spark_kill application=driver-20240101000000-0001 cluster=standalone
    is "$(asked | grep -v GET)" 'PUT /ws/v1/cluster/apps/application_1404198295326_0003/state
POST /v1/submissions/kill/driver-20240101000000-0001'
    # It has ended already.
    verdict failed_before_change spark_kill application=application_1404198295326_0003
    quick
    answers 'state=RUNNING&next=RUNNING'
    verdict ran_ineffective spark_kill application=application_1404198295326_0003
    refused spark_kill application=application_1/../2
    refused spark_kill application=all
}

@test "spark_resubmit submits to YARN what is kept, with more memory" {
    mkdir spark
    echo '{"application-id": "old", "application-name": "load", "application-type": "SPARK",
        "am-container-spec": {"commands": {"command": "run"}}, "resource": {"memory": 1024, "vCores": 1}}' >spark/load.json
    answers next=RUNNING
    verdict ran_unverified spark_resubmit application=load memory=8g
    is "$(asked 'select(.target == "/ws/v1/cluster/apps") | .body | fromjson | .resource.memory, .["application-id"]')" '8192
application_1404198295326_0001'
    answers next=FAILED
    verdict failed_during_change spark_resubmit application=load memory=8g
    refused spark_resubmit application=none memory=8g
    refused spark_resubmit application=../load memory=8g
    refused spark_resubmit application=load memory=1M
}

@test "spark_resubmit submits to a standalone master" {
    mkdir spark
    echo '{"action": "CreateSubmissionRequest", "appArgs": ["a"], "appResource": "file:/x.jar",
        "clientSparkVersion": "3.5.1", "environmentVariables": {}, "mainClass": "X",
        "sparkProperties": {"spark.app.name": "load"}}' >spark/load.json
    answers next=RUNNING
    verdict ran_unverified spark_resubmit application=load memory=4g cluster=standalone
    is "$(asked 'select(.body != "") | .body | fromjson | .sparkProperties | .["spark.driver.memory"], .["spark.executor.memory"]')" '4096m
4096m'
}

@test "retry_ingestion asks a server, or calls the program of the user" {
    verdict ran_unverified retry_ingestion job=orders via=http
    is "$(asked 'select(.target == "/jobs/retry") | .body')" '{"job": "orders"}'
    with_token other
    verdict failed_during_change retry_ingestion job=orders via=http
    # shellcheck disable=SC2016
    printf '#!/bin/sh\necho "$#: $1"\n' >retry
    chmod +x retry
    shipped data.yaml "s,/etc/oncall/retry-ingestion,$PWD/retry,"
    verdict ran_unverified retry_ingestion job=orders
    explains '1: orders'
}
