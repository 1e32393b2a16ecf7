#!/usr/bin/env bats
# What people do to incidents: each change is refused or done, told by a record,
# and stands in the timeline with its time, its actor and what was before.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

setup() {
    incident_setup
    me=$(id -un)
}

# last N: the last line of the timeline of an incident.
last() {
    timeline "$1" | tail -n 1
}

# does COMMAND...: it changes something, and one record says what is now.
does() {
    gives 0 oi "$@"
    is "${#lines[@]}" 1
}

# does_nothing COMMAND...: it was so already.
does_nothing() {
    oi export >before
    gives 0 oi "$@"
    is "$output" ''
    oi export | diff before -
}

# refuses STATUS COMMAND...: nothing is changed, and it says why.
refuses() {
    oi export >before
    expect "$1" oi "${@:2}"
    [ -n "$stderr" ]
    oi export | diff before -
}

# ---- the life cycle ----

@test "ack, investigate, mitigate, resolve, close, reopen: status, time, change, timeline" {
    opens "$(d)"
    does ack "$(inc 1)" --now 2026-11-20T12:01:00Z --note looking
    is "$(of '[.status, .change, .acknowledged, .updated] | join(" ")')" \
        'acknowledged acknowledged 2026-11-20T12:01:00.000Z 2026-11-20T12:01:00.000Z'
    is "$(last 1)" "acknowledged open>acknowledged: looking ($me)"
    does investigate "$(inc 1)" --now 2026-11-20T12:02:00Z
    is "$(of '[.status, .change, .acknowledged] | join(" ")')" \
        'investigating edited 2026-11-20T12:01:00.000Z'
    is "$(last 1)" "investigating acknowledged>investigating ($me)"
    does mitigate "$(inc 1)" --now 2026-11-20T12:03:00Z
    is "$(of '[.status, .change, .mitigated] | join(" ")')" \
        'mitigated mitigated 2026-11-20T12:03:00.000Z'
    is "$(last 1)" "mitigated investigating>mitigated ($me)"
    does resolve "$(inc 1)" --now 2026-11-20T12:04:00Z
    is "$(of '[.status, .change, .resolved] | join(" ")')" \
        'resolved resolved 2026-11-20T12:04:00.000Z'
    is "$(last 1)" "resolved mitigated>resolved ($me)"
    does close "$(inc 1)" --now 2026-11-20T12:05:00Z
    is "$(of '[.status, .change, .resolved, .closed] | join(" ")')" \
        'closed closed 2026-11-20T12:04:00.000Z 2026-11-20T12:05:00.000Z'
    is "$(last 1)" "closed resolved>closed ($me)"
    does reopen "$(inc 1)" --now 2026-11-20T12:06:00Z
    is "$(of '[.status, .change, .acknowledged, .mitigated, .resolved, .closed, .revision] |
        map(tostring) | join(" ")')" 'open reopened null null null null 2'
    is "$(last 1)" "reopened closed>open ($me)"
    is "$(has 1 '[.timeline[].time[14:16]] | join(" ")')" '00 01 02 03 04 05 06'
    is "$(has 1 '[.timeline[].seq] | join(" ")')" '1 2 3 4 5 6 7'
}

@test "steps may be left out, and going back is no step" {
    opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c)"
    does investigate "$(inc 1)"
    is "$(of .acknowledged)" 2026-11-20T12:00:00.000Z
    does resolve "$(inc 1)"
    does mitigate "$(inc 2)"
    does investigate "$(inc 2)"
    is "$(last 2)" "investigating mitigated>investigating ($me)"
    does close "$(inc 3)"
    is "$(of '.resolved + .closed')" 2026-11-20T12:00:00.000Z2026-11-20T12:00:00.000Z
}

@test "what is over is not worked on before it is reopened, status 1" {
    opens "$(d pattern=a)" "$(d pattern=b)"
    does resolve "$(inc 1)"
    does close "$(inc 2)"
    for command in ack investigate mitigate; do
        refuses 1 $command "$(inc 1)"
        says "INC-20261120-0001 is resolved and cannot become"
        says 'reopen it first'
        refuses 1 $command "$(inc 2)"
    done
    refuses 1 resolve "$(inc 2)"
}

@test "what is so already is not done again" {
    opens "$(d)"
    does_nothing reopen "$(inc 1)"
    for step in ack investigate mitigate resolve close; do
        does $step "$(inc 1)"
        does_nothing $step "$(inc 1)"
    done
}

