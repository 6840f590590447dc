"""roi_pool on a GPU: the bits of the CPU, torchvision's results, capture, refusals."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from opsbridge.core import OPERATORS
from opsbridge.core.native import cuda_library_path
from opsbridge.core.roi_pool import RoiPoolRule
from opsbridge.errors import ArgumentError

torch = pytest.importorskip("torch")

if not torch.cuda.is_available():
    pytest.skip("no CUDA device", allow_module_level=True)
if cuda_library_path() is None:
    pytest.skip("this build has no CUDA kernels", allow_module_level=True)

DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
BOTH_OUTPUTS = (("pooled", "same"), ("argmax", "int32"))
POSITION_SENSITIVE = {"channel_map": "position_sensitive", "clip_high": "last_pixel"}
RULES = {
    "torchvision": RoiPoolRule(),
    "exact": RoiPoolRule(corner="exact", length_plus=0, min_size="none", accumulate="float32"),
    "average": RoiPoolRule(pooling="average"),
    "position-sensitive": RoiPoolRule(pooling="average", length_plus=0, **POSITION_SENSITIVE),
    "position-sensitive maximum": RoiPoolRule(**POSITION_SENSITIVE),
}


@pytest.fixture(autouse=True)
def layer() -> Any:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    torch.manual_seed(0)
    return TorchTensors()


def inputs(dtype: Any, images: int, channels: int, rows: int, spread: float) -> tuple[Any, Any]:
    """Features with many equal pixels, so that bins meet at some, and regions of all sizes."""
    features = torch.round(3 * torch.randn(images, channels, 61, 83)).to(dtype)
    corners = torch.rand(rows, 2) * 90 - 5
    sizes = torch.rand(rows, 2) ** 3 * spread
    image = torch.randint(0, images, (rows, 1)).float()
    return features, torch.cat((image, corners, corners + sizes), dim=1).to(dtype)


def assert_same_bits(layer: Any, operator: str, *args: Any, **kwargs: Any) -> None:
    def on_gpu(value: Any) -> Any:
        return value.cuda() if isinstance(value, torch.Tensor) else value

    run = OPERATORS[operator].run
    expected = run(layer, *args, **kwargs)
    result = run(layer, *map(on_gpu, args), **{k: on_gpu(v) for k, v in kwargs.items()})
    for ours, theirs in zip(result, expected, strict=True):
        ours = ours.cpu()
        assert torch.equal(ours.isnan(), theirs.isnan())
        assert torch.equal(ours.nan_to_num(nan=0.0), theirs.nan_to_num(nan=0.0))


@pytest.mark.parametrize(("name", "dtype"), list(product(RULES, DTYPES)))
def test_the_bits_of_the_cpu(layer: Any, name: str, dtype: Any) -> None:
    rule = RULES[name]
    is_sensitive = name.startswith("position")
    size, channels = ((3, 2), 18) if is_sensitive else ((7, 6), 19)
    for spread in (2.0, 30.0, 400.0):
        features, rois = inputs(dtype, 3, channels, 333, spread)
        pooled_channels = 3 if is_sensitive else channels
        gradient = torch.randn(333, pooled_channels, *size).to(dtype)
        for given in (features, features.contiguous(memory_format=torch.channels_last)):
            arguments = (given, rois, *size, 0.7)
            assert_same_bits(layer, "roi_pool", *arguments, rule=rule, outputs=BOTH_OUTPUTS)
            assert_same_bits(layer, "roi_pool_backward", gradient, *arguments, rule=rule)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_gradient_from_places_has_the_bits_of_the_cpu(layer: Any, dtype: Any) -> None:
    for spread, rows in product((0.0, 30.0), (1, 31, 700)):
        features, rois = inputs(dtype, 2, 21, rows, spread)
        arguments = (features, rois, 7, 7, 1.0)
        _, argmax = OPERATORS["roi_pool"].run(
            layer, *arguments, rule=RoiPoolRule(), outputs=BOTH_OUTPUTS
        )
        gradient = torch.randn(rows, 21, 7, 7).to(dtype)
        assert_same_bits(
            layer, "roi_pool_backward", gradient, *arguments, argmax=argmax, rule=RoiPoolRule()
        )


@pytest.mark.parametrize("name", ["roi_pool", "ps_roi_pool"])
def test_torchvisions_results_and_gradients(name: str) -> None:
    vision = pytest.importorskip("torchvision")
    from opsbridge.torchvision import ops

    for dtype, scale in product((torch.float32, torch.float64), (0.25, 1.0)):
        features, rois = inputs(dtype, 2, 49, 300, 60.0)
        leaf, rois = features.cuda().requires_grad_(), rois.cuda()
        ours, theirs = getattr(ops, name), getattr(vision.ops, name)
        pooled = ours(leaf, rois, 7, scale)
        expected = theirs(leaf, rois, 7, scale)
        assert torch.equal(pooled, expected)
        if name == "ps_roi_pool":  # torchvision's gradient reaches pixels that it never read
            continue
        weights = torch.randn_like(pooled)
        (gradient,) = torch.autograd.grad((pooled * weights).sum(), leaf)
        (wanted,) = torch.autograd.grad((expected * weights).sum(), leaf)
        # The order of torchvision's atomic additions changes from run to run.
        torch.testing.assert_close(gradient, wanted)


def test_a_gradient_is_the_same_in_every_run() -> None:
    from opsbridge.torchvision import ops

    features, rois = inputs(torch.float32, 2, 64, 500, 60.0)
    leaf, rois = features.cuda().requires_grad_(), rois.cuda()
    weights = torch.randn(500, 64, 7, 7, device="cuda")
    gradients = [
        torch.autograd.grad((ops.roi_pool(leaf, rois, 7) * weights).sum(), leaf)[0]
        for _ in range(3)
    ]
    assert torch.equal(gradients[0], gradients[1])
    assert torch.equal(gradients[0], gradients[2])


def test_a_call_goes_into_a_graph() -> None:
    from opsbridge.torchvision import ops

    features, rois = (each.cuda() for each in inputs(torch.float32, 1, 8, 20, 60.0))
    expected = ops.roi_pool(features, rois, 7)
    stream = torch.cuda.Stream()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        pooled = ops.roi_pool(features, rois, 7)
    graph.replay()
    torch.cuda.synchronize()
    assert torch.equal(pooled, expected)


def test_a_refused_region_is_told() -> None:
    from opsbridge.cuda import raise_refused
    from opsbridge.torchvision import ops

    features = torch.randn(1, 8, 32, 32, device="cuda")
    ops.roi_pool(features, torch.tensor([[3.0, 1, 1, 20, 20]], device="cuda"), 7)
    with pytest.raises(ArgumentError, match=r"\[0\]\[0\] is 3"):
        raise_refused()
