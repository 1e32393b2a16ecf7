#!/usr/bin/env bats
# What hostile lines, hostile packs, broken surroundings and people in a hurry
# may not do to oncall-monitor: it stays clear, bounded, and loses nothing.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # ${...} is for the program

load ../lib/common
load ../lib/monitor

job=''
shared=''

teardown() {
    [ -z "$job" ] || kill "$job" 2>/dev/null || :
    [ -z "$shared" ] || rm -rf "$shared"
    common_teardown
}

# a N: so many letters a.
a() {
    head -c "$1" /dev/zero | tr '\0' a
}

# narrow COMMAND...: in little memory and little time.
narrow() {
    # AddressSanitizer reserves more than any limit allows.
    if nm "$BUILD/bin/oncall" 2>/dev/null | grep -q __asan_init; then
        timeout 120 "$@"
    else
        (
            ulimit -v 200000
            timeout 30 "$@"
        )
    fi
}

# quick ARGUMENT...: the program itself in narrow, with rules.tsv.
quick() {
    narrow "$BUILD/bin/oncall-monitor" --no-default-packs \
        --patterns rules.tsv "$@"
}

# ---- bytes that are no lines ----

@test "a line without an end costs the memory of a line, and is told cut" {
    rules 'x high a' 'y low late'
    a 60000000 >log
    {
        cat log
        echo ' late'
        echo 'a late'
    } >pipe-in
    expect_records 0 quick log
    is "$(of '[.source.line, .truncated, (.message | length)] | join(" ")')" \
        '1 true 1048576'
    expect_records 0 quick < <(cat pipe-in)
    is "$(of '[.pattern, .source.line, .truncated] | join(" ")' | paste -sd ,)" \
        'x 1 true,x 2 ,y 2 '
    is "$(of .source.offset | tail -n 1)" 60000006
    gzip -1 <pipe-in >log.gz
    expect_records 0 quick log.gz
    is "${#lines[@]}" 3
}

@test "a gigabyte without an end costs the memory of a line" {
    need unsanitized
    rules 'x high a' 'y low late'
    mkfifo pipe
    {
        a 1000000000
        printf ' late\na late\n'
    } >pipe 3>&- &
    job=$!
    expect_records 0 quick pipe
    is "$(of '[.pattern, .source.line, .truncated] | join(" ")' | paste -sd ,)" \
        'x 1 true,x 2 ,y 2 '
    is "$(of .source.offset | tail -n 1)" 1000000006
    wait "$job"
}

@test "a line from a pipe may be longer than what is read at a time" {
    rules 'x high boom'
    for size in 65536 262143 262144 262145 300000 1048570; do
        expect_records 0 quick < <(
            a "$size"
            echo ' boom'
            echo 'boom 2'
        )
        is "$(of .source.offset | paste -sd ' ')" "0 $((size + 6))"
    done
}

# ---- patterns ----

# hostile N: lines on which an expression with nested repeats never ends.
hostile() {
    yes "$(a 28)!" | head -n "$1"
}

@test "a pattern that gives up is named, once, with status 3, by all engines" {
    rules 'evil high (a+)+$' 'worse high (a+)+[^!]$' 'good low a!'
    hostile 100 >log
    for engine in literal pcre2 hs; do
        run --separate-stderr monitor --engine "$engine" log
        [[ $engine != hs || $stderr != *'hs'* ]] || continue
        is "$status" 3
        is "$(of .pattern | uniq -c | xargs)" '100 good'
        is "${#stderr_lines[@]}" 2
        says "pattern 'evil'"
        says "pattern 'worse'"
    done
    cp log log2
    cp log log3
    expect_records 3 monitor --jobs 3 --stats log log2 log3
    is "${#lines[@]}" 300
    says '600 times an expression gave up'
}

