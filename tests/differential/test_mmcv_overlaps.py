"""mmcv's bbox_overlaps, which cannot be installed here: worked by hand, and its own rule in torch.

The rule is that of mmcv's CPU operator: tensor operations, each rounded to the dtype of the boxes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import BOXES, generator

from opsbridge.mmcv.ops import bbox_overlaps

torch: Any = pytest.importorskip("torch", reason="works out mmcv's rule on torch tensors")


def by_rule(first: Any, second: Any, mode: str, aligned: bool, offset: int) -> Any:
    """Each step rounded to the dtype of the boxes."""
    if not aligned:
        first, second = first[:, None], second[None]
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    # float16 cannot hold mmcv's upper bound; it has nothing to bound there either.
    bound = None if first.dtype == torch.float16 else float(2**31)
    sides = (high - low + offset).clamp(0, bound)
    shared = sides[..., 0] * sides[..., 1]

    def area(boxes: Any) -> Any:
        width, height = (boxes[..., i + 2] - boxes[..., i] + offset for i in (0, 1))
        return width * height

    if mode == "iof":
        return shared / area(first)
    return shared / (area(first) + area(second) - shared)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("family", BOXES)
def test_rule(family: str, dtype: str) -> None:
    rng = generator("mmcv", family, dtype)
    made = [
        torch.from_numpy(
            BOXES[family](rng, count, np.float64 if dtype == "float64" else np.float32)
        ).to(getattr(torch, dtype))
        for count in (7, 9)
    ]
    for mode in ("iou", "iof"):
        for offset in (0, 1):
            wanted = by_rule(*made, mode, False, offset)
            found = bbox_overlaps(*made, mode, offset=offset)
            assert torch.equal(torch.nan_to_num(found, -7), torch.nan_to_num(wanted, -7))
            pair = made[0], made[1][:7]
            found = bbox_overlaps(*pair, mode=mode, aligned=True, offset=offset)
            wanted = by_rule(*pair, mode, True, offset)
            assert torch.equal(torch.nan_to_num(found, -7), torch.nan_to_num(wanted, -7))


def test_by_hand() -> None:
    first = np.array([[0, 0, 10, 10], [10, 10, 20, 20], [32, 32, 38, 42]], np.float32)
    second = np.array([[0, 0, 10, 20], [0, 10, 10, 19], [10, 10, 20, 20]], np.float32)
    assert bbox_overlaps(first, second).tolist() == [[0.5, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert bbox_overlaps(first, second, "iof", aligned=True).tolist() == [1, 0, 0]
    assert bbox_overlaps(first[:1], second[1:2], offset=1)[0, 0] == np.float32(11 / 220)


def test_empty_sets() -> None:
    some, none = np.zeros((2, 4), np.float32), np.zeros((0, 4), np.float32)
    assert bbox_overlaps(none, some).shape == (0, 2)
    assert bbox_overlaps(some, none).shape == (2, 0)
    assert bbox_overlaps(none, none, aligned=True).shape == (0, 1)
