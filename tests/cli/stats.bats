#!/usr/bin/env bats
# oncall-incident stats: the figures of a time, by hand and computed once more.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

DAY='--from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z'

# figures OPTION...: stats of the day, which must be valid records.
figures() {
    # shellcheck disable=SC2086
    gives 0 oi stats $DAY "$@"
}

# fig METRIC [STAT] [GROUP]: one value of the last output.
fig() {
    of "select(.metric == \"$1\" and (.labels.stat // \"\") == \"${2:-}\" and
        ((.labels | del(.stat) | to_entries | first | .value) // \"\") ==
            \"${3:-}\") | .value"
}

# at TIME COMMAND...: oncall-incident at that time of the day.
at() {
    gives 0 env ONCALL_NOW="2026-11-20T$1:00Z" oncall-incident "${@:2}"
}

# Four incidents of services a, a, b and none.
four() {
    opens "$(d pattern=p1 service=a severity=critical \
        time=2026-11-20T10:00:30Z event_time=2026-11-20T10:00:00Z)" \
        "$(d pattern=p2 service=a time=2026-11-20T10:00:10Z \
            event_time=2026-11-20T10:00:00Z)" \
        "$(d pattern=p3 service=b time=2026-11-20T10:00:20Z \
            event_time=2026-11-20T10:00:00Z)" \
        "$(d pattern=p4 service= time=2026-11-20T10:00:00Z \
            event_time=2026-11-20T10:00:00Z)"
    at 10:10 ack "$(inc 1)"
    at 10:20 ack "$(inc 2)"
    at 11:00 resolve "$(inc 1)"
    at 12:00 resolve "$(inc 2)"
    at 10:30 false-positive "$(inc 3)"
}

# Three hundred incidents of two days with times that look random, the same ones
# every time.
many() {
    opens "$(d pattern=p1)"
    oi export | jq -c '. as $i | range(1; 301) | . as $n |
        def time($s): (1795132800 + $s) | floor | todate | sub("Z$"; ".") +
            (("00" + (($n * 37 % 1000) | tostring))[-3:]) + "Z";
        ($n * 7919 % 172800) as $at | ($n * 104729 % 7200) as $late |
        $i | .id = "INC-20261120-\($n + 1000)" | .fingerprint = "v1:\($n)" |
        .service = ["web", "db", "", "a b"][$n % 4] |
        .category = ["x", "y"][$n % 2] |
        .severity = ["info", "low", "medium", "high", "critical"][$n % 5] |
        .opened = time($at) | .updated = time($at + 9000) |
        .first = time($at - $n % 90 + 3) | .last = time($at) |
        if $n % 3 > 0 then .acknowledged = time($at + $late) else . end |
        if $n % 7 > 2 then .resolved = time($at + $late + $n) |
            .status = "resolved" else . end |
        if $n % 11 == 0 then .false_positive = true | .status = "closed" |
            .resolved = time($at + 1) | .closed = time($at + 1) else . end |
        if $n % 13 == 0 then .simulated = true else . end |
        if $n % 17 == 0 then .merged_into = "INC-20261120-0001" |
            .status = "closed" | .resolved //= time($at + 2) else . end |
        if $n % 5 == 1 then .timeline += [{"seq": 2, "time": time($at + 9),
            "actor": "x", "what": "reopened"}] else . end' >many.jsonl
    gives 0 oi import many.jsonl
}

# compare FROM TO [KEY]: stats are what the export says.
compare() {
    expect 0 oi stats --from "$1" --to "$2" ${3:+--by "$3"}
    of 'select(.metric | test("^incidents_by|autom") | not) |
        (.labels | del(.stat) | if . == {} then "*" else first(.[]) end) + " " +
        .metric + " " + (.labels.stat // "-") + " " + (.value | tostring)' |
        awk '$NF != "null" { $NF = sprintf("%.6f", $NF) } { print }' |
        LC_ALL=C sort >program
    oi export | "$ROOT/tests/lib/incident-figures.py" "$1" "$2" "${3:-}" |
        sed 's/^ //' | LC_ALL=C sort >again
    sed -i 's/^ //' program
    LC_ALL=C sort -o program program
    diff program again
}

@test "the figures of four incidents are those computed by hand" {
    four
    figures
    is "$(fig incidents)" 4
    is "$(fig incidents_false_positive)" 1
    is "$(fig incidents_resolved)" 2
    is "$(fig incidents_by_severity '' critical)" 1
    is "$(fig incidents_by_severity '' medium)" 3
    is "$(fig incidents_by_status '' resolved)" 2
    is "$(fig incidents_by_status '' closed)" 1
    is "$(fig incidents_by_status '' open)" 1
    # 30, 10 and 0 seconds; the false positive is left out.
    is "$(fig time_to_detect count)" 3
    is "$(fig time_to_detect mean | cut -c 1-7)" 13.3333
    is "$(fig time_to_detect p50)" 10
    is "$(fig time_to_detect max)" 30
    # 9 min 30 s and 19 min 50 s.
    is "$(fig time_to_acknowledge count)" 2
    is "$(fig time_to_acknowledge mean)" 880
    is "$(fig time_to_acknowledge p50)" 570
    is "$(fig time_to_acknowledge p90)" 1190
    # 59 min 30 s and 1 h 59 min 50 s.
    is "$(fig time_to_resolve mean)" 5380
    is "$(fig time_to_resolve p95)" 7190
    is "$(fig reopen_rate)" 0
    is "$(fig automation_rate)" 0
}

@test "every figure has unit, labels, from and to" {
    four
    figures --by service
    is "$(of 'select((.unit | not) or (.labels | not) or
        .from != "2026-11-20T00:00:00.000Z" or
        .to != "2026-11-21T00:00:00.000Z") | .metric')" ''
    is "$(of .unit | sort -u | xargs)" 'incidents ratio seconds'
    is "$(of 'select(.metric == "incidents" and .labels.service) |
        .labels.service' | xargs -d '\n')" ' a b'
    is "$(fig time_to_resolve count a)" 2
    is "$(fig time_to_resolve mean a)" 5380
    is "$(fig incidents '' b)" 1
    is "$(fig time_to_resolve mean b)" null
}

@test "what is reopened counts, and has its latest times" {
    four
    at 12:30 reopen "$(inc 1)"
    figures
    is "$(fig incidents_ended)" 2
    is "$(fig incidents_reopened)" 1
    is "$(fig reopen_rate)" 0.5
    is "$(fig time_to_resolve count)" 1
    is "$(fig time_to_acknowledge count)" 1
    at 13:00 resolve "$(inc 1)"
    figures
    is "$(fig time_to_resolve max)" 10770
}

@test "the figures of 300 imported incidents are those of another program" {
    many
    compare 2026-11-20T00:00:00Z 2026-11-22T00:00:00Z
    [ "$(wc -l <again)" -eq 24 ]
    for key in day service severity category; do
        compare 2026-11-20T00:00:00Z 2026-11-22T00:00:00Z "$key"
    done
    # A time that begins and ends between them.
    compare 2026-11-20T06:00:00Z 2026-11-20T18:30:00Z service
}

@test "simulated ones count only when asked for, parts of others never" {
    opens "$(d pattern=p1)" "$(d pattern=p2)" "$(d pattern=p3 simulated=true)"
    gives 0 oi merge "$(inc 1)" "$(inc 2)"
    figures
    is "$(fig incidents)" 1
    figures --simulated
    is "$(fig incidents)" 2
}

@test "automated is what an action verified and nobody had a part in" {
    opens "$(d pattern=p1)" "$(d pattern=p2)"
    for n in 1 2; do
        store_sql "INSERT INTO actions (id, same, incident, revision, name,
            params, untrusted, target, hash, actor, status, verdict, decision,
            attempts, requested) VALUES ('ACT-$n', '$n', 20261120000000$n, 1,
            'restart', '{}', '[]', 'x', 'h', 'oncall-act', 'done',
            'verified_fixed', 'auto', 1, 0)"
        store_sql "UPDATE incidents SET status = 'resolved', auto_resolved = 1,
            resolved = opened + 60000 WHERE num = 20261120000000$n"
    done
    figures
    is "$(fig automation_rate)" 1
    store_sql "UPDATE incidents SET acknowledged = opened + 1000
        WHERE num = 202611200000002"
    figures
    is "$(fig incidents_automated)" 1
    is "$(fig automation_rate)" 0.5
}

