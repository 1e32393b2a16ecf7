#!/usr/bin/env bats
# oncall-incident open --from: what other tools send becomes incidents, however
# often, late and out of order it is delivered.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

# am STATUS STARTED [ENDED] [FINGERPRINT]: one webhook of Alertmanager.
am() {
    printf '{"version":"4","truncatedAlerts":0,"status":"%s","alerts":[{"status":"%s","labels":{"alertname":"HighLoad","severity":"page","instance":"db1:9100","job":"node"},"annotations":{"summary":"load is high","description":"load is 9","runbook_url":"https://x.org/r"},"startsAt":"%s","endsAt":"%s","generatorURL":"http://p/g","fingerprint":"%s"}]}\n' \
        "$1" "$1" "$2" "${3:-0001-01-01T00:00:00Z}" "${4:-0d0b2b4b8c7ea3c3}"
}

fires() {
    am firing "2026-11-20T$1:00Z" '' "${2:-}"
}

# ends BEGAN ENDED
ends() {
    am resolved "2026-11-20T$1:00Z" "2026-11-20T$2:00Z" "${3:-}"
}

# pd ACTION [MEMBERS]: one event of PagerDuty.
pd() {
    printf '{"routing_key":"%s","event_action":"%s","dedup_key":"disk"%s}\n' \
        0123456789abcdef0123456789abcdef "$1" "${2:-}"
}

trigger=',"payload":{"summary":"disk is full","source":"db1","severity":"error","component":"pg"}'

# from FORM [OPTION...]: what stands on standard input.
from() {
    gives 0 oi open --from "$@"
}

# changes: what the last run said of incidents.
changes() {
    of '[.id[-4:], .change] | join(" ")'
}

@test "an alert of Alertmanager keeps what was said" {
    from alertmanager < <(fires 10:00)
    is "$(of '[.change, .severity, .severity_raw, .title, .service, .host, .pattern,
        .fingerprint, .opened, .first, .labels.instance, (.links | join(" ")),
        .detections[0].runbook, .detections[0].annotations.description] | join("|")')" \
        'opened|critical|page|load is high|node|db1|HighLoad|alertmanager:v1:0d0b2b4b8c7ea3c3|2026-11-20T10:00:00.000Z|2026-11-20T10:00:00.000Z|db1:9100|https://x.org/r http://p/g|https://x.org/r|load is 9'
    from alertmanager < <(ends 10:00 10:30)
    is "$(of '[.change, .status, .resolved, .auto_resolved] | map(tostring) | join("|")')" \
        'resolved|resolved|2026-11-20T10:30:00.000Z|true'
    is "$(timeline 1 | tail -n 1)" \
        "resolved open>resolved: alertmanager said so ($(id -un))"
}

@test "what is delivered again changes nothing" {
    from alertmanager < <(fires 10:00; fires 10:00)
    from alertmanager < <(fires 10:00)
    is "$output" ''
    from alertmanager < <(ends 10:00 10:30)
    whole >before
    from alertmanager < <(ends 10:00 10:30; fires 10:00; ends 10:00 10:30)
    is "$output" ''
    whole >after
    cmp before after
    is "$(has 1 .count)" 1
}

@test "an end that comes again does not end what a person opened again" {
    from alertmanager < <(fires 10:00; ends 10:00 10:30)
    gives 0 oi reopen "$(inc 1)" --json
    from alertmanager < <(ends 10:00 10:30)
    is "$(has 1 .status)" open
}

@test "an end without a beginning opens nothing, nor does the beginning that comes later" {
    from alertmanager < <(ends 10:00 10:30)
    is "$output$stderr" ''
    from alertmanager < <(fires 10:00)
    is "$output" ''
    gives 0 oi list --status all --json
    is "$output" ''
    from alertmanager < <(fires 10:31)
    is "$(changes)" '0001 opened'
}

@test "an old end does not end what fires again" {
    from alertmanager < <(fires 10:00; fires 10:45)
    from alertmanager < <(ends 10:00 10:30)
    is "$output" ''
    is "$(has 1 .status)" open
    from alertmanager < <(ends 10:45 10:50)
    is "$(changes)" '0001 resolved'
}

@test "what fires again after its end opens again, also when all came late" {
    from alertmanager < <(fires 10:00; ends 10:00 10:30; fires 10:45)
    is "$(changes)" $'0001 opened\n0001 resolved\n0001 reopened'
    is "$(has 1 '"\(.status) \(.count)"')" 'open 2'
}

