# monitor.bash - the pieces of tests/bench/run that measure oncall-monitor on
# the log that ONCALL_DATA's tools make. Sourced.
# Functions are called by name, and awk's fields are no shell parameters:
# shellcheck shell=bash disable=SC2317,SC2016,SC2154

DATA=${ONCALL_DATA:-../shared/data}
LOG_BYTES=${LOG_BYTES:-1000000000}
# Programs that take one regular expression after the other need minutes.
SLOW_BYTES=5000000
SOME_BYTES=50000000

# material FORM BYTES FILE: false, with a row that says so, without the data.
material() {
    local tool=$DATA/../tools/bench-log

    if [ ! -x "$tool" ] || [ ! -r "$DATA/bench/patterns-100.tsv" ]; then
        row "$1 log: skipped, no data in $DATA" - - -
        return 1
    fi
    [ -s "$3" ] || "$tool" "$2" "$1" >"$3" || die 'cannot make the log'
    expressions "$DATA/bench/patterns-100.tsv" "$dir/100.re"
}

expressions() {
    cut -f 3 "$1" | sed 's/(?P<[^>]*>/(?:/g' >"$2"
}

monitor_file() {
    "$B/bin/oncall-monitor" --no-default-packs --patterns "$patterns" \
        --engine "$engine" --jobs "$jobs" "$log"
}

rg_file() {
    rg -c -i -f "$dir/100.re" "$log"
}

# against_rg WHAT ENGINE JOBS WANTED
against_rg() {
    engine=$2 jobs=$3
    compare "$ROUNDS" monitor_file rg_file
    row "$1, $2, $3 threads, x rg" \
        "$(middle "$bytes / \$1" '%.0f MB/s')" \
        "$(middle "$bytes / \$2" '%.0f MB/s')" \
        "$(middle '$2 / $1' %.2f)" "$4"
}

have_engine() {
    "$B/bin/oncall-monitor" --test-pattern x --engine "$1" y 2>/dev/null
    [ $? -eq 1 ]
}

monitor_memory() {
    "$B/bin/oncall-monitor" --version >/dev/null
    usage "$dir/usage" "$B/bin/oncall-monitor" --no-default-packs \
        --patterns "$patterns" "$log" >/dev/null
    row "$1, memory" "$(middle '$3 / 1024' '%.0f MiB' "$dir/usage")" \
        '64 MB' "$(middle '$3 * 1024 / 64e6' %.2f "$dir/usage")" '< 1'
}

# Records are the same, whatever engine and however many threads.
same_records() {
    local first other

    first=$(engine=literal jobs=1 monitor_ids)
    for other in "$@"; do
        [ "$first" = "$(engine=${other%:*} jobs=${other#*:} monitor_ids)" ] ||
            die "engine ${other%:*} with ${other#*:} threads finds others"
    done
}

monitor_ids() {
    "$B/bin/oncall-monitor" --replay --no-default-packs \
        --patterns "$patterns" --engine "$engine" --jobs "$jobs" "$log" |
        sha256sum
}

bench_match() {
    log=$dir/plain.log patterns=$DATA/bench/patterns-100.tsv
    material plain "$LOG_BYTES" "$log" || return 0
    bytes=$(stat -c %s "$log")
    against_rg '100 patterns' literal 1 '>= 2.5'
    have_engine hs && against_rg '100 patterns' hs 1 -
    against_rg '100 patterns' literal 2 '>= 5'
    monitor_memory '100 patterns'
    patterns=$dir/1000.tsv
    python3 tests/bench/more-patterns.py "$DATA/bench/patterns-100.tsv" \
        "$log" 1000 >"$patterns" || die 'cannot make 1000 patterns'
    against_rg '1000 patterns' literal 1 '>= 1'
    have_engine hs && against_rg '1000 patterns' hs 1 -
    monitor_memory '1000 patterns'
}

# What a person would write: a few words, any of which is enough. It looks for
# less than we do with 100 patterns, and does not say which word it found; with
# all 100 of them as one expression jq takes some hundred times as long.
jq_json() {
    jq -c 'select(.message |
        test("out of memory|refused|timed out|fatal"; "i"))' "$log"
}

