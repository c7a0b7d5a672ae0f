"""Help, version, mistakes: one clear line on stderr that names the flag and the value, and the exit code."""
import re
import shlex

import pytest

TOOLS = ["duelio-server", "duelio-loadgen", "duelio-compare", "duelio-report"]


@pytest.mark.parametrize("name", TOOLS)
def test_help_opens_with_examples(tool, name):
    result = tool(name, "--help")
    first, _, rest = result.stdout.partition("\n")
    examples = rest.split("\n\n")[0].splitlines()
    assert result.code == 0 and first == "Examples:"
    assert sum(line.startswith(f"  {name}") for line in examples) >= 3


@pytest.mark.parametrize("name", TOOLS)
def test_version_names_the_tool(tool, name):
    result = tool(name, "--version")
    assert result.code == 0 and re.match(rf"{name} \d", result.stdout)


MISTAKES = [
    *[(2, "nonsense", f"{name} --nonsense") for name in TOOLS],
    *[(2, "two?lines", f"{name} '--two\nlines'") for name in TOOLS],
    (2, "byte 0x0a in its port", "duelio-loadgen 'http://h:8\n0/'"),
    (2, "--backend is missing", "duelio-server"),
    (2, "--backend 'kqueue'", "duelio-server --backend kqueue"),
    (2, "--port '70000'", "duelio-server --backend epoll-et --port 70000"),
    (2, "--max-head '8XiB'", "duelio-server --backend epoll-et --max-head 8XiB"),
    (2, "'epoll-et'", "duelio-server epoll-et"),
    (2, "'extra'", "duelio-server --backend epoll-et extra"),
    (2, "--threads '0'", "duelio-server --backend epoll-et --threads 0"),
    (2, "--threads '1.5'", "duelio-server --backend epoll-et --threads 1.5"),
    (2, "--sharing 'shared'", "duelio-server --backend epoll-et --sharing shared"),
    (2, "--sharing 'per-thread'", "duelio-server --backend epoll-oneshot --sharing per-thread"),
    (2, "--with '' names ''", "duelio-server --backend epoll-et --with ''"),
    (2, "--with 'sqpoll' names 'sqpoll', which epoll-et does not have", "duelio-server --backend epoll-et --with sqpoll"),
    (2, "--with 'batch-1' names 'batch-1', which poll does not have (it has no", "duelio-server --backend poll --with batch-1"),
    (2, "names 'batch-1' twice", "duelio-server --backend epoll-et --with batch-1,batch-1"),
    (2, "names 'batch-64' and 'batch-512', which exclude", "duelio-server --backend epoll-et --with batch-64,batch-512"),
    (2, "does not go with --sharing shared", "duelio-server --backend asio-uring --sharing shared --with hint-unsafe"),
    (2, "--cpus '4095' names CPU 4095", "duelio-server --backend epoll-et --cpus 4095"),
    (2, "--cpus ''", "duelio-server --backend epoll-et --cpus ''"),
    (2, "--cpus '0-'", "duelio-server --backend epoll-et --cpus 0-"),
    (2, "--address ''", "duelio-server --backend epoll-et --address ''"),
    (2, "--address 'unix:' names no path", "duelio-server --backend epoll-et --address unix:"),
    (2, "is a path of 108 bytes; a Unix socket's has 107", f"duelio-server --backend epoll-et --address unix:{108 * 'x'}"),
    (2, "--port does not go with --address 'unix:x'", "duelio-server --backend epoll-et --address unix:x --port 1"),
    (2, "has one listener, and --threads 2 of epoll-et want one each, which",
     "duelio-server --backend epoll-et --threads 2 --address unix:x"),
    (2, "want one each; --sharing shared has", "duelio-server --backend asio --threads 2 --address unix:x"),
    (2, "does not go with --with 'zero-copy', which is for TCP",
     "duelio-server --backend uring --with zero-copy --address unix:x"),
    (1, "bind unix:/nowhere/x: No such file or directory", "duelio-server --backend epoll-et --address unix:/nowhere/x"),
    (1, "bind unix:/etc/passwd: a file that is no socket is there", "duelio-server --backend epoll-et --address unix:/etc/passwd"),
    (2, "--port ''", "duelio-server --backend epoll-et --port ''"),
    (2, "--port '-1'", "duelio-server --backend epoll-et --port=-1"),
    (2, "--backlog '0'", "duelio-server --backend epoll-et --backlog 0"),
    (2, "--max-head '1B'", "duelio-server --backend epoll-et --max-head 1B"),
    (2, "--max-body '1.5B'", "duelio-server --backend epoll-et --max-body 1.5B"),
    (2, "--drain-limit '1'", "duelio-server --backend epoll-et --drain-limit 1"),
    (2, "--drain-limit '25h'", "duelio-server --backend epoll-et --drain-limit 25h"),
    (2, "--deadlines 'yes' is neither on nor off", "duelio-server --backend epoll-et --deadlines yes"),
    (2, "--deadlines ''", "duelio-server --backend epoll-et --deadlines ''"),
    (2, "--max-connections '-1'", "duelio-server --backend epoll-et --max-connections=-1"),
    (2, "--max-connections '2G'", "duelio-server --backend epoll-et --max-connections 2G"),
    (2, "--stats ''", "duelio-server --backend epoll-et --stats ''"),
    (2, "--port does not go with", "duelio-server --list-backends --port 1"),
    (2, "--port", "duelio-server --backend epoll-et --port 1 --port 2"),
    (2, "'http://x:1/'", "duelio-loadgen http://127.0.0.1:1/ http://x:1/"),
    (1, "192.0.2.1", "duelio-server --backend epoll-et --address 192.0.2.1"),
    (1, "/nowhere/stats", "duelio-server --backend epoll-et --port 0 --stats /nowhere/stats"),
    (2, "the URL is missing", "duelio-loadgen"),
    (2, "https://x", "duelio-loadgen https://x"),
    (2, "--rate '0'", "duelio-loadgen --rate 0 http://127.0.0.1:1/"),
    (2, "above 4.00 M, more than the threads could send: 2 threads",
     "duelio-loadgen --threads 2 --rate 5M http://127.0.0.1:1/"),
    (2, "--spin is of the open loop", "duelio-loadgen --spin http://127.0.0.1:1/"),
    (2, "--arrivals is of the open loop", "duelio-loadgen --arrivals constant http://127.0.0.1:1/"),
    (2, "--expect-status '100'", "duelio-loadgen --expect-status 100 http://127.0.0.1:1/"),
    (2, "--duration '5'", "duelio-loadgen --duration 5 http://127.0.0.1:1/"),
    (2, "--find-max-rate 'p99'", "duelio-loadgen --find-max-rate p99 http://127.0.0.1:1/"),
    (2, "longer --duration", "duelio-loadgen --find-max-rate 'p99.9999999<1ms' http://127.0.0.1:1/"),
    (2, "--body-bytes '9..1'", "duelio-loadgen --body-bytes 9..1 http://127.0.0.1:1/"),
    (1, "--source-addresses", "duelio-loadgen --source-addresses 2 http://[::1]:1/"),
    (2, "--unix-socket '' names no path", "duelio-loadgen --unix-socket '' http://a/"),
    (2, "is a path of 108 bytes", f"duelio-loadgen --unix-socket {108 * 'x'} http://a/"),
    (2, "--raw-samples is of --control", "duelio-loadgen --raw-samples http://127.0.0.1:1/"),
    (2, "--source-addresses does not go", "duelio-loadgen --unix-socket x --source-addresses 2 http://a/"),
    (1, "connect unix:/nowhere/x: No such file or directory", "duelio-loadgen --unix-socket /nowhere/x http://a/"),
    (1, "127.0.0.1:1", "duelio-loadgen http://127.0.0.1:1/"),
    (1, "/nowhere/run.json", "duelio-loadgen --json /nowhere/run.json http://127.0.0.1:1/"),
    (2, "--workload 'mining'", "duelio-compare --workload mining"),
    (2, "--reference 'nobody'", "duelio-compare --reference nobody"),
    (2, "--peer 'x'", "duelio-compare --peer x"),
    (2, "nothing to compare", "duelio-compare --backends none"),
    (2, "--server 'x'", "duelio-compare --server x"),
    (2, "unknown backend 'kqueue'", "duelio-compare --backends kqueue"),
    (2, "--load '10%,fast'", "duelio-compare --load 10%,fast"),
    (2, "--window '1us'", "duelio-compare --window 1us"),
    (2, "no other flag", "duelio-compare --resume x --blocks 3"),
    (2, "--minimum-effect '5' is above 100% (is 5% meant?)", "duelio-compare --backends epoll-et --minimum-effect 5 --dry-run"),
    (2, "--fail-on '3' is above 100% (is 3% meant?)", "duelio-compare --fail-on 3 --dry-run"),
    (2, "--minimum-effect '0%'", "duelio-compare --backends epoll-et --minimum-effect 0% --dry-run"),
    (2, "--minimum-effect '100%'", "duelio-compare --backends epoll-et --minimum-effect 100% --dry-run"),
    (2, "--load '100G'", "duelio-compare --backends epoll-et --load 100G --dry-run"),
    (2, "has 10.0% twice", "duelio-compare --backends epoll-et --load 10%,10.0% --dry-run"),
    (2, "--window '1h'", "duelio-compare --backends epoll-et --window 1h --dry-run"),
    (2, "--lead-in '1m'", "duelio-compare --backends epoll-et --lead-in 1m --dry-run"),
    (2, "--block '2h'", "duelio-compare --backends epoll-et --block 2h --dry-run"),
    (2, "--server-host", "duelio-compare --server-host 1"),
    (2, "--network 'wire' is unknown (one of loopback, unix, veth)", "duelio-compare --network wire"),
    (2, "entry 'asio' has 2 threads with a listener each, and a Unix socket has one: say sharing=shared",
     "duelio-compare --network unix --backends asio --threads 2 --dry-run"),
    (2, "entry 'epoll-et' has 2 threads with a listener each, and a Unix socket has one: leave it out",
     "duelio-compare --network unix --backends epoll-oneshot,epoll-et --threads 1,2 --dry-run"),
    (2, "entry 'x' has with 'zero-copy', which does not go with --network unix",
     "duelio-compare --network unix --backends none --entry x=uring,with=zero-copy --dry-run"),
    (2, "--backends does not go with --doctor", "duelio-compare --doctor --backends epoll-et"),
]


