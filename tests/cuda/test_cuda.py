"""On a GPU: the bits of the CPU, torchvision's results, streams, capture and memory.

One command: `pytest tests/cuda`.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from opsbridge.core import OPERATORS
from opsbridge.core.native import cuda_library_path
from opsbridge.core.nms import NmsRule
from opsbridge.core.roi_align import RoiAlignRule
from opsbridge.errors import ArgumentError

torch = pytest.importorskip("torch")

if not torch.cuda.is_available():
    pytest.skip("no CUDA device", allow_module_level=True)
if cuda_library_path() is None:
    pytest.skip("this build has no CUDA kernels", allow_module_level=True)

DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


@pytest.fixture(autouse=True)
def layer() -> Any:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    torch.manual_seed(0)
    return TorchTensors()


def moved(values: Any, device: str) -> Any:
    return {k: v.to(device) if isinstance(v, torch.Tensor) else v for k, v in values.items()}


def assert_same_bits(layer: Any, operator: str, **arguments: Any) -> None:
    run = OPERATORS[operator].run
    expected = run(layer, **arguments)
    result = run(layer, **moved(arguments, "cuda"))
    for ours, theirs in zip(result, expected, strict=True):
        assert torch.equal(ours.cpu().nan_to_num(nan=123.0), theirs.nan_to_num(nan=123.0))


def boxes_of(count: int, dtype: Any, spread: float) -> tuple[Any, Any]:
    corners = torch.rand(count, 2) * spread
    boxes = torch.cat((corners, corners + torch.rand(count, 2) * 60 + 1), dim=1)
    return boxes.to(dtype), torch.rand(count).to(dtype)


@pytest.mark.parametrize(("dtype", "spread"), list(product(DTYPES, (50.0, 1000.0))))
def test_nms_has_the_bits_of_the_cpu(layer: Any, dtype: Any, spread: float) -> None:
    for count in (0, 1, 31, 1000, 20000):
        boxes, scores = boxes_of(count, dtype, spread)
        groups = torch.randint(0, 80, (count,))
        for given in (None, groups):
            assert_same_bits(
                layer,
                "nms",
                boxes=boxes,
                scores=scores,
                iou_threshold=0.5,
                groups=given,
                rule=NmsRule(),
            )


@pytest.mark.parametrize(("dtype", "ratio"), list(product(DTYPES, (0, 2))))
def test_roi_align_has_the_bits_of_the_cpu(layer: Any, dtype: Any, ratio: int) -> None:
    features = torch.randn(2, 19, 40, 60).to(dtype)
    corners = torch.rand(300, 2) * 50
    images = torch.randint(0, 2, (300, 1)).float()
    rois = torch.cat((images, corners, corners + torch.rand(300, 2) * 30), dim=1).to(dtype)
    size = {"pooled_height": 7, "pooled_width": 7, "spatial_scale": 0.5, "sampling_ratio": ratio}
    arguments = {"features": features, "rois": rois, **size, "rule": RoiAlignRule()}
    assert_same_bits(layer, "roi_align", **arguments)
    gradient = torch.randn(300, 19, 7, 7).to(dtype)
    assert_same_bits(layer, "roi_align_backward", gradient=gradient, **arguments)


def test_nms_keeps_what_torchvision_keeps() -> None:
    vision = pytest.importorskip("torchvision")
    from opsbridge.torchvision import ops

    for dtype, count in product(DTYPES[:3], (1, 100, 5000)):
        boxes, scores = (each.cuda() for each in boxes_of(count, dtype, 300.0))
        assert torch.equal(ops.nms(boxes, scores, 0.5), vision.ops.nms(boxes, scores, 0.5))


def test_a_million_boxes_stay_within_the_memory() -> None:
    from opsbridge.torchvision import ops

    boxes, scores = (each.cuda() for each in boxes_of(1_000_000, torch.float32, 20000.0))
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    ops.nms(boxes, scores, 0.5)
    used = torch.cuda.max_memory_allocated() - before
    assert used <= (64 << 20) + 64 * 1_000_000


def test_a_call_goes_to_the_current_stream_and_into_a_graph() -> None:
    from opsbridge.torchvision import ops

    features = torch.randn(1, 8, 32, 32, device="cuda")
    rois = torch.tensor([[0.0, 1, 1, 20, 20]], device="cuda")
    expected = ops.roi_align(features, rois, 7)
    graph = torch.cuda.CUDAGraph()
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        ops.roi_align(features, rois, 7)
    stream.synchronize()
    with torch.cuda.graph(graph, stream=stream):
        pooled = ops.roi_align(features, rois, 7)
    graph.replay()
    torch.cuda.synchronize()
    assert torch.equal(pooled, expected)


def test_a_refused_region_is_told() -> None:
    from opsbridge.cuda import raise_refused
    from opsbridge.torchvision import ops

    features = torch.randn(1, 8, 32, 32, device="cuda")
    ops.roi_align(features, torch.tensor([[3.0, 1, 1, 20, 20]], device="cuda"), 7)
    with pytest.raises(ArgumentError, match=r"\[0\]\[0\] is 3"):
        raise_refused()