@test "an empty time has zeros and nulls, and no groups" {
    opens "$(d pattern=p1)"
    gives 0 oi stats --by day --from 2020-01-01T00:00:00Z \
        --to 2020-02-01T00:00:00Z
    is "$(fig incidents)" 0
    is "$(fig time_to_resolve count)" 0
    is "$(fig time_to_resolve mean)" null
    is "$(fig time_to_detect p95)" null
    is "$(fig reopen_rate)" null
    is "$(fig automation_rate)" null
    is "$(of 'select(.labels.day)')" ''
    expect 0 oi stats --table --to 2020-02-01T00:00:00Z
    [[ ${lines[0]} == '0 incidents opened from 2020-01-02T'* ]]
    [[ $output == *'reopened        0 of 0'* ]]
}

@test "the time is the last 30 days unless something is said" {
    opens "$(d pattern=p1 time=2026-10-21T12:00:00Z)" \
        "$(d pattern=p2 time=2026-10-21T11:59:59Z)"
    gives 0 oi stats
    is "$(fig incidents)" 1
    is "$(of .from | sort -u)" 2026-10-21T12:00:00.000Z
    is "$(of .to | sort -u)" 2026-11-20T12:00:00.000Z
    gives 0 oi stats --from 60d --to 30d
    is "$(fig incidents)" 1
}

