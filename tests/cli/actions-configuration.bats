#!/usr/bin/env bats
# oncall-act edit, and the actions that call it: update_config and
# adjust_memory_config.
# shellcheck disable=SC2030,SC2031,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/monitor
load ../lib/actions

setup() {
    common_setup
    mkdir conf
    printf '# limits\nmaxmemory 1gb\nmaxclients 100\n' >conf/redis.conf
    chmod 640 conf/redis.conf
}

teardown() {
    ends_with_test
    common_teardown
}

with_folder() {
    shipped configuration.yaml "s,under: \[/etc.*\],under: [$PWD/conf],"
}

backups() {
    find conf -name '*.oncall-*' | wc -l
}

# ---- edit ----

@test "edit sets a key, keeps the rest, and a backup" {
    expect 0 oncall-act edit conf/redis.conf maxmemory 2gb
    is "$output" 'conf/redis.conf: maxmemory changed from 1gb to 2gb'
    is "$(cat conf/redis.conf)" '# limits
maxmemory 2gb
maxclients 100'
    is "$(stat -c %a conf/redis.conf)" 640
    is "$(cat conf/redis.conf.oncall-backup-*)" '# limits
maxmemory 1gb
maxclients 100'
    expect 0 oncall-act edit conf/redis.conf maxmemory 2gb
    is "$output" 'conf/redis.conf: maxmemory is 2gb already'
    is "$(backups)" 1
}

@test "edit --show, --check and --dry-run change nothing" {
    before=$(cat conf/redis.conf)
    expect 0 oncall-act edit --show conf/redis.conf maxclients
    is "$output" 100
    expect 1 oncall-act edit --show conf/redis.conf none
    expect 0 oncall-act edit --check conf/redis.conf maxclients 100
    expect 1 oncall-act edit --check conf/redis.conf maxclients 101
    expect 0 oncall-act edit --dry-run conf/redis.conf maxclients 101
    is "$output" 'conf/redis.conf: maxclients would change from 100 to 101'
    is "$(cat conf/redis.conf)" "$before"
    is "$(backups)" 0
}

@test "edit --undo puts back what was, and not over later changes" {
    expect 0 oncall-act edit conf/redis.conf maxmemory 2gb
    expect 0 oncall-act edit conf/redis.conf maxclients 200
    expect 1 oncall-act edit --undo conf/redis.conf maxmemory 2gb
    says 'was changed since'
    expect 0 oncall-act edit --undo conf/redis.conf maxclients 200
    expect 0 oncall-act edit --undo conf/redis.conf maxmemory 2gb
    is "$(cat conf/redis.conf)" '# limits
maxmemory 1gb
maxclients 100'
    is "$(backups)" 0
    is "$(stat -c %a conf/redis.conf)" 640
    expect 1 oncall-act edit --undo conf/redis.conf maxmemory 2gb
}

@test "edit keeps nothing that the validating command refuses" {
    before=$(cat conf/redis.conf)
    expect 1 oncall-act edit --validate-command='grep -q maxmemory.2gb {}' conf/redis.conf maxmemory 3gb
    says 'was not kept'
    expect 1 oncall-act edit --validate-command="grep -q maxmemory.2gb $PWD/conf/redis.conf" conf/redis.conf maxmemory 3gb
    is "$(cat conf/redis.conf)" "$before"
    is "$(backups)" 0
    expect 0 oncall-act edit --validate-command='grep -q maxmemory.2gb {}' conf/redis.conf maxmemory 2gb
    expect 4 oncall-act edit --validate-command='/none/at/all {}' conf/redis.conf maxmemory 3gb
    is "$(oncall-act edit --show conf/redis.conf maxmemory)" 2gb
    # No shell reads it.
    expect 1 oncall-act edit --validate-command='false ; touch canary' conf/redis.conf maxmemory 3gb
    [ ! -e canary ]
}

@test "edit refuses symlinks, special files and what it cannot do for sure" {
    ln -s redis.conf conf/link.conf
    ln -s conf way
    mkfifo conf/pipe.conf
    ln conf/redis.conf conf/hard.conf
    expect 5 oncall-act edit conf/link.conf a 1
    expect 5 oncall-act edit way/redis.conf maxmemory 2gb
    expect 5 oncall-act edit conf/pipe.conf a 1
    expect 5 oncall-act edit conf/redis.conf maxmemory 2gb
    says 'hard links'
    rm conf/hard.conf
    expect 3 oncall-act edit conf/redis.conf 'a b' 1
    expect 3 oncall-act edit conf/redis.conf maxmemory '1 # 2'
    echo 'maxmemory 3gb' >>conf/redis.conf
    expect 3 oncall-act edit conf/redis.conf maxmemory 2gb
    says 'stands twice, in lines 2 and 4'
    expect 4 oncall-act edit conf/none.conf a 1
    echo x >conf/passwd
    expect 3 oncall-act edit conf/passwd a 1
    says --format
    expect 2 oncall-act edit conf/redis.conf maxmemory
    expect 2 oncall-act edit --undo --check conf/redis.conf maxmemory 1
}

