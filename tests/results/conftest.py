"""What the tests of the report share."""
import pytest

from support.report import figures_of


@pytest.fixture
def report(tool):
    """report(*arguments): its output; it must not fail."""
    def run_report(*arguments):
        result = tool("duelio-report", *arguments)
        assert result.code == 0, result.stderr
        return result.stdout
    return run_report


@pytest.fixture
def page_of(report, tmp_path):
    """page_of(*runs): the page of their report and the data of its figures."""
    def make(*runs):
        file = tmp_path / "page.html"
        report(*runs, "--html", file)
        page = file.read_text()
        return page, figures_of(page)
    return make
