"""What the end-to-end tests share: the executables, run as users run them.

    /usr/bin/python3 -m pytest [-n JOBS] [--bin=FOLDER OF THE EXECUTABLES]
"""
import contextlib
import json
import lzma
import os
import pathlib
import subprocess

import pytest

pytest.register_assert_rewrite("support.processes")

from support import processes, synthetic  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent


def pytest_addoption(parser):
    parser.addoption("--bin", default=ROOT / "build/dev/bin", type=lambda folder: pathlib.Path(folder).resolve(),
                     help="folder of the executables (default: build/dev/bin)")


def pytest_generate_tests(metafunc):
    """each_backend: a case for each that is available here."""
    if "each_backend" in metafunc.fixturenames:
        listed = subprocess.run([metafunc.config.getoption("bin") / "duelio-server", "--list-backends", "--json"],
                                check=True, stdout=subprocess.PIPE, timeout=processes.HANG_S).stdout
        metafunc.parametrize("each_backend", [each["name"] for each in json.loads(listed) if each["available"]])


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def executables(request):
    return request.config.getoption("bin")


@pytest.fixture(scope="session")
def cpus():
    """Those that this process may use."""
    return sorted(os.sched_getaffinity(0))


@pytest.fixture(scope="session")
def tool(executables):
    """tool(name, *arguments): runs an executable to its end."""
    return lambda name, *arguments, **how: processes.run([executables / name, *arguments], **how)


@pytest.fixture
def start(executables):
    """start(name, *arguments): a process that the end of the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda name, *arguments, **how: stack.enter_context(
            processes.started([executables / name, *arguments], **how))


@pytest.fixture
def start_server(executables, tmp_path):
    """start_server(backend, *flags): listening when it returns."""
    with contextlib.ExitStack() as stack:
        yield lambda backend, *flags, **how: stack.enter_context(
            processes.running_server(executables, tmp_path, backend, *flags, **how))


@pytest.fixture(scope="session")
def loadgen(tool, tmp_path_factory):
    """loadgen(*arguments): a short run with its report in JSON."""
    def run(*arguments, **how):
        flags = [] if {"--duration", "--requests"} & set(arguments) else processes.WORK
        for flag, value in (("--connections", 4), ("--warmup", "20ms"), ("--timeout", f"{processes.HANG_S}s")):
            if flag not in arguments:
                flags = [*flags, flag, value]
        report = tmp_path_factory.mktemp("loadgen") / "run.json"
        return tool("duelio-loadgen", *flags, "--json", report, *arguments, json_file=report, **how)
    return run


@pytest.fixture(scope="session")
def short_comparison(cpus):
    """Flags of a comparison that tries the tools and means nothing.

    However slow the machine, nothing may fail for it: --accept-noise counts what the machine disturbed. The control may
    fail on such figures: a run then ends with 3, which is as good an end as 0.
    """
    return ["--accept-noise", "--block", "300ms", "--window", "20ms", "--connections", "8", "--seed", "7",
            "--server-cpus", cpus[0], "--client-cpus", cpus[-1]]


@pytest.fixture(scope="session")
def comparison(tool, short_comparison, tmp_path_factory):
    """The result and the file of a comparison with five blocks, the fewest with an interval."""
    file = tmp_path_factory.mktemp("comparison") / "run.jsonl"
    return tool("duelio-compare", *short_comparison, "--load", "10%,max", "--blocks", "5", "--output", file), file


@pytest.fixture
def synthetic_run(tmp_path):
    """synthetic_run(name, **options): a results file with known ratios."""
    def write(name="run", **options):
        file = tmp_path / f"{name}.jsonl"
        synthetic.write(file, **options)
        return file
    return write


@pytest.fixture(scope="session")
def record():
    """The newest comparison that is on file as it is."""
    for file in sorted((ROOT / "results/records").glob("*/run.jsonl*"), reverse=True):
        with (lzma.open if file.suffix == ".xz" else open)(file, "rt", encoding="utf-8") as lines:
            if json.loads(next(lines)).get("schema") == "duelio/2":
                return file
    pytest.skip("results/records has no comparison of schema duelio/2")
