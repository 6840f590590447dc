"""nms on a GPU: the bits of the CPU for every rule, torchvision's results, memory and capture."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args, get_type_hints

import pytest

from opsbridge.core import OPERATORS
from opsbridge.core.native import cuda_library_path
from opsbridge.core.nms import NmsRule

torch = pytest.importorskip("torch")

if not torch.cuda.is_available():
    pytest.skip("no CUDA device", allow_module_level=True)
if cuda_library_path() is None:
    pytest.skip("this build has no CUDA kernels", allow_module_level=True)

DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
SIZES = (33, 2048, 2049, 12_289, 40_000)  # about where the kernels change their ways
OUTPUTS = (("keep", "int64"), ("keep_mask", "bool"), ("sorted_keep_mask", "bool"))


@pytest.fixture(autouse=True)
def layer() -> Any:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    torch.manual_seed(0)
    return TorchTensors()


def rules() -> list[NmsRule]:
    """Every value of every axis that a GPU has, one at a time and with an exact fused rule."""
    hints, found = get_type_hints(NmsRule), []
    for axis in fields(NmsRule):
        for value in get_args(hints[axis.name]):
            if (axis.name, value) in (("order", "introsort"), ("order", "bitonic")):
                continue
            # These orders are of a sort that PyTorch has another one for on a GPU.
            if axis.name == "kept_order" and value.startswith("introsort"):
                continue
            found.append(NmsRule(**{axis.name: value}))
            found.append(NmsRule(**{"union": "fused_second_area", axis.name: value}))
    return found


def boxes_of(count: int, dtype: Any, spread: float) -> tuple[Any, Any]:
    corners = torch.rand(count, 2) * spread
    boxes = torch.cat((corners, corners + torch.rand(count, 2) * 60 + 1), dim=1)
    return boxes.to(dtype), torch.rand(count).to(dtype)


def assert_same_bits(layer: Any, boxes: Any, scores: Any, groups: Any, **how: Any) -> None:
    run = OPERATORS["nms"].run
    expected = run(layer, boxes, scores, 0.5, groups=groups, outputs=OUTPUTS, **how)
    on_gpu = None if groups is None else groups.cuda()
    result = run(layer, boxes.cuda(), scores.cuda(), 0.5, groups=on_gpu, outputs=OUTPUTS, **how)
    for ours, theirs in zip(result, expected, strict=True):
        assert torch.equal(ours.cpu(), theirs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", SIZES)
def test_every_size_and_dtype(layer: Any, dtype: Any, count: int) -> None:
    for spread in (20.0, 1000.0, 60 * count**0.5):
        boxes, scores = boxes_of(count, dtype, spread)
        for groups in (None, torch.randint(-40, 40, (count,))):
            assert_same_bits(layer, boxes, scores, groups, rule=NmsRule())


@pytest.mark.parametrize("count", [700, 6000])
def test_every_rule(layer: Any, count: int) -> None:
    boxes, scores = boxes_of(count, torch.float32, 400.0)
    boxes[5, 1], boxes[count - 9, 0], boxes[count // 2, 2] = torch.tensor(
        [float("nan"), float("nan"), float("inf")]
    )
    groups = torch.randint(0, 5, (count,))
    for rule in rules():
        assert_same_bits(layer, boxes, scores, groups, rule=rule)


def test_chains_of_boxes_each_of_which_drops_the_next(layer: Any) -> None:
    steps = torch.arange(20_000, dtype=torch.float64)
    for step in (0.0, 0.01, 3.0):
        left = steps * step
        boxes = torch.stack((left, left * 0, left + 10, left * 0 + 10), dim=1)
        for scores in (-steps, steps, steps * 0):
            assert_same_bits(layer, boxes, scores, None, rule=NmsRule())


@pytest.mark.parametrize("count", [1, 1000, 20_000, 100_000])
def test_torchvision(count: int) -> None:
    theirs = pytest.importorskip("torchvision.ops")
    from opsbridge.torchvision import ops as ours

    for spread in (20.0, 1000.0):
        boxes, scores = (each.cuda() for each in boxes_of(count, torch.float32, spread))
        groups = torch.randint(0, 80, (count,), device="cuda")
        assert torch.equal(ours.nms(boxes, scores, 0.5), theirs.nms(boxes, scores, 0.5))
        grouped = theirs.batched_nms(boxes, scores, groups, 0.5)
        assert torch.equal(ours.batched_nms(boxes, scores, groups, 0.5), grouped)


@pytest.mark.parametrize(
    ("count", "most"), [(100_000, 16_000_000), (1_000_000, (64 << 20) + 64_000_000)]
)
def test_memory(layer: Any, count: int, most: int) -> None:
    boxes, scores = (each.cuda() for each in boxes_of(count, torch.float32, 60 * count**0.5))
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    (kept,) = OPERATORS["nms"].run(layer, boxes, scores, 0.5, rule=NmsRule())
    assert 0 < len(kept) < count
    assert torch.cuda.max_memory_allocated() - before <= most
