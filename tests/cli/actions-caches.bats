#!/usr/bin/env bats
# Shipped actions: clear_cache with a real Redis and a real memcached.
# shellcheck disable=SC2030,SC2031,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/monitor
load ../lib/actions

setup() {
    common_setup
}

teardown() {
    ends_with_test
    common_teardown
}

# redis ARGUMENT...: a server of this test, on $port.
redis() {
    port=$(free_port)
    behind redis-server --port "$port" --bind 127.0.0.1 --save '' \
        --appendonly no --dir "$PWD" --logfile "$PWD/redis.log" "$@"
    eventually 10 asks_redis PING
}

asks_redis() {
    redis-cli -p "$port" "$@" >redis.said 2>&1 && ! grep -q 'Could not connect' redis.said
}

may_clear() {
    configured 'actions:' '  clear_cache:' '    params:' "      servers: other:1 $1" "${@:2}"
}

@test "clear_cache empties a database of Redis, and no other" {
    need redis-server
    redis
    may_clear "127.0.0.1:$port"
    redis-cli -p "$port" SET a 1
    redis-cli -p "$port" -n 3 SET b 2
    verdict verified_fixed clear_cache kind=redis "target=127.0.0.1:$port"
    is "$(of '.check.before // .before')" 1
    is "$(redis-cli -p "$port" DBSIZE)" 0
    is "$(redis-cli -p "$port" -n 3 DBSIZE)" 1
    verdict verified_fixed clear_cache kind=redis "target=127.0.0.1:$port" database=3
    is "$(redis-cli -p "$port" -n 3 DBSIZE)" 0
}

@test "clear_cache knows when Redis has no room afterwards" {
    need redis-server
    redis
    may_clear "127.0.0.1:$port"
    redis-cli -p "$port" CONFIG SET maxmemory 600kb
    shipped caches.yaml 's/within: 10s/within: 1s/'
    verdict ran_ineffective clear_cache kind=redis "target=127.0.0.1:$port"
}

@test "clear_cache gives Redis the password from the configuration" {
    need redis-server
    redis --requirepass tops3cret
    may_clear "127.0.0.1:$port"
    verdict failed_before_change clear_cache kind=redis "target=127.0.0.1:$port"
    (umask 077 && echo tops3cret >secret)
    may_clear "127.0.0.1:$port" '    secrets:' "      password: {file: $PWD/secret}"
    redis-cli -p "$port" -a tops3cret SET a 1
    verdict verified_fixed clear_cache kind=redis "target=127.0.0.1:$port"
    [[ $(why) != *tops3cret* ]]
    is "$(redis-cli -p "$port" -a tops3cret DBSIZE 2>/dev/null)" 0
}

@test "clear_cache touches only servers that the configuration names" {
    need redis-server
    redis
    redis-cli -p "$port" SET a 1
    may_clear 127.0.0.1:1
    verdict failed_before_change clear_cache kind=redis "target=127.0.0.1:$port"
    explains 'is none of'
    verdict failed_before_change clear_cache kind=redis target=127.0.0.1:1
    refused clear_cache kind=redis target=localhost
    refused clear_cache kind=redis "target=127.0.0.1:$port 127.0.0.1"
    is "$(redis-cli -p "$port" DBSIZE)" 1
}

# says_memcached TEXT: what memcached answers.
says_memcached() {
    python3 - "$port" "$1" <<'EOT'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
s.sendall(sys.argv[2].encode().decode("unicode_escape").encode() + b"\r\n")
print(s.recv(1000).decode().split("\r\n")[0])
EOT
}

@test "clear_cache empties memcached" {
    need memcached
    port=$(free_port)
    behind memcached -u "$(id -un)" -p "$port" -l 127.0.0.1 -U 0
    eventually 10 says_memcached version
    may_clear "127.0.0.1:$port"
    is "$(says_memcached 'set a 0 100 1\r\nx')" STORED
    is "$(says_memcached 'get a')" 'VALUE a 0 1'
    verdict verified_fixed clear_cache kind=memcached "target=127.0.0.1:$port"
    is "$(says_memcached 'get a')" END
    may_clear 127.0.0.1:1
    verdict failed_before_change clear_cache kind=memcached "target=127.0.0.1:$port"
}
