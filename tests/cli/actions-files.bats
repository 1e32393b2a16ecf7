#!/usr/bin/env bats
# Shipped actions: cleanup_logs, clean_temporary_files, disk_report; and folders
# of clear_cache.
# shellcheck disable=SC2030,SC2031,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/monitor
load ../lib/actions

setup() {
    common_setup
    logs=$PWD/logs
    mkdir -p "$logs/app" outside
    echo kept >outside/canary.log
    touch -d '30 days ago' outside/canary.log
}

teardown() {
    ends_with_test
    common_teardown
}

# old FILE...: files that have not been changed for 30 days.
old() {
    local file

    for file; do
        printf '%2000s\n' x >"$logs/$file"
        touch -d '30 days ago' "$logs/$file"
    done
}

with_logs() {
    shipped files.yaml "s,under: \[/var/log.*\],under: [$logs],"
}

@test "cleanup_logs deletes old logs by name, age and size, and nothing else" {
    need fuser
    with_logs
    old app/a.log app/a.log.1 app/a.log-20240101 app/b.gz app/data.db app/notes.txt 'app/x y.log'
    echo new >"$logs/app/new.log"
    : >"$logs/app/empty.log"
    touch -d '30 days ago' "$logs/app/empty.log"
    verdict verified_fixed cleanup_logs "folder=$logs" older_than=7d
    is "$(cd "$logs/app" && ls)" 'data.db
empty.log
new.log
notes.txt'
    explains a.log.1
    old app/small.log
    verdict verified_fixed cleanup_logs "folder=$logs" older_than=7d larger_than=1M
    [ -e "$logs/app/small.log" ]
    refused cleanup_logs "folder=$logs" older_than=1m
}

@test "cleanup_logs leaves alone what a program has open" {
    need fuser
    with_logs
    old app/open.log app/closed.log
    behind tail -f "$logs/app/open.log"
    eventually 10 sh -c "fuser -s $logs/app/open.log 2>/dev/null"
    verdict verified_fixed cleanup_logs "folder=$logs"
    is "$(ls "$logs/app")" open.log
}

@test "cleanup_logs never goes through a symlink, nor out of its folders" {
    with_logs
    ln -s "$PWD/outside" "$logs/app/link"
    ln -s "$PWD/outside/canary.log" "$logs/app/canary.log"
    ln -s "$PWD/outside" "$logs/way"
    verdict verified_fixed cleanup_logs "folder=$logs"
    [ -e outside/canary.log ]
    refused cleanup_logs "folder=$logs/way"
    explains 'symbolic link'
    refused cleanup_logs "folder=$logs/way/../../outside"
    refused cleanup_logs "folder=$PWD/outside"
    refused cleanup_logs "folder=$logs-other"
    refused cleanup_logs folder=outside
    [ -e outside/canary.log ]
}

@test "cleanup_logs takes only rotated logs where it cannot see who has them open" {
    with_logs
    old app/a.log app/a.log.1
    mkdir bin
    for program in find df oncall-act; do
        ln -s "$(command -v "$program")" bin/
    done
    PATH=$PWD/bin ONCALL_STORE=$BATS_TEST_TMPDIR/a.db run \
        "$PWD/bin/oncall-act" run --actions "$act_packs/files.yaml" cleanup_logs "folder=$logs"
    is "$(of .verdict)" verified_fixed
    is "$(ls "$logs/app")" a.log
}

@test "cleanup_logs of the shipped pack takes folders of logs only" {
    for folder in / /etc /var /var/log/../lib /home /var/logs "$logs" /var/log/../../etc; do
        refused cleanup_logs "folder=$folder"
    done
}

@test "clean_temporary_files deletes what nobody has used for long" {
    need fuser
    mkdir tmp
    shipped files.yaml "s,under: \[/tmp.*\],under: [$PWD/tmp], ; s/'!', -newerct, '[^']*', //g"
    mkdir tmp/sub tmp/systemd-private-x tmp/.X11-unix
    for file in a sub/b systemd-private-x/c .X11-unix/d; do
        echo x >"tmp/$file"
        touch -a -m -d '9 days ago' "tmp/$file"
    done
    echo x >tmp/new
    ln -s "$PWD/outside/canary.log" tmp/link
    verdict verified_fixed clean_temporary_files "folder=$PWD/tmp" older_than=2d
    is "$(cd tmp && find . ! -type d | sort)" './.X11-unix/d
./link
./new
./systemd-private-x/c'
    [ -e outside/canary.log ]
}

@test "clean_temporary_files of the shipped pack keeps what was made lately" {
    need fuser
    echo x >young
    touch -a -m -d '9 days ago' young
    # Its status changed just now, whatever its times say.
    verdict verified_fixed clean_temporary_files "folder=$PWD"
    [ -e young ]
    refused clean_temporary_files folder=/var
    refused clean_temporary_files folder=/etc
}

@test "disk_report shows what takes the space, and changes nothing" {
    head -c 300000 /dev/zero >"$logs/app/big"
    before=$(find . | sort)
    verdict ran_unverified disk_report "path=$PWD"
    explains "$logs/app"
    is "$(find . | sort)" "$before"
    refused disk_report path=relative
}

@test "clear_cache empties a folder that the configuration names, and none other" {
    mkdir -p cache/sub
    touch -d '1 day ago' cache/a cache/sub/b
    ln -s "$PWD/outside" cache/link
    configured 'actions:' '  clear_cache:' '    params:' "      folders: /none $PWD/cache"
    verdict verified_fixed clear_cache kind=directory "target=$PWD/cache"
    is "$(find cache)" cache
    [ -e outside/canary.log ]
    verdict failed_before_change clear_cache kind=directory "target=$PWD/outside"
    explains 'is none of'
    rmdir cache
    ln -s outside cache
    verdict failed_before_change clear_cache kind=directory "target=$PWD/cache"
    explains symlink
    [ -e outside/canary.log ]
}
