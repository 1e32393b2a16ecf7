# When people hear of an incident: groups, timers, what is muted.
# shellcheck disable=SC2034,SC2154,SC2091,SC2094

load ../lib/common
load ../lib/incident
load ../lib/pager

@test "first after group_wait, changes after group_interval, reminders, the end at once" {
    plays <<'END'
10:00:00 | up down              |
10:00:29 |                      |
10:00:30 |                      | first
10:00:30 |                      |
10:01:00 | up slow low          |
10:05:29 |                      |
10:05:30 |                      | changed
10:06:00 | resolve 2            |
10:10:30 |                      | resolved
14:10:29 |                      |
14:10:30 |                      | repeat
18:10:45 |                      | repeat
22:10:30 |                      | repeat
22:11:00 | resolve 1            | all_resolved
22:30:00 |                      |
21 09:00:00 |                   |
END
    is "$(store_sql 'SELECT COUNT(*) FROM pager_groups')" 0
    is "$(store_sql 'SELECT COUNT(*) FROM pager_incidents')" 0
    is "$(jq -r .thread messages.jsonl | sort -u)" "$(inc 1)"
    is "$(jq -r .key messages.jsonl | sort -u | wc -l)" 7
    validate --types message messages.jsonl
}

@test "what is over before group_wait has ended is never told" {
    plays <<'END'
10:00:00 | up down      |
10:00:20 | resolve 1    |
10:00:30 |              |
11:00:00 |              |
END
    is "$(outbox)" ''
}

@test "a change after a quiet time does not wait; a raised severity is a change" {
    plays <<'END'
10:00:00 | up down medium    |
10:00:30 |                   | first
11:00:00 | up slow           | changed
11:01:00 | oi severity $(inc 1) critical >/dev/null |
11:05:00 |                   | changed
END
    [[ $(last .text) == *'raised from medium'* ]]
    is "$(last .severity)" critical
}

@test "the last one resolved is told at once (Alertmanager 1510)" {
    plays <<'END'
10:00:00 | up down      |
10:00:30 |              | first
10:00:31 | resolve 1    | all_resolved
10:05:30 |              |
END
    plays <<'END'
12:00:00 | up one; up two |
12:00:30 |                | first
12:00:40 | resolve 2      |
12:00:50 | resolve 3      | all_resolved
END
    is "$(last .incidents -c | tr -d ' \n')" "[\"$(inc 2)\",\"$(inc 3)\"]"
}

@test "what was muted when it was looked at is told when that ends (Alertmanager 2896, 2496)" {
    plays <<'END'
09:55:00 | silence service=web --for 1h |
10:00:00 | up down                      |
10:00:30 |                              |
10:30:00 | up slow                      |
10:54:59 |                              |
10:55:00 |                              | unmuted
10:56:00 |                              |
14:55:00 |                              | repeat
END
}

@test "what people had heard of before it was muted is told when that ends, too" {
    plays <<'END'
10:00:00 | up down                       |
10:00:30 |                               | first
10:10:00 | silence service=web --for 20m |
10:29:59 |                               |
10:30:00 |                               | unmuted
END
    rm messages.jsonl
    plays <<'END'
10:40:00 | silence service=web --for 20m          |
10:45:00 | oi silence expire $silence >/dev/null  | unmuted
END
}

@test "what is muted and acknowledged stays quiet when that ends" {
    plays <<'END'
10:00:00 | up down                       |
10:00:30 |                               | first
10:10:00 | silence service=web --for 20m |
10:20:00 | ack 1                         |
10:30:00 |                               |
15:00:00 |                               |
15:01:00 | resolve 1                     | all_resolved
END
}

@test "a silence that begins later mutes then, and holds no reminder back after it" {
    plays <<'END'
10:00:00 | up down            |
10:00:30 |                    | first
10:10:00 | silence service=web --from 2026-11-20T13:00:00Z --until 2026-11-20T15:00:00Z |
14:00:30 |                    |
15:00:00 |                    | unmuted
19:00:00 |                    | repeat
END
}

