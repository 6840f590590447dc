"""Arguments that are dictionaries, and arguments by older names."""

from __future__ import annotations

from typing import Any

import pytest

from opsbridge.errors import DtypeError
from opsbridge.tables.bind import bind_plan
from opsbridge.tables.load import all_api_names, load_api
from opsbridge.tables.options import fold, signature_of, unfold
from opsbridge.tables.schema import Param

PARAMS = (
    Param("boxes", "call", ("tensor",), "same", ("boxes",), required=True),
    Param(
        "threshold", "call", ("float",), "number", ("iou_threshold",), required=True,
        inside="options", aliases=("iou_thr",),
    ),
    Param("method", "call", ("str",), "choice", default="linear", inside="options"),
)  # fmt: skip


def unfolded(options: object) -> tuple[Any, ...]:
    return unfold("op", PARAMS, (7, options))


def test_callers_see_one_dictionary() -> None:
    assert [param.name for param in fold(PARAMS)] == ["boxes", "options"]
    assert str(signature_of(PARAMS)) == "(boxes, options)"


def test_entries_by_either_name_and_their_defaults() -> None:
    assert unfolded({"threshold": 0.5}) == (7, 0.5, "linear")
    assert unfolded({"iou_thr": 0.25, "method": "naive"}) == (7, 0.25, "naive")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (3, "op: options is 3; expected a dict"),
        ({"threshold": 1, "x": 2}, "op: options has the entry 'x'; known: threshold, method"),
        ({"method": "naive"}, "op: options lacks the entry 'threshold'"),
    ],
)
def test_entries_that_are_refused(options: object, said: str) -> None:
    with pytest.raises(DtypeError) as caught:
        unfolded(options)
    assert str(caught.value) == said


def test_an_older_name_is_deprecated_and_goes_alone() -> None:
    plans = [bind_plan(load_api(name)) for name in all_api_names()]
    plan = next(plan for plan in plans if plan.aliases)
    old, new = next(iter(plan.aliases.items()))
    assert plan.renamed({new: 1}) == {new: 1}
    with pytest.warns(DeprecationWarning, match=f"{old} is deprecated; use {new}"):
        assert plan.renamed({old: 1}) == {new: 1}
    with pytest.raises(DtypeError, match=f"{old} is an older name of {new}; give one of them"):
        plan.renamed({old: 1, new: 1})
