"""What cmake --install lays down works from there: tools find each other, completions know the options."""
import pathlib
import re
import shutil
import subprocess

import pytest

TOOLS = ("duelio-server", "duelio-loadgen", "duelio-compare", "duelio-report")


@pytest.fixture(scope="module")
def prefix(request, tmp_path_factory):
    build = pathlib.Path(request.config.getoption("--bin")).resolve().parent
    folder = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", build, "--prefix", folder], check=True, stdout=subprocess.DEVNULL)
    return folder


def offered(prefix, *words):
    """What bash offers for the last of these words."""
    script = f"""source {prefix}/share/bash-completion/completions/{words[0]}
_duelio {prefix}/bin/{words[0]} '{words[-1]}' '{words[-2]}'
printf '%s\\n' "${{COMPREPLY[@]}}\""""
    done = subprocess.run(["bash", "-c", script], check=True, text=True, stdout=subprocess.PIPE)
    return set(done.stdout.split())


def test_the_comparison_finds_server_and_generator(prefix, tmp_path):
    file = tmp_path / "run.jsonl"
    subprocess.run([prefix / "bin/duelio-compare", "--backends", "epoll-et", "--load", "max", "--blocks", "1", "--block", "1ms",
                    "--accept-noise", "--output", file], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert '"type":"end"' in file.read_text()


@pytest.mark.parametrize("tool", TOOLS)
def test_completion_offers_every_option_of_the_help(prefix, tool):
    text = subprocess.run([prefix / "bin" / tool, "--help"], check=True, text=True, stdout=subprocess.PIPE).stdout
    options = set(re.findall(r"^ {2}(?:-\w \[ )?(--[a-z-]+)", text, re.M))
    assert options and options <= offered(prefix, tool, "--")


def test_completion_offers_the_backends(prefix):
    names = {line.split()[0] for line in subprocess.run([prefix / "bin/duelio-server", "--list-backends"], check=True, text=True,
                                                       stdout=subprocess.PIPE).stdout.splitlines() if not line.startswith(" ")}
    assert "epoll-oneshot" in names
    assert offered(prefix, "duelio-server", "--backend", "") == names
    assert offered(prefix, "duelio-compare", "--backends", "") == names | {"all"}


@pytest.mark.skipif(not shutil.which("help2man"), reason="help2man is not installed")
@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_has_a_manual_page(prefix, tool):
    page = subprocess.run(["zcat", prefix / f"share/man/man1/{tool}.1.gz"], check=True, text=True, stdout=subprocess.PIPE).stdout
    assert f".SH NAME\n{tool} \\- " in page and ".SH OPTIONS" in page
