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
load status --expect-status 404 "$url"
[ $? -eq 1 ] || fail "every answer has the wrong status: $(cat "$work/status.out")"
duration=100ms load search --find-max-rate 'p50<100ms' --rate 200 --histogram "$work/search.hgrm" "$url" ||
  fail "search: $(cat "$work/search.out")"
grep -q '^p50<100ms: holds at [0-9.]* k*/s, not at' "$work/search.out" || fail "the search found: $(tail -1 "$work/search.out")"
"$bin/duelio-loadgen" --duration 1m --json "$work/interrupted.json" "$url" >"$work/interrupted.out" 2>&1 &
generator=$!
started="$started $generator"
sleep 2
kill -INT "$generator"
wait "$generator"
[ $? -eq 130 ] || fail "an interrupted run does not end with 130: $(cat "$work/interrupted.out")"
stop
for name in closed open spin threads churn shapes status search interrupted; do
  "$here/validate_json.py" "$schema" "$work/$name.json" || fail "$name: not as the schema says"
done

python3 - "$work/search.json" "$work/interrupted.json" "$work/search.hgrm" <<'END' || fail "values"
import json, re, sys
search, interrupted = (json.load(open(name)) for name in sys.argv[1:3])
trials = search["search"]["trials"]
assert len({trial["seed"] for trial in trials}) == len(trials), "trials with the same schedule"
assert search["config"]["seed"] in {t["seed"] for t in trials if t["rate"] == search["search"]["rate"]}
assert search["config"]["warmup_s"] == 0.1, "warmed up for less than the goal's time"
assert interrupted["interrupted"] and 0 < interrupted["measured_s"] < 50, interrupted["measured_s"]
assert interrupted["checks"]["conservation"]
# HdrHistogram's format: value in us, percentile, count so far, 1/(1-percentile).
rows = [line.split() for line in open(sys.argv[3]) if re.match(r" *[0-9.]+ +[01]", line)]
latency = search["latency_ns"]
columns = [[float(row[i]) for row in rows] for i in range(3)]
assert all(column == sorted(column) for column in columns), "not ascending"
assert columns[1][0] == 0 and columns[1][-1] == 1 and len(rows) > 10
assert columns[2][-1] == latency["count"]
assert abs(columns[0][-1] * 1000 - latency["max"]) < 1
for value, percentile, count, *inverse in rows[:-1]:
    assert int(count) >= float(percentile) * latency["count"] - 1e-6, (percentile, count)
    assert abs(float(inverse[0]) * (1 - float(percentile)) - 1) < 0.02
END

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
