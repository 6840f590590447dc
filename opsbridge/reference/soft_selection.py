"""How soft suppression finds the best box each time: one function per way of the frameworks.

Each gives the rows of one run in order of selection, `most` at most, and lowers their scores in
place.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from opsbridge.reference.overlap import Corners
from opsbridge.reference.soft_weight import Weight

Array = npt.NDArray[Any]


def select_in_place(
    corners: Corners, scores: Array, rows: list[int], weight: Weight, most: int | None
) -> list[int]:
    """The selected box changes places with the one in front, one that leaves with the last."""
    live = list(rows)
    place = 0
    while place < len(live) and place != most:
        best = place
        for other in range(place + 1, len(live)):
            if scores[live[best]] < scores[live[other]]:
                best = other
        live[place], live[best] = live[best], live[place]
        winner = live[place]
        if weight.checks_first and weight.is_low(scores[winner]):
            break
        place += 1
        other = place
        while other < len(live):
            row = live[other]
            if not weight.skips(corners[winner], corners[row]):
                scores[row] = weight.lowered(corners[winner], corners[row], scores[row])
                if weight.is_low(scores[row]):
                    live[other] = live[-1]
                    live.pop()
                    continue
            other += 1
    return live[:place]


def select_by_index(
    corners: Corners, scores: Array, rows: list[int], weight: Weight, most: int | None
) -> list[int]:
    """Of equal scores the lowest row; what is too low stays where it is."""
    live = list(rows)
    place = 0
    while place < len(live) and place != most:
        best = place
        for other in range(place + 1, len(live)):
            score, found = scores[live[other]], scores[live[best]]
            if score > found or (score == found and live[other] < live[best]):
                best = other
        winner = live[best]
        if weight.is_low(scores[winner]):
            break
        live[place], live[best] = live[best], live[place]
        place += 1
        for row in live[place:]:
            if not weight.is_low(scores[row]):
                scores[row] = weight.lowered(corners[winner], corners[row], scores[row])
    return live[:place]


def select_from_queue(
    corners: Corners, scores: Array, rows: list[int], weight: Weight, most: int | None
) -> list[int]:
    """A score is lowered when its turn comes, by what was selected since, the latest first.

    It is selected if that leaves it as it is.
    """

    def may_wait(score: Any) -> bool:
        return score == score and not weight.is_low(score)

    for row in rows:
        scores[row] = weight.held(scores[row])
    queue = [(-scores[row], row, 0) for row in rows if may_wait(scores[row])]
    heapq.heapify(queue)
    selected: list[int] = []
    while queue and len(selected) != most:
        _, row, seen = heapq.heappop(queue)
        before = scores[row]
        for winner in reversed(selected[seen:]):
            if may_wait(scores[row]):
                scores[row] = weight.lowered(corners[winner], corners[row], scores[row])
        if scores[row] == before:
            selected.append(row)
        elif may_wait(scores[row]):
            heapq.heappush(queue, (-scores[row], row, len(selected)))
    return selected


SELECTIONS: dict[str, Callable[[Corners, Array, list[int], Weight, int | None], list[int]]] = {
    "in_place": select_in_place,
    "by_index": select_by_index,
    "queue": select_from_queue,
}
