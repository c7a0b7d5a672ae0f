"""The results file and its JSON Schema."""
import json

import jsonschema
import pytest

from support import synthetic


@pytest.fixture(name="schema", scope="module")
def results_schema(root):
    return json.loads((root / "results/results.schema.json").read_text())


@pytest.fixture(name="validate")
def validator(schema):
    return jsonschema.Draft202012Validator(schema).validate


@pytest.fixture(name="lines")
def synthetic_lines(tmp_path):
    synthetic.write(tmp_path / "run.jsonl", entries="a,b,nginx=peer", blocks=2, turns=1, left_out=[("c", "EMFILE")])
    return [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]


def test_the_schema_is_one(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


def test_each_line_is_described(lines, validate):
    assert {line["type"] for line in lines} == {"manifest", "window", "block", "end"}
    for line in lines:
        validate(line)


def test_what_is_not_described_is_refused(lines, validate):
    for line in lines:
        with pytest.raises(jsonschema.ValidationError):
            validate({**line, "mood": "good"})
        key = list(line)[-1]
        with pytest.raises(jsonschema.ValidationError):
            validate({each: value for each, value in line.items() if each != key})


def test_options_of_a_model_are_described_and_shown(lines, validate, tool, tmp_path):
    lines[0]["entries"][1]["with"] = ["batch-1", "other"]
    validate(lines[0])
    with pytest.raises(jsonschema.ValidationError):
        validate({**lines[0], "entries": [{**lines[0]["entries"][1], "with": "batch-1"}]})
    file = tmp_path / "with.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    shown = tool("duelio-report", file, "--html", tmp_path / "page.html")
    assert shown.code == 0 and "b (with batch-1, other)" in shown.stdout + (tmp_path / "page.html").read_text()
