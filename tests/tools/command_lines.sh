#!/bin/bash
# Help, version, mistakes: one clear line on stderr that names the flag and the value, and the exit code.
. "$(dirname "$0")/lib.sh"

# refuses CODE TEXT COMMAND...: the exit code, one line on stderr that holds TEXT, nothing on stdout.
refuses() {
  local code=$1 text=$2 got=0
  shift 2
  "$bin/$1" "${@:2}" >"$work/out" 2>"$work/err" || got=$?
  [ "$got" -eq "$code" ] || fail "$*: exit code $got, not $code: $(cat "$work/err")"
  [ "$(wc -l <"$work/err")" -eq 1 ] || fail "$*: not one line: $(cat "$work/err")"
  grep -qF -- "$text" "$work/err" || fail "$*: '$text' is not in: $(cat "$work/err")"
  [ -s "$work/out" ] && fail "$*: something on stdout"
}

for tool in duelio-server duelio-loadgen duelio-compare duelio-report; do
  "$bin/$tool" --help >"$work/help" || fail "$tool --help"
  head -1 "$work/help" | grep -qx "Examples:" || fail "$tool --help does not open with examples"
  [ "$(sed -n '2,/^$/p' "$work/help" | grep -c "^  $tool")" -ge 3 ] || fail "$tool --help has fewer than three examples"
  "$bin/$tool" --version | grep -q "^$tool [0-9]" || fail "$tool --version"
  refuses 2 nonsense $tool --nonsense
done

refuses 2 "--backend is missing" duelio-server
refuses 2 "--backend 'kqueue'" duelio-server --backend kqueue
refuses 2 "--port '70000'" duelio-server --backend epoll-et --port 70000
refuses 2 "--max-head '8XiB'" duelio-server --backend epoll-et --max-head 8XiB
refuses 1 "192.0.2.1" duelio-server --backend epoll-et --address 192.0.2.1
refuses 1 "/nowhere/stats" duelio-server --backend epoll-et --port 0 --stats /nowhere/stats

refuses 1 "pin to CPU 4095" duelio-server --backend epoll-et --port 0 --threads 2 --cpus 0,4095
if "$bin/duelio-server" --list-backends >/dev/full 2>"$work/err"; then fail "a full disk is no failure"; fi
grep -q "write stdout" "$work/err" || fail "nothing is said of a full disk: $(cat "$work/err")"

refuses 2 "the URL is missing" duelio-loadgen
refuses 2 "https://x" duelio-loadgen https://x
refuses 2 "--rate '0'" duelio-loadgen --rate 0 http://127.0.0.1:1/
refuses 2 "above 4.00 M, more than the threads could send: 2 threads" duelio-loadgen --threads 2 --rate 5M http://127.0.0.1:1/
refuses 2 "--spin is of the open loop" duelio-loadgen --spin http://127.0.0.1:1/
refuses 2 "--arrivals is of the open loop" duelio-loadgen --arrivals constant http://127.0.0.1:1/
refuses 2 "--expect-status '100'" duelio-loadgen --expect-status 100 http://127.0.0.1:1/
refuses 2 "--duration '5'" duelio-loadgen --duration 5 http://127.0.0.1:1/
refuses 2 "--find-max-rate 'p99'" duelio-loadgen --find-max-rate p99 http://127.0.0.1:1/
refuses 2 "longer --duration" duelio-loadgen --find-max-rate 'p99.9999999<1ms' http://127.0.0.1:1/
refuses 2 "--body-bytes '9..1'" duelio-loadgen --body-bytes 9..1 http://127.0.0.1:1/
refuses 1 "--source-addresses" duelio-loadgen --source-addresses 2 http://[::1]:1/
refuses 1 "127.0.0.1:1" duelio-loadgen http://127.0.0.1:1/
refuses 1 "/nowhere/run.json" duelio-loadgen --json /nowhere/run.json http://127.0.0.1:1/

refuses 2 "--workload 'mining'" duelio-compare --workload mining
refuses 2 "--reference 'nobody'" duelio-compare --reference nobody
refuses 2 "--peer 'x'" duelio-compare --peer x
refuses 2 "nothing to compare" duelio-compare --backends none
refuses 2 "--server 'x'" duelio-compare --server x
refuses 2 "no other flag" duelio-compare --resume x --rounds 3
"$bin/duelio-compare" --backends all --connections 1,64 --dry-run >"$work/plan" || fail "the plan of all backends"
grep -q "asio-coro" "$work/plan" || fail "all backends are not in the plan"
grep -q "^2 runs, " "$work/plan" || fail "the plan does not say how many runs a matrix has"
"$bin/duelio-compare" --doctor >"$work/doctor" || fail "doctor"
for matter in steal pauses timers; do
  grep -q "^\(good\|flawed\) .*$matter" "$work/doctor" || fail "the doctor says nothing of $matter"
done
