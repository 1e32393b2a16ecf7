#!/usr/bin/env bats
# oncall-incident export and import: a round trip loses nothing. purge: what is
# over and old goes, and nothing else.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

# Incidents with all that may belong to one, and texts that are hard to carry.
nasty() {
    opens "$(d severity=high severity_raw=FATAL host=h category=c pattern=a count=9 \
        event_time=2026-11-20T09:59:59.999Z \
        'title="quote \" comma , semicolon ; back\\slash \r\n newline \t tab"' \
        'labels={"n":1.50,"s":"a,\"b\"\n","f":true,"z":null}' \
        'tags=["a,b","\"q\"","🔥","sp ace","\n"]' message='x')" \
        "$(d pattern=b 'title="NUL \u0000 and \u0001, emoji \ud83d\ude00"' \
        'message="\u0000,\"\\\u2028"' 'service="a,b"')" \
        "$(d pattern=c service= title='-1+=@cmd' 'x=[1.0e5,{"k":"\u00e9"}]')" \
        "$(d pattern=d title=$'\xc3\xa4\xc3\xb6 8-bit \xf0\x9f\x94\xa5')" \
        "$(d pattern=e simulated=true 'title="\" "')"
    opens "$(d pattern=a at=10:01)" "$(d pattern=a at=10:02)" "$(d pattern=a at=10:03)" \
        "$(d pattern=a at=10:04 severity=critical)"
    oi assign "$(inc 1)" $'ana "the\nbest", x' >moved
    oi note "$(inc 1)" $'line one\r\nline "two", three\n' >moved
    oi link "$(inc 1)" "$(inc 2)" >moved
    oi link "$(inc 1)" 'https://example.org/?a="b",c' >moved
    oi resolve "$(inc 1)" --solution $'re,start\n"it"' --took 90s --note ',' >moved
    oi false-positive "$(inc 3)" >moved
    oi merge "$(inc 2)" "$(inc 4)" >moved
    opens "$(d pattern=a time=2026-11-20T16:00:00Z)"
}

# another NAME: the store to use from now on is a new one.
another() {
    ONCALL_STORE=$(new_store "$1")
}