@test "an inhibited incident does not leak through a restart (Alertmanager 4064)" {
    configure 'incidents:' '  group_wait: 0s' '  inhibit:' '    host-down:' \
        '      source: {service: host}' '      target: {service: web}' \
        '      equal: [host]'
    plays <<'END'
10:00:00 | up symptom low web --host a; up cause critical host --host a | first
10:05:00 |                 |
14:00:00 |                 | repeat
14:01:00 | up more low web --host a  |
14:02:00 | resolve 2       | all_resolved unmuted
14:03:00 |                 |
END
    is "$(jq -r 'select(.service == "web") | .reason' messages.jsonl)" unmuted
}

@test "new configuration and restarts repeat nothing (Alertmanager 627)" {
    plays <<'END'
10:00:00 | up down; up full high db |
10:00:30 |                          | first first
END
    configure 'incidents: {group_by: [severity]}'
    plays <<'END'
10:01:00 |                  |
10:02:00 |                  |
END
    is "$(store_sql 'SELECT COUNT(*) FROM pager_groups')" 1
    configure 'incidents: {group_by: [host], group_interval: 10m}'
    plays <<'END'
10:03:00 |                  |
10:06:00 | up slow low db   |
10:10:30 |                  | changed
10:11:00 | resolve 1 2 3    | all_resolved
END
}

@test "what was told as open is told as resolved, silenced or not (Alertmanager 226)" {
    plays <<'END'
10:00:00 | up down                      |
10:00:30 |                              | first
10:01:00 | silence service=web --for 1h |
10:02:00 | resolve 1                    | all_resolved
END
}

@test "what was muted all its life is never told" {
    plays <<'END'
09:55:00 | silence service=web --for 1h |
10:00:00 | up down                      |
10:10:00 | resolve 1                    |
10:55:00 |                              |
11:00:00 |                              |
END
    is "$(outbox)" ''
}

@test "an open one hides no end: what people know of is over, the rest is muted" {
    plays <<'END'
09:55:00 | silence host=b --for 1h      |
10:00:00 | up one high web --host a; up two high web --host b |
10:00:30 |                              | first
10:01:00 | resolve 1                    | all_resolved
10:55:00 |                              | unmuted
END
}

@test "a group that somebody has acknowledged is quiet until it is over" {
    plays <<'END'
10:00:00 | up one; up two    |
10:00:30 |                   | first
10:10:00 | ack 1             |
14:00:30 |                   | repeat
14:01:00 | investigate 2     |
18:01:00 |                   |
21 08:00:00 | resolve 1      | resolved
21 08:00:01 | resolve 2      | all_resolved
END
}

@test "a new one, or one that is open again, speaks in a quiet group" {
    plays <<'END'
10:00:00 | up one            |
10:00:30 |                   | first
10:01:00 | ack 1             |
11:00:00 | up two            | changed
11:01:00 | ack 2             |
11:20:00 | resolve 2; reopen 2 | changed
11:21:00 |                   |
15:20:00 |                   | repeat
END
}

@test "acknowledged before anybody was told: nobody is" {
    plays <<'END'
10:00:00 | up one            |
10:00:10 | ack 1             |
10:00:30 |                   |
11:00:00 | resolve 1         |
END
    is "$(outbox)" ''
}

@test "a resolved one that comes back begins a new thread of the same name" {
    plays <<'END'
10:00:00 | up one            |
10:00:30 |                   | first
10:10:00 | resolve 1         | all_resolved
10:20:00 | up one            |
10:20:30 |                   | first
10:30:00 | resolve 1         | all_resolved
END
    is "$(jq -r .key messages.jsonl | sort -u | wc -l)" 4
}

@test "what triage escalates does not wait" {
    escalate() {
        store_sql "INSERT INTO incident_triage (incident, revision, decision,
            triage, decided) VALUES ($1, 1, 'escalate', '{}', 0);
            INSERT INTO pager_urgent (incident) VALUES ($1)"
    }
    plays <<'END'
