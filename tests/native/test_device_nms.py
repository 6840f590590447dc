"""The CUDA kernels of nms, compiled for the host, give the bits of the CPU kernels."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from device_on_host import DTYPES, DeviceTensors, both

from opsbridge.core import OPERATORS, device
from opsbridge.core.nms import NmsRule
from opsbridge.errors import ArgumentError, DeviceError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("on_device")


def scored_boxes(count: int, dtype: str, seed: int, width: float) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 300, (count, 2))
    sizes = random.gamma(2, width, (count, 2))
    boxes = np.concatenate((corners, corners + sizes), axis=1)
    scores = random.choice(np.linspace(0, 1, 97), count)
    groups = random.integers(-2, 3, count)
    kind = getattr(torch, dtype)
    return torch.tensor(boxes).to(kind), torch.tensor(scores).to(kind), torch.tensor(groups)


RULES = {
    "torchvision": NmsRule(),
    "torchvision-cuda": NmsRule(
        accumulate="float32", union="fused_second_area", threshold_type="float32"
    ),
    "mmcv-cuda": NmsRule(box_offset=1, comparison="multiplied"),
    "guarded": NmsRule(guard="positive_areas", corner_order="sorted", layout="yxyx"),
    "equal": NmsRule(comparison="greater_equal", nan_overlap="drop", kept_order="index"),
    "given": NmsRule(order="given", nan_score="drop", comparison="one_minus"),
}


@pytest.mark.parametrize(("name", "dtype"), list(product(RULES, DTYPES)))
def test_nms(name: str, dtype: str) -> None:
    names = ("keep", "keep_mask", "kept_boxes", "sorted_boxes", "sorted_keep_mask")
    kinds = ("int64", "bool", "same", "same", "bool")
    outputs = tuple(zip(names, kinds, strict=True))
    for seed, (count, width) in enumerate(product((0, 1, 33, 700), (4.0, 40.0))):
        boxes, scores, _ = scored_boxes(count, dtype, seed, width)
        if count == 33:
            boxes[3, 1], scores[5] = float("nan"), float("nan")
        both("nms", boxes, scores, 0.5, rule=RULES[name], outputs=outputs)


PADDED = (("padded_keep", "int64"), ("kept_count", "int64"))


def test_padded_nms_waits_for_nothing() -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    for count, most in product((0, 1, 33, 700, 2500), (None, 0, 7, 3000)):
        boxes, scores, groups = scored_boxes(count, "float32", count, 20.0)
        for kept_order in ("rank", "index"):
            rule, limits = NmsRule(kept_order=kept_order), {"max_outputs": most, "groups": groups}
            both("nms", boxes, scores, 0.5, rule=rule, outputs=PADDED, **limits)
            both("nms", boxes, scores, 0.5, rule=rule, outputs=(*PADDED, *OUTPUTS), **limits)
    boxes, scores, _ = scored_boxes(20, "float32", 0, 20.0)
    scores[4] = float("nan")
    layer, rule = DeviceTensors(TorchTensors()), NmsRule(nan_score="refuse")
    device.raise_refused()
    OPERATORS["nms"].run(layer, boxes, scores, 0.5, rule=rule, outputs=PADDED)
    with pytest.raises(ArgumentError, match=r"nms: scores\[4\] is nan"):
        device.raise_refused()


@pytest.mark.parametrize("group_rule", ["per_group", "shifted", "per_group_on_shifted"])
def test_grouped_nms(group_rule: str) -> None:
    for dtype, limit in product(DTYPES, (None, 100)):
        boxes, scores, groups = scored_boxes(500, dtype, 7, 30.0)
        rule = NmsRule(group_rule=group_rule)
        both("nms", boxes, scores, 0.4, groups=groups, shift_limit=limit, rule=rule)
        both("nms", boxes.t().contiguous().t(), scores, 0.4, groups=groups.double(), rule=rule)


def test_filtered_and_cut_nms() -> None:
    boxes, scores, groups = scored_boxes(600, "float32", 3, 20.0)
    for top, most, threshold in product((None, 0, 50), (None, 0, 7), (None, 0.4)):
        limits = {"pre_top_k": top, "max_outputs": most, "score_threshold": threshold}
        both("nms", boxes, scores, 0.5, groups=groups, rule=NmsRule(), **limits)


def test_nms_refuses_as_on_the_cpu() -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    boxes, scores, _ = scored_boxes(10, "float32", 0, 20.0)
    scores[4] = float("nan")
    layer = DeviceTensors(TorchTensors())
    with pytest.raises(ArgumentError, match=r"nms: scores\[4\] is nan"):
        OPERATORS["nms"].run(layer, boxes, scores, 0.5, rule=NmsRule(nan_score="refuse"))
    with pytest.raises(DeviceError, match="'bitonic' has kernels for cpu only"):
        OPERATORS["nms"].run(layer, boxes, scores, 0.5, rule=NmsRule(order="bitonic"))


MANY = 2500  # above what is decided by all pairs
OUTPUTS = (
    ("keep", "int64"),
    ("keep_mask", "bool"),
    ("kept_boxes", "same"),
    ("sorted_boxes", "same"),
    ("sorted_keep_mask", "bool"),
    ("sorted_positions", "int64"),
)


@pytest.mark.parametrize("name", RULES)
def test_many_boxes(name: str) -> None:
    for dtype, width in (("float32", 6.0), ("float32", 40.0), ("float64", 12.0), ("float16", 6.0)):
        boxes, scores, _ = scored_boxes(MANY, dtype, 1, width)
        boxes[7, 1], scores[5] = float("nan"), float("nan")
        boxes[MANY // 2, 2], boxes[MANY - 3, 0] = float("inf"), float("nan")
        boxes[11] = boxes[11].flip(0)  # corners the other way round
        both("nms", boxes, scores, 0.5, rule=RULES[name], outputs=OUTPUTS)
        both("nms", boxes - 150, scores, 0.3, rule=RULES[name])


@pytest.mark.parametrize("threshold", [-0.5, 0.0, 0.9, 1.0])
def test_many_boxes_at_odd_thresholds(threshold: float) -> None:
    boxes, scores, _ = scored_boxes(MANY, "float32", 2, 9.0)
    boxes[::97, 2] = boxes[::97, 0]
    for name in ("torchvision", "torchvision-cuda", "mmcv-cuda", "guarded", "equal"):
        both("nms", boxes, scores, threshold, rule=RULES[name])


@pytest.mark.parametrize("count", [31, 32, 33, 256, 257, 1024, 1025, 2048, 2049, 3072, 3073, 4100])
def test_nms_at_the_borders_of_each_way(count: int) -> None:
    boxes, scores, groups = scored_boxes(count, "float32", count, 14.0)
    both("nms", boxes, scores, 0.5, rule=NmsRule(), outputs=OUTPUTS)
    both("nms", boxes, scores, 0.5, groups=groups, rule=NmsRule(), outputs=OUTPUTS)


@pytest.mark.parametrize(("count", "dtype"), [(9000, "float64"), (33_000, "float32")])
def test_more_boxes_than_are_ranked_by_counting(count: int, dtype: str) -> None:
    boxes, scores, groups = scored_boxes(count, dtype, 5, 2.0)
    both("nms", boxes * 4, scores, 0.5, groups=groups, rule=NmsRule())


@pytest.mark.parametrize("group_rule", ["per_group", "shifted", "per_group_on_shifted"])
def test_many_groups(group_rule: str) -> None:
    random = np.random.default_rng(4)
    boxes, scores, _ = scored_boxes(3000, "float32", 4, 60.0)
    for groups in (
        torch.arange(3000),
        torch.tensor(random.integers(0, 900, 3000)),
        torch.tensor(random.integers(-(2**62), 2**62, 40)[random.integers(0, 40, 3000)]),
        torch.tensor(random.normal(size=5)[random.integers(0, 5, 3000)]),
    ):
        rule = NmsRule(group_rule=group_rule)
        both("nms", boxes, scores, 0.5, groups=groups, rule=rule, outputs=OUTPUTS)


def test_chains_of_boxes_each_of_which_drops_the_next() -> None:
    steps = torch.arange(3000, dtype=torch.float64)
    for step in (0.0, 0.01, 3.0, 4.5):  # all drop all, many drop many, every second one stays
        left = steps * step
        boxes = torch.stack((left, left * 0, left + 10, left * 0 + 10), dim=1)
        for scores in (-steps, steps, steps * 0):
            both("nms", boxes, scores, 0.5, rule=NmsRule(), outputs=OUTPUTS)


def test_large_boxes_among_many_small_ones() -> None:
    boxes, scores, _ = scored_boxes(MANY, "float32", 8, 3.0)
    boxes[::50, 2:] = boxes[::50, :2] + 250
    boxes[1::50] *= 1e30
    boxes[2::50] *= -1e-30
    for threshold in (0.01, 0.5):
        both("nms", boxes, scores, threshold, rule=NmsRule(), outputs=OUTPUTS)


def test_many_boxes_filtered_and_cut() -> None:
    boxes, scores, groups = scored_boxes(MANY, "float32", 9, 8.0)
    for top, most, threshold in product((None, 50, 1500), (None, 7), (None, 0.4, 0.9)):
        limits = {"pre_top_k": top, "max_outputs": most, "score_threshold": threshold}
        both("nms", boxes, scores, 0.5, groups=groups, rule=NmsRule(), **limits)
    both("nms", boxes, scores * 0 + 1, 0.5, rule=NmsRule(kept_order="index"), outputs=OUTPUTS)
