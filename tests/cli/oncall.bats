#!/usr/bin/env bats
# The front door: running programs, and the commands that belong to none.
# shellcheck disable=SC2030,SC2031

load ../lib/common

# What nobody configured is read: the machine's own files stay out.
setup() {
    common_setup
    export ONCALL_CONFIG=$PWD/oncall.yaml
    (umask 077 && echo 'environment: test' >"$ONCALL_CONFIG")
}

# Runs a command as a person sees it: on a terminal, without colours.
on_terminal() {
    local said=0

    NO_COLOR=1 COLUMNS=${COLUMNS:-120} script -qec "$*" /dev/null </dev/null \
        >terminal || said=$?
    tr -d '\r' <terminal
    return "$said"
}

# add_program FOLDER NAME: a program that says how it was called.
add_program() {
    mkdir -p "$1"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nprintf "[%%s]" "$@"\nexit 42\n' >"$1/$2"
    chmod 755 "$1/$2"
}

# add_approval ID [NAME=VALUE...]: one that waits, open until 2100.
add_approval() {
    local approvers='[]' quorum=1 expires=4102444800000 change

    for change in "${@:2}"; do
        local "$change"
    done
    store_sql "INSERT INTO approvals (id, subject, hash, status, requester,
        approvers, quorum, votes, requested, expires) VALUES ('$1',
        '{\"action\":\"restart\"}', 'abc', 'waiting', 'bot', '$approvers',
        $quorum, '[]', 1795000000000, $expires)"
}

