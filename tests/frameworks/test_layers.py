"""Results come back in the framework of the tensors, which is found without importing any."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from child_process import python_output
from framework_tensors import FRAMEWORKS, Array, framework, framework_of, to_array, to_tensor

from opsbridge.errors import DeviceError, DtypeError
from opsbridge.frameworks import layer_of
from opsbridge.mindspore.ops import NMSWithMask, ROIAlign
from opsbridge.torchvision.ops import RoIAlign, nms, roi_align

BOXES = np.array([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2, 2]])
SCORES = np.array([0.8, 0.7, 0.6])
FEATURES = np.arange(96.0).reshape(2, 3, 4, 4)
ROIS = np.array([[0, 0, 0, 2, 2], [1, 1, 1, 3, 3], [1, 0, 0, 1, 3.0]])


def check(result: Any, name: str, dtype: str, shape: tuple[int, ...]) -> Array:
    """The result belongs to a framework and has a dtype and a shape."""
    assert framework_of(result) == name
    array = to_array(result)
    assert (array.dtype.name, array.shape) == (dtype, shape)
    return array


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torchvision_shaped_results(name: str, dtype: str) -> None:
    boxes, scores, features, rois = (
        to_tensor(name, array.astype(dtype)) for array in (BOXES, SCORES, FEATURES, ROIS)
    )
    assert check(nms(boxes, scores, 0.4), name, "int64", (2,)).tolist() == [0, 2]
    check(roi_align(features, rois, (2, 1)), name, dtype, (3, 3, 2, 1))
    check(RoIAlign((2, 1), 1.0, 2)(features, rois), name, dtype, (3, 3, 2, 1))


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_mindspore_shaped_results(name: str) -> None:
    bboxes = to_tensor(name, np.column_stack((BOXES, SCORES)).astype(np.float32))
    boxes, positions, selected = NMSWithMask(0.4)(bboxes)
    check(boxes, name, "float32", (3, 5))
    assert check(positions, name, "int32", (3,)).tolist() == [0, 1, 2]
    assert check(selected, name, "bool", (3,)).tolist() == [True, False, True]
    features, rois = (to_tensor(name, array.astype(np.float32)) for array in (FEATURES, ROIS))
    check(ROIAlign(2, 1, 1.0)(features, rois), name, "float32", (3, 3, 2, 1))


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_list_of_boxes_per_image_equals_regions_with_a_batch_column(name: str) -> None:
    features = to_tensor(name, FEATURES)
    listed = [to_tensor(name, ROIS[:1, 1:]), to_tensor(name, ROIS[1:, 1:])]
    packed = roi_align(features, to_tensor(name, ROIS), 2)
    for given in (listed, tuple(listed)):
        np.testing.assert_array_equal(to_array(roi_align(features, given, 2)), to_array(packed))
    empty = [to_tensor(name, ROIS[:0, 1:])] * 2
    check(roi_align(features, empty, 2), name, "float64", (0, 3, 2, 2))


@pytest.mark.parametrize(("first", "second"), list(permutations(FRAMEWORKS, 2)))
def test_tensors_of_two_frameworks_are_refused(first: str, second: str) -> None:
    boxes = to_tensor(first, BOXES.astype(np.float32))
    scores = to_tensor(second, SCORES.astype(np.float32))
    with pytest.raises(DtypeError) as caught:
        nms(boxes, scores, 0.4)
    spelled = {"numpy": "numpy.ndarray", "torch": "torch.Tensor", "mindspore": "mindspore.Tensor"}
    assert str(caught.value) == (
        f"nms: scores is a {spelled[second]}, but the first tensor is a {spelled[first]}; "
        "all tensors of a call must come from one framework"
    )


def test_tensors_on_two_devices_are_refused() -> None:
    boxes = to_tensor("torch", BOXES.astype(np.float32))
    scores = to_tensor("torch", SCORES.astype(np.float32))
    with pytest.raises(DeviceError) as caught:
        nms(boxes, scores.to("meta"), 0.4)
    assert str(caught.value) == (
        "nms: scores is on meta, but boxes is on cpu; they must be on one device"
    )
    with pytest.raises(DeviceError) as caught:
        NMSWithMask(0.4)(framework("torch").zeros(3, 5, device="meta"))
    assert str(caught.value) == (
        "NMSWithMask: bboxes is on meta, but this build has kernels for cpu only"
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_foreign_byte_order_is_another_dtype(order: str) -> None:
    boxes = BOXES.astype(f"{order}f4")
    if boxes.dtype.isnative:
        assert nms(boxes, SCORES.astype(np.float32), 0.4).tolist() == [0, 2]
        return
    with pytest.raises(DtypeError) as caught:
        nms(boxes, SCORES.astype(np.float32), 0.4)
    assert str(caught.value) == f"nms: boxes is {order}f4; allowed: float32, float64"


class Subclass(np.ndarray[Any, Any]):
    """An array of the user's own class."""


def test_the_layer_of_a_value() -> None:
    assert layer_of(np.zeros(1)) is layer_of(np.zeros(1).view(Subclass))
    for value in ([1.0], 1.0, None, "numpy", np.float32(1), object(), np.ndarray):
        assert layer_of(value) is None


def test_a_class_that_only_says_it_comes_from_a_framework_is_none_of_its_tensors() -> None:
    impostor = type("ndarray", (), {"__module__": "numpy"})
    assert layer_of(impostor()) is None


def test_asking_for_a_layer_imports_no_other_framework() -> None:
    code = """
        import sys
        import numpy as np
        from opsbridge.frameworks import layer_of
        assert layer_of(np.zeros(1)) is not None
        assert layer_of([1]) is None
        print(*{"torch", "mindspore", "tvm_ffi"} & set(sys.modules))
    """
    assert python_output(code) == ""
