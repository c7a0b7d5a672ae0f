"""A comparison over Unix sockets and between network namespaces: what it is made on is on record, and gone afterwards."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from support.processes import HANG_S, children_of, is_alive, run, wait_until

TWO = ["--backends", "epoll-et,asio", "--load", "max"]


def why_no_veth():
    if shutil.which("ip") is None:
        return "ip is not installed (Debian: iproute2)"
    tried = subprocess.run(["unshare", "--net", "ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return f"network namespaces cannot be made: {tried.stdout.strip()}" if tried.returncode else ""


veth = pytest.mark.skipif(bool(why_no_veth()), reason=why_no_veth())


@pytest.fixture(name="place")
def temporary_folder():
    """TMPDIR of the comparison: pytest's own folders have longer names than sockets may have."""
    with tempfile.TemporaryDirectory(prefix="duelio-") as folder:
        yield folder


def manifest_of(file):
    with open(file, encoding="utf-8") as lines:
        return json.loads(next(lines))


def wait_for_second_block(compare, file):
    def is_there():
        assert compare.poll() is None
        return file.exists() and '"window","block":2' in file.read_text()
    wait_until(is_there, "the second block")


def test_a_run_over_unix_sockets_says_so_and_leaves_none(tool, short_comparison, tmp_path, place):
    file = tmp_path / "run.jsonl"
    result = tool("duelio-compare", *short_comparison, *TWO, "--blocks", "2", "--network", "unix", "--output", file,
                  env={**os.environ, "TMPDIR": place})
    assert result.code in (0, 3), result
    assert manifest_of(file)["plan"]["network"] == "unix"
    assert "connections, over Unix sockets" in result.stderr and "connections, over Unix sockets" in result.stdout
    assert os.listdir(place) == []


