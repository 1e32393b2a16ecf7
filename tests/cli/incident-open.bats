#!/usr/bin/env bats
# oncall-incident open: which incident a detection joins, opens or reopens, and
# what is written.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

# ---- opening ----

@test "a first detection opens an incident that says what the detection said" {
    opens "$(d severity=high severity_raw=FATAL host=db1 category=database \
        message='too many clients' 'tags=["pg"]' 'labels={"rack":"r1"}' count=2 \
        event_time=2026-11-20T09:59:58.500Z)"
    is "$(of '[.id, .status, .severity, .severity_raw, .title, .service, .host,
        .category, .pattern, .opened, .updated, .time, .first, .last, .count,
        .seen, .tags[0], .labels.rack, .revision, .change] | join("|")')" \
        'INC-20261120-0001|open|high|FATAL|trouble|db|db1|database|p|2026-11-20T10:00:00.000Z|2026-11-20T10:00:00.000Z|2026-11-20T10:00:00.000Z|2026-11-20T09:59:58.500Z|2026-11-20T09:59:58.500Z|2|1|pg|r1|1|opened'
    is "$(of '.acknowledged, .resolved, .assignee, .previous' | sort -u)" null
}

@test "the members of an incident stand in the order of the manual" {
    opens "$(d)"
    is "$(of 'keys_unsorted | join(" ")')" 'type id time revision status severity title service host category pattern fingerprint opened updated first last count seen tags labels links change detections'
}

@test "empty input changes nothing, status 0" {
    expect 0 oi open </dev/null
    is "$output$stderr" ''
    printf '\n  \n\r\n' >blank
    expect 0 oi open blank
    is "$output$stderr" ''
    gives 0 oi list
    is "$output" ''
}

@test "one record is written for each incident and commit" {
    detections 500 fingerprints=5 >in
    gives 0 oi open in
    is "$(of '.id + " " + (.count | tostring)' | paste -sd,)" \
        'INC-20261120-0001 100,INC-20261120-0002 100,INC-20261120-0003 100,INC-20261120-0004 100,INC-20261120-0005 100'
    gives 0 oi open in
    is "$output" ''
}

@test "numbers are given in the order of arrival, a series for each day" {
    opens "$(d pattern=a)" "$(d pattern=b time=2026-11-21T00:00:00Z)" \
        "$(d pattern=c time=2026-11-19T23:59:59.999Z)" "$(d pattern=d)"
    is "$(of '.id + .pattern' | sort | paste -sd' ')" \
        'INC-20261119-0001c INC-20261120-0001a INC-20261120-0002d INC-20261121-0001b'
    opens "$(d pattern=e)"
    is "$(of .id)" INC-20261120-0003
}

@test "the title is the detection's, else its message, else its pattern" {
    opens "$(d service=a title= message='what was seen')" \
        "$(d service=b title=)" "$(d service=c 'title=""' message=m)"
    is "$(of '.service + " " + .title' | sort | paste -sd,)" \
        'a what was seen,b p,c m'
    opens "$(d pattern= title= \
        fingerprint=v1:00000000000000000000000000000001)"
    is "$(of .title)" 'detection without a title'
}

@test "a title is cut at 500 bytes, between two characters" {
    long=$(printf 'ä%.0s' {1..300})
    opens "$(d title="$long")"
    is "$(of '.title | length')" 250
}

@test "the owner of the service is assigned, and the timeline says so" {
    configure 'services: {db: {owner: team-data}, web: {criticality: low}}'
    opens "$(d)" "$(d service=web)" "$(d service=)"
    is "$(of '"\(.service) \(.assignee)"' | sort | paste -sd,)" \
        'db team-data,null null,web null'
    is "$(timeline 1)" "opened >medium: first detection with this fingerprint ($(id -un))
assigned >team-data: owner of the service ($(id -un))"
}

