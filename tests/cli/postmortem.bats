#!/usr/bin/env bats
# oncall-incident postmortem: all that the store has, the same bytes each time,
# and what people wrote is kept.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

I=INC-20261120-0001
WORST='```|<script>alert(1)</script>](http://evil.example) www.evil.example <!-- /oncall:timeline --> **b**'

# at TIME COMMAND...: oncall-incident at that time of the day.
at() {
    expect 0 env ONCALL_NOW="2026-11-20T$1:00Z" oncall-incident "${@:2}"
}

# epoch TIME: milliseconds of that time of the day.
epoch() {
    echo "$(date -d "2026-11-20T$1:00Z" +%s)000"
}

# An incident that somebody saw late, and that an action did not help.
story() {
    opens "$(d at=10:00 event_time=2026-11-20T09:59:50Z severity=high \
        category=c host=h message='pool is full' title='the pool is full')"
    at 10:40 ack "$I" --note looking
    at 10:50 note "$I" 'two | three'
    at 11:00 resolve "$I" --solution widen --took 20m
}

# messages: rows of the outbox, as a pager writes them.
message() {
    store_sql "INSERT INTO messages (num, key, record, thread, call, status,
        reason, made) VALUES ($1, 'k$1', '{\"type\":\"message\",\"id\":\"k$1\",
        \"incident\":\"$2\",\"incidents\":[\"$2\"],\"thread\":\"$I\",
        \"reason\":\"$3\",\"to\":[\"ana\",\"ops\"],\"title\":\"told\"}', '$I',
        0, '$4', $5, $(epoch "$6"))"
}

# An action with the approval that it needed, and its row in the trail.
action() {
    store_sql "INSERT INTO actions (id, same, incident, revision, name, params,
        untrusted, target, hash, decision, actor, approval, status, verdict,
        reason, attempts, requested, started, ended, outcome) VALUES ('ACT-$1',
        '$1', 202611200000001, 1, '$2', '{}', '[]', 'db@h', 'x', 'approve',
        'oncall-act', 'APR-$1', 'done', '$3', 'so it was', 1,
        $(epoch 10:41), $(epoch 10:42), $(epoch 10:43), '$4')"
    store_sql "INSERT INTO approvals (id, subject, hash, status, requester,
        approvers, quorum, votes, requested, expires) VALUES ('APR-$1',
        '{\"kind\":\"action\",\"name\":\"$2\",\"target\":\"db@h\",\"incident\":\"$I\"}',
        'x', 'approved', 'oncall-act', '[]', 1,
        '[{\"actor\":\"ana\",\"approve\":true,\"reason\":\"go on\"}]',
        $(epoch 10:41), $(epoch 12:00))"
    store_sql "INSERT INTO audit (seq, time, actor, what, subject, data, hash)
        VALUES ($1, $(epoch 10:41), 'oncall-act', 'intent', 'ACT-$1',
        '{\"command\":\"systemctl restart db\"}', 'x')"
}

postmortem() {
    oncall-incident postmortem "$@"
}

