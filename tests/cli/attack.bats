#!/usr/bin/env bats
# What hostile records and hostile surroundings may not do.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154,SC2155

load ../lib/common

# many N JQ: N detection records; JQ makes each out of its number.
many() {
    jq -nc "range($1) | . as \$n | {type: \"detection\", id: \"d\(\$n)\",
        time: \"2026-11-20T10:11:12Z\", severity: \"low\", title: \"t\",
        fingerprint: \"f\"} + ($2)"
}

# ---- what detections cost ----

@test "tags that always change cost neither memory nor time that grows" {
    need unsanitized
    many 20000 '{tags: ["tag \($n)"]}' >in
    expect 0 bash -c 'ulimit -v 300000; timeout 60 oncall-incident open in'
    is "$(of .count)" 20000
    [ "$(of '.tags | length')" -gt 100 ]
    [ "$(of '.tags | length')" -lt 1000 ]
}

@test "a tag that a detection has twice is one tag of the incident" {
    many 1 '{tags: ["a", "b", "a"]}' >in
    expect 0 oncall-incident open in
    is "$(of '.tags | join(",")')" a,b
}

@test "labels that are very long are not taken over into the incident" {
    many 1 '{labels: {a: ("x" * 20000)}}' >in
    expect 0 oncall-incident open in
    is "$(of '.labels | length')" 0
}

@test "detections without end at one position cost time that does not grow" {
    many 60000 '{source: {stream: "s", offset: 7}}' >in
    expect 0 timeout 60 oncall-incident open in
    is "$(of .count)" 60000
    [ "$(store_sql 'SELECT length(at_position) FROM streams')" -lt 40000 ]
    # The latest ones are still known.
    tail -n 500 in >again
    expect 0 oncall-incident open again
    is "$output" ''
}

# ---- what an import may leave behind ----

# imported SED: the export of one incident, changed by sed, and imported.
imported() {
    many 1 '{}' | oncall-incident open >/dev/null
    oncall-incident export | sed "$1" >changed
    ONCALL_STORE=$(new_store second)
    export ONCALL_STORE
    expect "${2:-0}" oncall-incident import changed
}

@test "a timeline number that leaves no room for another is refused" {
    imported 's/"seq":1,/"seq":9223372036854775807,/' 3
    says "'timeline.seq' of an incident must be"
}

@test "when the last number of a day is taken no incident gets that of another" {
    imported 's/-0001"/-9999999"/;s/"f"/"g"/'
    many 1 '{}' >in
    expect 4 oncall-incident open in
    says 'no number is left for an incident of 2026-11-20'
    many 1 '{time: "2026-11-21T00:00:00Z"}' >in
    expect 0 oncall-incident open in
    is "$(of .id)" INC-20261121-0001
}

# ---- records that grow ----

@test "an incident that has grown too large for a record is no half a record" {
    many 1 '{}' | oncall-incident open >/dev/null
    store_sql "WITH RECURSIVE c(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM c
        WHERE n < 72) INSERT INTO timeline SELECT incident, n, time, actor,
        what, before, after, $(
        if [ "$DRIVER" = sqlite ]; then
            echo "printf('%.*c', 1000000, 'n')"
        else
            echo "repeat('n', 1000000)"
        fi
    ) FROM timeline, c WHERE seq = 1"
    expect 3 oncall-incident export
    is "$output" ''
    says 'the record of an incident is larger than'
}

# ---- a server that others use, too ----

@test "functions that somebody put into the schema are not called" {
    need postgresql
    store_sql "CREATE SCHEMA oncall;
        CREATE TABLE oncall.called (by TEXT);
        CREATE FUNCTION oncall.hashtextextended(TEXT, INTEGER) RETURNS BIGINT
        LANGUAGE sql AS \$\$ INSERT INTO oncall.called VALUES (current_user)
        RETURNING 1 \$\$"
    expect 0 oncall-incident open --title t
    expect 0 oncall status
    is "$(store_sql 'SELECT count(*) FROM called')" 0
}

@test "a database that cannot hold every text is refused at once" {
    need postgresql
    local name=latin_$BASHPID database=${ONCALL_STORE##*@/}

    echo "$name" >>"$BATS_TEST_TMPDIR/databases"
    postgres_sql "CREATE DATABASE $name TEMPLATE template0
        ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    expect 4 oncall-incident open --title t \
        --store "${ONCALL_STORE/"${database%\?*}"/$name}"
    says 'has the encoding LATIN1, it must be UTF8'
}

# ---- files that change under the programs ----

@test "a record of CSV holds no line end that would make two lines of it" {
    many 1 '{labels: {a: "b"}}' | oncall-incident open >/dev/null
    oncall-incident export -f csv | sed 's/{""a"":""b""}/{\n""a"":""b""}/' >rows
    ONCALL_STORE=$(new_store second)
    export ONCALL_STORE
    expect 3 oncall-incident import -f csv rows
    says "'labels' has a line end"
}

@test "open and watch end when their store is replaced, and nothing is lost" {
    need sqlite
    oncall-incident open --title first >/dev/null
    oncall-incident watch >watched 2>&1 3>&- &
    local watch=$! status=0

    mkfifo pipe
    oncall-incident open <pipe >opened 2>&1 3>&- &
    local open=$! into

    exec {into}>pipe
    many 1 '{fingerprint: "a"}' >&"$into"
    eventually 20 grep -q INC- opened
    rm "$ONCALL_STORE"*
    oncall-incident open --title second >/dev/null
    many 1 '{fingerprint: "b", id: "e"}' >&"$into"
    exec {into}>&-
    wait "$open" || status=$?
    is "$status" 4
    grep -q 'was moved or replaced' opened
    wait "$watch" || status=$?
    is "$status" 4
    is "$(oncall-incident list --json | wc -l)" 1
}

@test "watch --all misses no change that is made while it lists" {
    local line into watch status=0

    many 3000 '{fingerprint: "f\($n)"}' | oncall-incident open >/dev/null
    mkfifo pipe
    oncall-incident watch --all >pipe 3>&- &
    watch=$!
    exec {into}<pipe
    # More waits than the pipe holds, so the list is not at its end.
    read -r line <&"$into"
    oncall-incident ack "$(jq -r .id <<<"$line")" >/dev/null
    cat <&"$into" >rest 3>&- &
    eventually 20 grep -q '"change":"acknowledged"' rest
    kill "$watch"
    wait "$watch" || status=$?
    is "$status" 143
}
