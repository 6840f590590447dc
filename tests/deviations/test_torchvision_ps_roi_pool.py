"""Where our torchvision-shaped position-sensitive pooling leaves the real one on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pooling_calls import Call, both_shapes, died_of, ramp
from real_frameworks import TORCHVISION_MISSING, torch_tensor, torchvision_ops

from opsbridge.errors import ArgumentError
from opsbridge.torchvision import ops

both = both_shapes("ps_roi_pool", "PSRoIPool", 2, 1.0)


def gradient_of(function: Any) -> Any:
    """The gradient of the sum over a region that reaches the far edge."""
    features = torch_tensor(ramp(1)).double().requires_grad_()
    rois = torch_tensor(np.array([[0, 0, 0, 8, 8]], np.float64))
    function(features, rois, 2).sum().backward()
    return features.grad.numpy()


def test_gradient_at_far_edge() -> None:
    torch = pytest.importorskip("torch", reason=TORCHVISION_MISSING)
    ours, theirs = gradient_of(ops.ps_roi_pool), gradient_of(torchvision_ops().ps_roi_pool)
    assert not ours[..., -1].any()
    assert not ours[..., -1, :].any()
    assert theirs[..., -1].any()
    rois = torch.tensor([[0, 0, 0, 8, 8]], dtype=torch.float64)
    features = torch_tensor(ramp(1)).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda f: ops.ps_roi_pool(f, rois, 2), features)
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        torch.autograd.gradcheck(lambda f: torchvision_ops().ps_roi_pool(f, rois, 2), features)


@both
@pytest.mark.parametrize("size", [0, (2, 0)])
def test_output_size_zero(size: Any, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"output_size.* is 0"):
        call(ramp(), [[0, 1, 1, 6, 7]], size)


def test_real_output_size_zero() -> None:
    assert died_of("ops.ps_roi_pool(features, torch.tensor([[0., 1, 1, 6, 7]]), 0)") == "SIGFPE"