@pytest.mark.parametrize("code, text, command", MISTAKES, ids=[command for _, _, command in MISTAKES])
def test_a_mistake_is_told_in_one_line(tool, code, text, command):
    result = tool(*shlex.split(command))
    assert result.code == code
    assert text in result.stderr and result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_cpu_that_is_not_there_is_named(tool, cpus):
    """A set of CPUs is accepted by the kernel when one of them is there."""
    result = tool("duelio-server", "--backend", "epoll-et", "--port", "0", "--threads", "2",
                  "--cpus", f"{cpus[0]},4095")
    assert result.code == 2 and result.stdout == ""
    assert "names CPU 4095" in result.stderr and result.stderr.count("\n") == 1


def test_a_full_disk_is_a_failure(tool):
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = tool("duelio-server", "--list-backends", stdout=full)
    assert result.code != 0 and "write stdout" in result.stderr


def test_a_plan_has_every_backend_and_counts_the_runs_of_a_matrix(tool, cpus):
    result = tool("duelio-compare", "--backends", "all", "--connections", "1,64", "--dry-run",
                  "--server-cpus", cpus[0], "--client-cpus", cpus[-1])
    assert result.code == 0 and "asio-coro" in result.stdout
    assert re.search("^2 runs, ", result.stdout, re.M)


def test_the_doctor_examines_the_machine(tool, cpus):
    """With one CPU for servers and generator it calls the machine unusable."""
    result = tool("duelio-compare", "--doctor")
    assert result.code == (0 if len(cpus) > 1 else 1)
    for matter in ("steal", "pauses", "timers"):
        assert re.search(rf"^(good|flawed) .*{matter}", result.stdout, re.M), matter