@test "a time that is absent is the time of the clock" {
    opens "$(d time=)"
    is "$(of '.opened + .first')" 2026-11-20T12:00:00.000Z2026-11-20T12:00:00.000Z
}

# ---- joining ----

@test "what has the same fingerprint joins: count, seen and last follow" {
    opens "$(d)" "$(d at=10:01 count=5)"
    opens "$(d at=10:02 host=other title=other)"
    is "$(of '[.id, .count, .seen, .first, .last, .updated, .title, .host, .change,
        .revision] | map(tostring) | join(" ")')" "INC-20261120-0001 7 3 2026-11-20T10:00:00.000Z 2026-11-20T10:02:00.000Z 2026-11-20T10:02:00.000Z trouble null updated 1"
}

@test "first and last are the extremes, in whatever order detections come" {
    opens "$(d at=10:05)" "$(d at=10:01)" "$(d at=10:03)"
    is "$(of '.first + .last')" 2026-11-20T10:01:00.000Z2026-11-20T10:05:00.000Z
    is "$(of '.opened + .updated')" 2026-11-20T10:05:00.000Z2026-11-20T10:05:00.000Z
}

@test "a folded detection counts with its count, from its first to its last" {
    opens "$(d at=10:05 count=40 first=2026-11-20T09:00:00Z last=2026-11-20T10:04:00Z)"
    is "$(of '[.count, .seen, .first, .last] | map(tostring) | join(" ")')" \
        '40 1 2026-11-20T09:00:00.000Z 2026-11-20T10:04:00.000Z'
}

@test "severity rises by a detection and never falls" {
    opens "$(d severity=low)" "$(d severity=high at=10:01)"
    opens "$(d severity=critical at=10:02)"
    is "$(of '.severity + " " + .change + (.revision | tostring)')" 'critical raised3'
    opens "$(d severity=info at=10:03)"
    is "$(of '.severity + " " + .change + (.revision | tostring)')" 'critical updated3'
    is "$(timeline 1 | grep raised)" "raised low>high ($(id -un))
raised high>critical ($(id -un))"
    is "$(has 1 '.timeline[1].time')" 2026-11-20T10:01:00.000Z
}

@test "tags are the union, in the order in which they came" {
    opens "$(d 'tags=["b","a"]')"
    opens "$(d 'tags=["a","c"]' at=10:01)"
    opens "$(d 'tags=[]' at=10:02)"
    is "$(of '.tags | join(" ")')" 'b a c'
}

@test "a tag is the same however it is written, and stands once" {
    opens "$(d 'tags=["a","a","",1,"caf\u00e9","café"]')"
    is "$(of '.tags | join(" ")')" 'a café'
    gives 0 oi list --tag café
    is "$(of .id)" "$(inc 1)"
}

@test "fingerprints decide: the same one joins, whatever else differs" {
    local one=fingerprint=v1:000000000000000000000000000000aa
    local two=fingerprint=v1:000000000000000000000000000000ab
    opens "$(d "$one")" "$(d "$one" service=web pattern=q)" "$(d "$two")"
    is "$(of '.fingerprint + " " + (.count | tostring)')" \
        'v1:000000000000000000000000000000aa 2
v1:000000000000000000000000000000ab 1'
}

@test "a missing fingerprint is that of pattern and service" {
    opens "$(d)" "$(d host=h2)" "$(d service=web)" "$(d pattern=q)" "$(d service=)"
    is "$(of '"\(.pattern) \(.service) \(.count)"' | sort | paste -sd,)" \
        'p db 2,p null 1,p web 1,q db 1'
    # The rule of the manual, by another program.
    is "$(of 'select(.count == 2) | .fingerprint')" \
        "v1:$(printf 'p\0db\0' | sha256sum | cut -c 1-32)"
}

@test "the monitor's fingerprint and the computed one meet" {
    opens "$(d)"
    opens "$(d at=10:01 fingerprint="v1:$(printf 'p\0db\0' | sha256sum | cut -c 1-32)")"
    is "$(of '.count')" 2
}

