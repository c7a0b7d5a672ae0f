"""The files that a report consists of: the page and its data, figures, Markdown, CSV, JSON, Google Benchmark's JSON."""
import collections
import csv
import json
import lzma
import os
import re
import resource
import shutil
import signal
import statistics
import xml.dom.minidom

import pytest

from support.processes import run

TEN = "epoll-oneshot,epoll-et,epoll-lt,poll,threads,asio,asio-coro,asio-uring,uring,uring-multishot"
TURNING = {"asio": (1.10, 0.85)}


def decisions(page):
    """The cells of each row of the decision table, by what is wanted."""
    table = re.search("For which load which flag.*?</table>", page, re.S)[0]
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in table.split("<tr>")]
    return {row[0]: row[1:] for row in rows[2:]}


def test_figures_are_drawn_and_repeat_to_the_byte(report, synthetic_run, tmp_path):
    file = synthetic_run()
    first, again = tmp_path / "a", tmp_path / "b"
    report(file, "--svg", first)
    report(file, "--svg", again)
    assert {each.name: each.read_bytes() for each in first.iterdir()} == \
        {each.name: each.read_bytes() for each in again.iterdir()}
    for name in ("ratio-cpu", "ratio-rate", "ratio-p99", "level-cpu", "latency-10-percent", "memory", "blocks-max"):
        figure = (first / f"{name}.svg").read_text()
        assert figure.count("<path") >= 5, f"{name} shows next to nothing"
        xml.dom.minidom.parseString(figure)
        if shutil.which("rsvg-convert"):
            assert (first / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    for each in first.glob("*.svg"):
        assert "NaN" not in each.read_text(), each


def test_a_missing_node_is_told_in_one_line(tool, synthetic_run, tmp_path):
    result = tool("duelio-report", synthetic_run(), "--svg", tmp_path / "figures",
                  env={**os.environ, "PATH": "/nowhere"})
    assert result.code == 1
    assert "Node.js" in result.stderr and result.stderr.count("\n") == 1


def test_missing_figure_libraries_are_told(root, tmp_path):
    shutil.copy(root / "results/plots/render.mjs", tmp_path)
    (tmp_path / "figure.vl.json").write_text("{}")
    result = run(["node", tmp_path / "render.mjs", tmp_path / "figure.vl.json"])
    assert result.code != 0 and "node_modules is missing" in result.stderr


def test_the_first_figure_is_the_ratio_over_the_load_and_its_turn_is_said(page_of, report, synthetic_run):
    file = synthetic_run(slopes=TURNING)
    page, figures = page_of(file)
    assert re.search('data-figure="(.*?)"', page)[1] == "ratio-cpu"
    asio = [row for row in figures["ratio-cpu"]["rows"] if row["entry"] == "asio"]
    assert [row["load"] for row in asio] == ["10 %\n6.00 k/s", "50 %\n30.0 k/s", "80 %\n48.0 k/s", "closed\nloop"]
    assert asio[0]["low"] > 1 > asio[-1]["high"]
    turn = r"asio has more CPU per request than epoll-oneshot at 10 % and less "
    assert re.search(turn, page.replace("&nbsp;", " ")) and re.search(turn, report(file, "--markdown", "-"))
    constant, _ = page_of(synthetic_run("constant"))
    assert "The sign changes" not in constant


def test_no_row_of_the_decisions_is_empty(page_of, synthetic_run):
    loads = ["10 % (6.00 k/s)", "50 % (30.0 k/s)", "80 % (48.0 k/s)"]
    wishes = {f"the {wish} at {load}" for wish in ("least CPU per request", "lowest p99") for load in loads}
    wishes |= {"the least CPU per request, closed loop", "the highest throughput, closed loop"}
    rows = decisions(page_of(synthetic_run())[0])
    assert rows.keys() == wishes and all(all(cells) for cells in rows.values())
    assert rows["the least CPU per request, closed loop"][0] == "--backend asio"

    alike = {"epoll-et": (1.0, 1.0), "asio": (1.0, 1.0)}
    rows = decisions(page_of(synthetic_run("alike", slopes=alike, noise=0.1))[0])
    choice, _, because = rows["the least CPU per request at 10 % (6.00 k/s)"]
    assert choice == "cannot tell yet" and "blocks would tell" in because

    rows = decisions(page_of(synthetic_run("failing", fails=[("asio", "80%")]))[0])
    assert "asio did not hold 48.0 k/s in 9 of 12 blocks" in rows["the least CPU per request at 80 % (48.0 k/s)"][2]


def test_each_stands_against_each(page_of, synthetic_run):
    page, _ = page_of(synthetic_run())
    table = re.search("the row's entry against the column's.*?</table>", page, re.S)[0]
    et = re.search(r'<th scope="row">epoll-et</th>(.*?)</tr>', table)[1]
    against_oneshot, itself, against_asio = re.findall(r"<td.*?</td>", et)
    assert "good" in against_oneshot and "−" in against_oneshot
    assert itself == "<td></td>"
    assert "bad" in against_asio and "+" in against_asio


def test_void_windows_are_told_by_lane_and_cause(page_of, synthetic_run):
    page, figures = page_of(synthetic_run(void=0.05))
    assert "<td>the generator was late</td>" in page and "epoll-oneshot again</th>" in page
    assert sum(row["void"] for row in figures["blocks-max"]["rows"]) > 0
    assert "No window was void" in page_of(synthetic_run("calm"))[0]


def test_google_benchmark_s_format_has_the_blocks_and_their_aggregates(report, synthetic_run):
    file = synthetic_run()
    result = json.loads(report(file, "--gbench-json", "-"))
    assert {"date", "num_cpus", "library_build_type"} <= result["context"].keys()
    blocks = collections.defaultdict(list)
    aggregates = {}
    for each in result["benchmarks"]:
        assert each["time_unit"] == "ns" and each["iterations"] > 0 and each["real_time"] > 0
        if each["run_type"] == "iteration":
            assert each["name"] == each["run_name"]
            blocks[each["name"]].append(each["cpu_time"])
        else:
            assert each["name"] == f'{each["run_name"]}_{each["aggregate_name"]}'
            aggregates[each["name"]] = each["cpu_time"]
    names = {f"{entry}/{load}" for load in ("10%", "50%", "80%", "max")
             for entry in ("epoll-oneshot", "epoll-oneshot-again", "epoll-et", "asio")}
    assert blocks.keys() == names and all(len(values) == 12 for values in blocks.values())
    for name, values in blocks.items():
        assert aggregates[f"{name}_mean"] == pytest.approx(statistics.mean(values))
        assert aggregates[f"{name}_median"] == pytest.approx(statistics.median(values))
        assert aggregates[f"{name}_stddev"] == pytest.approx(statistics.stdev(values))
    windows = [each for each in map(json.loads, file.read_text().splitlines()) if each["type"] == "window"]
    of_first = [each["server_cpu_ns"] / each["finished"] for each in windows
                if (each["block"], each["entry"], each["load"]) == (1, "asio", "50%")]
    assert blocks["asio/50%"][0] == pytest.approx(statistics.median(of_first))


def test_json_has_every_word(report, synthetic_run):
    result = json.loads(report(synthetic_run(slopes=TURNING), "--json", "-"))
    by_load = {each["load"]["id"]: {contrast["entry"]: contrast["word"] for contrast in each["contrasts"]}
               for each in result["judgements"] if each["metric"] == "cpu"}
    assert by_load["10%"]["asio"] == "slower" and by_load["max"]["asio"] == "faster"
    assert len(result["judgements"][0]["pairs"]) == 3
    assert result["sign_changes"][0]["entry"] == "asio"
    assert isinstance(json.loads(report(synthetic_run("a"), synthetic_run("b"), "--json", "-")), list)


def test_entries_are_sorted_and_selected(report, tool, synthetic_run):
    file = synthetic_run(entries=TEN, blocks=6, turns=4)

    def entries(*arguments):
        result = json.loads(report(file, "--json", "-", *arguments))
        assert [each["entry"] for each in result["judgements"][0]["levels"]] == \
            [each["name"] for each in result["manifest"]["entries"]]
        return [each["name"] for each in result["manifest"]["entries"]]
    assert entries() == TEN.split(",")
    assert entries("--sort", "cpu") == TEN.split(",")[::-1]
    assert entries("--only", "asio,uring") == ["epoll-oneshot", "asio", "uring"]
    assert entries("--only", "asio,uring", "--sort", "rate@max") == ["uring", "asio", "epoll-oneshot"]
    for flags, said in ((("--only", "nope"), "'nope'"), (("--sort", "cpu@7%"), "'cpu@7%'")):
        result = tool("duelio-report", file, *flags)
        assert result.code == 2 and said in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("flags, said", [
    (["--fail-on", "5%"], "--fail-on needs --baseline"),
    (["--allow-unlike"], "--allow-unlike needs --baseline"),
    (["--figure", "a.svg"], "--figure needs --splice"),
    (["--baseline", "{file}", "--html", "a.html"], "--html has nothing to do with --baseline"),
    (["{file}", "--gbench-json", "-"], "second results file"),
])
def test_no_flag_is_ignored_in_silence(tool, synthetic_run, flags, said):
    file = synthetic_run()
    result = tool("duelio-report", file, *[flag.format(file=file) for flag in flags])
    assert result.code == 2 and said in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("flags, said", [
    (["--html", "{file}"], "is the results file itself"),
    (["--html", "a", "--csv", "a"], "is what --"),
    (["--html", "-", "--csv", "-"], "is what --"),
    (["--html", "{folder}"], "is a directory"),
    (["--csv", "{folder}/nowhere/a.csv"], "is in no folder that is there"),
    (["--html", ""], "--html '' is empty"),
    (["--sort", ""], "--sort '' is empty"),
])
def test_what_cannot_be_written_is_refused_before_anything_is(tool, synthetic_run, tmp_path, flags, said):
    file = synthetic_run()
    before = file.read_bytes()
    result = tool("duelio-report", file, *[flag.format(file=file, folder=tmp_path) for flag in flags], cwd=tmp_path)
    assert result.code == 2 and said in result.stderr and result.stderr.count("\n") == 1 and result.stdout == ""
    assert file.read_bytes() == before and list(tmp_path.iterdir()) == [file]


def test_a_file_appears_whole_or_not_at_all(tool, synthetic_run, tmp_path):
    """A page that does not fit into what is left of the disk leaves the one that was there."""
    page = tmp_path / "page.html"
    page.write_text("yesterday's")
    result = tool("duelio-report", synthetic_run(), "--html", page,
                  preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                      resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))))
    assert result.code == 1 and f"write {page}: File too large" in result.stderr
    assert page.read_text() == "yesterday's" and sorted(file.name for file in tmp_path.iterdir()) == ["page.html", "run.jsonl"]