@test "a stop does not wait for what takes long, and loses nothing by it" {
    rules 'evil high (a+)+$' 'good low ^good \d+$'
    {
        hostile 300
        seq -f 'good %.0f' 20
        hostile 9000
        seq -f 'good %.0f' 21 40
    } >log
    monitor --cursor main log >out 2>err 3>&- &
    job=$!
    eventually 10 sh -c "oncall-monitor --recent >recent 2>&1; [ \$? -lt 2 ]"
    sleep 0.3
    SECONDS=0
    # The program is the child of the function's shell.
    kill -TERM "$(pgrep -P "$job" || echo "$job")"
    status=0
    wait "$job" || status=$?
    is "$status" 143
    [ "$SECONDS" -lt 5 ]
    # Nothing of it was said to be done; what was told is known again.
    run ! grep '"type":"cursor"' out
    oncall-incident open <out >/dev/null
    rules 'good low ^good \d+$'
    monitor --cursor main log >out
    is "$(grep -c '"pattern":"good"' out)" 40
    oncall-incident open <out >/dev/null
    is "$(oncall-incident list --json | jq .count)" 40
}

@test "repetitions side by side are bounded on lines of any length" {
    local expression

    for expression in '\w+\w+\w+\w+!' '(?:a?){40}a{40}!' '.*a.*a.*a.*a!b' \
        'a+(?=a+a+a+a+!)'; do
        rules "evil high $expression" 'good low a$'
        for n in 25 300 5000 1000000; do
            a "$n"
            printf ' !\nba\n'
        done >log
        run --separate-stderr quick --engine pcre2 log
        is "$status" 3
        is "$(of .source.line | paste -sd ' ')" '2 4 6 8'
        is "${#stderr_lines[@]}" 1
        says "pattern 'evil'"
    done
}

@test "an --except that gives up does not take a line away" {
    pack <<'YAML'
patterns:
  - {id: x, severity: high, match: ['a!'], except: ['(a+)+$']}
YAML
    hostile 3 >log
    expect_records 3 monitor log
    is "${#lines[@]}" 3
    says "pattern 'x'"
}

@test "--test-pattern says that an expression gave up" {
    hostile 3 >log
    expect 3 oncall-monitor --test-pattern '(a+)+$' log
    says 'line 1: the expression gave up'
    expect 1 oncall-monitor --explain --no-default-packs --patterns <(
        printf 'evil\thigh\t(a+)+$\n'
    ) log
    [[ $output == *'evil: gave up: the expression backtracks too much'* ]]
}

@test "100,000 patterns are a matter of seconds" {
    seq 100000 |
        awk '{printf "p%d\thigh\tnumber %d fails with (?<x>\\d+)\n", $1, $1}' \
            >rules.tsv
    need unsanitized
    expect_records 0 bash -c 'ulimit -v 600000; exec timeout 30 "$@"' - \
        "$BUILD/bin/oncall-monitor" --no-default-packs --patterns rules.tsv \
        <<<'number 77777 fails with 12'
    is "$(of '[.pattern, .fields.x] | join(" ")')" 'p77777 12'
}

# ---- what is taken from a line ----

# controls N: so many bytes that become six each in a record.
controls() {
    head -c "$1" /dev/zero | tr '\0' '\1'
}

@test "no line makes a record that the next program does not take" {
    pack <<'YAML'
patterns:
  - id: x
    match: ['^(?<a>(?<b>(?<c>.*)))boom$']
    severity: '${a}'
    title: '${a} ${b} ${c} ${message}'
    tags: [t]
YAML
    {
        controls 1000000
        echo boom
        printf '{"host":"'
        a 1000000
        echo '","level":"x","msg":"boom"}'
    } >log
    expect_records 0 monitor log
    is "${#lines[@]}" 2
    is "$(of '.fields.a | length' | head -n 1)" 10000
    monitor log >out
    [ "$(wc -c <out)" -lt 14000000 ]
    expect 0 oncall-incident open out
    is "$(of '[.count] | add' | tail -n 1)" 2
    {
        controls 4000000
        echo boom
    } >log
    expect_records 0 monitor --max-line 67108864 log
    is "$(of '[(.message | length), .truncated] | join(" ")')" '2000000 true'
}

@test "what comes later is told, however long the line was that it began with" {
    pack <<'YAML'
patterns:
  - {id: a, detect: false, severity: info, match: ['begins (?<job>\w+)(?<rest>.*)']}
  - {id: b, detect: false, severity: info, match: ['ends (?<job>\w+)']}
  - {id: x, when: a without b within 10m by job, severity: high, key: [job],
     title: 'Job ${job} does not end'}
YAML
    {
        for job in one two; do
            printf '2026-11-20T10:00:00Z begins %s ' "$job"
            [ "$job" = one ] || controls 3000
            echo
        done
        echo '2026-11-20T11:00:00Z goes on'
    } >log
    expect_records 0 monitor log
    is "$(of .title | sort | paste -sd ,)" \
        'Job one does not end,Job two does not end'
}

