"""Kernels write whole vectors where they can: never over the end of the memory that is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from cases import generator

from opsbridge import ops

# Beside and beyond the widths of vectors in any type, and portions of several threads.
COUNTS = (1, 2, 3, 5, 7, 9, 15, 17, 31, 33, 63, 65, 200)
MARGIN = 64


def boxes_of(count: int, dtype: Any) -> np.ndarray[Any, Any]:
    """Boxes with corners in order."""
    corners = np.sort(generator("around", str(count)).uniform(0, 20, (count, 2, 2)), axis=1)
    return corners.reshape(count, 4).astype(dtype)


def calls(count: int, dtype: Any) -> Iterator[tuple[Any, tuple[Any, ...], dict[str, Any]]]:
    """Operators whose results grow with the number of boxes or channels, with their arguments."""
    boxes, scores = boxes_of(count, dtype), np.linspace(0, 1, count).astype(dtype)
    rois = np.column_stack((np.zeros(3), boxes_of(3, dtype) / 3)).astype(dtype)
    features = generator("around", "features").random((1, count, 5, 7)).astype(dtype)
    yield ops.box_area, (boxes,), {}
    yield ops.box_convert, (boxes,), {"target_layout": "cxcywh"}
    yield ops.box_decode, (boxes, boxes / dtype(40)), {"height": 20, "width": 30}
    yield ops.box_encode, (boxes, boxes + dtype(1)), {}
    for measure in ("iou", "ciou"):
        yield ops.box_iou, (boxes, boxes[::-1]), {"pairing": "aligned", "measure": measure}
        yield ops.box_iou, (boxes_of(2, dtype), boxes), {"measure": measure}
    yield ops.clip_boxes, (boxes,), {"height": 9, "width": 9}
    yield ops.nms, (boxes, scores), {"iou_threshold": 0.2, "outputs": ("keep_mask",)}
    yield ops.roi_align, (features, rois), {"pooled_height": 2, "pooled_width": 3}
    yield ops.roi_pool, (features, rois), {"pooled_height": 2, "pooled_width": 3}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("count", COUNTS)
def test_what_lies_before_and_behind_a_result_stays(count: int, dtype: Any) -> None:
    for operator, tensors, values in calls(count, dtype):
        expected = operator(*tensors, **values)
        filler = np.ones((), expected.dtype)
        memory = np.full(expected.size + 2 * MARGIN, filler)
        out = memory[MARGIN:-MARGIN].reshape(expected.shape)
        operator(*tensors, **values, out=out)
        np.testing.assert_array_equal(out, expected, err_msg=operator.__name__)
        assert (memory[:MARGIN] == filler).all(), operator.__name__
        assert (memory[-MARGIN:] == filler).all(), operator.__name__