@test "whoever works on it has acknowledged it" {
    opens "$(d)"
    does mitigate "$(inc 1)"
    does_nothing ack "$(inc 1)"
}

@test "a note about a step that was taken before is kept" {
    opens "$(d)"
    does ack "$(inc 1)"
    does ack "$(inc 1)" --note 'me too'
    is "$(last 1)" "noted >: me too ($me)"
    does resolve "$(inc 1)"
    does resolve "$(inc 1)" --solution restart --took 5m
    is "$(of '.solution + (.took | tostring)')" restart300
}

@test "several incidents are changed in order, up to the first that cannot be" {
    opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c)"
    gives 0 oi ack "$(inc 2)" "$(inc 1)"
    is "$(of .id | paste -sd ' ')" "$(inc 2) $(inc 1)"
    gives 1 oi resolve "$(inc 1)" "$(inc 9)" "$(inc 2)"
    is "$(of .id)" "$(inc 1)"
    is "$(has 2 .status)" acknowledged
    refuses 2 resolve "$(inc 3)x" "$(inc 3)"
}

@test "resolve keeps what helped, what did not, and how long it took" {
    opens "$(d pattern=a)" "$(d pattern=b)"
    does resolve "$(inc 1)" --solution 'restart it' --took 1h30m --note "done"
    is "$(of '.solution + " " + (.took | tostring)')" 'restart it 5400'
    is "$(timeline 1 | tail -n 3)" "resolved open>resolved: done ($me)
took >1h30m ($me)
solution >restart it ($me)"
    does resolve "$(inc 2)" --solution 'turn it off' --failed --took 90s
    is "$(of '[.solution, .took] | map(tostring) | join(" ")')" 'null 90'
    is "$(last 2)" "solution_failed >turn it off ($me)"
    refuses 2 resolve "$(inc 2)" --failed
    says '--failed needs --solution'
}

# ---- members ----

@test "assign and unassign" {
    opens "$(d)"
    does assign "$(inc 1)" ana --note 'her turn'
    is "$(of .assignee)" ana
    is "$(last 1)" "assigned >ana: her turn ($me)"
    does assign "$(inc 1)" 'team böse'
    is "$(last 1)" "assigned ana>team böse ($me)"
    does_nothing assign "$(inc 1)" 'team böse'
    does assign "$(inc 1)" ''
    is "$(of .assignee)" null
    is "$(last 1)" "unassigned team böse> ($me)"
    does_nothing assign "$(inc 1)" ''
}

@test "note takes any text" {
    opens "$(d)"
    local text=$'two\nlines, "quoted" \\ 🔥\t-'
    does note "$(inc 1)" "$text"
    is "$(of .change)" edited
    is "$(has 1 '.timeline[-1].note')" "$text"
    is "$(has 1 '.timeline[-1].what')" noted
    does note "$(inc 1)" -- '--not-an-option'
    refuses 2 note "$(inc 1)" ''
    refuses 2 note "$(inc 1)"
}

@test "tag adds and removes, each once, each in the timeline" {
    opens "$(d 'tags=["a"]')"
    does tag "$(inc 1)" b a c b
    is "$(of '.tags | join(" ")')" 'a b c'
    is "$(timeline 1 | tail -n 2)" "tagged >b ($me)
tagged >c ($me)"
    does tag "$(inc 1)" --remove a nothing b
    is "$(of '.tags | join(" ")')" c
    is "$(timeline 1 | tail -n 2)" "untagged a> ($me)
untagged b> ($me)"
    does_nothing tag "$(inc 1)" c
    does_nothing tag "$(inc 1)" --remove a
    refuses 2 tag "$(inc 1)" ok ''
    does tag "$(inc 1)" 'sp ace' 'a"b' 'ü'
    is "$(of '.tags | join("|")')" 'c|sp ace|a"b|ü'
}

@test "link to a URL" {
    opens "$(d)"
    does link "$(inc 1)" https://example.org/a?b=c
    is "$(of '.links | join(" ")')" 'https://example.org/a?b=c'
    is "$(last 1)" "linked >https://example.org/a?b=c ($me)"
    does_nothing link "$(inc 1)" https://example.org/a?b=c
    does link "$(inc 1)" --remove https://example.org/a?b=c
    is "$(of '.links | length')" 0
    is "$(last 1)" "unlinked https://example.org/a?b=c> ($me)"
    does_nothing link "$(inc 1)" --remove https://example.org/a?b=c
}

