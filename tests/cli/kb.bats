#!/usr/bin/env bats
# oncall-kb: entries, their parts, and what is matched with them.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common
load ../lib/incident

# kb ARGUMENT...: with the store, and with packs only where they are named.
kb() {
    local command=$1

    shift
    oncall-kb "$command" --no-default-packs "$@"
}

two_entries() {
    kb add pool-full --title 'The connection pool is full' \
        --keyword 'pool exhausted' --category database --service shop \
        --pattern 'timed out waiting for a connection from pool \w+' \
        --cause 'a leak of connections' --tag pool
    kb add disk-full --title 'The disk is full' --category disk \
        --keyword 'no space left' --pattern 'No space left on device'
}

# Only a file can be seen not to be there.
with_store() {
    [ "$DRIVER" = sqlite ] || oncall init >/dev/null
}

@test "without a store the packs answer" {
    need sqlite
    expect_records 0 oncall-kb match --text 'write failed: No space left on device'
    is "$(of '.knowledge[0].why.pattern > 0.3')" true
    [ ! -e "$ONCALL_STORE" ]
    expect_records 0 oncall-kb list
    [ "${#lines[@]}" -ge 60 ]
}

@test "a store that cannot be looked at is not taken for an absent one" {
    need sqlite
    ln -s loop "$BATS_TEST_TMPDIR/loop"
    ONCALL_STORE=$BATS_TEST_TMPDIR/loop/oncall.db
    expect 4 kb list
    says 'Too many levels of symbolic links'
}

@test "an entry is added, shown, changed, listed and removed" {
    two_entries
    expect_records 0 kb show pool-full
    is "$(of '[.title, .category, .services[0], .tags[0], .origin] | join("|")')" \
        'The connection pool is full|database|shop|pool|person'
    is "$(of '.patterns[0].match')" 'timed out waiting for a connection from pool \w+'
    expect 0 kb edit pool-full --title 'Pool is full' --keyword 'no idle connection' \
        --without 'pool exhausted' --category '' --reason 'said better'
    expect_records 0 kb show pool-full
    is "$(of '[.title, .category, .keywords[]] | join("|")')" \
        'Pool is full||no idle connection'
    expect 0 kb list --table --text idle
    [[ $output == *pool-full* && $output != *disk-full* ]]
    expect 0 kb remove pool-full
    expect 1 kb show pool-full
    says "pool-full"
    expect_records 0 kb list
    is "${#lines[@]}" 1
    expect 0 kb undo pool-full
    expect_records 0 kb list
    is "${#lines[@]}" 2
}

@test "what cannot be kept is refused" {
    expect 2 kb add --keyword x
    says 'title'
    expect 2 kb add bad --title bad --pattern 'a(b'
    says 'a(b'
    expect 2 kb add slow --title slow --pattern '(a+)+$' --example aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!
    expect 2 kb add none --title none --pattern 'foo' --example 'bar'
    expect 1 kb add child --title child --parent nobody
    two_entries
    expect 2 kb add pool-full --title again
    expect 1 kb edit pool-ful --title x
    says "pool-full"
    expect_records 0 kb list
    is "${#lines[@]}" 2
}

@test "solutions are added, listed, changed and removed" {
    two_entries
    expect 0 kb solution add pool-full 'widen the pool' --action update_config \
        --param file=/etc/app.conf --param key=pool --param value=20 --confidence 0.8
    expect_records 0 kb solution list pool-full
    is "$(of '[.action, .params.value, .stated, .outcomes] | join("|")')" 'update_config|20|0.8|0'
    is "$(of '.confidence == 0.8 and .lower < 0.8 and .lower > 0.2')" true
    expect 2 kb solution add pool-full x --action 'rm -rf /'
    expect 2 kb solution add pool-full x --action restart --confidence 2
    expect 2 kb solution ad pool-full x
    says "did you mean 'add'"
    expect 0 kb solution remove pool-full 'widen the pool'
    expect 0 kb solution list pool-full
    is "$output" ''
    expect 1 kb solution remove pool-full 'widen the pool'
}

@test "patterns are added, tried and removed" {
    two_entries
    expect 0 kb pattern add disk-full 'quota exceeded on \S+' --except 'mail quota'
    expect 0 kb pattern test disk-full --text 'disk quota exceeded on /home'
    [[ $output == *'quota exceeded on /home'* ]]
    expect 1 kb pattern test disk-full --text 'mail quota exceeded on /home'
    expect 0 kb match --text 'disk quota exceeded on /home'
    is "$(of '.knowledge[0].entry')" disk-full
    expect 0 kb pattern remove disk-full 'quota exceeded on \S+'
    expect 1 kb pattern test disk-full --text 'disk quota exceeded on /home'
    expect 2 kb pattern add disk-full 'x(' 
}

@test "links make no circles" {
    two_entries
    expect 0 kb link pool-full disk-full
    expect_records 0 kb show pool-full
    is "$(of .parent)" disk-full
    expect 2 kb link disk-full pool-full
    says 'itself part of'
    expect 0 kb link pool-full ''
    expect 1 kb link pool-full nobody
}

@test "a match says what speaks for it" {
    two_entries
    expect_records 0 kb match --text 'timed out waiting for a connection from pool main' \
        --service shop --category database
    is "$(of '.knowledge[0] | [.entry, .why.service, .why.category, .why.matched] | join("|")')" \
        'pool-full|true|true|timed out waiting for a connection from pool main'
    score=$(of '.knowledge[0].score')
    expect 0 kb match --text 'timed out waiting for a connection from pool main' --service other
    [ "$(jq -n "$score > $(of '.knowledge[0].score')")" = true ]
    expect 0 kb match --text 'the disk has no space left' --explain
    [[ ${lines[0]} == *'disk-full: The disk is full' && $output == *'pattern '*'text '*'structure '*'outcomes '* ]]
    expect 1 kb match --text 'zyzzyva quux'
    expect 0 kb match --test 'No space left on device' --expect disk-full
    expect 0 kb match --test 'No space left on device' --expect disk
    expect 1 kb match --test 'No space left on device' --expect pool-full
    says "expected 'pool-full', found disk-full"
    expect 2 kb match --text x --pending
    expect 2 kb match --explain
    expect 2 kb match --text x --min-score 2
}

