#!/usr/bin/env bats
# When the system fails oncall-incident: the documented status, a clear message,
# and what was stored before stays as it was.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

setup() {
    incident_setup
    holder='' closed=''
}

teardown() {
    [ -z "$holder" ] || kill "$holder" 2>/dev/null || :
    [ -z "$closed" ] || rm -rf "$closed"
    common_teardown
}

# filled: a store with something in it, and what it exports in `before`.
filled() {
    opens "$(d pattern=a)" "$(d pattern=b severity=high)" "$(cursor s 7 snap)"
    oi ack "$(inc 1)" >moved
    oi export >before
}

# unharmed: the store is sound and holds what it held.
unharmed() {
    oi export | cmp before - && sound
}

# fails STATUS MESSAGE COMMAND...: and nothing is written to standard output.
fails() {
    expect "$1" "${@:3}"
    says "$2"
    is "$output" ''
}

# nobody COMMAND...: as a user who owns nothing.
nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# open_to_all: a folder that nobody may enter, in $closed, with a filled store
# of nobody's in it; programs and all that root's folders keep from them too.
open_to_all() {
    need sqlite
    need root
    need setpriv
    closed=$(mktemp -d /tmp/oncall-faults.XXXXXX)
    chmod 755 "$closed"
    mkdir "$closed/state"
    cp "$BUILD/bin/oncall-incident" "$closed/"
    cp "$ONCALL_CONFIG" "$closed/oncall.yaml"
    chmod 644 "$closed/oncall.yaml"
    ONCALL_CONFIG=$closed/oncall.yaml
    ONCALL_STORE=$closed/state/oncall.db
    filled
    mv before "$closed/"
    chown -R 65534:65534 "$closed/state"
    cd "$closed" || return 1
}

# ---- places ----

@test "a read-only folder: lists are read, changes fail with status 4" {
    open_to_all
    chmod 555 state
    chown 0 state
    gives 0 nobody ./oncall-incident list
    is "${#lines[@]}" 2
    fails 4 "$closed/state" nobody ./oncall-incident ack "$(inc 2)"
    says 'Permission denied'
    fails 4 "$closed/state" nobody ./oncall-incident open /dev/null
    is "$(ls state)" oncall.db
    chown -R 0 state
    unharmed
}

@test "a read-only store: lists are read, changes fail with status 4" {
    open_to_all
    chmod 444 state/oncall.db
    chown 0 state/oncall.db
    gives 0 nobody ./oncall-incident list
    is "${#lines[@]}" 2
    fails 4 "$ONCALL_STORE" nobody ./oncall-incident ack "$(inc 2)"
    chown -R 0 state
    unharmed
}

@test "no permission to read or to enter: status 4, and the file is named" {
    open_to_all
    chmod 000 state/oncall.db
    chown 0 state/oncall.db
    fails 4 "$ONCALL_STORE" nobody ./oncall-incident list
    chmod 000 state
    fails 4 "$ONCALL_STORE" nobody ./oncall-incident list
    fails 4 "$ONCALL_STORE" nobody ./oncall-incident open --title t
    echo x >in
    chmod 000 in
    chmod 755 state
    fails 4 "cannot open 'in': Permission denied" nobody \
        ./oncall-incident open --store "$closed/state/new.db" in
}

@test "a store that others can write is refused, status 5" {
    need sqlite
    filled
    chmod 666 "$ONCALL_STORE"
    for command in list "ack $(inc 2)" 'open --title t' export watch; do
        # shellcheck disable=SC2086
        fails 5 "$ONCALL_STORE" oi $command
    done
    chmod 600 "$ONCALL_STORE"
    unharmed
}

@test "a configuration that others can write is refused, status 5" {
    filled
    chmod 666 "$ONCALL_CONFIG"
    fails 5 "$ONCALL_CONFIG" oi list
    chmod 600 "$ONCALL_CONFIG"
    unharmed
}

@test "a wrong configuration is status 2, with file and line" {
    filled
    configure 'environment: x' 'incidents: {reopen_wihtin: 2h}'
    fails 2 "$ONCALL_CONFIG:2" oi list
    says 'reopen_within'
    configure ''
    unharmed
}