@test "a day is that of the zone that is configured" {
    opens "$(d pattern=p1 time=2026-11-19T22:59:59Z)" \
        "$(d pattern=p2 time=2026-11-19T23:00:00Z)" \
        "$(d pattern=p3 time=2026-11-20T22:59:59Z)"
    configure 'timezone: Europe/Berlin'
    gives 0 oi stats --by day --to 2026-11-21T00:00:00Z
    is "$(of 'select(.metric == "incidents" and .labels.day) |
        "\(.labels.day) \(.value)"')" $'2026-11-19 1\n2026-11-20 2'
    configure 'timezone: Nowhere/Land'
    expect 2 oi stats --by day
    says Nowhere/Land
}

@test "the table has all of it, and a row for each group" {
    four
    opens "$(d pattern=p5 'service="ev\u001b[31mil\nname"')"
    # shellcheck disable=SC2086
    expect 0 oi stats $DAY --table --by service
    is "${lines[0]}" \
        '5 incidents opened from 2026-11-20T00:00:00.000Z to 2026-11-21T00:00:00.000Z'
    [[ $output == *'severity        4 medium, 1 critical'* ||
        $output == *'severity        1 critical, 4 medium'* ]]
    [[ $output == *'automated       0 of 2 (0.0 %)'* ]]
    [[ $output == *'By service, times on average'* ]]
    [[ $output == *'ev?[31mil name'* ]]
    [[ $output != *$'\e'* ]]
}

@test "what cannot be is refused" {
    opens "$(d pattern=p1)"
    expect 2 oi stats --from 1h --to 2h
    says '--from is not before --to'
    expect 2 oi stats --by colour
    says colour
    expect 2 oi stats --from yesterday
    expect 2 oi stats what
    expect 4 oi stats --store "$PWD/none.db"
}

@test "a full disk and a reader that is gone are told" {
    opens "$(d pattern=p1)"
    expect 4 bash -c 'oncall-incident stats >/dev/full'
}

@test "100,000 incidents take no time" {
    need unsanitized
    opens "$(d pattern=p1)"
    store_sql "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n
        WHERE i < 100000) INSERT INTO incidents (num, revision, status,
        severity, title, service, fingerprint, opened, updated, first_seen,
        last_seen, acknowledged, resolved, count, detections, tags, labels,
        links, simulated, auto_resolved, false_positive, change, changed)
        SELECT 202611200000000 + i, 1, 'resolved', 2, 't', 's', 'f', opened + i,
        updated, opened, opened, opened + 3 * i, opened + 10 * i, 1, 1, '[]',
        '{}', '[]', 0, 0, 0, 'resolved', 1 FROM n, incidents"
    # shellcheck disable=SC2086
    expect 0 timeout 10 "$BUILD/bin/oncall-incident" stats $DAY --by service
    is "$(fig incidents)" 100000
    # 9 * i milliseconds of 2 to 100,000.
    is "$(fig time_to_resolve count)" 99999
    is "$(fig time_to_resolve p50)" 450.009
    is "$(fig time_to_resolve p90)" 810.009
    is "$(fig time_to_resolve max)" 900
}

@test "all records of these tests were valid" {
    all_valid
}
