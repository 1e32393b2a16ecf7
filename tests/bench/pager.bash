# pager.bash - the piece of tests/bench/run that measures ticks. Sourced.
# Functions are called by name, and awk's fields are no shell parameters:
# shellcheck shell=bash disable=SC2317,SC2016,SC2154

# A group for each incident is what costs most.
pager_store() {
    mkdir -p "$dir/oncall"
    (umask 077 && echo 'incidents: {group_by: [id]}' >"$dir/oncall/oncall.yaml")
    fresh_store
    detections $INCIDENTS fingerprints=$INCIDENTS turns=1 cursor=0 |
        "$B/bin/oncall-incident" open >/dev/null || die 'open failed'
}

tick_ours() {
    "$B/bin/oncall-incident" tick
}

tick_theirs() {
    sqlite3 -batch "$ONCALL_STORE" "SELECT COUNT(*) FROM incidents
        WHERE status NOT IN ('resolved', 'closed')"
}

bench_pager() {
    local told

    pager_store
    export ONCALL_NOW=2030-01-01T00:00:00Z
    clock tick_ours
    told=$(sqlite3 "$ONCALL_STORE" 'SELECT COUNT(*) FROM messages')
    [ "$told" -eq $INCIDENTS ] || die "told of $told incidents"
    row "tick, $INCIDENTS first messages" "$((told * 1000000 / took))/s" - -
    compare $((ROUNDS * 3)) tick_ours tick_theirs
    row "tick, $INCIDENTS open, none due, ms; x counting them" \
        "$(middle '$1 / 1000' '%.1f ms')" "$(middle '$2 / 1000' '%.1f ms')" \
        "$(middle '$1 / 1000' %.1f)" '< 50'
    unset ONCALL_NOW
    rm -f "$dir/oncall/oncall.yaml"
}
