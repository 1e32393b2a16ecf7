# What changes between two ticks, or under the pager's hands, leaves nobody
# unpaged, and tells nobody what is not so.
# shellcheck disable=SC2034,SC2154

load ../lib/common
load ../lib/incident
load ../lib/pager

# calls [LINE...]: a policy that calls ana, then cem; more configuration.
calls() {
    printf '%s\n' 'rotation primary weekly Mon 09:00 from 2026-11-02: ana, ben' \
        'rotation secondary weekly Mon 09:00 from 2026-11-02: cem, dua' >roster
    chmod 600 roster
    configure "roster: $PWD/roster" 'escalation:' '  urgent:' \
        '    match: {severity: [critical, high]}' '    fallback: [dua]' \
        '    steps: [after 0m to primary, after 15m to secondary]' "$@"
}

@test "the first of a thread is purged while others of it call people" {
    calls
    plays <<'END'
10:00:00 | silence host=b --for 1h; up one high web --host a; up two high web --host b |
10:00:30 |                               | first escalation>ana
10:01:00 | resolve 1                     | all_resolved resolved>ana
10:02:00 | up three high web --host a    | escalation>ana
END
    is "$(oi purge --older-than 1s | wc -l)" 1
    plays <<'END'
10:03:00 | resolve 3                     | resolved>ana
END
    is "$(last .title)" 'Resolved: three'
}

@test "what became part of one that nobody heard of is told to be over" {
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first
10:01:00 | up two; oi merge "$(inc 2)" "$(inc 1)" >/dev/null |
10:02:00 | resolve 2     | all_resolved
END
}

@test "what moves to another group is not over there, and calls go on" {
    calls
    plays <<'END'
10:00:00 | up one high web --host a |
10:00:30 |                          | first escalation>ana
END
    calls 'incidents: {group_by: [host]}'
    plays <<'END'
10:01:00 |                          |
END
    is "$(outbox | cut -d '|' -f 1 | sort -u)" queued
    plays <<'END'
10:15:30 |                          | escalation>cem
10:16:00 | resolve 1                | all_resolved resolved>ana,cem
END
}

@test "who was called hears of the end in the group that it moves to" {
    calls
    plays <<'END'
10:00:00 | up one high web --host a; up two low db --host a |
10:00:30 |                            | first first escalation>ana
END
    calls 'incidents: {group_by: [host]}'
    plays <<'END'
10:01:00 | ack 1                      |
10:06:00 | resolve 1                  | resolved
10:07:00 | resolve 2                  | all_resolved resolved>ana
END
}

@test "an acknowledgement takes nothing back from what shares its thread" {
    calls
    plays <<'END'
10:00:00 | up one high web --host a; up two high web --host b |
10:00:30 |                            | first escalation>ana
END
    calls 'incidents: {group_by: [host]}'
    plays <<'END'
10:01:00 |                            |
10:01:10 | ack 1                      |
END
    is "$(outbox | cut -d '|' -f 1 | sort -u)" queued
    ack 2
    is "$(outbox | cut -d '|' -f 1 | sort | uniq -c | tr -s ' ')" ' 1 cancelled
 1 queued'
}

@test "an acknowledgement takes calls back though what is milder is left" {
    calls
    plays <<'END'
10:00:00 | up one; up two low         |
10:00:30 |                            | first escalation>ana
10:01:00 | ack 1                      |
END
    is "$(outbox | cut -d '|' -f 1 | sort | uniq -c | tr -s ' ')" ' 1 cancelled
 1 queued'
}

@test "acknowledged, resolved and open again before a tick is news" {
    plays <<'END'
10:00:00 | up one                     |
10:00:30 |                            | first
10:06:00 | ack 1; resolve 1; reopen 1 | changed
11:06:00 | resolve 1; reopen 1        | changed
END
}

@test "until resolved is over when it was, though it is open again" {
    plays <<'END'
10:00:00 | up one; up two             |
10:00:30 |                            | first
10:01:00 | silence --incident "$(inc 1)" --until-resolved |
10:02:00 | resolve 1; reopen 1        | unmuted
10:03:00 | silence --incident "$(inc 1)" --until-resolved |
10:04:00 | up one                     |
END
    is "$(oi silence list --json | jq -r .state)" active
}

@test "a missing sign of life that somebody mitigated is not quiet" {
    configure 'heartbeats: {backup: {every: 5m}}'
    plays <<'END'
10:00:00 |                            |
10:06:00 |                            |
10:06:30 |                            | first
10:07:00 | mitigate 1                 |
10:30:00 |                            |
11:30:00 |                            |
11:31:00 | oi heartbeat beat backup >/dev/null | all_resolved
END
}

# PAGER_SEED and PAGER_STEPS live other hours, or more of them.
@test "random hours leave nobody unpaged, bother nobody, and end what was told" {
    local seed

    [ "$DRIVER" = sqlite ] || skip 'the model reads the file of the store'
    for seed in ${PAGER_SEED:-20 21}; do
        mkdir "$seed" && cd "$seed"
        ONCALL_STORE=$PWD/oncall.db timeout 300 \
            python3 "$ROOT/tests/lib/pager-model.py" "$seed" \
            "${PAGER_STEPS:-60}" || return 1
        cd ..
    done
}
