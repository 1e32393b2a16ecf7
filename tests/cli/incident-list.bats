#!/usr/bin/env bats
# oncall-incident list, show, explain: what is asked for is what is given.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

# Six incidents, one of each status, at 07:00, 08:00 ... 12:00.
some() {
    opens "$(d at=07:00 service=db severity=low category=disk 'tags=["a"]' title=first count=6)" \
        "$(d at=08:00 service=web severity=high category=net title='Second one' count=2)" \
        "$(d at=09:00 service=db severity=critical pattern=pg 'tags=["a","b"]' title=third)" \
        "$(d at=10:00 service=cache severity=info host=h-SECOND title=fourth count=4)" \
        "$(d at=11:00 service=web severity=medium pattern=q title=fifth count=5)" \
        "$(d at=12:00 service=db severity=high pattern=r category=disk title=sixth count=3)"
    ONCALL_NOW=2026-11-20T12:10:00Z oi ack "$(inc 2)" >moved
    ONCALL_NOW=2026-11-20T12:20:00Z oi investigate "$(inc 3)" >moved
    ONCALL_NOW=2026-11-20T12:30:00Z oi mitigate "$(inc 4)" >moved
    ONCALL_NOW=2026-11-20T12:40:00Z oi resolve "$(inc 5)" >moved
    ONCALL_NOW=2026-11-20T12:50:00Z oi close "$(inc 6)" >moved
    ONCALL_NOW=2026-11-20T13:00:00Z
}

# lists NUMBERS OPTION...: which of them are listed, in this order.
lists() {
    gives 0 oi list "${@:2}"
    is "$(of '.id[-1:]' | paste -sd ' ')" "$1"
}

# on_terminal COMMAND...: as a person sees it, without colours.
on_terminal() {
    local said=0

    NO_COLOR=1 COLUMNS=${COLUMNS:-120} script -qec "$*" /dev/null </dev/null \
        >terminal || said=$?
    tr -d '\r' <terminal
    return "$said"
}

# ---- list ----

@test "list gives what is not over, newest first; --status chooses" {
    some
    lists '4 3 2 1'
    lists '6 5 4 3 2 1' --status all
    lists 1 --status open
    lists 2 --status acknowledged
    lists 3 --status investigating
    lists 4 -s mitigated
    lists 5 --status=resolved
    lists 6 --status closed
}

@test "list --severity means that or worse" {
    some
    lists 3 --severity critical
    lists '3 2' --severity high
    lists '3 2 1' -S low
    lists '4 3 2 1' --severity info
    lists '6 3 2' --severity high --status all
}

@test "list --service, --category, --tag, --assignee mean exactly that" {
    some
    oi assign "$(inc 2)" ana >moved
    lists '3 1' --service db
    lists '' --service d
    lists 1 --category disk
    lists '6 1' --category disk --status all
    lists '3 1' --tag a
    lists 3 -t b
    lists 2 --assignee ana
    lists '4 3 1' --assignee ''
}

@test "list --text looks into title, service, host, category and pattern" {
    some
    lists '4 2' --text second
    lists 3 --text pg
    lists 1 --text DIS
    lists 2 --text 'second ONE'
    lists '' --text 'one second'
    lists '4 3 2 1' --text ''
}

@test "list --older-than and --newer-than go by the time of opening" {
    some
    lists '3 2 1' --older-than 4h
    lists '4 3' --newer-than 4h
    lists 3 --older-than 4h --newer-than 4h
    lists '2 1' --older-than 4h1s
    lists '6 5 4 3 2 1' --status all --older-than 0s
}

@test "list --auto-resolved and --simulated" {
    some
    store_sql "UPDATE incidents SET auto_resolved = 1 WHERE num % 10 = 5"
    oi open --title drill --simulate >moved
    lists 5 --auto-resolved --status all
    lists '' --auto-resolved
    lists 7 --simulated
}

@test "list joins its filters" {
    some
    lists 3 --service db --tag a --severity medium
    lists '' --service db --tag a --severity medium --status acknowledged
}

