"""duelio-report --site: many runs as a folder for a web server."""
import re

import pytest

LOADS = (("50%", 24_000.0), ("max", None))


@pytest.fixture
def runs(synthetic_run):
    return [synthetic_run("a", loads=LOADS, blocks=8, turns=4), synthetic_run("index", loads=LOADS, blocks=8, turns=4, seed=2),
            synthetic_run("old", loads=LOADS, blocks=8, turns=4, kernel="Linux 4.19")]


def test_each_run_has_a_page_and_the_index_leads_to_it(tool, runs, tmp_path):
    site = tmp_path / "a/new/site"
    result = tool("duelio-report", *runs, "--site", site)
    assert result.code == 0, result.stderr
    index = (site / "index.html").read_text()
    assert len(re.findall('<h2 id="kind-', index)) == 2, "two kinds of machines"
    assert "3 comparisons on 2 kinds of machines" in index
    linked = re.findall(r'<a href="([^"#]+)"', index)
    assert sorted(linked) == sorted(each.name for each in site.iterdir() if each.name != "index.html")
    assert len(linked) == 3, "the one that is called index has a page, too"
    for page in linked:
        assert "Against the reference, over the load" in (site / page).read_text()
    assert "less CPU per request than epoll-oneshot" in index


@pytest.mark.parametrize("arguments, said", [
    (["--site", "{file}"], "is no folder"),
    (["--site", ""], "is empty"),
    (["--site", "{folder}/x", "--baseline", "{file}"], "--site has nothing to do with --baseline"),
])
def test_what_makes_no_site_is_refused(tool, runs, tmp_path, arguments, said):
    filled = [each.format(file=runs[1], folder=tmp_path) for each in arguments]
    result = tool("duelio-report", runs[0], *filled)
    assert result.code == 2 and said in result.stderr, result.stderr