def test_an_interrupted_run_over_unix_sockets_leaves_none(start, short_comparison, tmp_path, place):
    file = tmp_path / "run.jsonl"
    compare = start("duelio-compare", *short_comparison, *TWO, "--blocks", "10000", "--network", "unix", "--output", file,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": place})
    wait_for_second_block(compare, file)
    assert len(os.listdir(place)) == 1
    compare.send_signal(signal.SIGINT)
    assert compare.wait(HANG_S) == 130
    assert os.listdir(place) == []


def test_what_a_killed_run_left_goes_with_its_resumption(start, tool, short_comparison, tmp_path, place):
    file, env = tmp_path / "run.jsonl", {**os.environ, "TMPDIR": place}
    compare = start("duelio-compare", *short_comparison, *TWO, "--blocks", "3", "--network", "unix", "--output", file,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    wait_for_second_block(compare, file)
    children = children_of(compare.pid)
    compare.kill()
    compare.wait(HANG_S)
    wait_until(lambda: not any(is_alive(child) for child in children), "the end of servers and generators")
    assert len(os.listdir(place)) == 1, "nothing is left to go"
    resumed = tool("duelio-compare", "--resume", file, env=env)
    assert resumed.code in (0, 3), resumed
    assert os.listdir(place) == []


def test_a_run_does_not_take_another_s_sockets(start, tool, short_comparison, tmp_path, place):
    file, env = tmp_path / "run.jsonl", {**os.environ, "TMPDIR": place}
    compare = start("duelio-compare", *short_comparison, *TWO, "--blocks", "10000", "--network", "unix", "--output", file,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    wait_until(lambda: compare.poll() is not None or os.listdir(place), "its folder")
    folder = os.listdir(place)
    assert tool("duelio-compare", *TWO, "--network", "unix", "--dry-run", env=env).code == 0
    assert os.listdir(place) == folder
    wait_for_second_block(compare, file)


def test_a_temporary_folder_with_too_long_a_name_is_told(tool, tmp_path):
    place = tmp_path / (100 * "x")
    place.mkdir()
    result = tool("duelio-compare", *TWO, "--network", "unix", "--dry-run", env={**os.environ, "TMPDIR": str(place)})
    assert result.code == 1 and result.stdout == "" and result.stderr.count("\n") == 1
    assert "TMPDIR is too long" in result.stderr
    assert list(place.iterdir()) == []


@pytest.fixture(name="peer")
def foreign_server(root, tmp_path):
    """peer(words): the flags of one whose command ends with these words."""
    source = (root / "tests/support/foreign_server.py").read_text()

    def write(*words):
        (tmp_path / "peer.json").write_text(json.dumps({"argv": [sys.executable, "{dir}/server.py", *words],
                                                        "files": {"server.py": source}}))
        return ["--peer", f"foreign={tmp_path / 'peer.json'}"]
    return write


@veth
def test_a_run_between_namespaces_says_so(tool, short_comparison, tmp_path, peer):
    file = tmp_path / "run.jsonl"
    before = os.listdir("/sys/class/net")
    result = tool("duelio-compare", *short_comparison, *TWO, *peer("{host}", "{port}"), "--blocks", "2",
                  "--network", "veth", "--output", file)
    assert result.code in (0, 3), result
    assert manifest_of(file)["plan"]["network"] == "veth"
    assert "connections, over veth" in result.stdout and "left out" not in result.stdout
    assert os.listdir("/sys/class/net") == before


@veth
def test_a_killed_run_between_namespaces_goes_on(start, tool, short_comparison, tmp_path):
    file = tmp_path / "run.jsonl"
    compare = start("duelio-compare", *short_comparison, *TWO, "--blocks", "3", "--network", "veth", "--output", file,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_second_block(compare, file)
    compare.kill()
    compare.wait(HANG_S)
    resumed = tool("duelio-compare", "--resume", file)
    assert resumed.code in (0, 3), resumed


@veth
def test_the_servers_namespace_is_another_than_the_generators(start, short_comparison, tmp_path):
    file = tmp_path / "run.jsonl"
    compare = start("duelio-compare", *short_comparison, *TWO, "--blocks", "10000", "--network", "veth", "--output", file,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_second_block(compare, file)

    def namespaces():
        found = {"duelio-server": set(), "duelio-loadge": set()}
        for child in children_of(compare.pid):
            try:
                with open(f"/proc/{child}/comm", encoding="utf-8") as name:
                    found.get(name.read().strip()[:13], set()).add(os.readlink(f"/proc/{child}/ns/net"))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return list(found.values()) if all(found.values()) else None
    servers, generators = wait_until(namespaces, "a server and a generator")
    assert len(servers) == len(generators) == 1
    assert len({*servers, *generators, os.readlink("/proc/self/ns/net")}) == 3


@veth
def test_a_peer_that_listens_elsewhere_is_refused(tool, peer):
    result = tool("duelio-compare", *TWO, *peer("127.0.0.1", "{port}"), "--network", "veth", "--dry-run")
    assert result.code == 2 and result.stdout == "" and result.stderr.count("\n") == 1
    assert "entry 'foreign' does not go with --network veth: its peer file has 127.0.0.1 where {host}" in result.stderr


def test_a_peer_has_no_unix_socket(tool, peer):
    result = tool("duelio-compare", *TWO, *peer("{host}", "{port}"), "--network", "unix", "--dry-run")
    assert result.code == 2 and result.stdout == "" and result.stderr.count("\n") == 1
    assert "entry 'foreign' does not go with --network unix" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="permission is not ours to take")
def test_a_namespace_without_permission_is_told_before_the_plan(executables):
    result = run(["setpriv", "--bounding-set=-sys_admin", executables / "duelio-compare", *TWO, "--network", "veth"])
    assert result.code == 1 and result.stdout == "" and result.stderr.count("\n") == 1
    assert "--network veth: a network namespace cannot be made: Operation not permitted (root" in result.stderr


@veth
def test_a_namespace_without_ip_is_told_before_the_plan(tool, tmp_path):
    result = tool("duelio-compare", *TWO, "--network", "veth", env={**os.environ, "PATH": str(tmp_path)})
    assert result.code == 1 and result.stdout == "" and result.stderr.count("\n") == 1
    assert "--network veth: start ip: No such file or directory (Debian: iproute2)" in result.stderr
