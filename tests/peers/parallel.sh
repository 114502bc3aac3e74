#!/bin/sh
# curl, 8 uploads at a time from one process: by HTTP/1.1 each on a connection of its own, by HTTP/2 all on one.
#
#   parallel.sh http1.1|http2 BASE CA USER PASS FILE…
set -eu
version=$1 conn=$2/php/conn.php ca=$3 user=$4 pass=$5
shift 5
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

# What is the same for all requests, as lines of curl's configuration.
common() {
    cat <<END
$version
url = "$conn"
cacert = "$ca"
cookie = "$folder/jar"
user-agent = "Mozilla/5.0 Sistema ERP/1.0"
silent
show-error
fail
END
}

common | curl --config - --cookie-jar "$folder/jar" --output "$folder/login" --data-urlencode comp=5 --data-urlencode mod=login \
    --data-urlencode "user=$user" --data-urlencode "pass=$pass"
next=
for file; do
    echo "$next"
    common
    echo "form = \"comp=5\""
    echo "form = \"mod=Upload\""
    echo "form = \"path=eguarda/php/\""
    echo "form = \"recipient=\""
    echo "form = \"file=@$file;type=application/xml\""
    next=next
done >"$folder/uploads"
begin=$(date +%s%N)
curl --parallel --parallel-max 8 --config "$folder/uploads" >"$folder/answers"
end=$(date +%s%N)
if [ "$(grep -o '"S":{"P":1' "$folder/answers" | wc -l)" -ne $# ]; then
    cat "$folder/login" "$folder/answers" >&2
    exit 1
fi
echo "$begin $end" | awk '{ printf "{\"seconds\":%.6f}\n", ($2 - $1) / 1e9 }'
