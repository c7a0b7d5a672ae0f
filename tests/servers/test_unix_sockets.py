"""Server and generator at a Unix socket's path: it is served by one, goes with it, and a killed server's is taken over."""
import json
import os
import select
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from support.processes import HANG_S, run, running_server


@pytest.fixture(name="path")
def path_of_a_socket(tmp_path, monkeypatch):
    """A relative one: pytest's folders may have longer names than sockets."""
    monkeypatch.chdir(tmp_path)
    return "socket"


def ask(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(HANG_S)
        client.connect(path)
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        answer = b""
        while piece := client.recv(4096):
            answer += piece
        return answer


def test_a_load_over_a_unix_socket_is_answered(start_server, loadgen, each_backend, path):
    server = start_server(each_backend, "--address", f"unix:{path}")
    assert server.address == f"unix:{path}" and stat.S_ISSOCK(os.stat(path).st_mode)
    result = loadgen("--unix-socket", path, "--verify-body", "--header", "x: y", "http://example.org/bytes/20000")
    assert result.code == 0, result
    connections = result.json["connections"]
    assert connections["established"] == 4 and result.json["errors"] == []
    assert [(each["address"], each["opened"]) for each in connections["addresses"]] == [(server.address, 4)]
    assert f"at unix:{path}" in result.stdout
    server.stop()
    assert not os.path.exists(path)


def test_the_host_field_is_the_url_s(tool, path):
    seen = []

    def serve(listener):
        peer, _ = listener.accept()
        while piece := peer.recv(4096):
            seen.append(piece)
            peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        peer.close()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        server = threading.Thread(target=serve, args=[listener])
        server.start()
        assert tool("duelio-loadgen", "--unix-socket", path, "--connections", "1", "--warmup", "0s", "--requests", "3",
                    "http://example.org:81/a?b").code == 0
        server.join(HANG_S)
    assert b"".join(seen).startswith(b"GET /a?b HTTP/1.1\r\nhost: example.org:81\r\n")


def test_windows_are_measured_over_a_unix_socket(start, start_server, path):
    server = start_server("epoll-et", "--address", f"unix:{path}")
    generator = start("duelio-loadgen", "--control", "--unix-socket", path, "--connections", 4, "http://localhost/",
                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def answer(command):
        generator.stdin.write(command + "\n")
        generator.stdin.flush()
        return json.loads(generator.stdout.readline())
    assert answer("connect") == {"type": "connected", "connections": 4, "wanted": 4, "error": None}
    assert answer(f"window requests=100 rate=5k pids={server.pid}")["counts"]["completed"] == 100


def test_a_path_that_is_served_is_refused(start_server, executables, path):
    start_server("epoll-et", "--address", f"unix:{path}")
    second = run([executables / "duelio-server", "--backend", "poll", "--address", f"unix:{path}"])
    assert second.code == 1 and second.stdout == ""
    assert f"bind unix:{path}: Address already in use" in second.stderr and second.stderr.count("\n") == 1
    assert b"200 OK" in ask(path)


def test_a_successor_takes_a_killed_server_s_path(start_server, executables, each_backend, path, tmp_path):
    server = start_server(each_backend, "--address", f"unix:{path}")
    assert b"200 OK" in ask(path)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(HANG_S)
    server.process.returncode = 128 + signal.SIGTERM  # as the fixture wants it: it was ended here
    assert os.path.exists(path), "nothing is left to be taken over"
    folder = tmp_path / "successor"
    folder.mkdir()
    with running_server(executables, folder, each_backend, "--address", f"unix:{path}"):
        assert b"200 OK" in ask(path)
    assert not os.path.exists(path)


@pytest.mark.parametrize("backend, flags", [("epoll-oneshot", []), ("asio", ["--sharing", "shared"])])
def test_threads_that_share_a_set_share_a_path(start_server, loadgen, path, backend, flags):
    start_server(backend, "--threads", "2", *flags, "--address", f"unix:{path}")
    assert loadgen("--unix-socket", path, "http://localhost/").code == 0


def test_a_queue_that_is_full_is_waited_for(tool, path):
    """The second connection and all after it are refused until the first one is accepted."""
    opened = []

    def serve(peer):
        while peer.recv(4096):
            peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        peer.close()

    def accept(listener):
        select.select([listener], [], [])
        time.sleep(0.3)  # the others come at once, and the queue has no room for them
        while len(opened) < 8:
            opened.append(threading.Thread(target=serve, args=[listener.accept()[0]]))
            opened[-1].start()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        acceptor = threading.Thread(target=accept, args=[listener])
        generator = threading.Thread(target=lambda: results.append(
            tool("duelio-loadgen", "--unix-socket", path, "--connections", "8", "--warmup", "0s", "--requests", "80",
                 "--timeout", f"{HANG_S}s", "--json", "-", "http://localhost/")))
        results = []
        generator.start()
        acceptor.start()
        generator.join(HANG_S)
        acceptor.join(HANG_S)
        for each in opened:
            each.join(HANG_S)
    assert results[0].code == 0, results[0]
    report = json.loads(results[0].stdout)
    assert report["connections"]["established"] == 8 and report["errors"] == []
