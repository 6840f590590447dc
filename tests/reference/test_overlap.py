"""The axes of the overlap test, each against a figure known from a real framework."""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbridge.reference import nms
from opsbridge.reference.rounding import fused_multiply_add

CUDA_FLOAT32 = {"union": "fused_second_area", "threshold_type": "float32"}
CUDA_FLOAT64 = {"union": "fused_second_area", "threshold_type": "float64_via_float32"}
NMS_MATCH = {"comparison": "greater_equal", "threshold_type": "float32"}
OPENCV = {"comparison": "one_minus", "threshold_type": "float32", "nan_overlap": "drop"}


@pytest.mark.parametrize(
    ("dtype", "axes", "suppressed"),
    [
        (np.float32, {}, {1, 2, 3, 4, 6, 8}),
        (np.float64, {}, set()),
        (np.float32, CUDA_FLOAT32, set()),
        (np.float64, CUDA_FLOAT64, {7, 9}),
        (np.float32, {"threshold_type": "same"}, set()),
        (np.float32, OPENCV, {1}),
        (np.float64, {**OPENCV, "accumulate": "float64"}, {1}),
        (np.float32, NMS_MATCH, set(range(1, 10))),
    ],
    ids=["cpu-32", "cpu-64", "cuda-32", "cuda-64", "mindspore", "opencv-32", "opencv-64", "match"],
)
def test_an_overlap_that_equals_the_threshold(
    dtype: Any, axes: dict[str, Any], suppressed: set[int]
) -> None:
    scores = np.array([0.9, 0.8], dtype)
    found = set()
    for tenths in range(1, 10):
        boxes = np.array([[0, 0, 10, 10], [0, 0, 10, tenths]], dtype)
        if len(nms(boxes, scores, tenths / 10, **axes).keep) == 1:
            found.add(tenths)
    assert found == suppressed