@test "link to an incident stands in both, and is removed from both" {
    opens "$(d pattern=a)" "$(d pattern=b)"
    does link "$(inc 1)" 20261120-2
    is "$(of '.links[0]')" "$(inc 2)"
    is "$(has 2 '.links[0]')" "$(inc 1)"
    is "$(last 2)" "linked >$(inc 1) ($me)"
    does link "$(inc 2)" "$(inc 1)" --remove
    is "$(has 1 '.links | length')$(has 2 '.links | length')" 00
    refuses 2 link "$(inc 1)" "$(inc 1)"
    says 'cannot be linked to itself'
    refuses 1 link "$(inc 1)" "$(inc 9)"
    refuses 2 link "$(inc 1)" javascript:alert
    says 'neither a URL nor an incident'
}

@test "severity is set up and down, and a detection raises it again" {
    opens "$(d)"
    does severity "$(inc 1)" critical --note 'all customers'
    is "$(of '[.severity, .change, .revision] | map(tostring) | join(" ")')" 'critical raised 2'
    is "$(last 1)" "severity medium>critical: all customers ($me)"
    does severity "$(inc 1)" low
    is "$(of '[.severity, .change, .revision] | map(tostring) | join(" ")')" 'low edited 3'
    does_nothing severity "$(inc 1)" low
    opens "$(d at=10:01)"
    is "$(of .severity)" medium
    refuses 2 severity "$(inc 1)" hgih
    says "did you mean 'high'?"
}

@test "feedback says one verdict, and rates" {
    opens "$(d)"
    does feedback "$(inc 1)" --worked --speed 5 --effect 1 --note thanks
    is "$(last 1)" "feedback >worked speed=5 effect=1: thanks ($me)"
    does feedback "$(inc 1)" --failed
    is "$(last 1)" "feedback >failed ($me)"
    does feedback "$(inc 1)" --wrong --effect 3
    is "$(last 1)" "feedback >wrong effect=3 ($me)"
    refuses 2 feedback "$(inc 1)"
    refuses 2 feedback "$(inc 1)" --worked --wrong
    says 'say one of --worked, --failed, --wrong'
    refuses 2 feedback "$(inc 1)" --worked --speed 6
    refuses 2 feedback "$(inc 1)" --worked --effect 0
    refuses 2 feedback "$(inc 1)" --worked --speed fast
}

@test "false-positive closes, and says so" {
    opens "$(d)"
    does false-positive "$(inc 1)" --note 'a drill'
    is "$(of '[.status, .false_positive, .change, .closed] | map(tostring) | join(" ")')" \
        'closed true closed 2026-11-20T12:00:00.000Z'
    is "$(last 1)" "false_positive open>closed: a drill ($me)"
    does_nothing false-positive "$(inc 1)"
    does reopen "$(inc 1)"
    is "$(of .false_positive)" null
}

# ---- merge ----

@test "merge: the one that stays has it all, the other is closed and says where" {
    opens "$(d pattern=a at=10:05 severity=low 'tags=["x"]' count=3)"
    opens "$(d pattern=b at=10:01 severity=high 'tags=["y","x"]')" "$(d pattern=b at=10:09 severity=high)"
    does merge "$(inc 1)" "$(inc 2)" --note same
    is "$(of '[.id, .severity, .count, .seen, .first[11:16], .last[11:16], .revision,
        (.tags | join("+"))] | map(tostring) | join(" ")')" \
        "$(inc 1) high 5 3 10:01 10:09 2 x+y"
    is "$(last 1)" "merged $(inc 2)>: same ($me)"
    is "$(has 2 '[.status, .merged_into, .revision] | map(tostring) | join(" ")')" \
        "closed $(inc 1) 2"
    is "$(last 2)" "merged open>$(inc 1): same ($me)"
    is "$(has 1 '.detections | length')" 3
}

@test "merge: later detections of both join the one that stays" {
    opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c)"
    does merge "$(inc 1)" "$(inc 2)"
    opens "$(d pattern=b at=10:01)" "$(d pattern=a at=10:02)"
    is "$(of .id | sort -u)" "$(inc 1)"
    is "$(has 1 .count)" 4
    # Also by way of another.
    does merge "$(inc 3)" "$(inc 1)"
    opens "$(d pattern=b at=10:03)"
    is "$(of '.id + (.count | tostring)')" "$(inc 3)6"
}

