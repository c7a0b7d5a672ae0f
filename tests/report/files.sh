#!/bin/bash
# The files that a report consists of besides the page: figures, Google Benchmark's JSON.
. "$(dirname "$0")/../tools/lib.sh"

root=$(cd "$(dirname "$0")/../.." && pwd)
record=$(printf '%s\n' "$root"/results/records/*/run.jsonl | tail -1)

"$bin/duelio-report" "$record" --svg "$work/a" >/dev/null || fail "--svg"
"$bin/duelio-report" "$record" --svg "$work/b" >/dev/null || fail "--svg again"
diff -r "$work/a" "$work/b" >/dev/null || fail "the same run gives other figures"
for figure in ratio-cpu latency cpu counts-syscalls memory rounds seconds summary; do
  [ "$(grep -o '<path' "$work/a/$figure.svg" | wc -l)" -ge 5 ] || fail "$figure.svg shows next to nothing"
  python3 -c 'import sys, xml.dom.minidom as xml; xml.parse(sys.argv[1])' "$work/a/$figure.svg" || fail "$figure.svg is not XML"
  if command -v rsvg-convert >/dev/null; then
    [ "$(head -c 4 "$work/a/$figure.png" | tail -c 3)" = PNG ] || fail "$figure.png is not a PNG"
  fi
done
grep -q 'NaN' "$work"/a/*.svg && fail "NaN in a figure"

# What is missing is said in one line, with the exit code of a run-time failure.
PATH=/nowhere "$bin/duelio-report" "$record" --svg "$work/c" >/dev/null 2>"$work/err"
[ $? -eq 1 ] || fail "without node the exit code is not 1"
grep -q 'Node.js' "$work/err" && [ "$(wc -l <"$work/err")" -eq 1 ] || fail "without node: $(cat "$work/err")"
cp "$root/results/plots/render.mjs" "$work"
node "$work/render.mjs" "$work/a/cpu.vl.json" 2>"$work/err" && fail "render.mjs works without node_modules"
grep -q 'node_modules is missing' "$work/err" || fail "without node_modules: $(cat "$work/err")"

"$bin/duelio-report" "$record" --gbench-json - >"$work/gbench.json" || fail "--gbench-json"
python3 - "$work/gbench.json" "$record" <<'END' || fail "Google Benchmark's JSON"
import json, statistics, sys

with open(sys.argv[1]) as file:
    result = json.load(file)
assert {"date", "num_cpus", "library_build_type"} <= result["context"].keys()
rounds = {}
for each in result["benchmarks"]:
    assert each["run_type"] == "iteration" and each["time_unit"] == "ns" and each["iterations"] > 0, each
    assert each["name"] == each["run_name"] and each["real_time"] > 0, each
    rounds.setdefault(each["name"], []).append(each["cpu_time"])
with open(sys.argv[2]) as file:
    slices = [line for line in map(json.loads, file) if line["type"] == "slice" and line["valid"]]
entries = {each["entry"] for each in slices}
assert {f"{entry}/{phase}" for entry in entries for phase in ("open", "closed")} < rounds.keys()
assert len(rounds) == 2 * (len(entries) + 1), rounds.keys()  # the control is one more
for entry in entries:
    wanted = [each["phases"]["open"]["metrics"]["server_cpu_per_request_ns"] for each in slices
              if each["entry"] == entry and each["role"] != "control"]
    assert abs(statistics.median(rounds[f"{entry}/open"]) / statistics.median(wanted) - 1) < 1e-9
END

# Several files: one page, each run under its own anchor, with the reason where two cannot be compared.
synthetic() { python3 "$root/tests/report/synthetic.py" "$@" || fail "synthetic.py $*"; }
mkdir "$work/day1" "$work/day2"
synthetic "$work/day1/run.jsonl"
synthetic "$work/day2/run.jsonl" --seed 2 --kernel "Linux 6.2.0"
synthetic "$work/day2/same.jsonl" --seed 3
three="$work/day1/run.jsonl $work/day2/run.jsonl $work/day2/same.jsonl"
# shellcheck disable=SC2086
"$bin/duelio-report" $three --html "$work/three.html" --csv "$work/three.csv" --markdown "$work/three.md" \
  --svg "$work/three" >"$work/three.txt" || fail "three files"
for file in three.html three.md three.txt; do
  [ "$(grep -c 'machine kernel: Linux 6.1.0 and Linux 6.2.0' "$work/$file")" -eq 1 ] || fail "$file: which runs are comparable"
done
for i in 1 2 3; do
  grep -q "href=\"#run-$i-title\"" "$work/three.html" && grep -q "id=\"run-$i-title\"" "$work/three.html" || fail "run $i is missing"
  [ -s "$work/three/run-$i-ratio-cpu.svg" ] || fail "no figure of run $i"
done
python3 - "$work/three.csv" "$bin/duelio-report" "$work/day1/run.jsonl" <<'END' || fail "the CSV of several files"
import collections, csv, subprocess, sys

with open(sys.argv[1]) as file:
    rows = list(csv.DictReader(file))
counts = collections.Counter(row["file"] for row in rows)
assert len(counts) == 3 and len(set(counts.values())) == 1, counts
alone = subprocess.run([sys.argv[2], sys.argv[3], "--csv", "-"], check=True, capture_output=True, text=True).stdout
assert alone.startswith("round,") and len(alone.splitlines()) - 1 == counts[sys.argv[3]], counts
END
"$bin/duelio-report" "$record" "$record" --gbench-json - >/dev/null 2>"$work/err"
[ $? -eq 2 ] && grep -q 'second results file' "$work/err" || fail "--gbench-json of two files"

# A series: what varies is on the axis, in order, and only when nothing else differs.
series() {
  what=$1
  shift
  "$bin/duelio-report" "$@" --html "$work/series-$what.html" >/dev/null || fail "series of $what"
}
synthetic "$work/1.jsonl" --connections 256
synthetic "$work/2.jsonl" --connections 16
synthetic "$work/3.jsonl" --handler-cpu 20000
synthetic "$work/4.jsonl"
synthetic "$work/5.jsonl" --rate 20000
series connections "$work/1.jsonl" "$work/2.jsonl"
series handler-cpu "$work/3.jsonl" "$work/4.jsonl"
series rate "$work/4.jsonl" "$work/5.jsonl"
series two-things "$work/1.jsonl" "$work/3.jsonl"
series nothing "$work/4.jsonl" "$work/day2/same.jsonl"
series machines "$work/5.jsonl" "$work/day2/run.jsonl"
python3 - "$work" <<'END' || fail "series"
import json, pathlib, re, sys


def rows(series, name):
    page = (pathlib.Path(sys.argv[1]) / f"series-{series}.html").read_text()
    figures = json.loads(re.search('id="figures">(.*?)</script>', page)[1])["figures"]
    assert ('id="across"' in page) == ("scaling" in figures), series
    return figures.get(name, {"rows": []})["rows"]


def ticks(series):
    return list(dict.fromkeys(row["at"] for row in rows(series, "scaling")))


assert ticks("connections") == ["16\nconnections", "256\nconnections"], ticks("connections")
assert ticks("handler-cpu") == ["0 s\nhandler CPU", "20.0 us\nhandler CPU"], ticks("handler-cpu")
near = {row["at"][:2]: row["ratio"] for row in rows("handler-cpu", "scaling") if row["entry"] == "asio"}
assert near["0 "] < near["20"] < 1, near  # work in the handler hides the difference
points = [row for row in rows("rate", "throughput") if row["entry"] == "asio"]
assert [point["offered"] for point in points] == [20000, 40000] and points[0]["us"] < points[1]["us"], points
assert not rows("connections", "throughput")
for name in ("two-things", "nothing", "machines"):
    assert not rows(name, "scaling"), name
END

# What is counted and the memory have their numbers; what the machine does not count has its reason.
synthetic "$work/idle.jsonl" --connections 64 --idle 100 --syscalls "no access to tracefs"
"$bin/duelio-report" "$work/idle.jsonl" --html "$work/idle.html" >/dev/null || fail "a run without system calls"
python3 - "$work/idle.html" <<'END' || fail "counts and memory"
import json, re, sys

page = open(sys.argv[1]).read()
figures = json.loads(re.search('id="figures">(.*?)</script>', page)[1])["figures"]
assert "counts-syscalls" not in figures and "System calls: not available: no access to tracefs" in page
assert "Hardware counters:" not in page
instructions = [row["count"] for row in figures["counts-instructions"]["rows"]]
assert all(abs(value / (21_000 * (1 - 0.04 * i)) - 1) < 0.01 for i, value in enumerate(instructions)), instructions
# The workload's idle connections and the entry's own are both in: 1, 3 and 5 KiB for each connection.
assert [row["kib"] for row in figures["memory"]["rows"]] == [1, 3, 5], figures["memory"]
END

# The seconds inside slices: those of a slice with two, and none of a slice with one.
synthetic "$work/short.jsonl" --seconds 1
"$bin/duelio-report" "$work/short.jsonl" --html "$work/short.html" >/dev/null || fail "short slices"
grep -q '"seconds":{"spec"' "$work/short.html" && fail "a slice of one second has a course"
grep -q '"seconds":{"spec"' "$work/idle.html" || fail "slices of three seconds have no course"

# Peers and floors are named as such everywhere, drawn in another shape, and never recommended.
synthetic "$work/peers.jsonl" --entries epoll-oneshot,epoll-et,nginx=peer,floor-et=peer
"$bin/duelio-report" "$work/peers.jsonl" --html "$work/peers.html" --markdown "$work/peers.md" >/dev/null || fail "peers"
python3 - "$work/peers.html" "$work/peers.md" <<'END' || fail "peers"
import json, re, sys

page, markdown = (open(name).read() for name in sys.argv[1:])
figures = json.loads(re.search('id="figures">(.*?)</script>', page)[1])["figures"]
kinds = {row["entry"]: row["kind"] for row in figures["ratio-cpu"]["rows"]}
assert kinds == {"epoll-oneshot again": "backend", "epoll-et": "backend", "nginx (peer)": "peer",
                 "floor-et (floor)": "floor"}, kinds
for figure in ("latency", "cpu", "counts-syscalls", "memory", "rounds", "seconds"):
    assert {"nginx (peer)", "floor-et (floor)"} < {row["entry"] for row in figures[figure]["rows"]}, figure
assert "- floor-et (floor) has" in markdown and "| nginx (peer) |" in markdown
decisions = re.search("Which flag to choose.*?</table>", page, re.S)[0]
assert "--backend epoll-et" in decisions and ", floor-et (floor)" in decisions
assert "--backend floor" not in decisions and "--backend nginx" not in decisions
END

# A large run with everything that can be measured: 8 backends, 40 rounds.
synthetic "$work/large.jsonl" --entries a,b,c,d,e,f,g,h --rounds 40 --seconds 5
"$bin/duelio-report" "$work/large.jsonl" --html "$work/large.html" >/dev/null || fail "the large run"
[ "$(stat -c %s "$work/large.html")" -lt 1200000 ] || fail "the large page has $(stat -c %s "$work/large.html") bytes"
"$bin/duelio-report" "$work/large.jsonl" --html "$work/again.html" >/dev/null
cmp "$work/large.html" "$work/again.html" || fail "the same run gives another page"
