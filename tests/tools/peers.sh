#!/bin/bash
# A comparison with a foreign server that is no good: one line says so, and nothing is left behind.
. "$(dirname "$0")/lib.sh"

# refused TEXT [FLAGS]: the comparison of the peer in $work/peer.json fails for this reason.
refused() {
  TMPDIR=$work/tmp "$bin/duelio-compare" --backends none --peer "bad=$work/peer.json" --connections 4 \
    --output "$work/run.jsonl" "${@:2}" >/dev/null 2>"$work/err"
  [ $? -eq 1 ] || fail "'$1': not exit code 1: $(cat "$work/err")"
  grep -q "bad $1" "$work/err" || fail "'$1' is not in: $(cat "$work/err")"
  [ -z "$(ls "$work/tmp")" ] || fail "'$1': left in the temporary folder: $(ls "$work/tmp")"
}
mkdir "$work/tmp"

cat >"$work/peer.json" <<'END'
{"argv": ["python3", "{dir}/server.py", "{port}"],
 "files": {"server.py": "import http.server, sys\nclass Handler(http.server.BaseHTTPRequestHandler):\n    protocol_version = 'HTTP/1.1'\n    def do_GET(self):\n        self.send_response(200)\n        self.send_header('content-length', '5')\n        self.end_headers()\n        self.wfile.write(b'Hullo')\n    def log_message(self, *args):\n        pass\nhttp.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n"}}
END
refused "gave no right answer"
refused "gave no right answer" --rate 500
refused "gave no right answer" --workload download

echo '{"argv": ["false"], "files": {"a": "{port}"}}' >"$work/peer.json"
refused "ended before it was ready"
