#!/usr/bin/env bats
# Files that are followed, and going on where the store says.

load ../lib/common
load ../lib/monitor

job=''

teardown() {
    [ -z "$job" ] || kill "$job" 2>/dev/null || :
    common_teardown
}

# follow ARGUMENT...: in the background, into the file out.
follow() {
    oncall-monitor --no-default-packs --patterns rules.tsv --follow "$@" \
        >>out 2>>err 3>&- &
    job=$!
}

seen() {
    [ "$(grep -c "$1" out)" -ge "${2:-1}" ]
}

@test "a line is told when it is written, half a line when it is whole" {
    rules 'x high boom'
    : >log
    follow log
    echo 'boom 1' >>log
    eventually 5 seen 'boom 1'
    printf 'boom 2' >>log
    sleep 0.3
    run ! seen 'boom 2'
    echo ' and more' >>log
    eventually 5 seen 'boom 2 and more'
    kill -TERM "$job"
    wait "$job" || :
    validate out
}

@test "follows through rename, copytruncate, deletion and new files" {
    rules 'x high boom'
    echo 'boom 1' >a.log
    follow '*.log'
    eventually 5 seen 'boom 1'
    mv a.log a.log.1
    echo 'boom 2' >>a.log.1
    echo 'boom 3' >a.log
    eventually 5 seen 'boom 3'
    seen 'boom 2'
    cp a.log a.log.2 && : >a.log
    echo 'boom 4' >>a.log
    eventually 5 seen 'boom 4'
    echo 'boom 5' >late.log
    eventually 5 seen 'boom 5'
    rm a.log
    echo 'boom 6' >a.log
    eventually 5 seen 'boom 6'
    is "$(jq -r .message out | sort | uniq -c | awk '$1 != 1')" ''
    is "$(jq -r .message out | wc -l)" 6
}

@test "goes on at its cursor, and what is read twice is known" {
    rules 'x high boom'
    printf 'boom %d\n' 1 2 3 >log
    monitor --cursor main log | oncall-incident open >/dev/null
    printf 'boom %d\n' 4 5 >>log
    expect_records 0 monitor --cursor main log
    is "$(of 'select(.type == "detection") | .message' | paste -sd ' ')" \
        'boom 4 boom 5'
    # Nobody stored that cursor, so the next run tells the same again.
    monitor --cursor main log | oncall-incident open >/dev/null
    expect 1 monitor --cursor main log
    is "$(oncall-incident list --json | jq .count)" 5
}

@test "standard input that can be sought has a cursor, too" {
    rules 'x high boom'
    printf 'boom %d\n' 1 2 3 >log
    monitor --cursor main <log | oncall-incident open >/dev/null
    echo 'boom 4' >>log
    expect_records 0 monitor --cursor main <log
    is "$(of 'select(.type == "detection") | .message')" 'boom 4'
}

@test "conditions and events go on after a restart" {
    pack <<'YAML'
patterns:
  - {id: x, severity: high, match: [boom], when: 3 times within 1h}
  - {id: t, severity: high, match: ['^\s+at end']}
YAML
    printf '2026-11-20T10:0%d:00Z boom\n' 1 2 >log
    printf 'Exception\n\tat start\n' >>log
    monitor --multiline indent --cursor main --follow --duration 1s log |
        oncall-incident open >/dev/null
    printf '\tat end\n2026-11-20T10:03:00Z boom\n' >>log
    monitor --multiline indent --cursor main log >second
    is "$(jq -r 'select(.type == "detection") | .pattern' second)" t
    oncall-incident open >/dev/null <second
    # What could go on is told by the first run that finds it silent.
    sleep 2.1
    expect_records 0 monitor --multiline indent --cursor main log
    is "$(of 'select(.pattern == "x") | .count')" 3
}

@test "a name for a cursor is a name" {
    rules 'x high boom'
    : >log
    expect 2 monitor --cursor 'a b' log
    expect 2 monitor --cursor '' log
}

@test "a cursor is of one monitor, until that ends" {
    rules 'x high boom'
    echo 'boom 1' >log
    follow --cursor main log
    eventually 5 seen 'boom 1'
    expect 4 timeout 10 "$BUILD/bin/oncall-monitor" --no-default-packs \
        --patterns rules.tsv --cursor main log
    says "cursor 'main' is in use by another program"
    is "$output" ''
    expect_records 0 monitor --cursor other log
    echo 'boom 2' >>log
    eventually 5 seen 'boom 2'
    kill -9 "$job"
    wait "$job" || :
    expect_records 0 monitor --cursor main log
}

