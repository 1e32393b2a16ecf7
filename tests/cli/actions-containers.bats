#!/usr/bin/env bats
# Shipped actions for Docker and Kubernetes, with stand-ins for docker and
# kubectl that are strict about how they are called.
# shellcheck disable=SC2030,SC2031,SC2119,SC2120,SC2154

load ../lib/common
load ../lib/monitor
load ../lib/actions

setup() {
    common_setup
    stand_ins docker kubectl
}

teardown() {
    called_well
    ends_with_test
    common_teardown
}

quick() {
    shipped containers.yaml 's/within: [0-9]+[sm]/within: 1s/'
}

@test "restart_container restarts one, and sees it run" {
    known container/web exited
    verdict verified_fixed restart_container container=web
    is "$(called)" 'docker container inspect --format {{.State.Status}} web
docker container restart -t 20 web
docker container inspect --format {{.State.Status}} web'
    verdict failed_before_change restart_container container=none
    quick
    known container/bad broken
    verdict ran_ineffective restart_container container=bad
    refused restart_container container=-v
    refused restart_container 'container=web other'
}

@test "prune_containers removes what is old, and never volumes" {
    verdict ran_unverified prune_containers older_than=3d
    is "$(called)" 'docker system df
docker container prune --force --filter until=259200s
docker image prune --all --force --filter until=259200s
docker system df'
    refused prune_containers older_than=1m
    refused prune_containers older_than=0s
}

@test "scale_resources scales with kubectl, and goes back when it does not help" {
    known deployment/web 2
    verdict verified_fixed scale_resources kind=deployment name=web replicas=4
    is "$(called | grep ' scale ')" 'kubectl --namespace default scale deployment/web --replicas=4'
    is "$(cat "$HOME/stand-in/deployment/web")" 4
    known statefulset/db 1
    verdict verified_fixed scale_resources kind=statefulset name=db replicas=3 namespace=shop
    verdict failed_before_change scale_resources kind=deployment name=none replicas=3
    refused scale_resources kind=deployment name=web replicas=0
    refused scale_resources kind=deployment name=web replicas=1000
    refused scale_resources kind=pod name=web replicas=2
    quick
    known deployment/bad broken
    verdict ran_ineffective scale_resources kind=deployment name=bad replicas=5
    is "$(of .rollback)" 'done'
    called | grep -q 'scale deployment/bad --replicas=broken' && return 1
    called | grep -q 'annotations.oncall-tools/replicas-before'
}

@test "scale_resources scales services of a swarm" {
    known service/web 2
    known service/web-2 9
    verdict verified_fixed scale_resources kind=service name=web replicas=4
    is "$(called | grep scale)" 'docker service scale --detach web=4'
    verdict failed_before_change scale_resources kind=service name=we replicas=4
    quick
    known service/bad broken
    verdict ran_ineffective scale_resources kind=service name=bad replicas=4
    is "$(called | tail -n 1)" 'docker service rollback --detach bad'
}

@test "rollback_deployment undoes with kubectl and docker" {
    known deployment/web 2
    verdict verified_fixed rollback_deployment kind=deployment name=web
    is "$(called | grep undo)" 'kubectl --namespace default rollout undo deployment/web'
    known daemonset/agent 2
    verdict verified_fixed rollback_deployment kind=daemonset name=agent
    known service/web 2
    verdict verified_fixed rollback_deployment kind=service name=web
    verdict failed_before_change rollback_deployment kind=deployment name=none
    quick
    known deployment/bad broken
    verdict ran_ineffective rollback_deployment kind=deployment name=bad
    is "$(of .rollback)" 'done'
    is "$(called | grep -c 'undo deployment/bad')" 2
}
