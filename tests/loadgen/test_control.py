"""duelio-loadgen --control, as a program that drives it sees it (FORMAT.md)."""
import json
import signal
import subprocess
import time

from support.processes import HANG_S


def controlled(start, *arguments):
    return start("duelio-loadgen", "--control", "--connections", 4, *arguments, stdin=subprocess.PIPE,
                 stdout=subprocess.PIPE)


def answer(generator, command):
    generator.stdin.write(command + "\n")
    generator.stdin.flush()
    return json.loads(generator.stdout.readline())


def test_windows_are_measured_one_after_the_other(start, start_server):
    server = start_server("epoll-et")
    generator = controlled(start, "--verify-body", server.url)
    assert answer(generator, "connect") == {"type": "connected", "connections": 4, "wanted": 4, "error": None}
    for window in "", "rate=5k seed=3", "rate=5k spin=1":
        line = answer(generator, f"window requests=100 pids={server.pid} {window}")
        assert line["counts"]["completed"] == line["latency_ns"]["count"] == 100, line
        assert line["conserved"] and line["errors"] == [] and not line["interrupted"]
        assert line["server"]["cpu_ns"] == line["server"]["processes"][0]["cpu_ns"] >= 0
    assert answer(generator, "window rate=0")["type"] == "error"
    assert answer(generator, "drain") == {"type": "drained"}
    generator.stdin.write("quit\n")
    generator.stdin.close()
    assert generator.wait(HANG_S) == 0


def test_a_signal_ends_the_window_and_keeps_its_line(start, start_server):
    generator = controlled(start, start_server("epoll-et").url)
    answer(generator, "connect")
    generator.stdin.write("window lead_in=0 length=1h\n")
    generator.stdin.flush()
    generator.send_signal(signal.SIGINT)
    line = json.loads(generator.stdout.readline() or "null")
    assert generator.wait(HANG_S) == 130
    # The signal may have come before the command was read.
    assert line is None or line["interrupted"] and line["conserved"]


def test_a_window_begins_when_it_is_told_to(start, start_server):
    generator = controlled(start, start_server("epoll-et").url)
    answer(generator, "connect")
    for load in "", "rate=5k", "rate=5k spin=1":
        at = time.monotonic_ns() + 20_000_000
        line = answer(generator, f"window requests=20 lead_in=1ms at={at} {load}")
        assert line["begin_ns"] >= at + 1_000_000 and line["late_ns"] >= 0, line
    past = time.monotonic_ns() - 5_000_000
    assert answer(generator, f"window requests=20 lead_in=0 at={past}")["late_ns"] >= 5_000_000
    assert "late_ns" not in answer(generator, "window requests=20")
    hour = time.monotonic_ns() + 3_600_000_000_000
    for wrong, why in ("soon", "is no time in nanoseconds"), (hour, "is more than 10 s ahead"):
        assert answer(generator, f"window at={wrong}")["what"] == f"at '{wrong}' {why}"


def test_raw_samples_make_up_the_histogram(start, start_server):
    generator = controlled(start, "--raw-samples", "--threads", 2, start_server("epoll-et").url)
    answer(generator, "connect")
    for load in "", "rate=5k":
        line = answer(generator, f"window requests=100 {load}")
        samples, latency = line["samples_ns"], line["latency_ns"]
        assert len(samples) == latency["count"] == 100
        assert (min(samples), max(samples), sum(samples)) == (latency["min"], latency["max"], latency["histogram"]["sum"])


def test_what_belongs_to_a_window_is_no_flag(tool):
    for flags in ["--rate", "5"], ["--duration", "5s"], ["--requests", "5"], ["--json", "-"], ["--spin"]:
        result = tool("duelio-loadgen", "--control", *flags, "http://127.0.0.1:1/")
        assert result.code == 2 and flags[0] in result.stderr, result
