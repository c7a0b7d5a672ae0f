"""duelio-report --history: runs of many revisions, their page and what trackers read."""
import json

import pytest

from support.report import figures_of

LOADS = (("50%", 24_000.0), ("max", None))


@pytest.fixture
def folder(tmp_path, synthetic_run):
    """Ten runs of three entries; asio is 6 % dearer from the seventh on, whose revision is r7."""
    for number in range(1, 11):
        asio = 0.95 if number < 7 else 0.95 * 1.06
        synthetic_run(f"{10 - number}", seed=number, blocks=8, turns=4, loads=LOADS, slopes={"asio": (asio, asio)},
                      started=f"2026-03-{number:02}T00:00:00Z", revision=f"r{number}")
    return tmp_path


def test_the_revision_is_named_whatever_the_files_are_called(tool, folder):
    result = tool("duelio-report", "--history", folder)
    assert result.code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].endswith("against epoll-oneshot, 10 runs, r1 (2026-03-01) to r10 (2026-03-10)")
    assert sum("asio has " in line and "% more CPU per request [" in line and
               line.endswith("since r7 (2026-03-07; 7th of 10 runs)") for line in lines) == 2
    assert {line for line in lines if "no step" in line} == \
        {"epoll-et at 50%: no step in 10 runs", "epoll-et at max: no step in 10 runs"}


def test_a_run_of_another_machine_is_left_out_and_said(tool, folder, synthetic_run):
    synthetic_run("other", kernel="Linux 4.19", loads=LOADS, started="2026-03-04T12:00:00Z", revision="rx")
    result = tool("duelio-report", "--history", folder)
    assert result.code == 0
    assert "left out" in result.stderr and "other.jsonl" in result.stderr and result.stderr.count("\n") == 1
    assert "10 runs" in result.stdout


def test_the_page_shows_each_load_once(tool, folder, tmp_path):
    page = tmp_path / "history.html"
    assert tool("duelio-report", "--history", folder, "--html", page).code == 0
    text = page.read_text()
    figures = figures_of(text)
    assert figures.keys() == {"history-50-percent", "history-max"}
    changed = [row for row in figures["history-max"]["rows"] if row["change"]]
    assert [(row["entry"], row["revision"]) for row in changed] == [("asio", "r7")]
    assert "since r7" in text and len(figures["history-max"]["rows"]) == 20


def test_trackers_read_it(tool, folder):
    result = tool("duelio-report", "--history", folder, "--otava", "-")
    rows = [line.split(",") for line in result.stdout.splitlines()]
    assert rows[0] == ["time", "commit", "epoll-et@50%", "asio@50%", "epoll-et@max", "asio@max"]
    assert [row[1] for row in rows[1:]] == [f"r{number}" for number in range(1, 11)]
    assert float(rows[1][3]) == pytest.approx(0.95, rel=0.02) and float(rows[10][3]) == pytest.approx(1.007, rel=0.02)
    bencher = json.loads(tool("duelio-report", folder / "0.jsonl", "--bencher", "-").stdout)
    ratio = bencher["asio/max"]["cpu-ratio"]
    assert ratio["lower_value"] < ratio["value"] < ratio["upper_value"]
    assert set(bencher["epoll-oneshot/50%"]) >= {"cpu", "p50"}


@pytest.mark.parametrize("flags, said", [
    (["--history", "{folder}/nowhere"], "No such file or directory"),
    (["--history", "{folder}/empty"], "has 0 results files"),
    (["--history", "{folder}", "{folder}/0.jsonl"], "takes a folder"),
    (["--history", "{folder}", "--baseline", "{folder}/0.jsonl"], "--baseline"),
    (["--history", "{folder}", "--svg", "{folder}/figures"], "--svg does not go with --history"),
    (["--history", "{folder}", "--bencher", "-"], "second results file"),
])
def test_bad_input_is_told_in_one_line(tool, folder, flags, said):
    (folder / "empty").mkdir()
    result = tool("duelio-report", *[flag.format(folder=folder) for flag in flags])
    assert result.code == 2 and said in result.stderr and result.stderr.count("\n") == 1, result.stderr
