#!/usr/bin/env bats
# What oncall-monitor reads besides plain files: the journal, syslog, a search
# engine, what the configuration names; and how their lines become events.
# shellcheck disable=SC2030,SC2031,SC2154  # job and port: lib/monitor.bash

load ../lib/common
load ../lib/monitor

REMOTE=/lib/systemd/systemd-journal-remote
SYSTEM_PATH=$PATH

setup() {
    common_setup
    export ONCALL_CONFIG=$PWD/oncall.yaml
    configure 'environment: test'
}

teardown() {
    ends_with_test
    common_teardown
}

# follow ARGUMENT...: in the background, into the file out.
follow() {
    : >out
    behind oncall-monitor --no-default-packs --patterns rules.tsv --follow \
        "$@" >>out 2>>err
}

# stop: ends what follow began.
stop() {
    kill "$job"
    wait "$job" || :
}

# messages [FILE]: of the detections in a file, or in the output of the last run
messages() {
    if [ $# -gt 0 ]; then
        cat "$1"
    else
        printf '%s\n' "$output"
    fi | jq -r 'select(.type == "detection") | .message' | paste -sd ,
}

# ---- the journal ----

# entry N SECOND MESSAGE: of the journal, in its export format.
entry() {
    printf '%s\n' "__REALTIME_TIMESTAMP=17636328${2}000000" \
        "__MONOTONIC_TIMESTAMP=$1" PRIORITY=3 _HOSTNAME=web-1 \
        _SYSTEMD_UNIT=shop.service SYSLOG_IDENTIFIER=shop _PID=42 \
        _BOOT_ID=5a5a5a5a5a5a4a5a9a5a5a5a5a5a5a5a "MESSAGE=$3" ''
}

# journal FILE: a journal of the entries in standard input; from then on a
# journalctl in PATH reads it, and notes what it was asked.
journal() {
    need journalctl
    [ -x "$REMOTE" ] || skip 'needs systemd-journal-remote'
    cat >made.export
    "$REMOTE" --output="$PWD/$1" made.export 2>remote.err
    mkdir -p stand-in
    cat >stand-in/journalctl <<SH
#!/bin/sh
printf '%s\n' "\$*" >>'$PWD/asked'
exec '$(PATH=$SYSTEM_PATH command -v journalctl)' --file='$PWD/${1%/*}/*.journal' "\$@"
SH
    chmod 755 stand-in/journalctl
    [[ $PATH == "$PWD/stand-in:"* ]] || PATH=$PWD/stand-in:$PATH
}

@test "--journal: entries, their fields, their time" {
    rules 'x high boom (?<n>\d+)'
    mkdir logs
    journal logs/a.journal < <(
        entry 1000 01 'all is well'
        entry 2000 02 'boom 1'
        printf '%s\n' __REALTIME_TIMESTAMP=1763632803000000 \
            __MONOTONIC_TIMESTAMP=3000 \
            _BOOT_ID=5a5a5a5a5a5a4a5a9a5a5a5a5a5a5a5a MESSAGE
        printf '\x0e\0\0\0\0\0\0\0boom 2\nand \xff\x01\n\n\n'
    )
    expect_records 0 monitor --journal
    is "$(of .fields.n | paste -sd ' ')" '1 2'
    is "$(of .event_time | paste -sd ' ')" \
        '2025-11-20T10:00:02.000Z 2025-11-20T10:00:03.000Z'
    is "$(of 'select(.fields.n == "1") | .host, .service, .severity_raw' |
        paste -sd ' ')" 'web-1 shop 3'
    is "$(of .source.kind | uniq)" journal
    is "$(of .id | sort -u | wc -l)" 2
    grep -q -e '--output=export' asked
}

