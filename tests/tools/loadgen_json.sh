#!/bin/bash
# What duelio-loadgen --json writes is what loadgen.schema.json says; broken documents are refused.
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
schema=$here/../../loadgen/loadgen.schema.json

# load NAME FLAGS...: a short run that writes $work/NAME.json.
load() {
  "$bin/duelio-loadgen" --connections 4 --warmup 20ms --duration "${duration:-300ms}" --timeout 500ms \
    --json "$work/$1.json" "${@:2}" >"$work/$1.out" 2>&1
}
serve epoll-et
url=http://127.0.0.1:$port/
load closed "$url" || fail "closed loop: $(cat "$work/closed.out")"
load open --rate 500 --arrivals constant --cpus 0 "$url" || fail "open loop: $(cat "$work/open.out")"
load spin --rate 500 --spin "$url" || fail "spin: $(cat "$work/spin.out")"
load threads --threads 2 --requests-per-connection 3 "$url" || fail "two threads: $(cat "$work/threads.out")"
load churn --requests-per-connection 5 --pipeline 2 --idle-connections 3 "$url" || fail "churn: $(cat "$work/churn.out")"
load shapes --method POST --body-bytes 10..20 --slow-clients 2 --slow-gap 5ms --ramp 50ms --source-addresses 2 \
  --verify-body "${url}bytes/1000" || fail "shapes: $(cat "$work/shapes.out")"
load status --expect-status 404 "$url" && fail "every answer has the wrong status, and the run is usable"
duration=100ms load search --find-max-rate 'p50<1s' --rate 200 "$url" || fail "search: $(cat "$work/search.out")"
grep -q '^p50<1s: holds at [0-9.]* k*/s, not at' "$work/search.out" || fail "the search found: $(tail -1 "$work/search.out")"
stop
for name in closed open spin threads churn shapes status search; do
  "$here/validate_json.py" "$schema" "$work/$name.json" || fail "$name: not as the schema says"
done

# breaks TEXT CODE: after the Python statement CODE on the document d, the validator must name TEXT.
breaks() {
  python3 - "$work/open.json" "$work/broken.json" "$2" <<'END' || fail "$2: not done"
import json, sys
d = json.load(open(sys.argv[1]))
exec(sys.argv[3])
json.dump(d, open(sys.argv[2], "w"))
END
  if "$here/validate_json.py" "$schema" "$work/broken.json" >"$work/errors" 2>&1; then fail "$2: not noticed"; fi
  grep -qF -- "$1" "$work/errors" || fail "$2: '$1' is not in: $(cat "$work/errors")"
}
breaks "verdict is missing" "del d['verdict']"
breaks "extra is not described" "d['counts']['extra'] = 1"
breaks "$.counts.sent" "d['counts']['sent'] = 'many'"
breaks "below 0" "d['rate']['achieved'] = -1"
breaks "$.search" "d['search'] = {}"
breaks "is none of" "d['config']['loop'] = 'ajar'"
breaks "$.series[0].t_s" "d['series'][0]['t_s'] = True"
breaks "buckets[0]: fewer than 2" "d['latency_ns']['histogram']['buckets'][0] = [1]"
breaks "$.latency_ns: p99 is missing" "del d['latency_ns']['p99']"
echo '{"type": "object", "oneOf": []}' >"$work/strange.json"
"$here/validate_json.py" "$work/strange.json" "$work/open.json" 2>/dev/null
[ $? -eq 2 ] || fail "a keyword that is not checked is taken"
