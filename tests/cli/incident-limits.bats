#!/usr/bin/env bats
# oncall-incident with input that is too long, too deep, not text or cut off:
# a clear message, status 3, and everything around it is dealt with.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../lib/incident

# around STATUS MESSAGE [OPTION...]: `bad` stands between two good detections;
# it is reported as line 2, and they are stored.
around() {
    { d id=before && cat bad && echo && d id=after at=10:01; } >in
    gives "$1" oi open "${@:3}" in
    says "in:2: $2"
    is "$(of .count | tail -n 1)" 2
    sound
}

# peak COMMAND...: runs it, and prints the most memory it had, in KiB, and its
# status, as the last line.
peak() {
    python3 -c '
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, status)' "$@"
}

@test "a line of 100 MB is bad input and costs little memory" {
    need unsanitized
    head -c 100000000 /dev/zero | tr '\0' x >bad
    { d && cat bad && echo && d at=10:01; } >in
    run --separate-stderr peak oncall-incident open in
    says 'in:2: line is longer than 16777216 bytes'
    is "${lines[-1]#* }" 3
    [ "${lines[-1]% *}" -lt 80000 ] || { echo "${lines[-1]}" && false; }
    is "$(jq -c .count <<<"${lines[0]}")" 2
    # The same without a line end, and as a record that is passed on.
    run --separate-stderr peak oncall-incident open bad
    is "${lines[-1]#* }" 3
    [ "${lines[-1]% *}" -lt 80000 ]
}

@test "a line of 100 MB may be allowed, where it is no detection" {
    { printf '{"type":"event","x":"' && head -c 100000000 /dev/zero | tr '\0' x && echo '"}'; } >in
    oi open --max-line 200000000 in | cmp - in
}

@test "the longest record that is allowed is taken" {
    { printf '{"type":"detection","severity":"low","pattern":"p","message":"' &&
        head -c 16777151 /dev/zero | tr '\0' x && echo '"}'; } >in
    is "$(head -n 1 in | tr -d '\n' | wc -c)" 16777215
    gives 0 oi open in
    is "$(of .count)" 1
    { printf x && cat in; } >longer
    expect 3 oi open longer
    { printf ' ' && cat in; } >longer
    expect 0 oi open longer
    { printf '  ' && cat in; } >longer
    expect 3 oi open longer
}

@test "a detection that no batch can hold is bad input, whatever --max-line says" {
    { printf '{"type":"detection","severity":"low","pattern":"p","message":"' &&
        head -c 60000000 /dev/zero | tr '\0' x && printf '"}'; } >bad
    around 3 'a detection of 60000' --max-line 100000000
}

@test "NUL bytes are bad input" {
    printf '{"type":"detection","severity":"low","pattern":"a\0b"}' >bad
    around 3 ''
    printf '\0' >bad
    { d id=x at=10:02 && cat bad; } >in
    gives 3 oi open in
    is "$(of .count)" 3
}

@test "an escaped NUL is text; where it is shown it is U+FFFD" {
    opens "$(d 'title="a\u0000b"' 'pattern="p\u0000"' 'service="\u0000"' \
        'id="\u0000"' 'tags=["\u0000"]' 'source={"stream":"\u0000","offset":1}')"
    is "$(of '.title + .service')" 'a�b�'
    opens "$(d 'pattern="p\u0000"' 'service="\u0000"' 'id="\u0000"' 'source={"stream":"\u0000","offset":1}')"
    is "$output" ''
}

@test "bytes that are not UTF-8 are bad input" {
    local bad
    for bad in 'a\xff' '\xc0\xaf' '\xed\xa0\x80' '\xf4\x90\x80\x80' '\xc3'; do
        printf '{"type":"detection","severity":"low","pattern":"%b"}\n' "$bad" >>in
    done
    gives 3 oi open in
    is "$output" ''
    is "${#stderr_lines[@]}" 5
    printf '%s' "$stderr" | iconv -f UTF-8 -t UTF-8 >/dev/null
}

@test "nesting of 100000 is bad input" {
    {
        printf '{"type":"detection","severity":"low","pattern":"p","x":'
        head -c 100000 /dev/zero | tr '\0' '['
        head -c 100000 /dev/zero | tr '\0' ']'
        printf '}'
    } >bad
    around 3 ''
    head -c 100000 /dev/zero | tr '\0' '{' >bad
    { cat bad && echo && d id=x at=10:02; } >in
    gives 3 oi open in
    is "$(of .count)" 3
}