10:00:00 | up one                    |
10:00:05 | escalate 202611200000001  | first
10:01:00 | up two                    |
10:01:05 | escalate 202611200000002  | changed
10:01:06 |                           |
14:01:05 |                           | repeat
END
    [[ $(sed -n 2p messages.jsonl | jq -r .text) == *'triage wants'* ]]
    is "$(store_sql 'SELECT COUNT(*) FROM pager_urgent')" 0
}

@test "triage itself says so, and only of an incident that is as it was then" {
    at 10:00:00
    up one
    oncall-triage --pending >/dev/null
    is "$(store_sql 'SELECT decision FROM incident_triage')" escalate
    plays <<'END'
10:00:00 |                           | first
END
    at 11:00:00
    up two high db
    oncall-triage --pending >/dev/null
    oi severity "$(inc 2)" critical >/dev/null
    plays <<'END'
11:00:10 |                           |
11:00:30 |                           | first
END
}

@test "a mitigated incident that stays quiet is resolved, and its timeline says why" {
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first
10:05:00 | mitigate 1    |
10:10:00 | up one        |
10:20:00 |               |
10:24:59 |               |
10:25:00 |               | all_resolved
END
    is "$(has 1 .status)" resolved
    is "$(has 1 .auto_resolved)" true
    [[ $(timeline 1) == *'resolved mitigated>resolved: mitigated, and nothing seen for 15m'* ]]
}

@test "resolve_after: forever leaves it to people" {
    configure 'resolve_after: forever'
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first
10:05:00 | mitigate 1    |
21 10:05:00 |            |
END
    is "$(has 1 .status)" mitigated
}

@test "a simulated incident is told as one, and apart from what is real" {
    plays <<'END'
10:00:00 | up real; up drill high web --simulate |
10:00:30 |               | first first
10:01:00 | resolve 1     | all_resolved
END
    is "$(jq -r 'select(.simulated) | .title' messages.jsonl)" '[simulated] drill'
    is "$(jq -r 'select(.simulated | not) | .title' messages.jsonl)" "real
Resolved: real"
}

@test "what became part of another one is told no more; the last one is" {
    plays <<'END'
10:00:00 | up one; up two; up disk high db |
10:00:30 |               | first first
10:01:00 | oi merge $(inc 1) $(inc 2) >/dev/null |
10:10:00 |               |
10:11:00 | oi merge $(inc 1) $(inc 3) >/dev/null | all_resolved
10:12:00 | resolve 1     | all_resolved
END
    is "$(store_sql 'SELECT COUNT(*) FROM pager_incidents')" 0
}

@test "a purged incident leaves nothing behind; what people know of stays till it is told" {
    plays <<'END'
10:00:00 | up one        |
10:00:30 |               | first
END
    resolve 1
    at 25 10:00:00
    is "$(oi purge --older-than 1d)" ''
    plays <<'END'
25 10:00:00 |            | all_resolved
END
    is "$(oi purge --older-than 1d | wc -l)" 1
    plays <<'END'
25 10:01:00 |            |
END
    is "$(store_sql 'SELECT COUNT(*) FROM pager_groups')" 0
    is "$(store_sql 'SELECT COUNT(*) FROM pager_incidents')" 0
}

@test "a clock that jumps an hour back and forth keeps nobody waiting longer" {
    plays <<'END'
12:00:00 | up one        |
12:00:30 |               | first
12:01:00 | up two        |
11:01:10 |               |
11:05:29 |               |
11:05:40 |               | changed
12:05:40 |               |
15:05:39 |               |
15:05:40 |               | repeat
16:30:00 | up three      | changed
15:30:00 |               |
16:30:00 |               |
END
}

@test "a clock that is set right by a minute moves nothing" {
    plays <<'END'
12:00:00 | up one        |
12:00:30 |               | first
11:59:30 |               |
16:00:29 |               |
16:00:30 |               | repeat
END
}

