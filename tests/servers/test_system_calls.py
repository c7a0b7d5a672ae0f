"""What a server says of its system calls (--stats) is what the kernel counted, and no more a request than the model
needs: for models that make their calls themselves. And a closed loop of the generator takes a send and a receive."""
import collections
import json
import os

import pytest

from support.processes import WORK, run

CONNECTIONS = 8
LOAD = ["--connections", CONNECTIONS, "--warmup", "0", *WORK]
# LeakSanitizer does not work under ptrace(2).
TRACED = {"env": {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}}


@pytest.fixture
def strace(tmp_path):
    """The words before a command that count its system calls, and what they counted."""
    try:
        result = run(["strace", "-o", tmp_path / "trial", "true"])
    except FileNotFoundError:
        pytest.skip("strace is missing")
    if result.code != 0:
        pytest.skip(f"strace may not trace here: {result.stderr}")
    file = tmp_path / "calls"

    def counted():
        rows = map(str.split, file.read_text().splitlines())
        return collections.Counter({row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()})
    return ["strace", "-f", "-c", "-U", "name,calls", "-o", file], counted


@pytest.mark.parametrize("backend", ["epoll-oneshot", "epoll-et", "epoll-lt", "poll"])
def test_a_server_counts_its_calls_and_makes_no_more_than_needed(start_server, loadgen, strace, tmp_path, backend):
    under, counted = strace
    server = start_server(backend, "--stats", tmp_path / "stats", under=under, **TRACED)
    assert loadgen(server.url, *LOAD).code == 0
    server.stop()
    kernel, stats = counted(), json.loads((tmp_path / "stats").read_text())

    requests, accepts = stats["requests"], stats["accepts"]
    assert requests > 0 and accepts == CONNECTIONS
    assert kernel["recvfrom"] == stats["recv_calls"]
    assert kernel["sendto"] == stats["send_calls"]
    # A wait that a signal ended is a call, but no wake-up; the clock's signal comes each second.
    waits, signals = kernel["epoll_wait"] + kernel["poll"], kernel["rt_sigreturn"]
    assert 0 <= waits - stats["wakeups"] <= signals
    # A registration for each connection, and for what else is waited for.
    if backend != "poll":
        assert accepts <= kernel["epoll_ctl"] - stats["rearms"] <= accepts + 8
    calls = sum(stats[name] for name in ("recv_calls", "send_calls", "rearms", "wakeups"))
    needed = requests * (3 if backend == "epoll-oneshot" else 2) + stats["wakeups"]
    assert calls <= needed + 4 * accepts


def test_a_closed_loop_of_the_generator_takes_a_send_and_a_receive(executables, start_server, strace, tmp_path):
    under, counted = strace
    report = tmp_path / "load.json"
    server = start_server("epoll-et", "--stats", tmp_path / "stats")
    load = run([*under, executables / "duelio-loadgen", server.url, *LOAD, "--json", report], report, **TRACED)
    assert load.code == 0, load
    server.stop()
    kernel, requests = counted(), json.loads((tmp_path / "stats").read_text())["requests"]
    # With those that leave before the window opens.
    assert kernel["sendto"] == requests >= load.json["counts"]["sent"] > 0
    # One for each answer, and none that only says EAGAIN, but for two a connection: before the window, and at the end.
    assert kernel["recvfrom"] <= requests + 2 * CONNECTIONS
    assert kernel["epoll_ctl"] == CONNECTIONS
