#!/usr/bin/env bats
# Shipped actions: restart_service with runit and supervisor for real, with
# stand-ins for the others; health_check.
# shellcheck disable=SC2030,SC2031,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/monitor
load ../lib/actions

setup() {
    common_setup
}

teardown() {
    ends_with_test
    [ -z "${runit:-}" ] || end_runit
    common_teardown
}

# ---- runit ----

# runit_service NAME SCRIPT: a service under runsv.
runit_service() {
    runit=$BATS_TEST_TMPDIR/sv
    mkdir -p "$runit/$1"
    printf '#!/bin/sh\n%s\n' "$2" >"$runit/$1/run"
    chmod +x "$runit/$1/run"
    behind runsv "$runit/$1"
    eventually 10 test -e "$runit/$1/supervise/ok"
    configured 'actions:' '  restart_service:' '    params:' \
        "      runit_dir: $runit"
}

end_runit() {
    local service

    for service in "$runit"/*; do
        sv -w 5 force-shutdown "$service" >/dev/null 2>&1 || :
    done
}

pid_of() {
    cat "$runit/$1/supervise/pid"
}

@test "restart_service restarts a service of runit, and sees it run" {
    need runsv
    need sv
    runit_service web 'exec sleep 1000'
    eventually 10 test -s "$runit/web/supervise/pid"
    before=$(pid_of web)
    verdict verified_fixed restart_service service=web manager=runit
    [ "$(pid_of web)" != "$before" ]
    kill -0 "$(pid_of web)"
    # It is found without being told who looks after it.
    before=$(pid_of web)
    verdict verified_fixed restart_service service=web
    [ "$(pid_of web)" != "$before" ]
}

@test "restart_service is ineffective when a service of runit does not stay up" {
    need runsv
    need sv
    runit_service web 'exec sleep 1'
    shipped services.yaml 's/within: 30s/within: 4s/'
    verdict ran_ineffective restart_service service=web manager=runit
}

@test "restart_service does not begin with a service that runit does not know" {
    need sv
    need runsv
    runit_service web 'exec sleep 1000'
    refused restart_service service=other manager=runit
    explains runit
    mkdir "$runit/dead"
    printf '#!/bin/sh\n' >"$runit/dead/run"
    verdict failed_before_change restart_service service=dead manager=runit
}

# ---- supervisor ----

supervised() {
    cat >supervisord.conf <<EOT
[supervisord]
logfile=$PWD/supervisord.log
pidfile=$PWD/supervisord.pid
nodaemon=true
[unix_http_server]
file=$PWD/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://$PWD/supervisor.sock
[program:web]
command=sleep 1000
startsecs=0
[program:bad]
command=false
startsecs=1
startretries=0
autostart=false
EOT
    supervisord -c "$PWD/supervisord.conf" >supervisor.out 2>&1 3>&- 9>&- &
    jobs_of_test+=($!)
    eventually 20 test -S supervisor.sock
    eventually 20 supervisorctl -c "$PWD/supervisord.conf" status web
    configured 'actions:' '  restart_service:' '    params:' \
        "      supervisor_conf: $PWD/supervisord.conf"
}

@test "restart_service restarts a program of supervisor, and sees it run" {
    need supervisord
    supervised
    before=$(supervisorctl -c supervisord.conf pid web)
    verdict verified_fixed restart_service service=web manager=supervisor
    [ "$(supervisorctl -c supervisord.conf pid web)" != "$before" ]
    verdict failed_before_change restart_service service=none manager=supervisor
    verdict failed_during_change restart_service service=bad manager=supervisor
    # Never all of them.
    refused restart_service service=all manager=supervisor
    supervisorctl -c supervisord.conf stop web
    kill "$(cat supervisord.pid)"
    eventually 10 test ! -e supervisord.pid
}

# ---- those that cannot be had in a test ----

@test "restart_service calls systemctl as its manual says" {
    stand_ins systemctl
    known unit/web failed
    verdict verified_fixed restart_service service=web manager=systemd
    is "$(called)" 'systemctl show --property=LoadState --property=ActiveState --property=NRestarts web
systemctl --no-ask-password restart web
systemctl is-active web'
    called_well
    verdict failed_before_change restart_service service=none manager=systemd
    shipped services.yaml "s/within: 30s/within: 1s/; s/settle: 3s/settle: 0s/"
    known unit/bad broken
    verdict ran_ineffective restart_service service=bad manager=systemd
    called_well
}

@test "restart_service never names what turns the machine off" {
    stand_ins systemctl
    for unit in reboot.target poweroff systemd-reboot.service rescue.service \
        systemd-poweroff halt.target emergency multi-user.target shutdown \
        tmp.mount dev-sda1.swap all systemd-suspend.service kexec.target; do
        known "unit/$unit" active
        refused restart_service "service=$unit" manager=systemd
    done
    is "$(called)" ''
}

@test "restart_service calls rc-service as its manual says" {
    stand_ins rc-service
    known unit/web crashed
    verdict verified_fixed restart_service service=web manager=openrc
    is "$(called)" 'rc-service --exists web
rc-service web restart
rc-service web status'
    called_well
    verdict failed_before_change restart_service service=none manager=openrc
}

@test "restart_service calls docker and kubectl as their manuals say" {
    stand_ins docker kubectl
    known container/web exited
    verdict verified_fixed restart_service service=web manager=docker
    known deployment/web 2
    verdict verified_fixed restart_service service=web manager=kubernetes
    called_well
    called | grep -q 'kubectl --namespace default rollout restart deployment/web'
    verdict failed_before_change restart_service service=none manager=docker
    verdict failed_before_change restart_service service=none manager=kubernetes
}

@test "restart_service says what each way lacks where none is there" {
    refused restart_service service=web manager=runit
    explains 'restart_service cannot be done here'
}

# ---- health_check ----

@test "health_check asks a server, a port and a certificate" {
    serve http-server.py
    verdict ran_unverified health_check kind=http "target=http://127.0.0.1:$port/echo"
    verdict failed_during_change health_check kind=http "target=http://127.0.0.1:$port/none"
    verdict ran_unverified health_check kind=tcp "target=127.0.0.1:$port"
    verdict ran_unverified health_check kind=tcp "target=localhost:$port"
    verdict failed_during_change health_check kind=tcp "target=127.0.0.1:$(free_port)"
    verdict failed_during_change health_check kind=tcp target=shop
}

@test "health_check wants certificates that last" {
    need openssl
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
        -days 30 -subj /CN=localhost >/dev/null 2>&1
    serve http-server.py --tls "$PWD/cert.pem" "$PWD/key.pem"
    verdict ran_unverified health_check kind=tls "target=localhost:$port"
    explains notAfter
    verdict ran_unverified health_check kind=tls "target=localhost:$port" days=29
    verdict failed_during_change health_check kind=tls "target=localhost:$port" days=31
    verdict failed_during_change health_check kind=tls "target=localhost:$(free_port)"
}

@test "health_check runs the checks that are declared, and no command" {
    need nginx
    act health_check kind=command 'target=nginx -t'
    [[ $(of .verdict) =~ ^(ran_unverified|failed_during_change)$ ]]
    refused health_check kind=command target=reboot
    refused health_check kind=command 'target=sh -c id'
    refused health_check kind=command target=../../../bin/true
    refused health_check kind=command target=/bin/true
}

@test "health_check takes a program of the folder of checks" {
    mkdir checks
    printf '#!/bin/sh\necho fine\n' >checks/shop
    chmod +x checks/shop
    shipped services.yaml "s,/etc/oncall/checks/,$PWD/checks/,"
    verdict ran_unverified health_check kind=command target=shop
    explains fine
    refused health_check kind=command target=other
}