# section NAME [FILE]: what stands between its marks, in a file or the output.
section() {
    { [ $# -gt 1 ] && cat "$2" || printf '%s\n' "$output"; } |
        sed -n "/^<!-- oncall:$1 /,/^<!-- \/oncall:$1 -->/p"
}

# has_line NAME LINE: a section has that line.
has_line() {
    section "$1" | grep -qxF -- "$2" || {
        echo "section $1 lacks: $2" >&2
        section "$1" >&2
        return 1
    }
}

@test "it tells what happened, who was told, what was done, and what helped" {
    story
    message 1 "$I" first sent NULL 10:01
    message 2 "$I" escalation failed "'no such user'" 10:30
    message 3 INC-20261120-0002 first sent NULL 10:02
    action 1 restart_db ran_ineffective '{"exit":1,"output":"one\ntwo"}'
    expect 0 postmortem "$I"
    is "${lines[0]}" '# Postmortem: the pool is full'
    has_line summary '| Status | resolved |'
    has_line summary '| Severity | high |'
    has_line summary '| Service | db |'
    has_line summary '| What helped | widen |'
    has_line figures '| Time to detect | 10s |'
    has_line figures '| Time to acknowledge | 40m |'
    has_line figures '| Time to resolve | 1h |'
    has_line figures '| Time that people worked on it | 20m |'
    has_line timeline '| 2026-11-20T10:01:00.000Z | pager | **told** (first) to ana, ops |'
    has_line timeline '| | | **gap: 29m without any entry, and nobody had acknowledged it** |'
    has_line timeline "| 2026-11-20T10:40:00.000Z | $(id -un) | **acknowledged**: looking |"
    has_line timeline "| 2026-11-20T10:50:00.000Z | $(id -un) | **noted**: two \\| three |"
    is "$(section timeline | grep -c gap:)" 1
    has_line detections '    pool is full'
    has_line messages '| 2026-11-20T10:30:00.000Z | escalation | ana, ops | failed: no such user | told |'
    is "$(section messages | grep -c told)" 2
    has_line approvals '| 2026-11-20T10:41:00.000Z | APR-1 | restart_db on `db@h` | oncall-act | approved, 1 needed | ana: yes (go on) |'
    has_line actions '    systemctl restart db'
    has_line actions '- exit: 1'
    has_line actions '    two'
    has_line outcome "- widen, said $(id -un)"
    has_line outcome '- restart_db on `db@h`: ran_ineffective, so it was'
    has_line knowledge "Nothing yet: \`oncall-incident show $I --json | oncall-kb learn\` proposes an entry."
    has_line questions '- [ ] Why did nothing happen for 29m until 2026-11-20T10:30:00.000Z?'
    has_line questions '- [ ] Why was the message of 2026-11-20T10:30:00.000Z not delivered?'
    has_line links 'None.'
}

@test "the same store gives the same bytes, whatever the time" {
    story
    message 1 "$I" first sent NULL 10:01
    postmortem "$I" >one
    ONCALL_NOW=2031-01-01T00:00:00Z TZ=Asia/Tokyo postmortem "$I" >two
    cmp one two
    postmortem "$I" --output three.md
    cmp one three.md
    [ "$(wc -l <one)" -gt 50 ]
}

@test "what the pager told is in it" {
    opens "$(d at=10:00 severity=high)"
    at 10:01 tick
    at 10:05 ack "$I"
    at 10:30 resolve "$I"
    at 10:31 tick
    expect 0 postmortem "$I"
    has_line timeline '| 2026-11-20T10:01:00.000Z | pager | **told** (first) |'
    section messages | grep -q '^| 2026-11-20T10:01:00.000Z | first | by the routes | cancelled'
    section messages | grep -qE '^\| 2026-11-20T10:31:00.000Z \| (all_)?resolved '
}

@test "a part of another incident says so" {
    opens "$(d pattern=p1)" "$(d pattern=p2)"
    expect 0 oi merge "$(inc 1)" "$(inc 2)"
    expect 0 postmortem "$(inc 2)"
    has_line links "- is part of $(inc 1)"
    has_line knowledge 'There is nothing to learn from it.'
    expect 0 postmortem "$(inc 1)"
    section timeline | grep -q "\*\*merged\*\* $(inc 2)"
}

@test "what was learned of it is told" {
    story
    oi show "$I" --json >resolved.jsonl
    expect 0 oncall-kb learn resolved.jsonl
    expect 0 postmortem "$I"
    section knowledge | grep -q '^It went into the entry `the-pool-is-full`'
    section knowledge | grep -q 'which is proposed: `oncall-kb accept`'
}

@test "an incident that is not over, simulated, or no incident at all" {
    opens "$(d simulated=true pattern=p1)" "$(d pattern=p2)"
    expect 0 postmortem "$(inc 1)"
    has_line summary '**Simulated: nothing was wrong.**'
    has_line summary '**It is not over yet.**'
    has_line figures '| Time to resolve | - |'
    expect 0 oi false-positive "$(inc 2)"
    expect 0 postmortem "$(inc 2)"
    has_line summary '**A false positive: nothing was wrong.**'
    expect 1 postmortem INC-20261120-0099
    expect 2 postmortem nonsense
    expect 2 postmortem
}

# ---- files ----

@test "writing again keeps what people wrote, and renews the rest" {
    story
    expect 0 postmortem "$I" -o pm.md
    is "$output" ''
    sed -i 's/^Write here what users noticed.*/Users saw a white page. <b>/' pm.md
    sed -i '/^## Approvals/,/^<!-- \/oncall:approvals/d' pm.md
    sed -i 's/^| 2026-11-20T10:40.*/| 10:40 | ana | came from lunch |/' pm.md
    expect 0 oi link "$I" https://wiki.example/pool
    expect 0 postmortem "$I" -o pm.md
    says "section 'timeline' is kept as it is: it was changed by hand"
    says 'delete what stands between its two marks'
    [ "${#stderr_lines[@]}" -eq 1 ]
    grep -qxF 'Users saw a white page. <b>' pm.md
    grep -qxF '| 10:40 | ana | came from lunch |' pm.md
    grep -qxF -- '- <https://wiki.example/pool>' pm.md
    run ! grep -q approvals pm.md
    # A second time nothing changes, and the file is not touched.
    before=$(stat -c '%i %Y %Z' pm.md)
    expect 0 postmortem "$I" -o pm.md
    is "$(stat -c '%i %Y %Z' pm.md)" "$before"
    # What is deleted between the marks is written anew.
    sed -i '/^<!-- oncall:timeline/,/^<!-- \/oncall:timeline/{/^<!--/!d}' pm.md
    expect 0 postmortem "$I" -o pm.md
    is "$stderr" ''
    expect 0 postmortem "$I"
    is "$(section timeline pm.md)" "$(section timeline)"
    is "$(find . -name '*pm.md*' | wc -l)" 1
}

@test "a section can be asked for by its marks alone" {
    story
    printf '%s\n' '# Mine' '<!-- oncall:figures -->' '<!-- /oncall:figures -->' >m.md
    expect 0 postmortem "$I" -o m.md
    is "$(head -n 1 m.md)" '# Mine'
    grep -qxF '| Time to resolve | 1h |' m.md
}

@test "another incident's document, and any other file, is left as it is" {
    story
    opens "$(d pattern=other)"
    expect 0 postmortem "$I" -o pm.md
    cp pm.md before.md
    expect 1 postmortem "$(inc 2)" -o pm.md
    says "it has no sections of $(inc 2)"
    cmp pm.md before.md
    echo hello >notes.md
    expect 1 postmortem "$I" -o notes.md
    is "$(cat notes.md)" hello
    : >empty.md
    expect 0 postmortem "$I" -o empty.md
    cmp pm.md empty.md
}

@test "mode and owner are kept, a new file has those of the umask" {
    story
    (umask 027 && postmortem "$I" -o pm.md)
    is "$(stat -c %a pm.md)" 640
    chmod 604 pm.md
    expect 0 oi link "$I" https://wiki.example/pool
    expect 0 postmortem "$I" -o pm.md
    is "$(stat -c %a pm.md)" 604
    grep -q wiki.example pm.md
}

@test "symlinks, folders and devices are not written to" {
    story
    expect 0 postmortem "$I" -o pm.md
    ln -s pm.md link.md
    expect 5 postmortem "$I" -o link.md
    says 'is a symlink'
    [ -L link.md ]
    ln -s nowhere dangling.md
    expect 5 postmortem "$I" -o dangling.md
    [ ! -e nowhere ]
    mkdir folder
    expect 5 postmortem "$I" -o folder
    expect 5 postmortem "$I" -o /dev/null
    expect 2 postmortem "$I" -o folder/
    expect 4 postmortem "$I" -o none/pm.md
    # A folder that is reached through one is as good as any.
    ln -s folder way
    expect 0 postmortem "$I" -o way/pm.md
    cmp pm.md folder/pm.md
    expect 0 postmortem "$I" -o ../work/pm.md
}

@test "a folder that cannot be written leaves the document as it is" {
    need user
    story
    mkdir folder
    expect 0 postmortem "$I" -o folder/pm.md
    cp folder/pm.md before.md
    chmod 555 folder
    expect 0 oi link "$I" https://wiki.example/pool
    expect 4 postmortem "$I" -o folder/pm.md
    chmod 755 folder
    cmp folder/pm.md before.md
}

# ---- templates ----

@test "the shipped template is the one that is built in" {
    story
    postmortem "$I" >one
    postmortem "$I" --template "$ROOT/examples/templates/postmortem.md" >two
    cmp one two
}

@test "a template can be replaced, by option and by configuration" {
    story
    printf '%s\n' '${id}: ${title|upper|short} ($${x})' '${questions}' >t.md
    expect 0 postmortem "$I" --template t.md
    is "${lines[0]}" "$I: THE POOL IS FULL (\${x})"
    has_line questions '- [ ] What was the root cause?'
    is "$(grep -c 'oncall:' <<<"$output")" 2
    configure "postmortem: {template: $PWD/t.md}"
    is "$(postmortem "$I")" "$output"
    expect 0 postmortem "$I" --template "$ROOT/examples/templates/postmortem.md"
    is "${lines[0]}" '# Postmortem: the pool is full'
}

@test "a wrong template says where, and nothing is written" {
    story
    printf '%s\n' ok '${nothing}' >t.md
    expect 2 postmortem "$I" --template t.md -o pm.md
    says "t.md:2: no field 'nothing'"
    [ ! -e pm.md ]
    expect 4 postmortem "$I" --template none.md
    head -c 2000000 /dev/zero >t.md
    expect 2 postmortem "$I" --template t.md
    says "'t.md' has more than 1048576 bytes"
    printf 'a\0b\n' >t.md
    expect 2 postmortem "$I" --template t.md
    says "'t.md' is no template: it holds a NUL"
}

# ---- text that means harm ----

@test "no text of the store becomes a link, HTML, or the end of a section" {
    need cmark-gfm
    hostile=$(jq -n --arg w "$WORST" '$w + "\n# x\n    - y\n|z|\n```\n" + $w + "\u0007\u202e"')
    opens "$(d title="$hostile" message="$hostile" service="$hostile" host="$hostile" \
        category="$hostile" tags="[$hostile]" links='["javascript:alert(1)","https://x/><b>"]')"
    expect 0 oi note "$I" "$WORST"
    expect 0 oi assign "$I" "$WORST"
    expect 0 oi resolve "$I" --solution "$WORST" --note "$WORST"
    action 1 'a|b<i>' ran_ineffective "$(jq -nc --arg w "$WORST" '{exit: 1, output: ($w + "\n" + $w)}')"
    expect 0 postmortem "$I" -o pm.md
    postmortem "$I" >again.md
    cmp pm.md again.md
    cmark-gfm --unsafe -e table -e autolink -e strikethrough -e tasklist pm.md >pm.html
    # The only tags are those of the document's own markup.
    is "$(grep -oE '<[a-z]+' pm.html | sort -u | tr -d '<' | xargs)" \
        'code h input li p pre strong table tbody td th thead tr ul'
    run ! grep -qE '<a |<script|<img|<i>|<b>' pm.html
    # Each section begins and ends once, and a second look changes nothing.
    is "$(grep -c '^<!-- oncall:' pm.md)" 11
    is "$(grep -c '^<!-- /oncall:' pm.md)" 11
    before=$(stat -c %i pm.md)
    expect 0 postmortem "$I" -o pm.md
    is "$stderr" ''
    is "$(stat -c %i pm.md)" "$before"
    # Every row of a table has the columns of its heading.
    awk -F '(^|[^\\\\])[|]' '/^[|]/ { if (!columns) columns = NF
            if (NF != columns) { print; bad = 1 } next }
        { columns = 0 } END { exit bad }' pm.md
}

@test "a full disk and a store that is not there are told" {
    story
    expect 4 bash -c 'oncall-incident postmortem INC-20261120-0001 >/dev/full'
    expect 4 postmortem "$I" --store "$PWD/none.db"
}
