"""Suppression in the forms of mmcv and MMDetection 1, against the reference and PyTorch's sort.

Neither framework can be installed beside this PyTorch, so what they do around the kernel (filters,
shifts, splitting by class, the final sort) is written out here in NumPy.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from cases import BOXES, SCORES, generator
from framework_tensors import FRAMEWORKS, framework, framework_of, to_array, to_tensor

from opsbridge import reference
from opsbridge.mmcv import ops as mmcv
from opsbridge.mmdet import ops as mmdet

FLOAT = np.float32
SIZES = (0, 1, 2, 17, 60)
MMCV = {"threshold_type": "float32", "order": "introsort"}
MMDET = MMCV | {"box_offset": 1, "comparison": "greater_equal", "kept_order": "index"}
SOFT_MMDET = {
    "box_offset": 1,
    "overlap_test": "greater",
    "disjoint_box": "skipped",
    "exponential": "float64",
}


def inputs(family: str, scored: str, count: int) -> tuple[Any, Any]:
    """Boxes and scores."""
    rng = generator("mmcv", family, scored, count)
    return BOXES[family](rng, count, FLOAT), SCORES[scored](rng, count, FLOAT)


def check(results: Any, *expected: Any) -> None:
    """Equal values, dtypes and shapes; any NaN equals any NaN."""
    for result, wanted in zip(results, expected, strict=True):
        assert (result.dtype, result.shape) == (wanted.dtype, wanted.shape)
        np.testing.assert_array_equal(result, wanted)


families = pytest.mark.parametrize("family", BOXES)
scorings = pytest.mark.parametrize("scored", SCORES)


@families
@scorings
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_nms(family: str, scored: str) -> None:
    for count in SIZES:
        boxes, scores = inputs(family, scored, count)
        for offset, threshold, most in ((0, 0.5, -1), (1, 0.3, 3), (0, 0.1, 0)):
            real = reference.nms(boxes, scores, threshold, box_offset=offset, **MMCV)
            end = most if most > 0 else None
            results = mmcv.nms(boxes, scores, threshold, offset, max_num=most)
            check(results, real.kept_boxes[:end], real.keep[:end])


@scorings
@pytest.mark.parametrize("threshold", [-1, 0, 0.25, 0.5])
def test_nms_looks_at_scores_above_a_positive_threshold_only(scored: str, threshold: float) -> None:
    boxes, scores = inputs("clustered", scored, 60)
    valid = np.flatnonzero(scores > threshold) if threshold > 0 else np.arange(60)
    real = reference.nms(boxes[valid], scores[valid], 0.5, **MMCV)
    results = mmcv.nms(boxes, scores, 0.5, score_threshold=threshold)
    check(results, real.kept_boxes, valid[real.keep])


@families
@scorings
def test_nms_match(family: str, scored: str) -> None:
    for count in SIZES:
        boxes, scores = inputs(family, scored, count)
        groups = mmcv.nms_match(np.column_stack((boxes, scores)), 0.5)
        rule = MMCV | {"comparison": "greater_equal"}
        assert isinstance(groups, list)
        assert all(group.dtype == np.int64 for group in groups)
        keep = reference.nms(boxes, scores, 0.5, **rule).keep
        assert [group[0] for group in groups] == keep.tolist()
        assert sorted(row for group in groups for row in group) == list(range(count))
        check_groups(boxes, scores, groups)


def check_groups(boxes: Any, scores: Any, groups: list[Any]) -> None:
    """Each group is what its first box suppresses among those that no better box has taken."""
    left = set(range(len(scores)))
    for group in groups:
        candidates = np.array([group[0], *sorted(left - {group[0]})])
        order = [row for row in group[1:] if not np.isnan(scores[row])]
        assert all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
        alone = reference.nms(
            boxes[candidates], scores[candidates], 0.5,
            order="given", comparison="greater_equal", threshold_type="float32",
        )  # fmt: skip
        first = candidates[alone.matched[: alone.match_ends[0]]]
        assert set(group) == set(first)
        left -= set(group)


@families
@scorings
@pytest.mark.parametrize("method", ["naive", "linear", "gaussian"])
def test_soft_nms(method: str, family: str, scored: str) -> None:
    for count in SIZES:
        boxes, scores = inputs(family, scored, count)
        for offset, least in ((0, 0.001), (1, 0.3)):
            with np.errstate(all="ignore"):
                real = reference.soft_nms(
                    boxes, scores, 0.3, 0.5, least, method=method, box_offset=offset
                )
            results = mmcv.soft_nms(boxes, scores, min_score=least, method=method, offset=offset)
            check(results, real.kept_boxes, real.keep)


@families
@scorings
@pytest.mark.parametrize("kind", ["nms", "soft_nms"])
def test_batched_nms(kind: str, family: str, scored: str) -> None:
    rng = generator("mmcv batched", family, scored)
    for count in (1, 16, 17, 40):
        boxes, scores = inputs(family, scored, count)
        idxs = rng.integers(0, 4, count)
        settings: dict[str, Any] = {"type": kind, "iou_threshold": 0.3}
        settings |= {"max_num": 5} if kind == "nms" else {"min_score": 0.2}
        for split in (1, count, count + 1):
            for agnostic in (False, True):
                results = mmcv.batched_nms(
                    boxes, scores, idxs, settings | {"split_thr": split}, agnostic
                )
                check(results, *composed(kind, boxes, scores, idxs, split, agnostic))


def suppress(kind: str, boxes: Any, scores: Any) -> tuple[Any, Any]:
    """New scores and rows of one suppression, with the settings of the test."""
    with np.errstate(all="ignore"):
        if kind == "nms":
            found = reference.nms(boxes, scores, 0.3, **MMCV)
            return found.kept_boxes[:, 4], found.keep
        lowered = reference.soft_nms(boxes, scores, 0.3, 0.5, 0.2)
        return lowered.kept_boxes[:, 4], lowered.keep


def composed(
    kind: str, boxes: Any, scores: Any, idxs: Any, split: int, agnostic: bool
) -> tuple[Any, Any]:
    """What mmcv composes: a shift, then one suppression, or one per class and a sort."""
    with np.errstate(all="ignore"):
        shift = idxs.astype(FLOAT) * (np.max(boxes) + FLOAT(1))
        moved = boxes if agnostic else boxes + shift[:, None]
    if len(boxes) < split:
        new, keep = suppress(kind, moved, scores)
    else:
        lowered, kept = np.zeros_like(scores), np.zeros(len(scores), np.bool_)
        for each in np.unique(idxs):
            rows = np.flatnonzero(idxs == each)
            new, keep = suppress(kind, moved[rows], scores[rows])
            kept[rows[keep]], lowered[rows[keep]] = True, new
        keep = np.flatnonzero(kept)
        keep = keep[reference_sort(lowered[keep])]
        new = lowered[keep]
    end = 5 if kind == "nms" else None
    return np.column_stack((boxes[keep], new))[:end], keep[:end]


def reference_sort(scores: Any) -> Any:
    """Descending as an unstable sort leaves them, shown equal to PyTorch's by the test below."""
    boxes = np.zeros((len(scores), 4), scores.dtype)
    return reference.nms(boxes, scores, np.inf, order="introsort").keep


