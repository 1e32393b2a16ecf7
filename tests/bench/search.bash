# search.bash - the pieces of tests/bench/run that measure how well and how fast
# documents are found. Sourced.
# Functions are called by name, and awk's fields are no shell parameters:
# shellcheck shell=bash disable=SC2317,SC2016,SC2154

RETRIEVAL=tests/bench/retrieval.py
# Who asks is among the answers.
ANSWERS=21

# kb DIR COMMAND...: oncall-kb with a store and a cache of its own.
kb() {
    local in=$1 command=$2

    shift 2
    ONCALL_STORE=$in/store.db XDG_CACHE_HOME=$in \
        "$B/bin/oncall-kb" "$command" "${packs[@]}" "$@"
}

# answers DIR: the best entries for each of DIR's questions.
answers() {
    local packs=(--no-default-packs)

    kb "$1" import "$1/docs.jsonl" >&2 &&
        kb "$1" match --top "$ANSWERS" --min-score 0 "$1/questions.jsonl" |
        jq -r '[.knowledge[].entry] | @tsv'
}

# difference A B: how much A is above B.
difference() {
    awk "BEGIN { printf \"%.4f\", $1 - $2 }"
}

# retrieval SET FIRST FIVE: what is wanted of recall@1, against FTS5, as a ratio
# ('>= 1.1') or as a difference (+0.04), and of recall@5 as a ratio.
retrieval() {
    local set=$1 found known

    mkdir -p "$dir/$set"
    "$RETRIEVAL" prepare "$DATA" "$set" "$dir/$set" || die "cannot read $set"
    "$RETRIEVAL" fts5 "$dir/$set" >"$dir/$set/theirs" || die 'FTS5 failed'
    answers "$dir/$set" >"$dir/$set/ours" || die "cannot search in $set"
    read -ra found < <("$RETRIEVAL" figures "$dir/$set" <"$dir/$set/ours")
    read -ra known < <("$RETRIEVAL" figures "$dir/$set" <"$dir/$set/theirs")
    if [[ $2 == +* ]]; then
        row "$set, recall@1, more than FTS5" "${found[0]}" "${known[0]}" \
            "$(difference "${found[0]}" "${known[0]}")" ">= ${2#+}"
    else
        retrieval_row "$set, recall@1, x FTS5" 0 "$2"
    fi
    retrieval_row "$set, recall@5, x FTS5" 1 "${3:-}"
    retrieval_row "$set, MRR, x FTS5" 2
}

# retrieval_row WHAT INDEX [WANTED]
retrieval_row() {
    row "$1" "${found[$2]}" "${known[$2]}" \
        "$(awk "BEGIN { printf \"%.3f\", ${found[$2]} / ${known[$2]} }")" \
        "${3:--}"
}

bench_retrieval() {
    if [ ! -r "$DATA/duplicates/reports.jsonl" ]; then
        row "retrieval: skipped, no data in $DATA" - - -
        return
    fi
    if ! python3 -c 'import sqlite3
sqlite3.connect(":memory:").execute("CREATE VIRTUAL TABLE t USING fts5(a)")' \
        2>/dev/null; then
        row 'retrieval: skipped, no python3 with FTS5' - - -
        return
    fi
    retrieval duplicates '>= 1.1' '> 1'
    retrieval runbooks +0.04
}

# The examples of the shipped packs, with other numbers, paths, hosts and ids.
bench_variants() {
    local packs=() found

    mkdir -p "$dir/variants"
    kb "$dir/variants" list --json >"$dir/variants/entries" || die 'no packs'
    "$RETRIEVAL" variants "$dir/variants" || die 'cannot vary examples'
    kb "$dir/variants" match --top 5 "$dir/variants/questions.jsonl" |
        jq -r '[.knowledge[].entry] | @tsv' >"$dir/variants/ours"
    read -ra found < <("$RETRIEVAL" figures "$dir/variants" \
        <"$dir/variants/ours")
    row "variants of examples, recall@1" "${found[0]}" 0.97 \
        "$(awk "BEGIN { printf \"%.3f\", ${found[0]} / 0.97 }")" '>= 1'
}

# made_up N: so many entries, each with an expression and fifty words.
made_up() {
    awk -v n="$1" 'BEGIN {
        srand(1)
        for (i = 0; i < n; i++) {
            text = ""
            for (k = 0; k < 50; k++)
                text = text " w" int(rand() * rand() * 60000)
            printf "{\"type\":\"entry\",\"id\":\"e%d\",\"title\":\"%s\"," \
                "\"description\":\"%s\",\"patterns\":[{\"match\":" \
                "\"unit %d failed in \\\\w+\"}]}\n", i,
                substr(text, 2, 30), text, i
        }
    }'
}

# asked N: so many detections, each of one of those entries.
asked() {
    made_up "$1" | jq -c '{type: "detection", id: ("d" + .id), severity: "high",
        time: "2026-11-20T00:00:00.000Z", title: .title,
        message: ("unit " + .id[1:] + " failed in x " + .description[0:200])}'
}

# Start, and time of an incident in a stream, of oncall-kb match.
bench_knowledge() {
    local packs=(--no-default-packs) at=$dir/knowledge start each

    mkdir -p "$at"
    made_up 10000 >"$at/docs.jsonl"
    asked 1000 >"$at/questions"
    kb "$at" import "$at/docs.jsonl" >&2 || die 'cannot import'
    kb "$at" match --text warm >"$at/answer" # makes the index
    kb_once() { kb "$at" match --text 'unit 77 failed in x'; }
    kb_stream() { kb "$at" match "$at/questions"; }
    compare "$ROUNDS" kb_stream kb_once
    start=$(middle '$2 / 1000' %.1f)
    each=$(middle '($1 - $2) / 1000 / 1000' %.2f)
    row 'oncall-kb, 10000 entries, ms to start' "$start" 30 \
        "$(awk "BEGIN { printf \"%.2f\", $start / 30 }")" '< 1'
    row 'oncall-kb, 10000 entries, ms an incident' "$each" 2 \
        "$(awk "BEGIN { printf \"%.2f\", $each / 2 }")" '< 1'
}

# growth DOCUMENTS MILLISECONDS: the middle question may take so long.
growth() {
    local grown

    read -ra grown < <("$B/bench/search-docs" grow "$dir/index" "$1") ||
        die "cannot build an index of $1"
    row "search, $1 documents, ms to ask" "${grown[2]}" "$2" \
        "$(awk "BEGIN { printf \"%.2f\", ${grown[2]} / $2 }")" '< 1'
    row "search, $1 documents, ms to open" "${grown[1]}" 5 \
        "$(awk "BEGIN { printf \"%.2f\", ${grown[1]} / 5 }")" '< 1'
    row "search, $1 documents, seconds to build" "${grown[0]}" - -
}

bench_search() {
    growth 1000 1
    growth 10000 1
    growth 100000 5
    if [ "${BENCH_LARGE:-}" = 1 ]; then
        growth 1000000 15
    else
        row 'search, 1000000 documents: with BENCH_LARGE=1' - - -
    fi
    rm -f "$dir/index"
}