@test "a key that stands twice in a detection is bad input" {
    printf '%s' '{"type":"detection","severity":"low","pattern":"p","severity":"high"}' >bad
    around 3 "'severity' stands twice"
    printf '%s\n' '{"type":"event","type":"detection"}' >bad
    { cat bad && d id=x at=10:02; } >in
    gives 3 oi open in
    says "'type' stands twice"
}

@test "the same key written in another way is the same key" {
    printf '%s' '{"type":"detection","severity":"low","pattern":"p","s\u0065verity":"high"}' >bad
    around 3 ''
}

@test "numbers out of range are bad input where they count" {
    local number
    for number in 1e400 -1 99999999999999999999 1.5 0 1e-5; do
        d count="\"x\"" | sed "s/\"count\":\"x\"/\"count\":$number/" >>in
    done
    expect 3 oi open in
    is "$output" ''
    is "${#stderr_lines[@]}" 6
    d | sed 's/}$/,"y":1e400,"z":-0,"w":99999999999999999999}/' >in
    gives 0 oi open in
    is "$(of .count)" 1
}

@test "times out of range are bad input" {
    local time
    for time in 2026-02-30T00:00:00Z 2026-11-20T25:00:00Z 2026-11-20T10:00:00 \
        +12026-11-20T10:00:00Z 2026-11-20 '' 1795168800; do
        printf '{"type":"detection","severity":"low","pattern":"p","time":"%s"}\n' "$time" >>in
    done
    expect 3 oi open in
    is "$output" ''
    is "${#stderr_lines[@]}" 7
    opens "$(d pattern=old time=0001-01-01T00:00:00Z)" \
        "$(d pattern=new time=9999-12-31T23:59:59.999Z)"
    is "$(of .id | sort | paste -sd ' ')" 'INC-00010101-0001 INC-99991231-0001'
    oi resolve INC-99991231-0001 --now 9999-12-31T23:59:59.999Z >moved
    oi resolve INC-00010101-0001 --now 0001-01-02T00:00:00Z >moved
    gives 0 oi explain INC-99991231-0001
    opens "$(d pattern=old time=9999-12-31T23:59:59.999Z)"
    is "$(of .previous)" INC-00010101-0001
    gives 0 oi list --older-than 1000000d
}

@test "half a line at the end is bad input, a whole record without its line end is none" {
    d >in
    d id=x at=10:01 | head -c 60 >>in
    gives 3 oi open in
    says 'in:2: '
    is "$(of .count)" 1
    d id=x at=10:01 | tr -d '\n' >in
    gives 0 oi open in
    is "$(of .count)" 2
}

@test "what is looked up by has a length that every store can hold" {
    local long=x
    long+=$(head -c 1000 /dev/urandom | od -An -vtx1 | tr -d ' \n' | head -c 1000)
    local name
    for name in id pattern service fingerprint; do
        d "$name=$long" >bad
        truncate -s -1 bad
        rm -f in
        ONCALL_STORE=$(new_store "$name")
        around 3 "'$name' of a detection must be at most 1000 bytes long"
    done
    d "source={\"stream\":\"$long\",\"offset\":1}" >in
    expect 3 oi open in
    says 'source.stream'
    cursor "$long" 5 >in
    expect 3 oi open in
    says 'source.stream'
    long=${long:1}
    opens "$(d id="$long" pattern="$long" service="$long")" \
        "$(d "source={\"stream\":\"$long\",\"offset\":1}")" "$(cursor "$long" 5)"
    [ "$(wc -c <opens.in)" -gt 5000 ]
}

@test "many bad lines cost neither time nor space" {
    yes nonsense | head -n 100000 >in
    expect 3 oi open in
    is "${#stderr_lines[@]}" 22
    says '100000 bad lines in all'
}

@test "messages show no byte that would command a terminal" {
    printf '{"type":"detection","severity":"\033[31m","\a":1}\n\033]0;x\a\n' >$'in\e[1m'
    expect 3 oi open $'in\e[1m'
    [[ $stderr != *[$'\e\a']* ]]
    expect 4 oi open $'none\e[1m'
    [[ $stderr != *$'\e'* ]]
    expect 2 oi list --status $'\e[1m'
    [[ $stderr != *$'\e'* ]]
}

@test "diagnostics are JSON when asked for, and records stay apart from them" {
    { echo nonsense && d; } >in
    gives 3 oi open --log-format json in
    is "$(jq -r '.level + " " + .tool' <<<"$stderr")" 'error oncall-incident'
    is "$(of .count)" 1
}

@test "the message of an error record carries no secret of the input" {
    echo '{"type":"detection","severity":"password=hunter2","pattern":"p"}' >in
    gives 3 oi open --errors-as-records in
    [[ $output != *hunter2* ]]
}

@test "every record that these tests have read is valid" {
    all_valid
}
