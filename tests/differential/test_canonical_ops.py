"""`opsbridge.ops`: the core operators on every framework, conventions as keywords."""

from __future__ import annotations

import doctest
import inspect
from typing import Any

import numpy as np
import pytest
from cases import BOXES, SCORES, generator
from framework_tensors import FRAMEWORKS, framework, framework_of, to_array, to_tensor

from opsbridge import ops, reference
from opsbridge.core import OPERATORS

NAMES = tuple(name for name in OPERATORS if not name.endswith(("_backward", "_gradient")))
BOX = np.array([[0, 0, 10, 10], [0, 0, 10, 5]])
SCORE = np.array([0.75, 0.5])


def inputs(count: int, dtype: Any = np.float32) -> tuple[Any, Any]:
    """Boxes and scores."""
    rng = generator("canonical", count)
    return BOXES["clustered"](rng, count, dtype), SCORES["tied"](rng, count, dtype)


@pytest.mark.parametrize("name", NAMES)
def test_every_slot_and_axis_is_a_keyword_that_the_docstring_explains(name: str) -> None:
    function, rule = getattr(ops, name), OPERATORS[name].rule
    parameters = inspect.signature(function).parameters
    for axis, values in rule.axes.items():
        expected = None if axis == "accumulate" else getattr(rule(), axis)
        assert parameters[axis].default == expected
        assert f"\n    {axis}: " in function.__doc__
        assert all(f"\n        {value!r}: " in function.__doc__ for value in values)
    assert function.__module__ == "opsbridge.ops"


def test_every_core_operator_has_its_name_there() -> None:
    assert sorted(ops.__all__) == sorted([*NAMES, "nms_match", "padded_nms"])


def test_the_examples_run() -> None:
    assert doctest.testmod(ops).failed == 0
    assert all(">>> " in getattr(ops, name).__doc__ for name in NAMES)


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("axis", ["order", "comparison", "box_offset", "kept_order"])
def test_axes_reach_the_kernel_on_every_framework(axis: str, kind: str) -> None:
    boxes, scores = inputs(40)
    given = to_tensor(kind, boxes), to_tensor(kind, scores)
    for value in OPERATORS["nms"].rule.axes[axis]:
        keep = ops.nms(*given, 0.5, **{axis: value})
        assert framework_of(keep) == kind
        expected = reference.nms(boxes, scores, 0.5, **{axis: value}).keep
        np.testing.assert_array_equal(to_array(keep), expected)


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
def test_integer_boxes_are_widened_exactly(dtype: str, kind: str) -> None:
    given = to_tensor(kind, BOX.astype(dtype)), to_tensor(kind, SCORE.astype(np.float32))
    assert to_array(ops.nms(*given, 0.5)).tolist() == [0, 1]
    assert to_array(ops.nms(*given, 0.49)).tolist() == [0]
    kept = ops.nms(*given, 0.5, outputs="kept_boxes")
    assert to_array(kept).dtype == np.float64
    dets, _ = ops.soft_nms(*given, 0.5)
    assert to_array(dets)[:, 4].tolist() == [0.75, 0.25]


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_integers_that_float64_cannot_hold_are_refused(kind: str) -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 2**53, 2**53 + 1]])
    with pytest.raises(ValueError, match=r"^nms: boxes\[1\]\[3\] is 9007199254740993; integers"):
        ops.nms(to_tensor(kind, boxes), to_tensor(kind, SCORE), 0.5)


def test_half_boxes_are_computed_in_float32_unless_told_otherwise() -> None:
    """An overlap of 1/10 is above 0.1 in float32 and below it in float16."""
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 1]], np.float16)
    scores = SCORE.astype(np.float16)
    assert ops.nms(boxes, scores, 0.1).tolist() == [0]
    assert ops.nms(boxes, scores, 0.1, accumulate="float32").tolist() == [0]
    assert ops.nms(boxes, scores, 0.1, accumulate="same").tolist() == [0, 1]


def test_bfloat16_boxes() -> None:
    torch = framework("torch")
    boxes, scores = (torch.from_numpy(each).bfloat16() for each in inputs(60))
    wide = ops.nms(boxes.float(), scores.float(), 0.5)
    assert torch.equal(ops.nms(boxes, scores, 0.5), wide)


@pytest.mark.parametrize("ids", ["bool", "int32", "float16", "float64"])
def test_groups_are_of_any_dtype(ids: str) -> None:
    boxes, scores = inputs(40)
    groups = np.arange(40) % 2
    expected = reference.nms(boxes, scores, 0.5, groups=groups).keep
    keep = ops.nms(boxes, scores, 0.5, groups=groups.astype(ids))
    np.testing.assert_array_equal(keep, expected)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_matches_are_a_list_of_indices(kind: str) -> None:
    boxes, scores = inputs(40)
    groups = ops.nms_match(to_tensor(kind, boxes), to_tensor(kind, scores), 0.5)
    real = reference.nms(boxes, scores, 0.5)
    ends = real.match_ends.tolist()
    parts = [real.matched[a:b].tolist() for a, b in zip([0, *ends], ends, strict=False)]
    assert [to_array(group).tolist() for group in groups] == parts