def test_the_newest_like_baseline_counts(tool, synthetic_run):
    unlike = synthetic_run("unlike", kernel="Linux 6.2.0", started="2026-03-01T00:00:00Z")
    old = synthetic_run("old", seed=2, started="2026-01-01T00:00:00Z")
    new = synthetic_run("new", seed=3, started="2026-02-01T00:00:00Z")
    slow = synthetic_run("slow", seed=4, slopes={"asio": (1.2, 1.2)})
    result = tool("duelio-report", "--baseline", old, unlike, new, slow, "--fail-on", "5%")
    assert result.code == 1 and f"{new}: held against it" in result.stdout and str(old) not in result.stdout
    assert tool("duelio-report", new, "--baseline", old, "--fail-on", "20%").code == 0
    assert tool("duelio-report", new, "--baseline", unlike).code == 4


@pytest.mark.parametrize("content", [b"", b"some text\n", b'{"a": 1}\n',
                                     b'{"type": "manifest", "schema": "duelio/1"}\n', lzma.compress(b"text\n")],
                         ids=["empty", "text", "foreign JSON", "old schema", "compressed"])
def test_what_is_no_results_file_is_told_in_one_line(tool, tmp_path, content):
    file = tmp_path / "file.jsonl"
    file.write_bytes(content)
    result = tool("duelio-report", file)
    assert result.code == 2 and str(file) in result.stderr and result.stderr.count("\n") == 1


