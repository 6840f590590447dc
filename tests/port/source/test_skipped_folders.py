"""Folders that hold no source of the project are neither translated nor copied."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.files import discover

FOLDERS = (".git", ".hg", ".svn", "__pycache__", ".tox", ".venv", "node_modules")


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_of_a_tool_is_left_alone(name: str, tmp_path: Path) -> None:
    for folder in (name, "src", f"src/{name}"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.py").write_text("x = 1\n")
    assert [str(file.place) for file in discover([str(tmp_path)])] == ["src/model.py"]
