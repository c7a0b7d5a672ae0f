"""Processes under test: started, waited for and ended in one way.

Nothing here expects a process to be quick. HANG_S only keeps a test that waits for what never comes from waiting for
ever.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import time

HANG_S = 300
WORK = ("--requests", "400")  # of the generator, where a test needs some load and no certain one


@dataclasses.dataclass(frozen=True)
class Result:
    code: int
    stdout: str
    stderr: str
    json_file: pathlib.Path | None = None

    @property
    def json(self):
        return json.loads(self.json_file.read_text())


def wait_until(condition, what):
    """The first true value of condition()."""
    give_up = time.monotonic() + HANG_S
    while not (value := condition()):
        assert time.monotonic() < give_up, f"{what}: not within {HANG_S} s"
        time.sleep(0.01)
    return value


@contextlib.contextmanager
def started(argv, **how):
    """A process that is gone afterwards, with its group: strace(1) alone would let go of what it traces."""
    how = {"stdin": subprocess.DEVNULL, "text": True, "start_new_session": True, **how}
    process = subprocess.Popen([str(word) for word in argv], **how)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def run(argv, json_file=None, hang_s=HANG_S, **how):
    with started(argv, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}) as process:
        stdout, stderr = process.communicate(timeout=hang_s)
    return Result(process.returncode, stdout, stderr, json_file)


def children_of(parent):
    """Process ids from /proc/<pid>/stat; its second field, the name in parentheses, may hold anything."""
    children = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                children.append(int(stat.parent.name))
    return children


def is_alive(pid):
    """Not gone, nor a zombie that its new parent has not waited for yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@dataclasses.dataclass(frozen=True)
class Server:
    port: int  # 0 at a Unix socket
    pid: int  # of the server itself, also under strace(1)
    process: subprocess.Popen
    address: str

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    @property
    def target(self):
        """What a generator is told of it."""
        if self.port == 0:
            return ["--unix-socket", self.address.removeprefix("unix:"), "http://localhost/"]
        return [self.url]

    def stop(self):
        """A clean end: nothing that a sanitizer had to say."""
        os.kill(self.pid, signal.SIGTERM)
        assert self.process.wait(HANG_S) == 0


@contextlib.contextmanager
def running_server(executables, folder, backend, *flags, under=(), **how):
    """A server on a port of its own, or at the Unix socket that --address names. It has to end cleanly, here if it was not ended before."""
    greeting_file = folder / f"greeting-{backend}"
    port = () if "--port" in flags or any(str(flag).startswith("unix:") for flag in flags) else ("--port", "0")
    argv = [*under, executables / "duelio-server", "--backend", backend, *port, *flags]
    with open(greeting_file, "w", encoding="utf-8") as stdout, started(argv, stdout=stdout, **how) as process:
        def greeting():
            assert process.poll() is None, f"{backend} ended before it listened"
            return re.match(r"listening on (\S+) backend=\S+ threads=\d+ pid=(\d+)\n", greeting_file.read_text())
        address, pid = wait_until(greeting, f"the greeting of {backend}").groups()
        port = 0 if address.startswith("unix:") else int(address.rpartition(":")[2])
        server = Server(port, int(pid), process, address)
        yield server
        if process.poll() is None:
            server.stop()
        assert process.returncode in (0, 128 + signal.SIGTERM)
