"""What the documents say of names, thresholds, sections, files and figures holds for the code and the README's record."""
import re

import pytest

DOCUMENTS = ("README.md", "METHODOLOGY.md", "FINDINGS.md", "MODELS.md", "BIAS.md", "FORMAT.md", "CLUSTER.md",
             "CONTRIBUTING.md")
ROOMS = ("backends", "common", "compare", "loadgen", "results", "servers", "scripts", "tests")


def section(text, heading):
    """From the heading to the next one that is as high."""
    level = heading.split()[0]
    start = text.index(f"\n{heading}\n") + 1
    end = re.search(rf"^#{{2,{len(level)}}} ", text[start + len(heading):], re.M)
    return text[start:start + len(heading) + end.start()] if end else text[start:]


def rows(text):
    """The first two cells of each row of tables whose first cell is in backticks."""
    return [(first, second.strip()) for first, second in re.findall(r"^\| `(\w[\w.-]*)`[^|]*\|([^|]*)\|", text, re.M)]


def number(text):
    return round(float(text.removesuffix(" %")) / (100 if text.endswith("%") else 1), 6)


def prose(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def headings(text):
    """As GitHub makes anchors of them."""
    names = re.findall(r"^#+ (.*)$", prose(text), re.M)
    return names, {re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-") for name in names}


@pytest.fixture(scope="module")
def documents(root):
    return {name: (root / name).read_text() for name in DOCUMENTS}


@pytest.fixture(scope="module")
def thresholds(root):
    header = (root / "common/thresholds.h").read_text()
    values = dict(re.findall(r"^inline constexpr [\w:]+ (\w+)\s*=\s*([\d.]+);", header, re.M))
    values["nominal"] = re.search(r"return ([\d.]+) \* promised_alpha", header)[1]
    return {name: float(value) for name, value in values.items()}


def test_the_table_of_thresholds_is_the_header(documents, thresholds):
    table = rows(section(documents["METHODOLOGY.md"], "## Thresholds"))
    assert {name: number(value) for name, value in table} == thresholds


def test_a_threshold_has_its_value_wherever_it_is_quoted(documents, thresholds):
    quoted = re.findall(r"`(\w+)`(?: \(|, | \| )(\d[\d.]*(?: %)?)", "".join(documents.values()))
    quoted = [(name, value) for name, value in quoted if name in thresholds]
    assert len(quoted) > len(thresholds)
    assert [each for each in quoted if number(each[1]) != thresholds[each[0]]] == []


def test_every_model_option_workload_and_peer_has_its_row_in_models(root, documents):
    models = documents["MODELS.md"]

    def named(heading):
        return {name for name, _ in rows(section(models, heading))}

    listed = re.search(r"set\(duelio_backends(.*?)\)", (root / "backends/CMakeLists.txt").read_text(), re.S)[1].split()
    # A row may have two names.
    table = re.findall(r"^\|([^|]*)\|", section(models, "## I/O models"), re.M)
    assert set(re.findall(r"`([\w-]+)`", " ".join(table))) == set(listed)
    options = "".join(file.read_text() for file in (root / "backends/support").glob("*_options.h"))
    assert named("## Options") == set(re.findall(r'\.name = "([\w-]+)"', options))
    workloads = re.findall(r'\{\.name = "(\w+)"', (root / "compare/workloads.cpp").read_text())
    assert named("## Workloads") == set(workloads)
    assert named("## Foreign servers") == {file.name for file in (root / "compare/peers").glob("*.json")}


def test_links_lead_somewhere(root, documents):
    broken = []
    for name, text in documents.items():
        for target in re.findall(r"\]\(([^)]+)\)", prose(text)):
            path, _, anchor = target.partition("#")
            if "://" in target:
                continue
            if not (root / (path or name)).exists() or anchor and anchor not in headings(documents[path or name])[1]:
                broken.append((name, target))
    assert broken == []


def test_sections_that_the_code_points_to_are_there(root, documents):
    missing = []
    found = 0
    for file in (each for room in ROOMS for each in (root / room).rglob("*")):
        if "node_modules" in file.parts or not file.is_file() or file.suffix not in ("", ".cpp", ".h", ".py", ".md", ".json"):
            continue
        text = re.sub(r"\s*\n\s*(?://|#)?\s*", " ", file.read_text(errors="ignore")).replace('\\"', '"')
        for document, names in re.findall(r'\b([A-Z]+\.md)[,;:] ((?:"[^"\n]{1,60}"(?:, | and )?)+)', text):
            for name in re.findall(r'"([^"]+)"', names):
                found += 1
                if document in documents and name not in headings(documents[document])[0]:
                    missing.append((str(file.relative_to(root)), document, name))
    assert found > 10
    assert missing == []


def test_records_that_documents_name_are_there(root, documents):
    named = set(re.findall(r"\d{4}-\d\d-\d\d-[a-z][\w-]*\w", "".join(documents.values())))
    assert named
    assert {name for name in named if not (root / "results/records" / name).is_dir()} == set()


def test_ratios_of_models_in_the_findings_are_the_readmes(documents):
    """So a new record in the README makes anybody look at the findings again."""
    quoted = re.findall(r"\d\.\d{3} \[[^]]*\]", section(documents["FINDINGS.md"], "## I/O models: server CPU per request"))
    assert quoted
    assert [each for each in quoted if each not in documents["README.md"].replace("**", "")] == []
