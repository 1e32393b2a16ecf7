#!/usr/bin/env bats
# Shipped actions: terminate_queries with a real PostgreSQL, and
# restart_connection_pool and switch_database with a real PgBouncer before it.
# shellcheck disable=SC2030,SC2031,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/monitor
load ../lib/actions

setup() {
    common_setup
    need server
    database=$(new_postgres)
    [[ $database =~ ^postgresql://([^@]*)@/([^?]*)\?host=(.*)$ ]]
    login=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]} socket=${BASH_REMATCH[3]}
    postgres_sql "DO \$\$ BEGIN CREATE ROLE shop LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$"
}

teardown() {
    ends_with_test
    common_teardown
}

# ---- terminate_queries ----

# session NAME USER SQL: a session that does this, and then stays.
session() {
    mkfifo "$1"
    psql -XqAt -h "$socket" -U "$2" -d "$name" <"$1" >"$1.out" 2>&1 3>&- 9>&- &
    jobs_of_test+=($!)
    exec {keep}>"$1"
    echo "SET application_name = '$1'; $3" >&"$keep"
    eventually 10 has_session "$1"
}

has_session() {
    [ "$(postgres_sql "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$1' AND state IS NOT NULL
        AND query NOT LIKE 'SET application_name%;'")" = 1 ]
}

sessions() {
    postgres_sql "SELECT application_name FROM pg_stat_activity
        WHERE datname = '$name' AND backend_type = 'client backend' ORDER BY 1" | paste -sd ' '
}

terminate() {
    configured 'actions:' '  terminate_queries:' '    params:' "      address: $socket" "      login: $login"
    shipped databases.yaml 's/min: 10s, default: 5m/min: 1s, default: 5m/; s/within: 15s/within: 3s/'
}

@test "terminate_queries ends sessions by state, age and user" {
    terminate
    session idler shop 'SELECT 1;'
    session opener shop 'BEGIN; SELECT 1;'
    session other "$login" 'BEGIN; SELECT 1;'
    session sleeper shop 'SELECT pg_sleep(600);'
    verdict verified_fixed terminate_queries 'state=idle in transaction' older_than=10m
    is "$(sessions)" 'idler opener other sleeper'
    eventually 5 older opener 2
    verdict verified_fixed terminate_queries 'state=idle in transaction' older_than=1s
    explains shop
    # Those of superusers only when they are named.
    eventually 5 only 'idler other sleeper'
    verdict verified_fixed terminate_queries 'state=idle in transaction' older_than=1s "user=$login"
    eventually 5 only 'idler sleeper'
    verdict verified_fixed terminate_queries state=active older_than=1s
    eventually 5 only idler
    verdict verified_fixed terminate_queries state=idle older_than=1s user=nobody
    is "$(sessions)" idler
    verdict verified_fixed terminate_queries state=idle older_than=1s user=shop
    eventually 5 only ''
}

older() {
    [ "$(postgres_sql "SELECT now() - state_change > interval '$2 s' FROM pg_stat_activity WHERE application_name = '$1'")" = t ]
}

only() {
    [ "$(sessions)" = "$1" ]
}

@test "terminate_queries leaves some for the next time when it may not end all" {
    terminate
    for i in 1 2 3; do
        session "idler$i" shop 'SELECT 1;'
    done
    eventually 5 older idler3 2
    verdict ran_ineffective terminate_queries state=idle older_than=1s user=shop at_most=2
    eventually 5 only idler3
    explains '1 left'
}

@test "terminate_queries never ends replication, autovacuum or itself" {
    need pg_receivewal
    terminate
    behind pg_receivewal -h "$socket" -U "$login" -D "$PWD" --no-loop
    eventually 10 streams
    verdict verified_fixed terminate_queries state=active older_than=1s "user=$login"
    streams
    workers=$(postgres_sql "SELECT count(*) FROM pg_stat_activity WHERE backend_type <> 'client backend'")
    verdict verified_fixed terminate_queries state=idle older_than=1s "user=$login"
    is "$(postgres_sql "SELECT count(*) FROM pg_stat_activity WHERE backend_type <> 'client backend'")" "$workers"
}