@test "a simulated detection never joins a real incident" {
    opens "$(d)" "$(d simulated=true)" "$(d simulated=false)"
    is "$(of '"\(.simulated) \(.count)"' | sort | paste -sd,)" 'null 2,true 1'
}

# ---- after the end ----

# over HH:MM [COMMAND]: incident 1 ended then.
over() {
    oi "${2:-resolve}" "$(inc 1)" --now "2026-11-20T$1:00Z" >over.out
}

@test "seen again within reopen_within: the same incident is open again" {
    opens "$(d)"
    oi ack "$(inc 1)" --now 2026-11-20T10:01:00Z >ack.out
    over 10:30
    opens "$(d at=12:30)"
    is "$(of '[.id, .status, .change, .count, .revision] | map(tostring) | join(" ")')" \
        'INC-20261120-0001 open reopened 2 2'
    is "$(of '.acknowledged, .resolved' | sort -u)" null
    is "$(timeline 1 | tail -1)" "reopened resolved>open: seen again 2h after it was resolved ($(id -un))"
}

@test "seen again later than reopen_within: a new one, linked to the old" {
    opens "$(d)"
    over 10:30
    opens "$(d time=2026-11-20T12:30:00.001Z)"
    is "$(of '[.id, .status, .previous, .change, .count] | map(tostring) | join(" ")')" \
        'INC-20261120-0002 open INC-20261120-0001 opened 1'
    is "$(has 1 .status)" resolved
    is "$(timeline 2)" "opened >medium: INC-20261120-0001 was resolved 2h before, longer than reopen_within (2h) ($(id -un))"
    opens "$(d at=12:40)"
    is "$(of '.id + (.count | tostring)')" INC-20261120-00022
}

@test "reopen_within comes from the configuration" {
    configure 'incidents: {reopen_within: 10m}'
    opens "$(d)"
    over 10:30
    opens "$(d at=10:41)"
    is "$(of .previous)" "$(inc 1)"
}

@test "what was closed reopens within reopen_within of the end, not of the close" {
    opens "$(d)"
    over 10:10
    over 11:00 close
    opens "$(d at=12:15)"
    is "$(of '.id + .previous')" "$(inc 2)$(inc 1)"
}

@test "a false positive that is seen again is one no more" {
    opens "$(d)"
    over 10:30 false-positive
    opens "$(d at=11:00)"
    is "$(of '[.status, .false_positive] | map(tostring) | join(" ")')" 'open null'
}

@test "a detection from before the end joins and does not reopen" {
    opens "$(d)"
    over 10:30
    opens "$(d at=10:30)" "$(d at=10:20)"
    is "$(of '[.id, .status, .count, .change] | map(tostring) | join(" ")')" \
        'INC-20261120-0001 resolved 3 updated'
    is "$(timeline 1 | wc -l)" 2
}

@test "the time of the event decides, not that of the record" {
    opens "$(d)"
    over 10:30
    opens "$(d at=11:00 event_time=2026-11-20T10:29:00Z)"
    is "$(of '.status')" resolved
    opens "$(d at=11:01 event_time=2026-11-20T10:31:00Z)"
    is "$(of '.status')" open
}

@test "one batch may join, reopen and succeed" {
    opens "$(d)"
    over 10:30
    opens "$(d at=10:05)" "$(d time=2026-11-21T00:00:00Z)" \
        "$(d time=2026-11-21T00:01:00Z)"
    is "$(of '[.id, .status, .count, .previous] | map(tostring) | join(" ")')" \
        'INC-20261120-0001 resolved 2 null
INC-20261121-0001 open 2 INC-20261120-0001'
}

# ---- seen before ----