@test "the filter adds knowledge and passes all else on" {
    two_entries
    {
        detection '{"message":"No space left on device","pattern":"x"}'
        echo '{"type":"other","a": 1 }'
        echo '{"type":"message","id":"m1","time":"2026-11-20T12:00:00.000Z","text":"is the pool exhausted again?"}'
        echo 'not json'
    } >in
    expect 3 kb match in
    is "${#lines[@]}" 3
    is "$(jq -r '.knowledge[0].entry' <<<"${lines[0]}")" disk-full
    is "${lines[1]}" '{"type":"other","a": 1 }'
    is "$(jq -r '.knowledge[0].entry' <<<"${lines[2]}")" pool-full
    # What stood there is replaced, and all other bytes stay.
    kb match in 2>/dev/null >once || true
    kb match once >twice
    cmp once twice
}

@test "incidents that wait are matched once for each revision" {
    two_entries
    oncall-incident open --title 'db trouble' --service shop \
        --message 'timed out waiting for a connection from pool main' >/dev/null
    expect_records 0 kb match --pending
    is "$(of '.knowledge[0].entry')" pool-full
    expect 0 kb match --pending
    is "$output" ''
    oncall-incident severity INC-20261120-0001 critical >/dev/null
    expect_records 0 oncall-incident show INC-20261120-0001
    is "$(of '.known != null')" true
    # In a pipe they are noted as well.
    oncall-incident open --title 'disk' --message 'No space left on device' |
        kb match >out
    is "$(jq -r '.knowledge[0].entry' out)" disk-full
    expect 0 kb match --pending
    [[ $output != *'"title":"disk"'* ]]
}

@test "similar past incidents stand beside entries" {
    two_entries
    oncall-incident open --title 'pool of shop is full' --service shop --message 'pool main full' >/dev/null
    oncall-incident resolve INC-20261120-0001 --solution 'widen the pool' >/dev/null
    expect_records 0 kb match --text 'pool main is full' --incidents
    is "$(of '.similar[0] | [.incident, .solution] | join("|")')" 'INC-20261120-0001|widen the pool'
    oncall-incident open --title 'pool is full again' --service web --message 'pool main full' |
        kb match --incidents >out
    validate out
    is "$(jq -r '[.similar[].incident] | join(" ")' out)" INC-20261120-0001
}

@test "an entry of the store stands above one of a pack" {
    with_store
    (umask 077 && cat >mine.yaml) <<'YAML'
pack: mine
knowledge:
  - {id: kettle, title: The kettle is off, patterns: [{match: 'kettle \d+ is off'}], examples: ['kettle 7 is off']}
YAML
    expect_records 0 kb match --pack mine.yaml --text 'kettle 9 is off'
    is "$(of '.knowledge[0] | [.entry, .title] | join("|")')" 'kettle|The kettle is off'
    expect 0 kb edit kettle --pack mine.yaml --title 'No tea'
    expect_records 0 kb match --pack mine.yaml --text 'kettle 9 is off'
    is "$(of '.knowledge[0].title')" 'No tea'
    expect 0 kb remove kettle --pack mine.yaml
    expect 1 kb match --pack mine.yaml --text 'kettle 9 is off'
    expect 0 kb test --pack mine.yaml mine.yaml
}

@test "answers do not depend on when the index was made" {
    two_entries
    expect 0 kb match --text 'the disk is full and the pool, too'
    first=$(of '.knowledge')
    rm -rf "$XDG_CACHE_HOME"
    expect 0 kb match --text 'the disk is full and the pool, too'
    is "$(of '.knowledge')" "$first"
    HOME=/nonexistent XDG_CACHE_HOME='' expect 0 kb match --text 'the disk is full and the pool, too'
    is "$(of '.knowledge')" "$first"
}

@test "a damaged index is made anew" {
    with_store
    expect 0 oncall-kb match --text 'No space left on device'
    first=$(of '.knowledge')
    for file in "$XDG_CACHE_HOME"/oncall/kb-*.idx; do
        size=$(stat -c %s "$file")
        head -c $((size / 2)) "$file" >half
        cp half "$file"
    done
    expect 0 oncall-kb match --text 'No space left on device'
    is "$(of '.knowledge')" "$first"
}

@test "each example of the shipped packs finds its entry" {
    with_store
    expect 0 oncall-kb test
    is "$output" ''
}

@test "an example that only its words find is told" {
    with_store
    (umask 077 && cat >mine.yaml) <<'YAML'
pack: mine
knowledge:
  - {id: kettle, title: The kettle is off, patterns: [nothing-of-that-name], examples: ['kettle 7 is off']}
YAML
    expect 1 kb test --table mine.yaml
    [[ $output == *'kettle: none of its patterns matches its example'* ]]
    expect_records 1 kb test mine.yaml
}

@test "two programs that change one entry lose nothing" {
    two_entries
    kb solution add pool-full widen --action update_config
    for i in {1..15}; do
        kb edit pool-full --keyword "left $i" 3>&- &
        left=$!
        kb edit pool-full --keyword "right $i" 3>&- &
        wait "$!"
        wait "$left"
    done
    expect_records 0 kb show pool-full
    is "$(of '.keywords | length')" 31
}
