#!/usr/bin/env bats
# oncall-monitor as a filter over files: what it finds, what it says of it, and
# with which status it ends.

load ../lib/common
load ../lib/monitor

@test "works like grep: records and status 0, or nothing and 1" {
    rules 'refused high connection refused' 'full critical no space left'
    printf '%s\n' 'all is well' 'db: Connection refused' 'still well' >log
    expect_records 0 monitor log
    is "${#lines[@]}" 1
    is "$(of .pattern)" refused
    is "$(of .severity)" high
    is "$(of .message)" 'db: Connection refused'
    is "$(of .title)" 'db: Connection refused'
    is "$(of '.source | .path, .offset, .line' | paste -sd ' ')" 'log 12 2'
    expect 1 monitor <<<'all is well'
    is "$output" ''
}

@test "reads standard input when no file is named, and for -" {
    rules 'x high boom'
    for operands in '' -; do
        # shellcheck disable=SC2086
        expect_records 0 monitor $operands <<<'boom'
        is "$(of .source.kind)" stdin
    done
}

@test "one line may match several patterns, in their order" {
    rules 'a high boom' 'b low BOOM!' 'c low nothing'
    expect_records 0 monitor <<<'boom!'
    is "$(of .pattern | paste -sd ' ')" 'a b'
}

@test "captures become fields, the key becomes the fingerprint" {
    pack <<'YAML'
patterns:
  - id: door
    match: ['door (?<door>\w+) is open']
    key: [door]
    severity: high
    category: access
    service: guard
    tags: [doors, night]
    title: "Door ${door} of ${service} is open"
YAML
    printf 'door %s is open\n' north south north >log
    expect_records 0 monitor log
    is "$(of .title | head -n 1)" 'Door north of guard is open'
    is "$(of .fields.door | paste -sd ' ')" 'north south north'
    is "$(of '.tags | join(" ")' | uniq)" 'doors night'
    is "$(of .fingerprint | sort -u | wc -l)" 2
    is "$(of .category | uniq)" access
}

@test "an except-expression takes a line away" {
    pack <<'YAML'
patterns:
  - {id: x, severity: high, match: [boom], except: ['drill \d+']}
YAML
    printf '%s\n' 'boom' 'boom drill 7' 'boom drill' >log
    expect_records 0 monitor log
    is "$(of .source.line | paste -sd ' ')" '1 3'
}

@test "a severity may come from the line" {
    pack <<'YAML'
patterns:
  - {id: x, severity: '${how}', match: ['level (?<how>\w+) reached']}
YAML
    printf 'level %s reached\n' warning critical odd >log
    expect_records 0 monitor log
    is "$(of .severity | paste -sd ' ')" 'medium critical medium'
    is "$(of .severity_raw | paste -sd ' ')" 'warning critical odd'
}

@test "time, host, service and process are taken from the line" {
    rules 'x high boom'
    expect_records 0 monitor \
        <<<'<11>1 2026-11-20T10:11:12.123+01:00 web-1 shop 42 - - boom'
    is "$(of '[.event_time, .host, .service, .fields.pid] | join(" ")')" \
        '2026-11-20T09:11:12.123Z web-1 shop 42'
    is "$(of .message)" boom
    expect_records 0 monitor <<<'2026-11-20 10:11:12 boom'
    is "$(of .zone_assumed)" 0
    expect_records 0 monitor <<<'boom'
    is "$(of .event_time)" null
}

@test "JSON is matched by what it says, not by how it is written" {
    rules 'quoted high said "no"' 'umlaut high größe' 'trace high ^Caused by: (?<why>.*)$'
    cat >log <<'JSON'
{"@timestamp":"2026-11-20T10:11:12Z","log.level":"error","service":{"name":"shop"},"message":"it said \"no\""}
{"msg":"Gr\u00f6\u00dfe","level":50,"time":1763633472000}
{"message":"failed","error":{"stack_trace":"x\nCaused by: y\nz"}}
{"other":"said \"no\" in vain"}
not JSON: it said "no"
JSON
    expect_records 0 monitor log
    is "$(of .source.line | paste -sd ' ')" '1 2 3 5'
    is "$(of 'select(.source.line == 1) | .service, .event_time' | paste -sd ' ')" \
        'shop 2026-11-20T10:11:12.000Z'
    is "$(of 'select(.pattern == "trace") | .fields.why')" y
}

