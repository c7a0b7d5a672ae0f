"""duelio-compare-mpi: a server and generators on hosts, which are namespaces here (scripts/hosts), and what becomes of a run that
loses one of them."""
import contextlib
import json
import math
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess

import jsonschema
import pytest

from support.processes import HANG_S, is_alive, run, started, wait_until

TOOL = "duelio-compare-mpi"
TWO = ["--backends", "epoll-et,asio"]
ROLES = ["--server-host", 1, "--client-hosts", "2,3"]


def why_not():
    if shutil.which("mpirun") is None:
        return "mpirun is not installed (Debian: openmpi-bin)"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "ip is not installed (Debian: iproute2)"
    return subprocess.run(["unshare", "--net", "--mount", "true"], stderr=subprocess.PIPE, text=True, check=False).stderr


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture(scope="module", autouse=True)
def built(executables):
    if not (executables / TOOL).exists():
        pytest.skip(f"{TOOL} is not built (Debian: libopenmpi-dev, libboost-mpi-dev)")


def mpirun(*flags, ranks):
    """Open MPI as CLUSTER.md has it; its own leaks are not what a sanitizer is to look for."""
    alive = [word for key, value in (("time", 2), ("intvl", 1), ("probes", 2))
             for word in ("--mca", f"oob_tcp_keepalive_{key}", value)]
    return ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-x", "ASAN_OPTIONS=detect_leaks=0",
            "--mca", "btl", "tcp,self", "--mca", "odls_base_sigkill_timeout", 5, *alive, *flags, "-np", ranks]


class Hosts:
    """Three, with rank 0 and the server's agent on the first, and an agent on each of the others."""

    def __init__(self, root, name):
        self.script = root / "scripts/hosts"
        self.agent = root / "tests/support/namespace_agent"
        self.name = name
        self.env = {**os.environ, "DUELIO_HOSTS": name}

    def do(self, action):
        done = run([self.script, action], env=self.env)
        assert done.code == 0, done

    def link(self, host, state):
        subprocess.run(["ip", "-n", f"{self.name}-{host}", "link", "set", "eth0", state], check=True)

    def mpirun(self, tool, *flags):
        only = [word for part in ("btl", "oob") for word in ("--mca", f"{part}_tcp_if_include", "eth0")]
        return [self.script, "run", 1, *mpirun("--mca", "plm_rsh_agent", self.agent, *only, "--host",
                                               "10.77.0.1:2,10.77.0.2,10.77.0.3", ranks=4), tool, *flags]

    def processes(self):
        found = {}
        for host in (1, 2, 3):
            pids = subprocess.run(["ip", "netns", "pids", f"{self.name}-{host}"], check=True, text=True,
                                  stdout=subprocess.PIPE).stdout
            for pid in map(int, pids.split()):
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    if is_alive(pid):
                        found[pid] = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
        return found

    def rank(self, number):
        for pid, name in self.processes().items():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                if name == TOOL[:15] and b"OMPI_COMM_WORLD_RANK=%d" % number in environment:
                    return pid
        return None


@pytest.fixture(name="hosts", scope="module")
def three_hosts(root):
    hosts = Hosts(root, f"duelio-{os.getpid()}")
    hosts.do("up")
    try:
        yield hosts
    finally:
        hosts.do("down")


@pytest.fixture(name="begun")
def begun_comparison(hosts, executables, short_comparison, tmp_path):
    """begun(blocks): a run on hosts that has measured a block, and its file."""
    with contextlib.ExitStack() as stack:
        def begin(blocks=10000):
            file = tmp_path / "run.jsonl"
            errors = stack.enter_context(open(tmp_path / "stderr", "w", encoding="utf-8"))
            job = stack.enter_context(started(
                hosts.mpirun(executables / TOOL, *short_comparison, *TWO, *ROLES, "--load", "max", "--blocks", blocks,
                             "--output", file), env=hosts.env, stdout=subprocess.DEVNULL, stderr=errors))

            def is_there():
                assert job.poll() is None, (tmp_path / "stderr").read_text()
                return file.exists() and '"window","block":2' in file.read_text()
            wait_until(is_there, "the second block")
            return job, file
        yield begin
    wait_until(lambda: not hosts.processes(), "the end of all that was started")


def lines_of(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def of_type(lines, kind):
    return [line for line in lines if line["type"] == kind]


def p99_bucket(histogram):
    """The bucket that holds the p99 by nearest rank, as common/histogram.h numbers them."""
    rank, seen = math.ceil(0.99 * histogram["count"]), 0
    for index, count in histogram["buckets"]:
        seen += count
        if seen >= rank:
            return index
    return None


def bucket_of(value):
    if value < 2048:
        return value
    shift = value.bit_length() - 11
    return (shift << 10) + (value >> shift)


@pytest.fixture(name="measured", scope="module")
def finished_comparison(hosts, executables, short_comparison, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hosts")
    file, samples = folder / "run.jsonl", folder / "samples.jsonl"
    result = run(hosts.mpirun(executables / TOOL, *short_comparison, *TWO, *ROLES, "--load", "10%,max", "--blocks", 2,
                              "--output", file, "--raw-samples", samples), env=hosts.env)
    assert result.code in (0, 3), result
    return result, file, samples


def test_a_comparison_on_hosts_says_so_and_has_a_report(measured, tool, root):
    result, file, _ = measured
    assert "connections, between hosts" in result.stdout
    lines = lines_of(file)
    validate = jsonschema.Draft202012Validator(json.loads((root / "results/results.schema.json").read_text())).validate
    for line in lines:
        validate(line)
    assert lines[-1]["finished"] and lines[0]["plan"]["network"] == "hosts"
    used = lines[0]["hosts"]
    assert (used["server"], used["clients"], used["generators"], used["one_kernel"]) == (1, [2, 3], 2, True)
    assert "10.77" not in json.dumps(lines[0])
    for entry in ("epoll-et", "asio"):  # on a busy machine hosts may have no time of a window in common
        assert any(window["finished"] > 0 and window["server_cpu_ns"] > 0 for window in of_type(lines, "window")
                   if window["entry"] == entry)
    assert tool("duelio-report", file).code == 0


def test_clocks_of_one_kernel_are_one_within_their_bounds(measured):
    """The offset is measured as between machines, and known to be nothing."""
    clocks = lines_of(measured[1])[0]["hosts"]["clocks"]
    assert sorted(clock["host"] for clock in clocks) == [1, 2, 3]
    assert all(abs(clock["offset_ns"]) <= clock["bound_ns"] for clock in clocks), clocks


def test_windows_begin_together(measured):
    skews = [window["across"]["start_skew_ns"] for window in of_type(lines_of(measured[1]), "window")]
    assert 0 < statistics.median(skews) < 1_000_000, skews


def test_the_merged_p99_is_that_of_the_pooled_samples(measured):
    _, file, samples = measured
    merged = [(lane["entry"], lane["role"], at["load"], at["latency"]) for block in of_type(lines_of(file), "block")
              for lane in block["lanes"] for at in lane["loads"]]
    pooled = lines_of(samples)
    assert len(merged) == len(pooled) == 2 * 3 * 2  # blocks, lanes, loads
    for (*names, histogram), raw in zip(merged, pooled):
        assert names == [raw["entry"], raw["role"], raw["load"]]
        values = sorted(raw["samples_ns"])
        assert histogram["count"] == len(values) > 0
        assert p99_bucket(histogram) == bucket_of(values[math.ceil(0.99 * len(values)) - 1])


def test_a_killed_server_is_its_entry_s_failure(begun, hosts):
    job, file = begun()

    def candidates():
        found = []
        for pid, name in hosts.processes().items():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if name == "duelio-server" and b"asio" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    found.append(pid)
        return found
    os.kill(wait_until(candidates, "a server of asio")[0], signal.SIGKILL)
    assert job.wait(HANG_S) == 1
    reason = lines_of(file)[-1]["reason"]  # of its server, or of a generator that was the first to miss it
    assert reason.startswith("asio was left out: ") and ("signal 9 (SIGKILL)" in reason or "refused" in reason), reason


def test_a_killed_agent_is_named_and_the_run_goes_on_later(begun, hosts, executables):
    job, file = begun(blocks=3)
    os.kill(hosts.rank(3), signal.SIGKILL)
    assert job.wait(HANG_S) != 0
    wait_until(lambda: not hosts.processes(), "the end of all that was started")
    end = lines_of(file)[-1]
    assert end["type"] == "end" and not end["finished"] and "rank 3" in end["reason"], end
    resumed = run(hosts.mpirun(executables / TOOL, "--resume", file), env=hosts.env)
    assert resumed.code in (0, 3), resumed
    assert lines_of(file)[-1]["finished"] and len(of_type(lines_of(file), "block")) == 3


def test_without_rank_0_nothing_stays(begun, hosts, tool):
    job, file = begun()
    os.kill(hosts.rank(0), signal.SIGKILL)
    assert job.wait(HANG_S) != 0
    wait_until(lambda: not hosts.processes(), "the end of all that was started")
    assert tool("duelio-report", file).code == 0


def test_an_interruption_leaves_nothing(begun, hosts):
    job, file = begun()
    os.kill(job.pid, signal.SIGINT)
    assert job.wait(HANG_S) != 0
    wait_until(lambda: not hosts.processes(), "the end of all that was started")
    # An agent that takes longer than half a second to say farewell counts as gone.
    reason = lines_of(file)[-1]["reason"]
    assert reason == "interrupted" or re.fullmatch(r"rank \d is gone: its agent or its host has died", reason), reason


def test_a_cut_link_is_named_and_leaves_nothing(begun, hosts):
    job, file = begun()
    hosts.link(3, "down")
    try:
        assert job.wait(HANG_S) != 0
        wait_until(lambda: not hosts.processes(), "the end of all that was started")
    finally:
        hosts.link(3, "up")
    end = lines_of(file)[-1]
    assert end["type"] == "end" and "rank 3" in end["reason"], end


MISTAKES = [  # of flags alone: options_test.cpp
    (2, "--client-hosts '2,5' names rank 5, and the job's are 0 to 2", ["--server-host", 1, "--client-hosts", "2,5"]),
    (1, "rank 2: CPU 4095 is not there", ["--server-host", 1, "--client-hosts", 2, "--server-cpus", 0, "--client-cpus", 4095]),
    (1, "rank 1: no network interface 'eth77'", ["--server-host", 1, "--client-hosts", 2, "--server-interface", "eth77"]),
]


@pytest.mark.parametrize("code, text, flags", MISTAKES, ids=[text for _, text, _ in MISTAKES])
def test_a_mistake_is_told_before_anything_is_measured(executables, cpus, tmp_path, code, text, flags):
    named = [] if "--server-cpus" in flags else ["--server-cpus", cpus[0], "--client-cpus", cpus[-1]]
    result = run([*mpirun(ranks=3), executables / TOOL, *TWO, *named, *flags, "--output", tmp_path / "run.jsonl"])
    assert result.code == code and not (tmp_path / "run.jsonl").exists(), result
    assert sum(line.startswith(f"{TOOL}: ") for line in result.stderr.splitlines()) == 1 and text in result.stderr, result


@pytest.mark.parametrize("missing", [False, True])
def test_a_host_with_another_build_or_none_is_named(executables, tmp_path, missing):
    for name in (TOOL, "duelio-server", "duelio-server-asio-uring", "duelio-loadgen"):
        shutil.copy(executables / name, tmp_path)
    if missing:
        (tmp_path / "duelio-loadgen").unlink()
    else:
        with open(tmp_path / "duelio-loadgen", "ab") as file:
            file.write(b"another")
    result = run([*mpirun(ranks=2), executables / TOOL, *TWO, "--server-host", 1, "--client-hosts", 2,
                  ":", "-np", 1, tmp_path / TOOL])
    why = f"host has no {tmp_path}/duelio-loadgen" if missing else "host has other executables"
    assert result.code == 1 and f"rank 2's {why}" in result.stderr, result


def test_a_host_that_is_not_up_is_named(hosts, executables):
    command = [str(word) for word in hosts.mpirun(executables / TOOL, *TWO, *ROLES)]
    result = run([word.replace("10.77.0.3", "10.77.0.4") for word in command], env=hosts.env)
    assert result.code != 0 and "'10.77.0.4' is no host" in result.stderr.replace("'4'", "'10.77.0.4'"), result


def test_the_help_opens_with_examples(tool):
    result = tool(TOOL, "--help")
    assert result.code == 0 and result.stdout.startswith("Examples:") and "--client-hosts LIST" in result.stdout
