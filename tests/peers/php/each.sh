#!/bin/sh
# The PHP sample as an ERP calls it: a process for every document.
#
#   each.sh WORK BASE CA USER PASS FILE…
set -eu
work=$1 base=$2 ca=$3 user=$4 pass=$5
shift 5
begin=$(date +%s%N)
for file; do
    php "$(dirname "$0")/averbar.php" "$work" "$base" "$ca" "$user" "$pass" "$file" >/dev/null
done
echo "$begin $(date +%s%N)" | awk '{ printf "{\"seconds\":%.6f}\n", ($2 - $1) / 1e9 }'