def test_a_run_without_a_finished_block_is_no_report(tool, synthetic_run, tmp_path):
    killed = tmp_path / "killed.jsonl"
    killed.write_text(synthetic_run().read_text().partition("\n")[0] + "\n")
    result = tool("duelio-report", killed, "--html", tmp_path / "page.html")
    assert result.code == 3 and "holds no finished block" in result.stderr and result.stdout == ""
    assert not (tmp_path / "page.html").exists()


def test_json_over_several_lines_is_told_without_a_place_in_a_library(tool, synthetic_run, tmp_path):
    pretty = tmp_path / "pretty.jsonl"
    pretty.write_text(json.dumps(json.loads(synthetic_run().read_text().partition("\n")[0]), indent=1) + "\n")
    result = tool("duelio-report", pretty)
    assert result.code == 2 and "pretty.jsonl:1: no JSON object on a line of its own" in result.stderr
    assert result.stderr.count("\n") == 1 and "boost" not in result.stderr


def test_a_compressed_record_that_is_cut_off_is_told_in_one_line(tool, synthetic_run, tmp_path):
    compressed = tmp_path / "run.jsonl.xz"
    compressed.write_bytes(lzma.compress(synthetic_run().read_bytes())[:-20])
    result = tool("duelio-report", compressed)
    assert result.code == 2 and "cannot be decompressed" in result.stderr and result.stderr.count("\n") == 1


