# What the scripts of this folder share. $1 of each is the folder of the executables.
set -u
bin=$1
work=$(mktemp -d)
started=""
failures=0

finish() {
  for pid in $started; do kill -KILL "$pid" 2>/dev/null; done
  rm -rf "$work"
  [ "$failures" -eq 0 ] || echo "$failures failures"
  exit "$((failures > 0))"
}
trap finish EXIT
trap 'failures=1; exit' INT TERM

fail() {
  echo "FAIL: $*"
  failures=$((failures + 1))
}

# serve BACKEND [FLAGS]: starts a server, sets $port and $server.
serve() {
  backend=$1
  shift
  : >"$work/greeting"
  "$bin/duelio-server" --backend "$backend" --port 0 "$@" >"$work/greeting" &
  server=$!
  started="$started $server"
  for _ in $(seq 200); do
    grep -q listening "$work/greeting" && break
    sleep 0.05
  done
  port=$(sed -n 's/^listening on [^ ]*:\([0-9]*\) .*/\1/p' "$work/greeting")
  [ -n "$port" ] || fail "$backend did not start"
}

# stop: ends the server with SIGTERM and wants exit code 0.
stop() {
  kill -TERM "$server"
  wait "$server" || fail "the server of $backend ended with $?"
}

backends() { "$bin/duelio-server" --list-backends --json | python3 -c '
import json, sys
for b in json.load(sys.stdin):
    if b["available"]: print(b["name"])'; }
