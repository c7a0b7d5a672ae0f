"""SIGINT and SIGTERM: one ends a server gracefully, whenever it comes; a later one at once."""
import os
import signal
import socket
import time

import pytest

from support.processes import HANG_S, started, wait_until


def listens_no_more(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionError:
        return True
    return False


@pytest.fixture
def waiting(start_server):
    """A server that waits for a peer with half a request, after a first signal."""
    server = start_server("epoll-et", "--drain-limit", f"{HANG_S}s")
    with socket.create_connection(("127.0.0.1", server.port)) as peer:
        peer.sendall(b"GET")
        yield server, peer


def test_a_later_signal_ends_a_server_that_waits_for_a_peer(waiting):
    server, _ = waiting
    server.process.terminate()
    wait_until(lambda: listens_no_more(server.port), "the end of listening")
    assert server.process.poll() is None
    time.sleep(0.25)
    server.process.terminate()
    assert server.process.wait(HANG_S) == 128 + 15


def test_two_signals_at_once_are_one(waiting):
    server, peer = waiting
    server.process.terminate()
    server.process.send_signal(signal.SIGINT)
    wait_until(lambda: listens_no_more(server.port), "the end of listening")
    assert server.process.poll() is None
    peer.sendall(b" / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert b"connection: close" in peer.recv(4096)
    assert server.process.wait(HANG_S) == 0


def test_a_signal_at_any_moment_of_the_start_is_a_graceful_end(executables, each_backend):
    """From the start of main on; what the loader does before that is not ours, so the signal waits in the mask."""
    argv = [executables / "duelio-server", "--backend", each_backend, "--port", "0"]
    for delay_ms in (0, 0, 1, 2, 4, 8, 16, 32):
        def hold_back():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        with started(argv, stdout=open(os.devnull, "w", encoding="utf-8"), preexec_fn=hold_back) as server:
            time.sleep(delay_ms / 1000)
            server.terminate()
            assert server.wait(HANG_S) == 0, f"after {delay_ms} ms"