@test "edit leaves no half-written file behind when it is killed" {
    for i in {1..30}; do
        oncall-act edit conf/redis.conf maxclients "$i" >/dev/null 3>&- &
        kill -9 $! 2>/dev/null || :
        wait $! 2>/dev/null || :
        is "$(grep -c . conf/redis.conf)" 3
        [[ $(oncall-act edit --show conf/redis.conf maxclients) =~ ^[0-9]+$ ]]
    done
}

@test "edit keeps the owner" {
    need root
    chown nobody conf/redis.conf
    expect 0 oncall-act edit conf/redis.conf maxmemory 2gb
    is "$(stat -c '%U %a' conf/redis.conf)" 'nobody 640'
}

@test "edit knows properties, ini, env, options, YAML and JSON" {
    printf 'a.b: 1\n' >conf/x.properties
    printf '[a]\nb = 1\n' >conf/x.ini
    printf 'export B="1"\n' >conf/x.env
    printf -- '-Xmx1g\n' >conf/x.options
    printf 'a:\n  b: 1 # one\n' >conf/x.yaml
    printf '{"a": {"b": 1}}\n' >conf/x.json
    expect 0 oncall-act edit conf/x.properties a.b 2
    expect 0 oncall-act edit conf/x.ini a.b 2
    # shellcheck disable=SC2016
    expect 0 oncall-act edit conf/x.env B '$(touch canary)'
    expect 0 oncall-act edit -- conf/x.options -Xmx 2g
    expect 0 oncall-act edit conf/x.yaml a.b 2
    expect 0 oncall-act edit conf/x.json a.b 2
    # shellcheck disable=SC2016
    is "$(cat conf/x.{properties,ini,env,options,yaml,json})" 'a.b: 2
[a]
b = 2
export B="\$(touch canary)"
-Xmx2g
a:
  b: 2 # one
{"a": {"b": 2}}'
    sh -c ". ./conf/x.env"
    [ ! -e canary ]
    python3 -c 'import json; assert json.load(open("conf/x.json")) == {"a": {"b": 2}}'
}

# ---- actions ----

@test "update_config and adjust_memory_config set keys, checked before and after" {
    with_folder
    verdict verified_fixed update_config "file=$PWD/conf/redis.conf" key=maxclients value=20000
    verdict verified_fixed adjust_memory_config "file=$PWD/conf/redis.conf" key=maxmemory value=2gb
    is "$(cat conf/redis.conf)" '# limits
maxmemory 2gb
maxclients 20000'
    explains 'maxmemory = 2gb'
    printf -- '-Xms1g\n-Xmx1g\n' >conf/heap.options
    verdict verified_fixed adjust_memory_config "file=$PWD/conf/heap.options" key=-Xmx value=8g
    is "$(cat conf/heap.options)" '-Xms1g
-Xmx8g'
    printf 'NODE_OPTIONS=\n' >conf/web.env
    verdict verified_fixed adjust_memory_config "file=$PWD/conf/web.env" key=NODE_OPTIONS value=--max-old-space-size=4096
    is "$(cat conf/web.env)" NODE_OPTIONS=--max-old-space-size=4096
}

@test "update_config does not begin what edit would refuse" {
    with_folder
    echo 'maxmemory 3gb' >>conf/redis.conf
    before=$(cat conf/redis.conf)
    verdict failed_before_change update_config "file=$PWD/conf/redis.conf" key=maxmemory value=2gb
    ln -s redis.conf conf/link.conf
    refused update_config "file=$PWD/conf/link.conf" key=maxclients value=1
    refused update_config "file=$PWD/conf/../conf/redis.conf" key=maxclients value=1
    refused update_config file=/etc/passwd key=a value=1
    refused adjust_memory_config "file=$PWD/conf/redis.conf" key=maxclients value=abc
    # shellcheck disable=SC2016
    refused adjust_memory_config "file=$PWD/conf/redis.conf" key=maxclients 'value=-D$(id)=1'
    is "$(cat conf/redis.conf)" "$before"
}

@test "update_config is taken back when its file is not valid afterwards" {
    with_folder
    before=$(cat conf/redis.conf)
    verdict failed_during_change update_config "file=$PWD/conf/redis.conf" key=maxclients value=300 validate='grep -q maxclients.200 {}'
    is "$(cat conf/redis.conf)" "$before"
    is "$(backups)" 0
    verdict verified_fixed update_config "file=$PWD/conf/redis.conf" key=maxclients value=200 validate='grep -q maxclients.200 {}'
}

@test "update_config validates with the real nginx" {
    need nginx
    printf 'pid %s;\nerror_log stderr;\nevents {\n}\n' "$PWD/pid" >conf/nginx.conf
    printf 'kind: nginx\n' >conf/web.yaml
    with_folder
    # Its own format is not ours to edit.
    verdict failed_before_change update_config "file=$PWD/conf/nginx.conf" key=pid value=/x
    verdict verified_fixed update_config "file=$PWD/conf/web.yaml" key=kind value=apache "validate=nginx -t -c $PWD/conf/nginx.conf"
    printf 'nonsense;\n' >>conf/nginx.conf
    verdict failed_during_change update_config "file=$PWD/conf/web.yaml" key=kind value=nginx "validate=nginx -t -c $PWD/conf/nginx.conf"
    is "$(cat conf/web.yaml)" 'kind: apache'
}