@test "--journal FILE: what journalctl wrote, in either form, is the same" {
    rules 'x high boom (?<n>\d+)'
    mkdir logs
    journal logs/a.journal < <(for n in 1 2 3; do
        entry "${n}000" "0$n" "boom $n"
    done)
    expect_records 0 monitor --journal
    wanted=$(of '[.id, .message, .event_time, .host, .service] | join(" ")')
    is "$(wc -l <<<"$wanted")" 3
    for form in json export; do
        journalctl --output="$form" >"a.$form"
        expect_records 0 monitor --journal "a.$form"
        is "$(of '[.id, .message, .event_time, .host, .service] | join(" ")')" \
            "$wanted"
        expect_records 0 monitor --journal - <"a.$form"
        is "$(of '[.id, .message, .event_time, .host, .service] | join(" ")')" \
            "$wanted"
    done
    expect_records 0 monitor --journal a.json a.export
    is "$(of .message | sort | uniq -c | awk '{ print $1 }' | uniq)" 2
    # Lines of JSON from the journal are understood without it being said.
    expect_records 0 monitor a.json
    is "$(of '[.message, .event_time, .host] | join(" ")' | head -n 1)" \
        'boom 1 2025-11-20T10:00:01.000Z web-1'
}

@test "--journal goes on behind its cursor" {
    rules 'x high boom'
    mkdir logs
    journal logs/a.journal < <(entry 1000 01 'boom 1' && entry 2000 02 'boom 2')
    monitor --journal --cursor j | oncall-incident open >/dev/null
    # More of the same boot, in a journal beside it.
    journal logs/b.journal < <(entry 3000 03 'boom 3')
    expect_records 0 monitor --journal --cursor j
    is "$(messages)" 'boom 3'
    tail -n 1 asked | grep -q -e '--after-cursor=s='
    # Files have the same cursors.
    journalctl --output=export >all
    monitor --journal --cursor f all | oncall-incident open >/dev/null
    journal logs/c.journal < <(entry 4000 04 'boom 4')
    journalctl --output=export >all
    expect_records 0 monitor --journal --cursor f all
    is "$(messages)" 'boom 4'
    is "$(oncall-incident list --json | jq .count)" 3
}

@test "--journal --follow: what is new, and a journalctl that ends is started again" {
    rules 'x high boom'
    mkdir stand-in
    cat >stand-in/journalctl <<SH
#!/bin/sh
printf '%s\n' "\$*" >>'$PWD/asked'
n=\$(wc -l <'$PWD/asked')
printf '__CURSOR=s=a;i=%s\n__REALTIME_TIMESTAMP=1763632801000000\n' "\$n"
printf 'MESSAGE=boom %s\n\n' "\$n"
[ "\$n" -lt 2 ] && exit 1
exec sleep 60
SH
    chmod 755 stand-in/journalctl
    PATH=$PWD/stand-in:$PATH
    follow --journal --unit shop.service --unit api.service
    eventually 10 seen 'boom 2'
    stop
    is "$(messages out)" 'boom 1,boom 2'
    is "$(sed -n 1p asked)" '--output=export --quiet --follow --lines=0 -u shop.service -u api.service'
    is "$(sed -n 2p asked)" "--output=export --quiet --follow --no-tail --after-cursor=s=a;i=1 -u shop.service -u api.service"
    grep -q journalctl err
    run ! pgrep -f "$PWD/stand-in"
}

@test "--journal: what cannot be read is said, and what can be is told" {
    rules 'x high boom'
    mkdir stand-in
    printf '#!/bin/sh\necho "No journal here" >&2; exit 1\n' >stand-in/journalctl
    chmod 755 stand-in/journalctl
    PATH=$PWD/stand-in:$PATH expect 4 monitor --journal
    says 'No journal here'
    expect 4 monitor --journal missing
    says "cannot open 'missing'"
    expect 4 monitor --journal .
    says "'.'"
    printf '%s\n' __CURSOR=a 'MESSAGE=boom 1' '' 'what is this' '' \
        __CURSOR=b 'MESSAGE=boom 2' '' >bad
    expect 3 monitor --journal bad
    is "$(messages)" 'boom 1,boom 2'
    says "'bad': an entry that cannot be read"
    expect 2 monitor --unit shop bad
    says '--unit needs --journal'
    expect 2 monitor --journal --unit shop bad
}

# ---- syslog ----

