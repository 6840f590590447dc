"""Where our complete_box_iou leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import torchvision_boxes as shared
from torchvision_boxes import bridged, real, torch


def test_integer_overflow() -> None:
    shared.check_integer_overflow("complete_box_iou")


def test_mixed_dtypes() -> None:
    shared.check_mixed_dtypes("complete_box_iou")


def test_one_box_without_rows() -> None:
    shared.check_one_box_without_rows("complete_box_iou")


def test_arctangent_rounding() -> None:
    sides = np.random.default_rng(0).uniform(0.1, 9, (500, 2)).astype(np.float32)
    made = np.concatenate([np.zeros_like(sides), sides], axis=1)
    pair = torch.from_numpy(made), torch.from_numpy(made[:50])
    ours, theirs = (np.array(call("complete_box_iou", *pair)) for call in (bridged, real))
    # None on Intel's processors, where PyTorch's library rounds the arctangent as we do.
    assert np.mean(ours != theirs) < 0.2
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_bool_boxes() -> None:
    shared.check_bool_pairs("complete_box_iou")