def test_outputs_are_chosen_by_name() -> None:
    keep, mask = ops.nms(BOX, SCORE, 0.4, outputs=("keep", "keep_mask"))
    assert (keep.tolist(), mask.tolist()) == ([0], [True, False])
    with pytest.raises(ValueError, match=r"^nms: outputs has 'rows'; allowed: keep, keep_mask"):
        ops.nms(BOX, SCORE, 0.4, outputs=("rows",))
    with pytest.raises(ValueError, match=r"^nms: outputs is empty"):
        ops.nms(BOX, SCORE, 0.4, outputs=())


def test_what_is_no_tensor_or_of_another_framework_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^nms: boxes is \[\] \(list\); expected a tensor"):
        ops.nms([], SCORE, 0.5)
    with pytest.raises(TypeError, match=r"^nms: scores is not of the framework of boxes"):
        ops.nms(BOX, to_tensor("torch", SCORE), 0.5)
    with pytest.raises(TypeError, match=r"^nms: got an unexpected keyword argument 'sigma'"):
        ops.nms(BOX, SCORE, 0.5, sigma=1)
    with pytest.raises(ValueError, match=r"^nms: order is 'random'; allowed: stable, introsort"):
        ops.nms(BOX, SCORE, 0.5, order="random")


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: ops.nms(BOX, None, 0.5),
            TypeError,
            r"nms: scores is None \(NoneType\); expected a t",
        ),
        (lambda: ops.nms(BOX, SCORE, None), TypeError, r"nms: iou_threshold is None .* a number"),
        (lambda: ops.nms(BOX, SCORE, "0.5"), TypeError, r"nms: iou_threshold is '0.5' \(str\)"),
        (lambda: ops.nms(BOX, SCORE, 0.5, max_outputs=1.5), TypeError, "nms: max_outputs is 1.5"),
        (lambda: ops.box_iou(BOX, [1]), TypeError, r"box_iou: other_boxes is \[1\] \(list\)"),
        (lambda: ops.box_area(BOX[:, :3]), ValueError, r"box_area: boxes has shape \(2, 3\)"),
        (lambda: ops.box_encode(BOX, BOX, 1), TypeError, r"box_encode: means is 1 \(int\)"),
        (lambda: ops.box_encode(BOX, BOX, (1, "a")), TypeError, r"box_encode: means\[1\] is 'a'"),
        (lambda: ops.box_encode(BOX, BOX, (1, 2)), ValueError, "box_encode: means has 2 numbers"),
        (lambda: ops.clip_boxes(BOX, True, 5), TypeError, r"clip_boxes: height is True \(bool\)"),
        (lambda: ops.nms(BOX, SCORE, 0.5, outputs=("keep", "keep")), ValueError, "'keep' twice"),
    ],
)
def test_what_is_refused_is_named(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_integer_regions_take_the_dtype_of_the_features() -> None:
    features = generator("integer regions").random((2, 1, 6, 6)).astype(np.float32)
    rois = np.array([[0, 0, 0, 3, 5], [1, 1, 2, 4, 4]])
    for pool in (ops.roi_align, ops.roi_pool):
        pooled = pool(features, rois, 2, 2)
        assert pooled.dtype == np.float32
        np.testing.assert_array_equal(pooled, pool(features, rois.astype(np.float32), 2, 2))
    with pytest.raises(ValueError, match=r"^roi_align: rois\[1\]\[4\] is 2049; integers must be"):
        ops.roi_align(features.astype(np.float16), np.array([[0] * 5, [0, 0, 0, 0, 2049]]), 2, 2)


def test_integer_anchors_become_float64() -> None:
    offsets = ops.box_encode(BOX, BOX.astype(np.float32) + 1)
    assert offsets.dtype == np.float64
    np.testing.assert_array_equal(offsets, ops.box_encode(BOX * 1.0, BOX + 1.0))


def test_a_compiled_function_is_the_eager_one() -> None:
    torch = framework("torch")
    boxes, scores = map(torch.from_numpy, inputs(40))
    compiled = torch.compile(
        lambda *given: ops.nms(*given, 0.5, order="introsort"), backend="eager", fullgraph=True
    )
    assert torch.equal(compiled(boxes, scores), ops.nms(boxes, scores, 0.5, order="introsort"))
