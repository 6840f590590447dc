"""roi_align on a GPU: the bits of the CPU, torchvision's results, the same in every run."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from opsbridge.core import OPERATORS
from opsbridge.core.native import cuda_library_path
from opsbridge.core.roi_align import RoiAlignRule

torch = pytest.importorskip("torch")

if not torch.cuda.is_available():
    pytest.skip("no CUDA device", allow_module_level=True)
if cuda_library_path() is None:
    pytest.skip("this build has no CUDA kernels", allow_module_level=True)

DTYPES = (torch.float32, torch.float16, torch.float64, torch.bfloat16)


def inputs(dtype: Any, rows: int, side: float) -> tuple[Any, Any, Any]:
    """Features, regions of which some lie partly outside, and a gradient of the result."""
    torch.manual_seed(rows)
    features = torch.randn(2, 256, 50, 76)
    corners = torch.rand(rows, 2) * 80 - 4
    image = torch.randint(0, 2, (rows, 1)).float()
    rois = torch.cat((image, corners, corners + torch.rand(rows, 2) * side), dim=1)
    return features.to(dtype), rois.to(dtype), torch.randn(rows, 256, 7, 7).to(dtype)


def assert_same_bits(operator: str, *args: Any) -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    layer, run = TorchTensors(), OPERATORS[operator].run
    (expected,) = run(layer, *args, rule=RoiAlignRule())
    on_gpu = [value.cuda() if isinstance(value, torch.Tensor) else value for value in args]
    (result,) = run(layer, *on_gpu, rule=RoiAlignRule())
    assert torch.equal(result.cpu(), expected)


@pytest.mark.parametrize(("dtype", "ratio"), list(product(DTYPES, (0, 2, 3))))
def test_the_bits_of_the_cpu(dtype: Any, ratio: int) -> None:
    for rows, side in ((60, 40.0), (400, 4.0)):
        features, rois, gradient = inputs(dtype, rows, side)
        for given in (features, features.contiguous(memory_format=torch.channels_last)):
            assert_same_bits("roi_align", given, rois, 7, 7, 0.75, ratio)
            assert_same_bits("roi_align_backward", gradient, given, rois, 7, 7, 0.75, ratio)


@pytest.mark.parametrize("ratio", [-1, 2])
def test_torchvisions_results_and_gradients(ratio: int) -> None:
    vision = pytest.importorskip("torchvision")
    from opsbridge.torchvision import ops

    features, rois, weights = (each.cuda() for each in inputs(torch.float32, 300, 60.0))
    features.requires_grad_()
    pooled = ops.roi_align(features, rois, 7, 0.5, ratio, True)
    expected = vision.ops.roi_align(features, rois, 7, 0.5, ratio, True)
    torch.testing.assert_close(pooled, expected, rtol=1e-4, atol=1e-4)
    (gradient,) = torch.autograd.grad(pooled, features, weights)
    (wanted,) = torch.autograd.grad(expected, features, weights)
    torch.testing.assert_close(gradient, wanted, rtol=1e-4, atol=1e-4)
    (again,) = torch.autograd.grad(
        ops.roi_align(features, rois, 7, 0.5, ratio, True), features, weights
    )
    assert torch.equal(gradient, again)
