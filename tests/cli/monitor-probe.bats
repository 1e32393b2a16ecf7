#!/usr/bin/env bats
# Probes: addresses, ports, certificates and commands, looked at from outside.
# shellcheck disable=SC2030,SC2031,SC2119,SC2120,SC2154  # job and port: lib/monitor.bash

load ../lib/common
load ../lib/monitor

setup() {
    common_setup
    export ONCALL_CONFIG=$PWD/oncall.yaml
}

teardown() {
    ends_with_test
    common_teardown
}

# probes LINE...: a configuration with these probes.
probes() {
    configure 'probes:' "${@/#/  }"
}

probe() {
    oncall-monitor --probe "$@"
}

# why [NAME]: what the output of the last run has to say of a probe.
why() {
    of "select(.pattern == \"probe-$1\") | .message"
}

# ---- addresses of the web ----

@test "url: status, body and latency" {
    serve http-server.py
    url=http://127.0.0.1:$port
    probes "good: {url: '$url/echo'}" \
        "moved: {url: '$url/redirect/302?to=/echo'}" \
        "gone: {url: '$url/none', severity: critical, service: shop, host: web-1}" \
        "wanted: {url: '$url/none', status: 404}" \
        "other: {url: '$url/echo', status: 204}" \
        "body: {url: '$url/echo', body: 'GET /(echo|none) HTTP'}" \
        "nobody: {url: '$url/echo', body: 'no such text'}" \
        "slow: {url: '$url/hold/300', latency: 100ms}" \
        "fast: {url: '$url/hold/10', latency: 5s}"
    expect_records 0 probe
    is "$(of .pattern | sort | paste -sd ' ')" \
        'probe-gone probe-nobody probe-other probe-slow'
    is "$(why gone)" 'answers with status 404'
    is "$(why other)" 'answers with status 200 instead of 204'
    is "$(why nobody)" "answers without 'no such text'"
    [[ $(why slow) =~ ^answers\ in\ [3-9][0-9][0-9]+\ ms,\ allowed\ are\ 100$ ]]
    is "$(of 'select(.pattern == "probe-gone") |
        [.severity, .service, .host, .kind, .source.kind, .category, .title] |
        join("|")')" \
        'critical|shop|web-1|probe|probe|probe|gone: answers with status 404'
    is "$(of 'select(.pattern == "probe-slow") | [.severity, .service] | join(" ")')" \
        'high slow'
    is "$(of 'select(.pattern == "probe-slow") | .fields.took_ms >= 300')" true
    expect 1 probe good wanted body fast
    is "$output" ''
}

@test "url: a server that does not answer, or not well, is a failure in time" {
    serve http-server.py
    url=http://127.0.0.1:$port
    probes "hang: {url: '$url/hang', timeout: 500ms}" \
        "drip: {url: '$url/drip', timeout: 500ms}" \
        "reset: {url: '$url/reset'}" "garbage: {url: '$url/garbage'}" \
        "closed: {url: 'http://127.0.0.1:$(free_port)/?token=hide-this'}" \
        "nowhere: {url: 'http://no-such-host.invalid/', timeout: 3s}" \
        "huge: {url: '$url/huge'}" "long: {url: '$url/huge', body: yyy}"
    begun=$SECONDS
    expect_records 0 timeout 30 "$BUILD/bin/oncall-monitor" --probe
    [ $((SECONDS - begun)) -le 15 ]
    is "$(of .pattern | sort | paste -sd ' ')" \
        'probe-closed probe-drip probe-garbage probe-hang probe-long probe-nowhere probe-reset'
    [[ $(why long) == "answers without 'yyy' in the first "*' bytes' ]]
    [[ $output != *hide-this* ]]
}

