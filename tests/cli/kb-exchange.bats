#!/usr/bin/env bats
# oncall-kb export, import and reset: a round trip loses nothing, what is bad is
# told with its line, and an import comes in as a whole or not at all.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

# kb COMMAND ARGUMENT...: with the store alone, without packs.
kb() {
    local command=$1

    shift
    oncall-kb "$command" --no-default-packs "$@"
}

# another NAME: the store to use from now on is a new one, with nothing in it.
another() {
    ONCALL_STORE=$(new_store "$1")
    kb import - </dev/null
}

# Entries with all that may belong to one, and texts that are hard to carry.
nasty() {
    cat >nasty.jsonl <<'END'
{"type":"entry","id":"a","title":"quote \" comma , semicolon ; back\\slash \r\n newline \t tab","description":"two\nlines: yes # no\n- item","category":"disk","parent":"b","patterns":["rule-id",{"match":"disk \"(\\w+)\": 'full'","except":["drill: {1}"],"case_sensitive":true}],"keywords":["no space","🔥","\u2028"],"services":["db","null"],"tags":["true","1.5","- x"],"causes":["a, b"],"solutions":[{"name":"clean","action":"cleanup_logs","params":{"n":5,"s":"5","t":true,"u":"true","v":null,"w":["x",{"y":"z: #"}],"z":1.50},"confidence":0.61},{"name":"grow: \"it\""}],"examples":["disk \"sda\": 'full'\nat 12:00"],"counter_examples":["Disk"],"environment":"prod","links":["http://x/?a=b"],"owner":{"team":"ä"}}
{"id":"b","title":"storage","description":""}
{"id":"c","title":"only proposed","status":"proposed","origin":"learned"}
END
    expect 0 kb import nasty.jsonl
}

# exports FILE OPTION...: valid records, as a file.
exports() {
    expect_records 0 kb export "${@:2}"
    printf '%s\n' "$output" >"$1"
}

# bad TEXT WANTED...: the CSV in TEXT (printf) is refused, each WANTED is told.
bad() {
    local wanted

    # shellcheck disable=SC2059
    printf "$1" >bad.csv
    expect 3 kb import bad.csv
    for wanted in "${@:2}"; do
        says "bad.csv:$wanted"
    done
    expect 0 kb export
    is "$output" ''
}

# outcome ENTRY SEQ VERDICT SPEED NOTE: as a person's feedback is kept.
outcome() {
    store_sql "INSERT INTO outcomes (entry, seq, solution, incident, verdict,
        machine, speed, effect, note, actor, time) VALUES ('$1', $2, 's',
        'INC-20261120-000$2', '$3', 0, $4, 0, '$5', 'ana', 178${2}000000000)" >stored
}

# ---- round trips ----

@test "jsonl: export, reset, import, export gives the same bytes" {
    nasty
    expect 0 kb edit a --keyword more --reason 'a "reason"'
    expect 0 kb remove b --reason gone
    expect 0 kb undo b
    exports one.jsonl
    is "$(wc -l <one.jsonl)" 3
    is "$(jq -c '[.id, .links, .owner, .environment, .origin]' one.jsonl | head -n 1)" \
        '["a",["http://x/?a=b"],{"team":"ä"},"prod","import"]'
    is "$(jq -r 'select(.id == "a") | .history | length > 1' one.jsonl)" true
    expect 0 kb reset --confirm --backup backup.jsonl
    is "$output" backup.jsonl
    cmp one.jsonl backup.jsonl
    expect 0 kb export
    is "$output" ''
    ONCALL_NOW=2027-01-01T00:00:00Z expect 0 kb import -v backup.jsonl
    says '3 added'
    kb export >two.jsonl
    cmp one.jsonl two.jsonl
    another copy
    kb import - <one.jsonl
    kb export >three.jsonl
    cmp one.jsonl three.jsonl
}

@test "json: the same, as one document" {
    nasty
    expect 0 kb export --format json
    printf '%s\n' "$output" >one.json
    is "$(jq -r 'map(.id) | join(" ")' one.json)" 'a b c'
    another copy
    expect 0 kb import one.json
    kb export --format json >two.json
    cmp one.json two.json
    another empty
    expect 0 kb export --format json
    is "$(jq -c . <<<"$output")" '[]'
    expect 0 kb import - <<<"$output"
}

