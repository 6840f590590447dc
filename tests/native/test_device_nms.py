"""The CUDA kernels of nms, compiled for the host, give the bits of the CPU kernels."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from device_on_host import DTYPES, DeviceTensors, both

from opsbridge.core import OPERATORS
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
