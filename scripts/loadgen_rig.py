"""What the scripts that examine duelio-loadgen share: servers and clients as child processes, each
on its CPU, and what they cost."""
import contextlib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "build", "release", "bin")
SERVER_CPU = 0
CLIENT_CPU = 1
NEIGHBOUR = """
import os, time
parent = os.getppid()
while os.getppid() == parent:
    end = time.perf_counter() + 0.0008
    while time.perf_counter() < end:
        pass
    time.sleep(0.0002)
"""


def tool(name):
    path = os.path.join(BIN, name)
    if not os.path.exists(path):
        sys.exit(f"{path} is missing: cmake --preset release && cmake --build --preset release "
                 "--target all duelio_benchmarks")
    return path


def start(command, cpu, **options):
    return subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, {cpu}), **options)


@contextlib.contextmanager
def server(command, cpu=SERVER_CPU):
    """Starts a server that prints `listening on ADDRESS:PORT ...`; yields the process and the port."""
    process = start(command, cpu, stdout=subprocess.PIPE, text=True)
    try:
        found = re.match(r"listening on \S+:(\d+)", process.stdout.readline())
        if not found:
            sys.exit(f"{command[0]} did not start")
        yield process, int(found.group(1))
    finally:
        process.terminate()
        process.wait()


def run(command, cpu=CLIENT_CPU):
    """Runs a client to its end; returns its stdout and its CPU time in seconds (wait4)."""
    with tempfile.TemporaryFile("w+") as out:
        process = start(command, cpu, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return out.read(), usage.ru_utime + usage.ru_stime


def loadgen(port, *flags, cpu=CLIENT_CPU, target="/"):
    """Runs duelio-loadgen; returns its JSON and its CPU time."""
    command = [tool("duelio-loadgen"), *flags, "--json", "-", f"http://127.0.0.1:{port}{target}"]
    text, spent = run(command, cpu)
    if not text:
        sys.exit(f"no result: {' '.join(command)}")
    return json.loads(text), spent


def duelio_server(backend="epoll-et", cpu=SERVER_CPU):
    return server([tool("duelio-server"), "--backend", backend, "--port", "0", "--deadlines", "off"], cpu)


def quantile(histogram, wanted):
    """Nearest rank, as the middle of the bucket: loadgen.schema.json says where buckets begin."""
    def begin(index):
        return index if index < 2048 else (index % 1024 + 1024) << (index // 1024 - 1)
    left = wanted * histogram["count"]
    for index, count in histogram["buckets"]:
        left -= count
        if left <= 0:
            middle = (begin(index) + begin(index + 1) - 1) / 2
            return min(max(middle, histogram["min"]), histogram["max"])
    return histogram["max"]


def machine_ns():
    """What this machine's timers and pauses do to anybody on the client's CPU while the server's is busy for
    four fifths of the time, by duelio-compare --doctor: for each the lateness at p99 and p99.9. Not all of the
    time: a host that shares its CPUs may stop a guest that takes all of them, which is another machine."""
    neighbour = start([sys.executable, "-c", NEIGHBOUR], SERVER_CPU)
    try:
        doctor = subprocess.run([tool("duelio-compare"), "--doctor", "--client-cpus", str(CLIENT_CPU)],
                                stdout=subprocess.PIPE, text=True, check=True).stdout
    finally:
        neighbour.kill()
        neighbour.wait()
    units = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    found = {}
    for name in ("timers", "pauses"):
        said = re.search(rf"^\w+ +{name} .*?([\d.]+) (\w+)(?: late)? \(p99\), ([\d.]+) (\w+) \(p99.9\)", doctor,
                         re.MULTILINE)
        if not said:
            sys.exit(f"duelio-compare --doctor says nothing of {name}")
        found[name] = [float(said[1]) * units[said[2]], float(said[3]) * units[said[4]]]
    return found


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def median_interval(values):
    """Of the median, with a confidence of at least 95 %: order statistics, which assume nothing of
    the distribution. All of the values where they are too few (below six)."""
    ordered = sorted(values)
    below, rank = 0.5 ** len(ordered), 0
    while below + math.comb(len(ordered), rank + 1) * 0.5 ** len(ordered) <= 0.025:
        rank += 1
        below += math.comb(len(ordered), rank) * 0.5 ** len(ordered)
    return ordered[rank], ordered[-1 - rank]


def settle():
    """Lets the sockets of the last client go before the next one starts."""
    time.sleep(0.1)
