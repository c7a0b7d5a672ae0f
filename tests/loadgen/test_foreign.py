"""Servers that are not ours, and whose responses are framed in their own ways."""
import contextlib
import json
import shutil
import subprocess
import sys

import pytest

from support.processes import started, wait_until

NODE = """
const http = require('http');
http.createServer((request, response) => {
  let size = 0;
  request.on('data', (piece) => { size += piece.length; });
  request.on('end', () => {
    const url = new URL(request.url, 'http://h');
    const chunks = Number(url.searchParams.get('chunks') || 0);
    response.setHeader('x-seen', `${request.method} ${request.url} ${request.headers.host}`);
    if (url.pathname === '/length' && request.headers['content-length'] === undefined) response.statusCode = 411;
    if (url.pathname === '/json' && (request.headers['content-type'] !== 'application/json' || size !== 13))
      response.statusCode = 400;
    if (url.pathname === '/early') response.writeEarlyHints({link: '</a.css>; rel=preload; as=style'});
    for (let i = 0; i < chunks; ++i) response.write('x'.repeat(Number(url.searchParams.get('size'))));
    if (url.pathname === '/trailer') response.addTrailers({'x-sum': '1'});
    response.end();
  });
}).listen(0, '127.0.0.1', function () { console.log(`listening ${this.address().port}`); });
"""
PYTHON = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = sys.argv[1]
    def do_GET(self):
        self.send_response(200)
        if self.path != '/close':
            self.send_header('content-length', '5')
        else:
            self.close_connection = True
        self.end_headers()
        self.wfile.write(b'Hello')
    def log_message(self, *arguments):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print('listening', server.server_address[1], flush=True)
server.serve_forever()
"""


@contextlib.contextmanager
def listening(tmp_path, argv):
    output = tmp_path / "listening"
    with open(output, "w", encoding="utf-8") as stdout, started(argv, stdout=stdout):
        port = wait_until(lambda: output.read_text().endswith("\n") and output.read_text().split()[1], "a server")
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def node(tmp_path):
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    with listening(tmp_path, ["node", "-e", NODE]) as url:
        yield url


def expect_good(result, pipelined=False):
    assert result.code == 0, result
    assert result.json["errors"] == [] and result.json["checks"]["conservation"]
    assert result.json["counts"]["completed"] == result.json["counts"]["sent"] == 400
    assert pipelined or result.json["counts"]["resent"] == 0


@pytest.mark.parametrize("pipeline", [1, 16])
@pytest.mark.parametrize("chunks", [15, 16])
@pytest.mark.parametrize("size", [1, 10, 100])
def test_node_responds_in_chunks(node, loadgen, chunks, size, pipeline):
    expect_good(loadgen("--pipeline", pipeline, f"{node}/?chunks={chunks}&size={size}"))


@pytest.mark.parametrize("target", ["/early", "/early?chunks=2&size=5", "/trailer?chunks=1&size=9", "?c=1", "/#top"])
def test_node_is_understood(node, loadgen, target):
    expect_good(loadgen(node + target))


@pytest.mark.parametrize("method", ["HEAD", "DELETE", "OPTIONS", "PATCH"])
def test_node_responds_to_methods(node, loadgen, method):
    expect_good(loadgen("--method", method, f"{node}/?chunks=3&size=5"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_request_without_a_body_says_so_where_one_is_expected(node, loadgen, method):
    expect_good(loadgen("--method", method, f"{node}/length"))


def test_json_is_posted_from_a_file(node, loadgen, tmp_path):
    body = tmp_path / "order.json"
    body.write_text('{"order": 17}')
    expect_good(loadgen("--method", "POST", "--body", f"@{body}", "--header", "content-type: application/json",
                        f"{node}/json"))


@pytest.mark.parametrize("pipeline", [1, 4])
@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
@pytest.mark.parametrize("target", ["/", "/close"])
def test_python_responds_by_length_and_by_close(tmp_path, loadgen, version, target, pipeline):
    with listening(tmp_path, [sys.executable, "-c", PYTHON, version]) as url:
        result = loadgen("--pipeline", pipeline, url + target)
        expect_good(result, pipelined=True)
        if version == "HTTP/1.0" or target == "/close":
            assert result.json["connections"]["reconnects"] > 0
            assert (result.json["counts"]["resent"] > 0) == (pipeline > 1)


def test_each_address_of_a_name_is_tried(executables, start_server, tmp_path):
    """localhost is ::1 and 127.0.0.1 in a mount of our own; the server listens on the latter."""
    hosts, report = tmp_path / "hosts", tmp_path / "run.json"
    hosts.write_text("::1 localhost\n127.0.0.1 localhost\n")
    own = ["unshare", "--mount", "--map-root-user", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]
    if subprocess.run([*own, "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("no mounts of our own are allowed here")
    port = start_server("epoll-et").port
    with started([*own, executables / "duelio-loadgen", "--requests", "400", "--connections", "4", "--json", report,
                  f"http://localhost:{port}/"], stdout=subprocess.PIPE) as generator:
        summary, _ = generator.communicate()
    assert generator.returncode == 0
    document = json.loads(report.read_text())
    assert document["errors"] == []
    v6, v4 = document["connections"]["addresses"]
    assert v6["address"] == f"[::1]:{port}" and v6["opened"] == 0 and v6["first_error"]
    assert v4 == {"address": f"127.0.0.1:{port}", "opened": 4, "first_error": None}
    assert f"at 127.0.0.1:{port}" in summary
