"""Sixteen threads at once, a thousand calls each: every result is the one that a single call gives.

The regions have channels for several threads each, so that callers meet in the pool of workers.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from opsbridge import ops

CALLERS, CALLS = 16, 1000
RNG = np.random.default_rng(11)
CORNER = RNG.uniform(0, 20, (5, 24, 2))
BOXES = np.concatenate([CORNER, CORNER + RNG.uniform(1, 20, (5, 24, 2))], axis=2).astype(np.float32)
ROIS = np.concatenate([np.zeros((5, 24, 1), np.float32), BOXES], axis=2)
SCORES = RNG.random((5, 24)).astype(np.float32)
FEATURES = RNG.standard_normal((5, 1, 40, 12, 12)).astype(np.float32)

# Each computes on one of five inputs.
OPERATORS: dict[str, Callable[[int], NDArray[np.generic]]] = {
    "nms": lambda i: ops.nms(BOXES[i], SCORES[i], 0.5),
    "soft_nms": lambda i: ops.soft_nms(BOXES[i], SCORES[i], 0.3, 0.5, 0.01, method="gaussian")[1],
    "roi_align": lambda i: ops.roi_align(FEATURES[i], ROIS[i], 3, 3, sampling_ratio=2),
    "roi_pool": lambda i: ops.roi_pool(FEATURES[i], ROIS[i], 3, 3),
    "box_iou": lambda i: ops.box_iou(BOXES[i], BOXES[i - 1]),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_many_callers_get_what_one_gets(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBRIDGE_THREADS", "4")
    call = OPERATORS[name]
    alone = [np.asarray(call(i)).tobytes() for i in range(5)]
    assert len(set(alone)) == 5

    def calls_that_differ(caller: int) -> int:
        inputs = ((caller + turn) % 5 for turn in range(CALLS))
        return sum(np.asarray(call(i)).tobytes() != alone[i] for i in inputs)

    with ThreadPoolExecutor(CALLERS) as callers:
        assert list(callers.map(calls_that_differ, range(CALLERS))) == [0] * CALLERS
