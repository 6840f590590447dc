"""Native code writes no result, and reads no gradient, whose size is not that of its call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opsbridge.core.box_area import BoxAreaRule
from opsbridge.core.box_convert import BoxConvertRule
from opsbridge.core.box_decode import BoxDecodeRule
from opsbridge.core.box_encode import BoxEncodeRule
from opsbridge.core.box_iou import BoxIouRule
from opsbridge.core.checks import MAX_RANK
from opsbridge.core.clip_boxes import ClipBoxesRule
from opsbridge.core.native import native_function


def boxes(*shape: int) -> np.ndarray[Any, Any]:
    """Boxes whose corners are in order, in the dtype of all tensors here."""
    low, size = np.random.default_rng(7).uniform(1, 9, (2, *shape, 2)).astype(np.float32)
    return np.concatenate([low, low + size], axis=-1)


ROWS, OTHERS, GIVEN = boxes(3), boxes(2), boxes(3)
BATCH = boxes(2, 3)
CORNERS = BoxConvertRule(source_layout="xyxy", target_layout="xywh").word
CODER = (0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0)
IMAGE = (8.0, 8.0)
PAIRS, TURNED = BoxIouRule().word, BoxIouRule(result_order="second_by_first").word
ALIGNED = BoxIouRule(pairing="aligned").word

# Each: the function, what comes before the tensor in question, its shape, and what follows it.
CALLS = {
    "convert": ("box_convert", (ROWS,), (3, 4), (CORNERS,)),
    "area": ("box_area", (ROWS,), (3,), (BoxAreaRule().word,)),
    "areas of a batch": ("box_area", (BATCH,), (2, 3), (BoxAreaRule().word,)),
    "clip": ("clip_boxes", (ROWS, *IMAGE), (3, 4), (ClipBoxesRule().word,)),
    "encode": (
        "box_encode", (ROWS, GIVEN, None, *CODER), (3, 4),
        (BoxEncodeRule(pairing="aligned").word,),
    ),
    "decode": (
        "box_decode", (ROWS, GIVEN, None, *CODER, *IMAGE, 4.0), (3, 4), (BoxDecodeRule().word,)
    ),
    "pairs": ("box_iou", (ROWS, OTHERS, 0.0), (3, 2), (PAIRS, 1)),
    "turned pairs": ("box_iou", (ROWS, OTHERS, 0.0), (2, 3), (TURNED, 1)),
    "aligned": ("box_iou", (ROWS, GIVEN, 0.0), (3,), (ALIGNED, 1)),
    "pairs of a batch": ("box_iou", (BATCH, OTHERS, 0.0), (2, 3, 2), (PAIRS, 1)),
    "gradient of pairs": (
        "box_iou_gradient", (), (3, 2), (ROWS, OTHERS, 0.0, boxes(3), boxes(2), PAIRS, 1)
    ),
    "gradient of pairs, first": (
        "box_iou_gradient", (np.ones((3, 2), np.float32), ROWS, OTHERS, 0.0), (3, 4),
        (boxes(2), PAIRS, 1),
    ),
    "gradient of area": ("box_area_gradient", (), (3,), (ROWS, boxes(3), BoxAreaRule().word)),
    "gradient of convert": ("box_convert_gradient", (), (3, 4), (ROWS, boxes(3), CORNERS)),
    "gradient of clip": (
        "clip_boxes_gradient", (), (3, 4), (ROWS, *IMAGE, boxes(3), ClipBoxesRule().word)
    ),
    "gradient of encode": (
        "box_encode_gradient", (), (3, 4),
        (ROWS, GIVEN, None, *CODER, boxes(3), boxes(3), BoxEncodeRule(pairing="aligned").word),
    ),
}  # fmt: skip


def sizes_around(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Shapes of one row more or less along each axis but a box's own, and nothing at all."""
    count = len(shape) - (shape[-1] == 4)
    around = [
        (*shape[:axis], shape[axis] + step, *shape[axis + 1 :])
        for axis in range(count)
        for step in (-1, 1)
    ]
    return [*around, (0, *shape[1:])]


@pytest.mark.parametrize("what", CALLS)
def test_a_result_of_another_size_is_refused_before_anything_is_written(what: str) -> None:
    name, before, shape, after = CALLS[what]
    call = native_function(name)
    good = np.full(shape, 0.5, np.float32)
    assert call(*before, good, *after) == 0
    for wrong_shape in sizes_around(shape):
        wrong = np.full(wrong_shape, 0.5, np.float32)
        with pytest.raises(TypeError):
            call(*before, wrong, *after)
        assert (wrong == 0.5).all()


def test_boxes_that_do_not_broadcast_with_the_result_are_refused() -> None:
    call = native_function("box_iou")
    result = np.full((4, 3, 2), 0.5, np.float32)
    with pytest.raises(TypeError, match="broadcast"):
        call(BATCH, OTHERS, 0.0, result, PAIRS, 1)
    assert (result == 0.5).all()


def test_tensors_of_as_many_axes_as_python_lets_pass() -> None:
    rule = BoxAreaRule().word
    most = np.ones((1,) * (MAX_RANK - 2) + (2, 4), np.float32)
    areas = np.ones(most.shape[:-1], np.float32)
    native_function("box_area")(most, areas, rule)
    assert not areas.any()
    with pytest.raises(TypeError, match=f"a tensor of at most {MAX_RANK} axes"):
        native_function("box_area")(most[None], areas[None], rule)
