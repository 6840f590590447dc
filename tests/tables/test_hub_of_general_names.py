"""What general names are mapped to is there: calls of PyTorch with these keywords, and our own."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

from opsbridge.tables.port_load import all_port_tables, load_port_table
from opsbridge.tables.port_schema import PortCase, PortEntry
from opsbridge.tables.signatures import resolve

pytest.importorskip("torch", reason="the hub of general names is PyTorch")


def mapped(path: Path) -> list[PortEntry | PortCase]:
    table = load_port_table(path)
    return [each for each in (*table.entries, *table.cases) if each.torch]


def hub(name: str) -> Any:
    return resolve(name if name.startswith("torch.") else f"torch.{name}")


@pytest.mark.parametrize("path", all_port_tables(), ids=lambda path: path.stem)
def test_pytorch_has_what_a_name_is_mapped_to(path: Path) -> None:
    for each in mapped(path):
        target = hub(each.torch)
        try:
            known = inspect.signature(target).parameters
        except (TypeError, ValueError):  # built-in functions have no signature
            continue
        takes_any = any(param.kind is param.VAR_KEYWORD for param in known.values())
        named = {name for name in each.arguments if not name.isdigit()}
        assert takes_any or named <= known.keys(), each.name


def test_a_call_of_pytorch_gets_all_parameters() -> None:
    """But a number of parts that the tensor itself tells, and a seed of a stream that it lacks."""
    kept_back = {
        (entry.name, param.name)
        for path in all_port_tables()
        for entry in load_port_table(path).entries
        if entry.torch and not entry.ours
        for param in entry.params
        if param.name not in {argument.param for argument in entry.arguments.values()}
    }
    assert kept_back == {("mindspore.ops.Unstack", "num"), ("mindspore.ops.dropout", "seed")}


def test_only_initializers_and_names_that_say_so_change_what_they_are_given() -> None:
    changing = {
        each.torch
        for path in all_port_tables()
        for each in mapped(path)
        if each.torch.endswith("_") and not each.torch.endswith("__")
        if not each.name.endswith("_")
    }
    assert changing
    assert all(name.startswith("torch.nn.init.") for name in changing)


@pytest.mark.parametrize("path", all_port_tables(), ids=lambda path: path.stem)
def test_opsbridge_has_what_a_name_is_mapped_to(path: Path) -> None:
    for entry in load_port_table(path).entries:
        if entry.ours:
            module, _, last = f"opsbridge.mindspore.{entry.ours}".rpartition(".")
            assert hasattr(importlib.import_module(module), last), entry.name
