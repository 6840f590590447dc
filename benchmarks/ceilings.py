"""Physical limits: what this machine can do, and the least that an operator has to do.

The machine's two ceilings are the bandwidth of a copy between arrays far larger than any cache
(bytes read and written) and the rate of the multiply-add loop of a product of float32 matrices,
counted as two operations each. An operator cannot end before its bytes are moved and its
operations done; the fraction of that ceiling which a kernel reaches tells how much is left.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.case import Case
from benchmarks.inputs import Array, Inputs
from benchmarks.results import CaseResult, Run

REPEATS = 7


def measured_ceilings(size: int = 64 << 20) -> dict[str, float]:
    """Bytes and operations a second, of one thread."""
    source = np.random.default_rng(1).standard_normal(size // 4, dtype=np.float32)
    target = np.empty_like(source)
    copied = 2 * source.nbytes / _shortest(lambda: np.copyto(target, source))
    side = 1_024
    left, right = source[: side * side].reshape(side, side), target[: side * side]
    product = _matrix_product(left, right.reshape(side, side))
    return {"bytes": copied, "operations": 2 * side**3 / _shortest(product)}


def _matrix_product(left: Array, right: Array) -> Callable[[], Any]:
    if not importlib.util.find_spec("torch"):
        return lambda: left @ right
    import torch

    torch.set_num_threads(1)
    factors = torch.from_numpy(left), torch.from_numpy(right)
    result = torch.empty(len(left), len(left))
    return lambda: torch.mm(*factors, out=result)


def _shortest(call: Callable[[], Any]) -> float:
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


# --- what an operator has to do ----------------------------------------------------------------

OVERLAP = 12
"""Operations of an overlap: 4 extremes, 2 sides, 2 clamps, a product, a union of 2, a division."""
SAMPLE = 8
"""Operations of a bilinear sample: 4 products, 4 additions."""


def work_of(case: Case, inputs: Inputs, result: dict[str, Array]) -> dict[str, float]:
    """The least bytes and operations of a case; empty without a result to count."""
    if not result:
        return {}
    output = sum(array.nbytes for array in result.values())
    if "features" in inputs:
        moved, operations = _region_work(case, inputs, output // 4)
    else:
        moved = sum(array.nbytes for array in inputs.values())
        operations = _box_work(case, inputs)
    return {"bytes": float(moved + output), "operations": float(operations)}


def _box_work(case: Case, inputs: Inputs) -> float:
    count = len(inputs["boxes"])
    if "others" in inputs:
        return count * len(inputs["others"]) * OVERLAP
    # Sorted, and each box tested and compared with the threshold at least once.
    return count * (math.log2(max(count, 2)) + OVERLAP + 1)


def _region_work(case: Case, inputs: Inputs, outputs: int) -> tuple[float, float]:
    features, rois = inputs["features"], inputs["rois"]
    images, channels, height, width = features.shape
    sides = (rois[:, 3:] - rois[:, 1:3]) * case.options["spatial_scale"]
    areas = float(np.minimum(sides, [width, height]).prod(axis=1).sum())
    touched = features.itemsize * channels * min(areas, images * height * width)
    cells = case.options["output_size"] ** 2
    grouped = channels // cells if case.operator.startswith("ps_") else channels
    if case.operator.endswith("_backward"):
        # Every output cell's gradient is read, and the whole map is written.
        outputs = len(rois) * cells * channels
        touched = outputs * features.itemsize
    if "pool" in case.operator:
        operations = outputs if case.operator.endswith("_backward") else areas * grouped
    else:
        operations = _samples(sides, case) * cells * grouped * SAMPLE
    return rois.nbytes + touched, operations


def _samples(sides: Array, case: Case) -> float:
    """Samples in one cell, summed over the regions."""
    ratio = case.options["sampling_ratio"]
    if ratio > 0:
        return len(sides) * ratio**2
    return float(np.ceil(sides / case.options["output_size"]).prod(axis=1).sum())


def ceiling_seconds(case: CaseResult, run: Run) -> float | None:
    """The time below which the machine cannot do the case on one thread."""
    if not case.work or not run.ceilings:
        return None
    return max(case.work[what] / run.ceilings[what] for what in ("bytes", "operations"))
