"""Where our bbox_overlaps leaves mmcv's on purpose; mmcv itself cannot be installed here."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mmcv.ops import bbox_overlaps

BOXES = np.array([[0, 0, 4, 4], [2, 0, 6, 8]])


def test_integer_boxes() -> None:
    with pytest.raises(DtypeError, match=r"^bbox_overlaps: bboxes1 is int64; allowed: float16"):
        bbox_overlaps(BOXES, BOXES)


def test_float16_on_the_host() -> None:
    torch = pytest.importorskip("torch", reason="shows what mmcv's rule does in torch")
    halves = torch.tensor([[0, 0, 4, 4], [2, 0, 6, 8]], dtype=torch.float16)
    with pytest.raises(RuntimeError, match="without overflow"):
        halves.clamp(0, float(2**31 - 1))
    assert bbox_overlaps(halves, halves[:1]).tolist() == [[1.0], [torch.tensor(0.2).half().item()]]


def test_empty_of_rank_one() -> None:
    floats = BOXES.astype(np.float32)
    with pytest.raises(ArgumentError, match=r"^bbox_overlaps: bboxes1 has shape \(0,\); expected"):
        bbox_overlaps(floats[:0, 0], floats)
    assert bbox_overlaps(floats[:0], floats).shape == (0, 2)


def test_mixed_dtypes() -> None:
    with pytest.raises(DtypeError, match="bboxes2 is float64, but bboxes1 is float32"):
        bbox_overlaps(BOXES.astype(np.float32), BOXES.astype(np.float64))
