"""Reports in a real browser: that of ten backends, and that of several runs together."""
from support.processes import HANG_S, run

TEN = "epoll-oneshot,epoll-et,epoll-lt,poll,threads,asio,asio-coro,asio-uring,uring,uring-multishot"


def test_reports_are_drawn_and_accessible(root, tool, synthetic_run, tmp_path):
    one, several = tmp_path / "one.html", tmp_path / "several.html"
    ten = synthetic_run(entries=TEN, slopes={"poll": (1.4, 0.8), "uring": (1.0, 1.0)}, void=0.02,
                        fails=[("asio-uring", "80%")], sampling="available")
    entries = "epoll-oneshot,epoll-et,asio,nginx=peer,floor-et=peer"
    runs = [synthetic_run(str(number), entries=entries, connections=number) for number in (16, 256)]
    assert tool("duelio-report", ten, "--html", one).code == 0
    assert tool("duelio-report", *runs, "--html", several).code == 0
    result = run(["node", root / "tests/results/browser.mjs", one, several], hang_s=5 * HANG_S)
    assert result.code == 0, result.stderr
