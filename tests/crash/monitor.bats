#!/usr/bin/env bats
# Followed files that rotate, while the monitor and `open` are killed every few
# hundred milliseconds: each line must be told under one id and stored once. For
# the long run: CRASH_SECONDS=300 CRASH_FILES=200 CRASH_RATE=10000 TEST_LIMIT=600.

load ../lib/common
load ../lib/monitor

@test "killed again and again, the pipe tells and stores each line once" {
    local seconds=${CRASH_SECONDS:-20}

    rules 'x high boom'
    mkdir logs
    timeout $((seconds + 200)) "$ROOT/tests/crash/rotate.py" \
        --seconds "$seconds" --files "${CRASH_FILES:-40}" \
        --rate "${CRASH_RATE:-2000}" logs >count
    [ "$(cat count)" -gt 0 ]
    is "$(store_sql 'SELECT SUM(count) FROM detection_counts')" "$(cat count)"
    is "$(oncall-incident list --json | jq -s 'map(.count) | add')" \
        "$(cat count)"
}
