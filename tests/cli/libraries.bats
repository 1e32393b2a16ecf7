#!/usr/bin/env bats
# Libraries that are loaded when they are needed, and not before. An empty file
# of its name, found first, is a library that cannot be loaded.
# shellcheck disable=SC2154

load ../lib/common

setup() {
    common_setup
    export ONCALL_CONFIG=$PWD/oncall.yaml
    (umask 077 && cat >oncall.yaml <<'YAML'
targets:
  hook: {type: webhook, url: "http://127.0.0.1:1/in"}
  mail:
    type: smtp
    server: localhost:1
    from: oncall@example.org
    to: team@example.org
  log: {type: file, path: log}
probes:
  site: {url: "http://127.0.0.1:1/"}
  own: {command: ["true"]}
YAML
    )
    sed -i "s|path: log|path: $PWD/log|" oncall.yaml
    echo '{"type":"message","id":"m1","time":"2026-11-20T10:00:00.000Z","key":"m1","title":"first"}' >in.jsonl
}

# without LIBRARY COMMAND...: runs it as if the library were not installed.
without() {
    mkdir -p missing
    : >"missing/$1"
    LD_LIBRARY_PATH=$PWD/missing "${@:2}"
}

# lacks LIBRARY PACKAGE: the last run says so.
lacks() {
    says "cannot load $1, which "
    says "(Debian: apt install $2): "
}

# built OPTION...: whether oncall-monitor can do this at all here.
built() {
    oncall-monitor "$@" >/dev/null 2>built.err || ! grep -q 'buil[dt]' built.err
}

@test "libcurl is not loaded before something is sent" {
    local program

    for program in "$ROOT"/cmd/*; do
        expect 0 without libcurl.so.4 "${program##*/}" --version
    done
    expect 1 without libcurl.so.4 oncall-monitor in.jsonl
    expect 0 without libcurl.so.4 oncall config
    expect 0 without libcurl.so.4 chatops-send --to log in.jsonl
    is "$(of 'select(.type == "delivery").status')" delivered
    expect 0 without libcurl.so.4 chatops-send --render mail in.jsonl
}

@test "without libcurl a message waits, and why is told" {
    for target in hook mail; do
        expect 75 without libcurl.so.4 chatops-send --to $target --wait 1ms in.jsonl
        of 'select(.type == "delivery").reason' >reason
        grep -qF 'cannot load libcurl.so.4, which HTTP and mail need (Debian: apt install libcurl4): ' reason
        is "$(of 'select(.type == "delivery").status')" queued
    done
    expect 4 without libcurl.so.4 chatops-send --check mail
    lacks libcurl.so.4 libcurl4
}

@test "without libcurl probes and Elasticsearch say so" {
    expect 4 without libcurl.so.4 oncall-monitor --probe site
    lacks libcurl.so.4 libcurl4
    is "$output" ''
    expect 1 without libcurl.so.4 oncall-monitor --probe own
    expect 4 without libcurl.so.4 oncall-monitor --elasticsearch http://127.0.0.1:1 --index logs
    lacks libcurl.so.4 libcurl4
}

@test "doctor names the libraries that cannot be loaded" {
    oncall init
    expect_records 0 without libcurl.so.4 oncall doctor
    of 'select(.labels.what == "libcurl") | "\(.value) \(.labels.detail)"' >found
    grep -q '^warn cannot load libcurl.so.4, ' found
}

@test "a store in PostgreSQL without libpq says so" {
    expect 4 without libpq.so.5 oncall-incident list --store postgresql://127.0.0.1:1/x
    lacks libpq.so.5 libpq5
}

@test "the engine hs without its library says so" {
    built --engine hs /dev/null || skip 'built without Hyperscan'
    expect 4 without libhs.so.5 oncall-monitor --engine hs /dev/null
    lacks libhs.so.5 libhyperscan5
}

@test "compressed files without their library say so" {
    printf '\x1f\x8b\x08' >some.gz
    printf '\x28\xb5\x2f\xfd' >some.zst
    built some.gz && built some.zst || skip 'built without zlib or zstd'
    expect 4 without libz.so.1 oncall-monitor some.gz
    lacks libz.so.1 zlib1g
    expect 4 without libzstd.so.1 oncall-monitor some.zst
    lacks libzstd.so.1 libzstd1
}

@test "a library without a function that is needed is too old" {
    mkdir old
    ln -s "$(ldd "$BUILD/bin/oncall" | awk '/libyaml/ { print $3 }')" old/libcurl.so.4
    LD_LIBRARY_PATH=$PWD/old expect 4 chatops-send --check mail
    says 'libcurl.so.4 has no curl_'
    says 'or newer is needed'
}
