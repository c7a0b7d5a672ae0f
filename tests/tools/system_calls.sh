#!/bin/bash
# What a server says of its system calls (--stats) is what the kernel counted, and no more a request than the model
# needs: for models that make their calls themselves. And a closed loop of the generator takes a send and a receive.
. "$(dirname "$0")/lib.sh"

strace -o "$work/trial" true || { echo "strace is missing or may not trace here"; exit 77; }

for name in epoll-oneshot epoll-et epoll-lt poll; do
  : >"$work/greeting"
  begin=$SECONDS
  # LeakSanitizer does not work under ptrace(2).
  ASAN_OPTIONS=detect_leaks=0 strace -f -c -U name,calls -o "$work/calls" "$bin/duelio-server" --backend "$name" --port 0 --stats "$work/stats" \
    >"$work/greeting" &
  tracer=$!
  started="$started $tracer"
  for _ in $(seq 200); do
    grep -q listening "$work/greeting" && break
    sleep 0.05
  done
  port=$(sed -n 's/^listening on [^ ]*:\([0-9]*\) .*/\1/p' "$work/greeting")
  server=$(sed -n 's/.*pid=//p' "$work/greeting")
  if [ -z "$server" ]; then
    fail "$name did not start"
    continue
  fi
  "$bin/duelio-loadgen" "http://127.0.0.1:$port/" --connections 8 --warmup 0 --duration 500ms >/dev/null ||
    fail "$name: the load"
  kill -TERM "$server"
  wait "$tracer" || fail "$name ended with $?"
  python3 - "$name" "$work/calls" "$work/stats" "$((SECONDS - begin))" <<'EOF' || fail "$name"
import json, sys
name, calls_file, stats_file, seconds = sys.argv[1:]
calls = {}
for line in open(calls_file):
    words = line.split()
    if len(words) == 2 and words[1].isdigit():
        calls[words[0]] = int(words[1])
stats = json.load(open(stats_file))
bad = False
def expect(what, good):
    global bad
    if not good:
        bad = True
        print(f"{name}: {what}; kernel {calls}, server {stats}")
requests = stats["requests"]
expect("no requests", requests > 100)
expect("receives", calls["recvfrom"] == stats["recv_calls"])
expect("sends", calls["sendto"] == stats["send_calls"])
# A wait that a signal ended is a call, but no wake-up; there is a signal each second.
waits = calls.get("epoll_wait", 0) + calls.get("poll", 0)
expect("waits", 0 <= waits - stats["wakeups"] <= int(seconds) + 3)
# A registration for each connection, and for what else is waited for.
controls = calls.get("epoll_ctl", 0) - stats["rearms"]
expect("re-arms", name == "poll" or stats["accepts"] <= controls <= stats["accepts"] + 8)
most = requests * (3 if name == "epoll-oneshot" else 2) + stats["wakeups"]
expect("more calls than the model needs",
       stats["recv_calls"] + stats["send_calls"] + stats["rearms"] + stats["wakeups"] <= most + 4 * stats["accepts"])
sys.exit(bad)
EOF
done

serve epoll-et
ASAN_OPTIONS=detect_leaks=0 strace -f -c -U name,calls -o "$work/calls" "$bin/duelio-loadgen" \
  "http://127.0.0.1:$port/" --connections 8 --warmup 0 --duration 500ms --json "$work/load.json" >/dev/null || fail "the load"
stop
python3 - "$work/calls" "$work/load.json" <<'EOF' || fail "the generator's calls"
import json, sys
calls = {}
for line in open(sys.argv[1]):
    words = line.split()
    if len(words) == 2 and words[1].isdigit():
        calls[words[0]] = int(words[1])
load = json.load(open(sys.argv[2]))
sent = load["counts"]["sent"]
assert sent > 100 and calls["sendto"] == sent, (sent, calls)
# One receive an answer, and none that only says EAGAIN; a registration for each connection.
assert calls["recvfrom"] <= sent + 8, (sent, calls)
assert calls["epoll_ctl"] == 8, calls
EOF
