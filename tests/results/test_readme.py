"""The README's table and figure are what the newest committed record gives."""
import pytest

from support.processes import run


@pytest.mark.usefixtures("record")
def test_the_readme_is_what_its_record_gives(root, executables):
    result = run([root / "scripts/update-readme", "--check", executables])
    assert result.code == 0, result.stderr