# One figure of the last status: metric, and label=value or nothing.
figure() {
    of "select(.metric == \"$1\" and
        (\"${2:-}\" == \"\" or (.labels | to_entries | any(
            \"\(.key)=\(.value)\" == \"${2:-}\")))) | .value"
}

# What the doctor of the last run says of something: ok, warn or fail.
finding() {
    of "select(.labels.what == \"$1\") | .value"
}

# ---- running programs ----

@test "oncall NAME runs oncall-NAME and touches no argument" {
    add_program "$PWD/bin" oncall-fake
    PATH=$PATH:$PWD/bin
    expect 42 oncall fake -x --config 'a b' '' -- --help list
    is "$output" '[-x][--config][a b][][--][--help][list]'
}

@test "the program beside oncall comes before those of PATH" {
    add_program "$PWD/bin" oncall-incident
    PATH=$PWD/bin:$PATH
    expect 0 oncall incident --version
    [[ $output == 'oncall-incident '* ]]
}

@test "oncall finds what stands beside it, also through a link" {
    cp "$BUILD/bin/oncall" "$PWD/oncall"
    add_program "$PWD" oncall-near
    mkdir links && ln -s ../oncall links/door
    PATH=/usr/bin:/bin expect 42 links/door near x
    is "$output" '[x]'
}

@test "places of PATH that are not absolute are left out" {
    add_program "$PWD" oncall-here
    PATH=:.:$PATH:: expect 2 oncall here
    says "there is no command 'here' and no program 'oncall-here'"
}

@test "only a file that may be executed is a program" {
    mkdir -p bin/oncall-folder
    echo text >bin/oncall-text
    PATH=$PATH:$PWD/bin
    expect 2 oncall folder
    expect 2 oncall text
    expect 2 oncall ../bin/oncall-text
}

@test "a program that cannot be run is status 4" {
    mkdir bin
    head -c 64 /dev/zero >bin/oncall-broken
    chmod 755 bin/oncall-broken
    PATH=$PATH:$PWD/bin expect 4 oncall broken
    says "cannot run '$PWD/bin/oncall-broken'"
}

@test "an unknown name is status 2 and suggests commands and programs" {
    expect 2 oncall stats
    says "did you mean 'status'?"
    expect 2 oncall incidnt list
    says "did you mean 'incident'?"
    expect 2 oncall banana
    says "see 'oncall help'"
    expect 2 oncall ''
    [ -z "$output" ]
}

@test "oncall help lists what is built in and what is installed" {
    add_program "$PWD/bin" oncall-fake
    PATH=$PATH:$PWD/bin
    expect 0 oncall help
    [[ $output == *' doctor '* ]]
    [[ $output == *" incident "*"$BUILD/bin/oncall-incident"* ]]
    [[ $output == *" fake "*"$PWD/bin/oncall-fake"* ]]
}

@test "oncall help NAME is the help of a command or a program" {
    expect 0 oncall help status
    [[ ${lines[0]} == 'Usage: oncall status'* ]]
    expect 0 oncall help incident
    [[ ${lines[0]} == 'oncall-incident - '* ]]
    expect 2 oncall help banana
}

@test "--help, --version, and no command at all" {
    expect 0 oncall --version
    [[ $output =~ ^oncall\ [0-9.]+$ ]]
    expect 0 oncall --help
    [[ $output == *'Usage: oncall COMMAND'* ]]
    expect 2 oncall
    [ -z "$output" ]
    says 'Usage: oncall COMMAND'
    expect 0 oncall --help=check
    expect 2 oncall --nope
}

@test "output that cannot be written is status 4" {
    oncall init
    for command in help config status doctor init; do
        run -4 --separate-stderr bash -c "oncall $command >/dev/full"
        says 'cannot write standard output'
    done
}

# ---- init ----

@test "init writes a configuration, creates the store, and says where" {
    expect 0 oncall init --config new/folder/oncall.yaml
    [[ ${lines[0]} == 'configuration '*' new/folder/oncall.yaml  (written)' ]]
    [[ ${lines[1]} == 'store '*'(created)' ]]
    is "$(stat -c %a new/folder/oncall.yaml)" 600
    is "$(ls new/folder)" oncall.yaml
    expect 0 oncall config --config new/folder/oncall.yaml
    expect 0 oncall status
}

@test "init again changes nothing, --force writes anew" {
    oncall init --config mine.yaml
    echo 'environment: mine' >>mine.yaml
    expect 0 oncall init --config mine.yaml
    [[ $output == *'mine.yaml  (was there, not changed)'*'(was there)' ]]
    grep -q mine mine.yaml
    chmod 640 mine.yaml
    expect 0 oncall init --config mine.yaml --force
    [[ $output == *'mine.yaml  (written)'*'(was there)' ]]
    run -1 grep mine mine.yaml
    is "$(stat -c %a mine.yaml)" 600
}

@test "init writes where ONCALL_CONFIG says, and not over a dangling link" {
    rm "$ONCALL_CONFIG"
    expect 0 oncall init
    [[ ${lines[0]} == *" $ONCALL_CONFIG  (written)" ]]
    ln -s nowhere link.yaml
    expect 4 oncall init --config link.yaml
    [ ! -e nowhere ]
}

@test "init uses the user's own place, with folders for nobody else" {
    need setpriv
    need root
    local as=(setpriv --reuid=65534 --regid=65534 --clear-groups)

    need sqlite
    unset ONCALL_CONFIG ONCALL_STORE
    [ ! -e /etc/oncall/oncall.yaml ] || skip 'this machine is configured'
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
    "${as[@]}" test -x "$BUILD/bin/oncall" || skip 'the build is closed to others'
    HOME=$(mktemp -d /tmp/oncall-home.XXXXXX)
    chmod 755 "$HOME" && chown 65534 "$HOME"
    unset XDG_CONFIG_HOME XDG_STATE_HOME
    cd /
    expect 0 "${as[@]}" "$BUILD/bin/oncall" init
    stat -c '%a %n' "$HOME/.config/oncall" "$HOME/.config/oncall/oncall.yaml" \
        >"$BATS_TEST_TMPDIR/modes"
    [ -e "$HOME/.local/state/oncall/oncall.db" ]
    export XDG_CONFIG_HOME=$HOME/other
    expect 0 "${as[@]}" "$BUILD/bin/oncall" init
    [[ $output == *"$HOME/other/oncall/oncall.yaml  (written)"* ]]
    rm -rf "$HOME"
    is "$(cat "$BATS_TEST_TMPDIR/modes")" "700 $HOME/.config/oncall
600 $HOME/.config/oncall/oncall.yaml"
}

@test "init takes the store from --store, before that of the configuration" {
    need sqlite
    unset ONCALL_STORE
    echo "store: $PWD/one.db" >>"$ONCALL_CONFIG"
    expect 0 oncall init
    [ -e one.db ]
    expect 0 oncall init --store two/three.db
    [ -e two/three.db ]
    [[ ${lines[1]} == 'store '*' two/three.db  (created)' ]]
}

@test "init makes no store from a configuration that is wrong or unsafe" {
    need sqlite
    echo 'sotre: x' >"$ONCALL_CONFIG"
    expect 2 oncall init
    says 'did you mean "store"?'
    echo 'environment: x' >"$ONCALL_CONFIG"
    chmod 666 "$ONCALL_CONFIG"
    expect 5 oncall init
    says 'can be written by others'
    [ ! -e "$ONCALL_STORE" ]
}

@test "init says what it cannot write" {
    expect 4 oncall init --config /dev/null/oncall.yaml
    says "cannot create '/dev/null/oncall.yaml': Not a directory"
    expect 4 oncall init --config /proc/none/oncall.yaml
    says "cannot make folder '/proc/none'"
    expect 2 oncall init surplus
}

# ---- config ----

@test "config shows values with their origin, and no password" {
    export ONCALL_TIMEZONE=Europe/Berlin
    expect 0 oncall config --store postgresql://u:hunter2@db/oncall
    [[ $output =~ environment:\ test\ +\#\ $ONCALL_CONFIG:1 ]]
    [[ $output =~ timezone:\ Europe/Berlin\ +\#\ environment ]]
    [[ $output =~ reopen_within:\ 2h\ +\#\ built-in ]]
    [[ $output == *'# option --store'* ]]
    [[ $output != *hunter2* ]]
}

@test "config names file and line of what is wrong" {
    echo 'timzone: UTC' >>"$ONCALL_CONFIG"
    expect 2 oncall config
    says "$ONCALL_CONFIG:2: the key \"timzone\" is not known"
    [ -z "$output" ]
}

# ---- status ----

@test "status without a store says how to create one" {
    expect 4 oncall status
    says 'create it with: oncall init'
}

@test "status of a new store: nothing, and never" {
    oncall init
    expect_records 0 oncall status
    is "$(of .type | sort -u)" report
    is "$(figure incidents_live severity=critical)" 0
    is "$(figure oldest_incident_age)" null
    is "$(figure approvals_waiting)" 0
    is "$(figure last_tick_age)" null
    [ "$(figure store_size driver="$DRIVER")" -gt 1000 ]
    expect 0 on_terminal oncall status
    [[ $output == *'Incidents  none'* && $output == *'Approvals  none'* ]]
    [[ $output == *'Last tick  never'* && $output == *"Store      $DRIVER "* ]]
}

@test "status counts what is live by severity, and shows the worst" {
    export ONCALL_NOW=2026-11-20T10:00:00Z
    for severity in low high critical medium high info; do
        oncall incident open --title "a $severity one" --service "s-$severity" \
            --severity $severity --tag "$RANDOM$RANDOM" >>opened
        ONCALL_NOW=2026-11-20T11:00:00Z
    done
    oncall incident resolve INC-20261120-0004
    ONCALL_NOW=2026-11-20T12:00:00Z
    expect_records 0 oncall status
    is "$(of 'select(.metric == "incidents_live") | .value' | tr '\n' ' ')" \
        '1 1 0 1 1 '
    is "$(figure oldest_incident_age)" 7200
    is "$(of 'select(.metric == "worst_incident_age") | .labels.severity' |
        tr '\n' ' ')" 'critical high low info '
    is "$(figure worst_incident_age severity=critical)" 3600
    expect 0 on_terminal oncall status
    [[ $output == *'Incidents  4: 1 critical, 1 high, 1 low, 1 info; the oldest was opened 2h ago'* ]]
    [[ $output == *'INC-20261120-0003  critical  open    1h   s-critical  a critical one'* ]]
}

@test "status shows the five worst, the older first" {
    export ONCALL_NOW=2026-11-20T10:00:00Z
    for n in 1 2 3 4 5 6; do
        oncall incident open --title "number $n" --severity high >/dev/null
    done
    oncall incident open --title worst --severity critical >/dev/null
    expect 0 oncall status --json
    is "$(of 'select(.metric == "worst_incident_age") | .labels.title' |
        tr '\n' ',')" 'worst,number 1,number 2,number 3,number 4,'
}

@test "status knows approvals, the last tick and the sources" {
    export ONCALL_NOW=2026-11-20T10:00:00Z
    oncall init
    add_approval APR-1
    add_approval APR-2
    add_approval APR-3 expires=1795000000001
    store_sql "INSERT INTO counters (name, value)
        VALUES ('last_tick', $(date -ud 2026-11-20T09:58:00Z +%s)000)"
    printf '%s\n' '{"type":"detection","id":"a","time":"2026-11-20T09:00:00.000Z","source":{"kind":"file","stream":"s1","path":"/var/log/x","offset":12},"title":"t","severity":"low","pattern":"p"}' \
        '{"type":"detection","id":"b","time":"2026-11-20T09:30:00.000Z","source":{"kind":"stdin","stream":"s2","offset":7},"title":"t","severity":"low","pattern":"p"}' |
        oncall incident open >opened
    ONCALL_NOW=2026-11-20T10:01:00Z
    expect_records 0 oncall status
    is "$(figure approvals_waiting)" 2
    is "$(figure last_tick_age)" 180
    is "$(figure source_position path=/var/log/x)" 12
    is "$(figure source_position stream=s2)" 7
    is "$(figure source_age kind=stdin)" 1860
    expect 0 on_terminal oncall status
    [[ $output == *'Approvals  2 waiting'* && $output == *'Last tick  3m ago'* ]]
    [[ $output =~ file\ +12\ +1h\ 1m\ ago\ +/var/log/x ]]
    [[ $output =~ stdin\ +7\ +31m\ ago\ +s2 ]]
}

@test "status shows the ten sources that were seen last" {
    export ONCALL_NOW=2026-11-20T10:00:00Z
    oncall init
    for n in $(seq 10 22); do
        echo "INSERT INTO streams VALUES ('s$n', '{}', $n, '', NULL, NULL, 17950000000$n);"
    done >streams.sql
    store_sql "$(cat streams.sql)"
    expect_records 0 oncall status
    is "$(of 'select(.metric == "source_position") | .value' | tr '\n' ' ')" \
        '22 21 20 19 18 17 16 15 14 13 '
    is "$(figure source_position kind=unknown | head -n 1)" 22
}

@test "status tells the place of the store, not its password" {
    need postgresql
    oncall init
    export ONCALL_STORE="$ONCALL_STORE&password=hunter2"
    expect 0 oncall status
    [[ $output == *'"place":"postgresql://'* && $output != *hunter2* ]]
}

# ---- approve and deny ----

@test "approve and deny write the approval as it then is" {
    oncall init
    add_approval APR-1
    add_approval APR-2
    expect_records 0 oncall approve APR-1 --reason 'off hours'
    is "$(of .status)" approved
    is "$(of '.votes[0].actor')" "$(id -un)"
    is "$(of '.votes[0].reason')" 'off hours'
    expect_records 0 oncall deny APR-2
    is "$(of .status)" denied
    add_approval APR-3 quorum=2
    add_approval APR-4
    expect 0 on_terminal oncall approve APR-3
    is "$output" 'APR-3  waiting for more votes'
    expect 0 on_terminal oncall deny APR-4
    is "$output" 'APR-4  denied'
}

@test "a vote that is not allowed is refused, and changes nothing" {
    oncall init
    add_approval APR-1 approvers='["somebody-else"]'
    add_approval APR-2 expires=1795000000001
    add_approval APR-3 quorum=2
    expect 5 oncall approve APR-1
    says 'is not among the approvers'
    expect 5 oncall approve APR-2
    says 'has expired'
    oncall approve APR-3
    expect 5 oncall approve APR-3
    says 'has voted'
    expect 5 oncall deny APR-3 --as ana
    says "it is not listed under 'relays'"
    is "$(store_sql "SELECT COUNT(*) FROM approvals WHERE status = 'waiting'")" 3
    expect 1 oncall approve APR-9
    says "there is no approval 'APR-9'"
    expect 2 oncall approve
    expect 2 oncall deny APR-1 APR-2
}

@test "a relay votes for people, each of whom counts once" {
    echo "relays: [$(id -un)]" >>"$ONCALL_CONFIG"
    oncall init
    add_approval APR-1 approvers='["ana","ben"]' quorum=2
    expect 0 oncall approve APR-1 --as ana
    is "$(of '.votes[0].actor')" "ana via $(id -un)"
    expect 5 oncall approve APR-1 --as ana
    says 'has voted'
    expect 5 oncall approve APR-1 --as eva
    says 'is not among the approvers'
    expect_records 0 oncall approve APR-1 --as ben
    is "$(of .status)" approved
}

# ---- doctor ----

@test "doctor of a sound installation finds nothing, status 0" {
    oncall init
    expect_records 0 oncall doctor
    for what in configuration store integrity writing clock 'time zone' SQLite \
        Jansson libyaml; do
        is "$what: $(finding "$what")" "$what: ok"
    done
    is "$(of 'select(.value == "fail") | .labels.what')" ''
    is "$(of 'select(.labels.what == "configuration") | .labels.detail')" \
        "$ONCALL_CONFIG"
    expect 0 on_terminal oncall doctor
    [[ $output == 'RESULT  WHAT '*' DETAIL'* ]]
    [[ $output =~ ok\ +store\ +$DRIVER\  ]]
}

@test "doctor leaves the store as it was" {
    oncall init
    store_sql 'SELECT * FROM counters' >before
    expect 0 oncall doctor
    is "$(store_sql 'SELECT * FROM counters')" "$(cat before)"
    expect 4 oncall doctor --store "$PWD/none.db"
    [ ! -e none.db ]
}

@test "doctor without a store is status 4 and says what helps" {
    expect 4 oncall doctor
    is "$(finding store)" fail
    [[ $output == *'create it with: oncall init'* ]]
    validate_output
    expect 4 on_terminal oncall doctor
    [[ $output =~ fail\ +store\ .*'create it with: oncall init' ]]
}

@test "doctor finds a damaged store" {
    need sqlite
    oncall init
    dd if=/dev/urandom of="$ONCALL_STORE" bs=1024 seek=20 count=40 \
        conv=notrunc status=none
    expect 4 oncall doctor
    [[ $(finding store)$(finding integrity) == *fail* ]]
}

@test "doctor finds a missing table, on either driver" {
    oncall init
    case $DRIVER in
    sqlite) store_sql 'DROP TABLE timeline' ;;
    *) store_sql 'DROP TABLE oncall.timeline' ;;
    esac
    expect 4 oncall doctor
    is "$(finding integrity)" fail
}

@test "doctor refuses a configuration that others can write, status 5" {
    oncall init
    chmod 666 "$ONCALL_CONFIG"
    expect 5 oncall doctor
    is "$(finding configuration)" fail
    [[ $output == *'chmod go-w helps'* ]]
    is "$(finding clock)" ok
}

@test "doctor calls a wrong configuration status 2" {
    oncall init
    echo 'nonsense: 1' >>"$ONCALL_CONFIG"
    expect 2 oncall doctor
    is "$(finding configuration)" fail
    [[ $output == *"$ONCALL_CONFIG:2"* ]]
}

@test "doctor refuses a store that others can write, warns of one they can read" {
    need sqlite
    oncall init
    chmod 644 "$ONCALL_STORE"
    expect 0 oncall doctor
    is "$(finding permissions)" warn
    chmod 600 "$ONCALL_STORE"
    expect 0 oncall doctor
    is "$(finding permissions)" ok
    chmod 770 "$BATS_TEST_TMPDIR"
    expect 0 oncall doctor
    is "$(finding permissions)" warn
    chmod 666 "$ONCALL_STORE"
    expect 5 oncall doctor
    is "$(finding store)" fail
}

@test "doctor warns of secrets that everybody can read, and finds missing ones" {
    oncall init
    (umask 077 && cat >oncall.yaml <<EOF
targets:
  page: {type: pagerduty, routing_key: {file: $PWD/one}}
  phone: {type: ntfy, url: "https://ntfy.example", room: x, token: {file: $PWD/two}}
EOF
    )
    export ONCALL_CONFIG=$PWD/oncall.yaml
    (umask 077 && echo secret >one && echo secret >two)
    expect 0 oncall doctor
    is "$(finding secrets)" ok
    chmod 644 two
    expect 0 oncall doctor
    is "$(finding secrets | sort | paste -sd ' ')" 'ok warn'
    [[ $output == *"'$PWD/two' of targets.phone.token can be read by everybody"* ]]
    rm two
    expect 4 oncall doctor
    is "$(finding secrets | sort | paste -sd ' ')" 'fail ok'
    [[ $output == *"cannot look at '$PWD/two' of targets.phone.token: No such file"* ]]
}

@test "doctor finds a store that cannot be written" {
    need sqlite
    need root
    unshare -m true 2>/dev/null || skip 'may not mount'
    expect 4 unshare -m bash -c 'mkdir disk &&
        mount -t tmpfs -o mode=700 none disk &&
        oncall init --store disk/x.db >/dev/null &&
        mount -o remount,ro disk && oncall doctor --store disk/x.db'
    is "$(finding store)" ok
    is "$(finding writing)" fail
}

@test "doctor finds a full disk, and one that is nearly full" {
    need sqlite
    need root
    unshare -m true 2>/dev/null || skip 'may not mount'
    local size want

    for size in 8m:4:fail 64m:0:warn; do
        want=${size#*:}
        expect "${want%:*}" unshare -m bash -c "mkdir -p disk &&
            mount -t tmpfs -o mode=700,size=${size%%:*} none disk &&
            oncall init --store disk/x.db >/dev/null &&
            oncall doctor --store disk/x.db"
        is "$(finding 'disk space')" "${want#*:}"
    done
}

@test "doctor does not believe a clock that was never set" {
    oncall init
    expect 4 oncall doctor --now 2001-01-01T00:00:00Z
    is "$(finding clock)" fail
    expect 4 oncall doctor --now 2150-01-01T00:00:00Z
    is "$(finding clock)" fail
}

@test "doctor knows the time zone, or not" {
    oncall init
    ONCALL_TIMEZONE=Europe/Berlin expect 0 oncall doctor \
        --now 2026-11-20T10:00:00Z
    [[ $output == *'Europe/Berlin, now UTC+01:00'* ]]
    ONCALL_TIMEZONE=Europe/Berlin expect 0 oncall doctor \
        --now 2026-07-20T10:00:00Z
    [[ $output == *'Europe/Berlin, now UTC+02:00'* ]]
    ONCALL_TIMEZONE=Mars/Base expect 2 oncall doctor
    is "$(finding 'time zone')" fail
}

@test "doctor says when PostgreSQL does not answer, and no password" {
    expect 4 oncall doctor \
        --store 'postgresql://u:hunter2@127.0.0.1:1/oncall?connect_timeout=3'
    is "$(finding store)" fail
    [[ $output != *hunter2* ]]
    validate_output
}