@test "url: https is checked against ca_file" {
    need openssl
    certificate server 60 localhost
    serve http-server.py --tls server.pem server.key
    probes "good: {url: 'https://localhost:$port/echo', ca_file: '$PWD/server.pem'}" \
        "unknown: {url: 'https://localhost:$port/echo'}" \
        "name: {url: 'https://127.0.0.1:$port/echo', ca_file: '$PWD/server.pem'}"
    expect_records 0 probe
    is "$(of .pattern | sort | paste -sd ' ')" 'probe-name probe-unknown'
}

# ---- ports ----

@test "tcp: a port that takes connections, one that does not" {
    serve http-server.py
    probes "open: {tcp: '127.0.0.1:$port'}" \
        "named: {tcp: 'localhost:$port'}" \
        "closed: {tcp: '127.0.0.1:$(free_port)', severity: low}" \
        "nowhere: {tcp: 'no-such-host.invalid:1', timeout: 3s}"
    expect_records 0 probe
    is "$(of .pattern | sort | paste -sd ' ')" 'probe-closed probe-nowhere'
    is "$(of 'select(.pattern == "probe-closed") | .severity')" low
    expect 1 probe open named
}

# ---- certificates ----

# certificate NAME DAYS HOST: NAME.pem and NAME.key, its own authority.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
        -nodes -keyout "$1.key" -out "$1.pem" -subj "/CN=$3" \
        -addext "subjectAltName=DNS:$3" -days "$2" 2>/dev/null
}

# expired NAME HOST: a certificate that ended a while ago.
expired() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>/dev/null
    printf '%s\n' '[ca]' default_ca=d '[d]' database=index new_certs_dir=. \
        serial=serial default_md=sha256 policy=p '[p]' commonName=supplied \
        '[x]' "subjectAltName=DNS:$2" basicConstraints=CA:TRUE >ca.cnf
    : >index
    echo 01 >serial
    openssl ca -batch -config ca.cnf -selfsign -keyfile "$1.key" \
        -in "$1.csr" -out "$1.pem" -extensions x -notext \
        -startdate 20250101000000Z -enddate 20250201000000Z 2>/dev/null
}

