"""A comparison with very short slices, its results file, its report, an interruption, a resumption."""
import json
import pathlib
import re
import signal

import pytest

from support.processes import HANG_S, children_of, wait_until

# The runs are shared by the tests: one worker of pytest-xdist has them all.
pytestmark = pytest.mark.xdist_group("comparison")


def records(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def cut(file, share, to):
    """The beginning of a file, as a run that was killed leaves it."""
    data = file.read_bytes()
    to.write_bytes(data[:len(data) * share // 100])
    return to


def test_a_run_is_on_file_and_in_a_table(comparison):
    result, file = comparison
    assert result.code in (0, 3), result
    for words in ("epoll-oneshot", "epoll-et", "asio", "valid rounds", "too few rounds"):
        assert words in result.stdout
    kinds = [record["type"] for record in records(file)]
    assert kinds[0] == "manifest" and kinds.count("manifest") == 1
    assert kinds.count("slice") >= 2 * 4  # rounds that were invalid are there, too
    assert kinds[-1] == "end" and records(file)[-1]["finished"]


def test_a_report_is_complete_and_repeats_to_the_byte(comparison, tool, tmp_path):
    _, file = comparison
    page, again, markdown = tmp_path / "a.html", tmp_path / "b.html", tmp_path / "a.md"
    assert tool("duelio-report", file, "--html", page, "--markdown", markdown, "--csv", tmp_path / "a.csv").code == 0
    assert tool("duelio-report", file, "--html", again).code == 0
    assert page.read_bytes() == again.read_bytes()
    assert not re.search('(src|href)="http', page.read_text()), "the page loads something"
    assert re.search(r"^\| epoll-et", markdown.read_text(), re.M)


@pytest.mark.parametrize("share", [40, 60, 80, 99])
def test_a_file_that_was_cut_off_is_still_a_result(comparison, tool, tmp_path, share):
    part = cut(comparison[1], share, tmp_path / "cut.jsonl")
    assert tool("duelio-report", part, "--html", tmp_path / "cut.html").code == 0


def test_ctrl_c_keeps_what_was_measured_and_leaves_no_process(comparison, start, tool, short_comparison, tmp_path):
    file = tmp_path / "interrupted.jsonl"
    with open(tmp_path / "output", "w", encoding="utf-8") as output:
        compare = start("duelio-compare", *short_comparison, "--rounds", "1000", "--output", file, stdout=output,
                        stderr=output)
    wait_until(lambda: file.exists() and '"type":"slice"' in file.read_text(), "a slice")
    children = wait_until(lambda: children_of(compare.pid), "a server or a generator")
    compare.send_signal(signal.SIGINT)
    assert compare.wait(HANG_S) == 130
    assert not [child for child in children if pathlib.Path(f"/proc/{child}").exists()]

    assert records(file)[-1]["finished"] is False
    assert tool("duelio-report", file, "--html", tmp_path / "page.html").code == 0
    gate = tool("duelio-report", "--baseline", file, comparison[1])
    assert gate.code == 3 and "interrupted.jsonl: the run was not finished (interrupted)" in gate.stdout


@pytest.fixture(scope="module")
def killed(comparison, tmp_path_factory):
    """A run that was killed in the middle of a line, and began with a plan of three rounds: as if the preset had
    changed since."""
    file = cut(comparison[1], 55, tmp_path_factory.mktemp("killed") / "run.jsonl")
    file.write_text(file.read_text().replace('"looks":[2]', '"looks":[3]', 1))
    assert '"looks":[3]' in file.read_text()
    return file


def test_a_run_goes_on_as_it_began_and_only_once(killed, tool, tmp_path):
    file = tmp_path / "resumed.jsonl"
    file.write_bytes(killed.read_bytes())
    resumed = tool("duelio-compare", "--resume", file)
    assert resumed.code in (0, 3), resumed  # the control may fail, as in any run with such slices
    assert records(file)[-1]["finished"]
    assert "3 valid rounds" in tool("duelio-report", file).stdout
    assert tool("duelio-compare", "--resume", file).code == 2


def test_a_run_of_another_build_is_not_resumed(killed, tool, tmp_path):
    file = tmp_path / "foreign.jsonl"
    foreign = re.sub('"revision":"[^"]*"', '"revision":"0123abc"', killed.read_text(), count=1)
    file.write_text(foreign)
    result = tool("duelio-compare", "--resume", file)
    assert result.code == 2 and result.stderr.count("\n") == 1
    assert "build revision: 0123abc and " in result.stderr
    assert file.read_text() == foreign
