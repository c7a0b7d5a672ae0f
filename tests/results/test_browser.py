"""Reports in a real browser: that of the newest committed record, and that of several runs together."""
from support.processes import HANG_S, run


def test_reports_are_drawn_and_accessible(root, tool, record, synthetic_run, tmp_path):
    one, several = tmp_path / "one.html", tmp_path / "several.html"
    entries = "epoll-oneshot,epoll-et,asio,nginx=peer,floor-et=peer"
    runs = [synthetic_run(str(rate), entries=entries, rate=rate) for rate in (20_000, 40_000)]
    assert tool("duelio-report", record, "--html", one).code == 0
    assert tool("duelio-report", *runs, "--html", several).code == 0
    result = run(["node", root / "tests/results/browser.mjs", one, several], hang_s=3 * HANG_S)
    assert result.code == 0, result.stderr