@test "positions: what stands before the committed one changes nothing" {
    opens "$(d "$(at_position s 100)")" "$(d "$(at_position s 200)" at=10:01)"
    opens "$(d "$(at_position s 100)")" "$(d "$(at_position s 200)" at=10:01)"
    is "$output" ''
    opens "$(d "$(at_position s 150)" at=10:01)"
    is "$output" ''
    opens "$(d "$(at_position s 201)" at=10:02)"
    is "$(of .count)" 3
    opens "$(d "$(at_position other 5)" at=10:02)"
    is "$(of .count)" 4
}

@test "positions: several rules may stand at one position, each counts once" {
    opens "$(d "$(at_position s 5)" id=s-5-a)" "$(d "$(at_position s 5)" id=s-5-b)"
    is "$(of .count)" 2
    opens "$(d "$(at_position s 5)" id=s-5-b)" "$(d "$(at_position s 5)" id=s-5-c)" \
        "$(d "$(at_position s 5)" id=s-5-a)" "$(d "$(at_position s 5)" id=s-5-c)"
    is "$(of .count)" 3
}

@test "positions: an id that holds a line end is known again" {
    opens "$(d "$(at_position s 5)" 'id="a\nb"')"
    opens "$(d "$(at_position s 5)" 'id="a\nb"')"
    is "$output" ''
    opens "$(d "$(at_position s 5)" 'id="a\nb\nc"')"
    is "$(of .count)" 2
}

@test "positions: they rise within one batch, too" {
    opens "$(d "$(at_position s 9)" id=a)" "$(d "$(at_position s 8)" id=b)" \
        "$(d "$(at_position s 9)" id=a)" "$(d "$(at_position s 9)" id=c)"
    is "$(of .count)" 2
}

@test "ids: without a position the id is remembered" {
    opens "$(d id=a)" "$(d id=b)" "$(d id=a)"
    is "$(of .count)" 2
    opens "$(d id=b at=10:01)"
    is "$output" ''
}

@test "ids: without an id, or with an empty one, the line is remembered" {
    opens "$(d)" "$(d)" "$(d at=10:01)" "$(d 'id=""' at=10:02)" "$(d 'id=""' at=10:03)"
    is "$(of .count)" 4
    opens "$(d)"
    is "$output" ''
}

@test "ids: a stream without an offset, or an offset without a stream, is no position" {
    opens "$(d id=a 'source={"kind":"x","stream":"s"}')" \
        "$(d id=b 'source={"kind":"x","stream":"s"}')" \
        "$(d id=c 'source={"kind":"x","offset":5}')" \
        "$(d id=d 'source={"kind":"x","offset":4}')"
    is "$(of .count)" 4
}

@test "ids: they are forgotten after remember_ids" {
    configure 'incidents: {remember_ids: 1h}'
    opens "$(d id=a)" "$(d id=b)"
    ONCALL_NOW=2026-11-20T12:30:00Z opens "$(d id=a)" "$(d id=c)"
    is "$(of .count)" 3
    # What is new makes it look for what is old.
    ONCALL_NOW=2026-11-20T13:20:00Z opens "$(d id=d)"
    ONCALL_NOW=2026-11-20T13:21:00Z opens "$(d id=b)" "$(d id=c)"
    is "$(of .count)" 5
}

# ---- cursors and what is passed on ----

@test "a cursor is committed with the detections before it, and passed on behind them" {
    opens "$(cursor s 1)" "$(d "$(at_position s 5)" id=a)" "$(cursor s 10 snap-10)"
    is "$(of .type | paste -sd' ')" 'incident cursor cursor'
    is "${lines[1]}" "$(cursor s 1)"
    is "${lines[2]}" "$(cursor s 10 snap-10)"
    is "$(store_sql 'SELECT stream, position, cursor_position, snapshot FROM streams')" \
        's|10|10|"snap-10"'
    opens "$(d "$(at_position s 9)" id=b)"
    is "$output" ''
    opens "$(d "$(at_position s 10)" id=c at=10:01)"
    is "$(of .count)" 2
}

