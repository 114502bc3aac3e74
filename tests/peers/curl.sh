#!/bin/sh
# curl, a process and a connection for every request.
#
#   curl.sh WORK BASE CA USER PASS FILE…
set -eu
work=$1 conn=$2/php/conn.php ca=$3 user=$4 pass=$5
shift 5
jar=$(mktemp)
trap 'rm -f "$jar"' EXIT

# A request that must be answered with the text $1.
request() {
    expected=$1
    shift
    answer=$(curl --silent --show-error --fail --cacert "$ca" --cookie "$jar" --cookie-jar "$jar" \
        --user-agent 'Mozilla/5.0 Sistema ERP/1.0' "$@" "$conn")
    case $answer in
        *"$expected"*) ;;
        *) echo "$answer" >&2 && exit 1 ;;
    esac
}

request '"C":{' --data-urlencode comp=5 --data-urlencode mod=login \
    --data-urlencode "user=$user" --data-urlencode "pass=$pass"
begin=$(date +%s%N)
for file; do
    key=$(basename "$file" | cut -c 1-44)
    request '"S":{"P":1' --form comp=5 --form mod=Upload --form path=eguarda/php/ --form recipient= \
        --form "file=@$file;type=application/xml"
    [ "$work" = upload ] && continue
    request '"protocolo":' --data-urlencode comp=5 --data-urlencode mod=Protocolo --data-urlencode path=atwe/php/ \
        --data-urlencode "chave[]=$key"
done
echo "$begin $(date +%s%N)" | awk '{ printf "{\"seconds\":%.6f}\n", ($2 - $1) / 1e9 }'