# ---- terminals ----

# Standard output and error of the last run hold nothing that moves a cursor,
# sets a colour or turns the direction of writing.
harmless() {
    ! printf '%s\n%s\n' "$output" "$stderr" | LC_ALL=C grep -aqP \
        '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' ||
        {
            printf '%q\n' "$output" "$stderr" >&2
            return 1
        }
}

@test "escapes of a terminal in lines, files and packs are not shown as such" {
    local red=$'\e[31m' wild=$'boom \e]0;x\a \e[1m \xc2\x9b1m \xe2\x80\xae \r \b \x7f'

    {
        printf '%s\n' "$wild"
        printf '{"msg":"boom \\u001b[1m","host":"\\u001b]0;x\\u0007"}\n'
    } >log
    rules 'x high boom(?<rest>.*)'
    run --separate-stderr monitor --explain log
    is "$status" 0
    harmless
    expect 0 oncall-monitor --test-pattern 'boom(?<rest>.*)' log
    harmless
    expect 0 oncall-monitor --test-pattern 'boom(?<rest>.*)' "$wild"
    harmless
    monitor log | oncall-incident open >/dev/null
    for how in --recent '--statistics --by service'; do
        # shellcheck disable=SC2086
        expect 0 oncall-monitor $how --table
        harmless
    done
    for wrong in "$red" "--cursor=$red" "--test-pattern=($red" "--pack=$red" \
        "--patterns=$red" "--source=$red" "--max-rate=$red" "--since=$red"; do
        run --separate-stderr monitor "$wrong" log
        [ "$status" -ge 2 ]
        harmless
    done
    printf 'x\thigh\tboom%s(\n' "$red" >"$red.tsv"
    run --separate-stderr oncall-monitor --check "$red.tsv"
    is "$status" 1
    harmless
    run --separate-stderr oncall-monitor --no-default-packs -p "$red.tsv" log
    is "$status" 2
    harmless
}

# ---- people in a hurry ----

@test "an option that would do nothing says what it needs" {
    rules 'x high boom'
    for options in '--match x' '--except x' '--title x' '--when x' '--key x' \
        '--tag x' '--category x' '--severity low' '--pattern x' '--host x' \
        '--text x' '--limit 5' '--by hour' '--from-end' '--by hour --recent'; do
        # shellcheck disable=SC2086
        expect 2 monitor $options /dev/null
        says "${options%% *} needs --"
    done
    expect 2 monitor --since 2026-01-02T00:00:00Z --until 2026-01-01T00:00:00Z
    says '--since is later than --until'
    expect 2 monitor --multiline cobol /dev/null
    says 'java, python'
}

@test "limits hold at both of their ends" {
    rules 'x high boom'
    for wrong in --jobs=0 --jobs=65 --max-line=255 --max-line=67108865 \
        --max-rate=0/1m --max-rate=2147483648/1m --max-rate=1/0s \
        --max-rate=-1/1m --max-rate=1/99999y; do
        expect 2 monitor "$wrong" /dev/null
        says "${wrong%%=*}"
    done
    for wrong in --limit=-1 --limit=1000001; do
        expect 2 monitor --recent "$wrong"
        says --limit
    done
    printf 'boom %d\n' {1..2000} >log
    for right in --jobs=1 --jobs=64 --max-line=256 --max-line=67108864 \
        --max-rate=2147483647/10000y; do
        expect 0 monitor --replay "$right" log
        is "${#lines[@]}" 2000
    done
    expect_records 0 monitor --replay --max-rate=1/10000y log
    is "$(of .count | paste -sd ' ')" '1 1999'
    monitor log | oncall-incident open >/dev/null
    expect_records 0 oncall-monitor --recent --limit 1
    is "${#lines[@]}" 1
    expect_records 0 oncall-monitor --recent --limit 1000000
}

# ---- what files may hold ----

