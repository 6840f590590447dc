"""Overlaps on a GPU whose bits the CPU need not have: the arctangent of complete overlaps."""

from __future__ import annotations

from typing import Any

import pytest

from opsbridge.core.native import cuda_library_path

torch = pytest.importorskip("torch")

if not torch.cuda.is_available():
    pytest.skip("no CUDA device", allow_module_level=True)
if cuda_library_path() is None:
    pytest.skip("this build has no CUDA kernels", allow_module_level=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_complete_overlaps_are_those_of_the_cpu_but_for_the_last_places(dtype: Any) -> None:
    from opsbridge.torchvision.ops import complete_box_iou

    torch.manual_seed(0)
    corners = torch.rand(2, 500, 2, dtype=dtype) * 40
    boxes = torch.cat((corners, corners + torch.rand(2, 500, 2, dtype=dtype) * 30 + 1), dim=2)
    expected = complete_box_iou(*boxes)
    result = complete_box_iou(*boxes.cuda()).cpu()
    assert float((result - expected).abs().max()) <= 4 * torch.finfo(dtype).eps
