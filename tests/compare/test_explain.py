"""duelio-compare --explain with a perf of our own on PATH: missing, refused, and with stacks that are known."""
import errno
import json
import os
import platform
import shutil
import textwrap

import jsonschema
import pytest

from support.seccomp import forbidding

PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}  # by number: syscall(2)

pytestmark = pytest.mark.xdist_group("comparison")

# As perf record and perf script are called. epoll-oneshot has a sample in five of epoll_ctl, epoll-et has none.
PERF = '''
    #!/usr/bin/python3
    import json, pathlib, signal, sys, time
    flags = dict(zip(sys.argv[2:], sys.argv[3:]))
    STACKS = {
        "send": ["tcp_sendmsg", "__x64_sys_sendto", "do_syscall_64"],
        "receive": ["tcp_recvmsg", "__x64_sys_recvfrom", "do_syscall_64"],
        "arm": ["do_epoll_ctl", "__x64_sys_epoll_ctl", "do_syscall_64"],
    }
    if sys.argv[1] == "record":
        assert flags["-e"] == "cpu-clock" and flags["-D"] == "-1" and flags["--control"] == "fd:0,1", sys.argv
        assert sys.stdin.readline() == "enable\\n"
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        begin = time.monotonic_ns()
        print("ack\\n\\0", end="", flush=True)
        signal.sigwait([signal.SIGINT])
        is_oneshot = {pid: b"epoll-oneshot" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                      for pid in flags["-p"].split(",")}
        pathlib.Path(flags["-o"]).write_text(json.dumps([begin, time.monotonic_ns(), is_oneshot]))
    else:
        begin, end, is_oneshot = json.loads(pathlib.Path(flags["-i"]).read_text())
        for pid, arms in is_oneshot.items():
            kinds = ["send", "send", "receive", "receive"] + ["arm"] * arms
            for number, at in enumerate(range(begin, end, 1_000_000)):
                print(f" {pid}/{pid}   {at // 10**9}.{at % 10**9:09}: EVENT: ")
                for frame in STACKS[kinds[number % len(kinds)]]:
                    print(f"\\tffffffff8225a695 {frame} ([kernel.kallsyms])")
                print()
'''
REFUSED = '''
    #!/bin/sh
    echo "Error:" >&2
    echo "Access to performance monitoring and observability operations is limited." >&2
    exit 255
'''


@pytest.fixture(name="explain")
def comparison_with_perf(tool, short_comparison, tmp_path):
    """explain(perf, *flags): a comparison that finds this perf, or none, and its file."""
    def run(perf, *flags):
        folder = tmp_path / "bin"
        folder.mkdir()
        if perf:
            (folder / "perf").write_text(textwrap.dedent(perf).lstrip())
            (folder / "perf").chmod(0o755)
        file = tmp_path / "run.jsonl"
        result = tool("duelio-compare", *short_comparison, "--backends", "epoll-oneshot,epoll-et", "--load", "max",
                      "--explain", "--output", file, *flags, env={**os.environ, "PATH": str(folder)})
        return result, [json.loads(line) for line in file.read_text().splitlines()], file
    return run


def about_explain(result):
    return [line for line in result.stderr.splitlines() if "--explain" in line]


@pytest.mark.parametrize("perf, why", [
    (None, "perf is not installed (Debian: apt-get install linux-perf)"),
    (REFUSED, "perf record does not sample: Access to performance monitoring and observability operations is limited."),
    (PERF.replace("EVENT", "cpu-clock:u"), "the kernel may not be sampled (sysctl kernel.perf_event_paranoid=-1"),
    (PERF.replace("{frame} (", "[unknown] ("), "perf finds no names of the kernel's functions (sysctl kernel.kptr_restrict=0"),
], ids=["missing", "refused", "user-only", "nameless"])
def test_without_perf_one_line_says_why_and_all_else_is_measured(explain, perf, why):
    result, lines, _ = explain(perf, "--blocks", "1")
    assert result.code in (0, 3), result
    said = about_explain(result)
    assert len(said) == 1 and said[0].startswith(f"duelio-compare: --explain: {why}"), result.stderr
    assert said[0].endswith("; the comparison goes on without it")
    assert lines[0]["machine"]["sampling"].startswith(f"not available: {why}")
    assert lines[-1]["finished"] and not [line for line in lines if line["type"] == "profile"]
    assert "where the difference" not in result.stdout


