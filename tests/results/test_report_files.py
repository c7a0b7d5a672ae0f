"""The files that a report consists of: the page and its data, figures, Markdown, CSV, Google Benchmark's JSON."""
import collections
import csv
import json
import os
import re
import shutil
import statistics
import xml.dom.minidom

import pytest

from support.processes import run


@pytest.fixture
def report(tool):
    """report(*arguments): its output; it must not fail."""
    def run_report(*arguments):
        result = tool("duelio-report", *arguments)
        assert result.code == 0, result.stderr
        return result.stdout
    return run_report


@pytest.fixture
def page_of(report, tmp_path):
    """page_of(*runs): the page of their report and the data of its figures."""
    def make(*runs):
        file = tmp_path / "page.html"
        report(*runs, "--html", file)
        page = file.read_text()
        return page, json.loads(re.search('id="figures">(.*?)</script>', page)[1])["figures"]
    return make


def test_figures_are_drawn_and_repeat_to_the_byte(report, record, tmp_path):
    first, again = tmp_path / "a", tmp_path / "b"
    report(record, "--svg", first)
    report(record, "--svg", again)
    assert {file.name: file.read_bytes() for file in first.iterdir()} == \
        {file.name: file.read_bytes() for file in again.iterdir()}
    for name in ("ratio-cpu", "latency", "cpu", "counts-syscalls", "memory", "rounds", "seconds", "summary"):
        figure = (first / f"{name}.svg").read_text()
        assert figure.count("<path") >= 5, f"{name} shows next to nothing"
        xml.dom.minidom.parseString(figure)
        if shutil.which("rsvg-convert"):
            assert (first / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    for file in first.glob("*.svg"):
        assert "NaN" not in file.read_text(), file


def test_a_missing_node_is_told_in_one_line(tool, record, tmp_path):
    result = tool("duelio-report", record, "--svg", tmp_path / "figures", env={**os.environ, "PATH": "/nowhere"})
    assert result.code == 1
    assert "Node.js" in result.stderr and result.stderr.count("\n") == 1


def test_missing_figure_libraries_are_told(root, tmp_path):
    shutil.copy(root / "results/plots/render.mjs", tmp_path)
    (tmp_path / "figure.vl.json").write_text("{}")
    result = run(["node", tmp_path / "render.mjs", tmp_path / "figure.vl.json"])
    assert result.code != 0 and "node_modules is missing" in result.stderr


def test_google_benchmark_s_format_has_the_rounds_of_the_record(report, record):
    result = json.loads(report(record, "--gbench-json", "-"))
    assert {"date", "num_cpus", "library_build_type"} <= result["context"].keys()
    rounds = collections.defaultdict(list)
    for each in result["benchmarks"]:
        assert each["run_type"] == "iteration" and each["time_unit"] == "ns" and each["iterations"] > 0
        assert each["name"] == each["run_name"] and each["real_time"] > 0
        rounds[each["name"]].append(each["cpu_time"])
    records = map(json.loads, record.read_text().splitlines())
    slices = [each for each in records if each["type"] == "slice" and each["valid"]]
    entries = {each["entry"] for each in slices}
    assert {f"{entry}/{phase}" for entry in entries for phase in ("open", "closed")} < rounds.keys()
    assert len(rounds) == 2 * (len(entries) + 1)  # the control is one more
    for entry in entries:
        wanted = [each["phases"]["open"]["metrics"]["server_cpu_per_request_ns"] for each in slices
                  if each["entry"] == entry and each["role"] != "control"]
        assert statistics.median(rounds[f"{entry}/open"]) == pytest.approx(statistics.median(wanted), rel=1e-9)


def test_google_benchmark_s_format_is_of_one_file(tool, record):
    result = tool("duelio-report", record, record, "--gbench-json", "-")
    assert result.code == 2 and "second results file" in result.stderr


def test_several_runs_are_told_apart_and_what_differs_is_said(report, synthetic_run, tmp_path):
    for day in ("day1", "day2"):
        (tmp_path / day).mkdir()
    runs = [synthetic_run("day1/run"), synthetic_run("day2/run", seed=2, kernel="Linux 6.2.0"),
            synthetic_run("day2/same", seed=3)]
    page, markdown, table = tmp_path / "all.html", tmp_path / "all.md", tmp_path / "all.csv"
    text = report(*runs, "--html", page, "--markdown", markdown, "--csv", table, "--svg", tmp_path / "figures")
    for said in (text, page.read_text(), markdown.read_text()):
        assert sum("machine kernel: Linux 6.1.0 and Linux 6.2.0" in line for line in said.splitlines()) == 1
    for number in (1, 2, 3):
        assert f'href="#run-{number}-title"' in page.read_text() and f'id="run-{number}-title"' in page.read_text()
        assert (tmp_path / f"figures/run-{number}-ratio-cpu.svg").stat().st_size > 0

    rows = collections.Counter(row["file"] for row in csv.DictReader(table.read_text().splitlines()))
    assert len(rows) == 3 and len(set(rows.values())) == 1
    alone = report(runs[0], "--csv", "-").splitlines()
    assert alone[0].startswith("round,") and len(alone) - 1 == rows[str(runs[0])]


def ticks(figures):
    return list(dict.fromkeys(row["at"] for row in figures["scaling"]["rows"]))


def test_a_series_of_connections_is_in_their_order(page_of, synthetic_run):
    page, figures = page_of(synthetic_run("many", connections=256), synthetic_run("few", connections=16))
    assert 'id="across"' in page and ticks(figures) == ["16\nconnections", "256\nconnections"]
    assert "throughput" not in figures


def test_a_series_of_handlers_shows_that_work_hides_the_difference(page_of, synthetic_run):
    page, figures = page_of(synthetic_run("work", handler_cpu=20_000), synthetic_run("none"))
    assert 'id="across"' in page and ticks(figures) == ["0 s\nhandler CPU", "20.0 us\nhandler CPU"]
    none, work = (row["ratio"] for row in figures["scaling"]["rows"] if row["entry"] == "asio")
    assert none < work < 1


def test_a_series_of_rates_has_latency_over_throughput(page_of, synthetic_run):
    page, figures = page_of(synthetic_run("high"), synthetic_run("low", rate=20_000.0))
    assert 'id="across"' in page and "scaling" in figures
    points = [row for row in figures["throughput"]["rows"] if row["entry"] == "asio"]
    assert [point["offered"] for point in points] == [20_000, 40_000] and points[0]["us"] < points[1]["us"]


@pytest.mark.parametrize("first, second", [
    ({"connections": 256}, {"handler_cpu": 20_000}),
    ({}, {"seed": 3}),
    ({"rate": 20_000.0}, {"seed": 2, "kernel": "Linux 6.2.0"}),
], ids=["two things", "nothing", "machines"])
def test_runs_that_differ_otherwise_are_no_series(page_of, synthetic_run, first, second):
    page, figures = page_of(synthetic_run("first", **first), synthetic_run("second", **second))
    assert 'id="across"' not in page and "scaling" not in figures


def test_counts_and_memory_have_their_numbers_or_the_reason(page_of, synthetic_run):
    page, figures = page_of(synthetic_run(idle=100, syscalls="no access to tracefs"))
    assert "counts-syscalls" not in figures and "System calls: not available: no access to tracefs" in page
    assert "Hardware counters:" not in page
    instructions = [row["count"] for row in figures["counts-instructions"]["rows"]]
    assert instructions == [pytest.approx(21_000 * (1 - 0.04 * number), rel=0.01) for number in range(3)]
    # The workload's idle connections and the entry's own are both in: 1, 3 and 5 KiB for each connection.
    assert [row["kib"] for row in figures["memory"]["rows"]] == [1, 3, 5]


def test_seconds_are_of_slices_with_more_than_one(page_of, synthetic_run):
    assert "seconds" in page_of(synthetic_run("long", seconds=3))[1]
    assert "seconds" not in page_of(synthetic_run("short", seconds=1))[1]


def test_peers_and_floors_are_named_everywhere_and_never_recommended(page_of, report, synthetic_run, tmp_path):
    file = synthetic_run(entries="epoll-oneshot,epoll-et,nginx=peer,floor-et=peer")
    page, figures = page_of(file)
    report(file, "--markdown", tmp_path / "peers.md")
    markdown = (tmp_path / "peers.md").read_text()
    assert {row["entry"]: row["kind"] for row in figures["ratio-cpu"]["rows"]} == {
        "epoll-oneshot again": "backend", "epoll-et": "backend", "nginx (peer)": "peer", "floor-et (floor)": "floor"}
    for name in ("latency", "cpu", "counts-syscalls", "memory", "rounds", "seconds"):
        assert {"nginx (peer)", "floor-et (floor)"} < {row["entry"] for row in figures[name]["rows"]}, name
    assert "- floor-et (floor) has" in markdown and "| nginx (peer) |" in markdown
    decisions = re.search("Which flag to choose.*?</table>", page, re.S)[0]
    assert "--backend epoll-et" in decisions and ", floor-et (floor)" in decisions
    assert "--backend floor" not in decisions and "--backend nginx" not in decisions


def test_a_large_run_has_a_page_of_a_size_to_mail(page_of, synthetic_run):
    """Everything that can be measured, of 8 backends in 40 rounds."""
    file = synthetic_run(entries="a,b,c,d,e,f,g,h", rounds=40, seconds=5)
    page, _ = page_of(file)
    assert len(page.encode()) < 1_200_000
    assert page_of(file)[0] == page