@test "NULs, bytes that are no text and mixed line ends are lines all the same" {
    rules 'x high boom'
    printf 'a\0b boom\0\n\xff boom \xc3\n\r\nboom\r\nboom\n\rboom\r\r\n\0' >log
    expect_records 0 monitor log
    is "$(of .source.line | paste -sd ' ')" '1 2 4 5 6'
    is "$(of .lossy | paste -sd ' ')" 'null true null null null'
    is "$(of '.message | @json' | paste -sd ' ')" \
        '"a\u0000b boom\u0000" "� boom �" "boom" "boom" "\rboom\r"'
}

@test "JSON may be deep, wide, long, doubled or broken" {
    rules 'x high boom'
    {
        printf '{"msg":"boom 1","a":'
        yes '[' | head -n 100000 | tr -d '\n'
        echo
        printf '{"a":%s,"msg":"boom 2"}\n' \
            "$(yes '{"a":' | head -n 50000 | tr -d '\n')"
        printf '{%s"msg":"boom 3"}\n' "$(seq -f '"k%.0f":1,' 30000 | tr -d '\n')"
        # Of two the first counts.
        echo '{"msg":"boom 4","msg":"no","level":"info","level":"error"}'
        echo '{"msg":"no","msg":"boom"}'
        printf '{"msg":"boom 5","k":"'
        a 10000000
        printf '"}\n{"time":1e300,"msg":"boom 6"}\n'
        echo '{"time":99999999999999999999999,"msg":"boom \ud800 7"}'
    } >log
    expect_records 0 quick log
    is "$(of .source.line | paste -sd ' ')" '1 2 3 4 6 7 8'
    is "$(of .truncated | paste -sd ' ')" 'null null null null true null null'
}

@test "thousands of files, more than may be open at a time" {
    rules 'x high boom'
    mkdir many
    seq -f 'many/%.0f' 3000 | while read -r name; do
        echo "boom $name" >"$name"
    done
    expect_records 0 bash -c 'ulimit -n 40; exec timeout 30 "$@"' - \
        "$BUILD/bin/oncall-monitor" --no-default-packs --patterns rules.tsv \
        --jobs 64 many
    is "$(of .message | sort -u | wc -l)" 3000
}

@test "a FIFO that pauses in the middle of a line and then ends" {
    rules 'x high boom'
    mkfifo pipe
    {
        printf 'bo'
        sleep 0.3
        printf 'om\nlast boom'
    } >pipe 3>&- &
    job=$!
    expect_records 0 timeout 20 "$BUILD/bin/oncall-monitor" \
        --no-default-packs --patterns rules.tsv pipe
    is "$(of .message | paste -sd ,)" 'boom,last boom'
    wait "$job"
}

@test "a directory, a device, and nothing at all" {
    rules 'x high boom'
    mkdir -p logs/deeper
    echo boom >logs/a
    expect_records 0 monitor logs
    expect 1 monitor /dev/null
    expect 4 monitor /nonexistent logs
    says "cannot read '/nonexistent': No such file or directory"
    is "${#lines[@]}" 1
    expect 2 monitor ''
}

# Before a command: as a user who may not read everything. No function, which
# would be one process more to end.
as_nobody=()
[ "$(id -u)" -ne 0 ] ||
    as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# share: into a directory that everybody may come to, until the test ends.
share() {
    shared=$(mktemp -d /tmp/oncall-test.XXXXXX)
    chmod 755 "$shared"
    cd "$shared" || return 1
    "${as_nobody[@]}" test -x "$BUILD/bin/oncall-monitor" ||
        skip 'the programs are not for everybody'
}

@test "a file that may not be read is named, and the others are read" {
    need setpriv
    share
    for name in one two three; do
        echo "boom $name" >"$name"
    done
    mkdir shut
    echo boom >shut/four
    rules 'x high boom'
    chmod 644 rules.tsv one three
    chmod 000 two shut
    run --separate-stderr "${as_nobody[@]}" env -i HOME=/nonexistent \
        "$BUILD/bin/oncall-monitor" --no-default-packs --store none.db \
        --patterns rules.tsv one two three shut/four
    chmod 700 shut
    is "$status" 4
    is "$(of .message | paste -sd ,)" 'boom one,boom three'
    says "'two'"
    says "'shut/four'"
    says 'Permission denied'
}