@test "tls: good for 60, 20 and 3 days, expired, of another name, unknown" {
    need openssl
    lines_of=()
    for days in 60 20 3; do
        certificate "d$days" "$days" localhost
        serve http-server.py --tls "d$days.pem" "d$days.key"
        lines_of+=("d$days: {tls: 'localhost:$port', ca_file: '$PWD/d$days.pem'}")
    done
    lines_of+=("unknown: {tls: 'localhost:$port'}")
    expired old localhost
    serve http-server.py --tls old.pem old.key
    lines_of+=("old: {tls: 'localhost:$port', ca_file: '$PWD/old.pem', severity: low}")
    certificate other 60 other.example.org
    serve http-server.py --tls other.pem other.key
    lines_of+=("name: {tls: 'localhost:$port', ca_file: '$PWD/other.pem'}")
    serve http-server.py
    lines_of+=("plain: {tls: 'localhost:$port', timeout: 3s}")
    probes "${lines_of[@]}"
    expect_records 0 probe
    is "$(of '[.pattern, .severity] | join(" ")' | sort | paste -sd ,)" \
        'probe-d20 medium,probe-d3 high,probe-name high,probe-old critical,probe-plain high,probe-unknown high'
    [[ $(why d20) =~ ^the\ certificate\ of\ \'localhost:[0-9]+\'\ expires\ in\ (19|20)\ days$ ]]
    [[ $(why d3) =~ expires\ in\ [23]\ days$ ]]
    [[ $(why old) == *expired* ]]
    is "$(of 'select(.pattern == "probe-old") | .fields.expires')" \
        2025-02-01T00:00:00.000Z
    [[ $(why unknown) == *certificate* ]]
    [[ $(why name) == *localhost* ]]
    is "$(of 'select(.pattern == "probe-name") | .fields.expires != null')" true
    is "$(of .category | sort -u)" tls
    expect 1 probe d60
}

@test "tls: 30 and 7 days are where it changes" {
    need openssl
    certificate c 60 localhost
    serve http-server.py --tls c.pem c.key
    probes "c: {tls: 'localhost:$port', ca_file: '$PWD/c.pem'}"
    end=$(date -d "$(openssl x509 -in c.pem -noout -enddate | cut -d = -f 2)" +%s)
    for days in 31:none 29:medium 8:medium 6:high 0:high -1:critical; do
        now=$(date -u -d "@$((end - ${days%:*} * 86400 - 3600))" +%FT%TZ)
        run --separate-stderr env ONCALL_NOW="$now" oncall-monitor --probe
        is "$days $(of '.severity // "none"')" \
            "$days $([ "${days#*:}" = none ] || echo "${days#*:}")"
    done
}

# ---- commands ----

@test "command: its status, its time, its words" {
    probes "good: {command: ['true']}" \
        "bad: {command: [sh, -c, 'echo first; echo disk is full >&2; exit 3']}" \
        "out: {command: [sh, -c, 'echo said; exit 1']}" \
        "late: {command: [sleep, '20'], timeout: 300ms}" \
        "none: {command: [no-such-program]}" \
        "killed: {command: [sh, -c, 'kill -9 \$\$']}" \
        "odd: {command: [sh, -c, 'printf \"a\\\\033[31m\\\\377 password=hunter2\" >&2; exit 1']}" \
        "quoted: {command: [test, 'a b', =, 'a b']}"
    expect_records 0 probe
    is "$(why bad)" "'sh' ends with status 3: disk is full"
    is "$(why out)" "'sh' ends with status 1: said"
    is "$(why late)" "'sleep' takes too long"
    [[ $(why none) == *no-such-program* ]]
    [[ $(why killed) == *137* ]]
    [[ $(why odd) == *'a?[31m'* ]]
    [[ $output != *hunter2* ]]
    is "$(of .pattern | grep -c -e good -e quoted)" 0
}

@test "command: a configuration that others can write is refused" {
    probes "a: {command: [touch, '$PWD/ran']}"
    chmod 666 "$ONCALL_CONFIG"
    expect 5 probe
    run ! test -e ran
}

# ---- how often ----

@test "failures of: as many of the last runs, kept in the store" {
    probes "flaky: {command: [test, -e, '$PWD/fine'], failures: 2, of: 3}" \
        "other: {command: [test, -e, '$PWD/fine'], failures: 3}"
    # 0 fails, 1 is fine; what is told of flaky, then of both.
    touch fine
    expect 1 probe
    rm fine
    expect 1 probe
    touch fine
    expect 1 probe
    rm fine
    expect_records 0 probe
    is "$(of '[.pattern, .fields.failed, .fields.of] | join(" ")')" \
        'probe-flaky 2 3'
    # Runs that look at one of them do not forget the other.
    expect_records 0 probe flaky
    expect 1 probe other
    expect_records 0 probe other
    is "$(of .fields.failed)" 3
    expect_records 0 probe flaky
    is "$(of .fields.failed)" 3
    # What is good now is not told, however bad it was.
    touch fine
    expect 1 probe
}

@test "two runs at the same time keep what both saw" {
    probes "a: {command: [sh, -c, 'sleep 0.5; exit 1'], failures: 2}" \
        "b: {command: ['false'], failures: 2}"
    behind oncall-monitor --probe a >/dev/null
    expect 1 probe b
    wait "$job" || :
    expect_records 0 probe
    is "$(of .pattern | sort | paste -sd ' ')" 'probe-a probe-b'
}

@test "the name of a cursor is not in the way of the results" {
    probes "input: {command: ['false']}"
    expect 0 probe
    rules 'x high boom'
    echo boom >log
    for name in probes input probe; do
        expect_records 0 monitor --cursor "$name" log
    done
}

@test "--follow looks every so often, for --duration" {
    probes "quick: {command: [sh, -c, 'echo x >>quick; exit 1'], every: 200ms}" \
        "slow: {command: [sh, -c, 'echo x >>slow; exit 1'], every: 1h}"
    expect_records 0 timeout 20 "$BUILD/bin/oncall-monitor" --probe --follow \
        --duration 1500ms
    [ "$(wc -l <quick)" -ge 3 ]
    [ "$(wc -l <quick)" -le 9 ]
    is "$(wc -l <slow)" 1
    is "$(of .id | sort | uniq -d)" ''
    is "$(of .fingerprint | sort -u | wc -l)" 2
}

@test "a stop ends a look at once, and does not count it" {
    need curl
    serve http-server.py
    probes "hang: {url: 'http://127.0.0.1:$port/hang', timeout: 20s}"
    : >out
    behind oncall-monitor --probe >>out
    # It hangs in there when it has asked.
    eventually 10 asked /hang
    begun=$SECONDS
    kill -TERM "$job"
    status=0
    wait "$job" || status=$?
    is "$status" 143
    [ $((SECONDS - begun)) -le 5 ]
    is "$(cat out)" ''
    probes "hang: {command: ['false'], failures: 2}"
    expect 1 probe
}

asked() {
    [ "$(curl -sf "http://127.0.0.1:$port/count?of=$1")" != 0 ]
}

# ---- what comes of it ----

@test "what fails again is the same incident, what else fails another" {
    probes "a: {command: ['false']}" "b: {command: ['false'], service: shop}"
    for _ in 1 2 3; do
        probe | oncall-incident open >/dev/null
    done
    is "$(oncall-incident list --json | jq -r '[.service, .count] | join(" ")' |
        sort | paste -sd ,)" 'a 3,shop 3'
}

@test "a terminal is told how all went, and gets no records" {
    need script
    probes "good: {command: ['true']}" "bad: {command: ['false']}" \
        "rare: {command: ['false'], failures: 2}"
    script -qec "'$BUILD/bin/oncall-monitor' --probe" /dev/null >typed </dev/null
    [[ $(cat typed) != *'{'* ]]
    is "$(tr -d '\r' <typed | sed 's/ ([0-9]* ms)$//' | paste -sd ,)" \
        "good: good,bad: 'false' ends with status 1,rare: 'false' ends with status 1"
    script -qec "'$BUILD/bin/oncall-monitor' --probe --json" /dev/null >typed </dev/null
    is "$(tr -d '\r' <typed | jq -r .pattern | paste -sd ' ')" 'probe-bad probe-rare'
    expect 0 probe --table
    is "${#lines[@]}" 3
}

@test "a probe that cannot be is said before anything is looked at" {
    configure 'environment: test'
    expect 2 probe
    says 'no probes'
    probes "a: {command: [touch, '$PWD/ran']}" "b: {severity: low}"
    expect 2 probe
    says "probe 'b' must have one of url, tcp, tls and command"
    run ! test -e ran
    expect 2 probe c
    says "no probe 'c'"
    expect 1 probe a
    for bad in "{url: 'http://127.0.0.1', tcp: '127.0.0.1:1'}" \
        "{tcp: localhost}" "{tls: 'localhost:https'}" "{tcp: ':80'}" \
        "{tcp: 'me@localhost:80'}" "{tcp: 'localhost:70000'}" \
        "{url: 'http://127.0.0.1:1', body: '('}" \
        "{command: ['true'], failures: 65}" "{command: ['true'], every: never}"; do
        probes "b: $bad"
        expect 2 probe
        says b
    done
}

@test "a place to write that is full is an error, no store is one, too" {
    probes "a: {command: ['false']}"
    expect 4 bash -c "'$BUILD/bin/oncall-monitor' --probe >/dev/full"
    ONCALL_STORE=$ONCALL_CONFIG/oncall.db expect 4 probe
}