@test "timers that an outage passed are done once each" {
    plays <<'END'
10:00:00 | up one        |
22:00:00 |               | first
21 22:00:00 |            | repeat
21 22:00:01 |            |
22 01:59:59 |            |
22 02:00:00 |            | repeat
END
}

@test "repeat_interval: 0s never reminds, group_wait: 0s never waits" {
    configure 'incidents: {repeat_interval: 0s, group_wait: 0s, group_interval: 0s}'
    plays <<'END'
10:00:00 | up one        | first
10:00:01 | up two        | changed
21 10:00:00 |            |
END
}

@test "group_by: [] tells all together, [id] each alone, a label by its name" {
    configure 'incidents: {group_by: []}'
    plays <<'END'
10:00:00 | up one high web; up two high db |
10:00:30 |               | first
END
    plays <<'END'
11:00:00 | resolve 1 2   | all_resolved
END
    configure 'incidents: {group_by: [id]}'
    plays <<'END'
12:00:00 | up three high web; up four high web |
12:00:30 |               | first first
END
    at 14:00:00
    resolve 3 4
    oi tick >/dev/null
    configure 'incidents: {group_by: [rack]}'
    opens "$(d title=a service=x 'labels={"rack":"r1"}')" \
        "$(d title=b service=y 'labels={"rack":"r1"}')" \
        "$(d title=c service=z 'labels={"rack":"r2"}')"
    plays <<'END'
14:00:30 |               | first first
END
}

@test "flapping is told once when it begins, and once when it is over" {
    configure 'incidents: {group_wait: 0s, group_interval: 1m}'
    at 10:00:00
    up one
    oi tick >>flaps.jsonl
    for minute in 01 02 03 04 05 06 07 08 09 10; do
        at "10:$minute:00"
        resolve 1
        oi tick >>flaps.jsonl
        at "10:$minute:30"
        up one
        oi tick >>flaps.jsonl
    done
    [ "$(jq -r .reason flaps.jsonl | grep -cx flapping)" -eq 1 ]
    [ "$(wc -l <flaps.jsonl)" -lt 9 ]
    [[ $(has 1 '.tags') == *flapping* ]]
    plays <<'END'
12:00:00 |               | flapping_over
12:01:00 | resolve 1     | all_resolved
END
    is "$(has 1 '.tags')" '[]'
}

@test "23,696 repeats of one alert in an hour: one incident, one message" {
    for ((minute = 0; minute < 60; minute++)); do
        at "$(printf '10:%02d:00' "$minute")"
        awk -v n="$minute" 'BEGIN {
            for (i = 0; i < (n < 56 ? 395 : 394); i++)
                printf "{\"type\":\"detection\",\"id\":\"%d-%d\",\"time\":\"2026-11-20T10:%02d:00.000Z\",\"pattern\":\"p\",\"title\":\"again\",\"severity\":\"high\",\"service\":\"db\"}\n", n, i, n
        }' >repeats
        oi open repeats >/dev/null
        oi tick >>ticks.jsonl
    done
    is "$(store_sql 'SELECT COUNT(*), MAX(count) FROM incidents')" '1|23696'
    is "$(jq -r .reason ticks.jsonl)" first
    plays <<'END'
14:00:30 |               |
14:01:00 |               | repeat
END
}

@test "a restart with 5,000 open incidents sends nothing" {
    configure 'incidents: {group_by: [id]}'
    at 10:00:00
    detections 5000 fingerprints=5000 step=0 | oi open >/dev/null
    at 10:00:30
    oi tick >first.jsonl
    at 10:00:31
    expect 0 oi tick
    is "$output" ''
    is "$(wc -l <first.jsonl)" 5000
    is "$(store_sql 'SELECT COUNT(*) FROM messages')" 5000
    at 10:02:00
    expect 0 oi tick
    is "$output" ''
}