@test "lines of Docker and Kubernetes are unwrapped" {
    rules 'x high ^boom (?<n>\d+)$'
    printf '%s\n' '{"log":"boom 1\n","stream":"stdout","time":"2026-11-20T10:11:12.5Z"}' >docker
    printf '%s\n' '2026-11-20T10:11:12.5Z stderr F boom 2' >cri
    expect_records 0 monitor docker cri
    is "$(of .fields.n | paste -sd ' ')" '1 2'
    is "$(of .event_time | sort -u)" 2026-11-20T10:11:12.500Z
    expect_records 0 monitor --docker docker
    expect_records 0 monitor --cri cri
    expect 2 monitor --cri --docker cri
}

@test "only what happened in the time asked for" {
    rules 'x high boom'
    printf '2026-11-20T%s:00:00Z boom\n' 08 09 10 11 >log
    expect_records 0 monitor --since 2026-11-20T09:00:00Z \
        --until 2026-11-20T10:00:00Z log
    is "$(of .source.line | paste -sd ' ')" '2 3'
    expect 1 monitor --since 2026-11-21T00:00:00Z log
}

@test "conditions count in the time of the lines" {
    pack <<'YAML'
patterns:
  - id: login
    match: ['login of (?<user>\w+) failed']
    when: 3 times within 1m by user
    severity: medium
    title: "Logins of ${user} fail"
YAML
    {
        for second in 00 20 40; do
            echo "2026-11-20T10:00:${second}Z login of ana failed"
            echo "2026-11-20T10:0${second:0:1}:00Z login of bob failed"
        done
    } >log
    expect_records 0 monitor log
    is "${#lines[@]}" 1
    is "$(of '.kind, .count, .title' | paste -sd ' ')" \
        'threshold 3 Logins of ana fail'
    is "$(of '.first, .last' | paste -sd ' ')" \
        '2026-11-20T10:00:00.000Z 2026-11-20T10:00:40.000Z'
}

@test "a number is compared" {
    pack <<'YAML'
patterns:
  - {id: x, severity: high, match: ['usage (?<usage>\d+)%'], when: usage > 85}
YAML
    printf 'usage %d%%\n' 80 85 86 99 >log
    expect_records 0 monitor log
    is "$(of .fields.usage | paste -sd ' ')" '86 99'
    is "$(of .kind | uniq)" value
}

@test "what does not come is told, also when the log goes on without it" {
    pack <<'YAML'
patterns:
  - {id: begun, detect: false, severity: info, match: ['job (?<job>\w+) begins']}
  - {id: ended, detect: false, severity: info, match: ['job (?<job>\w+) ends']}
  - id: stuck
    when: begun without ended within 10m by job
    severity: high
    title: "Job ${job} does not end"
YAML
    cat >log <<'LOG'
2026-11-20T10:00:00Z job a begins
2026-11-20T10:00:01Z job b begins
2026-11-20T10:05:00Z job b ends
2026-11-20T10:30:00Z nothing to see
LOG
    expect_records 0 monitor log
    is "${#lines[@]}" 1
    is "$(of '.title, .event_time, .source.offset' | paste -sd ' ')" \
        'Job a does not end 2026-11-20T10:10:00.000Z null'
}

@test "events of several lines are one" {
    rules 'oom critical OutOfMemoryError'
    cat >log <<'LOG'
2026-11-20 10:00:00,000 ERROR [main] shop.Cart - cannot add
java.lang.OutOfMemoryError: Java heap space
	at shop.Cart.add(Cart.java:7)
	at shop.Main.main(Main.java:1)
2026-11-20 10:00:01,000 INFO [main] shop.Cart - goes on
LOG
    expect_records 0 monitor --multiline java log
    is "$(of .source.line)" 1
    is "$(of .event_time)" 2026-11-20T10:00:00.000Z
    is "$(of .message | tail -n 1)" '	at shop.Main.main(Main.java:1)'
    expect_records 0 monitor --event-start '^\d{4}-' log
    is "$(of .source.line)" 1
    expect 2 monitor --multiline cobol log
}