@test "--syslog udp, tcp and unix take what logger sends" {
    need logger
    rules 'x high boom'
    port=$(free_port)
    other=$(free_port)
    configure 'sources:' "  udp: {syslog: 'udp:$port'}" \
        "  tcp: {syslog: 'tcp:127.0.0.1:$other'}" \
        "  unix: {syslog: 'unix:$PWD/log', service: guard}"
    follow --source udp --source tcp --source unix
    eventually 10 test -S log
    logger -n 127.0.0.1 -d -P "$port" -t shop --rfc5424 -p daemon.err 'boom 1'
    eventually 5 seen 'boom 1'
    logger -n 127.0.0.1 -d -P "$port" -t shop --rfc3164 -p user.crit 'boom 2'
    eventually 5 seen 'boom 2'
    logger -n 127.0.0.1 -T -P "$other" -t shop --octet-count 'boom 3'
    eventually 5 seen 'boom 3'
    logger -n 127.0.0.1 -T -P "$other" -t shop --rfc3164 'boom 4'
    eventually 5 seen 'boom 4'
    logger -u log 'boom 5'
    eventually 5 seen 'boom 5'
    logger -u log 'all is well'
    stop
    is "$(messages out)" 'boom 1,boom 2,boom 3,boom 4,boom 5'
    validate out
    is "$(jq -r .source.kind out | uniq)" socket
    is "$(jq -r .service out | head -n 4 | uniq)" shop
    is "$(jq -r .id out | sort -u | wc -l)" 5
    [ "$(jq -r .event_time out | grep -c null)" -eq 0 ]
    run ! test -e log
}

@test "--syslog: an address that is none, or in use, is refused" {
    rules 'x high boom'
    expect 2 monitor --syslog 5514
    expect 2 monitor --syslog tcp:nowhere
    port=$(free_port)
    follow --syslog "tcp:$port"
    eventually 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" 2>/dev/null
    expect 4 timeout 10 "$BUILD/bin/oncall-monitor" --no-default-packs \
        --patterns rules.tsv --syslog "tcp:$port"
    says "$port"
    stop
}

# ---- a search engine ----

# control JSON: tells the stand-in.
control() {
    curl -sf -H 'Content-Type: application/json' -d "$1" \
        "http://127.0.0.1:$port/__control" >/dev/null
}

state_of_server() {
    curl -sf "http://127.0.0.1:$port/__state" | jq -c "$1"
}

# START in milliseconds, as the stand-in wants it, of all documents.
START=1795176000000 # 2026-11-20T12:00:00Z

@test "--elasticsearch: all documents of one pass, once each" {
    need curl
    rules 'x high line \d+'
    for how in '' '--opensearch 2.11.0' '--opensearch 3.3.0'; do
        # shellcheck disable=SC2086
        serve elastic-server.py $how
        control '{"now": 1795177000000,
            "make": {"count": 2500, "start": 1795176000000, "late_every": 9999}}'
        expect_records 0 monitor --elasticsearch "http://127.0.0.1:$port" \
            --index 'logs-*'
        is "${#lines[@]}" 2500
        is "$(of .id | sort -u | wc -l)" 2500
        is "$(of 'select(.message == "line 7") | .event_time')" \
            2026-11-20T12:00:00.600Z
        is "$(of .source.kind | sort -u)" elasticsearch
        expect_records 0 monitor --elasticsearch "http://127.0.0.1:$port" \
            --index logs-1 --query level:ERROR \
            --since 2026-11-20T12:01:00Z --until 2026-11-20T12:02:00Z
        is "$(of .event_time | sort | sed -n '1p;$p' | cut -c 12-19 |
            paste -sd ' ')" '12:01:00 12:02:00'
        is "$(of .source.path | sort -u)" logs-1
        is "$(state_of_server .violations)" '[]'
    done
}

@test "--elasticsearch: what cannot be had is said" {
    need curl
    rules 'x high line \d+'
    serve elastic-server.py
    expect 2 monitor --elasticsearch "http://127.0.0.1:$port"
    says '--index'
    expect 2 monitor --index logs-1 "$ONCALL_CONFIG"
    says '--index needs --elasticsearch'
    expect 2 monitor --elasticsearch "http://me:secret99@127.0.0.1:$port" \
        --index 'logs-*'
    [[ $stderr != *secret99* ]]
    expect 75 monitor --elasticsearch "http://127.0.0.1:$port" --index none
    says none
    control '{"now": 1795177000000, "make": {"count": 3, "start": 1795176000000}}'
    expect 75 monitor --elasticsearch "http://127.0.0.1:$port" \
        --index 'logs-*' --query 'level:"'
    says 'Failed to parse query'
}

