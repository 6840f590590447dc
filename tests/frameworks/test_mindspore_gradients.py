"""Gradients on MindSpore tensors are those of the core's backward operators, to the bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import opsbridge.mindspore.ops as mindspore_shaped
import opsbridge.mmcv.ops as mmcv_shaped
import opsbridge.torchvision.ops as torchvision_shaped
from opsbridge.errors import OpsbridgeError

mindspore = pytest.importorskip("mindspore", reason="tests the layer of MindSpore tensors")
torch = pytest.importorskip("torch", reason="compares with gradients of torch tensors")

RNG = np.random.default_rng(11)
FEATURES = RNG.standard_normal((2, 8, 12, 10))
ROIS = np.array([[0, 1.25, 1.5, 9.1, 9.7], [1, 2, 3, 9, 10.5], [0, 4, 4, 4.5, 4.25]])
BOXES = np.array([[0, 0, 4, 4], [1, 0, 3.5, 4], [5, 5, 9, 9.5]])
OTHERS = np.array([[1, 1, 5, 3], [4.5, 5, 9, 8]])

REGIONS: dict[str, Callable[..., Any]] = {
    "roi_align": lambda x, r: torchvision_shaped.roi_align(x, r, (3, 2), 0.5),
    "roi_align aligned": lambda x, r: torchvision_shaped.roi_align(x, r, 2, 0.5, 2, True),
    "roi_pool": lambda x, r: torchvision_shaped.roi_pool(x, r, (2, 3)),
    "ps_roi_align": lambda x, r: torchvision_shaped.ps_roi_align(x, r, 2, 0.5, 2),
    "ps_roi_pool": lambda x, r: torchvision_shaped.ps_roi_pool(x, r, 2),
    "RoIAlign": lambda x, r: torchvision_shaped.RoIAlign(2, 1.0, 2)(x, r),
    "ROIAlign mode 0": lambda x, r: mindspore_shaped.ROIAlign(2, 2, 0.5, 2, 0)(x, r),
    "ROIAlign mode 1": lambda x, r: mindspore_shaped.ROIAlign(2, 2, 0.5, 2, 1)(x, r),
    "mmcv maximum": lambda x, r: mmcv_shaped.RoIAlign(2, 0.5, 2, pool_mode="max")(x, r),
}
BOX_OPERATORS: dict[str, Callable[..., Any]] = {
    "box_iou": torchvision_shaped.box_iou,
    "generalized_box_iou": torchvision_shaped.generalized_box_iou,
    "distance_box_iou": torchvision_shaped.distance_box_iou,
    "complete_box_iou": torchvision_shaped.complete_box_iou,
    "box_area": lambda boxes, others: torchvision_shaped.box_area(boxes),
    "clip": lambda boxes, others: torchvision_shaped.clip_boxes_to_image(boxes, (6, 4)),
    "box_convert": lambda boxes, others: torchvision_shaped.box_convert(boxes, "xyxy", "cxcywh"),
}


def loss_of(operator: Callable[..., Any]) -> Callable[..., Any]:
    """A number whose gradient weighs every result differently."""

    def loss(first: Any, second: Any) -> Any:
        result = operator(first, second)
        return (result * result).sum()

    return loss


def gradients_on_torch(loss: Callable[..., Any], *arrays: Any) -> list[Any]:
    """The gradients of torch tensors; zeros for a tensor without one."""
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    loss(*tensors).backward()
    return [
        np.zeros_like(array) if tensor.grad is None else tensor.grad.numpy()
        for tensor, array in zip(tensors, arrays, strict=True)
    ]


def assert_same_gradients(operator: Callable[..., Any], *arrays: Any) -> None:
    """MindSpore's gradients of the loss are torch's, and some are not zero."""
    loss = loss_of(operator)
    tensors = [mindspore.Tensor(array) for array in arrays]
    gradients = mindspore.grad(loss, (0, 1))(*tensors)
    wanted = gradients_on_torch(loss, *arrays)
    assert wanted[0].any()
    for gradient, expected in zip(gradients, wanted, strict=True):
        assert gradient.asnumpy().dtype == expected.dtype
        np.testing.assert_array_equal(gradient.asnumpy(), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", REGIONS)
def test_region_operators_have_the_gradients_of_torch_tensors(name: str, dtype: Any) -> None:
    if name.startswith("ROIAlign") and dtype == np.float64:
        dtype = np.float32  # MindSpore's operator, and so ours, takes no float64
    assert_same_gradients(REGIONS[name], FEATURES.astype(dtype), ROIS.astype(dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", BOX_OPERATORS)
def test_box_operators_have_the_gradients_of_torch_tensors(name: str, dtype: Any) -> None:
    assert_same_gradients(BOX_OPERATORS[name], BOXES.astype(dtype), OTHERS.astype(dtype))


class Head(mindspore.nn.Cell):  # type: ignore[misc]
    """Features with a weight, pooled."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = mindspore.Parameter(mindspore.Tensor(1.5, mindspore.float32), name="weight")
        self.align = mindspore_shaped.ROIAlign(2, 2, 1.0, 2, 1)

    def construct(self, features: Any, rois: Any) -> Any:
        return self.align(features * self.weight, rois).sum()


