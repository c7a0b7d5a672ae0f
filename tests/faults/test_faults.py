"""Bad days of a server, a row for each fault and backend: the fault happens, others are served, and the server ends well.

A fault that cannot reach a model skips its row with the reason: calls that io_uring makes do not pass a preloaded shim.
"""
import errno
import os
import pathlib
import resource
import socket

import pytest

from support.processes import HANG_S, run, running_server, started, wait_until
from support.seccomp import forbidding

REQUEST = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
EDGE_TRIGGERED = ["epoll-et", "asio", "asio-coro"]
URING = ["asio-uring", "uring", "uring-multishot"]
# System calls by number (x86-64: syscall(2)).
THREADS = (56, 435)  # clone, clone3
RINGS = (425, 426, 427)  # io_uring_setup, io_uring_enter, io_uring_register


def ask(port):
    """The response to a request on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=HANG_S) as peer:
        peer.sendall(REQUEST)
        return b"".join(iter(lambda: peer.recv(4096), b""))


def assert_serves(port, requests=20):
    for _ in range(requests):
        response = ask(port)
        assert response.startswith(b"HTTP/1.1 200 OK\r\n") and response.endswith(b"\r\n\r\nHello")


# Call, what becomes of every n-th of them, n. A lack of descriptors, after which connections may be refused, is a case of
# tests/backends/faults_test.cpp.
ROWS = [("accept", errno.ENOBUFS, 2), ("accept", errno.ENOMEM, 2), ("accept", errno.ECONNABORTED, 2), ("accept", errno.EINTR, 2), ("wait", errno.EINTR, 2), ("recv", errno.EINTR, 2),
        ("send", errno.EINTR, 2), ("recv", "short", 1), ("send", "short", 1)]


@pytest.mark.parametrize("call, kind, every", ROWS, ids=[f"{call}-{errno.errorcode.get(kind, kind)}" for call, kind, _ in ROWS])
def test_serves_while_calls_fail(executables, tmp_path, each_backend, call, kind, every):
    if kind == "short" and each_backend in EDGE_TRIGGERED:
        pytest.skip("edge-triggered: a call that is short says that nothing is left (epoll(7), question 9)")
    if kind == errno.ECONNABORTED and each_backend in ("asio", "asio-coro"):
        pytest.skip("Asio waits for the next connection then; the kernel takes the aborted one away, the shim cannot")
    shim, count = executables / "duelio_faults.so", tmp_path / "count"
    if not shim.exists():
        pytest.skip("duelio_faults is not built")
    how = {**os.environ, "LD_PRELOAD": str(shim), "FAULT_CALL": call, "FAULT_KIND": str(kind), "FAULT_EVERY": str(every),
           "FAULT_COUNT": str(count), "ASAN_OPTIONS": "verify_asan_link_order=0"}
    with running_server(executables, tmp_path, each_backend, env=how) as server:
        assert_serves(server.port)
        server.stop()
    if not int(count.read_text()):
        pytest.skip(f"{each_backend} makes no {call} call of the C library")


@pytest.mark.parametrize("backend", URING)
def test_says_that_a_filter_forbids_io_uring(executables, backend):
    result = run([executables / "duelio-server", "--backend", backend, "--port", "0"], preexec_fn=forbidding(RINGS, errno.EPERM))
    assert result.code == 1 and result.stdout == ""
    assert "io_uring_setup: EPERM" in result.stderr and result.stderr.count("\n") == 1


def test_serves_without_locked_memory(start_server, each_backend):
    server = start_server(each_backend, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0)))
    assert_serves(server.port)


def test_ends_with_a_line_when_a_thread_cannot_start(executables, each_backend):
    result = run([executables / "duelio-server", "--backend", each_backend, "--port", "0", "--threads", "4"],
                 preexec_fn=forbidding(THREADS, errno.EAGAIN), env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    assert result.code == 1
    assert result.stderr.startswith("duelio-server: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize("closed", [(1,), (0, 1, 2)], ids=["stdout", "all"])
def test_serves_with_streams_closed(executables, tmp_path, each_backend, closed):
    """A descriptor that took the number of a closed stream is not written to."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    argv = [executables / "duelio-server", "--backend", each_backend, "--port", port]
    with started(argv, preexec_fn=lambda: [os.close(each) for each in closed]) as process:
        def listens():
            assert process.poll() is None
            try:
                return ask(port)
            except ConnectionError:
                return None
        wait_until(listens, f"{each_backend} to listen")
        assert_serves(port)
        process.terminate()
        assert process.wait(HANG_S) == 1  # the greeting could not be written


def test_listens_again_after_a_kill(executables, tmp_path, each_backend):
    with running_server(executables, tmp_path, each_backend) as first:
        peers = [socket.create_connection(("127.0.0.1", first.port)) for _ in range(5)]
        for peer in peers:
            peer.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            assert peer.recv(4096)
        first.process.kill()
        first.process.wait(HANG_S)
        first.process.returncode = 0  # as it should be, for once
    folder = pathlib.Path(tmp_path, "again")
    folder.mkdir()
    with running_server(executables, folder, each_backend, "--port", first.port) as second:
        assert second.port == first.port
        assert_serves(second.port)
    for peer in peers:
        peer.close()
