# The pager, killed: every message that is due is in the outbox, once, with the
# time and the words that it has when nobody is killed. How much from the
# environment: PAGER_DAYS=7 PAGER_INCIDENTS=500 PAGER_KILLS=200 PAGER_STEP=10
# (minutes between two ticks) is a whole week.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

DAYS=${PAGER_DAYS:-1}
INCIDENTS=${PAGER_INCIDENTS:-60}
KILLS=${PAGER_KILLS:-20}
STEP=${PAGER_STEP:-30}

setup() {
    incident_setup
    printf '%s\n' 'rotation primary daily 09:00 from 2026-11-02: ana, ben, cem' \
        'rotation secondary weekly Mon 09:00 from 2026-11-02: dua, eli' >roster
    chmod 600 roster
    configure "roster: $PWD/roster" \
        'incidents: {group_by: [service], repeat_interval: 2h}' \
        'resolve_after: 1h' 'escalation:' '  urgent:' \
        '    match: {severity: [critical, high]}' '    fallback: [eli]' \
        '    steps:' '      - after 0m to primary' \
        '      - after 30m to primary, secondary every 1h 3 times' \
        '      - after 4h to eli only Mon-Fri 09:00 to 17:00'
    mkdir week
    "$ROOT/tests/lib/pager-week.py" week "$DAYS" "$INCIDENTS" "$STEP"
}

# lives STORE TICK: the days, on a store, with that as a tick.
lives() {
    local step line

    export ONCALL_STORE=$1
    while read -r step ONCALL_NOW <&3; do
        if [ -e "week/$step.open" ]; then
            oncall-incident open "week/$step.open" >/dev/null || return 1
        fi
        if [ -e "week/$step.do" ]; then
            while read -r line <&4; do
                # What stayed quiet was resolved, and somebody comes too late.
                # shellcheck disable=SC2086
                oncall-incident $line >/dev/null 2>>late 3<&- 4<&- || [ $? -eq 1 ]
            done 4<"week/$step.do" || return 1
        fi
        "$2" "$step" || return 1
    done 3<week/steps
}

# Keeps how many microseconds it took.
plain_tick() {
    local begin=${EPOCHREALTIME/[.,]/} status=0

    oncall-incident tick 3<&- >>ticks || status=$?
    took=$((${EPOCHREALTIME/[.,]/} - begin))
    return "$status"
}

# Of some steps the tick is killed at some moment, and comes again. Some have
# ended by then, so half as many more are tried. A tick is over in a few
# milliseconds: nothing is started to wait for the moment.
killed_tick() {
    local pause

    while [ $((RANDOM % (steps * 2 / (KILLS * 3) + 1))) -eq 0 ] && [ "$killed" -lt "$KILLS" ]; do
        oncall-incident tick >>killed 2>/dev/null 3<&- 5<&- &
        ticker=$!
        printf -v pause '0.%06d' $((RANDOM % took))
        read -rt "$pause" <&5 || :
        if kill -9 "$ticker" 2>/dev/null; then
            killed=$((killed + 1))
        fi
        wait "$ticker" 2>/dev/null || :
    done
    plain_tick
}

outbox() {
    store_sql 'SELECT num, key, thread, call, status, made, record FROM messages
        ORDER BY num' "$1"
}

# Ticks at once: each of them does what the others have not done yet.
many_ticks() {
    local pids=() pid i

    for i in 1 2 3 4 5 6 7 8; do
        oncall-incident tick >"many.$i" 3<&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || return 1
    done
    cat many.[1-8] >>ticks
}

@test "killed at any moment, the pager tells everything once, and nothing late" {
    steps=$(wc -l <week/steps) killed=0 took=10000
    one=$(new_store one) two=$(new_store two)
    lives "$one" plain_tick
    mkfifo never
    lives "$two" killed_tick 5<>never
    echo "# $killed ticks were killed, $(outbox "$one" | wc -l) messages" >&3
    [ "$killed" -ge $((KILLS / 2)) ]
    outbox "$one" >one.out
    outbox "$two" >two.out
    [ "$(wc -l <one.out)" -gt "$INCIDENTS" ]
    cmp one.out two.out
    sound
}

@test "eight ticks at once, for days: the same messages" {
    one=$(new_store one) two=$(new_store two)
    lives "$one" plain_tick
    mv ticks first
    lives "$two" many_ticks
    outbox "$one" >one.out
    outbox "$two" >two.out
    cmp one.out two.out
    # Each was written by one of them.
    sort first >first.sorted
    sort ticks | cmp first.sorted -
}