def test_every_way_to_ask_for_a_gradient_gives_the_same() -> None:
    features = mindspore.Tensor(FEATURES.astype(np.float32))
    rois = mindspore.Tensor(ROIS.astype(np.float32))
    head = Head()
    by_function = mindspore.grad(head)(features, rois)
    loss, by_value = mindspore.value_and_grad(head)(features, rois)
    by_operation = mindspore.ops.GradOperation()(head)(features, rois)
    of_weight = mindspore.grad(head, None, head.weight)(features, rois)
    assert by_function.asnumpy().any()
    np.testing.assert_array_equal(by_value.asnumpy(), by_function.asnumpy())
    np.testing.assert_array_equal(by_operation.asnumpy(), by_function.asnumpy())
    assert of_weight.asnumpy() * 1.5 == pytest.approx(loss.asnumpy(), rel=1e-5)


def test_the_real_operator_agrees_where_it_is_right() -> None:
    features = mindspore.Tensor(FEATURES.astype(np.float32))
    rois = mindspore.Tensor(ROIS.astype(np.float32))
    gradients = [
        mindspore.grad(loss_of(operators.ROIAlign(2, 2, 1.0, 2, 1)))(features, rois).asnumpy()
        for operators in (mindspore_shaped, mindspore.ops)
    ]
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-5, atol=1e-5)


def test_indices_are_constants_of_a_loss() -> None:
    boxes, scores = mindspore.Tensor(BOXES), mindspore.Tensor(np.array([0.3, 0.9, 0.5]))
    gradient = mindspore.grad(lambda b, s: b[torchvision_shaped.nms(b, s, 0.3)].sum())
    assert gradient(boxes, scores).asnumpy().tolist() == [[0.0] * 4, [1.0] * 4, [1.0] * 4]


def test_a_gradient_that_is_not_there_is_not_zero() -> None:
    boxes, scores = mindspore.Tensor(BOXES), mindspore.Tensor(np.array([0.3, 0.9, 0.5]))
    with pytest.raises(OpsbridgeError, match="nms: there is no gradient of keep"):
        mindspore.grad(lambda b, s: torchvision_shaped.nms(b, s, 0.3).sum())(boxes, scores)
    images = mindspore.Tensor(np.ones((1, 4, 4, 1), np.float32))
    boxes = mindspore.Tensor([[0, 0, 1, 1]], mindspore.float32)
    index = mindspore.Tensor([0], mindspore.int32)
    crop = mindspore_shaped.crop_and_resize
    with pytest.raises(OpsbridgeError, match="crop_and_resize: there is no gradient of "):
        mindspore.grad(lambda image: crop(image, boxes, index, (2, 2)).sum())(images)


def test_a_second_derivative_is_refused() -> None:
    loss = loss_of(REGIONS["roi_align"])
    tensors = mindspore.Tensor(FEATURES), mindspore.Tensor(ROIS)
    with pytest.raises(OpsbridgeError, match="roi_align: there is no second derivative"):
        mindspore.grad(lambda x, r: mindspore.grad(loss)(x, r).sum())(*tensors)