@test "merge: what is over is met by the detections of all its parts, one by one" {
    local records=("$(d pattern=b at=11:05)" "$(d pattern=a at=12:30)"
        "$(d pattern=c at=13:00)" "$(d pattern=b at=13:01 severity=high)")
    local late=("$(d pattern=b at=10:50)" "$(d pattern=b at=14:00)"
        "$(d pattern=a at=10:55)" "$(d pattern=a at=14:01)" "$(d pattern=c at=11:30)"
        "$(d pattern=b at=14:02)" "$(d pattern=a at=14:03)")
    local case store record
    for case in records late; do
        local -n list=$case
        for store in whole parts; do
            ONCALL_STORE=$(new_store $case-$store)
            opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c)"
            oi merge "$(inc 1)" "$(inc 2)" "$(inc 3)" >merged
            oi close "$(inc 1)" --now 2026-11-20T11:00:00Z >closed
            if [ $store = whole ]; then
                opens "${list[@]}"
            else
                for record in "${list[@]}"; do opens "$record"; done
            fi
            oi export >$store
        done
        diff whole parts
    done
    is "$(jq -r '.id[-1:] + "=" + .status + (.count | tostring)' whole | paste -sd ' ')" \
        '1=open6 2=closed1 3=closed1 4=open2 5=open2'
}

@test "merge: several at once, each told by a record" {
    opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c)"
    gives 0 oi merge "$(inc 2)" "$(inc 1)" "$(inc 3)"
    is "$(of '.id + (.count | tostring)' | paste -sd ' ')" "$(inc 2)2 $(inc 2)3"
}

@test "merge: it is refused into itself, into what is merged, and twice" {
    opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c)"
    refuses 2 merge "$(inc 1)" "$(inc 1)"
    says 'cannot be merged into itself'
    refuses 1 merge "$(inc 1)" "$(inc 9)"
    refuses 2 merge "$(inc 1)"
    does merge "$(inc 1)" "$(inc 2)"
    does_nothing merge "$(inc 1)" "$(inc 2)"
    refuses 1 merge "$(inc 3)" "$(inc 2)"
    says "was merged into $(inc 1) before"
    refuses 1 merge "$(inc 2)" "$(inc 3)"
    says "was itself merged into $(inc 1)"
    refuses 1 reopen "$(inc 2)"
    says "was merged into $(inc 1)"
}

@test "merge: what is live is not hidden in what is over, nor the real in a drill" {
    opens "$(d pattern=a)" "$(d pattern=b)" "$(d pattern=c simulated=true)"
    oi resolve "$(inc 1)" >moved
    refuses 1 merge "$(inc 1)" "$(inc 2)"
    says 'reopen it first'
    refuses 1 merge "$(inc 2)" "$(inc 3)"
    refuses 1 merge "$(inc 3)" "$(inc 2)"
    does merge "$(inc 2)" "$(inc 1)"
    is "$(of '.count')" 2
}

@test "a text has a length: 16 KiB, not more" {
    opens "$(d)"
    local text
    printf -v text '%016384d' 0
    does note "$(inc 1)" "$text"
    refuses 2 note "$(inc 1)" "x$text"
    says 'longer than 16384'
    refuses 2 tag "$(inc 1)" "x$text"
    refuses 2 ack "$(inc 1)" --note "x$text"
}

@test "tags and links have room for 64 KiB, not more" {
    opens "$(d)"
    local i text
    printf -v text '%016000d' 0
    for i in 1 2 3 4; do does tag "$(inc 1)" "$i$text"; done
    refuses 3 tag "$(inc 1)" "5$text"
    is "$(has 1 '.tags | length')" 4
}

@test "merge: the first three and the latest three detections stay" {
    local i first=() second=()
    for i in {0..4}; do
        first+=("$(d pattern=a id="a$i" at="10:0$i")")
        second+=("$(d pattern=b id="b$i" at="10:1$i")")
    done
    opens "${first[@]:0:2}" "${second[@]}"
    does merge "$(inc 1)" "$(inc 2)"
    is "$(has 1 '[.detections[].id] | join(" ")')" 'a0 a1 b0 b2 b3 b4'
    opens "${first[@]:2}"
    is "$(has 1 '[.detections[].id] | join(" ")')" 'a0 a1 b0 a2 a3 a4'
}

# ---- who ----

@test "the actor is the user who runs the program" {
    opens "$(d)"
    does ack "$(inc 1)"
    is "$(has 1 '[.timeline[].actor] | unique | join(" ")')" "$me"
}