def test_a_folder_and_a_missing_file_are_told_in_one_line(tool, tmp_path):
    for file in (tmp_path, tmp_path / "missing.jsonl"):
        result = tool("duelio-report", file)
        assert result.code in (1, 2) and str(file) in result.stderr and result.stderr.count("\n") == 1


def test_a_compressed_record_is_read(report, tool, synthetic_run, tmp_path):
    file = synthetic_run()
    packed = tmp_path / "run.jsonl.xz"
    packed.write_bytes(lzma.compress(file.read_bytes()))
    assert report(packed) == report(file)
    packed.write_bytes(lzma.compress(b"text\n"))
    result = tool("duelio-report", packed)
    assert result.code == 2 and str(packed) in result.stderr


def test_several_runs_are_told_apart_and_what_differs_is_said(report, synthetic_run, tmp_path):
    for day in ("day1", "day2"):
        (tmp_path / day).mkdir()
    runs = [synthetic_run("day1/run"), synthetic_run("day2/run", seed=2, kernel="Linux 6.2.0"),
            synthetic_run("day2/same", seed=3)]
    page, markdown, table = tmp_path / "all.html", tmp_path / "all.md", tmp_path / "all.csv"
    text = report(*runs, "--html", page, "--markdown", markdown, "--csv", table, "--svg", tmp_path / "figures")
    for said in (text, page.read_text(), markdown.read_text()):
        assert sum("Linux 6.1.0 and Linux 6.2.0" in line for line in said.splitlines()) == 1
    for number in (1, 2, 3):
        assert f'href="#run-{number}-title"' in page.read_text() and f'id="run-{number}-title"' in page.read_text()
        assert (tmp_path / f"figures/run-{number}-ratio-cpu.svg").stat().st_size > 0

    rows = collections.Counter(row["file"] for row in csv.DictReader(table.read_text().splitlines()))
    assert len(rows) == 3 and len(set(rows.values())) == 1
    alone = report(runs[0], "--csv", "-").splitlines()
    assert alone[0].startswith("block,") and len(alone) - 1 == rows[str(runs[0])]


def test_a_row_of_the_csv_names_its_threads(report, synthetic_run):
    rows = csv.DictReader(report(synthetic_run("two", threads=2), "--csv", "-").splitlines())
    assert {row["threads"] for row in rows} == {"2"}