@scorings
@pytest.mark.parametrize("count", [0, 5, 16, 17, 100, 1000, 5000])
def test_sorting_only_is_the_unstable_sort_of_pytorch(count: int, scored: str) -> None:
    torch = framework("torch")
    boxes, scores = inputs("random", scored, count)
    expected = torch.from_numpy(scores).sort(descending=True, stable=False)[1].numpy()
    for agnostic in (False, True):
        idxs = np.arange(count) % 3
        dets, keep = mmcv.batched_nms(boxes, scores, idxs, None, class_agnostic=agnostic)
        check((dets, keep), np.column_stack((boxes, scores))[expected], expected)


@families
@scorings
def test_mmdetection(family: str, scored: str) -> None:
    for count in SIZES:
        boxes, scores = inputs(family, scored, count)
        dets = np.column_stack((boxes, scores))
        with np.errstate(all="ignore"):
            real = reference.nms(boxes, scores, 0.3, **MMDET)
        check(mmdet.nms(dets, 0.3), dets[real.keep], real.keep)
        for method in ("linear", "gaussian"):
            with np.errstate(all="ignore"):
                soft = reference.soft_nms(boxes, scores, 0.3, 0.5, 0.1, method=method, **SOFT_MMDET)
            results = mmdet.soft_nms(dets, 0.3, method, min_score=0.1)
            check(results, soft.kept_boxes, soft.keep)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_results_are_of_the_framework_that_came(kind: str) -> None:
    boxes, scores = inputs("clustered", "tied", 40)
    dets = np.column_stack((boxes, scores))
    given = to_tensor(kind, boxes), to_tensor(kind, scores)
    calls = [
        (mmcv.nms, given, {"iou_threshold": 0.5}),
        (mmcv.soft_nms, given, {}),
        (mmcv.batched_nms, (*given, to_tensor(kind, np.arange(40))), {"nms_cfg": {"iou_thr": 0.5}}),
        (mmcv.nms_match, (to_tensor(kind, dets),), {"iou_threshold": 0.5}),
        (mmdet.nms, (to_tensor(kind, dets),), {"iou_thr": 0.5}),
        (mmdet.soft_nms, (to_tensor(kind, dets),), {"iou_thr": 0.5}),
    ]
    for function, tensors, settings in calls:
        results = function(*tensors, **settings)
        arrays = function(*map(to_array, tensors), **settings)
        for result, array in zip(results, arrays, strict=True):
            assert framework_of(result) == kind
            np.testing.assert_array_equal(to_array(result), array)