bench_json() {
    log=$dir/json.log patterns=$DATA/bench/patterns-100.tsv
    material json "$((LOG_BYTES / 2))" "$log" || return 0
    bytes=$(stat -c %s "$log")
    against_rg 'JSON, 100 patterns' literal 1 '>= 3'
    against_rg 'JSON, 100 patterns' literal 2 -
    head -c $SOME_BYTES "$log" | sed '$d' >"$dir/some.log"
    log=$dir/some.log bytes=$(stat -c %s "$dir/some.log")
    engine=literal jobs=1
    compare 1 monitor_file jq_json
    row 'JSON, 100 patterns, x jq test() of 4 words' \
        "$(middle "$bytes / \$1" '%.0f MB/s')" \
        "$(middle "$bytes / \$2" '%.1f MB/s')" \
        "$(middle '$2 / $1' %.0f)" '>= 10'
}

# until_byte COMMAND...: sets $took to the microseconds to the first byte.
until_byte() {
    local begin=${EPOCHREALTIME/[.,]/} out

    exec {out}< <("$@")
    read -rN 1 -u "$out" || die "nothing came of: $*"
    took=$((${EPOCHREALTIME/[.,]/} - begin))
    exec {out}<&-
    wait $!
}

bench_first() {
    local count i

    log=$dir/first.log engine=literal jobs=1
    material plain 300000 "$log" || return 0
    python3 tests/bench/more-patterns.py "$DATA/bench/patterns-100.tsv" \
        "$log" 1000 >"$dir/1000.tsv" || die 'cannot make 1000 patterns'
    for count in 100 1000; do
        patterns=$dir/1000.tsv
        [ $count = 1000 ] || patterns=$DATA/bench/patterns-100.tsv
        for ((i = 0; i < ROUNDS * 5; i++)); do
            until_byte monitor_file
            echo "$took"
        done >"$dir/took"
        row "first byte, $count patterns" \
            "$(middle '$1 / 1000' '%.1f ms' "$dir/took")" \
            "$([ $count = 100 ] && echo 10 || echo 25) ms" \
            "$(middle "\$1 / 1000 / $([ $count = 100 ] && echo 10 || echo 25)" \
                %.2f "$dir/took")" '< 1'
    done
}

# SEC writes a line a hit, as we do.
sec_rules() {
    local re

    while IFS= read -r re; do
        printf 'type=Single\nptype=RegExp\npattern=(?i)%s\n' "$re"
        printf 'desc=x\naction=write - $0\n\n'
    done <"$dir/100.re"
}

mtail_program() {
    local re n=0

    echo 'counter hits by rule'
    while IFS= read -r re; do
        printf '/(?i)%s/ {\n  hits["%d"]++\n}\n' \
            "$(sed 's|/|\\/|g' <<<"$re")" $((n += 1))
    done <"$dir/100.re"
}

sec_file() {
    sec --conf="$dir/sec.conf" --input="$log" --notail
}

mtail_file() {
    mtail --one_shot --logs "$log" --progs "$dir/mtail" --logtostderr=false
}

bench_others() {
    log=$dir/slow.log patterns=$DATA/bench/patterns-100.tsv
    material plain $SLOW_BYTES "$log" || return 0
    bytes=$(stat -c %s "$log") engine=literal jobs=1
    if type -P sec >/dev/null; then
        sec_rules >"$dir/sec.conf"
        compare 1 monitor_file sec_file
        row '100 patterns, 5 MB, x sec' \
            "$(middle "$bytes / \$1" '%.0f MB/s')" \
            "$(middle "$bytes / \$2" '%.1f MB/s')" "$(middle '$2 / $1' %.0f)"
    fi
    if type -P mtail >/dev/null; then
        mkdir -p "$dir/mtail"
        mtail_program >"$dir/mtail/all.mtail"
        compare 1 monitor_file mtail_file
        row '100 patterns, 5 MB, x mtail' \
            "$(middle "$bytes / \$1" '%.0f MB/s')" \
            "$(middle "$bytes / \$2" '%.1f MB/s')" "$(middle '$2 / $1' %.0f)"
    fi
}
