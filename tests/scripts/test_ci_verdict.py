"""scripts/ci-verdict on made-up repositories: a stub of duelio-compare lays a made-up record down and ends as told."""
import json
import os
import subprocess

import pytest

from support import processes, synthetic

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"]


@pytest.fixture
def repository(tmp_path):
    """Two revisions, BASE and HEAD, of a server that is a file."""
    folder = tmp_path / "repository"
    folder.mkdir()
    for revision in ("base", "head"):
        (folder / "server").write_text(revision)
        for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", revision], ["tag", revision]):
            subprocess.run([*GIT, *words], cwd=folder, check=True)
    return folder


@pytest.fixture
def verdict(root, executables, repository, tmp_path):
    """verdict(code of duelio-compare, *flags, what the record is made of): the result, with its folder."""
    def run(code, *flags, base="base", head="head", slope=1.0, said="", **record):
        tools = tmp_path / "tools"
        tools.mkdir(exist_ok=True)
        synthetic.write(tmp_path / "made.jsonl", entries="base,head", slopes={"head": (slope, slope)}, **record)
        stub = tools / "duelio-compare"
        stub.write_text(f'''#!/bin/sh
echo "$@" >{tmp_path}/asked
while [ "$1" != --output ]; do shift; done
[ {code} = 2 ] || cp {tmp_path}/made.jsonl "$2"
echo "{said}" >&2
exit {code}
''')
        stub.chmod(0o755)
        if not (tools / "duelio-report").exists():
            os.symlink(executables / "duelio-report", tools / "duelio-report")
        return processes.run([root / "scripts/ci-verdict", base, head, "--tools", tools, "--folder", tmp_path / "out",
                              "--build", "cat server >built", "--binary", "built", *flags], cwd=repository)
    return run


@pytest.mark.parametrize("code, advisory, gate, strict", [(0, 0, 0, 0), (1, 0, 1, 1), (3, 0, 0, 3), (5, 0, 0, 5), (130,) * 4])
def test_the_exit_code_is_the_policy_s(verdict, tmp_path, code, advisory, gate, strict):
    for flags, expected in ((["--policy", "advisory"], advisory), (["--policy", "gate"], gate),
                            (["--policy", "gate", "--cannot-tell", "fails"], strict)):
        result = verdict(code, *flags)
        assert result.code == expected, result.stderr
        assert json.loads((tmp_path / "out/verdict.json").read_text())["code"] == code
        (tmp_path / "out/run.jsonl").unlink()


def test_the_comment_has_marker_control_and_ratio(verdict, tmp_path):
    result = verdict(1, "--link", "https://example.org/report", slope=1.2)
    comment = (tmp_path / "out/comment.md").read_text()
    assert result.code == 0 and result.stdout == comment
    lines = comment.splitlines()
    assert lines[0] == "<!-- duelio-verdict -->" and "regression" in lines[1]
    control, head = (next(line for line in lines if line.startswith(f"| {name}")) for name in ("base again", "head"))
    assert lines.index(control) < lines.index(head) and head.split("|")[2].strip().startswith(("1.19", "1.20", "1.21"))
    assert "told base from itself to within" in comment and lines[-1] == "Report: https://example.org/report"


def test_each_revision_is_built_in_a_folder_of_its_own(verdict, tmp_path):
    assert verdict(0).code == 0
    assert [(tmp_path / "out" / name / "built").read_text() for name in ("base", "head")] == ["base", "head"]
    assert (tmp_path / "asked").read_text().index("base=") < (tmp_path / "asked").read_text().index("head=")


def test_a_machine_that_cannot_tell_says_so(verdict, tmp_path):
    assert verdict(5, "--policy", "gate").code == 0
    comment = (tmp_path / "out/comment.md").read_text()
    assert "**duelio: cannot tell**" in comment and "says nothing against the change" in comment


def test_an_entry_that_fails_is_the_culprit_by_name(verdict, tmp_path):
    result = verdict(1, "--policy", "gate", left_out=[("head", "it did not start")])
    assert result.code == 1
    assert "head was left out: it did not start" in (tmp_path / "out/comment.md").read_text()


def test_a_run_that_fails_is_no_regression(verdict, tmp_path):
    result = verdict(1, finished=False, said="duelio-compare: no memory")
    assert result.code == 1 and result.stderr == "ci-verdict: the run failed: duelio-compare: no memory\n"
    assert not (tmp_path / "out/verdict.json").exists()


def test_a_build_that_fails_is_told_with_its_log(verdict, tmp_path):
    result = verdict(0, "--build", "echo no compiler; exit 7")
    assert result.code == 1 and "base" in result.stderr and "exit code 7" in result.stderr
    assert (tmp_path / "out/build-base.log").read_text() == "no compiler\n"


@pytest.mark.parametrize("how, told", [({"base": "nowhere"}, "'nowhere'"), ({"head": "x.json"}, "one is a peer file"),
                                       ({"base": "x.json", "head": "y.json"}, "'x.json'")])
def test_bad_input_is_one_line(verdict, tmp_path, how, told):
    result = verdict(0, **how)
    assert result.code == 2 and told in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "asked").exists()


def test_what_duelio_compare_refuses_is_bad_input(verdict):
    result = verdict(2, "--minimum", "much", said="duelio-compare: --minimum-effect 'much' is no fraction")
    assert result.code == 2 and "'much'" in result.stderr and result.stderr.count("\n") == 1