@test "an older cursor is passed on and changes nothing" {
    opens "$(cursor s 10 new)"
    opens "$(cursor s 9 old)"
    is "$output" "$(cursor s 9 old)"
    is "$(store_sql 'SELECT position, cursor_position, snapshot FROM streams')" '10|10|"new"'
}

@test "a detection behind a cursor leaves cursor and snapshot as they are" {
    opens "$(cursor s 10 snap)"
    opens "$(d "$(at_position s 20)")"
    is "$(store_sql 'SELECT position, cursor_position, snapshot FROM streams')" '20|10|"snap"'
    opens "$(cursor s 30)"
    is "$(store_sql 'SELECT position, cursor_position, snapshot FROM streams')" '30|30|'
}

@test "a position need not be a number" {
    local line='{"type":"cursor","source":{"kind":"journal","stream":"j"},"position":{"s":"a;b"}}'
    expect 0 oi open <<<"$line"
    is "$output" "$line"
    is "$(store_sql 'SELECT cursor_position FROM streams')" '{"s":"a;b"}'
}

@test "other records are passed on byte for byte, in order, behind the incidents" {
    # Blanks, escapes, keys twice, big numbers and unknown types all stay.
    printf '%s\n' ' {"type" : "event","n":1.0e400}' '{"a":1,"a":2}' '{"type":7}' \
        "$(cursor s 4)" '{"type":"\u0069ncident","x":"\ud83d\ude00"}' '{}' >others
    {
        head -n 2 others
        d
        tail -n +3 others
    } >in
    expect 0 oi open in
    is "$(printf '%s\n' "$output" | head -1 | jq -r .type)" incident
    printf '%s\n' "$output" | tail -n +2 | cmp - others
}

@test "lines may end in CR LF" {
    printf '%s\r\n%s\r\n' '{"type":"event"}' "$(d)" >in
    expect 0 oi open in
    is "${lines[1]}" '{"type":"event"}'
    is "$(printf '%s' "${lines[0]}" | jq .count)" 1
}

@test "files are read in order, - is standard input" {
    d id=a >one
    d id=b at=10:01 title=later >two
    gives 0 oi open one - <two
    is "$(of '.title + (.count | tostring)')" trouble2
    expect 4 oi open none one
    says "cannot open 'none': No such file or directory"
}

@test "output is flushed when the input runs dry, while the writer is still there" {
    mkfifo in
    oi open <in >out &
    exec 9>in
    d >&9
    eventually 2 test -s out
    is "$(jq -r .change out)" opened
    d at=10:01 id=x >&9
    eventually 2 grep -q updated out
    exec 9>&-
    wait $!
    is "$(wc -l <out)" 2
}

@test "a busy stream is committed every second" {
    mkfifo in
    oi open <in >out &
    exec 9>in
    local i=0
    until [ -s out ]; do
        i=$((i + 1))
        [ "$i" -lt 100000 ]
        d "$(at_position s "$i")" >&9
    done
    exec 9>&-
    wait $!
    [ "$(wc -l <out)" -ge 2 ]
    is "$(oi list | jq .count)" "$i"
}

# ---- replay ----

@test "replay of the same detections gives the same incidents, byte for byte" {
    detections 300 fingerprints=7 cursor=50 >in
    oi open in >live
    oi export >live.export
    ONCALL_STORE=$(new_store second)
    ONCALL_NOW='' oi open --replay in >replayed
    ONCALL_NOW='' oi export >replayed.export
    cmp live replayed
    cmp live.export replayed.export
}

@test "under replay the clock is that of the detections" {
    d id=a >in
    d time= id=b >>in
    gives 0 oi open --replay in
    is "$(of .updated)" 2026-11-20T10:00:00.000Z
}

# ---- what is kept ----