@test "any order of deliveries ends in the same state" {
    local order

    for order in 'a b c' 'b a c' 'c a b' 'b c a' 'c b a' 'a c b'; do
        ONCALL_STORE=$(new_store "s${order// /}")
        for step in $order $order; do
            case $step in
            a) fires 10:00 ;; b) ends 10:00 10:30 ;; c) fires 10:45 ;;
            esac | oi open --from alertmanager >/dev/null
        done
        is "$order $(oi list --status all --json | jq -c '[.status, .last]')" \
            "$order [\"open\",\"2026-11-20T10:45:00.000Z\"]"
    done
}

@test "a merged incident ends with the last of its alerts" {
    from alertmanager < <(fires 10:00 aa; fires 10:01 bb)
    gives 0 oi merge "$(inc 1)" "$(inc 2)" --json
    from alertmanager < <(ends 10:01 10:20 bb)
    is "$(has 1 .status)" open
    from alertmanager < <(ends 10:00 10:30 aa)
    is "$(has 1 .status)" resolved
}

@test "ten thousand alerts in one document, which fire and end" {
    local i

    for i in firing resolved; do
        printf '%s' '{"alerts":['
        seq 10000 | awk -v s=$i '{ printf "%s{\"status\":\"%s\",\"labels\":{\"n\":\"%d\"},\"startsAt\":\"2026-11-20T10:00:00Z\",\"endsAt\":\"2026-11-20T10:30:00Z\",\"fingerprint\":\"%d\"}", (NR > 1 ? "," : ""), s, $1, $1 }'
        printf '%s\n' ']}'
    done >in
    from alertmanager in
    is "$(of .change | sort | uniq -c | tr -s ' ')" $' 10000 opened\n 10000 resolved'
    from alertmanager in
    is "$output" ''
}

@test "alerts that the sender left out are told" {
    from alertmanager < <(fires 10:00 | sed 's/truncatedAlerts":0/truncatedAlerts":7/')
    says 'the sender left 7 alerts out'
}

@test "what is missing or wrong is named, and nothing of it is taken" {
    local edit says

    while IFS='|' read -r edit says; do
        fires 10:00 | jq -c "$edit" >in
        expect 3 oi open --from alertmanager in
        is "$output" ''
        says "$says"
    done <<'END'
del(.alerts)|'alerts' is missing
.alerts = {}|'alerts' must be a list
.alerts += [7]|'alerts[1]' must be an object
del(.alerts[0].status)|'alerts[0].status' is missing
.alerts[0].status = "odd"|'alerts[0].status' must be firing or resolved
.alerts += [.alerts[0] + {startsAt: 5}]|'alerts[1].startsAt' must be a string
.alerts[0].startsAt = "noon"|'alerts[0].startsAt' must be an RFC 3339 time
.alerts[0].labels = []|'alerts[0].labels' must be an object
del(.alerts[0].labels)|'alerts[0].labels' is missing
.alerts[0].labels.a = {}|'alerts[0].labels.a' must be a text
.alerts[0].annotations = "x"|'alerts[0].annotations' must be an object
END
    gives 0 oi list --status all --json
    is "$output" ''
}

@test "huge labels and control bytes do no harm" {
    fires 10:00 | jq -c '.alerts[0].labels.big = "x" * 100000 |
        .alerts[0].labels.bad = "a\u0000b\u001b[31m" |
        .alerts[0].annotations.summary = "red \u001b[31m" |
        .alerts[0].fingerprint = "f\u0000\n" + "y" * 5000' >in
    from alertmanager in
    is "$(of '.detections[0].truncated // false, (.labels | length > 3)')" $'false\ntrue'
    [ "${#output}" -lt 20000 ]
    from alertmanager in
    is "$output" ''
    sound
}

@test "several lines, and several on one line, and one that was cut off" {
    from alertmanager < <(fires 10:00 aa | jq .; fires 10:00 bb | tr -d '\n'; fires 10:00 cc)
    is "$(changes)" $'0001 opened\n0002 opened\n0003 opened'
    { fires 10:00 dd | cut -c 1-60; fires 10:00 ee; echo rubbish; fires 10:00 ff | cut -c 1-9; } >in
    expect 3 oi open --from alertmanager in
    is "$(changes)" '0004 opened'
    says 'in:2: a payload before has no end'
    says "in:3: a payload begins with '{'"
    expect 3 oi open --strict --errors-as-records --from alertmanager in
    is "$(of .code)" input
}

@test "Grafana says the same, with links of its own" {
    from grafana < <(fires 10:00 | jq -c '.alerts[0] += {values: {A: 1},
        dashboardURL: "https://g/d", panelURL: "javascript:alert(1)"}')
    is "$(of '[.fingerprint, (.links | join(" "))] | join("|")')" \
        'grafana:v1:0d0b2b4b8c7ea3c3|https://x.org/r http://p/g https://g/d'
}

