"""What duelio-loadgen --json writes is what loadgen.schema.json says; broken documents are refused."""
import copy
import json
import re
import signal

import jsonschema
import pytest

from support.processes import HANG_S, running_server, wait_until

ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description"}


@pytest.fixture(scope="module")
def validator(root):
    schema = json.loads((root / "loadgen/loadgen.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def errors(validator, document):
    return {(error.json_path, error.validator) for error in validator.iter_errors(document)}


@pytest.fixture(scope="module")
def document(executables, loadgen, tmp_path_factory):
    with running_server(executables, tmp_path_factory.mktemp("server"), "epoll-et") as server:
        return loadgen("--rate", "500", server.url).json


def test_every_keyword_of_the_schema_is_checked(validator):
    """A validator passes over keywords that it does not know, such as a mistyped one."""
    def schemas(schema):
        yield schema
        for keyword in ("properties", "$defs"):
            for inner in schema.get(keyword, {}).values():
                yield from schemas(inner)
        if "items" in schema:
            yield from schemas(schema["items"])
    for schema in schemas(validator.schema):
        assert schema.keys() <= validator.VALIDATORS.keys() | ANNOTATIONS, schema
        if "properties" in schema:
            assert schema["additionalProperties"] is False, schema
            assert set(schema["required"]) == set(schema["properties"]), schema


LOADS = {
    "closed": "",
    "open": "--rate 500 --arrivals constant --cpus {cpu}",
    "spin": "--rate 500 --spin",
    "threads": "--threads 2 --requests-per-connection 3",
    "churn": "--requests-per-connection 5 --pipeline 2 --idle-connections 3",
    "shapes": "--method POST --body-bytes 10..20 --slow-clients 2 --slow-gap 5ms --ramp 50ms --source-addresses 2 "
              "--verify-body",
}


@pytest.mark.parametrize("load", LOADS)
def test_a_load_is_reported_as_the_schema_says(start_server, loadgen, validator, cpus, load):
    url = start_server("epoll-et").url + ("bytes/1000" if load == "shapes" else "")
    result = loadgen(*LOADS[load].format(cpu=cpus[0]).split(), url)
    assert result.code == 0, result
    assert errors(validator, result.json) == set()
    assert result.json["checks"]["conservation"]


def test_answers_of_the_wrong_status_are_errors(start_server, loadgen, validator):
    result = loadgen("--expect-status", "404", start_server("epoll-et").url)
    assert result.code == 1
    assert errors(validator, result.json) == set()
    assert [error["class"] for error in result.json["errors"]] == ["status"]


def test_an_interrupted_run_reports_what_it_has(start, start_server, validator, tmp_path):
    report, output = tmp_path / "run.json", tmp_path / "output"
    with open(output, "w", encoding="utf-8") as stdout:
        generator = start("duelio-loadgen", "--warmup", "0", "--duration", "1h", "--phases", "--json", report,
                          start_server("epoll-et").url, stdout=stdout)
    wait_until(lambda: "phase measure" in output.read_text(), "the window")
    generator.send_signal(signal.SIGINT)
    assert generator.wait(HANG_S) == 130
    document = json.loads(report.read_text())
    assert errors(validator, document) == set()
    assert document["interrupted"] and 0 < document["measured_s"] < 3600
    assert document["checks"]["conservation"]


def percentile_rows(file):
    """HdrHistogram's format: value in us, percentile, count so far, 1/(1-percentile); the last row has no inverse."""
    rows = [line.split() for line in file.read_text().splitlines() if re.match(r" *[0-9.]+ +[01]", line)]
    return [[float(word) for word in row] for row in rows]


def test_a_search_reports_the_last_run_at_the_rate_it_found(start_server, loadgen, validator, tmp_path):
    url, histogram = start_server("epoll-et").url, tmp_path / "search.hgrm"

    def search():
        result = loadgen("--duration", "100ms", "--find-max-rate", "p50<100ms", "--rate", "200",
                         "--histogram", histogram, url)
        assert errors(validator, result.json) == set()
        # A machine that is starved of CPU may hold no rate at all for now.
        assert (result.code == 1) == (result.json["search"]["rate"] is None), result
        return result if result.code == 0 else None
    result = wait_until(search, "a rate that holds")
    assert re.search(r"^p50<100ms: holds at [0-9.]+ k*/s, not at", result.stdout, re.M)

    trials, found = result.json["search"]["trials"], result.json["search"]["rate"]
    assert len({trial["seed"] for trial in trials}) == len(trials), "trials with the same schedule"
    assert result.json["config"]["seed"] in {trial["seed"] for trial in trials if trial["rate"] == found}
    assert result.json["config"]["warmup_s"] == 0.1, "warmed up for less than the goal's time"

    rows, latency = percentile_rows(histogram), result.json["latency_ns"]
    values, percentiles, counts = zip(*(row[:3] for row in rows))
    for column in (values, percentiles, counts):
        assert list(column) == sorted(column)
    assert percentiles[0] == 0 and percentiles[-1] == 1 and len(rows) > 10
    assert counts[-1] == latency["count"]
    assert abs(values[-1] * 1000 - latency["max"]) < 1
    for _, percentile, count, inverse in rows[:-1]:
        assert count >= percentile * latency["count"] - 1e-6
        assert abs(inverse * (1 - percentile) - 1) < 0.02


def remove(name):
    return lambda object_: object_.pop(name)


def put(name, value):
    return lambda object_: object_.__setitem__(name, value)


@pytest.mark.parametrize("where, change, path, keyword", [
    ([], remove("verdict"), "$", "required"),
    (["counts"], put("extra", 1), "$.counts", "additionalProperties"),
    (["counts"], put("sent", "many"), "$.counts.sent", "type"),
    (["rate"], put("achieved", -1), "$.rate.achieved", "minimum"),
    ([], put("search", {}), "$.search", "required"),
    (["config"], put("loop", "ajar"), "$.config.loop", "enum"),
    (["series", 0], put("t_s", True), "$.series[0].t_s", "type"),
    (["latency_ns", "histogram", "buckets"], put(0, [1]), "$.latency_ns.histogram.buckets[0]", "minItems"),
    (["latency_ns"], remove("p99"), "$.latency_ns", "required"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_a_broken_document_is_refused_for_its_fault(validator, document, where, change, path, keyword):
    assert errors(validator, document) == set()
    broken = copy.deepcopy(document)
    part = broken
    for step in where:
        part = part[step]
    change(part)
    assert errors(validator, broken) == {(path, keyword)}