def test_boxes_without_area_stay_unless_the_rule_drops_nan() -> None:
    boxes = np.ones((2, 4), np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    assert len(nms(boxes, scores, -1.0).keep) == 2
    assert len(nms(boxes, scores, 0.5, nan_overlap="drop").keep) == 1
    assert len(nms(boxes, scores, 0.5, **OPENCV).keep) == 1
    assert len(nms(boxes, scores, 0.5, nan_overlap="drop", guard="positive_areas").keep) == 2


@pytest.mark.parametrize("layout", ["xyxy", "yxyx", "xywh", "cxcywh"])
def test_a_layout_names_the_same_boxes_differently(layout: str) -> None:
    x1, y1, x2, y2 = np.array([[0, 0, 8, 2], [4, 0, 12, 2], [0, 1, 8, 3]], np.float32).T
    columns = {
        "xyxy": [x1, y1, x2, y2],
        "yxyx": [y1, x1, y2, x2],
        "xywh": [x1, y1, x2 - x1, y2 - y1],
        "cxcywh": [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1],
    }
    boxes = np.stack(columns[layout], axis=1)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    third = 1 / 3
    assert nms(boxes, scores, third - 0.01, layout=layout).keep.tolist() == [0]
    assert nms(boxes, scores, third + 0.01, layout=layout).keep.tolist() == [0, 1, 2]


def test_corners_in_any_order_only_where_the_rule_sorts_them() -> None:
    boxes = np.array([[0, 0, 4, 4], [4, 0, 0, 4]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    assert len(nms(boxes, scores, 0.5).keep) == 2
    assert len(nms(boxes, scores, 0.5, corner_order="sorted").keep) == 1


def test_the_offset_of_one_makes_neighbouring_pixels_overlap() -> None:
    boxes = np.array([[0, 0, 1, 1], [1, 0, 2, 1]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    assert len(nms(boxes, scores, 0.3).keep) == 2
    assert len(nms(boxes, scores, 0.3, box_offset=1).keep) == 1


def test_shifted_groups_collide_where_coordinates_are_negative() -> None:
    boxes = np.array([[-100, -100, 10, 10], [-111, -111, -1, -1]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    groups = np.array([0, 1])
    options: dict[str, Any] = {"groups": groups, "group_rule": "shifted"}
    assert len(nms(boxes, scores, 0.5, groups=groups).keep) == 2
    assert len(nms(boxes, scores, 0.5, **options).keep) == 1
    assert len(nms(boxes, scores, 0.5, **options, shift_limit=8).keep) == 1
    assert len(nms(boxes, scores, 0.5, **options, shift_limit=7).keep) == 2


def test_the_shift_rounds_and_a_nan_in_it_disables_everything() -> None:
    boxes = np.array([[1000, 1000, 1100, 1100], [1000, 1000, 1100, 1100]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    spoiled = np.concatenate([boxes, np.full((1, 4), np.nan, np.float32)])
    same = {"groups": np.array([1, 1, 1]), "group_rule": "shifted"}
    assert len(nms(boxes, scores, 0.5, groups=np.array([1, 1]), group_rule="shifted").keep) == 1
    assert len(nms(spoiled, np.array([3, 2, 1], np.float32), 0.5, **same).keep) == 3


def test_candidates_outputs_and_decay() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 7], [0, 20, 1, 21]], np.float32)
    scores = np.array([0.4, 0.9, 0.6, 0.2], np.float32)
    assert nms(boxes, scores, 0.95).keep.tolist() == [1, 2, 0, 3]
    assert nms(boxes, scores, 0.95, kept_order="index").keep.tolist() == [0, 1, 2, 3]
    assert nms(boxes, scores, 0.95, score_threshold=float(scores[0])).keep.tolist() == [1, 2]
    assert nms(boxes, scores, 0.95, pre_top_k=3).keep.tolist() == [1, 2, 0]
    assert nms(boxes, scores, 0.95, max_outputs=1).keep.tolist() == [1]
    # 7/9 and 9/10 against the first kept box meet the threshold as it stands at their turn.
    assert nms(boxes, scores, 0.95, threshold_decay=0.7).keep.tolist() == [1, 3]
    filtered = nms(boxes, scores, 0.95, score_threshold=0.3, max_outputs=2)
    assert filtered.sorted_boxes[:, 4].tolist() == scores[[1, 2, 0, 3]].tolist()
    assert filtered.sorted_keep_mask.tolist() == [True, True, False, False]
    assert filtered.keep_mask.tolist() == [False, True, True, False]


def test_nan_scores_come_first_are_dropped_or_are_no_candidates() -> None:
    boxes = np.array([[0, 0, 1, 1], [2, 0, 3, 1], [4, 0, 5, 1]], np.float32)
    scores = np.array([np.inf, np.nan, 0.5], np.float32)
    assert nms(boxes, scores, 0.5).keep.tolist() == [1, 0, 2]
    assert nms(boxes, scores, 0.5, nan_score="drop").keep.tolist() == [0, 2]
    assert nms(boxes, scores, 0.5, score_threshold=0.0).keep.tolist() == [0, 2]


@pytest.mark.parametrize(("dtype", "function"), [(np.float32, "fmaf"), (np.float64, "fma")])
@given(data=st.data())
def test_the_fused_operation_is_that_of_the_c_library(
    dtype: Any, function: str, data: st.DataObject
) -> None:
    bits = np.finfo(dtype).bits
    number = st.floats(width=bits)
    a, b, c = (data.draw(number) for _ in range(3))
    with np.errstate(all="ignore"):
        cancelling = -float(dtype(a) * dtype(b))
    c = data.draw(st.sampled_from([c, cancelling]))
    number_type = ctypes.c_float if bits == 32 else ctypes.c_double
    fused = getattr(ctypes.CDLL(ctypes.util.find_library("m")), function)
    fused.argtypes, fused.restype = [number_type] * 3, number_type
    expected = fused(a, b, c)
    ours = float(fused_multiply_add(*(np.array([value], dtype) for value in (a, b, c)))[0])
    assert ours == expected or (math.isnan(ours) and math.isnan(expected))