# imports STATUS OPTION...: what it says about how many.
imports() {
    expect "$1" oi import -v "${@:2}"
    is "$output" ''
    counts=${stderr_lines[-1]#*info: }
}

# ---- round trips ----

@test "jsonl: export, import, export gives the same bytes" {
    nasty
    gives 0 oi export
    printf '%s\n' "$output" >one.jsonl
    is "$(wc -l <one.jsonl)" 6
    another copy
    imports 0 one.jsonl
    is "$counts" '6 added, 0 replaced, 0 there already'
    oi export >two.jsonl
    cmp one.jsonl two.jsonl
}

@test "csv: export, import, export gives the same bytes, and the same records" {
    nasty
    oi export >one.jsonl
    expect 0 oi export --format csv
    printf '%s\n' "$output" >one.csv
    another copy
    imports 0 --format csv one.csv
    is "$counts" '6 added, 0 replaced, 0 there already'
    oi export >two.jsonl
    cmp one.jsonl two.jsonl
    oi export -f csv >two.csv
    cmp one.csv two.csv
}

@test "csv is what other programs understand" {
    need python3
    nasty
    oi export --format csv >out.csv
    oi export | jq -c '[.id, .title, (.tags | tojson), (.count | tostring)]' >wanted
    python3 -c '
import csv, json, sys
with open("out.csv", newline="", encoding="utf-8") as f:
    for row in csv.DictReader(f):
        print(json.dumps([row["id"], row["title"],
                          json.dumps(json.loads(row["tags"]), ensure_ascii=False,
                                     separators=(",", ":")),
                          row["count"]], ensure_ascii=False, separators=(",", ":")))
' >got
    diff <(jq -c . wanted) <(jq -c . got)
}

@test "csv may come from elsewhere: quotes, CR LF, columns in any order" {
    printf '%s\r\n' 'title,id,time,revision,status,severity,fingerprint,opened,updated,first,last,count,seen,unknown' \
        '"a ""title"", quoted",INC-20261120-0007,2026-11-20T10:00:00Z,1,open,high,v1:00000000000000000000000000000007,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,3,3,x' >in.csv
    imports 0 -f csv in.csv
    gives 0 oi show "$(inc 7)"
    is "$(of '.title + (.count | tostring)')" 'a "title", quoted3'
}

@test "import twice changes nothing the second time" {
    nasty
    for format in jsonl csv; do
        oi export --format $format >out.$format
        imports 0 --format $format out.$format
        is "$counts" '0 added, 0 replaced, 6 there already'
    done
    cat out.jsonl out.jsonl >twice.jsonl
    another copy
    imports 0 twice.jsonl
    is "$counts" '6 added, 0 replaced, 6 there already'
}

@test "what differs is refused, status 3, unless --replace" {
    nasty
    oi export >one.jsonl
    sed 's/"title":"NUL /"title":"new /' one.jsonl >changed.jsonl
    imports 3 changed.jsonl
    says "INC-20261120-0002 is in the store and differs; --replace replaces it"
    is "$counts" '0 added, 0 replaced, 5 there already'
    oi export | cmp - one.jsonl
    imports 0 --replace changed.jsonl
    is "$counts" '0 added, 1 replaced, 5 there already'
    oi export | cmp - changed.jsonl
}

@test "one that is replaced keeps nothing of what it was" {
    opens "$(d)" "$(d at=10:01 severity=high)"
    oi tag "$(inc 1)" a >moved
    oi export | jq -c '.timeline = .timeline[:1] | .detections = [] | .tags = [] | .host = "h"' >in
    imports 0 --replace in
    is "$(has 1 '[(.timeline | length), (.detections | length), (.tags | length), .host] |
        map(tostring) | join(" ")')" '1 0 0 h'
}

# joins_like WHOLE: later detections do in the copy what they do in the first.
joins_like() {
    local first=$ONCALL_STORE pattern file
    oi export >all.jsonl
    for file in all.jsonl reverse.jsonl; do
        [ $file = all.jsonl ] || tac all.jsonl >reverse.jsonl
        another copy-$file
        imports 0 $file
        oi export --store "$first" >wanted
        oi export | diff wanted -
        for pattern in "$@"; do
            d pattern="$pattern" id="$file-$pattern" at=13:30 | oi open >got
            d pattern="$pattern" id="$file-$pattern" at=13:30 | oi open --store "$first" --now 2026-11-20T13:30:00Z >wanted
            [ -s wanted ]
            diff <(jq -c '[.id, .count, .previous]' wanted) <(jq -c '[.id, .count, .previous]' got)
        done
        ONCALL_STORE=$first
        oi export >all.jsonl
    done
}

@test "after import detections join what they joined before" {
    nasty
    joins_like a b c d e
}

@test "after import detections find what was merged, through several merges" {
    opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c)" "$(d pattern=e)"
    oi merge "$(inc 3)" "$(inc 2)" >moved
    oi merge "$(inc 1)" "$(inc 3)" >moved
    oi merge "$(inc 4)" "$(inc 1)" >moved
    joins_like a b c e
}

@test "after import detections find what a later one was merged into" {
    opens "$(d pattern=a)" "$(d pattern=b)"
    oi close "$(inc 2)" --now 2026-11-20T10:10:00Z >moved
    opens "$(d pattern=b at=13:00)"
    oi merge "$(inc 1)" "$(inc 3)" >moved
    oi export >all.jsonl
    another copy
    imports 0 all.jsonl
    opens "$(d pattern=b id=x at=13:01)"
    is "$(of '.id + (.count | tostring)')" "$(inc 1)3"
}

@test "replacing what others were merged into loses none of their detections" {
    opens "$(d pattern=a)" "$(d pattern=b)"
    oi merge "$(inc 1)" "$(inc 2)" >moved
    oi export | jq -c 'if .merged_into then empty else .host = "x" end' >in
    imports 0 --replace in
    opens "$(d pattern=b at=10:01)"
    is "$(of '.id + (.count | tostring)')" "$(inc 1)3"
}

@test "after import new incidents get new numbers" {
    opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c)"
    oi export | tail -n 1 >in
    another copy
    imports 0 in
    opens "$(d pattern=z)"
    is "$(of .id)" "$(inc 4)"
}

@test "half a surrogate pair in a kept detection does no harm" {
    opens "$(d 'title="a\ud800b"')"
    is "$(oi list | jq -r .title)" 'a�b'
    oi export >one.jsonl
    another copy
    imports 0 one.jsonl
    oi export | cmp one.jsonl -
}

# ---- export ----

@test "export chooses by status and service, the oldest first" {
    opens "$(d pattern=a)" "$(d pattern=b service=web)" "$(d pattern=c)"
    oi resolve "$(inc 1)" >moved
    gives 0 oi export
    is "$(of '.id[-1:]' | paste -sd ' ')" '1 2 3'
    is "$(of 'has("change")' | sort -u)" false
    gives 0 oi export --status open
    is "$(of '.id[-1:]' | paste -sd ' ')" '2 3'
    gives 0 oi export --service web
    is "$(of '.id[-1:]')" 2
    gives 0 oi export --status all --service db
    is "$(of '.id[-1:]' | paste -sd ' ')" '1 3'
}

@test "export of nothing is nothing, in CSV the heading" {
    oi open </dev/null
    expect 0 oi export
    is "$output" ''
    expect 0 oi export --format csv
    is "${#lines[@]}" 1
    [[ $output == id,time,revision,status,* ]]
    printf '%s\n' "$output" >empty.csv
    imports 0 -f csv empty.csv
    is "$counts" '0 added, 0 replaced, 0 there already'
}

# ---- import: bad input ----

# One good incident, as JSON.
good() {
    opens "$(d)"
    oi export >good.jsonl
    another empty
}

@test "import of nothing is status 0" {
    expect 0 oi import </dev/null
    expect 0 oi import --format csv </dev/null
    is "$(oi export)" ''
    expect 4 oi import none.jsonl
    says "cannot open 'none.jsonl'"
    expect 4 oi import --format csv none.csv
    says "cannot open 'none.csv'"
}

@test "import passes on what is no incident" {
    good
    { echo '{"type":"event"}' && cat good.jsonl; } >in
    expect 0 oi import in
    is "$output" '{"type":"event"}'
    is "$(oi list | jq .count)" 1
}

@test "a bad record is named and skipped, status 3; the others are stored" {
    good
    local changes=(
        '.id = "x"|is not an incident'
        'del(.id)|id'
        'del(.title)|title'
        '.title = ""|title'
        '.title = 5|title'
        'del(.fingerprint)|fingerprint'
        '.revision = 0|revision'
        '.count = -1|count'
        '.count = 9223372036854775807|count'
        '.count = 1e300|count'
        '.seen = "1"|seen'
        '.status = "broken"|status'
        '.severity = "worst"|severity'
        '.opened = "yesterday"|opened'
        'del(.updated)|updated'
        '.status = "closed"|resolved'
        '.took = -1|took'
        '.tags = {}|tags'
        '.labels = {"a":[]}|labels'
        '.merged_into = "x"|x'
        '.previous = "x"|x'
        '.detections = [1]|detections'
        '.timeline = {}|timeline'
        '.timeline = [1]|timeline'
        '.timeline += .timeline|timeline.seq'
        '.timeline[0].seq = 0|timeline.seq'
        '.timeline[0].actor = ""|timeline'
        'del(.timeline[0].what)|timeline'
    )
    local change
    for change in "${changes[@]}"; do
        jq -c "${change%|*}" good.jsonl >in
        echo "$change"
        expect 3 oi import in
        says 'in:1: '
        says "${change#*|}"
        is "$(oi list --status all)" ''
    done
    { jq -c '.title = ""' good.jsonl && cat good.jsonl; } >in
    imports 3 in
    is "$counts" '1 added, 0 replaced, 0 there already'
    expect 3 oi import --strict in
}

@test "a key that stands twice, an array too deep, a line too long: status 3" {
    good
    sed 's/"title":/"title":"a","title":/' good.jsonl >in
    sed "s/\"labels\":{}/\"labels\":{\"a\":$(printf '[%.0s' {1..300})/" good.jsonl >>in
    sed "s/\"host\":[^,]*/\"host\":\"$(printf '%01000d' 0)\"/" good.jsonl >>in
    imports 3 --max-line 1000 in
    says 'stands twice'
    says 'in:2: '
    says 'in:3: line is longer than 1000 bytes'
    is "$counts" '0 added, 0 replaced, 0 there already'
}

@test "import --errors-as-records writes what is wrong" {
    good
    echo nonsense >in
    gives 3 oi import --errors-as-records in
    is "$(of '.type + .code')" errorinput
}

@test "a bad row of CSV is named with its line and skipped, status 3" {
    opens "$(d 'title="two\nlines"')" "$(d pattern=q)"
    oi export --format csv >good.csv
    another empty
    {
        sed 's/^INC-20261120-0002,.*/INC-20261120-0002,too,few/' good.csv
        echo 'INC-20261120-0003,"no end'
    } >bad.csv
    imports 3 --format csv bad.csv
    says 'bad.csv:4: 3 fields where the heading has'
    says 'bad.csv:5: a quoted field has no end'
    is "$counts" '1 added, 0 replaced, 0 there already'
    sed 's/,open,/,"open"x,/' good.csv >bad.csv
    expect 3 oi import --format csv bad.csv
    says 'text stands behind a quoted field'
    expect 3 oi import --strict --format csv bad.csv
    { sed 1d good.csv; } >bad.csv
    expect 3 oi import --format csv bad.csv
}

@test "a cell of CSV cannot bring members of its own" {
    opens "$(d)"
    oi export --format csv >good.csv
    another empty
    sed 's/,1,1,/,"1,""title"":""x""",1,/' good.csv >bad.csv
    run ! cmp -s good.csv bad.csv
    expect 3 oi import --format csv bad.csv
    says 'bad.csv:2: '
    is "$(oi list)" ''
}

# ---- purge ----

@test "purge removes what is over and not updated for that long, and says which" {
    opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c)" "$(d pattern=e)"
    oi resolve "$(inc 1)" --now 2026-11-20T11:00:00Z >moved
    oi close "$(inc 2)" --now 2026-11-20T11:00:00.001Z >moved
    oi close "$(inc 3)" --now 2026-11-20T13:00:00Z >moved
    oi export >before
    gives 0 oi purge --older-than 1d --now 2026-11-21T11:00:00.001Z --dry-run
    is "$(of .id)" "$(inc 1)"
    oi export | cmp before -
    gives 0 oi purge --older-than 1d --now 2026-11-21T11:00:00.001Z
    is "$(of .id)" "$(inc 1)"
    is "$(oi list -s all | jq -r .id | paste -sd ' ')" "$(inc 4) $(inc 3) $(inc 2)"
    gives 0 oi purge --older-than 1d --now 2026-11-21T11:00:00.001Z
    is "$output" ''
    expect 1 oi show "$(inc 1)"
}

@test "purge leaves nothing behind of what it removed" {
    opens "$(d)" "$(d at=10:01)" "$(d at=10:02)" "$(d at=10:03)"
    oi close "$(inc 1)" >moved
    gives 0 oi purge --older-than 0s --now 2026-11-20T12:00:00.001Z
    is "$(of .id)" "$(inc 1)"
    for table in incidents fingerprints first_detections latest_detections timeline; do
        is "$table $(store_sql "SELECT COUNT(*) FROM $table")" "$table 0"
    done
    opens "$(d at=12:30 id=x)"
    is "$(of '"\(.id) \(.previous)"')" "$(inc 2) null"
}

@test "purge takes old silences, changes and messages along" {
    opens "$(d)"
    ONCALL_NOW=2026-11-20T11:00:00Z oi silence add service=web --for 1h >/dev/null
    ONCALL_NOW=2026-11-20T11:00:00Z oncall-triage change add --service web --what deploy >/dev/null
    ONCALL_NOW=2026-11-20T11:00:00Z oi tick >/dev/null
    oi close "$(inc 1)" >moved
    ONCALL_NOW=2026-11-20T13:00:00Z oi tick >/dev/null
    ONCALL_NOW=2026-11-20T13:00:00Z oi silence add service=db --for 1h >/dev/null
    is "$(left)" '2 1 2'
    gives 0 oi purge --older-than 1h --now 2026-11-20T13:30:00Z --dry-run
    is "$(left)" '2 1 2'
    gives 0 oi purge --older-than 1h --now 2026-11-20T13:30:00Z
    is "$(left)" '1 0 1'
}

# left: how many silences, changes and messages there are.
left() {
    for table in silences changes messages; do
        store_sql "SELECT COUNT(*) FROM $table"
    done | paste -s -d ' '
}

@test "purge tells a person what it does, or would do" {
    opens "$(d)"
    oi close "$(inc 1)" >moved
    expect 0 oi purge --older-than 1h --now 2026-11-21T12:00:00Z --table --dry-run
    is "$output" "would remove $(inc 1)"
    expect 0 oi purge --older-than 1h --now 2026-11-21T12:00:00Z --table
    is "$output" "removed $(inc 1)"
}

@test "purge takes the age from retention.incidents, which may be forever" {
    opens "$(d)"
    oi close "$(inc 1)" >moved
    configure 'retention: {incidents: 1h}'
    gives 0 oi purge --dry-run --now 2026-11-20T13:00:00.001Z
    is "$(of .id)" "$(inc 1)"
    gives 0 oi purge --dry-run --now 2026-11-20T13:00:00Z
    is "$output" ''
    configure 'retention: {incidents: forever}'
    expect 2 oi purge --dry-run
    says "retention.incidents is 'forever'; say --older-than"
}

@test "purge removes thousands" {
    detections 1300 fingerprints=1300 >in
    oi open in >out
    store_sql "UPDATE incidents SET status = 'closed', resolved = updated, closed = updated"
    is "$(oi purge --older-than 1d --now 2026-12-01T00:00:00Z | wc -l)" 1300
    is "$(oi list -s all)" ''
}

@test "every record that these tests have read is valid" {
    all_valid
}