@test "the first three and the latest three detections are kept" {
    local i all=()
    for i in {0..9}; do all+=("$(d id="k$i" at="10:0$i")"); done
    opens "${all[@]:0:2}"
    opens "${all[@]:2:3}"
    is "$(of '[.detections[].id] | join(" ")')" 'k2 k3 k4'
    is "$(has 1 '[.detections[].id] | join(" ")')" 'k0 k1 k2 k3 k4'
    opens "${all[@]:5}"
    is "$(has 1 '[.detections[].id] | join(" ")')" 'k0 k1 k2 k7 k8 k9'
    is "$(has 1 '.detections[0]' | jq -c .)" "${all[0]}"
}

@test "a kept detection is the line as it came" {
    local line='{ "type":"detection" , "time":"2026-11-20T03:15:00.000Z","pattern":"p","severity":"low","x":1.50,"u":"\u00e9" }'
    printf '%s\n' "$line" >in
    oi open in >out
    grep -qF "$line" out
    oi show "$(inc 1)" --json >out
    grep -qF "$line" out
}

@test "a kept detection without a time has that of the clock" {
    echo '{"type":"detection","pattern":"p","severity":"low"}' >in
    gives 0 oi --now 2026-11-20T03:15:00Z open in
    is "$(of '.detections[0].time')" 2026-11-20T03:15:00.000Z
}

@test "a detection without a position counts again when it is forgotten" {
    echo '{"type":"detection","pattern":"p","severity":"low"}' >in
    oi --now 2026-11-20T03:15:00Z open in >out
    gives 0 oi --now 2026-11-27T03:14:00Z open in
    is "$output" ''
    gives 0 oi --now 2026-11-27T03:16:00Z open in
    is "$(of .count)" 2
}

@test "a long detection is kept without its long members, marked as truncated" {
    opens "$(d id=long message="$(printf 'x%017000d' 0)" truncated=true note=short)"
    is "$(of '.detections[0] | [.id, .note, .truncated, has("message")] | map(tostring) | join(" ")')" \
        'long short true false'
    opens "$(d id=edge at=10:01 message="$(printf 'x%016000d' 0)")"
    is "$(has 1 '.detections[1] | [has("truncated"), has("message")] | map(tostring) | join(" ")')" \
        'false true'
}

# ---- by hand ----

@test "by hand: an incident with everything that was said" {
    gives 0 oi open --title 'shop is down' --service shop --severity critical \
        --host web1 --category outage --message 'HTTP 503' --tag a --tag b
    is "$(of '[.title, .service, .severity, .host, .category, .tags[0], .tags[1],
        .opened, .pattern, .detections[0].message] | map(tostring) | join("|")')" \
        'shop is down|shop|critical|web1|outage|a|b|2026-11-20T12:00:00.000Z|null|HTTP 503'
}

@test "by hand: the severity is medium unless said" {
    gives 0 oi open --title t
    is "$(of .severity)" medium
}

@test "by hand: the same title and service joins, another does not" {
    gives 0 oi open --title t --service s
    gives 0 oi open --title t --service s --severity high
    is "$(of '.id + .severity + (.count | tostring)')" "$(inc 1)high2"
    gives 0 oi open --title t --service other
    is "$(of .id)" "$(inc 2)"
    gives 0 oi open --title u --service s
    is "$(of .id)" "$(inc 3)"
}

@test "by hand: simulated ones join only simulated ones" {
    gives 0 oi open --title t --simulate
    is "$(of .simulated)" true
    gives 0 oi open --title t
    is "$(of '.id + (.simulated | tostring)')" "$(inc 2)null"
    gives 0 oi open --title t --simulate
    is "$(of '.id + (.count | tostring)')" "$(inc 1)2"
}

@test "by hand: it needs a title, and takes no file" {
    expect 2 oi open --service s
    says 'give it a --title'
    expect 2 oi open --title ''
    says 'the title is empty'
    expect 2 oi open --title t file
    says 'reads no file'
    expect 2 oi open --title t --severity worst
    is "$(oi list)" ''
}

