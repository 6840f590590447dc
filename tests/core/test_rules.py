"""A rule and its word say the same, and no rule holds a value that its axis does not allow."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.core import OPERATORS
from opsbridge.core.nms import NmsRule
from opsbridge.core.roi_align import RoiAlignRule
from opsbridge.core.rules import AxisValue, Rule
from opsbridge.errors import ArgumentError

RULES = sorted({operator.rule for operator in OPERATORS.values()}, key=lambda rule: rule.operator)

CHANGES = [
    pytest.param(rule, axis, value, id=f"{rule.operator}-{axis}-{value}")
    for rule in RULES
    for axis, values in rule.axes.items()
    for value in values
]


@pytest.mark.parametrize(("rule", "axis", "value"), CHANGES)
def test_a_single_value_survives_the_word(rule: type[Rule], axis: str, value: AxisValue) -> None:
    changed = rule(**{axis: value})
    assert rule.from_word(changed.word) == changed
    assert changed.word & 0x7 << 3 * list(rule.axes).index(axis) == (
        rule.axes[axis].index(value) << 3 * list(rule.axes).index(axis)
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.operator)
def test_different_rules_have_different_words(rule: type[Rule]) -> None:
    rng = np.random.default_rng(3)
    drawn = {
        rule(**{axis: values[rng.integers(len(values))] for axis, values in rule.axes.items()})
        for _ in range(200)
    }
    assert len({each.word for each in drawn}) == len(drawn)
    assert {rule.from_word(each.word) for each in drawn} == drawn


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.operator)
def test_a_word_is_a_signed_64_bit_integer(rule: type[Rule]) -> None:
    last = rule(**{axis: values[-1] for axis, values in rule.axes.items()})
    assert 0 <= last.word < 2**63


def test_a_value_that_an_axis_does_not_allow_is_refused() -> None:
    with pytest.raises(ArgumentError) as caught:
        NmsRule(comparison="less")  # type: ignore[arg-type]
    assert str(caught.value) == (
        "nms: comparison is 'less'; allowed: greater, greater_equal, multiplied, one_minus"
    )
    with pytest.raises(ArgumentError) as caught:
        RoiAlignRule(half_pixel=0.25)  # type: ignore[arg-type]
    assert str(caught.value) == "roi_align: half_pixel is 0.25; allowed: 0.0, 0.5"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.operator)
def test_every_default_is_allowed_and_axes_are_frozen(rule: type[Rule]) -> None:
    assert rule().word == rule.from_word(rule().word).word
    axis = next(iter(rule.axes))
    with pytest.raises(AttributeError):
        setattr(rule(), axis, rule.axes[axis][0])