streams() {
    [ "$(postgres_sql "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")" = 1 ]
}

@test "terminate_queries takes states and users, and no SQL" {
    terminate
    refused terminate_queries "state=idle' OR 1=1 --" older_than=10m
    refused terminate_queries state=idle "user=x' OR '1'='1"
    refused terminate_queries state=idle older_than=0s
    # shellcheck disable=SC2016
    refused terminate_queries state=idle 'user=`id`'
    verdict failed_before_change terminate_queries state=idle port="$(free_port)"
}

# ---- PgBouncer ----

bouncer() {
    port=$(free_port)
    mkdir -p bouncer
    cat >bouncer/pgbouncer.ini <<EOT
[databases]
; what the shop uses
shop = host=$socket dbname=$name user=$login
standby = host=$socket dbname=postgres user=$login

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
admin_users = pgbouncer
logfile = $BATS_TEST_TMPDIR/work/bouncer/log
pidfile = $BATS_TEST_TMPDIR/work/bouncer/pid
EOT
    chmod -R a+rwX bouncer
    chmod a+x "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/work" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR/../.."
    if [ "$(id -u)" -eq 0 ]; then
        behind setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups pgbouncer -q bouncer/pgbouncer.ini
    else
        behind pgbouncer -q bouncer/pgbouncer.ini
    fi
    eventually 10 through shop 'SELECT 1'
    configured 'actions:' '  restart_connection_pool:' '    params:' \
        '      address: 127.0.0.1' "      port: '$port'" '  switch_database:' '    params:' \
        '      address: 127.0.0.1' "      port: '$port'" "      file: $PWD/bouncer/pgbouncer.ini"
}

# through DATABASE SQL
through() {
    PGCONNECT_TIMEOUT=5 psql -XqAt -h 127.0.0.1 -p "$port" -U "$login" -d "$1" -c "$2"
}

@test "restart_connection_pool has PgBouncer connect anew" {
    need pgbouncer
    bouncer
    before=$(through shop 'SELECT pg_backend_pid()')
    is "$(through shop 'SELECT pg_backend_pid()')" "$before"
    verdict verified_fixed restart_connection_pool database=shop
    [ "$(through shop 'SELECT pg_backend_pid()')" != "$before" ]
    verdict failed_before_change restart_connection_pool database=none
    refused restart_connection_pool 'database=shop"; SHUTDOWN; --'
    through shop 'SELECT 1'
    verdict failed_before_change restart_connection_pool database=shop port="$(free_port)"
}

@test "switch_database gives programs another database, and takes it back" {
    need pgbouncer
    bouncer
    before=$(cat bouncer/pgbouncer.ini)
    shipped databases.yaml "s,under: \[/etc.*\],under: [$PWD/bouncer],"
    is "$(through shop 'SELECT current_database()')" "$name"
    verdict verified_fixed switch_database from=shop to=standby
    is "$(through shop 'SELECT current_database()')" postgres
    grep -q '^shop = .*dbname=postgres' bouncer/pgbouncer.ini
    grep -q '^; what the shop uses' bouncer/pgbouncer.ini
    expect 0 oncall-act edit --undo --format ini bouncer/pgbouncer.ini databases.shop \
        "$(oncall-act edit --show --format ini bouncer/pgbouncer.ini databases.standby)"
    is "$(cat bouncer/pgbouncer.ini)" "$before"
    verdict failed_before_change switch_database from=shop to=none
    verdict failed_before_change switch_database from=none to=standby
    is "$(cat bouncer/pgbouncer.ini)" "$before"
}

@test "switch_database calls the program of the user where there is one" {
    # shellcheck disable=SC2016
    printf '#!/bin/sh\necho "$#: $1 to $2"\n' >switch
    chmod +x switch
    shipped databases.yaml "s,/etc/oncall/switch-database,$PWD/switch,"
    verdict ran_unverified switch_database from=shop to=standby
    explains '2: shop to standby'
    refused switch_database 'from=a b' to=c
}
