# Who is called while nobody acknowledges: the pager and escalation together.
# 2026-11-20 is a Friday.
# shellcheck disable=SC2034,SC2154

load ../lib/common
load ../lib/incident
load ../lib/pager

# escalates LINE...: a roster, and a policy of these lines.
escalates() {
    printf '%s\n' 'rotation primary weekly Mon 09:00 from 2026-11-02: ana, ben' \
        'rotation secondary weekly Mon 09:00 from 2026-11-02: cem, dua' >roster
    chmod 600 roster
    configure "roster: $PWD/roster" 'escalation:' '  urgent:' \
        '    match: {severity: [critical, high]}' '    fallback: [dua]' "$@"
}

@test "steps call who is on call, until somebody acknowledges" {
    escalates '    steps:' '      - after 0m to primary' \
        '      - after 15m to primary, secondary every 5m 2 times' \
        '      - after 45m to cem'
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first escalation>ana
10:15:29 |               |
10:15:30 |               | escalation>ana,cem
10:20:30 |               | escalation>ana,cem
10:25:30 |               | escalation>ana,cem
10:30:30 |               |
10:45:30 |               | escalation>cem
12:00:00 |               |
12:01:00 | ack 1         |
14:00:30 |               |
15:00:00 | resolve 1     | all_resolved resolved>ana,cem
END
    validate --types message messages.jsonl
}

@test "an acknowledgement takes back what was not sent yet (OnCall 4654)" {
    escalates '    steps: [after 0m to primary, after 5m to secondary]'
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first escalation>ana
10:04:00 | ack 1         |
10:05:30 |               |
END
    is "$(store_sql "SELECT status, COALESCE(reason, '') FROM messages ORDER BY num")" \
        'cancelled|somebody has acknowledged it
cancelled|somebody has acknowledged it'
    # What was sent stays so.
    at 11:00:00
    up two
    oi tick >/dev/null
    at 11:00:30
    oi tick >/dev/null
    store_sql "UPDATE messages SET status = 'sent' WHERE num = 4"
    ack 2
    is "$(store_sql 'SELECT status FROM messages WHERE num = 4')" sent
}

@test "a step that waits for its hours goes on after a restart (OnCall 1206)" {
    escalates '    steps:' '      - after 0m to primary' \
        '      - after 15m to secondary only Mon-Fri 09:00 to 17:00' \
        '      - after 45m to dua'
    plays <<'END'
22:00:00 | up one        |
22:00:30 |               | first escalation>ana
22:15:30 |               |
22:45:30 |               | escalation>dua
21 09:00:00 |            | repeat
23 08:59:59 |            | repeat
23 09:00:00 |            | escalation>dua
23 09:00:01 |            |
END
}

@test "one of a group that nobody has keeps the steps going" {
    escalates '    steps: [after 0m to primary, after 10m to secondary]'
    plays <<'END'
10:00:00 | up one; up two |
10:00:30 |               | first escalation>ana
10:05:00 | ack 1         |
10:10:30 |               | escalation>cem
10:11:00 | ack 2         |
10:12:00 | up three      | changed escalation>ana
10:13:00 | ack 3         |
10:30:00 |               |
END
}

@test "a silence stops the steps, its end begins them anew" {
    escalates '    steps: [after 0m to primary, after 10m to secondary]'
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first escalation>ana
10:05:00 | silence service=web --for 30m |
10:10:30 |               |
10:35:00 |               | unmuted escalation>ana
10:45:00 |               | escalation>cem
END
}

@test "what triage escalates is called for at once" {
    escalates '    steps: [after 20m to primary, after 30m to secondary]'
    at 10:00:00
    up one
    oncall-triage --pending >/dev/null
    plays <<'END'
10:00:01 |               | first escalation>ana
10:30:00 |               |
10:30:01 |               | escalation>cem
END
}

@test "a severity that rises brings another policy, a simulated one none" {
    escalates '    steps: [after 0m to primary]'
    plays <<'END'
10:00:00 | up one low; up drill critical db --simulate |
10:00:30 |               | first first
10:06:00 | oi severity $(inc 1) high >/dev/null | changed escalation>ana
10:07:00 |               |
END
}

@test "every ... 2 times, and repeat of all steps, do not go on for ever" {
    escalates '    steps: [after 0m to primary every 1m 2 times]' '    repeat: 1' \
        '    every: 10m'
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first escalation>ana
10:01:30 |               | escalation>ana
10:02:30 |               | escalation>ana
10:03:30 |               |
10:10:30 |               | escalation>ana
10:11:30 |               | escalation>ana
10:12:30 |               | escalation>ana
10:13:30 |               |
10:20:30 |               |
END
}

@test "after an outage each overdue step is done once, the next one counts from now" {
    escalates '    steps: [after 0m to primary, after 15m to secondary every 5m 3 times]'
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first escalation>ana
12:00:00 |               | escalation>cem
12:00:01 |               |
12:05:00 |               | escalation>cem
END
}

@test "a step that configuration adds is done, one that it takes away is not" {
    escalates '    steps: [after 0m to primary, after 30m to cem]'
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first escalation>ana
END
    escalates '    steps: [after 0m to primary]'
    plays <<'END'
10:31:00 |               |
14:00:30 |               | repeat
END
    escalates '    steps: [after 0m to primary, after 1m to cem, after 5h to ben]'
    plays <<'END'
14:01:00 |               | escalation>cem
15:00:30 |               | escalation>ben
END
}

@test "explain says who was called, what is next, and what would end it" {
    escalates '    steps: [after 0m to primary, after 15m to secondary]'
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first escalation>ana
END
    expect 0 oi explain "$(inc 1)" --table
    [[ $output == *"policy 'urgent' runs since 2026-11-20T10:00:30.000Z; an acknowledgement ends it"* ]]
    [[ $output == *"'after 15m to secondary', done 0 times, next at 2026-11-20T10:15:30.000Z"* ]]
    [[ $output == *'called    ["ana"]'* ]]
    [[ $output == *'looked at next at 2026-11-20T10:15:30.000Z'* ]]
    silence service=web --for 1h
    expect_records 0 oi explain "$(inc 1)"
    [[ $(of '.explain[] | select(.what == "muted") | .why') == *"$silence"*'silence expire'* ]]
    ack 1
    expect 0 oi explain "$(inc 1)" --table
    [[ $output == *'it is acknowledged: nobody is called or reminded'* ]]
}

@test "explain says what holds an incident back, and what nobody has seen" {
    at 10:00:00
    up one
    expect 0 oi explain "$(inc 1)" --table
    [[ $output == *'no tick has seen it yet'* ]]
    oi tick
    expect 0 oi explain "$(inc 1)" --table
    [[ $output == *'waits for others until 2026-11-20T10:00:30.000Z (incidents.group_wait, built-in)'* ]]
    [[ $output == *'no policy is for it'* ]]
}