@test "list --sort, --reverse and --limit" {
    some
    lists '6 5 4 3 2 1' -s all --sort opened
    lists '1 2 3 4 5 6' -s all --reverse
    lists '6 5 4 3 2 1' -s all --sort updated
    lists '3 6 2 5 1 4' -s all --sort severity
    lists '4 1 5 2 6 3' -s all --sort severity -r
    lists '1 5 4 6 2 3' -s all --sort count
    lists '3 2' -s all --sort count --reverse --limit 2
    lists '4 3' -n 2
    lists '4' --sort updated --limit 1
}

@test "list finds everything also when there is much of it" {
    detections 4100 fingerprints=4100 >in
    oi open in >out
    is "$(oi list | jq -r .id | sort -u | wc -l)" 4100
    is "$(oi list --reverse | head -n 1 | jq -r .id)" "$(inc 1)"
    is "$(oi list --reverse --limit 2500 | tail -n 1 | jq -r .id)" "$(inc 2500)"
    is "$(oi list --text ' 4000 ' | jq -r .id)" "$(inc 4001)"
}

@test "list of nothing is nothing, and says so to a person" {
    expect 0 oi open </dev/null
    lists ''
    expect 0 on_terminal oncall-incident list
    is "$output" 'no incidents'
}

@test "list in a table for people, records with --json" {
    some
    expect 0 oi list --table
    is "$(head -1 <<<"$output" | tr -s ' ')" 'INCIDENT SEVERITY STATUS AGE COUNT SERVICE ASSIGNEE TITLE'
    is "$(sed -n 3p <<<"$output" | tr -s ' ')" 'INC-20261120-0003 critical investigating 4h 1 db third'
    expect 0 on_terminal oncall-incident list
    is "${#lines[@]}" 5
    expect 0 on_terminal oncall-incident list --json
    is "$(head -1 <<<"$output" | jq -r .id)" "$(inc 4)"
}

