"""Soft suppression on a GPU: the bits of the CPU, but for the exponential of gaussian weights."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from opsbridge.core import OPERATORS
from opsbridge.core.native import cuda_library_path
from opsbridge.core.soft_nms import SoftNmsRule

torch = pytest.importorskip("torch")

if not torch.cuda.is_available():
    pytest.skip("no CUDA device", allow_module_level=True)
if cuda_library_path() is None:
    pytest.skip("this build has no CUDA kernels", allow_module_level=True)

DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
COUNTS = (0, 1, 33, 1000, 1500, 6000)


def run(device: str, *tensors: Any, groups: Any = None, **rule: Any) -> tuple[Any, Any]:
    """The boxes that are selected, with their scores, and their rows."""
    from opsbridge.frameworks.torch_tensors import TorchTensors

    boxes, scores = (each.to(device) for each in tensors)
    given = None if groups is None else groups.to(device)
    result = OPERATORS["soft_nms"].run(
        TorchTensors(), boxes, scores, 0.3, 0.5, 0.05, groups=given, rule=SoftNmsRule(**rule)
    )
    return tuple(each.cpu() for each in result)


def scored_boxes(count: int, dtype: Any, levels: int = 0) -> tuple[Any, Any, Any]:
    """Boxes, scores (of so many different values, or of any) and groups."""
    torch.manual_seed(count)
    corners = torch.rand(count, 2) * 20 * max(count, 1) ** 0.5
    boxes = torch.cat((corners, corners + torch.rand(count, 2) * 60 + 1), dim=1)
    scores = torch.rand(count)
    if levels:
        scores = (scores * levels).ceil() / levels
    return boxes.to(dtype), scores.to(dtype), torch.randint(0, 20, (count,))


@pytest.mark.parametrize(
    ("dtype", "method", "levels"), list(product(DTYPES, ("linear", "naive"), (0, 10)))
)
def test_the_bits_of_the_cpu(dtype: Any, method: str, levels: int) -> None:
    for count in COUNTS:
        boxes, scores, groups = scored_boxes(count, dtype, levels)
        for given in (None, groups):
            expected = run("cpu", boxes, scores, groups=given, method=method)
            result = run("cuda", boxes, scores, groups=given, method=method)
            for ours, theirs in zip(result, expected, strict=True):
                assert torch.equal(ours, theirs)


@pytest.mark.parametrize("method", ["linear", "naive"])
def test_odd_numbers_have_the_bits_of_the_cpu(method: str) -> None:
    odd = torch.tensor([float("nan"), float("inf"), -float("inf"), -1.0, -0.0, 0.0])
    for dtype, count in product(DTYPES, (50, 1500)):
        boxes, scores, groups = scored_boxes(count, dtype, 20)
        scores[torch.randint(0, count, (6,))] = odd.to(dtype)
        boxes[torch.randint(0, count, (6,)), torch.randint(0, 4, (6,))] = odd.to(dtype)
        for given, first in product((None, groups), ("kept", "checked")):
            rule = {"method": method, "first_box": first, "disjoint_box": "skipped"}
            expected = run("cpu", boxes, scores, groups=given, **rule)
            result = run("cuda", boxes, scores, groups=given, **rule)
            for ours, theirs in zip(result, expected, strict=True):
                assert torch.equal(ours.nan_to_num(nan=7.5), theirs.nan_to_num(nan=7.5))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_gaussian_weight_is_off_by_one_place_at_most(dtype: Any) -> None:
    torch.manual_seed(1)
    pairs = 20_000  # each a group of its own: a better box, and one of score 1 that it lowers
    better = torch.tensor([0.0, 0, 16, 16]).repeat(pairs, 1)
    other = torch.cat((torch.rand(pairs, 2) * 12, torch.rand(pairs, 2) * 4 + 14), dim=1)
    boxes = torch.cat((better, other)).to(dtype)
    scores = torch.cat((torch.full((pairs,), 2.0), torch.ones(pairs))).to(dtype)
    groups = torch.arange(pairs).repeat(2)
    rule = {"method": "gaussian", "kept_order": "index"}
    expected, kept = run("cpu", boxes, scores, groups=groups, **rule)
    result, kept_too = run("cuda", boxes, scores, groups=groups, **rule)
    assert torch.equal(kept, kept_too)
    weights, ours = (each[:, 4][kept >= pairs] for each in (expected, result))
    assert bool((weights < 1).any())
    ulp = torch.finfo(dtype).eps * weights
    assert bool(((ours - weights).abs() <= ulp).all())
    if dtype == torch.float32:
        assert float((ours != weights).double().mean()) < 0.01


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gaussian_selections_are_those_of_the_cpu(dtype: Any) -> None:
    # Each score is a product of many weights, and no two are so near that a last place decides.
    for count in COUNTS:
        boxes, scores, groups = scored_boxes(count, dtype)
        for given in (None, groups):
            expected, kept = run("cpu", boxes, scores, groups=given, method="gaussian")
            result, kept_too = run("cuda", boxes, scores, groups=given, method="gaussian")
            assert len(kept) == len(kept_too)
            assert float((kept == kept_too).double().mean() if count else 1) > 0.999
            near = torch.finfo(dtype).eps * 100
            assert torch.allclose(result[:, 4], expected[:, 4], rtol=near, atol=0)


def test_mmcv_takes_tensors_of_a_gpu() -> None:
    from opsbridge.mmcv import ops

    boxes, scores, _ = scored_boxes(500, torch.float32)
    expected = ops.soft_nms(boxes, scores, 0.3, 0.5, 0.05, "linear")
    result = ops.soft_nms(boxes.cuda(), scores.cuda(), 0.3, 0.5, 0.05, "linear")
    for ours, theirs in zip(result, expected, strict=True):
        assert ours.is_cuda
        assert torch.equal(ours.cpu(), theirs)
