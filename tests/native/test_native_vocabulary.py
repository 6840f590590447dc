"""The axes are written down for C++, for Python and for the tables: the three lists are equal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opsbridge.core import OPERATORS
from opsbridge.core.native import CPU_LEVELS
from opsbridge.core.regions import RoiError
from opsbridge.core.rules import AxisValue
from opsbridge.tables.load import load_core

CSRC = Path(__file__).resolve().parents[2] / "opsbridge" / "csrc"
RULES_IN_CPP = "".join(
    path.read_text() for path in sorted((CSRC / "include" / "opsbridge" / "rules").glob("*.h"))
)

# The values that are no C++ identifier, and how C++ spells them. All others are spelled alike.
CPP_VALUES: dict[AxisValue, str] = {
    0: "zero",
    0.5: "half",
    1: "one",
    2: "two",
    "nearest_7e-5": "nearest_7e_5",
}
# The only axis whose name is a C++ keyword.
CPP_NAMES = {"union": "union_"}
# Axes whose name several operators use, each with values of its own.
CPP_ENUMS = {
    ("box_iou", "layout"): "IouLayout",
    ("roi_align", "accumulate"): "RoiAccumulate",
    ("roi_pool", "accumulate"): "RoiAccumulate",
    ("roi_pool", "min_size"): "PoolMinSize",
    ("soft_nms", "method"): "SoftMethod",
}

# An operator that computes a gradient follows the rule of the one it belongs to.
WITH_RULES = [name for name, operator in OPERATORS.items() if operator.rule.operator == name]

Axes = list[tuple[str, list[str]]]


def cpp_value(value: AxisValue) -> str:
    """How C++ must spell an axis value."""
    return CPP_VALUES[value] if value in CPP_VALUES else str(value)


def enum_values(source: str, enum: str) -> list[str]:
    """The enumerators of a C++ enum class, in order."""
    body = re.search(rf"enum class {enum} {{([^}}]*)}};", source)
    assert body, f"no enum class {enum}"
    return [name.strip() for name in body.group(1).split(",")]


def struct_members(struct: str) -> list[tuple[str, str]]:
    """Type and name of every member of a C++ struct, in order."""
    body = re.search(rf"struct {struct} {{([^}}]*)}};", RULES_IN_CPP)
    assert body, f"no struct {struct}"
    return re.findall(r"(\w+) (\w+);", body.group(1))


def axes_in_cpp(operator: str) -> Axes:
    """The axes of an operator's rule struct."""
    return [
        (name, enum_values(RULES_IN_CPP, enum))
        for enum, name in struct_members(OPERATORS[operator].rule.__name__)
    ]


def axes_in_python(operator: str) -> Axes:
    """The axes of an operator's rule class, spelled as C++ must spell them."""
    return [
        (CPP_NAMES.get(name, name), [cpp_value(value) for value in values])
        for name, values in OPERATORS[operator].rule.axes.items()
    ]


def axes_in_tables(operator: str) -> Axes:
    """The axes of an operator's core table, spelled as C++ must spell them."""
    return [
        (CPP_NAMES.get(axis.name, axis.name), [cpp_value(each.value) for each in axis.values])
        for axis in load_core(operator).axes
    ]


@pytest.mark.parametrize("operator", WITH_RULES)
def test_cpp_and_python_list_the_same_axes_in_the_same_order(operator: str) -> None:
    assert axes_in_cpp(operator) == axes_in_python(operator)


@pytest.mark.parametrize("operator", WITH_RULES)
def test_tables_and_python_list_the_same_axes_in_the_same_order(operator: str) -> None:
    assert axes_in_tables(operator) == axes_in_python(operator)


@pytest.mark.parametrize("operator", WITH_RULES)
def test_values_of_tables_and_python_have_the_same_type(operator: str) -> None:
    in_python = OPERATORS[operator].rule.axes
    for axis in load_core(operator).axes:
        spelled = [(type(each.value), each.value) for each in axis.values]
        assert spelled == [(type(value), value) for value in in_python[axis.name]], axis.name


@pytest.mark.parametrize("operator", WITH_RULES)
def test_an_enum_is_called_like_its_axis(operator: str) -> None:
    for enum, name in struct_members(OPERATORS[operator].rule.__name__):
        spelled = "".join(word.capitalize() for word in name.split("_"))
        assert enum == CPP_ENUMS.get((operator, name), spelled)


@pytest.mark.parametrize("operator", WITH_RULES)
def test_rule_words_are_decoded_in_the_order_of_the_struct(operator: str) -> None:
    struct = OPERATORS[operator].rule.__name__
    body = re.search(
        rf"inline {struct} decode_\w+\(int64_t word\) {{(.*?)\n}}", RULES_IN_CPP, re.DOTALL
    )
    assert body
    decoded = re.findall(r"reader\.take\(rule\.(\w+)\);", body.group(1))
    assert decoded == [name for _, name in struct_members(struct)]


@pytest.mark.parametrize("operator", WITH_RULES)
def test_a_rule_fits_three_bits_an_axis_in_63_bits(operator: str) -> None:
    axes = OPERATORS[operator].rule.axes
    assert len(axes) <= 21
    assert all(len(values) <= 8 for values in axes.values())


def test_refusals_have_the_same_numbers_in_cpp_and_python() -> None:
    in_cpp = enum_values((CSRC / "ops" / "regions.h").read_text(), "RoiError")
    assert in_cpp == ["none", *(error.name.lower() for error in RoiError)]
    assert list(RoiError) == list(range(1, len(RoiError) + 1))


def test_levels_are_listed_alike_in_cpp_cmake_and_python() -> None:
    in_cpp = re.findall(r'{"(\w+)", CpuLevel', (CSRC / "runtime" / "cpu_level.cc").read_text())
    header = (CSRC / "runtime" / "cpu_level.h").read_text()
    assert tuple(enum_values(header, "CpuLevel")) == CPU_LEVELS
    in_cmake = re.findall(r"^ *add_level\((\w+)", (CSRC / "CMakeLists.txt").read_text(), re.M)
    assert tuple(in_cpp) == CPU_LEVELS
    assert sorted(in_cmake) == sorted(CPU_LEVELS)
