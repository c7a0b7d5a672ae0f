"""Deadlines of a server that a person starts, and its limit of connections, by the flags."""
import json
import socket
import time

import pytest

from support.processes import HANG_S

REQUEST = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), HANG_S)


def stats_of(server, file):
    server.stop()
    return json.loads(file.read_text())


def sends_until_it_is_let_go(peer):
    while True:
        try:
            peer.sendall(b"more")
        except ConnectionError:
            return
        time.sleep(0.02)


def test_a_person_s_server_has_deadlines(start_server, each_backend, tool, tmp_path):
    """The shortest is that of a peer that lingers after a refusal: without it the server would read on."""
    listed = json.loads(tool("duelio-server", "--list-backends", "--json").stdout)
    if not next(each["deadlines"] for each in listed if each["name"] == each_backend):
        refusal = tool("duelio-server", "--backend", each_backend, "--deadlines", "on")
        assert refusal.code == 2 and "keeps none: " in refusal.stderr and refusal.stderr.count("\n") == 1
        server = start_server(each_backend, "--stats", tmp_path / "stats")
        assert stats_of(server, tmp_path / "stats")["deadlines"] is False
        return
    server = start_server(each_backend, "--stats", tmp_path / "stats")
    with connect(server) as peer:
        peer.sendall(b"nonsense\r\n\r\n")
        assert peer.makefile("rb").read().startswith(b"HTTP/1.1 400 ")
        sends_until_it_is_let_go(peer)
    stats = stats_of(server, tmp_path / "stats")
    assert stats["deadlines"] is True and stats["accept_over_limit"] == 0


def test_deadlines_can_be_switched_off(start_server, tmp_path):
    server = start_server("epoll-et", "--deadlines", "off", "--stats", tmp_path / "stats")
    assert stats_of(server, tmp_path / "stats")["deadlines"] is False


@pytest.mark.parametrize("threads", ["1", "3"])
def test_connections_beyond_the_limit_are_closed_and_counted(start_server, each_backend, tmp_path, threads):
    server = start_server(each_backend, "--max-connections", "2", "--threads", threads, "--stats", tmp_path / "stats")
    served = [connect(server) for _ in range(2)]
    for peer in served:
        peer.sendall(REQUEST)
        assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
    for _ in range(4):
        with connect(server) as peer:
            assert peer.recv(1) == b""
    for peer in served:
        peer.sendall(REQUEST)
        assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
        peer.close()
    assert stats_of(server, tmp_path / "stats")["accept_over_limit"] == 4
