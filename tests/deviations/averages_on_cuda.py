"""Averages of regions on a GPU: ours, which have the bits of the CPU, and the real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from real_frameworks import TORCHVISION_MISSING, torchvision_ops

NO_GPU = "compares with the real operator on a GPU, and there is none"


def assert_only_ours_has_the_bits_of_the_cpu(
    ours: Callable[..., Any], name: str, channels: int
) -> None:
    """Regions within the map, so that both take the same samples on both devices."""
    torch = pytest.importorskip("torch", reason=TORCHVISION_MISSING)
    if not torch.cuda.is_available():
        pytest.skip(NO_GPU)
    generator = torch.Generator().manual_seed(7)
    features = torch.randn(2, channels, 24, 24, generator=generator)
    corners = torch.rand(60, 4, generator=generator) * 8 + torch.tensor([1, 1, 12, 12])
    rois = torch.cat((torch.arange(60)[:, None] % 2, corners), dim=1)
    settings = 4, 0.75, 2
    expected = ours(*settings, features, rois)
    assert torch.equal(ours(*settings, features.cuda(), rois.cuda()).cpu(), expected)
    real = getattr(torchvision_ops(), name)(features.cuda(), rois.cuda(), *settings).cpu()
    assert not torch.equal(real, expected)
    torch.testing.assert_close(real, expected, rtol=1e-5, atol=1e-5)
