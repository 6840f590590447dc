"""The core tables, the kernels and the reference speak of the same axes and values."""

from __future__ import annotations

import importlib
import inspect

import pytest

from opsbridge import reference
from opsbridge.core.rules import Rule
from opsbridge.tables.load import all_core_names, load_core


def rule_of(op: str) -> type[Rule]:
    """The rule class of an operator's kernel."""
    importlib.import_module(f"opsbridge.core.{op}")
    return next(rule for rule in Rule.__subclasses__() if rule.operator == op)


@pytest.mark.parametrize("op", all_core_names())
def test_axes_and_values_are_those_of_the_kernel(op: str) -> None:
    table = {axis.name: {v.value for v in axis.values} for axis in load_core(op).axes}
    kernel = {axis: set(values) for axis, values in rule_of(op).axes.items()}
    assert table == kernel


@pytest.mark.parametrize("op", all_core_names())
def test_slots_and_axes_are_the_arguments_of_the_reference(op: str) -> None:
    core = load_core(op)
    names = [item.name for item in (*core.slots, *core.axes)]
    assert set(inspect.signature(getattr(reference, op)).parameters) == set(names)