@test "a followed file may lose its permissions, and get them back" {
    need root
    need setpriv
    share
    rules 'x high boom'
    mkdir logs
    echo 'boom 1' >logs/log
    chmod 644 rules.tsv logs/log
    chmod 755 logs
    "${as_nobody[@]}" env -i HOME=/nonexistent \
        "$BUILD/bin/oncall-monitor" --follow \
        --no-default-packs --store none.db --patterns rules.tsv \
        "$PWD/logs/log" >out 2>err 3>&- &
    job=$!
    eventually 10 grep -q 'boom 1' out
    mv logs/log logs/log.1
    (umask 077 && echo 'boom 2' >logs/log)
    eventually 10 grep -q 'Permission denied' err
    echo 'boom 1b' >>logs/log.1
    chmod 644 logs/log
    eventually 20 grep -q 'boom 2' out
    eventually 10 grep -q 'boom 1b' out
    kill -TERM "$job"
    wait "$job" || :
    is "$(jq -r .message out | sort | paste -sd ,)" 'boom 1,boom 1b,boom 2'
}

@test "a file that vanishes while it is read is read to its end" {
    rules 'x high boom'
    seq -f 'boom %.0f' 300000 >log
    oncall-monitor --no-default-packs --patterns rules.tsv log 3>&- | {
        read -r first
        printf '%s\n' "$first"
        rm log
        cat
    } >out
    is "$(wc -l <out)" 300000
    run --separate-stderr monitor log
    is "$status" 4
    says "cannot read 'log': No such file or directory"
}

@test "whoever reads the records may go away" {
    rules 'x high boom'
    yes boom | head -n 100000 >log
    for options in '' '--jobs 4' --all '--test-pattern boom'; do
        # shellcheck disable=SC2086
        monitor $options log 2>err 3>&- | head -n 1 >out || :
        is "$(wc -l <out)" 1
        is "$(cat err)" ''
        # Its own status is that of the signal.
        # shellcheck disable=SC2086
        run bash -c 'timeout 20 "$@" | head -n 1 >out; exit "${PIPESTATUS[0]}"' \
            - "$BUILD/bin/oncall-monitor" --no-default-packs \
            --patterns rules.tsv $options log
        is "$status" 141
    done
}

@test "nothing in, nothing out, whatever nothing is made of" {
    rules 'x high boom' 'e low ^$'
    : >empty
    expect 1 monitor empty
    expect 1 monitor </dev/null
    : | gzip >empty.gz
    expect 1 monitor empty.gz
    is "$output" ''
    printf '\n\r\n' >lines
    expect_records 0 monitor lines
    is "$(of .source.offset | paste -sd ' ')" '0 1'
}

# ---- clocks ----

@test "times of any year, in any order, neither stop nor confuse conditions" {
    pack <<'YAML'
patterns:
  - {id: x, severity: high, match: [boom], when: 3 times within 1m}
  - {id: b, severity: info, detect: false, match: [begins]}
  - {id: e, severity: info, detect: false, match: [ends]}
  - {id: s, severity: high, when: b without e within 10m}
YAML
    cat >log <<'LOG'
1970-01-01T00:00:00Z boom begins
9999-12-31T23:59:59Z boom
1970-01-01T00:00:01Z boom
2026-01-01T00:00:00Z boom
2026-01-01T00:00:01Z boom
2026-01-01T00:00:02Z boom
2020-01-01T00:00:00Z boom
2020-01-01T00:00:01Z boom
2020-01-01T00:00:02Z boom begins
10000-01-01T00:00:00Z boom
2020-01-01T00:20:00Z goes on
LOG
    for now in 1970-01-01T00:00:00Z 2026-01-01T00:00:00Z 9999-12-31T23:59:59Z; do
        expect_records 0 monitor --now "$now" log
        is "$(of 'select(.pattern == "x") | .last[:19]' | paste -sd ' ')" \
            '2026-01-01T00:00:02 2020-01-01T00:00:02'
        is "$(of 'select(.pattern == "s") | .event_time[:16]' | paste -sd ' ')" \
            '1970-01-01T00:10 2020-01-01T00:10'
    done
}

# ---- surroundings that are broken ----

