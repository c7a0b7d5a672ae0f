#!/bin/sh
# browser.sh BIN [FOLDER FOR SCREENSHOTS]: makes the report of the newest committed record and looks at it.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
page=$(mktemp --suffix .html)
trap 'rm -f "$page"' EXIT
record=$(printf '%s\n' "$root"/results/records/*/run.jsonl | tail -1)
"$1/duelio-report" "$record" --html "$page" >/dev/null
node "$root/tests/report/browser.mjs" "$page" ${2:+"$2"}
