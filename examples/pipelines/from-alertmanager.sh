#!/bin/sh
# from-alertmanager.sh FOLDER: takes the webhook bodies that a web server keeps
# as files in FOLDER (*.json), and prints one line for each incident that
# changed. A file goes to FOLDER/taken when it is stored, so this may run from
# cron, be killed, and run again; one that is no webhook goes to FOLDER/bad.
set -eu
folder=${1:?which folder}
mkdir -p "$folder/taken" "$folder/bad"
for file in "$folder"/*.json; do
    [ -e "$file" ] || continue
    to=taken
    found=$(oncall-incident open --from alertmanager "$file") || {
        status=$?
        [ $status -eq 3 ] || exit $status
        to=bad
    }
    [ -z "$found" ] || printf '%s\n' "$found" |
        jq -r '[.change, .severity, .id, .service // "-", .title] | join("  ")'
    mv "$file" "$folder/$to/"
done
