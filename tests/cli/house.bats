#!/usr/bin/env bats
# The build, the scripts and the schemas.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common

no_libraries() {
    env PKG_CONFIG_LIBDIR=/nonexistent PKG_CONFIG_PATH= "$@"
}

@test "scripts/deps is silent when nothing is missing" {
    expect 0 "$ROOT/scripts/deps" build test
    is "$output$stderr" ''
}

@test "scripts/deps says what it would install and why" {
    need apt-get
    expect 0 no_libraries "$ROOT/scripts/deps" build --dry-run
    [[ $output == *'libjansson-dev         JSON'* ]]
    [[ ${lines[-1]} == *'apt-get install --no-install-recommends '*libjansson-dev* ]]
}

@test "scripts/deps prints the command to type where it may not install" {
    need root
    need apt-get
    # bats and perhaps the checkout stand in folders closed to others.
    open=$(mktemp -d)
    chmod 755 "$open"
    for program in sh apt-get id cat awk sed tr cut sort pkg-config cc make; do
        ln -s "$(command -v $program)" "$open/"
    done
    cp "$ROOT/scripts/deps" "$open/deps"
    run --separate-stderr no_libraries PATH="$open" "$(command -v setpriv)" \
        --reuid=65534 --clear-groups "$(command -v sh)" "$open/deps" build
    rm -r "$open"
    is "$status" 2
    says 'as root, type: apt-get install --no-install-recommends '
}

@test "scripts/deps refuses a group it does not know" {
    expect 2 "$ROOT/scripts/deps" everything
    says usage:
    expect 2 "$ROOT/scripts/deps"
}

@test "make names the libraries that are missing, in one line" {
    expect 2 no_libraries make -s -C "$ROOT" B="$PWD/build"
    is "${stderr_lines[0]}" "oncall-tools: the library jansson libpcre2-8 sqlite3 yaml-0.1 \
is missing; get it with: scripts/deps build"
}

@test "make names the compiler that is missing" {
    expect 2 make -s -C "$ROOT" B="$PWD/build" CC=no-such-cc
    says 'oncall-tools: the compiler no-such-cc is missing'
}

@test "make help tells every entry" {
    expect 0 make -s -C "$ROOT" help
    for entry in all demo check install uninstall dist clean lint format \
        sanitize fuzz bench coverage docs docs-check; do
        [[ $output == *"make $entry "* ]]
    done
}

@test "make install puts files in their places, uninstall removes them" {
    export B=$BUILD PREFIX=/opt/oncall DESTDIR=$PWD/root
    expect 0 "$ROOT/scripts/install"
    [ -x root/opt/oncall/bin/oncall-incident ]
    [ -f root/opt/oncall/share/oncall/schema/incident.schema.json ]
    root/opt/oncall/bin/oncall-incident --version
    expect 0 "$ROOT/scripts/install" --remove
    is "$(find root -type f)" ''
    [ ! -e root/opt/oncall/share/oncall ]
}

@test "the generated parts of manual and completions are fresh" {
    B=$BUILD expect 0 "$ROOT/scripts/docs" --check
}

@test "every record type has a schema, and each schema is one" {
    types='event detection cursor incident change approval action message'
    types+=' delivery entry template run report error'
    for type in $types; do
        [ -f "$ROOT/man/schema/$type.schema.json" ]
    done
    /usr/bin/python3 - "$ROOT"/man/schema/*.json <<'END'
import json, sys, jsonschema
for name in sys.argv[1:]:
    schema = json.load(open(name))
    jsonschema.validators.validator_for(schema).check_schema(schema)
END
}

@test "the validator takes a good record and refuses bad ones" {
    detection | validate
    for bad in '{"severity":"huge"}' '{"time":"2026-02-30T00:00:00.000Z"}' \
        '{"time":"2026-02-20T00:00:00Z"}' '{"type":"nonsense"}' '{"id":""}' \
        '{"source":{"offset":-1}}' '{"fingerprint":""}' '{"count":0}'; do
        run -1 validate < <(detection "$bad")
    done
    run -1 validate < <(echo '{"type":"cursor","type":"cursor"}')
    run -1 validate </dev/null
}

@test "each-alloc passes a program that copes and catches one that does not" {
    need unsanitized
    export B=$BUILD
    expect 0 "$ROOT/tests/faults/each-alloc" --status 2 --first 40 --samples 5 sort
    expect 1 "$ROOT/tests/faults/each-alloc" --status 9 --first 40 --samples 5 sort
    [[ $output == *'status 2, output'* ]]
}