@test "--elasticsearch: late documents, kill -9 and faults: none missed, none doubled" {
    need curl
    rules 'x high line \d+'
    serve elastic-server.py
    mkfifo pipe
    : >told
    # Half an hour of documents, one in a hundred ten minutes late.
    control '{"now": 0, "seed": 7, "page_delay": 30,
        "faults": {"partial": 0.05, "duplicate": 0.1, "503": 0.05, "close": 0.05},
        "make": {"count": 6000, "start": 1795176000000, "step": 300}}'
    for minute in 05 10 15 20 25 30 35; do
        now=$((START + 10#$minute * 60000))
        control "{\"now\": $now}"
        tee -a told <pipe | oncall-incident open >opened 2>>err 3>&- 9>&- &
        opener=$!
        jobs_of_test+=("$opener")
        before=$(wc -l <told)
        ONCALL_NOW=2026-11-20T12:$minute:00Z behind oncall-monitor \
            --no-default-packs --patterns rules.tsv --follow --cursor es \
            --since 2026-11-20T12:00:00Z --query level:ERROR \
            --elasticsearch "http://127.0.0.1:$port" --index 'logs-*' \
            >pipe 2>>err
        eventually 20 told_more "$before"
        # At no special time.
        sleep "0.$((RANDOM % 4))"
        kill -9 "$job"
        # The last record may have been cut: bad input.
        wait "$opener" || [ $? -eq 3 ]
    done
    now=$((START + 50 * 60000))
    control "{\"now\": $now, \"faults\": {}}"
    ONCALL_NOW=2026-11-20T12:50:00Z monitor --cursor es \
        --query level:ERROR --elasticsearch "http://127.0.0.1:$port" \
        --index 'logs-*' | tee -a told | oncall-incident open >opened
    jq -r 'select(.type == "detection") | .message' told | sort -u >seen
    seq -f 'line %.0f' 1 2 5999 | sort >wanted
    diff seen wanted
    is "$(oncall-incident list --json | jq -s 'map(.count) | add')" 3000
    is "$(state_of_server .violations)" '[]'
    validate <(head -n 500 told)
}

# told_more LINES: the file told has got detections since.
told_more() {
    tail -n "+$(($1 + 1))" told | grep -q '"type":"detection"'
}

@test "--source: credentials come from the configuration and stay there" {
    need curl
    rules 'x high line \d+'
    key=VerySecretKeyOfEs:AndItsOtherPart77
    serve elastic-server.py \
        --auth "ApiKey $(printf %s "$key" | base64)"
    control '{"now": 1795177000000, "make": {"count": 3, "start": 1795176000000}}'
    configure 'sources:' '  search:' \
        "    elasticsearch: http://127.0.0.1:$port" \
        '    index: logs-*' '    api_key: {env: ES_KEY}' '    service: shop'
    ES_KEY=$key expect_records 0 monitor --source search --cursor es
    is "$(messages | tr , '\n' | sort | paste -sd ,)" 'line 0,line 1,line 2'
    is "$(of 'select(.type == "detection") | .service' | sort -u)" shop
    printf '%s\n' "$output" | oncall-incident open >opened
    ES_KEY=wrong:AlsoVerySecret88 expect 75 monitor --source search
    printf '%s\n' "$output" "$stderr" >wrong
    expect 2 monitor --source search
    says ES_KEY
    oncall-incident export >exported
    run ! grep -ra -e AndItsOtherPart -e VerySecret \
        -e "$(printf %s "$key" | base64 | cut -c 1-20)" "$BATS_TEST_TMPDIR"
}

# ---- what the configuration names ----

@test "--source: files, the journal and a socket at once, each with its own" {
    need logger
    rules 'x high boom' 'trace high ^\s+at end'
    mkdir app stand-in
    cat >stand-in/journalctl <<'SH'
#!/bin/sh
printf '__CURSOR=s=a;i=1\n__REALTIME_TIMESTAMP=1763632801000000\n'
printf 'SYSLOG_IDENTIFIER=kernel\nMESSAGE=boom journal\n\n'
exec sleep 60
SH
    chmod 755 stand-in/journalctl
    PATH=$PWD/stand-in:$PATH
    configure 'sources:' \
        "  app: {files: ['$PWD/app/*.log', '$PWD/more.log'], service: shop, multiline: java}" \
        '  system: {journal: true, service: host}' \
        "  net: {syslog: 'unix:$PWD/log'}"
    echo 'boom app' >app/a.log
    printf 'java.lang.Error: x\n\tat start\n\tat end\nnext\n' >more.log
    echo 'boom plain' >plain.log
    : >out
    behind oncall-monitor --no-default-packs --patterns rules.tsv --follow \
        --cursor all --source app --source system --source net --source app \
        plain.log >>out 2>>err
    eventually 10 test -S log
    logger -u log -t door 'boom net'
    for text in app journal net plain 'at end'; do
        eventually 5 seen "$text"
    done
    eventually 5 seen '"type":"cursor"' 2
    stop
    validate out
    is "$(jq -r 'select(.pattern == "x") | "\(.message): \(.service)"' out |
        sort | paste -sd ,)" \
        'boom app: shop,boom journal: kernel,boom net: door,boom plain: null'
    is "$(jq -r 'select(.pattern == "trace") | [.source.line, .service] | join(" ")' out)" \
        '1 shop'
    # A cursor for every file that was read, whoever else was.
    is "$(jq -r 'select(.type == "cursor") | .source.path // empty' out |
        sort -u | sed 's/.*\///' | paste -sd ' ')" 'a.log more.log plain.log'
    oncall-incident open out >/dev/null
    # Another source beside it does not make a file new.
    expect 1 timeout 10 "$BUILD/bin/oncall-monitor" --no-default-packs \
        --patterns rules.tsv --cursor all --source app plain.log
}

