#!/bin/sh
# backup.sh FOLDER: writes all incidents to FOLDER/incidents-DAY.jsonl.gz and keeps
# the newest 14 of these files. Taken back with:
#   gzip -dc FILE | oncall-incident import
set -eu
umask 077
keep=14
folder=${1:?which folder}
file=$folder/incidents-$(date -u +%Y-%m-%d).jsonl.gz

# Under its name only when it is complete: not even a full disk leaves half of
# one that looks like a good one.
trap 'rm -f "$file.tmp" "$file.raw"' EXIT
oncall-incident export >"$file.raw"
gzip -c "$file.raw" >"$file.tmp"
mv "$file.tmp" "$file"

find "$folder" -maxdepth 1 -name 'incidents-*.jsonl.gz' | sort -r |
    tail -n +$((keep + 1)) | while IFS= read -r old; do
    rm "$old"
done
