"""A stop with a download under way: it is finished within the limit, or cut, and that is said."""
import json
import os
import resource
import select
import signal
import socket
import subprocess

import pytest

from support.processes import HANG_S, wait_until

SIZE = 64 << 20


@pytest.fixture
def download(start_server, each_backend, tmp_path):
    """download(limit, read): stops a server while it sends 64 MiB; what it said, counted and sent."""
    def run(limit, threads, read):
        server = start_server(each_backend, "--threads", threads, "--drain-limit", limit, "--stats", tmp_path / "stats",
                              stderr=subprocess.PIPE)
        with socket.create_connection(("127.0.0.1", server.port), timeout=HANG_S) as client:
            client.sendall(f"GET /bytes/{SIZE} HTTP/1.1\r\nhost: a\r\n\r\n".encode())
            received = len(client.recv(4096))
            server.process.send_signal(signal.SIGTERM)
            if read:
                while piece := client.recv(1 << 20):
                    received += len(piece)
            assert server.process.wait(HANG_S) == 0
        return server.process.stderr.read(), json.loads((tmp_path / "stats").read_text())["drain_cut"], received
    return run


@pytest.mark.parametrize("threads", ["1", "4"])
def test_what_a_stop_cuts_is_counted_and_said(download, threads):
    said, cut, _ = download("200ms", threads, read=False)
    assert said == "duelio-server: cut 1 connection that had not ended 200 ms after the stop (--drain-limit)\n"
    assert cut == 1


def test_a_stop_within_its_limit_cuts_nothing(download):
    said, cut, received = download(f"{HANG_S}s", "1", read=True)
    assert said == "" and cut == 0 and received > SIZE


def test_poll_goes_on_when_its_limit_is_lowered_below_its_set(start_server, tmp_path):
    server = start_server("poll", "--stats", tmp_path / "stats")
    clients = [socket.create_connection(("127.0.0.1", server.port), timeout=HANG_S) for _ in range(100)]
    request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"

    def answers(client):
        client.sendall(request)
        return client.recv(4096).startswith(b"HTTP/1.1 200")
    assert all(map(answers, clients))
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (50, 50))
    os.kill(server.pid, signal.SIGALRM)  # ends a wait that began under the old limit

    def gone():
        return sum(is_closed(client) for client in clients)
    wait_until(lambda: gone() >= 50, "the end of the newest connections")
    assert sum(not is_closed(client) and answers(client) for client in clients) > 40
    for client in clients:
        client.close()


def is_closed(client):
    """When all that was asked is answered, only an end can be read."""
    return bool(select.select([client], [], [], 0)[0])
