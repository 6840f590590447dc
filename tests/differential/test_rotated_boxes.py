"""Rotated boxes against those of torchvision, over formats, dtypes and odd numbers."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from cases import generator
from framework_tensors import FRAMEWORKS, to_tensor
from memory_layouts import array_of
from real_frameworks import torchvision_ops

from opsbridge.errors import ArgumentError
from opsbridge.torchvision import ops as ours

torch: Any = pytest.importorskip("torch", reason="compares with torchvision on torch tensors")

FORMATS = ("xywhr", "cxcywhr", "xyxyxyxy")
PAIRS = tuple(product(FORMATS, FORMATS))
FLOATS = ("float16", "bfloat16", "float32", "float64")
# Narrower integers wrap in the real function where squares of sides do not fit.
INTEGERS = ("int32", "int64")
# A sine, cosine, arctangent or root is one unit off, and meets at most two sides and a sum.
UNITS = 4


def boxes_of(rng: np.random.Generator, count: int, layout: str, dtype: str) -> Any:
    """Turned boxes, a quarter of them by a multiple of 15 degrees."""
    whole = rng.integers(-24, 25, count) * 15.0
    angle = np.where(rng.random(count) < 0.25, whole, rng.uniform(-400, 400, count))
    numbers = [*rng.uniform(-50, 50, (2, count)), *rng.uniform(0, 60, (2, count)), angle]
    made = torch.from_numpy(np.stack(numbers, axis=1))
    if layout == "xyxyxyxy":
        made = torchvision_ops().box_convert(made, "cxcywhr", layout)
    return made.to(getattr(torch, dtype))


def both(boxes: Any, source: str, target: str) -> tuple[Any, Any]:
    """Ours and the real result, of one dtype and shape."""
    found = ours.box_convert(boxes, source, target)
    wanted = torchvision_ops().box_convert(boxes, source, target)
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    return found, wanted


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_formats(source: str, target: str, dtype: str) -> None:
    rng = generator("rotated formats", source, target, dtype)
    for count in (0, 1, 4000):
        boxes = boxes_of(rng, count, source, dtype)
        found, wanted = both(boxes, source, target)
        if source == target or dtype in ("float16", "bfloat16"):
            assert torch.equal(found, wanted)
        elif dtype in INTEGERS:
            # One unit decides how a coordinate that lies halfway is rounded; that is rare.
            differ = (found != wanted).any(dim=-1)
            assert int(differ.sum()) <= count // 1000
            assert not count or int((found - wanted).abs().max()) <= 1
        else:
            unit = torch.finfo(boxes.dtype).eps
            largest = wanted.abs().amax(dim=-1, keepdim=True) + 100
            assert bool(((found - wanted).abs() <= UNITS * unit * largest).all())


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_numbers_that_are_not_finite_or_have_no_length(source: str, target: str) -> None:
    columns = 8 if source == "xyxyxyxy" else 5
    odd = [float("nan"), float("inf"), -float("inf"), 0.0, -0.0, -3.0, 1e30]
    rows = np.tile(np.arange(1.0, columns + 1), (columns * len(odd) + 1, 1))
    for row, (column, value) in enumerate(product(range(columns), odd)):
        rows[row, column] = value
    rows[-1] = 0
    for dtype in ("float32", "float64"):
        found, wanted = both(torch.from_numpy(rows).to(getattr(torch, dtype)), source, target)
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("shape", [(), (2, 3), (0, 2), (2, 1, 2, 1)])
def test_any_rank_and_any_memory(shape: tuple[int, ...]) -> None:
    for source, target in PAIRS:
        flat = boxes_of(generator("rotated rank"), int(np.prod(shape)), source, "float64")
        boxes = flat.reshape(*shape, flat.shape[-1])
        found, wanted = both(boxes, source, target)
        torch.testing.assert_close(found, wanted, rtol=1e-13, atol=1e-13)
        strided = boxes.flip(-1).contiguous().numpy()[..., ::-1]
        np.testing.assert_array_equal(ours.box_convert(strided, source, target), found.numpy())


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_every_framework(dtype: str, kind: str) -> None:
    for source, target in PAIRS:
        boxes = boxes_of(generator("rotated frameworks"), 9, source, dtype).numpy()
        result = array_of(kind, ours.box_convert(to_tensor(kind, boxes), source, target))
        np.testing.assert_array_equal(result, ours.box_convert(boxes, source, target))


@pytest.mark.parametrize(("source", "target"), [pair for pair in PAIRS if pair[0] != pair[1]])
def test_gradients(source: str, target: str) -> None:
    for dtype, tolerance in (("float64", 1e-11), ("float32", 1e-4)):
        made = boxes_of(generator("rotated gradients"), 40, source, dtype)
        made = made if source == "xyxyxyxy" else made + made.new_tensor([0, 0, 5, 5, 0])
        found = [made.clone().requires_grad_() for _ in range(2)]
        for boxes, function in zip(
            found, (ours.box_convert, torchvision_ops().box_convert), strict=True
        ):
            result = function(boxes, source, target)
            weights = torch.linspace(-1, 2, result.numel(), dtype=result.dtype)
            (result.reshape(-1) * weights).sum().backward()
        torch.testing.assert_close(found[0].grad, found[1].grad, rtol=tolerance, atol=tolerance)


def test_gradcheck_and_a_side_without_length() -> None:
    for source, target in PAIRS:
        boxes = boxes_of(generator("rotated gradcheck"), 3, source, "float64").requires_grad_()
        assert torch.autograd.gradcheck(lambda b: ours.box_convert(b, source, target), boxes)  # noqa: B023
    point = torch.ones(1, 8, requires_grad=True)
    ours.box_convert(point, "xyxyxyxy", "xywhr").sum().backward()
    assert point.grad is not None
    assert bool(point.grad[0, 2:6].isnan().all())


def test_compiled() -> None:
    compiled = torch.compile(ours.box_convert, fullgraph=True, dynamic=True, backend="aot_eager")
    for source, target in (("xywhr", "xyxyxyxy"), ("xyxyxyxy", "cxcywhr")):
        boxes = boxes_of(generator("rotated graphs"), 7, source, "float32")
        assert torch.equal(compiled(boxes, source, target), ours.box_convert(boxes, source, target))


@pytest.mark.parametrize(
    ("source", "target"), [("xyxy", "xywhr"), ("xywhr", "cxcywh"), ("xyxyxyxy", "xyxy")]
)
def test_boxes_stay_rotated_or_not(source: str, target: str) -> None:
    boxes = torch.ones(2, {"xyxy": 4, "xywhr": 5}.get(source, 8))
    with pytest.raises(NotImplementedError):
        torchvision_ops().box_convert(boxes, source, target)
    match = f"^box_convert: in_fmt is '{source}', but out_fmt is '{target}'; both or none must be"
    with pytest.raises(ArgumentError, match=match) as caught:
        ours.box_convert(boxes, source, target)
    assert isinstance(caught.value, NotImplementedError)


@pytest.mark.parametrize("source", FORMATS)
def test_wrong_columns_are_refused(source: str) -> None:
    for columns in (4, 6):
        boxes = torch.ones(2, columns)
        target = "cxcywhr" if source == "xywhr" else "xywhr"
        with pytest.raises(ValueError, match="unpack"):
            torchvision_ops().box_convert(boxes, source, target)
        with pytest.raises(ArgumentError, match=r"^box_convert: boxes has shape .*; expected"):
            ours.box_convert(boxes, source, target)
