#!/usr/bin/env bats
# oncall-incident silence: people do not hear of what matches, and not for ever.
# shellcheck disable=SC2030,SC2031,SC2034,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/incident

# web1 and web2 of service web, high and low; db1 of db, critical; all open.
some_incidents() {
    opens "$(d id=d1 pattern=p1 service=web host=web1 severity=high at=11:00)" \
        "$(d id=d2 pattern=p2 service=web host=web2 severity=low at=11:01)" \
        "$(d id=d3 pattern=p3 service=db host=db1 severity=critical at=11:02)"
}

silence() {
    oi silence "$@"
}

# add WORD...: adds it; its id in $id.
add() {
    gives 0 silence add "$@"
    id=$(of .id)
}

# previewed WORD...: the ids that preview names, in one line.
previewed() {
    run --separate-stderr oncall-incident silence preview "$@"
    [ "$status" -eq $((${#lines[@]} == 0)) ]
    ids=$(printf '%s\n' "$output" | jq -r .id | sort | xargs)
}

@test "a silence is added, listed and ended" {
    some_incidents
    add service=web --for 1h --note 'new disks'
    is "$(of '[.state, .match.service[0], .starts, .ends, .mutes, .note] | join(" ")')" \
        'active web 2026-11-20T12:00:00.000Z 2026-11-20T13:00:00.000Z 2 new disks'
    is "$(of .actor)" "$(id -un)"
    gives 0 silence list --json
    is "$(of .id)" "$id"
    is "$(of '.muted | sort | join(" ")')" "$(inc 1) $(inc 2)"
    is "$(of .unused)" null
    expect 0 silence list --table
    [[ $output == *"$id  active      2  2026-11-20T13:00:00.000Z "*' ends in 1h '*'service=web'*'new disks'* ]]
    gives 0 silence expire "${id,,}"
    is "$(of '[.id, .state, .ended] | join(" ")')" "$id expired 2026-11-20T12:00:00.000Z"
    expect 0 silence list --table
    is "$output" 'no silences'
    gives 0 silence list --all --json
    is "$(of '[.state, .mutes] | join(" ")')" 'expired 0'
    expect 1 silence expire "$id"
    says 'is over since 2026-11-20T12:00:00.000Z'
    sound
}

@test "the words say how much, how long, and for people" {
    some_incidents
    expect 0 silence add --table service=web --for 90m
    [[ $output == SIL-*'  until 2026-11-20T13:30:00.000Z, matches 2 incidents now' ]]
    expect 0 silence add --table host=web1 --until 2026-11-20T12:00:00.001Z
    [[ $output == *', matches 1 incident now' ]]
    expect 0 silence add --table host=none --for 1h --from 2026-11-20T13:00:00Z
    [[ $output == *'from 2026-11-20T13:00:00.000Z until 2026-11-20T14:00:00.000Z, matches no incident now' ]]
    expect 0 silence add --table service=db --until-resolved
    [[ $output == *'  until resolved, matches 1 incident now' ]]
    expect 0 silence list --table
    [[ $output == *' pending '*'begins in 1h'* ]]
    [[ $output == *" resolved "*"service=db $(inc 3)"* ]]
}

@test "values are texts, expressions, or what it must not be" {
    some_incidents
    while read -r wanted words; do
        # shellcheck disable=SC2086
        previewed $words
        is "$words: $(echo "$ids" | sed 's/INC-20261120-000//g; s/ //g')" "$words: ${wanted#-}"
    done <<'END'
12 service=web
123 service=web service=db
1 service=web severity=high
3 severity=critical
12 severity=!critical
12 host=/^web/
3 host=!/^web/
2 host=/^web/ host=!web1
123 environment=test
- service=we
- service=WEB
13 severity=high severity=critical
123 team=
- team=a
2 id=INC-20261120-0002
2 --incident INC-20261120-0002
12 --incident INC-20261120-0002 --incident 20261120-1
1 severity=high --incident INC-20261120-0002 --incident 20261120-1
123 status=open
END
}

@test "tags and labels are matched, too" {
    opens "$(d id=d1 pattern=p1 tags='["red","blue"]' labels='{"team":"web","host":"inner"}')" \
        "$(d id=d2 pattern=p2 tags='["blue"]')" "$(d id=d3 pattern=p3)"
    oi tag "$(inc 3)" green >/dev/null
    previewed tags=blue tags=green
    [[ $ids == *"$(inc 3)"* ]]
    previewed tags=!blue
    [[ $ids == *"$(inc 3)"* ]]
    previewed tags=green
    is "$ids" "$(inc 3)"
}

@test "what is wrong is refused, with what would do" {
    some_incidents
    while IFS='|' read -r wanted words text; do
        # shellcheck disable=SC2086
        expect "$wanted" oncall-incident silence $words
        says "$text"
        is "$output" ''
    done <<'END'
2|add service=web|a silence needs an end: --for 2h, --until TIME or --until-resolved
2|add --for 1h|that would silence everything; name fields, such as service=web
2|preview|that would silence everything
2|add service=web --for 1h --until-resolved|exclude each other
2|add service=web --for 1h --until 2026-11-21T00:00:00Z|exclude each other
2|add service=web --until 2026-11-20T12:00:00Z|is past; try --for 2h
2|add service=web --until 2h|the end of the silence, 2026-11-20T10:00:00.000Z, is past
2|add service=web --from 2026-11-20T09:00:00Z --for 1h|is past
2|add service=web --from 2026-11-22T00:00:00Z --until 2026-11-21T00:00:00Z|not after it begins at 2026-11-22
2|add severitx=high --for 1h|'severitx=high': there is no field 'severitx', did you mean 'severity'?
2|add severity=hgh --for 1h|'hgh' is no severity; there are info, low
2|add severity!=high --for 1h|severity=!high
2|add service=~web.* --for 1h|service=/web.*/
2|add service=/(/ --for 1h|is wrong at offset
2|add service --for 1h|'service' is no FIELD=VALUE
2|add opened=now --for 1h|there are severity, status
2|add --incident INC-1 --for 1h|is not an incident
1|add --incident INC-20261120-0009 --for 1h|there is no incident 'INC-20261120-0009'
1|add service=none --until-resolved|no live incident matches
5|add service=web --for 31d|is longer than incidents.silence_max, 4w2d
5|add service=web --for 9999y|is longer than incidents.silence_max
2|expire|which silence?
2|expire %|is not a silence, such as SIL-
1|expire SIL-ZZZ|there is no silence 'SIL-ZZZ'
2|lst|did you mean 'list'?
2|list x|list takes no 'x'
END
    expect 2 oncall-incident silence add $'service=\xff' --for 1h
    says 'is not UTF-8'
    expect 2 oncall-incident silence add service=web --for 1h --note $'\xff'
    says 'is not UTF-8'
    expect 0 silence list --all --table
    is "$output" 'no silences'
}

@test "silence_max is configured, and may be forever" {
    configure 'incidents: {silence_max: 1h}'
    expect 5 silence add service=web --for 61m
    says 'is longer than incidents.silence_max, 1h; try --for 1h'
    expect 0 silence add service=web --for 60m
    expect 0 silence add service=web --for 1h --from 2027-01-01T00:00:00Z
    configure 'incidents: {silence_max: forever}'
    expect 0 silence add service=web --for 9y
}

@test "until resolved is over with the last of what it matched" {
    some_incidents
    add service=web --until-resolved --note 'known'
    is "$(of '[.until_resolved, .ends, .mutes] | map(tostring) | join(" ")')" 'true null 2'
    is "$(of '.incidents | join(" ")')" "$(inc 1) $(inc 2)"
    opens "$(d id=d4 pattern=p4 service=web host=web3 at=11:30)"
    gives 0 silence list --json
    is "$(of '.muted | join(" ")')" "$(inc 1) $(inc 2)"
    # It tells those whom it names.
    [[ $(timeline 1) == *"silenced >$id: known ($(id -un))"* ]]
    [[ $(timeline 4) != *silenced* ]]
}

@test "the timeline says when the silence of an incident began and ended" {
    some_incidents
    add --incident "$(inc 1)" --for 1h
    is "$(timeline 1 | tail -n 1)" "silenced >$id ($(id -un))"
    gives 0 silence expire "$id" --json
    is "$(timeline 1 | tail -n 1)" "unsilenced $id> ($(id -un))"
    is "$(timeline 2 | grep -c silenced || :)" 0
}

@test "who is not a relay cannot do it for others" {
    expect 5 silence add service=web --for 1h --as ana
    configure "relays: [$(id -un)]"
    add service=web --for 1h --as ana
    is "$(of .actor)" "ana via $(id -un)"
    gives 0 silence expire "$id" --as ben
}

@test "what is over by time is expired, what is ahead is pending" {
    some_incidents
    add service=web --for 1h
    add service=db --for 1h --from 2026-11-20T14:00:00Z
    gives 0 silence list --json --now 2026-11-20T12:59:59.999Z
    is "$(of .state | sort | xargs)" 'active pending'
    gives 0 silence list --json --now 2026-11-20T13:00:00Z
    is "$(of .state | xargs)" pending
    gives 0 silence list --all --json --now 2026-11-20T14:00:00Z
    is "$(of .state | sort | xargs)" 'active expired'
    gives 0 silence list --json --now 2026-11-20T15:00:00Z
    is "$output" ''
    # One that is ahead can be taken back.
    gives 0 silence expire "$id"
    gives 0 silence list --json --now 2026-11-20T14:30:00Z
    is "$output" ''
}

@test "unused ones and those that end soon are said" {
    some_incidents
    add service=none --for 5h
    gives 0 silence list --json
    is "$(of '[.unused, .ends_soon] | map(tostring) | join(" ")')" 'true null'
    expect 0 silence list --table --now 2026-11-20T16:30:00Z
    [[ $output == *'unused, ends in 30m'* ]]
    gives 0 silence list --json --now 2026-11-20T16:30:00Z
    is "$(of .ends_soon)" true
}

@test "a beginning that several ids have is not enough" {
    for _ in 1 2 3; do
        add service=web --for 1h
    done
    expect 2 silence expire "${id:0:8}"
    says 'is the beginning of several silences: SIL-'
    expect 0 silence expire "${id:4:20}"
    gives 0 silence list --json
    is "${#lines[@]}" 2
}

# Every mix of some words, on many incidents: what preview said is what the list
# says, and what the pager notes.
@test "what preview says is what is then muted" {
    local n mask words=('service=s1' 'service=!s1' 'severity=high' 'severity=/i/'
        'host=/[13]$/' 'host=h2' 'host=!h2')

    for ((n = 0; n < 40; n++)); do
        d id="d$n" pattern="p$n" service="s$((n % 3))" host="h$((n % 5))" at=11:00 \
            severity="$(printf '%s\n' high low critical info | sed -n $((n % 4 + 1))p)"
    done | oi open >/dev/null
    for ((mask = 1; mask < 1 << ${#words[@]}; mask += 9)); do
        local mix=() w
        for ((w = 0; w < ${#words[@]}; w++)); do
            ((mask >> w & 1)) && mix+=("${words[w]}")
        done
        previewed "${mix[@]}"
        add "${mix[@]}" --for 1h
        gives 0 silence list --json
        is "${mix[*]}: $(of '.muted // [] | sort | join(" ")')" "${mix[*]}: $ids"
        gives 0 silence expire "$id"
    done
    previewed severity=high service=s1
    [ -n "$ids" ]
    add severity=high service=s1 --for 1h
    expect 0 oi tick --now 2026-11-20T12:30:00Z
    is "$(store_sql "SELECT incident FROM pager_incidents WHERE muted = '$id'" |
        sed 's/\(........\)...\(....\)/INC-\1-\2/' | sort | xargs)" "$ids"
    is "$(store_sql "SELECT COUNT(*) FROM pager_incidents WHERE muted IS NOT NULL")" \
        "$(wc -w <<<"$ids")"
}

# Values that have done harm somewhere, as services of incidents and as what is
# asked for.
@test "hostile values are texts" {
    local canary=$PWD/canary value n=0 wanted

    mkdir here
    while IFS= read -r -d '' value; do
        printf '%s' "$value" | /usr/bin/python3 -c '
import sys; sys.stdin.buffer.read().decode()' 2>/dev/null || {
            expect 2 silence preview "service=$value"
            continue
        }
        [ "${#value}" -lt 300 ] || continue # more is no service
        case $value in
        '' | '!'* | '~'* | /*/) continue ;;
        esac
        n=$((n + 1))
        jq -nc --arg v "$value" --arg n "$n" '{type: "detection", id: ("d" + $n),
            time: "2026-11-20T10:00:00.000Z", pattern: ("p" + $n), title: "x",
            severity: "low", service: $v}' >>in
        printf '%s\0' "$value" >>values
    done < <("$ROOT/tests/lib/hostile-values" "$PWD/here" "$canary")
    [ "$n" -gt 50 ]
    oi open in >/dev/null
    oi list --json >all
    while IFS= read -r -d '' value; do
        wanted=$(jq -r --arg v "$value" 'select(.service == $v) | .id' all | sort | xargs)
        previewed "service=$value"
        is "$ids" "$wanted"
        silence add "service=$value" "team=$value" --for 1h --note "$value" >>added
    done <values
    jq -j '.match.service[0] + "\u0000"' added | cmp - values
    jq -j '.note + "\u0000"' added | cmp - values
    expect 0 silence list --table
    [[ $output != *$'\e'* && $output != *$'\a'* ]]
    gives 0 silence list --json
    [ ! -e "$canary" ]
    sound
}

@test "a store that is not there, or too full, is an error" {
    expect 4 silence list --store "$PWD/none/none.db"
    expect 4 silence preview service=web --store "$PWD/none/none.db"
    add service=web --for 1h
    run oncall-incident silence list --json >/dev/full
    oncall-incident silence list --json >/dev/full 2>err && return 1
    grep -q 'standard output' err
}

@test "what silence wrote was valid" {
    all_valid
}