@test "a title that would command the terminal does not" {
    opens "$(d 'title="red \u001b[31m\u0007\nnext \u202e"')"
    expect 0 oi list --table
    [[ $output != *$'\e'* && $output != *$'\a'* ]]
    is "${#lines[@]}" 2
    for command in show explain; do
        expect 0 oi $command "$(inc 1)" --table
        [[ $output != *$'\e'* && $output == *'red '*'next'* ]]
    done
}

@test "a record of list has no change, no detections and no timeline" {
    some
    gives 0 oi list
    is "$(of 'has("change") or has("detections") or has("timeline")' | sort -u)" false
}

# ---- show ----

@test "show gives the record with detections and timeline" {
    some
    gives 0 oi show "$(inc 3)"
    is "$(of '[.id, .status, (.detections | length), (.timeline | length), has("change")]
        | map(tostring) | join(" ")')" "$(inc 3) investigating 1 2 false"
    gives 0 oi show "$(inc 3)" "$(inc 1)"
    is "$(of .id | paste -sd ' ')" "$(inc 3) $(inc 1)"
}

@test "an incident may be named without INC-, in small letters, without zeros" {
    some
    gives 0 oi show 20261120-3 inc-20261120-0003 INC-20261120-00003
    is "$(of .id | sort -u)" "$(inc 3)"
    for wrong in '' x INC- INC-20261120 INC-20261120- INC-20261120-0 \
        INC-20261120-1x INC--1 INC-123456789-1 INC-20261120-12345678 1; do
        expect 2 oi show "$wrong"
        says "'$wrong' is not an incident, such as INC-20261120-0001"
    done
}

@test "show of what is not there is status 1, and what was there is shown" {
    some
    gives 1 oi show "$(inc 1)" "$(inc 99)" "$(inc 2)"
    says "there is no incident 'INC-20261120-0099'"
}

@test "show tells a person everything" {
    configure 'services: {db: {owner: team-data}}'
    opens "$(d host=db1 category=disk 'tags=["a","b"]' message='what was seen')"
    oi link "$(inc 1)" https://example.org/x >moved
    oi resolve "$(inc 1)" --solution restart --took 90s --note 'it was "this"' >moved
    ONCALL_NOW=2026-11-20T13:00:00Z expect 0 on_terminal oncall-incident show "$(inc 1)"
    for part in 'INC-20261120-0001  medium  resolved' trouble \
        'service      db' 'host         db1' 'category     disk' \
        'assignee     team-data' https://example.org/x 'solution     restart' \
        'opened       2026-11-20T10:00:00.000Z (3h ago)' \
        'resolved     2026-11-20T12:00:00.000Z (1h ago)' \
        "resolved: it was \"this\" ($(id -un))" \
        "took 1m30s ($(id -un))" 'what was seen'; do
        [[ $output == *"$part"* ]] || { echo "lacks: $part: $output" && false; }
    done
}

# ---- explain ----

@test "explain says why it was opened and grouped, and what comes next" {
    opens "$(d)" "$(d at=10:01 severity=high count=4)"
    gives 0 oi explain "$(inc 1)"
    is "$(of '[.explain[].what] | join(" ")')" 'identity grouped opened raised unseen next'
    is "$(of '.explain[] | select(.what == "grouped") | .why')" \
        '5 occurrences in 2 detections between 2026-11-20T10:00:00.000Z and 2026-11-20T10:01:00.000Z joined it'
    [[ $(of '.explain[0].why') == *"$(of .fingerprint)"*"pattern 'p'"*"service 'db'"* ]]
    [[ $(of '.explain[3].why') == *medium*high* ]]
    [[ $(of '.explain[-1].why') == *'joins it'* ]]
    expect 0 oi explain "$(inc 1)" --table
    [[ $output == 'INC-20261120-0001  high  open'*'grouped   5 occurrences'* ]]
}

@test "explain says when a detection reopens it, and when it is too late" {
    opens "$(d)"
    oi resolve "$(inc 1)" --now 2026-11-20T11:00:00Z >moved
    gives 0 oi explain "$(inc 1)"
    [[ $(of '.explain[-1].why') == *'reopens it until 2026-11-20T13:00:00.000Z, 2h after it was resolved (built-in)'* ]]
    gives 0 oi explain "$(inc 1)" --now 2026-11-20T13:00:00Z
    [[ $(of '.explain[-1].why') == *'reopens it until'* ]]
    gives 0 oi explain "$(inc 1)" --now 2026-11-20T13:00:00.001Z
    [[ $(of '.explain[-1].why') == *'opens a new incident, linked to this one: the 2h for reopening ended'* ]]
    opens "$(d at=13:01)"
    gives 0 oi explain "$(inc 2)"
    is "$(of '.explain[] | select(.what == "follows") | .why')" "$(inc 1) had the same fingerprint and was over"
}

@test "explain says that another one has it now" {
    opens "$(d)" "$(d pattern=q)"
    oi merge "$(inc 1)" "$(inc 2)" >moved
    gives 0 oi explain "$(inc 2)"
    [[ $(of '.explain[-1].why') == *"joins $(inc 1)" ]]
}

@test "explain stays valid with long notes in many languages" {
    opens "$(d)"
    oi false-positive "$(inc 1)" --note "x$(printf 'ä%.0s' {1..900})" >moved
    gives 0 oi explain "$(inc 1)"
    is "$(of '.explain | map(.why) | join(" ") | contains("ä")')" true
    [[ $output != *'�'* ]]
}

# ---- both ----

@test "questions create no store" {
    need sqlite
    for command in list "show $(inc 1)" "explain $(inc 1)" export watch; do
        # shellcheck disable=SC2086
        expect 4 oi $command
        says 'create it with: oncall init'
    done
    [ ! -e "$ONCALL_STORE" ]
}

@test "a reader that has seen enough is no error" {
    detections 3000 fingerprints=3000 >in
    oi open in >out
    for command in 'list' 'export' 'export --format csv' 'open in2'; do
        detections 9000 fingerprints=9000 first=3000 >in2
        # shellcheck disable=SC2086
        expect 0 bash -c "oncall-incident $command | head -n 1"
        is "$stderr" ''
        is "${#lines[@]}" 1
    done
}

@test "every record that these tests have read is valid" {
    all_valid
}
