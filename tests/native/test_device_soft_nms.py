"""The CUDA kernels of soft_nms, compiled for the host, give the bits of the CPU kernels."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from device_on_host import DTYPES, DeviceTensors, both

from opsbridge.core import OPERATORS
from opsbridge.core.soft_nms import SoftNmsRule
from opsbridge.errors import ArgumentError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("on_device")

METHODS = ("linear", "gaussian", "naive")
OUTPUTS = (("kept_boxes", "same"), ("keep", "int64"))


def scored_boxes(count: int, dtype: str, seed: int, levels: int) -> tuple[Any, Any, Any]:
    """Boxes, scores of so many different values, and groups."""
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 300, (count, 2))
    boxes = np.concatenate((corners, corners + random.gamma(2, 15, (count, 2))), axis=1)
    scores = random.choice(np.linspace(0.05, 1, levels), count)
    groups = random.integers(-2, 3, count)
    kind = getattr(torch, dtype)
    return torch.tensor(boxes).to(kind), torch.tensor(scores).to(kind), torch.tensor(groups)


RULES = {
    "mmcv": {},
    "offset": {"box_offset": 1, "overlap_test": "greater"},
    "skipped": {"disjoint_box": "skipped", "first_box": "checked", "layout": "yxyx"},
    "wide": {"accumulate": "float64", "exponential": "float64", "sigma_factor": 2},
    "sizes": {"layout": "xywh", "corner_order": "sorted", "accumulate": "float32"},
}


@pytest.mark.parametrize(("name", "dtype"), list(product(RULES, DTYPES)))
def test_soft_nms(name: str, dtype: str) -> None:
    for seed, (method, count) in enumerate(product(METHODS, (0, 1, 33, 700, 1500))):
        boxes, scores, _ = scored_boxes(count, dtype, seed, 97 if seed % 2 else 100_000)
        rule = SoftNmsRule(method=method, **RULES[name])
        both("soft_nms", boxes, scores, 0.3, 0.5, 0.02, rule=rule, outputs=OUTPUTS)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_equal_scores(method: str) -> None:
    for seed, (dtype, levels) in enumerate(product(DTYPES, (1, 2, 7))):
        boxes, scores, groups = scored_boxes(400, dtype, seed, levels)
        boxes = (boxes.float() / 40).round().to(boxes.dtype) * 40
        rule = SoftNmsRule(method=method)
        both("soft_nms", boxes, scores, 0.3, 0.5, 0.3, rule=rule, outputs=OUTPUTS)
        both("soft_nms", boxes, scores, 0.3, 0.5, 0.3, groups=groups, rule=rule, outputs=OUTPUTS)


@pytest.mark.parametrize("group_rule", ["per_group", "shifted", "per_group_on_shifted"])
def test_groups(group_rule: str) -> None:
    orders = ("rank", "index")
    for dtype, order, limit in product(DTYPES, orders, (None, 100)):
        boxes, scores, groups = scored_boxes(500, dtype, 7, 50)
        rule = SoftNmsRule(group_rule=group_rule, kept_order=order)
        for given in (groups, groups.double() / 3, groups * 0):
            both(
                *("soft_nms", boxes.t().contiguous().t(), scores, 0.4, 0.5, 0.2),
                groups=given,
                shift_limit=limit,
                rule=rule,
                outputs=OUTPUTS,
            )


def test_many_boxes_of_groups_are_ordered_in_space() -> None:
    boxes, scores, groups = scored_boxes(9000, "float32", 3, 100_000)
    boxes = boxes + torch.tensor(np.random.default_rng(4).uniform(0, 3000, (9000, 2))).repeat(1, 2)
    for method in METHODS:
        rule = SoftNmsRule(method=method)
        both("soft_nms", boxes.float(), scores, 0.3, 0.5, 0.1, groups=groups, rule=rule)


@pytest.mark.parametrize("method", METHODS)
def test_odd_numbers(method: str) -> None:
    odd = [float("nan"), float("inf"), -float("inf"), -1.0, -0.0, 0.0]
    for seed, (dtype, checked, count) in enumerate(product(DTYPES, (True, False), (40, 1100))):
        boxes, scores, groups = scored_boxes(count, dtype, seed, 30)
        random = np.random.default_rng(seed)
        scores[random.integers(0, count, 6)] = torch.tensor(odd, dtype=scores.dtype)
        some = boxes[::3].clone()
        if seed % 3:
            some[random.integers(0, len(some), 6), random.integers(0, 4, 6)] = torch.tensor(
                odd, dtype=boxes.dtype
            )
        boxes[::3] = some
        rule = SoftNmsRule(method=method, first_box="checked" if checked else "kept")
        for least in (0.05, -float("inf")):
            given = {"rule": rule, "outputs": OUTPUTS}
            both("soft_nms", boxes, scores, 0.3, 0.5, least, **given)
            both("soft_nms", boxes, scores, 0.3, 0.5, least, groups=groups, **given)


def test_a_nan_group_is_refused_as_on_the_cpu() -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    boxes, scores, groups = scored_boxes(10, "float32", 0, 5)
    groups = groups.double()
    groups[4] = float("nan")
    layer = DeviceTensors(TorchTensors())
    with pytest.raises(ArgumentError, match=r"soft_nms: groups\[4\] is nan"):
        OPERATORS["soft_nms"].run(
            layer, boxes, scores, 0.5, 0.5, 0.1, groups=groups, rule=SoftNmsRule()
        )
