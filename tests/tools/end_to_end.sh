#!/bin/bash
# A comparison with very short slices, its results file, its report, an interruption.
. "$(dirname "$0")/lib.sh"

run=$work/run.jsonl
"$bin/duelio-compare" --accept-noise --rounds 3 --slice 60ms --rate 500 --connections 8 --seed 7 --output "$run" \
  >"$work/table" 2>"$work/progress"
code=$?
# Three rounds cannot decide anything; a control that fails on such slices is a verdict too (3).
[ $code -eq 0 ] || [ $code -eq 3 ] || fail "compare ended with $code: $(cat "$work/progress")"
for word in epoll-oneshot epoll-et asio "valid rounds" "too few rounds"; do
  grep -q "$word" "$work/table" || fail "'$word' is not in the table"
done
[ "$(head -1 "$run" | grep -c '"type":"manifest"')" -eq 1 ] || fail "the first line is not the manifest"
[ "$(grep -c '"type":"slice"' "$run")" -ge 12 ] || fail "slices are missing"
tail -1 "$run" | grep -q '"finished":true' || fail "the run did not end"

"$bin/duelio-report" "$run" --html "$work/a.html" --markdown "$work/a.md" --csv "$work/a.csv" >/dev/null || fail "report"
"$bin/duelio-report" "$run" --html "$work/b.html" >/dev/null || fail "report again"
cmp -s "$work/a.html" "$work/b.html" || fail "the same run gives another page"
grep -q 'src="http\|href="http' "$work/a.html" && fail "the page loads something"
grep -q '^| epoll-et' "$work/a.md" || fail "no row in the markdown table"

# Cut off at any byte, a file is still a result.
size=$(stat -c %s "$run")
for share in 40 60 80 99; do
  head -c $((size * share / 100)) "$run" >"$work/cut.jsonl"
  "$bin/duelio-report" "$work/cut.jsonl" --html "$work/cut.html" >/dev/null 2>&1 || fail "report of $share % of the file"
done

# Ctrl-C keeps what was measured and leaves no process behind.
"$bin/duelio-compare" --accept-noise --rounds 50 --slice 60ms --rate 500 --connections 8 --output "$work/int.jsonl" \
  >/dev/null 2>&1 &
compare=$!
started="$started $compare"
for _ in $(seq 200); do
  [ "$(grep -c '"type":"slice"' "$work/int.jsonl" 2>/dev/null || echo 0)" -ge 2 ] 2>/dev/null && break
  sleep 0.1
done
children=$(pgrep -P "$compare")
kill -INT "$compare"
wait "$compare"
[ $? -eq 130 ] || fail "an interrupted run does not end with 130"
for child in $children; do kill -0 "$child" 2>/dev/null && fail "process $child is left"; done
tail -1 "$work/int.jsonl" | grep -q '"finished":false' || fail "the interrupted run has no end record"
"$bin/duelio-report" "$work/int.jsonl" --html "$work/int.html" >/dev/null 2>&1 || fail "report of an interrupted run"

"$bin/duelio-report" --baseline "$work/int.jsonl" "$run" >"$work/gate"
[ $? -eq 3 ] && grep -q "int.jsonl: the run was not finished (interrupted)" "$work/gate" || fail "a baseline that was interrupted"

# The interrupted run goes on to its end; so does one that was killed in the middle of a line. It goes on as it began:
# a preset may have changed since, so the plan on file counts.
"$bin/duelio-compare" --accept-noise --rounds 2 --slice 60ms --rate 500 --connections 8 --output "$work/part.jsonl" >/dev/null 2>&1
size=$(stat -c %s "$work/part.jsonl")
head -c $((size * 55 / 100)) "$work/part.jsonl" | sed '1s/"looks":\[2\]/"looks":[3]/' >"$work/resumed.jsonl"
sed '1s/"revision":"[^"]*"/"revision":"0123abc"/' "$work/resumed.jsonl" >"$work/foreign.jsonl"
cp "$work/foreign.jsonl" "$work/before.jsonl"
"$bin/duelio-compare" --resume "$work/foreign.jsonl" >/dev/null 2>"$work/err"
[ $? -eq 2 ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q "build revision: 0123abc and " "$work/err" ||
  fail "a run of another build is resumed: $(cat "$work/err")"
cmp -s "$work/foreign.jsonl" "$work/before.jsonl" || fail "a refused resume changes the file"
"$bin/duelio-compare" --resume "$work/resumed.jsonl" >/dev/null 2>"$work/progress"
code=$?
[ $code -eq 0 ] || [ $code -eq 3 ] || fail "resume ended with $code: $(cat "$work/progress")"
tail -1 "$work/resumed.jsonl" | grep -q '"finished":true' || fail "the resumed run did not end"
"$bin/duelio-report" "$work/resumed.jsonl" | grep -q "3 valid rounds" || fail "the resumed run has not its three rounds"
"$bin/duelio-compare" --resume "$work/resumed.jsonl" 2>/dev/null
[ $? -eq 2 ] || fail "a finished run is resumed"