@test "yaml: a pack with the same entries" {
    nasty
    kb export --format yaml >pack.yaml
    kb export | jq -S 'del(.history, .time)' >want
    another copy
    oncall-kb list --no-default-packs --pack pack.yaml --json | jq -r .id >ids
    is "$(paste -sd ' ' ids)" 'a b c'
    expect 0 kb import pack.yaml
    kb export | jq -S 'del(.history, .time)' >got
    diff want got
    another empty
    kb export --format yaml >pack.yaml
    expect 0 kb import -v pack.yaml
    says '0 added'
}

@test "outcomes come along, for entries of packs as well" {
    cat >own.yaml <<'END'
pack: own
knowledge:
  - {id: p, title: of a pack, solutions: [{name: s, action: act}]}
  - {id: q, title: hidden}
  - {id: r, title: never touched}
END
    nasty
    outcome p 1 worked 4 'a "note"'
    outcome a 1 failed 0 one
    outcome a 2 wrong 0 two
    expect 0 oncall-kb remove --no-default-packs --pack own.yaml q
    exports one.jsonl --pack own.yaml
    is "$(jq -r .id one.jsonl | paste -sd ' ')" 'a b c p q'
    is "$(jq -c 'select(.id == "p") | .outcomes[0] | [.verdict, .speed, .note]' one.jsonl)" \
        '["worked",4,"a \"note\""]'
    is "$(jq -c 'select(.id == "q") | .removed' one.jsonl)" true
    expect 0 oncall-kb reset --no-default-packs --pack own.yaml --confirm --backup b.jsonl
    cmp one.jsonl b.jsonl
    is "$(oncall-kb list --no-default-packs --pack own.yaml --json | jq -r .id | paste -sd ' ')" 'p q r'
    expect 0 oncall-kb import --no-default-packs --pack own.yaml b.jsonl
    oncall-kb export --no-default-packs --pack own.yaml >two.jsonl
    cmp one.jsonl two.jsonl
    expect 0 oncall-kb import -v --no-default-packs --pack own.yaml b.jsonl
    says '0 added, 0 replaced, 5 there already'
    exports all.jsonl --pack own.yaml --packs
    is "$(jq -r .id all.jsonl | paste -sd ' ')" 'a b c p q r'
}

# ---- csv ----

@test "csv: lists, quotes, line ends, a mark in front, other columns" {
    printf '\xef\xbb\xbfID,title,description,tags,pattern,rules,solutions,actions,confidence,owner\r\n' >in.csv
    printf 'a,"The ""disk"",\r\nfull",d,x; y;;z,disk \\w+;a\\;b,r1,clean;grow,-;extend,0.6;0.7,ana\r\n' >>in.csv
    printf '\r\n,Second: one,,,,,,,,\r\n' >>in.csv
    expect 0 kb import -v in.csv
    says '2 added'
    expect_records 0 kb export
    is "$(printf '%s\n' "$output" | head -n 1 |
        jq -c '[.id,.title,.tags,[.patterns[]|.match? // .],[.solutions[]|.name,.action,.confidence],.owner,.origin]')" \
        '["a","The \"disk\",\r\nfull",["x","y","z"],["disk \\w+","a;b","r1"],["clean",null,0.6,"grow","extend",0.7],"ana","import"]'
    is "$(printf '%s\n' "$output" | tail -n 1 | jq -r .id)" second-one
    expect 0 kb import -v in.csv
    says '0 added, 0 replaced, 2 there already'
}

@test "csv: what is malformed is told with its line, and nothing comes in" {
    bad '' '1: there is no header'
    bad '\n' '1: there is no header'
    bad 'a,b\n1,2\n' '1: the first row must name'
    bad 'title,title\nx,y\n' "1: the column 'title' stands twice"
    bad 'id,title\na,one\nb,two,three\nc\n' '3: 3 fields, but the header has 2' \
        '4: 1 fields, but the header has 2'
    bad 'id,title\na,one\nb,"two\nc,x\n' '3: a quoted field has no end'
    bad 'id,title\na,"on\n\ne"x\nb,two\n' '2: text stands behind a quoted field'
    bad 'id,title\n"a\n",x\nb,\n' '2: "a' "4: 'title' is missing"
    bad 'id,title,pattern\na,x,a(b\n' '2: the expression does not compile at character 3'
    bad 'id,title,solution,confidence\na,x,s,2\n' "2: 'confidence' must be a number from 0 to 1"
    bad 'id,title\na,x\na,x\nb,\x01\xff"\n,\n' "5: 'title' is missing"
}

