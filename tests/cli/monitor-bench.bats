#!/usr/bin/env bats
# That oncall-monitor finds in a large log what PCRE2 finds when it is asked
# about each line and each expression, with every engine and however many
# threads. BENCH_BYTES says how large the log is (4000000); a GB takes some
# minutes, for which TEST_LIMIT has to be raised. Without the tools and patterns
# in BENCH_DATA (../shared/data) there is nothing to look at.

load ../lib/common

setup() {
    common_setup
    data=${BENCH_DATA:-$ROOT/../shared/data}
    tool=$data/../tools/bench-log
    patterns=$data/bench/patterns-100.tsv
    if [ ! -x "$tool" ] || [ ! -r "$patterns" ]; then
        skip "no data in $data"
    fi
    scan=$BUILD/bench/scan-log
    "$tool" "${BENCH_BYTES:-4000000}" plain >log
    "$scan" -b "$patterns" log >wanted
    [ -s wanted ]
}

teardown() {
    common_teardown
}

# offered ENGINE: is it on this machine?
offered() {
    oncall-monitor --test-pattern x --engine "$1" x >/dev/null 2>&1
}

@test "each engine finds what PCRE2 finds line by line" {
    for engine in pcre2 literal hs; do
        offered $engine || continue
        "$scan" -e $engine -p "$patterns" log | cmp wanted
    done
}

@test "records name the lines and patterns that PCRE2 finds" {
    for engine in pcre2 literal hs; do
        offered $engine || continue
        for jobs in 1 2 3 4; do
            oncall-monitor --no-default-packs --patterns "$patterns" \
                --engine $engine --jobs $jobs log >records
            jq -r '"\(.source.line) \(.pattern)"' records | cmp wanted
        done
    done
}
