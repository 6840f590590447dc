"""Where our MindSpore-shaped suppression leaves the real one on purpose."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING, mindspore_nms
from real_in_child import run_real

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.ops import NMSWithMask

LARGEST = np.finfo(np.float32).max


def row_of_boxes(*scores: float) -> Any:
    """Disjoint boxes with these scores."""
    rows = [[10 * place, 0, 10 * place + 5, 5, score] for place, score in enumerate(scores)]
    return np.array(rows, np.float32)


def real_rows(bboxes: Any) -> Any:
    """The sorted boxes of the real operator, from a process of its own: it reads foreign memory."""
    pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    rows = [[str(value) for value in row] for row in bboxes.tolist()]
    outcome = run_real(
        "mindspore",
        f"""
        rows = [[float(value) for value in row] for row in {rows}]
        print([[str(value) for value in row] for row in nms(rows)[0]])
        """,
    )
    assert outcome.signal_name is None, outcome.error
    return np.array(ast.literal_eval(outcome.printed), np.float32)


def as_set(rows: Any) -> set[bytes]:
    """Rows by their bits, in any order."""
    return {row.tobytes() for row in rows}


def test_nan_score() -> None:
    bboxes = row_of_boxes(LARGEST, np.nan, 0.2)
    with pytest.raises(ArgumentError, match=r"bboxes\[1\]\[4\] is nan"):
        NMSWithMask(0.5)(bboxes)
    scores = real_rows(bboxes)[:, 4]
    assert not (scores[:-1] >= scores[1:]).all()


def test_infinite_score() -> None:
    bboxes = row_of_boxes(0.1, np.inf, 0.2)
    boxes, _, selected = NMSWithMask(0.5)(bboxes)
    np.testing.assert_array_equal(boxes, bboxes[[1, 2, 0]])
    assert selected.all()
    assert bboxes[1].tobytes() not in as_set(real_rows(bboxes))


def test_largest_float_scores() -> None:
    bboxes = row_of_boxes(LARGEST, LARGEST, 0.2)
    boxes, _, selected = NMSWithMask(0.5)(bboxes)
    assert as_set(boxes) == as_set(bboxes)
    assert selected.all()
    assert as_set(real_rows(bboxes)) != as_set(bboxes)


def test_eight_columns() -> None:
    bboxes = np.arange(16, dtype=np.float32).reshape(2, 8)
    with pytest.raises(ArgumentError, match=r"bboxes has shape \(2, 8\); expected \(N, 5\)"):
        NMSWithMask(0.5)(bboxes)
    mixture = {bboxes.ravel()[:5].tobytes(), bboxes.ravel()[5:10].tobytes()}
    assert as_set(real_rows(bboxes)) == mixture


def test_more_than_46340_boxes() -> None:
    bboxes = np.tile(np.array([0, 0, 4, 4, 0.5], np.float32), (46341, 1))
    _, _, selected = NMSWithMask(0.5)(bboxes)
    assert selected.tolist() == [True] + [False] * 46340
    with pytest.raises(RuntimeError):
        mindspore_nms(bboxes, 0.5)


def test_nan_threshold() -> None:
    bboxes = np.array([[0, 0, 4, 4, 0.9], [0, 0, 4, 4, 0.8]], np.float32)
    with pytest.raises(ArgumentError, match="iou_threshold is nan"):
        NMSWithMask(float("nan"))(bboxes)
    assert mindspore_nms(bboxes, float("nan"))[2].all()
