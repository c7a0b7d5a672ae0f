"""A comparison with foreign servers, good ones and others: what is wrong is said, and nothing is left behind."""
import json
import os
import re
import subprocess
import sys

import pytest

DAEMON = """
import os, runpy, sys
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
runpy.run_path(sys.argv[3], run_name="__main__")
"""

COMMANDS = {
    "itself": [sys.executable, "{dir}/server.py", "127.0.0.1", "{port}"],
    "a shell": ["sh", "-c", f"{sys.executable} {{dir}}/server.py 127.0.0.1 {{port}}; true"],
    "a session of its own": ["sh", "-c", f"setsid {sys.executable} {{dir}}/server.py 127.0.0.1 {{port}}; true"],
    "a daemon": [sys.executable, "{dir}/daemon.py", "127.0.0.1", "{port}", "{dir}/server.py"],
}


@pytest.fixture(name="compare_with")
def comparison_with(tool, cpus, tmp_path):
    """compare_with(peer, *flags): the result of a comparison of that foreign server, and what is left in its folder."""
    def compare(peer, *flags, backends="none"):
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        (tmp_path / "peer.json").write_text(json.dumps(peer))
        result = tool("duelio-compare", "--backends", backends, "--peer", f"bad={tmp_path / 'peer.json'}",
                      "--connections", "4", "--server-cpus", cpus[0], "--client-cpus", cpus[-1], "--accept-noise",
                      "--output", tmp_path / "run.jsonl", *flags, env={**os.environ, "TMPDIR": str(temporary)})
        left = subprocess.run(["pgrep", "-f", str(temporary)], stdout=subprocess.PIPE, text=True, check=False).stdout
        assert left == "", f"left behind: {left}"
        return result, list(temporary.iterdir())
    return compare


def records(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_server_is_measured_and_ended_wherever_it_runs(compare_with, root, tmp_path, command):
    """Its log, a line a request, is longer than any pipe."""
    source = (root / "tests/support/foreign_server.py").read_text()
    peer = {"argv": command, "files": {"server.py": source, "daemon.py": DAEMON},
            "version": [sys.executable, "--version"]}
    result, left = compare_with(peer, "--load", "max", "--blocks", "1", "--block", "100ms")
    assert result.code in (0, 3), result
    assert left == []
    manifest, *lines = records(tmp_path / "run.jsonl")
    assert manifest["entries"][0]["version"].startswith("Python 3") and manifest["entries"][0]["peer"] == peer
    assert sum(line["server_cpu_ns"] for line in lines if line["type"] == "window") > 0


def test_an_entry_that_answers_wrongly_is_left_out_and_the_others_go_on(compare_with, root, tmp_path):
    source = (root / "tests/support/wrong_server.py").read_text()
    peer = {"argv": [sys.executable, "{dir}/server.py", "{port}"], "files": {"server.py": source}}
    result, _ = compare_with(peer, "--entry", "other=epoll-et", "--load", "max", "--blocks", "1", "--block", "100ms",
                             backends="epoll-et")
    assert result.code in (0, 3), result
    assert "bad was left out: gave no right answer in the calibration: body" in result.stderr
    assert "bad was left out: gave no right answer in the calibration: body" in result.stdout
    end = records(tmp_path / "run.jsonl")[-1]
    assert end["finished"] and [each["entry"] for each in end["left_out"]] == ["bad"]


@pytest.mark.parametrize("flags", [[], ["--load", "500"], ["--workload", "download"]], ids=" ".join)
def test_wrong_answers_are_told_before_anything_is_measured(compare_with, root, tmp_path, flags):
    source = (root / "tests/support/wrong_server.py").read_text()
    peer = {"argv": [sys.executable, "{dir}/server.py", "{port}"], "files": {"server.py": source}}
    result, _ = compare_with(peer, *flags)
    assert result.code == 1 and "bad gave no right answer in the calibration: body" in result.stderr
    assert not (tmp_path / "run.jsonl").exists(), "nothing was measured"


def test_a_server_that_ends_at_once_is_told_and_its_output_is_kept(compare_with):
    result, left = compare_with({"argv": ["sh", "-c", "echo no licence; exit 7", "{port}"]})
    assert result.code == 1 and "bad ended before it was ready: exit code 7; its output is in " in result.stderr
    kept = re.search(r"its output is in (\S+)", result.stderr)[1]
    assert [str(file) for file in left] == [kept] and left[0].read_text() == "no licence\n"


def test_a_server_that_takes_connections_and_says_no_is_not_ready(compare_with):
    source = ("import socket, sys\n"
              "server = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
              "while True:\n"
              "    peer, _ = server.accept()\n"
              "    peer.recv(1000)\n"
              "    peer.sendall(b'HTTP/1.1 503 Busy\\r\\ncontent-length: 0\\r\\n\\r\\n')\n"
              "    peer.close()\n")
    result, _ = compare_with({"argv": [sys.executable, "{dir}/server.py", "{port}"], "files": {"server.py": source}})
    assert result.code == 1 and "bad was not ready within 10 s: GET / was answered with 'HTTP/1.1 503 Busy'" in result.stderr


def test_a_server_that_takes_too_few_connections_is_told(compare_with):
    """It answers the one that finds it ready; its queue of connections is full with the next two."""
    source = ("import signal, socket, sys\n"
              "server = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=0)\n"
              "peer, _ = server.accept()\n"
              "peer.recv(1000)\n"
              "peer.sendall(b'HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n')\n"
              "signal.pause()\n")
    result, _ = compare_with({"argv": [sys.executable, "{dir}/server.py", "{port}"], "files": {"server.py": source}})
    assert result.code == 1 and "bad did not take its connections: " in result.stderr
    assert " of 4 opened" in result.stderr
