"""The CUDA kernels of box_iou, compiled for the host, give the bits of the CPU kernels."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from device_on_host import DTYPES, DeviceTensors, both

from opsbridge.core import OPERATORS, device
from opsbridge.core.box_iou import BoxIouRule
from opsbridge.errors import ArgumentError, DeviceError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("on_device")

INTEGERS = ("uint8", "int8", "int16", "int32", "int64")


def boxes(shape: tuple[int, ...], dtype: str, seed: int) -> Any:
    """Boxes of all layouts: sides come first, as numbers above the corners."""
    random = np.random.default_rng(seed)
    low = random.integers(0, 60, (*shape, 2)) + random.random((*shape, 2)).round(1)
    both_corners = np.concatenate((low, low + random.integers(0, 40, (*shape, 2))), axis=-1)
    return torch.tensor(both_corners).to(getattr(torch, dtype))


def with_nan(given: Any) -> Any:
    for row, column in ((1, 0), (2, 1), (4, 2), (5, 3)):
        given[row, column] = float("nan")
    given[6] = float("inf")
    return given


RULES = {
    "torchvision": BoxIouRule(),
    "mindspore": BoxIouRule(box_offset=1, denominator_epsilon="e_minus_10", widening="none"),
    "first": BoxIouRule(denominator="first_area", result_order="second_by_first"),
    "second": BoxIouRule(denominator="second_area", longest_side="int32"),
    "compared": BoxIouRule(nan_corner="compared", layout="yxyx"),
}


@pytest.mark.parametrize(("name", "dtype"), list(product(RULES, DTYPES)))
def test_every_measure(name: str, dtype: str) -> None:
    for measure, pairing in product(("iou", "giou", "diou", "ciou"), ("every_pair", "aligned")):
        rule = replace(RULES[name], measure=measure, pairing=pairing)
        first = with_nan(boxes((70,), dtype, 1))
        second = with_nan(boxes((70,), dtype, 2))
        both("box_iou", first, second, 1e-7, rule=rule)


@pytest.mark.parametrize(("layout", "dtype"), list(product(("xywh", "cxcywh"), DTYPES)))
def test_layouts(layout: str, dtype: str) -> None:
    for measure in ("iou", "giou", "ciou"):
        rule = BoxIouRule(layout=layout, measure=measure)
        both("box_iou", boxes((40,), dtype, 3), boxes((9,), dtype, 4), 1e-7, rule=rule)


@pytest.mark.parametrize(("layout", "dtype"), list(product(("xyxy", "cxcywh"), INTEGERS)))
def test_integers(layout: str, dtype: str) -> None:
    for measure, pairing in product(("iou", "diou"), ("every_pair", "aligned")):
        rule = BoxIouRule(layout=layout, measure=measure, pairing=pairing)
        both("box_iou", boxes((33,), dtype, 5), boxes((33,), dtype, 6), 1e-7, rule=rule)


@pytest.mark.parametrize("width", [0, 1, 3, 20, 33, 128, 300, 1025, 2100])
def test_matrices_of_every_width(width: int) -> None:
    for height in (0, 1, 300):
        pair = boxes((height,), "float32", 7), boxes((width,), "float32", 8)
        both("box_iou", *pair, rule=BoxIouRule())
        both("box_iou", *pair, rule=BoxIouRule(result_order="second_by_first"))


def test_broadcast_matrices_and_strides() -> None:
    first, second = boxes((3, 1, 7), "float32", 9), boxes((4, 5), "float32", 10)
    turned = second.transpose(0, 2).contiguous().transpose(0, 2)
    for rule in (BoxIouRule(), BoxIouRule(measure="giou", result_order="second_by_first")):
        both("box_iou", first, second, rule=rule)
        both("box_iou", first.expand(3, 4, 7, 4), turned, rule=rule)
        both("box_iou", first.int(), turned.int(), rule=rule)
    aligned = BoxIouRule(pairing="aligned")
    both("box_iou", first[:, :, :5], second, rule=aligned)


def test_large_integers_are_refused_and_their_pairs_are_nan() -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    first, second = boxes((5,), "int32", 11), boxes((6,), "int32", 12)
    second[1, 2] = first[3, 2] = 2**30
    layer, run = DeviceTensors(TorchTensors()), OPERATORS["box_iou"].run
    (overlaps,) = run(layer, first, second, rule=BoxIouRule())
    refused = torch.zeros(5, 6, dtype=torch.bool)
    refused[3], refused[:, 1] = True, True
    assert torch.equal(overlaps.isnan(), refused)
    with pytest.raises(ArgumentError, match=r"box_iou: boxes\[3\] is \("):
        device.raise_refused()
    run(layer, first[:3], second, rule=BoxIouRule())
    with pytest.raises(ArgumentError, match=r"box_iou: other_boxes\[1\] is \("):
        device.raise_refused()


def test_rotated_boxes_are_for_the_cpu() -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    rotated = torch.zeros(2, 5)
    with pytest.raises(DeviceError, match="kernels for cpu only"):
        OPERATORS["box_iou"].run(
            DeviceTensors(TorchTensors()), rotated, rotated, rule=BoxIouRule(layout="cxcywhr")
        )
