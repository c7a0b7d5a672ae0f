#!/bin/sh
# browser.sh BIN [FOLDER FOR SCREENSHOTS]: looks at the report of the newest committed record, and at that of several
# runs together.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
record=$(printf '%s\n' "$root"/results/records/*/run.jsonl | tail -1)
"$1/duelio-report" "$record" --html "$work/page.html" >/dev/null
node "$root/tests/report/browser.mjs" "$work/page.html" ${2:+"$2/one"}

entries=epoll-oneshot,epoll-et,asio,nginx=peer,floor-et=peer
python3 "$root/tests/report/synthetic.py" "$work/a.jsonl" --entries "$entries" --rate 20000
python3 "$root/tests/report/synthetic.py" "$work/b.jsonl" --entries "$entries" --rate 40000
"$1/duelio-report" "$work/a.jsonl" "$work/b.jsonl" --html "$work/page.html" >/dev/null
node "$root/tests/report/browser.mjs" "$work/page.html" ${2:+"$2/several"}