@test "--as is for relays only, and recorded as such" {
    opens "$(d)"
    refuses 5 ack "$(inc 1)" --as ana
    says "it is not listed under 'relays'"
    expect 5 oi open --title t --as ana
    configure 'relays: [somebody]'
    refuses 5 ack "$(inc 1)" --as ana
    configure "relays: [somebody, $me]"
    does ack "$(inc 1)" --as ana
    is "$(last 1)" "acknowledged open>acknowledged (ana via $me)"
    does note "$(inc 1)" n --as $'a\e[1m\nb'
    [[ $(has 1 '.timeline[-1].actor') != *[$'\e\n']* ]]
    gives 0 oi open --title t --as ana
    is "$(timeline 2 | grep -c "ana via $me")" 1
}

# ---- all of them ----

@test "text that is not UTF-8 is refused, status 2" {
    opens "$(d)"
    local bad=$'caf\xe9'
    refuses 2 note "$(inc 1)" "$bad"
    refuses 2 ack "$(inc 1)" --note "$bad"
    refuses 2 tag "$(inc 1)" "$bad"
    refuses 2 assign "$(inc 1)" "$bad"
    refuses 2 resolve "$(inc 1)" --solution "$bad"
    refuses 2 link "$(inc 1)" "https://$bad"
    says 'is not UTF-8'
}

@test "operands and options that are missing, surplus or misspelt: status 2" {
    opens "$(d)"
    for command in ack investigate mitigate resolve close reopen false-positive \
        feedback assign note tag link severity merge explain show; do
        refuses 2 $command
        refuses 2 $command "$(inc 1)" x --not-there
        says "option '--not-there' is not known"
    done
    for command in list watch export purge; do
        refuses 2 $command surplus
    done
    refuses 2 assign "$(inc 1)" ana ben
    refuses 2 explain "$(inc 1)" "$(inc 1)"
    refuses 2 resolve "$(inc 1)" --sloution x
    says "did you mean '--solution'?"
    refuses 2 resolve "$(inc 1)" --took long
    refuses 2 resolve "$(inc 1)" --took -5m
    refuses 2 resolev "$(inc 1)"
    says "did you mean 'resolve'?"
    refuses 2 list --statsu open
    says "did you mean '--status'?"
    refuses 2 list --status opne
    says "did you mean 'open'?"
    refuses 2 list --sort age
    refuses 2 list --limit 0
    refuses 2 list --limit 1x
    refuses 2 list --older-than yesterday
    refuses 2 export --format xml
    refuses 2 ack "$(inc 1)" --now sometime
    refuses 2 open --max-line 0
}

@test "of an incident that is not there every command says so, status 1" {
    opens "$(d)"
    for command in ack investigate mitigate resolve close reopen false-positive \
        'feedback --worked' explain show; do
        # shellcheck disable=SC2086
        refuses 1 $command "$(inc 9)"
        says "there is no incident 'INC-20261120-0009'"
    done
    for command in 'assign 20261120-9 x' 'note 20261120-9 x' 'tag 20261120-9 x' \
        'link 20261120-9 http://x' 'severity 20261120-9 low'; do
        # shellcheck disable=SC2086
        refuses 1 $command
    done
}

@test "people read a line of text" {
    opens "$(d 'title="a\u001b[1mb"')"
    expect 0 oi ack "$(inc 1)" --table
    [[ $output == 'INC-20261120-0001  acknowledged  medium  a'*b && $output != *$'\e'* ]]
    expect 0 oi ack "$(inc 1)" --table
    [[ $output == 'INC-20261120-0001  unchanged: acknowledged  medium'* ]]
}

@test "two at once: both changes are there" {
    local jobs=() i
    opens "$(d)"
    for i in {1..8}; do
        oi tag "$(inc 1)" "t$i" >"out.$i" &
        jobs+=($!)
        d id="x$i" at="10:0$i" | oi open >"open.$i" &
        jobs+=($!)
    done
    for i in "${jobs[@]}"; do wait "$i"; done
    is "$(has 1 '[(.tags | length), .count, (.timeline | length)] | map(tostring) | join(" ")')" '8 9 9'
    is "$(has 1 '[.timeline[].seq] | join(" ")')" '1 2 3 4 5 6 7 8 9'
}

@test "two at once open what is new: one incident" {
    local jobs=() i
    oi open </dev/null
    for i in {1..8}; do
        d id="x$i" at="10:0$i" | oi open >"open.$i" &
        jobs+=($!)
    done
    for i in "${jobs[@]}"; do wait "$i"; done
    is "$(oi list | jq -r '.id + (.count | tostring)')" "$(inc 1)8"
}

@test "every record that these tests have read is valid" {
    all_valid
}