@test "a folder or a device where the store should be is status 4" {
    mkdir folder
    fails 4 folder oi list --store folder
    fails 4 folder oi open --title t --store folder
    fails 4 /dev/null oi open --title t --store /dev/null
    is "$(ls -A folder)" ''
}

@test "a store of another kind is refused with a sentence" {
    expect 2 oi list --store mysql://localhost/x
    says MySQL
}

# ---- contents ----

@test "a damaged store is status 4, and is not touched" {
    need sqlite
    filled
    cp "$ONCALL_STORE" sound.db
    local where roots
    mapfile -t roots < <(sqlite3 sound.db "SELECT (rootpage - 1) *
        (SELECT page_size FROM pragma_page_size) FROM sqlite_schema
        WHERE name IN ('incidents', 'timeline') ORDER BY name")
    for where in 0 "${roots[@]}"; do
        cp sound.db "$ONCALL_STORE"
        dd if=/dev/urandom of="$ONCALL_STORE" bs=1 seek="$where" count=4000 \
            conv=notrunc status=none
        cp "$ONCALL_STORE" damaged.db
        for command in list export 'open --title t' "ack $(inc 2)"; do
            # shellcheck disable=SC2086
            run --separate-stderr oncall-incident $command
            # What is damaged may lie where a command does not look.
            [ "$where" -gt 0 ] || [ "$status" -eq 4 ]
            [ "$status" -eq 4 ] || [ "$status" -eq 0 ]
            [ "$status" -eq 0 ] || says "$ONCALL_STORE"
        done
        [ "$where" -gt 0 ] || cmp damaged.db "$ONCALL_STORE"
        expect 4 oncall doctor
    done
    cp sound.db "$ONCALL_STORE"
    unharmed
}

@test "a store that was cut off is status 4" {
    need sqlite
    filled
    cp "$ONCALL_STORE" sound.db
    truncate -s 5000 "$ONCALL_STORE"
    fails 4 "$ONCALL_STORE" oi list
    fails 4 "$ONCALL_STORE" oi open --title t
    is "$(stat -c %s "$ONCALL_STORE")" 5000
}

@test "a store that is newer than the program is left alone, status 4" {
    filled
    store_sql "INSERT INTO schema_migrations SELECT 99, name, checksum, applied_at
        FROM schema_migrations WHERE number = 1"
    for command in list export 'open --title t' "ack $(inc 2)" \
        'purge --older-than 0s' 'import /dev/null'; do
        # shellcheck disable=SC2086
        fails 4 'install a newer oncall-tools' oi $command
    done
    store_sql 'DELETE FROM schema_migrations WHERE number = 99'
    unharmed
}

@test "an SQLite file of another program is left alone, status 4" {
    need sqlite
    sqlite3 other.db 'CREATE TABLE t (x); INSERT INTO t VALUES (1)'
    chmod 600 other.db
    cp other.db copy.db
    for command in list 'open --title t'; do
        # shellcheck disable=SC2086
        fails 4 'of another program' oi $command --store other.db
    done
    cmp other.db copy.db
    echo 'this is no database at all, whatever its name says' >text.db
    chmod 600 text.db
    fails 4 text.db oi open --title t --store text.db
    is "$(wc -l <text.db)" 1
}

@test "an empty file becomes a store" {
    need sqlite
    (umask 077 && : >"$ONCALL_STORE")
    gives 0 oi open --title t
    sound
}

# ---- space ----

@test "a full disk: status 4, what was stored before stays, and it goes on later" {
    need sqlite
    need root
    unshare -m true 2>/dev/null || skip 'may not mount'
    detections 3000 fingerprints=3000 pad=300 >many
    head -n 20 many >few
    # shellcheck disable=SC2016
    expect 0 unshare -m bash -euc '
        mkdir disk && mount -t tmpfs -o mode=700,size=2m none disk
        export ONCALL_STORE=$PWD/disk/x.db
        oncall-incident open few >opened
        oncall-incident export >before
        cp before disk/ballast
        status=0
        oncall-incident open many >out 2>err || status=$?
        echo "$status"
        cat err
        # What it wrote is stored, whole batches only.
        oncall-incident export >after
        jq -r .id out | sort -u >told
        jq -r .id after | sort -u >stored
        comm -23 told stored | head
        head -n 20 after | cmp - before
        dd if=/dev/zero of=disk/rest bs=4k status=none 2>/dev/null || :
        status=0
        oncall-incident ack INC-20261120-0001 >out 2>>err || status=$?
        echo "$status"
        oncall-incident list | wc -l >listed
        oncall doctor >doctor || :
        rm disk/*a*t*
        mount -o remount,size=64m disk
        oncall-incident open many >out
        oncall-incident list | wc -l
        oncall doctor | jq -r "select(.value == \"fail\") | .labels.what"'
    is "${lines[0]}" 4
    [[ ${lines[1]} == *'/disk/x.db'*'No space left on device' ]]
    is "${lines[*]:2}" '4 3000'
}

@test "a limit on the size of files: status 4, and what was stored before stays" {
    need sqlite
    filled
    # Pages still wait in the log: they are for the file.
    store_sql 'PRAGMA wal_checkpoint(TRUNCATE)' >checkpoint
    detections 5000 fingerprints=5000 first=10 pattern=z >many
    cp "$ONCALL_STORE" copy.db
    fails 4 "$ONCALL_STORE" bash -c 'ulimit -f 300; exec oncall-incident open many'
    unharmed
    expect 0 oi open many
    is "$(oi list | wc -l)" 5002
}

# ---- standard streams ----

@test "output that cannot be written: status 4, what was stored stays stored" {
    local command
    d >in
    fails 4 'cannot write standard output: No space left on device' \
        bash -c 'oncall-incident open in >/dev/full'
    fails 4 'cannot write standard output: No space left on device' \
        bash -c "oncall-incident ack $(inc 1) >/dev/full"
    is "$(oi list | jq -r .status)" acknowledged
    for command in list export "show $(inc 1)" "explain $(inc 1)" \
        'export --format csv' 'watch --all' 'open --title t' '--help' --version; do
        fails 4 'cannot write standard output: No space left on device' \
            bash -c "oncall-incident $command >/dev/full"
        fails 4 'cannot write standard output' \
            bash -c "oncall-incident $command >&-"
    done
}

@test "a closed pipe as output ends the run quietly, and nothing stored is lost" {
    detections 20000 fingerprints=20000 >in
    # The reader takes one record and goes.
    # shellcheck disable=SC2016
    run --separate-stderr bash -c 'oncall-incident open in | head -n 1; echo "${PIPESTATUS[0]}"'
    is "${lines[-1]}" 141
    is "$stderr" ''
    [ "$(oi list | wc -l)" -ge 1 ]
    oi open in >rest
    is "$(oi list | wc -l)" 20000
    sound
}

@test "standard input that is closed or cannot be read: status 4" {
    fails 4 'cannot read standard input' bash -c 'oncall-incident open <&-'
    fails 4 'cannot read standard input' bash -c 'oncall-incident import <&-'
    fails 4 'cannot read' bash -c 'oncall-incident import --format csv <&-'
    fails 4 'Is a directory' bash -c 'oncall-incident open </'
    fails 4 "cannot read '.'" oi open .
}

@test "standard error that is closed harms nothing" {
    { echo bad && d; } >in
    run -3 bash -c 'oncall-incident open in 2>&-'
    is "$(of .count)" 1
}

# ---- memory ----

# torture COMMAND...: each allocation fails in turn; the store stays sound, and
# holds what it held or all of the change.
torture() {
    need sqlite
    need unsanitized
    filled
    store_sql 'PRAGMA wal_checkpoint(TRUNCATE)' >checkpoint
    cp "$ONCALL_STORE" kept.db
    export ONCALL_STORE
    cat >before.sh <<-END
	rm -f "$ONCALL_STORE"* && cp -p kept.db "$ONCALL_STORE"
	END
    "$@" >good.out 2>good.err || :
    oi export >changed
    cat >after.sh <<-END
	oncall-incident export >after && { cmp -s after before || cmp after changed; } &&
	[ "\$(sqlite3 "$ONCALL_STORE" 'PRAGMA integrity_check')" = ok ]
	END
    "$ROOT/tests/faults/each-alloc" --seconds 2 --samples 30 \
        --before '. ./before.sh' --after '. ./after.sh' "$@"
}

@test "each allocation failing in turn: open" {
    { d pattern=a at=10:30 && echo '{"type":"event"}' && cursor s 9 && d pattern=new tags='["x"]'; } >in
    torture oncall-incident open in
}

@test "each allocation failing in turn: list and show" {
    torture oncall-incident list --status all --sort severity --text a
    rm -f "$ONCALL_STORE"*
    torture oncall-incident show 20261120-1
}

@test "each allocation failing in turn: a change" {
    torture oncall-incident merge 20261120-1 20261120-2 --note same
}

@test "each allocation failing in turn: export" {
    torture oncall-incident export --format csv
}

@test "each allocation failing in turn: import" {
    filled
    jq -c '.host = "h"' before >in
    rm -f "$ONCALL_STORE"*
    torture oncall-incident import --replace in
}

@test "each allocation failing in turn: the configuration" {
    configure 'services: {db: {owner: team}}' 'incidents: {reopen_within: 3h}' 'relays: [a, b]'
    torture oncall config
}

@test "each allocation failing in turn: PostgreSQL" {
    need postgresql
    need unsanitized
    filled
    "$ROOT/tests/faults/each-alloc" --first 20 --samples 20 --seconds 5 \
        oncall-incident list
    unharmed
}

# ---- others ----

# holds: another process has the write lock, until it is let go; $holder.
holds() {
    mkfifo hold
    case $DRIVER in
    sqlite) sqlite3 -batch "$ONCALL_STORE" <hold >held 2>&1 & ;;
    *) PGOPTIONS='-c search_path=oncall' psql -XqAt -d "$ONCALL_STORE" <hold >held 2>&1 & ;;
    esac
    holder=$!
    exec 9>hold
    case $DRIVER in
    sqlite) echo 'BEGIN IMMEDIATE;' >&9 ;;
    *) echo "BEGIN; LOCK TABLE incidents, counters;" >&9 ;;
    esac
    printf '%s\n' 'UPDATE incidents SET host = host;' "SELECT 'it is held';" >&9
    eventually 5 grep -q 'it is held' held
}

@test "a store that is locked is waited for" {
    filled
    holds
    oi ack "$(inc 2)" >out 2>err &
    local waiting=$!
    sleep 0.5
    kill -0 "$waiting"
    is "$(cat out err)" ''
    # Whoever only reads need not wait, on SQLite.
    [ "$DRIVER" != sqlite ] || is "$(oi list | wc -l)" 2
    echo 'COMMIT;' >&9
    wait "$waiting"
    is "$(jq -r .status out)" acknowledged
    exec 9>&-
}

@test "who waits for a lock is ended by a signal, and has changed nothing" {
    filled
    holds
    env --default-signal=INT oncall-incident ack "$(inc 2)" >out 2>err &
    local waiting=$! status=0
    sleep 0.3
    kill -TERM "$waiting"
    wait "$waiting" || status=$?
    is "$status" 143
    echo 'ROLLBACK;' >&9
    exec 9>&-
    wait "$holder" || :
    unharmed
}

@test "a store that is not there: questions say so, changes make one" {
    need sqlite
    fails 4 'create it with: oncall init' oi list
    fails 4 "cannot make" oi open --title t --store /proc/none/x.db
    gives 0 oi open --title t --store new/folder/x.db
    is "$(stat -c %a new/folder/x.db)" 600
}

@test "a server that is not there is status 4, and its password is not told" {
    need server
    fails 4 'postgresql://' oi list --store \
        'postgresql://u:hunter2@127.0.0.1:1/oncall?connect_timeout=3'
    [[ $stderr != *hunter2* ]]
}

@test "every record that these tests have read is valid" {
    all_valid
}
