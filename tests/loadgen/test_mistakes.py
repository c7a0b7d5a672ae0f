"""What duelio-loadgen refuses before anything starts: one line that names the flag and the value, exit code 2."""
import pytest

URL = "http://127.0.0.1:1/"
MISTAKES = [
    ("--connections '0' is not between", ["--connections", "0", URL]),
    ("--connections '' is empty", ["--connections", "", URL]),
    ("--connections '1.5'", ["--connections", "1.5", URL]),
    ("--connections '-4'", ["--connections=-4", URL]),
    ("--threads '0'", ["--threads", "0", URL]),
    ("--threads 8 exceeds --connections 4", ["--threads", "8", "--connections", "4", URL]),
    ("--cpus '4095' names CPU 4095", ["--cpus", "4095", URL]),
    ("--cpus '' ", ["--cpus", "", URL]),
    ("--cpus '1-0'", ["--cpus", "1-0", URL]),
    ("--warmup '1'", ["--warmup", "1", URL]),
    ("--warmup '9000h' is longer than a year", ["--warmup", "9000h", URL]),
    ("--duration '0s'", ["--duration", "0s", URL]),
    ("--duration '9000h' is longer than a year", ["--duration", "9000h", URL]),
    ("--timeout '0'", ["--timeout", "0", URL]),
    ("--timeout '2000000h' is longer than a year", ["--timeout", "2000000h", URL]),
    ("--requests 'many'", ["--requests", "many", URL]),
    ("--rate 'nan'", ["--rate", "nan", URL]),
    ("--rate 'inf'", ["--rate", "inf", URL]),
    ("--rate '1e5'", ["--rate", "1e5", URL]),
    ("--rate '0.0000001' is below", ["--rate", "0.0000001", URL]),
    ("--arrivals 'bursty'", ["--rate", "5", "--arrivals", "bursty", URL]),
    ("--connection-choice 'first'", ["--rate", "5", "--connection-choice", "first", URL]),
    ("--pipeline '0'", ["--pipeline", "0", URL]),
    ("--pipeline 1024 with --connections 1000000", ["--pipeline", "1024", "--connections", "1000000", URL]),
    ("--method 'A B'", ["--method", "A B", URL]),
    ("--method ''", ["--method", "", URL]),
    ("--method 'CONNECT'", ["--method", "CONNECT", URL]),
    ("--header 'accept'", ["--header", "accept", URL]),
    ("--header 'a b: c'", ["--header", "a b: c", URL]),
    ("--header 'a: b?x: y' has a line end", ["--header", "a: b\nx: y", URL]),
    ("--header 'Content-Length: 1'", ["--header", "Content-Length: 1", URL]),
    ("--header 'transfer-encoding: chunked'", ["--header", "transfer-encoding: chunked", URL]),
    ("--header 'host: b' is a second host", ["--header", "host: a", "--header", "host: b", URL]),
    ("--body 'text' is not @", ["--body", "text", URL]),
    ("--body '@/nowhere' cannot be read: No such file", ["--body", "@/nowhere", URL]),
    ("--body '@/' cannot be read: Is a directory", ["--body", "@/", URL]),
    ("--body and --body-bytes exclude", ["--body", "@/dev/null", "--body-bytes", "5", URL]),
    ("--body-bytes '2GiB'", ["--body-bytes", "2GiB", URL]),
    ("--expect-status 'OK'", ["--expect-status", "OK", URL]),
    ("--idle-connections '-1'", ["--idle-connections=-1", URL]),
    ("--slow-gap is of --slow-clients", ["--slow-gap", "5ms", URL]),
    ("--ramp '5'", ["--ramp", "5", URL]),
    ("--source-addresses '251'", ["--source-addresses", "251", URL]),
    ("--seed '-1'", ["--seed=-1", URL]),
    ("--json '' names no file", ["--json", "", URL]),
    ("--histogram '' names no file", ["--histogram", "", URL]),
    ("--json and --histogram both name 'x'", ["--json", "./x", "--histogram", "x", URL]),
    ("--json and --histogram both name '-'", ["--json", "-", "--histogram", "-", URL]),
    ("https://h/' begins with https://: TLS", ["https://h/"]),
    ("port '70000', which is not between 1 and 65535", ["http://h:70000/"]),
    ("percent-encoded: %C3", ["http://h/m\u00fcnchen"]),
    ("percent-encoded: %20", ["http://h/a b"]),
    ("is a second URL", [URL, "http://u:secret@h/"]),
    ("has user-info", ["http://u:secret@h/"]),
    ("does not begin with http://", ["u:secret@h/"]),
    ("URL '' ", [""]),
]


@pytest.mark.parametrize("text, arguments", MISTAKES, ids=[" ".join(arguments) for _, arguments in MISTAKES])
def test_a_mistake_is_told_in_one_line(tool, tmp_path, text, arguments):
    result = tool("duelio-loadgen", *arguments, cwd=tmp_path)
    assert result.code == 2, result
    assert text in result.stderr and result.stderr.count("\n") == 1
    assert "secret" not in result.stderr
    assert result.stdout == "" and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flag", ["json", "histogram"])
@pytest.mark.parametrize("name, reason", [("missing/run", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_written_is_refused_before_the_load(tool, start_server, tmp_path, flag, name, reason):
    server = start_server("epoll-et")
    result = tool("duelio-loadgen", "--requests", "1", f"--{flag}", name, server.url, cwd=tmp_path)
    assert result.code == 1 and result.stdout == ""
    assert f"--{flag} '{name}'" in result.stderr and reason in result.stderr and result.stderr.count("\n") == 1