@test "eight ticks at once write each message once" {
    configure 'incidents: {group_by: [id]}'
    at 10:00:00
    detections 300 fingerprints=300 step=0 | oi open >/dev/null
    at 10:00:30
    pids=()
    for i in 1 2 3 4 5 6 7 8; do
        oncall-incident tick >"tick.$i" 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid"
    done
    is "$(cat tick.[1-8] | jq -r .key | sort | uniq -d | wc -l)" 0
    is "$(cat tick.[1-8] | wc -l)" 300
    is "$(store_sql 'SELECT COUNT(*) FROM messages')" 300
}

@test "the same week gives the same bytes" {
    week() {
        export ONCALL_STORE=$1
        plays <<'END' && cat messages.jsonl
10:00:00 | up one; up two high db |
10:00:30 |                        | first first
10:30:00 | ack 1                  |
14:00:30 |                        | repeat
21 10:00:00 | resolve 1 2         | all_resolved all_resolved
END
    }
    week "$(new_store one)" >one
    rm messages.jsonl
    week "$(new_store two)" >two
    cmp one two
}

@test "a message says what there is to do" {
    at 10:00:00
    up down
    oi link "$(inc 1)" https://example.org/runbook >/dev/null
    triage='{"cause":"no room","decision":"suggest","actions":[{"name":"clean_up","params":{"path":"/var/it'\''s","days":3},"untrusted":[],"confidence":0.9}]}'
    store_sql "INSERT INTO incident_triage (incident, revision, decision, triage,
        decided) VALUES (202611200000001, 1, 'suggest', '${triage//\'/\'\'}', 0)"
    at 10:00:30
    expect_records 0 oi tick
    is "$(of .code)" "oncall-act run clean_up --incident $(inc 1) 'path=/var/it'\\''s' 'days=3'"
    [[ $(of .text) == *'Likely cause: no room'* ]]
    is "$(of '.links[0].url')" https://example.org/runbook
    is "$(of '.buttons | map(.id) | join(" ")')" 'ack silence'
    at 10:01:00
    $(of '.buttons[] | select(.id == "ack") | .command') >/dev/null
    is "$(has 1 .status)" acknowledged
    $(of '.buttons[] | select(.id == "silence") | .command') --note x >/dev/null
    is "$(store_sql 'SELECT COUNT(*) FROM silences')" 1
}

@test "hostile titles stay text" {
    at 10:00:00
    up $'a\tb\x1b[31m"\\\n<script>$(reboot)`' high $'we"b\xe2\x80\xae'
    plays <<'END'
10:00:30 |               | first
END
    validate --types message messages.jsonl
    [[ $(last .title) != *$'\x1b'* ]]
    [[ $(last .text) != *$'\x1b'* ]]
    is "$(last .text | wc -l)" 2
}

@test "--dry-run writes what would be written, and changes nothing" {
    at 10:00:00
    up one
    at 10:00:30
    store_sql 'SELECT COUNT(*) FROM messages' >before
    expect_records 0 oi tick --dry-run
    is "$(of .reason)" first
    is "$(store_sql 'SELECT COUNT(*) FROM messages')" 0
    is "$(store_sql 'SELECT COUNT(*) FROM pager_groups')" 0
    plays <<'END'
10:00:30 |               | first
END
    expect 2 oi tick --dry-run --follow
}

@test "wrong configuration, and a roster that is wrong, are told before anything" {
    at 10:00:00
    up one
    configure 'roster: /nowhere/roster'
    expect 4 oi tick
    echo 'rotation primary weekly Mon 09:00: ana' >roster
    chmod 600 roster
    configure "roster: $PWD/roster"
    expect 2 oi tick
    says roster:1
    configure 'escalation: {urgent: {steps: [after 0m to nobody-there]}}'
    expect 2 oi tick
    is "$(store_sql 'SELECT COUNT(*) FROM pager_groups')" 0
    expect 2 oi tick now
}

@test "output that cannot be written is status 4, and the message waits in the outbox" {
    at 10:00:00
    up one
    at 10:00:30
    expect 4 sh -c 'oncall-incident tick >/dev/full'
    is "$(outbox | cut -d '|' -f 1)" queued
    expect 0 oi tick
    is "$output" ''
}

@test "all records are as their schema says" {
    all_valid
}
