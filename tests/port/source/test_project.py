"""What files know of each other."""

from __future__ import annotations

from pathlib import PurePath
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

import libcst as cst

from opsbridge.port.source.names import absolute_module
from opsbridge.port.source.parse import parse
from opsbridge.port.source.project import is_module


@pytest.mark.parametrize(
    ("place", "module", "is_it"),
    [
        ("src/net/ops.py", "net.ops", True),
        ("src/net/ops.py", "src.net.ops", True),
        ("src/net/ops.py", ".ops", True),
        ("ops.py", "src.net.ops", True),
        ("src/net/ops.py", "src.ops", False),
        ("src/net/ops/__init__.py", "net.ops", True),
        ("src/net/ops/__init__.py", "net", False),
        ("__init__.py", "net", True),
        ("src/net.py", "", True),
    ],
)
def test_a_file_is_the_module_that_its_path_ends_like(place: str, module: str, is_it: bool) -> None:
    tree: Any = SimpleNamespace(place=PurePath(place))
    assert is_module(tree, module) is is_it


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from ops import relu", "ops"),
        ("from .ops import relu", "src.net.ops"),
        ("from . import ops", "src.net"),
        ("from ..ops.nn import relu", "src.ops.nn"),
        ("from ...ops import relu", "ops"),
        ("from ....ops import relu", "ops"),
    ],
)
def test_relative_imports_start_at_the_folder_of_the_file(source: str, module: str) -> None:
    tree = parse(source, PurePath("src/net/head.py"))
    (statement,) = tree.module.body
    assert isinstance(statement, cst.SimpleStatementLine)
    assert absolute_module(statement.body[0], tree) == module