@pytest.mark.skipif(not shutil.which("perf"), reason="perf is not installed: it would say that alone")
@pytest.mark.parametrize("error", [errno.EPERM, errno.ENOSYS], ids=errno.errorcode.get)
def test_a_machine_without_perf_event_open_is_told_in_one_line(tool, short_comparison, tmp_path, error):
    file = tmp_path / "run.jsonl"
    result = tool("duelio-compare", *short_comparison, "--backends", "epoll-oneshot,epoll-et", "--load", "max", "--explain",
                  "--blocks", "1", "--output", file, preexec_fn=forbidding([PERF_EVENT_OPEN[platform.machine()]], error))
    assert result.code in (0, 3), result
    said = about_explain(result)
    assert len(said) == 1 and "Error:" not in said[0], result.stderr
    assert "a seccomp profile that allows perf_event_open" in said[0] and "kernel.perf_event_paranoid" in said[0]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0]["machine"]["sampling"].startswith("not available: ") and lines[-1]["finished"]
    assert not [line for line in lines if line["type"] == "profile"]


def test_known_stacks_are_found_again(explain, tool, root, tmp_path):
    result, lines, file = explain(PERF.replace("EVENT", "cpu-clock"), "--blocks", "5")
    assert result.code in (0, 3), result
    assert not about_explain(result) and lines[0]["machine"]["sampling"] == "available"
    validate = jsonschema.Draft202012Validator(json.loads((root / "results/results.schema.json").read_text())).validate
    profiles = [line for line in lines if line["type"] == "profile"]
    for profile in profiles:
        validate(profile)
        assert sum(stack[0] for stack in profile["stacks"]) >= 100, "a window of 400 ms with a sample each millisecond"
    lanes = {("epoll-oneshot", "reference"), ("epoll-oneshot", "control"), ("epoll-et", "candidate")}
    assert sorted((each["block"], each["entry"], each["role"]) for each in profiles) == \
        sorted((block, *lane) for block in range(1, 6) for lane in lanes)
    assert not any("x64_sys_epoll_ctl" in frame for each in profiles if each["entry"] == "epoll-et" for frame in each["frames"])

    report = json.loads(tool("duelio-report", file, "--json", "-").stdout)
    if not report["explanations"]:  # the control failed on such short windows: nothing may be said
        assert report["judgements"][0]["contrasts"][0]["word"] == "withheld"
        return
    found = report["explanations"][0]
    assert (found["entry"], found["base"], found["load"]) == ("epoll-et", "epoll-oneshot", "max")
    for parts in (found["by_call"], found["by_work"], found["by_both"]):
        assert sum(part["difference_ns"] for part in parts) == pytest.approx(found["difference_ns"])
    calls = {part["cause"]: part for part in found["by_call"]}
    assert calls.keys() == {"sendto", "recvfrom", "epoll_ctl"}
    base = sum(part["base_ns"] for part in found["by_call"])
    assert calls["epoll_ctl"]["base_ns"] / base == pytest.approx(0.2, abs=0.01)
    assert calls["epoll_ctl"]["entry_ns"] == 0 and calls["epoll_ctl"]["told"]
    folded = dict(line.rsplit(" ", 1) for line in tool("duelio-report", file, "--folded", "-").stdout.splitlines())
    assert int(folded["epoll-oneshot;max;kernel`do_syscall_64;kernel`__x64_sys_epoll_ctl;kernel`do_epoll_ctl"]) == \
        pytest.approx(0.2 * found["base_samples"], rel=0.05)
    assert sum(map(int, folded.values())) == found["samples"] + found["base_samples"]
    table = tool("duelio-report", file).stdout
    assert found["sentence"] in table and "epoll_ctl -" in found["sentence"]


def test_a_resumed_run_goes_on_sampling(explain, tool, tmp_path):
    _, lines, file = explain(PERF.replace("EVENT", "cpu-clock"), "--blocks", "2")
    last = max(number for number, line in enumerate(lines) if line["type"] == "profile")
    text = file.read_text().splitlines(keepends=True)
    file.write_text("".join(text[:last]))
    resumed = tool("duelio-compare", "--resume", file, env={**os.environ, "PATH": str(tmp_path / "bin")})
    assert resumed.code in (0, 3), resumed

    def order(all_lines):
        return [(line["type"], line.get("block"), line.get("entry"), line.get("role")) for line in all_lines]
    assert order(map(json.loads, file.read_text().splitlines())) == order(lines)


def test_nothing_is_sampled_unless_asked(comparison):
    assert '"type":"profile"' not in comparison[1].read_text()
    assert json.loads(comparison[1].read_text().splitlines()[0])["machine"]["sampling"] is None
