"""A comparison with a foreign server that is no good: one line says so, and nothing is left behind."""
import json
import os
import sys

import pytest


@pytest.fixture
def compare_with(tool, cpus, tmp_path):
    """compare_with(peer, *flags): the result of a comparison of that foreign server alone."""
    def compare(peer, *flags):
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        (tmp_path / "peer.json").write_text(json.dumps(peer))
        result = tool("duelio-compare", "--backends", "none", "--peer", f"bad={tmp_path / 'peer.json'}",
                      "--connections", "4", "--server-cpus", cpus[0], "--client-cpus", cpus[-1],
                      "--output", tmp_path / "run.jsonl", *flags, env={**os.environ, "TMPDIR": str(temporary)})
        assert list(temporary.iterdir()) == []
        assert not (tmp_path / "run.jsonl").exists(), "nothing was measured"
        return result
    return compare


@pytest.mark.parametrize("flags", [[], ["--load", "500"], ["--workload", "download"]], ids=" ".join)
def test_wrong_answers_are_told_before_anything_is_measured(compare_with, root, flags):
    source = (root / "tests/support/wrong_server.py").read_text()
    peer = {"argv": [sys.executable, "{dir}/server.py", "{port}"], "files": {"server.py": source}}
    result = compare_with(peer, *flags)
    assert result.code == 1 and "bad gave no right answer in the calibration: body" in result.stderr


def test_a_server_that_ends_at_once_is_told(compare_with):
    result = compare_with({"argv": ["false"], "files": {"a": "{port}"}})
    assert result.code == 1 and "bad ended before it was ready: exit code 1" in result.stderr


def test_a_server_that_takes_too_few_connections_is_told(compare_with):
    """Its queue of connections is full with the one that found it ready."""
    source = ("import signal, socket, sys\n"
              "with socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=0):\n"
              "    signal.pause()\n")
    result = compare_with({"argv": [sys.executable, "{dir}/server.py", "{port}"], "files": {"server.py": source}})
    assert result.code == 1 and "bad did not take its connections: " in result.stderr
    assert " of 4 opened" in result.stderr
