# What the tests of oncall-triage share: `load ../lib/triage`, after common and
# incident.
# shellcheck shell=bash

setup() {
    triage_setup
}

triage_setup() {
    incident_setup
    declare_actions
}

# Actions of the tests, whatever packs are installed: they take nothing but a
# service, and run nothing that matters.
declare_actions() {
    (umask 077 && cat >actions.yaml) <<'END'
pack: of-the-test
version: 1.0.0
description: of the test
actions:
  - id: mend
    description: Mends it
    params:
      service: {type: name, required: true, untrusted: true, description: what is mended}
    command: ['true', "--", "${service}"]
    target: "${service}"
    risk: low
    blast_radius: process
    reversible: true
  - id: own
    description: Takes trusted values only
    params:
      service: {type: name, required: true, description: what is mended}
    command: ['true', "--", "${service}"]
    target: "${service}"
    risk: low
    blast_radius: process
    reversible: true
  - id: other
    description: Something else
    command: ['true']
    target: other
    risk: low
    blast_radius: process
    reversible: true
END
}
