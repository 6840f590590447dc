"""Do two peers give the same result? Compared exactly, then by the largest difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.inputs import Array

ORDER = ("same", "close", "differs")


@dataclass(frozen=True)
class Agreement:
    """`same` bits, `close` within the tolerance, or `differs`, and how in words."""

    verdict: str
    difference: str = ""


def worst(agreements: list[Agreement]) -> Agreement:
    """The one of several inputs that agrees least."""
    return max(agreements, key=lambda agreement: ORDER.index(agreement.verdict))


def compare(expected: dict[str, Array], actual: dict[str, Array], tolerance: float) -> Agreement:
    """Of the arrays that both have, the one that agrees least."""
    shared = [name for name in expected if name in actual]
    if not shared:
        return Agreement("differs", "nothing to compare")
    return worst([_compare(name, expected[name], actual[name], tolerance) for name in shared])


def _compare(name: str, expected: Array, actual: Array, tolerance: float) -> Agreement:
    if expected.shape != actual.shape:
        return Agreement("differs", f"{name}: shape {actual.shape}, not {expected.shape}")
    if not np.issubdtype(expected.dtype, np.floating):
        unequal = int(np.count_nonzero(expected != actual))
        if unequal:
            return Agreement("differs", f"{name}: {unequal:,} of {expected.size:,} differ")
        return Agreement("same")
    if np.array_equal(expected, actual, equal_nan=True):
        return Agreement("same")
    if not np.array_equal(np.isfinite(expected), np.isfinite(actual)):
        return Agreement("differs", f"{name}: other values are finite")
    finite = np.isfinite(expected)
    gap = np.abs(expected[finite].astype(np.float64) - actual[finite].astype(np.float64))
    largest = float(gap.max(initial=0))
    allowed = tolerance * float(np.abs(expected[finite]).max(initial=0))
    return Agreement("close" if largest <= allowed else "differs", f"{name}: up to {largest:.1e}")
