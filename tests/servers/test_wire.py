"""Each backend as other people's clients see it, curl and netcat: the same bytes apart from the date."""
import email.utils
import os
import pathlib
import re
import subprocess
import time

from support.processes import HANG_S, run, started, wait_until


def curl(*arguments):
    result = run(["curl", "--silent", "--max-time", HANG_S, *arguments], text=False)
    assert result.code == 0, result.stderr
    return result.stdout.decode("latin-1")  # to the byte: as text, CRLF would be LF


def test_answers_are_the_reference_s(start_server, each_backend):
    def answer(name):
        response = curl("--include", start_server(name).url)
        assert response.startswith("HTTP/1.1 200 OK\r\n")
        return re.sub("(?m)^date: .* GMT\r$", "date: -\r", response)
    assert answer(each_backend) == answer("epoll-oneshot")


def test_takes_a_form(start_server, each_backend, tmp_path):
    (tmp_path / "file").write_bytes(os.urandom(1 << 20))
    assert curl("--form", f"file=@{tmp_path / 'file'}", start_server(each_backend).url) == "Hello"


def test_speaks_the_first_version_and_sends_large_bodies(start_server, each_backend):
    server = start_server(each_backend)
    assert curl("--http1.0", server.url) == "Hello"
    assert len(curl(f"{server.url}bytes/1000000")) == 1_000_000


def test_takes_a_request_typed_in_parts(start_server, each_backend):
    server = start_server(each_backend)
    with started(["nc", "-N", "127.0.0.1", server.port], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as netcat:
        for part in ("GET / HT", "TP/1.1\r\nho"):
            netcat.stdin.write(part)
            netcat.stdin.flush()
            time.sleep(0.1)  # so that it likely is a segment of its own; the answer is the same if not
        answer, _ = netcat.communicate("st: a\r\n\r\n", timeout=HANG_S)
    assert answer.endswith("Hello")


def test_has_one_thread(start_server, each_backend):
    """A second thread, even an idle one, would make the model's system calls dearer."""
    server = start_server(each_backend)
    assert curl(server.url) == "Hello"
    tasks = pathlib.Path(f"/proc/{server.pid}/task")
    # That of a connection may just be ending.
    wait_until(lambda: len(list(tasks.iterdir())) == 1, f"a single thread of {each_backend}")


def test_tells_the_time(start_server, each_backend):
    """The date goes on, is never ahead of the clock, and comes up with it: with its second before the request."""
    server = start_server(each_backend)
    begin = time.time()

    def said():
        header = re.search("(?mi)^date: (.*)\r$", curl("--include", server.url))[1]
        date = email.utils.parsedate_to_datetime(header).timestamp()
        assert date <= time.time()
        return date

    def has_come_up():
        before = int(time.time())
        return before > begin and said() >= before
    wait_until(has_come_up, f"the date of {each_backend}")