def test_older_names_of_arguments_are_taken_and_deprecated() -> None:
    boxes, scores = inputs("clustered", "tied", 20)
    for function in (mmcv.nms, mmcv.soft_nms):
        with pytest.warns(DeprecationWarning, match="iou_thr is deprecated; use iou_threshold"):
            results = function(boxes, scores, iou_thr=0.5)
        check(results, *function(boxes, scores, iou_threshold=0.5))
        with pytest.raises(TypeError, match="iou_thr is an older name of iou_threshold"):
            function(boxes, scores, iou_thr=0.5, iou_threshold=0.5)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ([], TypeError, r"nms_cfg is \[\]; expected a dict"),
        ({}, TypeError, "nms_cfg lacks the entry 'iou_threshold'"),
        ({"iou_threshold": 0.5, "sigma": 1}, TypeError, "nms_cfg has the entry 'sigma'; known: "),
        ({"iou_threshold": "0.5"}, TypeError, "iou_threshold is '0.5'"),
        ({"type": "nms_rotated"}, ValueError, "is 'nms_rotated'; allowed: 'nms', 'soft_nms'"),
        ({"iou_threshold": 0.5, "offset": 2}, ValueError, "offset is 2; allowed: 0, 1"),
    ],
)
def test_settings_that_are_refused(settings: Any, error: type[Exception], message: str) -> None:
    boxes, scores = inputs("clustered", "tied", 4)
    with pytest.raises(error, match=f"^batched_nms: .*{message}"):
        mmcv.batched_nms(boxes, scores, np.zeros(4, np.int64), settings)


def test_gradients_reach_boxes_and_scores_through_the_kept_rows() -> None:
    torch = framework("torch")
    boxes, scores = (
        torch.from_numpy(each).requires_grad_() for each in inputs("random", "tied", 9)
    )
    dets, inds = mmcv.nms(boxes, scores, 0.1)
    assert 0 < len(inds) < 9
    dets.sum().backward()
    kept = torch.zeros(9).index_fill(0, inds, 1)
    assert torch.equal(scores.grad, kept)
    assert torch.equal(boxes.grad, kept[:, None].expand(9, 4))


# Hand-worked: areas 100, 50 and 100; the IoU of the first two is 1/2, of the first and third 0.
WORKED = np.array([[0, 0, 10, 10], [0, 0, 10, 5], [20, 0, 30, 10]], FLOAT)
WORKED_SCORES = np.array([0.75, 0.5, 0.375], FLOAT)


@pytest.mark.parametrize(
    ("method", "lowered", "rows"),
    [
        ("linear", [0.75, 0.375, 0.25], [0, 2, 1]),
        ("naive", [0.75, 0.375], [0, 2]),
        ("gaussian", [0.75, 0.375, 0.5 * np.exp(-0.5)], [0, 2, 1]),
    ],
)
def test_soft_suppression_by_hand(method: str, lowered: list[float], rows: list[int]) -> None:
    dets, inds = mmcv.soft_nms(WORKED, WORKED_SCORES, 0.5, method=method)
    assert inds.tolist() == rows
    np.testing.assert_array_equal(dets[:, :4], WORKED[rows])
    np.testing.assert_allclose(dets[:, 4], np.array(lowered, FLOAT), rtol=1.2e-7)


def test_thresholds_met_exactly_by_hand() -> None:
    assert mmcv.nms(WORKED, WORKED_SCORES, 0.5)[1].tolist() == [0, 1, 2]
    groups = mmcv.nms_match(np.column_stack((WORKED, WORKED_SCORES)), 0.5)
    assert [group.tolist() for group in groups] == [[0, 1], [2]]


def test_forty_equal_boxes_leave_the_one_that_quicksort_puts_first() -> None:
    boxes = np.tile(WORKED[:1], (40, 1))
    assert mmcv.nms(boxes, np.full(40, 0.5, FLOAT), 0.5)[1].tolist() == [30]
