"""What a report shows of a run with samples: causes, pairs, functions."""
import collections
import json

import pytest


def test_causes_of_a_difference_are_drawn_and_told(page_of, report, synthetic_run, tmp_path):
    file = synthetic_run(sampling="available")
    page, figures = page_of(file)
    assert 'id="why"' in page and "Samples:" not in page
    for load in ("10-percent", "50-percent", "80-percent", "max"):
        *parts, whole = figures[f"why-call-epoll-et-{load}"]["rows"]
        assert whole["cause"] == "all of it"
        assert sum(row["difference"] for row in parts) == pytest.approx(whole["difference"], abs=0.005), "the bars add up"
        assert [row["told"] for row in parts if row["cause"] == "epoll_ctl"] == ["yes"]
    assert {row["cause"] for row in figures["why-work-asio-max"]["rows"]} >= {"all of it", "readiness (epoll, poll)"}
    for words in ("epoll-et needs ", "epoll_ctl -", "sendto: TCP send"):
        assert words in page
    text = report(file)
    assert "where the difference in CPU per request comes from" in text and "by what was done" in text
    assert "by function" not in text, "models have functions of their own: the page has them"
    report(file, "--svg", tmp_path / "figures")
    assert (tmp_path / "figures/why-call-asio-max.svg").read_text().count("<path") >= 5
    assert "tcp_sendmsg" in (tmp_path / "figures/why-flame-asio-max.svg").read_text()
    assert not list((tmp_path / "figures").glob("why-*-against-*")), "other pairs are chosen on the page"


def test_every_pair_can_be_chosen_at_every_load(page_of, report, synthetic_run):
    file = synthetic_run(sampling="available")
    page, figures = page_of(file)
    choices = collections.defaultdict(set)
    for figure in figures.values():
        if "place" in figure:
            choices[figure["place"]].add(tuple(figure["choice"]))
    pairs = ("epoll-et against epoll-oneshot", "asio against epoll-oneshot", "epoll-et against asio")
    loads = ("10 % (6.00 k/s)", "50 % (30.0 k/s)", "80 % (48.0 k/s)", "closed loop")
    assert choices == dict.fromkeys(("why-call", "why-work", "why-flame"), {(pair, load) for pair in pairs for load in loads})
    for choice in (*pairs, *loads):
        assert page.count(f"<option>{choice}</option>") == 1
    of_pair = figures["why-call-epoll-et-against-asio-max"]
    known = next(each for each in json.loads(report(file, "--json", "-"))["explained_pairs"] if each["load"] == "max")
    assert of_pair["rows"][-1]["difference"] == pytest.approx(known["difference_ns"] / 1000, rel=1e-3)
    assert known["sentence"].split(":")[0].replace(" us", " µs") in of_pair["note"]


def test_a_flame_graph_has_what_either_side_spends(page_of, synthetic_run):
    _, figures = page_of(synthetic_run(sampling="available"))
    frames = {frame["function"]: frame for frame in figures["why-flame-asio-max"]["rows"]}
    assert len(frames) == len(figures["why-flame-asio-max"]["rows"]) == 11
    whole, call, epoll_ctl, parse = (frames[name] for name in (
        "all of it", "kernel`do_syscall_64", "kernel`__x64_sys_epoll_ctl", "server`duelio::http::parse"))
    assert (whole["depth"], whole["from"], whole["to"]) == (0, 0, 10_000)
    assert (call["depth"], epoll_ctl["depth"], parse["depth"]) == (2, 3, 2)
    assert call["from"] < epoll_ctl["from"] < epoll_ctl["to"] <= call["to"] <= parse["from"]
    # asio makes a third of the reference's epoll_ctl (support/synthetic.py), and has the same share of all else.
    assert epoll_ctl["sign"] == -1 and epoll_ctl["here"] < epoll_ctl["there"] / 2
    assert epoll_ctl["here"] / whole["here"] == pytest.approx(20 / 460, rel=0.02)
    assert epoll_ctl["there"] / whole["there"] == pytest.approx(60 / 500, rel=0.02)
    table = figures["why-flame-asio-max"]["table"]
    assert table[0]["function"] == "kernel`do_epoll_ctl" and table[0]["told"] == "yes"
    assert table[0]["there"] == pytest.approx(100 * 60 / 500, rel=0.02)


def test_what_was_not_sampled_is_not_shown_and_why_is_said(page_of, report, synthetic_run):
    page, figures = page_of(synthetic_run(sampling="not available: perf is not installed"))
    assert "Samples: not available: perf is not installed" in page and not [name for name in figures if "why" in name]
    assert 'id="why"' not in page_of(synthetic_run("unasked"))[0]
    assert report(synthetic_run("unasked"), "--folded", "-") == ""
