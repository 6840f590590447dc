"""`out=` of `opsbridge.ops`: results in the memory of the caller, or a refusal that says why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import generator
from framework_tensors import FRAMEWORKS, framework, framework_of, to_array, to_tensor

from opsbridge import ops
from opsbridge.core import OPERATORS

CORNERS = np.sort(generator("out").uniform(0, 20, (9, 2, 2)), axis=1).reshape(9, 4)
BOXES = CORNERS.astype(np.float32)
SCORES = generator("out", "scores").random(9).astype(np.float32)
FEATURES = generator("out", "features").random((2, 4, 8, 8)).astype(np.float32)
ROIS = np.column_stack((np.arange(9) % 2, BOXES / 3)).astype(np.float32)
MASKS = generator("out", "masks").random((9, 5, 6)) > 0.8

# Every operator with inputs: tensors by position, then other values by keyword.
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "box_area": ((BOXES,), {}),
    "box_convert": ((BOXES,), {"target_layout": "cxcywh"}),
    "box_decode": ((BOXES, BOXES / 40), {"height": 20, "width": 30}),
    "box_encode": ((BOXES, BOXES + 1), {}),
    "box_iou": ((BOXES, BOXES[:4]), {"measure": "giou"}),
    "check_valid": ((BOXES, np.array([9, 9, 1], np.float32)), {}),
    "clip_boxes": ((BOXES,), {"height": 9, "width": 9}),
    "crop_and_resize": (
        (FEATURES, BOXES / 20, np.arange(9) % 2),
        {"crop_height": 2, "crop_width": 3},
    ),
    "masks_to_boxes": ((MASKS,), {}),
    "nms": ((BOXES, SCORES), {"iou_threshold": 0.2, "outputs": ("keep_mask", "keep")}),
    "roi_align": ((FEATURES, ROIS), {"pooled_height": 2, "pooled_width": 2}),
    "roi_pool": (
        (FEATURES, ROIS),
        {"pooled_height": 2, "pooled_width": 2, "outputs": ("argmax", "pooled")},
    ),
    "small_boxes": ((BOXES,), {"min_size": 5}),
    "soft_nms": ((BOXES, SCORES), {"iou_threshold": 0.2, "min_score": 0.3}),
}


def call(name: str, kind: str, **more: Any) -> Any:
    """The operator on tensors of a framework."""
    tensors, values = CALLS[name]
    return getattr(ops, name)(*(to_tensor(kind, each) for each in tensors), **values, **more)


def results_of(results: Any) -> tuple[Any, ...]:
    return results if isinstance(results, tuple) else (results,)


def memory_for(name: str, kind: str, results: tuple[Any, ...]) -> tuple[Any, ...]:
    """Tensors that hold all ones: of the shapes that the results have at most."""
    outputs = CALLS[name][1].get("outputs", tuple(parameters(name)["outputs"].default))
    cut = OPERATORS[name].cut
    arrays = [to_array(result) for result in results]
    return tuple(
        to_tensor(
            kind, np.ones((9, *array.shape[1:]) if output in cut else array.shape, array.dtype)
        )
        for output, array in zip(outputs, arrays, strict=True)
    )


def parameters(name: str) -> Any:
    return getattr(ops, name).__signature__.parameters


def test_no_operator_is_left_out() -> None:
    assert sorted([*CALLS, "nms_match", "padded_nms"]) == sorted(ops.__all__)


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("name", CALLS)
def test_results_are_written_and_returned(name: str, kind: str) -> None:
    expected = results_of(call(name, kind))
    memory = memory_for(name, kind, expected)
    out = memory if len(memory) > 1 else memory[0]
    results = results_of(call(name, kind, out=out))
    for result, wanted, whole in zip(results, expected, memory, strict=True):
        assert framework_of(result) == kind
        np.testing.assert_array_equal(to_array(result), to_array(wanted))
        np.testing.assert_array_equal(to_array(whole)[: len(to_array(wanted))], to_array(wanted))
        assert result is whole or len(to_array(result)) < len(to_array(whole))


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_matches_lie_in_the_memory_given(kind: str) -> None:
    boxes, scores = to_tensor(kind, BOXES), to_tensor(kind, SCORES)
    expected = [to_array(part).tolist() for part in ops.nms_match(boxes, scores, 0.2)]
    memory = tuple(to_tensor(kind, np.ones(9, np.int64)) for _ in range(2))
    parts = ops.nms_match(boxes, scores, 0.2, out=memory)
    assert [to_array(part).tolist() for part in parts] == expected
    assert to_array(memory[0]).tolist() == [index for part in expected for index in part]


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_what_does_not_fit_is_refused_and_not_written(kind: str) -> None:
    boxes = to_tensor(kind, BOXES)

    def refused(error: type[Exception], message: str, out: Any) -> None:
        with pytest.raises(error, match=f"^box_convert: {message}"):
            ops.box_convert(boxes, target_layout="xywh", out=out)
        tensors = out if isinstance(out, tuple) else (out,)
        assert all((to_array(each) == 1).all() for each in tensors if each is not boxes)

    def ones(*shape: int, dtype: Any = np.float32) -> Any:
        return to_tensor(kind, np.ones(shape, dtype))

    refused(ValueError, r"out has shape \(9, 5\); expected \(9, 4\)", ones(9, 5))
    refused(TypeError, "out is float64; expected float32", ones(9, 4, dtype=np.float64))
    refused(ValueError, "out is not contiguous; results cannot", ones(4, 9).T)
    refused(ValueError, "out shares memory with boxes", boxes)
    refused(ValueError, "out holds 2 tensors; expected 1, for converted", (ones(9, 4), ones(9, 4)))
    other = "torch" if kind == "numpy" else "numpy"
    refused(
        TypeError, "out is a .* expected a tensor of the framework", to_tensor(other, np.ones(2))
    )
    with pytest.raises(TypeError, match=r"^box_convert: out is 5 \(int\); expected a tensor"):
        ops.box_convert(boxes, out=5)


def test_two_results_need_two_memories() -> None:
    memory = np.ones(9, np.int64)
    with pytest.raises(ValueError, match=r"^nms: out\[1\] shares memory with out\[0\]"):
        ops.nms(BOXES, SCORES, 0.2, outputs=("keep", "matched"), out=(memory, memory))


def test_numpy_memory_that_may_not_be_written() -> None:
    memory = np.ones((9, 4), np.float32)
    memory.flags.writeable = False
    with pytest.raises(ValueError, match=r"^box_convert: out is read-only; results cannot"):
        ops.box_convert(BOXES, out=memory)


def test_an_input_read_backwards_is_seen_to_overlap() -> None:
    memory = np.ones((9, 4), np.float32)
    with pytest.raises(ValueError, match=r"^box_convert: out shares memory with boxes"):
        ops.box_convert(memory[::-1], out=memory)


def test_empty_results_overlap_nothing() -> None:
    memory = np.ones((0, 4), np.float32)
    assert ops.box_convert(memory, out=memory) is memory


def test_torch_memory_that_a_gradient_needs() -> None:
    torch = framework("torch")
    boxes = torch.from_numpy(BOXES.copy())
    memory = torch.ones(9, 4)
    with pytest.raises(ValueError, match=r"^box_convert: out requires a gradient; results cannot"):
        ops.box_convert(boxes, out=memory.clone().requires_grad_())
    with pytest.raises(ValueError, match=r"^box_convert: out is given while the call is recorded"):
        ops.box_convert(boxes.clone().requires_grad_(), out=memory)
    with torch.no_grad():
        assert ops.box_convert(boxes.clone().requires_grad_(), out=memory) is memory

    factor = torch.ones(9, 4, requires_grad=True)
    product = (factor * memory).sum()
    ops.box_convert(boxes, out=memory)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


def test_torch_memory_that_is_none() -> None:
    torch = framework("torch")
    boxes = torch.from_numpy(BOXES.copy())
    with torch._subclasses.FakeTensorMode():
        fake = torch.empty(9, 4)
    with pytest.raises(ValueError, match=r"^box_convert: out is a FakeTensor; results cannot"):
        ops.box_convert(boxes, out=fake)
    with pytest.raises(RuntimeError, match=r"^box_convert: out is on meta; expected cpu"):
        ops.box_convert(boxes, out=torch.empty(9, 4, device="meta"))


def test_mindspore_memory_is_written_after_what_still_reads_it() -> None:
    mindspore = framework("mindspore")
    boxes = to_tensor("mindspore", BOXES)
    memory = mindspore.ops.ones((9, 4), mindspore.float32)
    square = mindspore.ops.ones((900, 900), mindspore.float32)
    for _ in range(4):
        square = mindspore.ops.matmul(square, square) / 900
    read = memory + square[0, 0]
    ops.box_convert(boxes, target_layout="xywh", out=memory)
    assert (read.asnumpy() == 2).all()
    after = (memory + 1).asnumpy()
    np.testing.assert_array_equal(after, ops.box_convert(BOXES, target_layout="xywh") + 1)