@test "--keep-going keeps the good rows, with status 3" {
    printf 'id,title\na,one\nb,two,three\nc,"x"y\nd,four\n' >in.csv
    expect 3 kb import -v --keep-going in.csv
    says 'in.csv:3:'
    says 'in.csv:4:'
    says '2 added'
    is "$(kb export | jq -r .id | paste -sd ' ')" 'a d'
    printf '{"id":"e","title":"t"}\n{"id":"f"}\nnot\n[1]\n{"type":"incident","id":"x"}\n' >in.jsonl
    expect 3 kb import --keep-going in.jsonl
    says "in.jsonl:2: 'title' is missing"
    says 'in.jsonl:5: this is no record of an entry'
    is "$(kb export | jq -r .id | paste -sd ' ')" 'a d e'
}

# ---- conflicts and options ----

@test "an entry that is there and differs" {
    nasty
    kb export >before
    echo '{"id":"b","title":"other","tags":["t"]}' >other
    echo '{"id":"new","title":"new"}' >>other
    expect 1 kb import other
    says 'b is there and differs: title, tags'
    kb export | cmp before
    expect 1 kb import --keep-going other
    is "$(kb export | jq -r .id | paste -sd ' ')" 'a b c new'
    is "$(kb show b --json | jq -r .title)" storage
    expect 0 kb import -v --on-conflict skip other
    says '1 there already, 1 skipped'
    expect 0 kb import -v --on-conflict keep-both other
    says '1 added'
    expect 0 kb import -v --on-conflict keep-both other
    says '0 added, 0 replaced, 2 there already'
    is "$(kb export | jq -r .id | paste -sd ' ')" 'a b b-2 c new'
    expect 0 kb import -v --on-conflict replace other
    says '0 added, 1 replaced, 1 there already'
    is "$(kb show b --json | jq -r .title)" other
}

@test "--adjust, --as-environment and --dry-run" {
    nasty
    kb export >all
    another staging
    expect 0 kb import --dry-run all
    is "$output" 'would be: 3 added, 0 replaced, 0 there already, 0 skipped'
    expect 0 kb export
    is "$output" ''
    expect 0 kb import --adjust -0.55 --as-environment staging all
    is "$(kb export | jq -c 'select(.id == "a") | [[.solutions[].confidence], .environment]')" \
        '[[0.06,0],"staging"]'
    another more
    expect 0 kb import --adjust=0.5 all
    is "$(kb export | jq -c 'select(.id == "a") | [.solutions[].confidence]')" '[1,1]'
    expect 2 kb import --adjust x all
    expect 2 kb import --adjust 1.5 all
}

@test "the form is found, or asked for" {
    expect 2 kb import - <<<'some words'
    says '--format'
    expect 2 kb import --format nothing x
    expect 4 kb import missing.csv
    says 'missing.csv'
    expect 0 kb import - <<<$'pack: x\nknowledge:\n- {id: y1, title: t}'
    expect 0 kb import - <<<$'id,title\ny2,t'
    expect 0 kb import - <<<'{"entries":[{"id":"y3","title":"t"}]}'
    expect 0 kb import - <<<$'{"id":"y4",\n"title":"t"}'
    expect 3 kb import - <<<$'pack: x\nknowledge:\n- {id: y5, title: t, tagz: x}'
    says 'standard input:3: unknown key "tagz", did you mean "tags"?'
    expect 3 kb import - <<<$'[{"id":"y6","title":"t"},\n\n{"id":"y7"}]'
    says "standard input:3: 'title' is missing"
    is "$(kb export | jq -r .id | paste -sd ' ')" 'y1 y2 y3 y4'
}

# ---- what users bring ----