@test "what cannot be written is said, and told again by the next run" {
    rules 'x high boom'
    yes boom | head -n 50000 >log
    for options in '' '--jobs 4' '--all' '--test-pattern boom' --explain \
        '--cursor main' '--follow --duration 1s'; do
        # shellcheck disable=SC2086
        expect 4 bash -c 'exec timeout 30 "$@" >/dev/full' - \
            "$BUILD/bin/oncall-monitor" --no-default-packs \
            --patterns rules.tsv $options log
        says 'cannot write standard output: No space left on device'
    done
    expect 0 monitor --cursor main log
    is "$(of 'select(.type == "detection").id' | sort -u | wc -l)" 50000
    expect 4 bash -c 'exec "$@" >&-' - "$BUILD/bin/oncall-monitor" \
        --no-default-packs --patterns rules.tsv log
    expect 4 bash -c 'exec "$@" <&-' - "$BUILD/bin/oncall-monitor" \
        --no-default-packs --patterns rules.tsv
}

@test "a store that cannot be used stops a cursor, not a look at a log" {
    need sqlite
    echo 'PANIC: boom' >log
    rules 'x high boom'
    oncall-incident open --title t >/dev/null
    store_sql "INSERT INTO schema_migrations SELECT 99, name, checksum,
        applied_at FROM schema_migrations WHERE number = 1"
    cp "$ONCALL_STORE" newer.db
    echo 'this is no database at all, whatever its name says' >broken.db
    chmod 600 newer.db broken.db
    mkdir folder
    for store in newer.db broken.db folder; do
        expect 4 monitor --cursor main --store "$store" log
        says "$store"
        expect 4 oncall-monitor --recent --store "$store"
        expect_records 0 monitor --store "$store" log
        expect_records 0 oncall-monitor --patterns rules.tsv --store "$store" log
        says 'patterns in the store are not used'
    done
    expect_records 0 env -u HOME -u XDG_CACHE_HOME -u XDG_STATE_HOME \
        -u XDG_CONFIG_HOME -u XDG_DATA_HOME -u ONCALL_STORE \
        "$BUILD/bin/oncall-monitor" --no-default-packs --patterns rules.tsv log
}

@test "of two that go on at one cursor one ends, and nothing is lost" {
    rules 'x high boom'
    echo 'boom 1' >log
    oncall-monitor --no-default-packs --patterns rules.tsv --follow \
        --cursor main log >out 2>err 3>&- &
    job=$!
    eventually 10 grep -q '"type":"cursor"' out
    expect 4 monitor --cursor main log
    says "cursor 'main' is in use"
    echo 'boom 2' >>log
    eventually 10 grep -q 'boom 2' out
    kill -TERM "$job"
    wait "$job" || :
    oncall-incident open <out >/dev/null
    monitor --cursor main log | oncall-incident open >/dev/null
    is "$(oncall-incident list --json | jq .count)" 2
}

@test "files that others can write say nothing about what is detected" {
    echo boom >log
    rules 'x high boom'
    chmod 664 rules.tsv
    expect 5 monitor log
    says 'chmod go-w'
    mkdir open
    mv rules.tsv open/
    chmod 600 open/rules.tsv
    chmod 777 open
    expect 5 oncall-monitor --no-default-packs --patterns open/rules.tsv log
    ln -s open/rules.tsv link.tsv
    expect 5 oncall-monitor --no-default-packs --patterns link.tsv log
    mkdir -p "$XDG_CONFIG_HOME/oncall/packs"
    echo 'patterns: []' >"$XDG_CONFIG_HOME/oncall/packs/mine.yaml"
    chmod 666 "$XDG_CONFIG_HOME/oncall/packs/mine.yaml"
    expect 5 oncall-monitor log
}

@test "packs that are made to break the reader are refused with a place" {
    local bad head='patterns: [{id: x, severity: high, match: '

    echo boom >log
    while read -r bad; do
        (umask 077 && printf '%s\n' "$bad" >bad.yaml)
        expect 2 timeout 20 "$BUILD/bin/oncall-monitor" --no-default-packs \
            --patterns bad.yaml log
        says bad.yaml:
    done <<YAML
a: &a [x]
[[[[
$(yes '[' | head -n 5000 | tr -d '\n')
patterns: [{id: ../x, severity: high, match: [b]}]
${head}[b], title: '\${a'}]
${head}[b], when: 10001 times within 1s}]
${head}[b], when: x then x within 1m}]
${head}['(a{1,60000}){1,60000}']}]
${head}['\C']}]
${head}['$(yes '(' | head -n 5000 | tr -d '\n')']}]
${head}[b]}, {id: x, severity: low, match: [c]}]
YAML
}
