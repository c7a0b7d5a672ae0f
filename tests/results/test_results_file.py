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