@test "runbooks in Markdown" {
    cat >KubePodCrashLooping.md <<'END'
---
tags: [kubernetes]
severity: critical
---
# KubePodCrashLooping

## Meaning
The pod is in `CrashLoop`.

## Diagnosis
```sh
# no heading
kubectl logs --previous
```

## Mitigation
- Restart the **pod**, see [how](http://x)
1. Roll back
END
    printf 'text without a heading\n' >none.md
    expect 3 kb import --format runbook-md KubePodCrashLooping.md none.md
    says 'none.md:1: there is no heading'
    expect 0 kb import KubePodCrashLooping.md
    expect_records 0 kb export
    is "$(of '[.id, .title, .keywords[], .tags[], .solutions[].name] | join("|")')" \
        'kube-pod-crash-looping|KubePodCrashLooping|KubePodCrashLooping|Kube Pod Crash Looping|kubernetes|severity:critical|Restart the pod, see how|Roll back'
    [[ $(of .description) == *'# no heading'*'kubectl logs --previous'* ]]
}

@test "alerting rules of Prometheus" {
    cat >rules.yaml <<'END'
groups:
  - name: host
    rules:
      - {record: x, expr: y}
      - alert: HostOutOfMemory
        expr: node_memory < 10
        for: 2m
        labels: {severity: warning, service: node}
        annotations:
          summary: 'Host {{ $labels.instance }} is out of memory'
          description: 'The memory of {{ $labels.instance }} is filling up'
      - alert: HostOutOfMemory
        expr: other
END
    expect 0 kb import rules.yaml
    expect_records 0 kb export
    is "$(printf '%s\n' "$output" | jq -r '[.id, .title, .category, .services[0], .tags[0], .expr] | join("|")')" \
        $'host-out-of-memory|Host is out of memory|host|node|severity:warning|node_memory < 10\nhost-out-of-memory-2|Host Out Of Memory|host|||other'
    echo 'groups: [{name: x}]' >rules.yaml
    expect 3 kb import rules.yaml
    says 'rules.yaml:1: a group has no list of rules'
    echo 'groups: [' >rules.yaml
    expect 3 kb import --format prometheus-rules rules.yaml
    says 'this is not YAML'
}

@test "patterns in CSV" {
    printf 'pattern,title,category,severity,solution\nno space left,Disk,disk,FATAL,clean up\nno more space,Disk,disk,odd,\n' >p.csv
    expect 0 kb import --format patterns-csv p.csv
    is "$(kb export | jq -c '[.id, .patterns[0].match, .category, .tags[0], .solutions[0].name?]')" \
        $'["disk","no space left","disk","severity:critical","clean up"]\n["disk-2","no more space","disk","severity:odd",null]'
    printf 'pattern,title\nok,a\n,b\n"x(",c\n' >p.csv
    expect 3 kb import --format patterns-csv p.csv
    says 'p.csv:3: the expression is missing'
    says 'p.csv:4: the expression does not compile at character 2: missing closing parenthesis: x( <-- HERE'
}

# ---- reset and faults ----

@test "reset asks, and never loses what it removes" {
    nasty
    kb export >before
    expect 2 kb reset
    says '--confirm'
    echo mine >there
    expect 4 kb reset --confirm --backup there
    is "$(cat there)" mine
    expect 4 kb reset --confirm --backup /nowhere/at/all
    kb export | cmp before
    expect 0 kb reset --confirm
    [ -f "$output" ]
    cmp before "$output"
    is "$(stat -c %a "$output")" 600
    expect 0 kb export
    is "$output" ''
}

many() {
    jq -nc --argjson n "$1" 'range($n) | {id: "m\(.)", title: "entry \(.)",
        description: ("words " * 20), patterns: [{match: "error \(.) in"}]}' >many.jsonl
}

@test "an import that is killed changes nothing" {
    local pid status=0

    nasty
    kb export >before
    many 5000
    # The input is never at its end, so the kill comes before the commit.
    mkfifo pipe
    oncall-kb import --no-default-packs --format jsonl pipe 3>&- &
    pid=$!
    {
        cat many.jsonl
        sleep 0.3
        kill -KILL "$pid"
    } >pipe
    wait "$pid" 2>killed || status=$?
    is "$status" 137
    kb export | cmp before
    # And while it writes.
    oncall-kb import --no-default-packs many.jsonl 3>&- &
    pid=$!
    sleep 0.5
    kill -KILL "$pid" 2>gone || :
    wait "$pid" 2>killed || :
    [[ $(kb export | wc -l) =~ ^(3|5003)$ ]]
}

@test "an import that finds the disk full changes nothing" {
    need sqlite
    nasty
    kb export >before
    many 5000
    store_sql 'PRAGMA wal_checkpoint(TRUNCATE)' >checkpoint
    # What is read does not fit, then what is stored.
    expect 4 bash -c 'ulimit -f 300; exec oncall-kb import --no-default-packs many.jsonl'
    says 'cannot keep what is imported'
    kb export | cmp before
    expect 4 bash -c 'ulimit -f 1400; exec oncall-kb import --no-default-packs many.jsonl'
    says "$ONCALL_STORE"
    kb export | cmp before
    expect 0 kb import -v many.jsonl
    says '5000 added'
}

@test "output that cannot be written: status 4" {
    nasty
    expect 4 bash -c 'oncall-kb export --no-default-packs >/dev/full'
    expect 4 bash -c 'oncall-kb import --no-default-packs --dry-run nasty.jsonl >/dev/full'
}
