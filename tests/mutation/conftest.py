"""The package that the tests of this folder plant mutants in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from small_package import SOURCE, TEST

# The copies of the package that mutants are planted in are the museum's.
sys.path.append(str(Path(__file__).parents[1] / "museum"))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with a package of one function, and a test of it."""
    # The installed one says that it has a plugin for pytest, which is looked for in this one.
    for name in ("__init__.py", "pages/__init__.py", "pages/pytest_plugin.py"):
        path = tmp_path / "opsbridge" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "opsbridge" / "pick.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "test_of_the_mutation_tool.py").write_text(TEST, encoding="utf-8")
    return tmp_path
