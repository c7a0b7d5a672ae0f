"""scripts/hosts: namespaces that reach each other."""
import os
import shutil
import subprocess

import pytest

from support.processes import run, started

GREET = "import socket; s = socket.create_server(('10.77.0.1', 8000)); print(flush=True); p, a = s.accept(); p.sendall(a[0].encode())"
LISTEN = "import socket; print(socket.create_connection(('10.77.0.1', 8000)).recv(100).decode())"


def why_not():
    if os.geteuid() != 0:
        return "needs root"
    if shutil.which("ip") is None:
        return "ip is not installed (Debian: iproute2)"
    if os.path.exists("/run/netns/duelio-1"):
        return "hosts are up, and somebody's"
    tried = subprocess.run(["unshare", "--net", "--mount", "true"], stderr=subprocess.PIPE, check=False)
    return tried.stderr.decode()


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_hosts_reach_each_other_and_are_gone_afterwards(root):
    hosts = root / "scripts/hosts"
    try:
        for _ in range(2):  # what is there already stays
            up = run([hosts, "up"])
            assert (up.code, up.stdout, up.stderr) == (0, "", "")
        with started([hosts, "run", "1", "python3", "-c", GREET], stdout=subprocess.PIPE) as server:
            assert server.stdout.readline() == "\n", "it does not listen"
            assert run([hosts, "run", "10.77.0.3", "python3", "-c", LISTEN]).stdout == "10.77.0.3\n"
        assert run([hosts, "run", "2", "sh", "-c", "exit 7"]).code == 7
    finally:
        for _ in range(2):
            down = run([hosts, "down"])
            assert (down.code, down.stdout, down.stderr) == (0, "", "")
    gone = run([hosts, "run", "1", "true"])
    assert gone.code == 1 and gone.stderr == "hosts: host 1 is not up (scripts/hosts up)\n"


@pytest.mark.parametrize("words", [[], ["sideways"], ["up", "now"], ["run", "1"], ["run", "4", "true"],
                                   ["run", "10.77.0.9", "true"]])
def test_a_mistake_is_told_in_one_line(root, words):
    result = run([root / "scripts/hosts", *words])
    assert result.code == 2 and result.stdout == "" and result.stderr.count("\n") == 1