@test "by hand: a tag that is empty or said twice" {
    gives 0 oi open --title t --tag '' --tag a --tag a
    is "$(of '.tags | join("|")')" a
}

@test "by hand: bytes that are not UTF-8 are repaired" {
    gives 0 oi open --title $'caf\xe9' --service $'s\x01'
    is "$(of .title)" 'caf�'
}

# ---- bad input ----

@test "a bad line is reported with its number and skipped, status 3" {
    printf '%s\n' "$(d id=a)" 'nonsense' '[1]' "$(d id=b at=10:01)" '{"type":"detection"' >in
    gives 3 oi open in
    is "$(of .count)" 2
    [[ ${stderr_lines[0]} == 'oncall-incident: error: in:2: '* ]]
    [[ ${stderr_lines[1]} == 'oncall-incident: error: in:3: '* ]]
    [[ ${stderr_lines[2]} == 'oncall-incident: error: in:5: '* ]]
}

@test "a bad detection says which member is wrong" {
    local cases=(
        "severity=|must have 'severity'"
        'severity=worst|severity'
        'severity=3|severity'
        "pattern=|must have 'pattern' or 'fingerprint'"
        'time=yesterday|time'
        'time=2026-13-01T00:00:00Z|time'
        'event_time=5|event_time'
        'first=never|first'
        'last=[]|last'
        'count=0|count'
        'count=2147483648|count'
        'count=1.5|count'
        'count="1"|count'
        'title=5|title'
        'id={}|id'
        'tags=x|tags'
        'labels=[]|labels'
        'labels={"a":{}}|labels'
        'simulated=yes|simulated'
        'source=x|source'
        'source={"stream":"s","offset":-1}|source.offset'
        'source={"stream":"s","offset":"1"}|source.offset'
        'source={"stream":"s","offset":99999999999999999999}|source.offset'
    )
    local case
    for case in "${cases[@]}"; do d "${case%|*}" >>in; done
    expect 3 oi open in
    is "$output" ''
    for case in "${!cases[@]}"; do
        # Only the first 20 are told.
        [ "$case" -lt 20 ] || break
        [[ ${stderr_lines[case]} == *"in:$((case + 1)): "*"${cases[case]#*|}"* ]] ||
            { echo "${stderr_lines[case]} # ${cases[case]}" && false; }
    done
    says 'further bad lines are only counted'
    says "${#cases[@]} bad lines in all"
}

@test "a bad cursor is reported and not passed on" {
    printf '%s\n' '{"type":"cursor"}' '{"type":"cursor","position":1}' \
        '{"type":"cursor","position":1,"source":{}}' \
        '{"type":"cursor","source":{"stream":"s"}}' >in
    expect 3 oi open in
    is "$output" ''
    says "in:1: a cursor must have 'position'"
    says "in:3: a cursor must have 'source.stream'"
}

@test "with --strict the first bad line ends the run; what was before it is kept" {
    printf '%s\n' "$(d id=a)" 'nonsense' "$(d id=b at=10:01)" >in
    gives 3 oi open --strict in
    is "$(of .count)" 1
    is "$(oi list | jq .count)" 1
}

@test "with --errors-as-records bad lines are records, too" {
    printf '%s\n' 'nonsense' "$(d)" '{"type":"detection"}' >in
    gives 3 oi open --errors-as-records in
    is "$(of 'select(.type == "error") | "\(.tool) \(.code) \(.line)"')" \
        'oncall-incident input 1
oncall-incident input 3'
    is "$(of 'select(.type == "incident") | .count')" 1
}

@test "--max-line sets what is too long" {
    d message="$(printf 'x%01000d' 0)" >in
    d id=short >>in
    gives 3 oi open --max-line 500 in
    is "$(of '.detections[0].id')" short
    says 'in:1: line is longer than 500 bytes'
}

@test "every record that these tests have read is valid" {
    all_valid
}
