"""Prints the level in use and a digest of what the kernels give for fixed random inputs."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from opsbridge.core.native import cpu_level
from opsbridge.core.nms import NmsRule, nms
from opsbridge.core.roi_align import RoiAlignRule, roi_align, roi_align_backward
from opsbridge.core.roi_pool import RoiPoolRule, roi_pool, roi_pool_backward
from opsbridge.core.rules import Rule
from opsbridge.frameworks.numpy import LAYER

ALL_OUTPUTS = (
    ("keep", "int64"),
    ("keep_mask", "bool"),
    ("sorted_boxes", "same"),
    ("sorted_positions", "int32"),
    ("sorted_keep_mask", "bool"),
)
# Axes that need another kind of input, or refuse random ones.
FIXED: dict[str, Any] = {
    "batch_rule": "integral",
    "negative_size": "allow",
    "nonfinite": "zero",
    "grid_limit": "count",
    "nan_score": "first",
}


def drawn_rule(rng: np.random.Generator, kind: type[Rule]) -> Any:
    """A rule with a random value on every axis that is not fixed."""
    drawn = {axis: values[rng.integers(len(values))] for axis, values in kind.axes.items()}
    return kind(**(drawn | {axis: value for axis, value in FIXED.items() if axis in drawn}))


def bytes_of_nms(rng: np.random.Generator, dtype: Any) -> bytes:
    """Everything that one random suppression gives."""
    count = int(rng.integers(0, 300))
    corner = rng.uniform(0, 60, (count, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(0, 40, (count, 2))], 1).astype(dtype)
    scores = rng.integers(0, 200, count).astype(dtype) / 200
    results = nms(
        LAYER,
        boxes,
        scores,
        float(rng.uniform(0, 1)),
        groups=rng.integers(0, 3, count) if rng.random() < 0.5 else None,
        rule=drawn_rule(rng, NmsRule),
        outputs=ALL_OUTPUTS,
    )
    return b"".join(result.tobytes() for result in results)


def regions(rng: np.random.Generator, dtype: Any, rule: Any) -> tuple[Any, ...]:
    """Features, regions, output size and scale that a rule can take."""
    count = int(rng.integers(0, 40))
    size = int(rng.integers(1, 8)), int(rng.integers(1, 8))
    channels = 3 if rule.channel_map == "same" else size[0] * size[1] * int(rng.integers(0, 3))
    features = rng.standard_normal((2, channels, 13, 17)).astype(dtype)
    corners = rng.uniform(-10, 30, (count, 4))
    rois = np.concatenate([rng.integers(0, 2, (count, 1)), corners], axis=1).astype(dtype)
    return features, rois, *size, 0.61


def bytes_of(
    forward: Any, backward: Any, rule: Any, rng: np.random.Generator, dtype: Any, *ratio: int
) -> bytes:
    """What one random operator on regions gives, and its gradient."""
    given = *regions(rng, dtype, rule), *ratio
    (pooled,) = forward(LAYER, *given, rule=rule)
    gradient = rng.standard_normal(pooled.shape).astype(dtype)
    results = [pooled, *backward(LAYER, gradient, *given, rule=rule)]
    for result in results:
        result[np.isnan(result)] = np.nan  # a NaN has many bit patterns, and none is promised
    return b"".join(result.tobytes() for result in results)


def bytes_of_regions(rng: np.random.Generator, dtype: Any) -> bytes:
    """Both operators on regions."""
    align, pool = drawn_rule(rng, RoiAlignRule), drawn_rule(rng, RoiPoolRule)
    ratio = int(rng.integers(-1, 4))
    aligned = bytes_of(roi_align, roi_align_backward, align, rng, dtype, ratio)
    return aligned + bytes_of(roi_pool, roi_pool_backward, pool, rng, dtype)


def digest() -> str:
    """One word for all results."""
    rng = np.random.default_rng(20261120)
    state = hashlib.sha256()
    for _ in range(40):
        for dtype in (np.float16, np.float32, np.float64):
            state.update(bytes_of_nms(rng, dtype))
            state.update(bytes_of_regions(rng, dtype))
    return state.hexdigest()


if __name__ == "__main__":
    print(cpu_level(), digest())
