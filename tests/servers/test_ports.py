"""A port belongs to one server: a second one is refused, a successor is not."""
import re
import signal
import socket
import subprocess

import pytest

from support.processes import HANG_S, run, started, wait_until

LAUNCH = ["--address", "127.0.0.1"]


def ask(port, host="127.0.0.1"):
    with socket.create_connection((host, port), timeout=HANG_S) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        answer = b""
        while piece := client.recv(4096):
            answer += piece
        return answer


@pytest.mark.parametrize("threads", [("1", "1"), ("2", "2"), ("1", "2"), ("2", "1")])
def test_a_port_that_is_served_is_refused(start_server, executables, each_backend, threads):
    server = start_server(each_backend, "--threads", threads[0])
    second = run([executables / "duelio-server", "--backend", each_backend, "--port", server.port,
                  "--threads", threads[1]])
    assert second.code == 1 and second.stdout == ""
    assert f"bind 127.0.0.1:{server.port}: Address already in use" in second.stderr
    assert second.stderr.count("\n") == 1


def test_a_port_of_any_address_is_refused(start_server, executables):
    """Also where the addresses only overlap."""
    server = start_server("epoll-et", "--threads", "2", "--address", "0.0.0.0")
    for address in ("127.0.0.1", "0.0.0.0", "::"):
        second = run([executables / "duelio-server", "--backend", "epoll-et", "--port", server.port,
                      "--threads", "2", "--address", address])
        if "not supported" not in second.stderr:  # a kernel without IPv6
            assert second.code == 1 and "Address already in use" in second.stderr


def test_of_servers_that_start_at_once_one_gets_the_port(executables, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    files, group = [], []
    for i in range(4):
        files.append(tmp_path / f"greeting-{i}")
        with open(files[-1], "w", encoding="utf-8") as greeting:
            group.append(subprocess.Popen(
                [executables / "duelio-server", "--backend", "epoll-et", "--port", str(port), "--threads", "4"],
                stdout=greeting, stderr=subprocess.PIPE, text=True))
    try:
        wait_until(lambda: sum(each.poll() is not None for each in group) == len(group) - 1,
                   "the end of all servers but one")
        winner, = [each for each in group if each.poll() is None]
        assert all(each.returncode == 1 and "Address already in use" in each.stderr.read()
                   for each in group if each is not winner)
        assert b"200 OK" in ask(port)
        winner.terminate()
        assert winner.wait(HANG_S) == 0
    finally:
        for each in group:
            each.kill()
            each.communicate()


def test_all_listeners_of_a_group_get_connections(start_server):
    """The first one listened alone before the others joined it."""
    server = start_server("threads", "--threads", "4")
    for _ in range(100):
        assert b"200 OK" in ask(server.port)


def test_a_successor_gets_the_port_at_once(start_server, executables, each_backend, tmp_path):
    """After kill -9 with connections open: their TIME_WAIT or what the kernel still holds are no hindrance."""
    server = start_server(each_backend, "--threads", "2")
    clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(HANG_S)
    greeting = tmp_path / "greeting"
    with open(greeting, "w", encoding="utf-8") as stdout, started(
            [executables / "duelio-server", "--backend", each_backend, "--port", server.port, "--threads", "2"],
            stdout=stdout, stderr=subprocess.PIPE) as successor:
        wait_until(lambda: greeting.read_text() or successor.poll() is not None, "the successor")
        assert successor.poll() is None, successor.stderr.read()
        assert b"200 OK" in ask(server.port)
        successor.terminate()
        _, said = successor.communicate(timeout=HANG_S)
        assert successor.returncode == 0
        assert re.fullmatch(r"(duelio-server: waited \d+ ms for 127.0.0.1:\d+, .*\n)?", said)
    server.process.returncode = 128 + signal.SIGTERM  # as the fixture wants it: it was ended here
    for client in clients:
        client.close()
