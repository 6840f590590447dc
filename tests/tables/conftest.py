"""A folder of tables that a test may edit, and what to do with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from editing import Edit

from opsbridge.tables.load import table_root


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A copy of the shipped tables."""
    root = tmp_path / "mappings"
    shutil.copytree(table_root(), root)
    return root


@pytest.fixture
def edit(tables: Path) -> Edit:
    """Replace one piece of text, which must be there, in one table of the copy."""

    def replace(file: str, old: str, new: str) -> None:
        path = tables / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace
