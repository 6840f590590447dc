"""Gradients of the operators on regions in PyTorch's autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opsbridge.errors import OpsbridgeError
from opsbridge.mmcv import ops as mmcv_ops
from opsbridge.torchvision import ops

torch = pytest.importorskip("torch", reason="differentiates on torch tensors")

CALLS: dict[str, Callable[..., Any]] = {
    "roi_align": lambda f, r: ops.roi_align(f, r, 2, 0.7, 2),
    "roi_align aligned": lambda f, r: ops.roi_align(f, r, 2, 0.7, 3, True),
    "roi_align adaptive": lambda f, r: ops.roi_align(f, r, 2, 0.7),
    "roi_align maximum": lambda f, r: mmcv_ops.roi_align(f, r, 2, 0.7, 2, "max"),
    "roi_pool": lambda f, r: ops.roi_pool(f, r, 2, 0.7),
    "roi_pool exact": lambda f, r: mmcv_ops.roi_pool(f, r, 2, 0.7),
    "ps_roi_align": lambda f, r: ops.ps_roi_align(f, r, 2, 0.7, 2),
    "ps_roi_pool": lambda f, r: ops.ps_roi_pool(f, r, 2, 0.7),
}
WITHOUT_FEATURES = ("roi_align", "ps_roi_align", "ps_roi_pool")
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def features(dtype: Any = None) -> Any:
    """Features no two of which are near each other, so that a maximum has a derivative."""
    torch.manual_seed(20261120)
    flat = torch.randperm(2 * 4 * 5 * 6).to(dtype or torch.float64)
    return (flat / 7 - 9).reshape(2, 4, 5, 6).requires_grad_()


def regions(dtype: Any = None) -> Any:
    """Regions inside, over the border, and far outside."""
    rows = [[0, 1, 1, 5, 5], [1, 0.5, 2, 8, 8], [1, -3, -2, 4, 3], [0, 30, 30, 40, 40]]
    return torch.tensor(rows, dtype=dtype or torch.float64)


@each_call
def test_gradients_are_those_of_the_values(call: Callable[..., Any]) -> None:
    rois = regions()
    assert torch.autograd.gradcheck(lambda f: call(f, rois), features())


@each_call
def test_an_operator_used_twice_adds_up(call: Callable[..., Any]) -> None:
    rois, leaf = regions(torch.float32), features(torch.float32)
    (once,) = torch.autograd.grad(call(leaf, rois).sum(), leaf)
    first, second = call(leaf, rois), call(leaf, rois)
    (twice,) = torch.autograd.grad((first + 2 * second).sum(), leaf)
    torch.testing.assert_close(twice, 3 * once, rtol=1e-6, atol=0)
    graph = call(leaf, rois).sum()
    graph.backward(retain_graph=True)
    graph.backward()
    torch.testing.assert_close(leaf.grad, 2 * once, rtol=0, atol=0)


@each_call
def test_the_number_of_threads_does_not_change_a_bit(call: Callable[..., Any]) -> None:
    before = torch.get_num_threads()
    rois = torch.cat([regions(torch.float32)] * 40)
    gradients = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            leaf = features(torch.float32)
            gradients += torch.autograd.grad(call(leaf, rois).square().sum(), leaf)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(gradients[0], other) for other in gradients[1:])


@each_call
def test_there_is_no_second_derivative(call: Callable[..., Any]) -> None:
    leaf = features()
    (gradient,) = torch.autograd.grad(call(leaf, regions()).square().sum(), leaf, create_graph=True)
    with pytest.raises(OpsbridgeError, match="there is no second derivative"):
        gradient.sum().backward()


@each_call
def test_regions_have_no_gradient(call: Callable[..., Any]) -> None:
    rois, leaf = regions().requires_grad_(), features()
    call(leaf, rois).sum().backward()
    assert rois.grad is None
    assert call(leaf.detach(), rois).requires_grad


@pytest.mark.parametrize("name", CALLS)
def test_features_are_kept_only_for_a_maximum(name: str) -> None:
    leaf, rois = features(), regions()
    kept: list[int] = []

    def pack(tensor: Any) -> Any:
        kept.append(tensor.untyped_storage().nbytes())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        CALLS[name](leaf, rois)
    holds_features = max(kept) >= leaf.untyped_storage().nbytes()
    assert holds_features != (name.split()[0] in WITHOUT_FEATURES and "maximum" not in name)


@each_call
def test_a_region_changed_before_the_gradient_is_noticed(call: Callable[..., Any]) -> None:
    leaf, rois = features(), regions()
    pooled = call(leaf, rois)
    rois[0, 0] = 9
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        pooled.sum().backward()


@each_call
def test_compiled_code_has_the_same_gradients(call: Callable[..., Any]) -> None:
    rois = regions(torch.float32)
    gradients = []
    for function in (call, torch.compile(call, backend="aot_eager", fullgraph=True)):
        leaf = features(torch.float32)
        gradients += torch.autograd.grad(function(leaf, rois).square().sum(), leaf)
    torch.testing.assert_close(*gradients, rtol=0, atol=0)


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
@each_call
def test_features_without_pixels_have_a_gradient_without_numbers(
    call: Callable[..., Any], size: tuple[int, int]
) -> None:
    empty = torch.zeros((2, 4, *size), requires_grad=True)  # lies nowhere: its address is null
    call(empty, regions(torch.float32)[:3]).sum().backward()
    assert empty.grad.shape == empty.shape
