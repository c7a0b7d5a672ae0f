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

python3 "$root/tests/report/synthetic.py" "$work/a.jsonl"
python3 "$root/tests/report/synthetic.py" "$work/b.jsonl" --kernel "Linux 6.2.0"
"$1/duelio-report" "$work/a.jsonl" "$work/b.jsonl" --html "$work/page.html" >/dev/null
node "$root/tests/report/browser.mjs" "$work/page.html" ${2:+"$2/several"}
