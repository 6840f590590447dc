"""By how much soft suppression lowers a score, and when it is too low."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from opsbridge.reference.overlap import Corners, intersection, one_minus_distance, side
from opsbridge.reference.rounding import exponential as c_exponential
from opsbridge.reference.rounding import larger, smaller


@dataclass(frozen=True)
class Weight:
    """The factor on the score of a box that a selected box overlaps; numbers are of its type."""

    threshold: Any
    sigma: Any
    min_score: Any
    box_offset: int
    overlap_form: str
    method: str
    includes_equal: bool
    drops_equal: bool
    skips_disjoint: bool
    checks_first: bool
    exponential_type: type[Any]
    scales: bool
    has_subnormals: bool

    def skips(self, winner: Corners, other: Corners) -> bool:
        """Whether the other box is not looked at at all."""
        width = side(larger(winner.x1, other.x1), smaller(winner.x2, other.x2), self.box_offset)
        height = side(larger(winner.y1, other.y1), smaller(winner.y2, other.y2), self.box_offset)
        return self.skips_disjoint and not (width > 0 and height > 0)

    def is_low(self, score: Any) -> bool:
        """Whether a score is too low to be selected; NaN is not."""
        return bool(score <= self.min_score if self.drops_equal else score < self.min_score)

    def held(self, score: Any) -> Any:
        """A score in arithmetic that may take numbers below the normal ones for zero."""
        is_tiny = abs(score) < np.finfo(np.float32).smallest_normal
        return score * type(score)(0) if is_tiny and not self.has_subnormals else score

    def lowered(self, winner: Corners, other: Corners, score: Any) -> Any:
        """What a selected box leaves of the score of another one."""
        return self.held(self.held(self.of(winner, other)) * score)

    def overlap(self, winner: Corners, other: Corners) -> Any:
        """The overlap of two boxes in the form of the framework."""
        number = type(self.threshold)
        shared = intersection(winner, other, self.box_offset)
        united: Any = np.asarray((winner.area + other.area) - shared)
        if self.overlap_form == "one_minus_distance":
            areas = np.asarray(np.float64(winner.area) + np.float64(other.area))
            return number(one_minus_distance(shared, united, areas)[()])
        is_empty = winner.area <= 0 or other.area <= 0
        if self.overlap_form == "positive_areas" and is_empty:
            return number(0)
        return number((shared / united)[()])

    def of(self, winner: Corners, other: Corners) -> Any:
        """The factor for the other box, in the type of scores."""
        overlap = self.overlap(winner, other)
        one = type(self.threshold)(1)
        if self.method == "gaussian":
            if self.scales:
                exponent = -one / self.sigma * overlap * overlap
            else:
                exponent = -(overlap * overlap) / self.sigma
            return type(one)(c_exponential(self.exponential_type(exponent)))
        is_over = overlap >= self.threshold if self.includes_equal else overlap > self.threshold
        if not is_over:
            return one
        return one - overlap if self.method == "linear" else one - one
