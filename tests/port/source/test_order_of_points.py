"""The points of a report come by place and name, whatever became of them."""

from __future__ import annotations

import itertools

import pytest

from opsbridge.port.source.result import Outcome, Point

FIRST = Point(2, 4, "mindspore.ops.ReLU", Outcome.EXACT, "torch.relu", "reason", "suggestion")


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("said", [("", "", ""), ("torch.relu", "z", "z")])
def test_points_of_one_place_and_name_stay_in_their_order(
    outcome: Outcome, said: tuple[str, str, str]
) -> None:
    other = Point(2, 4, "mindspore.ops.ReLU", outcome, *said)
    for points in ([FIRST, other], [other, FIRST]):
        assert [id(each) for each in sorted(points)] == [id(each) for each in points]


def test_others_come_by_line_then_column_then_name() -> None:
    places = [(1, 9, "z"), (2, 0, "y"), (2, 0, "z"), (2, 3, "a")]
    for order in itertools.permutations(places):
        points = sorted(Point(*place, Outcome.EXACT) for place in order)
        assert [(each.line, each.column, each.name) for each in points] == places
