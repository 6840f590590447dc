"""`torch.func` over the operators: gradients that are those of autograd, or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from api_calls import BOXES, FEATURES, ROIS, SCORES

from opsbridge import ops as canonical
from opsbridge.torchvision import ops

torch: Any = pytest.importorskip("torch", reason="tests the transforms of PyTorch")

ROWS = torch.from_numpy(ROIS.copy()).double()
CORNERS = torch.from_numpy(BOXES.copy()).double()
GIVEN = {"features": torch.from_numpy(FEATURES.copy()).double(), "boxes": CORNERS}
CALLS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "roi_align": ("features", lambda x: ops.roi_align(x, ROWS, 2)),
    "roi_pool": ("features", lambda x: ops.roi_pool(x, ROWS, 2)),
    "maximum": (
        "features",
        lambda x: canonical.roi_align(x, ROWS, 2, 2, sampling_ratio=2, reduction="maximum"),
    ),
    "box_iou": ("boxes", lambda x: ops.box_iou(x, CORNERS + 1)),
    "both sides": ("boxes", lambda x: ops.generalized_box_iou(x, 2 * x)),
    "complete_box_iou": ("boxes", lambda x: ops.complete_box_iou(x, CORNERS + 1)),
    "box_area": ("boxes", ops.box_area),
    "box_convert": ("boxes", lambda x: ops.box_convert(x, "cxcywh", "xyxy")),
    "clip": ("boxes", lambda x: ops.clip_boxes_to_image(x, (2, 3))),
    "box_encode": ("boxes", lambda x: canonical.box_encode(x + 1, x)),
    "box_decode": ("boxes", lambda x: canonical.box_decode(x, x / 9, 30, 30)),
}
each_call = pytest.mark.parametrize("name", CALLS)


def squares(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda given: (call(given) ** 2).sum()


def by_autograd(call: Callable[[Any], Any], given: Any) -> Any:
    leaf = given.clone().requires_grad_()
    squares(call)(leaf).backward()
    return leaf.grad


@each_call
def test_the_gradient_is_that_of_autograd(name: str) -> None:
    kind, call = CALLS[name]
    expected = by_autograd(call, GIVEN[kind])
    assert expected.any()
    assert torch.equal(torch.func.grad(squares(call))(GIVEN[kind]), expected)


@each_call
def test_gradients_of_a_batch(name: str) -> None:
    kind, call = CALLS[name]
    batch = torch.stack([GIVEN[kind], GIVEN[kind] * 0.75])
    expected = torch.stack([by_autograd(call, each) for each in batch])
    assert torch.equal(torch.func.vmap(torch.func.grad(squares(call)))(batch), expected)


@each_call
def test_a_jacobian_holds_the_gradient_of_each_element(name: str) -> None:
    kind, call = CALLS[name]
    result, pull_back = torch.func.vjp(call, GIVEN[kind])
    assert torch.equal(result, call(GIVEN[kind]))
    jacobian = torch.func.jacrev(call)(GIVEN[kind])
    weights = torch.linspace(-1, 2, result.numel(), dtype=torch.float64).reshape(result.shape)
    summed = torch.tensordot(weights, jacobian, dims=result.dim())
    torch.testing.assert_close(pull_back(weights)[0], summed)


@each_call
def test_second_derivatives_are_refused(name: str) -> None:
    kind, call = CALLS[name]
    first = torch.func.grad(squares(call))
    with pytest.raises(RuntimeError, match="there is no second derivative"):
        torch.func.grad(lambda given: first(given).sum())(GIVEN[kind])


def test_indices_may_lie_on_the_way() -> None:
    scores = torch.from_numpy(SCORES.copy()).double()
    gradient = torch.func.grad(lambda boxes: boxes[ops.nms(boxes, scores, 0.4)].sum())(CORNERS)
    assert gradient[:, 0].tolist() == [1, 0, 1]