@test "a place is kept when sources are added" {
    rules 'x high boom'
    echo 'boom 1' >a
    monitor --cursor main a | oncall-incident open >/dev/null
    echo 'boom 2' >>a
    configure 'sources:' "  more: {files: ['$PWD/b']}"
    echo 'boom b' >b
    expect_records 0 monitor --cursor main a --source more
    is "$(messages)" 'boom 2,boom b'
}

@test "--source: what is not there, or is nothing, is wrong" {
    rules 'x high boom'
    configure 'sources:' '  empty: {service: x}' "  bad: {files: [a], multiline: cobol}"
    expect 2 monitor --source none
    says "no source 'none'"
    expect 2 monitor --source empty
    says 'none of files, journal, syslog and elasticsearch'
    expect 2 monitor --source bad
    says cobol
}

# ---- events of several lines ----

@test "--multiline: a trace of each language is one event" {
    rules 'x high (?m)^(?<type>[\w.]*(Error|Exception|panic))\b' 'y low deep'
    cat >java <<'LOG'
2026-11-20 10:11:12 ERROR failed
java.lang.IllegalStateException: no
	at shop.Cart.add(Cart.java:12)
Caused by: java.io.IOException: deep
	... 3 more
2026-11-20 10:11:13 INFO well
LOG
    cat >python <<'LOG'
2026-11-20 10:11:12 ERROR failed
Traceback (most recent call last):
  File "shop.py", line 1, in <module>
    deep()
ValueError: no
2026-11-20 10:11:13 INFO well
LOG
    cat >go <<'LOG'
2026/11/20 10:11:12 starting
panic: deep

goroutine 1 [running]:
main.main()
	/src/main.go:5 +0x1d
exit status 2
LOG
    cat >node <<'LOG'
TypeError: no
    at deep (/srv/app.js:3:5)
    at Module._compile (node:internal/modules/cjs/loader:1105:14)
well
LOG
    cat >postgresql <<'LOG'
2026-11-20 10:11:12 UTC [12] ERROR:  no such thing
2026-11-20 10:11:12 UTC [12] DETAIL:  it is deep
2026-11-20 10:11:12 UTC [12] STATEMENT:  select 1
2026-11-20 10:11:13 UTC [13] LOG:  well
LOG
    for preset in java python go node postgresql; do
        expect_records 0 monitor --multiline "$preset" "$preset"
        is "$preset $(of 'select(.pattern == "y") | .message' | head -n 1 | wc -l)" \
            "$preset 1"
        is "$preset $(of 'select(.pattern == "y") | .message' |
            grep -c -e deep -e well)" "$preset 1"
        # The whole event, so from its first line on.
        [ "$(of 'select(.pattern == "y") | .source.line')" -le 2 ]
        [ "$(of 'select(.pattern == "y") | .message' | wc -l)" -ge 3 ]
    done
}