@test "PagerDuty triggers, acknowledges and resolves" {
    from pagerduty < <(pd acknowledge; pd resolve)
    is "$output" ''
    from pagerduty < <(pd trigger "$trigger"; pd trigger "$trigger")
    is "$(of '[.change, .severity, .severity_raw, .title, .service, .host, .count] | join("|")')" \
        'opened|high|error|disk is full|pg|db1|1'
    from pagerduty < <(pd acknowledge; pd acknowledge)
    is "$(changes)" '0001 acknowledged'
    from pagerduty < <(pd resolve)
    is "$(changes)" '0001 resolved'
    from pagerduty < <(pd resolve)
    is "$output" ''
    # The same trigger after the end is trouble again, in the same instant too.
    from pagerduty < <(pd trigger "$trigger")
    is "$(changes)" '0001 reopened'
    oi export >all
    run -1 grep 0123456789abcdef all
    expect 3 oi open --from pagerduty <<<'{"event_action":"trigger","payload":{}}'
    says "'payload.summary' is missing"
    expect 3 oi open --from pagerduty <<<'{"event_action":"resolve"}'
    says "'dedup_key' is missing"
}

@test "CloudEvents open and resolve by type or status" {
    local event='{"specversion":"1.0","id":"1","source":"/disks","subject":"db1","type":"org.example.disk.fired.v1","time":"2026-11-20T10:00:00Z","data":{"title":"disk","severity":"P2"}}'

    from cloudevents < <(echo "$event"; echo "$event")
    is "$(of '[.change, .severity, .severity_raw, .title, .fingerprint, .count] | join("|")')" \
        'opened|high|P2|disk|cloudevents:v1:/disks db1|1'
    from cloudevents < <(jq -c '.id = "2" | .type = "org.example.disk.resolved.v1" | .time = "2026-11-20T10:05:00Z"' <<<"$event")
    is "$(changes)" '0001 resolved'
    expect 3 oi open --from cloudevents <<<'{"specversion":"1.0","id":"1","type":"x"}'
    says "'source' is missing"
}

@test "a Nagios plugin fires and is over" {
    from nagios --service disk --host db1 <<<'DISK CRITICAL - 97% used | /=97%;80;90'
    is "$(of '[.change, .severity, .severity_raw, .title, .service, .host, .fingerprint,
        .detections[0].annotations.perfdata] | join("|")')" \
        'opened|critical|CRITICAL|DISK CRITICAL - 97% used|disk|db1|nagios:v1:db1/disk| /=97%;80;90'
    from nagios --service disk --host db1 <<<'DISK OK - 3% used'
    is "$(changes)" '0001 resolved'
    from nagios --service disk --host db1 --status 3 <<<'no idea'
    is "$(of '[.change, .severity_raw] | join(" ")')" 'reopened CRITICAL'
    expect 3 oi open --from nagios --service disk <<<'no idea'
    says 'none of OK, WARNING, CRITICAL and UNKNOWN'
    expect 3 oi open --from nagios --service disk </dev/null
}

@test "a severity that nobody knows is medium and stays readable" {
    from alertmanager < <(fires 10:00 | sed 's/"page"/"bananas"/')
    is "$(of '[.severity, .severity_raw] | join(" ")')" 'medium bananas'
}

@test "options that do not go together are refused" {
    expect 2 oi open --from nagios </dev/null
    says '--service or --host'
    expect 2 oi open --from alertmanager --status 1 </dev/null
    expect 2 oi open --status 1 </dev/null
    expect 2 oi open --from alertmanager --title x </dev/null
    expect 2 oi open --from smoke </dev/null
}

@test "from-alertmanager.sh takes each file once, and puts bad ones aside" {
    mkdir in
    fires 10:00 >in/1.json
    echo rubbish >in/2.json
    ends 10:00 10:30 >in/3.json
    expect 0 "$ROOT/examples/pipelines/from-alertmanager.sh" in
    is "$output" "opened  critical  $(inc 1)  node  load is high
resolved  critical  $(inc 1)  node  load is high"
    is "$(cd in && echo ./*/*)" './bad/2.json ./taken/1.json ./taken/3.json'
    expect 0 "$ROOT/examples/pipelines/from-alertmanager.sh" in
    is "$output" ''
    expect 2 "$ROOT/examples/pipelines/from-alertmanager.sh"
}

@test "all records were valid" {
    all_valid
}