@test "too many of one pattern are folded, and counted" {
    rules 'x high boom' 'y high bang'
    {
        for second in {10..39}; do
            echo "2026-11-20T10:00:${second}Z boom"
        done
        echo '2026-11-20T10:00:40Z bang'
    } >log
    expect_records 0 monitor --max-rate 3/1m log
    is "$(of 'select(.pattern == "x") | .count' | paste -sd ' ')" '1 1 1 27'
    is "$(of 'select(.count == 27) | .first, .last' | paste -sd ' ')" \
        '2026-11-20T10:00:13.000Z 2026-11-20T10:00:39.000Z'
    for bad in 3 3/ 0/1m x/1m 3/1; do
        expect 2 monitor --max-rate "$bad" log
    done
}

@test "every line is an event with --all" {
    rules 'x high boom'
    printf '%s\n' one boom three >log
    expect_records 0 monitor --all log
    is "$(of .type | paste -sd ' ')" 'event event detection event'
    is "$(of 'select(.type == "event") | .message' | paste -sd ' ')" \
        'one boom three'
}

@test "compressed files are read as what they hold" {
    need zstd
    rules 'x high boom'
    echo 'boom 1' | gzip >a.gz
    echo 'boom 2' | zstd -q >b.zst
    expect_records 0 monitor a.gz b.zst
    is "$(of .message | paste -sd ' ')" 'boom 1 boom 2'
    head -c 20 a.gz >cut.gz
    expect 3 monitor cut.gz
    says cut.gz
}

@test "the same files give the same bytes, with any engine and threads" {
    "$BUILD/bench/make-log" 20000 >log 2>/dev/null || {
        for i in {1..20000}; do
            echo "2026-11-20T10:00:00Z line $i $((i % 97 ? i : 0)) refused: $((i * 7919 % 1000))"
        done >log
    }
    rules 'a high refused: (?<n>\d*7)$' 'b low line (?<line>\d+) 0 ' 'c low \b(\d)\1\1\b'
    expect_records 0 monitor --replay log
    is "$(of .time | sort -u)" 2026-11-20T10:00:00.000Z
    wanted=$output
    for options in '--jobs 4' '--engine pcre2' '--engine pcre2 --jobs 2' '--engine hs'; do
        # shellcheck disable=SC2086
        run --separate-stderr monitor --replay $options log
        [ "$status" -eq 0 ] || { [[ $options == *hs ]] && continue; }
        [ "$output" = "$wanted" ]
    done
}

@test "the same files give the same bytes also where lines have no time" {
    pack <<'YAML'
patterns:
  - {id: one, severity: high, match: boom}
  - {id: three, severity: low, match: boom, when: 3 times within 5m}
YAML
    printf 'boom %d\n' 1 2 3 >none
    printf '%s\n' 'boom 1' '2026-11-20T10:00:00Z fine' \
        '2026-11-20T10:00:01Z boom 2' 'boom 3' >some
    for file in none some; do
        expect_records 0 monitor --replay "$file"
        echo "$output" >"$file.first"
        sleep 0.01
        for options in '' '--since 1970-01-01T00:00:01Z'; do
            # shellcheck disable=SC2086
            monitor --replay $options "$file" | cmp - "$file.first"
        done
    done
    is "$(jq -r .pattern none.first | paste -sd ' ')" 'one one one three'
    is "$(jq -r .time none.first | sort -u)" 1970-01-01T00:00:00.000Z
    is "$(jq -r .time some.first | cut -c1-19 | paste -sd ' ')" "\
1970-01-01T00:00:00 2026-11-20T10:00:01 2026-11-20T10:00:01"
}

@test "detections through the pipe become incidents, read twice they are one" {
    rules 'x high boom'
    printf '2026-11-20T10:00:0%dZ boom\n' 1 2 3 >log
    monitor log | oncall-incident open >/dev/null
    monitor log | oncall-incident open >/dev/null
    expect_records 0 oncall-incident list --json
    is "$(of .count)" 3
}

@test "ends quietly when nobody reads" {
    rules 'x high boom'
    yes boom | head -n 100000 >log
    run bash -c 'set -o pipefail; oncall-monitor --no-default-packs \
        --patterns rules.tsv log | head -n 1 | wc -l; exit ${PIPESTATUS[0]}'
    is "$output" 1
    is "$status" 141
}

@test "says what it read and found with --stats" {
    rules 'x high boom' 'y low never'
    printf '%s\n' boom quiet boom >log
    expect 0 monitor --stats log
    says '3 lines'
    says '2 lines matched, 1 did not'
    says '1 patterns matched nothing'
}
