"""Kernels read the caller's memory and write the result's: nothing is copied on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from framework_tensors import FRAMEWORKS, Array, framework, to_array, to_tensor
from spy import Spy, address_of

from opsbridge.mindspore.ops import NMSWithMask
from opsbridge.torchvision.ops import nms, roi_align

BOXES = np.array([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2, 2], [5, 5, 7, 7]], np.float32)
SCORES = np.array([0.8, 0.7, 0.6, 0.5], np.float32)
FEATURES = np.arange(32, dtype=np.float32).reshape(1, 2, 4, 4)
ROIS = np.array([[0, 0, 0, 2, 2], [0, 1, 1, 3, 3]], np.float32)
KEEP = [0, 2, 3]

View = Callable[[Array], Array]


def read_only(array: Array) -> Array:
    """The same memory, not to be written."""
    view = array.view()
    view.setflags(write=False)
    return view


def field_of_a_record(array: Array) -> Array:
    """One field of records whose size is a multiple of the field's."""
    record = np.zeros(array.shape, np.dtype([("pad", "f4"), ("value", "f4")]))
    record["value"] = array
    return record["value"]


def every_second(array: Array) -> Array:
    """Every other element of a wider array."""
    return np.repeat(np.repeat(array, 2, axis=0), 2, axis=1)[::2, ::2]


def reversed_twice(array: Array) -> Array:
    """Negative strides in both axes."""
    return np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1]


NUMPY_VIEWS: dict[str, View] = {
    "contiguous": np.array,
    "column-major": np.asfortranarray,
    "strided": every_second,
    "negative strides": reversed_twice,
    "read-only": read_only,
    "read-only strided": lambda array: read_only(every_second(array)),
    "field of a record": field_of_a_record,
    "broadcast": lambda array: np.broadcast_to(array, array.shape),
}


def first_address(tensor: Any) -> int:
    """Where the first element of a tensor lies."""
    if isinstance(tensor, np.ndarray):
        return int(tensor.__array_interface__["data"][0])
    return int(tensor.data_ptr())


@pytest.mark.parametrize("memory", NUMPY_VIEWS)
def test_numpy_arrays_are_read_in_place(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes, spy = NUMPY_VIEWS[memory](BOXES), Spy(monkeypatch)
    assert nms(boxes, SCORES, 0.4).tolist() == KEEP
    assert spy.addresses[:2] == [first_address(boxes), first_address(SCORES)]
    np.testing.assert_array_equal(boxes, BOXES)


def test_a_broadcast_array_is_not_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes, spy = np.broadcast_to(BOXES[0], (1000, 4)), Spy(monkeypatch)
    assert nms(boxes, np.broadcast_to(SCORES[:1], 1000), 0.4).tolist() == [0]
    assert spy.addresses[:2] == [first_address(BOXES), first_address(SCORES)]


def test_a_field_that_dlpack_cannot_describe_is_right_nonetheless() -> None:
    record = np.zeros(4, np.dtype([("pad", "i1"), ("box", "f4", 4), ("score", "f4")]))
    record["box"], record["score"] = BOXES, SCORES
    assert record.itemsize % 4 != 0
    assert nms(record["box"], record["score"], 0.4).tolist() == KEEP


def test_an_array_that_starts_between_two_elements_is_right_nonetheless() -> None:
    memory = b"x" + BOXES.tobytes()
    boxes = np.frombuffer(memory, np.float32, offset=1).reshape(4, 4)
    assert not boxes.flags.aligned
    assert nms(boxes, SCORES, 0.4).tolist() == KEEP


def torch_views(boxes: Any) -> dict[str, Any]:
    """The same boxes in torch memory of every kind."""
    torch = framework("torch")
    return {
        "contiguous": boxes,
        "column-major": boxes.t().contiguous().t(),
        "strided": boxes.repeat_interleave(2, dim=0)[::2],
        "part": torch.cat([boxes, boxes])[4:],
        "parameter": torch.nn.Parameter(boxes, requires_grad=False),
        "detached": boxes.clone().requires_grad_().detach(),
    }


@pytest.mark.parametrize(
    "memory", ["contiguous", "column-major", "strided", "part", "parameter", "detached"]
)
def test_torch_tensors_are_read_in_place(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = torch_views(to_tensor("torch", BOXES))[memory]
    scores, spy = to_tensor("torch", SCORES), Spy(monkeypatch)
    assert nms(boxes, scores, 0.4).tolist() == KEEP
    assert spy.addresses[:2] == [boxes.data_ptr(), scores.data_ptr()]


@pytest.mark.parametrize("memory", ["contiguous", "part", "strided", "column-major"])
def test_mindspore_tensors_are_read_in_place(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = {
        "contiguous": lambda: to_tensor("mindspore", BOXES),
        "part": lambda: to_tensor("mindspore", np.concatenate([BOXES, BOXES]))[4:],
        "strided": lambda: to_tensor("mindspore", np.repeat(BOXES, 2, axis=0))[::2],
        "column-major": lambda: to_tensor("mindspore", BOXES.T).transpose(1, 0),
    }[memory]()
    scores, spy = to_tensor("mindspore", SCORES), Spy(monkeypatch)
    assert nms(boxes, scores, 0.4).asnumpy().tolist() == KEEP
    assert spy.addresses[:2] == [boxes.data_ptr(), scores.data_ptr()]


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_results_are_the_memory_that_the_kernel_wrote(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(monkeypatch)
    keep = nms(to_tensor(name, BOXES), to_tensor(name, SCORES), 0.4)
    assert first_address(keep) == spy.addresses[2]
    spy.addresses.clear()
    pooled = roi_align(to_tensor(name, FEATURES), to_tensor(name, ROIS), 2)
    assert first_address(pooled) == spy.addresses[2]
    spy.addresses.clear()
    bboxes = to_tensor(name, np.column_stack((BOXES, SCORES)))
    outputs = NMSWithMask(0.4)(bboxes)
    assert spy.addresses[:2] == [first_address(bboxes)] * 2
    assert [first_address(output) for output in outputs] == spy.addresses[2:]


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_inputs_are_left_as_they_are(name: str) -> None:
    arrays = (BOXES, SCORES, FEATURES, ROIS)
    boxes, scores, features, rois = tensors = [to_tensor(name, array) for array in arrays]
    nms(boxes, scores, 0.4)
    roi_align(features, rois, 2)
    for tensor, array in zip(tensors, arrays, strict=True):
        assert to_array(tensor).tobytes() == array.tobytes()


def test_the_spy_sees_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    unaligned = np.zeros(4, np.dtype([("pad", "i1"), ("score", "f4")]))["score"]
    spy = Spy(monkeypatch)
    nms(BOXES, unaligned, 0.4)
    assert spy.addresses[0] == address_of(BOXES)
    assert spy.addresses[1] != address_of(unaligned)
