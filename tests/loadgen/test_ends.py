"""How a run ends: by a signal at any moment, with a result that is whole or not there; with nothing that completed."""
import json
import os
import signal
import socket
import threading
import time

import jsonschema
import pytest

from support.processes import HANG_S, wait_until


class Server:
    """Accepts; `respond(connection)` for each, in a thread of its own."""

    def __init__(self, respond):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.connections = []
        self.requests = 0
        self.respond = respond
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/"

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        try:
            while connection.recv(65536):
                self.requests += 1
                self.respond(connection)
        except OSError:
            pass

    def close(self):
        self.listener.close()
        for connection in self.connections:
            connection.close()


@pytest.fixture
def serve():
    servers = []

    def start_one(respond=lambda connection: None):
        servers.append(Server(respond))
        return servers[-1]
    yield start_one
    for server in servers:
        server.close()


def good(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nHello")


@pytest.fixture(scope="module")
def schema(root):
    return json.loads((root / "loadgen/loadgen.schema.json").read_text())


def no_constant(name):
    raise AssertionError(f"{name} in the JSON")


def load(file, schema):
    document = json.loads(file.read_text(), parse_constant=no_constant)
    jsonschema.validate(document, schema)
    return document


# Nothing here ends by itself within the test's time.
LONG = ["--timeout", "1h", "--connections", "4"]
MOMENTS = {
    "warm-up": ["--warmup", "1h"],
    "warm-up of an open loop": ["--warmup", "1h", "--rate", "500"],
    "window": ["--warmup", "0", "--duration", "1h"],
    "window of an open loop": ["--warmup", "0", "--duration", "1h", "--rate", "500"],
    "window of two threads": ["--warmup", "0", "--duration", "1h", "--threads", "2"],
}


@pytest.mark.parametrize("responds", [True, False], ids=["responds", "silent"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_ends_a_run_with_what_it_has(start, serve, schema, tmp_path, moment, responds):
    server = serve(good) if responds else serve()
    report = tmp_path / "run.json"
    generator = start("duelio-loadgen", *LONG, *MOMENTS[moment], "--json", report, "--phases", server.url,
                      stdout=open(os.devnull, "w", encoding="utf-8"))
    wait_until(lambda: server.requests >= 4, "requests")
    generator.send_signal(signal.SIGINT)
    assert generator.wait(HANG_S) == 130
    document = load(report, schema)
    assert document["interrupted"] and document["checks"]["conservation"]
    assert (document["measured_s"] > 0) == ("window" in moment)
    assert list(tmp_path.iterdir()) == [report]
    # What the signal cut short is no sample, least of all one of an hour.
    if document["latency_ns"]:
        assert document["latency_ns"]["max"] < 3600e9


def test_a_signal_ends_the_drain(start, serve, schema, tmp_path):
    server, report, output = serve(), tmp_path / "run.json", tmp_path / "output"
    with open(output, "w", encoding="utf-8") as stdout:
        generator = start("duelio-loadgen", *LONG, "--warmup", "0", "--requests", "100", "--rate", "1k",
                          "--json", report, "--phases", server.url, stdout=stdout)
    wait_until(lambda: "phase drain" in output.read_text(), "the drain")
    generator.send_signal(signal.SIGTERM)
    assert generator.wait(HANG_S) == 130
    document = load(report, schema)
    counts = document["counts"]
    assert document["interrupted"] and counts["scheduled"] == 100 == counts["in_flight"] + counts["unsent"]


def test_a_signal_ends_connecting(start, schema, tmp_path):
    report = tmp_path / "run.json"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # the queue is full: the kernel drops what comes
            generator = start("duelio-loadgen", *LONG, "--json", report, f"http://127.0.0.1:{port}/")

            def connecting():
                with open("/proc/net/tcp", encoding="ascii") as table:
                    return sum(f":{port:04X} 02 " in line for line in table) >= 3  # SYN_SENT
            wait_until(connecting, "connects")
            generator.send_signal(signal.SIGINT)
            assert generator.wait(HANG_S) == 130
    assert load(report, schema)["interrupted"]


def test_two_signals_at_once_are_one(start, serve, schema, tmp_path):
    server, report = serve(good), tmp_path / "run.json"
    generator = start("duelio-loadgen", *LONG, "--warmup", "0", "--duration", "1h", "--json", report, server.url,
                      stdout=open(os.devnull, "w", encoding="utf-8"))
    wait_until(lambda: server.requests >= 4, "requests")
    for _ in range(3):
        generator.send_signal(signal.SIGINT)
    assert generator.wait(HANG_S) == 130
    assert load(report, schema)["interrupted"]


def test_a_later_signal_ends_at_once_and_leaves_no_half_file(start, serve, tmp_path):
    """The result goes into a pipe that nobody reads: only the second signal can end this."""
    server, report = serve(good), tmp_path / "run.json"
    os.mkfifo(report)
    histogram = tmp_path / "run.hgrm"
    histogram.write_text("before")
    generator = start("duelio-loadgen", *LONG, "--warmup", "0", "--duration", "1h", "--json", report,
                      "--histogram", histogram, server.url, stdout=open(os.devnull, "w", encoding="utf-8"))
    wait_until(lambda: server.requests >= 4, "requests")
    generator.send_signal(signal.SIGINT)
    time.sleep(0.5)  # later than what counts as the same
    assert generator.poll() is None
    generator.send_signal(signal.SIGINT)
    assert generator.wait(HANG_S) == 130
    assert histogram.read_text() == "before"
    assert {file.name for file in tmp_path.iterdir()} == {"run.json", "run.hgrm"}


def test_a_run_without_a_completion_is_valid_json(loadgen, serve, schema):
    for flags in [], ["--rate", "100"]:
        result = loadgen("--requests", "8", "--timeout", "200ms", *flags, serve().url)
        assert result.code == 1 and "no request completed" in result.stdout
        document = load(result.json_file, schema)
        counts = document["counts"]
        assert counts["completed"] == 0 and document["rate"]["achieved"] == 0
        # The drain is as long as the time-out, so which of them ends a request is chance.
        assert counts["in_flight"] + counts["request_errors"] == counts["sent"]
        assert {error["class"] for error in document["errors"]} <= {"timeout"}


def test_a_refused_response_is_reported_with_its_reason(loadgen, serve, schema):
    server = serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\ncontent-length: 0\n\n"))
    result = loadgen("--requests", "8", server.url)
    assert result.code == 1
    reason = "line feed without carriage return in the status line"
    assert f"8 x malformed: {reason} at byte 15" in result.stdout
    assert load(result.json_file, schema)["errors"] == [
        {"class": "malformed", "errno": None, "name": None, "reason": reason, "byte": 15, "count": 8}]


def test_a_file_that_was_there_is_replaced_whole_and_keeps_its_mode_and_its_link(tool, serve, tmp_path):
    server, target, link = serve(good), tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("before")
    target.chmod(0o640)
    link.symlink_to("target.json")
    assert tool("duelio-loadgen", "--requests", "8", "--json", link, server.url).code == 0
    assert link.is_symlink() and json.loads(target.read_text())["counts"]["completed"] == 8
    assert target.stat().st_mode & 0o777 == 0o640
    assert {file.name for file in tmp_path.iterdir()} == {"target.json", "link.json"}


def test_devices_and_pipes_are_written_to_as_they_are(tool, serve):
    server = serve(good)
    result = tool("duelio-loadgen", "--requests", "8", "--json", "/dev/null", "--histogram", "/dev/stdout", server.url)
    assert result.code == 0 and "#[Buckets" in result.stdout
    result = tool("duelio-loadgen", "--requests", "8", "--json", "/dev/full", server.url)
    assert result.code == 1 and "--json '/dev/full'" in result.stderr and "No space left" in result.stderr
