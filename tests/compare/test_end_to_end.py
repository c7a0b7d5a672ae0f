"""A comparison with very short windows: its file, its table, its report, an interruption, a resumption, a gate."""
import contextlib
import json
import os
import pathlib
import re
import signal

import jsonschema
import pytest

from support.processes import HANG_S, children_of, is_alive, wait_until

# The runs are shared by the tests: one worker of pytest-xdist has them all.
pytestmark = pytest.mark.xdist_group("comparison")

TWO = ["--backends", "epoll-et,asio", "--load", "max"]


def records(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def words_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return []


def count(file, kind):
    return sum(record["type"] == kind for record in records(file))


@pytest.fixture(name="endless")
def endless_comparison(start, short_comparison, tmp_path):
    """A comparison in its second block, the processes that it started, and its file. It ends by a signal only."""
    file = tmp_path / "endless.jsonl"
    with open(tmp_path / "output", "w", encoding="utf-8") as output:
        compare = start("duelio-compare", *short_comparison, *TWO, "--blocks", "10000", "--output", file,
                        stdout=output, stderr=output)

    def children_of_the_second_block():
        assert compare.poll() is None, (tmp_path / "output").read_text()
        return file.exists() and '"window","block":2' in file.read_text() and children_of(compare.pid)
    return compare, wait_until(children_of_the_second_block, "a server or a generator"), file


def test_a_run_is_on_file_and_in_a_table(comparison, root):
    result, file = comparison
    assert result.code in (0, 3), result
    for words in ("epoll-oneshot", "epoll-et", "asio", "5 blocks", f"results  {file}"):
        assert words in result.stdout
    lines = records(file)
    validate = jsonschema.Draft202012Validator(json.loads((root / "results/results.schema.json").read_text())).validate
    for line in lines:
        validate(line)
    manifest, end = lines[0], lines[-1]
    assert manifest["type"] == "manifest" and count(file, "manifest") == 1
    assert end["type"] == "end" and end["finished"] and end["reason"] == "complete"
    assert manifest["command"][0] == "duelio-compare", "where the tool lies is nobody's business"
    assert [load["id"] for load in manifest["plan"]["loads"]] == ["10%", "max"]
    assert {line["entry"] for line in lines if line["type"] == "verdict"} == {"epoll-et", "asio"}


def test_each_turn_has_a_window_of_each_lane_at_each_load(comparison):
    plan, *lines = records(comparison[1])
    turns = range(1, plan["plan"]["turns"] + 1)
    # On a machine without time an entry may have been left out.
    left_out = {each["entry"] for line in lines for each in line.get("left_out") or []}
    lanes = [("epoll-oneshot", "reference"), ("epoll-oneshot", "control"),
             *((entry, "candidate") for entry in ("epoll-et", "asio") if entry not in left_out)]
    windows = [line for line in lines if line["type"] == "window"]
    found = [(each["block"], each["turn"], each["load"], each["entry"], each["role"]) for each in windows
             if each["entry"] not in left_out]
    assert sorted(found) == sorted((block, turn, load, *lane) for block in range(1, 6) for turn in turns
                                   for load in ("10%", "max") for lane in lanes)
    assert [each["at_s"] for each in windows] == sorted(each["at_s"] for each in windows)


def test_a_report_is_complete_and_repeats_to_the_byte(comparison, tool, tmp_path):
    _, file = comparison
    page, again, markdown = tmp_path / "a.html", tmp_path / "b.html", tmp_path / "a.md"
    assert tool("duelio-report", file, "--html", page, "--markdown", markdown, "--csv", tmp_path / "a.csv").code == 0
    assert tool("duelio-report", file, "--html", again).code == 0
    assert page.read_bytes() == again.read_bytes()
    assert not re.search('(src|href)="http', page.read_text()), "the page loads something"
    assert re.search(r"^\| epoll-et", markdown.read_text(), re.M)


def test_each_number_of_threads_is_a_run_that_knows_its_threads(tool, root, cpus, tmp_path):
    if len(cpus) < 2:
        pytest.skip("needs two CPUs")
    both = f"{cpus[0]},{cpus[1]}"
    result = tool("duelio-compare", "--accept-noise", "--block", "300ms", "--window", "20ms", "--connections", "8", "--seed", "7",
                  "--server-cpus", both, "--client-cpus", both, "--backends", "epoll-oneshot,epoll-et,threads", "--threads", "1,2",
                  "--load", "4k,max", "--blocks", "1", "--output", tmp_path / "run.jsonl")
    assert result.code in (0, 3), result
    validate = jsonschema.Draft202012Validator(json.loads((root / "results/results.schema.json").read_text())).validate
    for cell, threads in enumerate((1, 2), 1):
        manifest, *lines = records(tmp_path / f"run-{cell}.jsonl")
        for line in (manifest, *lines):
            validate(line)
        assert {entry["threads"] for entry in manifest["entries"]} == {threads}
        assert manifest["plan"]["generator_threads"] == 2
        assert all(line["generator_apart"] is not None for line in lines if line["type"] == "window")
        left_out = {each["entry"] for each in lines[-1]["left_out"]}
        for lane in next(line for line in lines if line["type"] == "block")["lanes"]:
            if threads == 1:
                assert lane["threads"] is lane["sharing"] is lane["loads"][0]["thread_cpu_ns"] is None
                continue
            assert lane["sharing"] == ("shared" if lane["entry"] == "epoll-oneshot" else "per-thread")
            if lane["entry"] == "threads":
                assert lane["threads"] is None, "a connection has a thread, and not the other way round"
            elif lane["entry"] not in left_out:
                assert sum(each["accepts"] for each in lane["threads"]) >= 8 and len(lane["threads"]) == 2
                assert all(len(load["thread_cpu_ns"]) == 2 for load in lane["loads"])
                assert sum(lane["loads"][1]["thread_cpu_ns"]) > 0
    both_runs = tool("duelio-report", tmp_path / "run-1.jsonl", tmp_path / "run-2.jsonl", "--csv", "-")
    assert {line.split(",")[5] for line in both_runs.stdout.splitlines()[1:]} == {"1", "2"}


@pytest.mark.parametrize("share", [40, 60, 80, 99])
def test_a_file_that_was_cut_off_is_still_a_result(comparison, tool, tmp_path, share):
    part, data = tmp_path / "cut.jsonl", comparison[1].read_bytes()
    part.write_bytes(data[:len(data) * share // 100])
    result = tool("duelio-report", part, "--html", tmp_path / "cut.html")
    assert result.code == 0, result


def test_an_entry_s_server_has_deadlines_where_it_asks_for_them(start, short_comparison, tmp_path):
    file = tmp_path / "endless.jsonl"
    with open(tmp_path / "output", "w", encoding="utf-8") as output:
        compare = start("duelio-compare", *short_comparison, "--backends", "epoll-et", "--entry", "timed=epoll-et,deadlines=on",
                        "--load", "max", "--blocks", "10000", "--output", file, stdout=output, stderr=output)

    def servers():
        """Flag --deadlines of each server that is alive."""
        assert compare.poll() is None, (tmp_path / "output").read_text()
        flags = [words_of(pid) for pid in children_of(compare.pid)]
        return sorted(words[words.index(b"--deadlines") + 1] for words in flags if b"--deadlines" in words)
    # The reference stands there twice, as a control.
    wait_until(lambda: servers() == [b"off", b"off", b"on"], "a lane of each")
    wait_until(file.exists, "the plan")
    assert [each.get("deadlines") for each in records(file)[0]["entries"]] == [None, True]


def test_ctrl_c_keeps_what_was_measured_and_leaves_no_process(endless, tool, tmp_path):
    compare, children, file = endless
    compare.send_signal(signal.SIGINT)
    assert compare.wait(HANG_S) == 130
    assert not [child for child in children if is_alive(child)]
    end = records(file)[-1]
    assert end["finished"] is False and end["reason"] == "interrupted"
    assert count(file, "block") >= 1 and count(file, "verdict") == 0
    assert f"results  {file}" in (tmp_path / "output").read_text()
    assert tool("duelio-report", file, "--html", tmp_path / "page.html").code == 0
    gate = tool("duelio-report", "--baseline", file, file)
    assert gate.code == 3 and "endless.jsonl: the run was not finished (interrupted)" in gate.stdout


def test_a_killed_run_leaves_no_process_and_a_file_that_loads(endless, tool, tmp_path):
    compare, children, file = endless
    compare.kill()
    compare.wait(HANG_S)
    wait_until(lambda: not [child for child in children if is_alive(child)], "the end of servers and generators")
    assert tool("duelio-report", file, "--html", tmp_path / "page.html").code == 0


def test_a_server_that_dies_ends_the_run_with_its_cause(endless, tmp_path):
    compare, _, file = endless

    def kill_asio():
        for child in children_of(compare.pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if b"\0asio\0" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(child, signal.SIGKILL)
        return compare.poll() is not None
    wait_until(kill_asio, "the end of a run without its server")
    assert compare.returncode == 1
    end = records(file)[-1]
    assert end["finished"] is False and end["reason"].startswith("asio ")
    assert [each["entry"] for each in end["left_out"]] == ["asio"]
    assert f"duelio-compare: {end['reason']}" in (tmp_path / "output").read_text()


def test_a_run_that_goes_on_is_the_run_that_it_would_have_been(tool, short_comparison, tmp_path):
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    assert tool("duelio-compare", *short_comparison, *TWO, "--blocks", "3", "--output", whole).code in (0, 3)
    data = whole.read_bytes()
    cut.write_bytes(data[:len(data) // 2])
    resumed = tool("duelio-compare", "--resume", cut)
    assert resumed.code in (0, 3), resumed

    def order(file):
        return [[record.get(key) for key in ("type", "block", "turn", "load", "entry", "role", "metric")]
                for record in records(file)]
    assert order(cut) == order(whole)
    assert records(cut)[0] == records(whole)[0] and records(cut)[1] == records(whole)[1], "what was measured is kept"


def test_a_finished_run_is_not_resumed(comparison, tool):
    _, file = comparison
    before = file.read_bytes()
    result = tool("duelio-compare", "--resume", file)
    assert result.code == 2 and "is a finished run" in result.stderr and result.stderr.count("\n") == 1
    assert file.read_bytes() == before


def test_a_run_of_another_build_is_not_resumed(comparison, tool, tmp_path):
    file = tmp_path / "foreign.jsonl"
    unfinished = comparison[1].read_text().partition('{"type":"verdict"')[0]
    foreign = re.sub('"revision":"[^"]*"', '"revision":"0123abc"', unfinished, count=1)
    file.write_text(foreign)
    result = tool("duelio-compare", "--resume", file)
    assert result.code == 2 and result.stderr.count("\n") == 1
    assert "build revision: 0123abc and " in result.stderr
    assert file.read_text() == foreign


def test_a_result_is_not_overwritten(comparison, tool, short_comparison):
    _, file = comparison
    before = file.read_bytes()
    result = tool("duelio-compare", *short_comparison, "--output", file)
    assert result.code == 2 and "--resume" in result.stderr and result.stderr.count("\n") == 1
    assert file.read_bytes() == before


def test_a_dry_run_prints_a_plan_and_writes_nothing(tool, short_comparison, tmp_path):
    result = tool("duelio-compare", *short_comparison, "--output", tmp_path / "run.jsonl", "--dry-run", cwd=tmp_path)
    assert result.code == 0 and re.search("^takes    about ", result.stdout, re.M)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("reference, codes", [("epoll-et", (1, 3, 5)), ("slow", (0, 3, 5))])
def test_a_gate_tells_a_handicap_of_a_millisecond(tool, short_comparison, tmp_path, reference, codes):
    """Or says that it cannot, on a machine where nothing comes to its end: never the opposite."""
    result = tool("duelio-compare", *short_comparison, "--backends", "epoll-et", "--load", "max",
                  "--entry", "slow=epoll-et,handler-cpu=1ms", "--reference", reference, "--fail-on", "5%", "--blocks", "5",
                  "--output", tmp_path / "run.jsonl")
    assert result.code in codes, result
    assert records(tmp_path / "run.jsonl")[-1]["finished"]