@test "--event-start, --event-continues and --event-end say it otherwise" {
    rules 'x high (?s)begin.*boom'
    printf '%s\n' 'begin 1' 'more' 'boom' 'begin 2' 'boom' 'end' 'boom' >log
    expect_records 0 monitor --event-start '^begin' log
    is "$(of .source.line | paste -sd ' ')" '1 4'
    expect_records 0 monitor --event-start '^begin' --event-continues '^boom' log
    is "$(of .source.line | paste -sd ' ')" 4
    expect_records 0 monitor --event-start '^begin' --event-end '^end' log
    is "$(of '.message | contains("end")' | paste -sd ' ')" 'false true'
    expect 2 monitor --event-start '(' log
    says "event-start: '('"
}

@test "--session: lines that stand apart are one event, told once through a restart" {
    rules 'x high (?s)login.*boom'
    printf '%s\n' '[a] login' '[b] login' '[b] boom 1' '[a] work' '[b] bye' \
        '[c] login' '[a] boom 2' '[a] bye' >log
    args=(--session '^\[(\w+)\]' --event-end bye)
    expect_records 0 monitor "${args[@]}" log
    is "$(of .source.line | paste -sd ' ')" '2 1'
    # Where the second stands positions do not rise, so it has none.
    is "$(of '[.source.offset, .source.at] | map(tostring) | join(" ")' |
        paste -sd ,)" '10 null,null 0'
    monitor "${args[@]}" --cursor s log | oncall-incident open >/dev/null
    is "$(oncall-incident list --json | jq .count)" 2
    # c is still open; what it becomes is told by the run that sees it.
    printf '%s\n' '[c] boom 3' '[c] bye' >>log
    monitor "${args[@]}" --cursor s log >second
    is "$(jq -r 'select(.type == "detection") | .source.line' second)" 6
    oncall-incident open >/dev/null <second
    # The same again, from the start: all of it is known.
    monitor "${args[@]}" log | oncall-incident open >/dev/null
    oncall-incident open second >/dev/null
    is "$(oncall-incident list --json | jq .count)" 3
}

@test "a last line that may go on is told by a later run, not never" {
    rules 'x high boom'
    echo boom >log
    expect 1 monitor --multiline indent --cursor main log
    printf '%s\n' "$output" | oncall-incident open >/dev/null
    sleep 2.1
    expect_records 0 monitor --multiline indent --cursor main log
    is "$(of 'select(.type == "detection") | .message')" boom
}

# ---- forms of lines ----

@test "Airflow and Spark: time, level and message are read" {
    rules 'x high boom'
    echo '[2026-11-20T10:11:12.345+0000] {taskinstance.py:1937} ERROR - boom of a task' >airflow
    echo '26/11/20 10:11:12 ERROR TaskSetManager: boom in stage 3.0' >spark
    expect_records 0 monitor airflow spark
    is "$(of .event_time | paste -sd ' ')" \
        '2026-11-20T10:11:12.345Z 2026-11-20T10:11:12.000Z'
    is "$(of .severity_raw | sort -u)" ERROR
    for form in airflow spark; do
        expect_records 0 monitor --all --format "$form" "$form"
        is "$(of 'select(.type == "event") | .level')" ERROR
    done
}

@test "gzip and zstd, in files and in what is piped in, with a cursor" {
    need zstd
    rules 'x high boom'
    printf 'boom %d\n' 1 2 >log
    gzip -k log
    zstd -q log -o log.zst
    expect_records 0 monitor log.gz log.zst
    is "$(messages)" 'boom 1,boom 2,boom 1,boom 2'
    expect_records 0 monitor <log.gz
    is "$(messages)" 'boom 1,boom 2'
    zstd -qc log | expect_records 0 monitor -
    is "$(messages)" 'boom 1,boom 2'
    # What was read before it was compressed is not read again.
    rm log.gz log.zst
    monitor --cursor z 'log*' | oncall-incident open >/dev/null
    gzip log
    printf 'boom 3\n' | gzip >>log.gz
    expect_records 0 monitor --cursor z 'log*'
    is "$(messages)" 'boom 3'
}