@pytest.mark.parametrize("flag, few, many, ticks", [
    ("connections", 16, 256, ["16", "256"]),
    ("threads", 1, 2, ["1", "2"]),
    ("handler_cpu", 0, 20_000, ["no work", "20.0 µs"]),
])
def test_runs_that_differ_in_one_thing_are_a_series(page_of, synthetic_run, flag, few, many, ticks):
    page, figures = page_of(synthetic_run("many", **{flag: many}), synthetic_run("few", **{flag: few}))
    rows = figures["across-10-percent"]["rows"]
    assert 'id="across"' in page and list(dict.fromkeys(row["load"] for row in rows)) == ticks
    scaling = figures.get("scaling-rate", {"rows": []})["rows"]
    assert list(dict.fromkeys(row["threads"] for row in scaling)) == (ticks if flag == "threads" else [])
    assert ("scaling-cpu" in figures) == (flag == "threads")
    if flag == "handler_cpu":  # work hides the difference
        first, last = (row["ratio"] for row in rows if row["entry"] == "asio")
        assert first < last < 1


@pytest.mark.parametrize("first, second", [
    ({"connections": 256}, {"handler_cpu": 20_000}),
    ({}, {"seed": 3}),
    ({"connections": 16}, {"seed": 2, "kernel": "Linux 6.2.0"}),
], ids=["two things", "nothing", "machines"])
def test_runs_that_differ_otherwise_are_no_series(page_of, synthetic_run, first, second):
    page, figures = page_of(synthetic_run("first", **first), synthetic_run("second", **second))
    assert 'id="across"' not in page and not any(name.startswith("across") for name in figures)


def test_counts_and_memory_have_their_numbers_or_the_reason(page_of, synthetic_run):
    page, figures = page_of(synthetic_run(idle=100, syscalls="no access to tracefs"))
    assert "level-syscalls" not in figures and "System calls: not available: no access to tracefs" in page
    assert "Hardware counters:" not in page
    # The workload's idle connections and the entry's own are both in: 1, 3 and 5 KiB for each connection.
    assert [row["value"] for row in figures["memory"]["rows"]] == [1, 3, 5]


def test_peers_and_floors_are_named_everywhere_and_never_recommended(page_of, report, synthetic_run, tmp_path):
    file = synthetic_run(entries="epoll-oneshot,epoll-et,nginx=peer,floor-et=peer")
    page, figures = page_of(file)
    report(file, "--markdown", tmp_path / "peers.md")
    markdown = (tmp_path / "peers.md").read_text()
    assert {row["entry"]: row["kind"] for row in figures["ratio-cpu"]["rows"]} == {
        "epoll-oneshot again": "control", "epoll-et": "backend", "nginx (peer)": "peer", "floor-et (floor)": "floor"}
    for name in ("latency-10-percent", "level-cpu", "level-syscalls", "memory", "blocks-max"):
        assert {"nginx (peer)", "floor-et (floor)"} < {row["entry"] for row in figures[name]["rows"]}, name
    assert "- floor-et (floor) has" in markdown and "| nginx (peer) |" in markdown
    for choice, *_, limit in decisions(page).values():
        assert choice in ("--backend epoll-et", "--backend epoll-oneshot", "cannot tell yet")
        assert limit.endswith("floor-et (floor)")


def test_an_unfinished_run_says_so_and_shows_what_it_has(page_of, tool, synthetic_run):
    file = synthetic_run(finished=False)
    assert "was not finished (interrupted)" in tool("duelio-report", file).stderr
    assert "The run was not finished (interrupted)" in page_of(file)[0]


def test_a_large_run_has_a_page_of_a_size_to_mail(page_of, synthetic_run):
    """Everything that can be measured, of 10 backends in 40 blocks; and where all their differences come from."""
    file = synthetic_run(entries=TEN, blocks=40, turns=4)
    page, _ = page_of(file)
    assert len(page.encode()) < 1_500_000
    assert page_of(file)[0] == page
    explained, figures = page_of(synthetic_run(entries=TEN, blocks=6, turns=4, sampling="available", functions=120))
    assert len(explained.encode()) < 2_000_000
    graphs = [figure["rows"] for name, figure in figures.items() if "why-flame" in name]
    assert len(graphs) == 45 * 4 and all(len(rows) > 10 for rows in graphs)