@test "stops cleanly, with what it has" {
    rules 'x high boom'
    echo boom >log
    follow --cursor main log
    eventually 5 seen boom
    kill -TERM "$job"
    status=0
    wait "$job" || status=$?
    is "$status" 143
    validate out
    grep -q '"type":"cursor"' out
}

@test "stops after --duration" {
    rules 'x high boom'
    echo boom >log
    expect_records 0 timeout 10 "$BUILD/bin/oncall-monitor" --no-default-packs \
        --patterns rules.tsv --follow --duration 300ms log
}

@test "never reads its own output" {
    rules 'x high boom'
    echo boom >log
    monitor --follow --duration 500ms '*' >out 2>err || :
    [ "$(wc -l <out)" -le 2 ]
    # That it must not is what is tested.
    # shellcheck disable=SC2094
    monitor log >>log 2>err || :
    grep -q log err
}

# hup TEXT: makes the running monitor read its patterns anew, and waits until it
# says so.
hup() {
    kill -HUP "$job"
    eventually 5 grep -q "$1" err
}

@test "a signal makes it read the patterns anew, and broken ones do not count" {
    pack <<'YAML'
patterns:
  - {id: x, severity: high, match: [boom], when: 3 times within 1h}
  - {id: gone, severity: low, match: [old]}
YAML
    printf 'boom 1\nboom 2\nold 1\n' >log
    # In the background the number is that of the program itself.
    oncall-monitor --no-default-packs --patterns pack.yaml --follow -v \
        --cursor main log >out 2>err 3>&- &
    job=$!
    eventually 5 seen 'old 1'
    echo 'patterns: [{id: x, match: ["("]}]' | pack
    hup 'patterns stay as they were: .*pack.yaml:2'
    echo 'old 2' >>log
    eventually 5 seen 'old 2'
    pack <<'YAML'
patterns:
  - {id: new, severity: low, match: [fresh]}
  - {id: x, severity: high, match: [boom], when: 3 times within 1h}
YAML
    hup '2 patterns were read again'
    printf 'old 3\nfresh 1\nboom 3\n' >>log
    eventually 5 seen '"kind":"threshold"'
    eventually 5 seen 'fresh 1'
    kill -TERM "$job"
    wait "$job" || :
    validate out
    is "$(jq -r 'select(.type == "detection") | "\(.pattern) \(.count)"' out |
        sort | paste -sd,)" 'gone 1,gone 1,new 1,x 3'
    is "$(jq -r 'select(.type == "detection") | .id' out | sort | uniq -d)" ''
}

@test "a signal brings what was added to the store" {
    rules 'x high boom'
    echo 'boom 1' >log
    oncall-monitor --patterns rules.tsv --follow -v log >out 2>err 3>&- &
    job=$!
    eventually 5 seen 'boom 1'
    oncall-monitor --add-pattern door --match 'door is ajar'
    hup 'patterns were read again'
    echo 'the door is ajar' >>log
    eventually 5 seen 'door is ajar'
}

@test "patterns that can be read only once stay" {
    rules 'x high boom'
    echo 'boom 1' >log
    oncall-monitor --patterns <(cat rules.tsv) --no-default-packs --follow log \
        >out 2>err 3>&- &
    job=$!
    eventually 5 seen 'boom 1'
    hup 'cannot be read a second time'
    echo 'boom 2' >>log
    eventually 5 seen 'boom 2'
}

@test "a line of the far future ends nothing that waits" {
    pack <<'YAML'
patterns:
  - {id: start, severity: low, match: [begin], detect: false}
  - {id: end, severity: low, match: [end], detect: false}
  - {id: late, severity: high, when: start without end within 10m}
  - {id: thrice, severity: high, match: [boom], when: 3 times within 1h}
  - {id: odd, severity: low, match: [odd]}
YAML
    now=$(date -u +%s)
    at() {
        date -u -d "@$((now + $1))" +%FT%TZ
    }
    {
        echo "$(at -60) begin"
        echo "$(at -50) boom"
        echo "9999-12-31T00:00:00Z odd"
        echo "9999-12-31T00:00:00Z boom"
        echo "$(at -40) boom"
        echo "9999-12-31T00:00:00Z something"
    } >log
    expect_records 0 monitor --follow --duration 1s log
    is "$(of .pattern | sort | paste -sd,)" odd,thrice
    is "$(of 'select(.pattern == "odd") | .event_time')" \
        9999-12-31T00:00:00.000Z
    # What is not live does not depend on the clock.
    for how in '' --replay '--replay --follow --duration 1s'; do
        # shellcheck disable=SC2086 # options, or none
        expect_records 0 monitor $how log
        is "$(of .pattern | sort | paste -sd,)" late,odd
    done
}
