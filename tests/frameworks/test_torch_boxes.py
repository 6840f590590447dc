"""Box functions under PyTorch's ways of running: gradients, fake tensors, compiled, exported."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import generator
from real_frameworks import torchvision_ops

from opsbridge.core.box_iou import BoxIouRule
from opsbridge.torchvision import ops as ours

torch: Any = pytest.importorskip("torch", reason="tests the layer of torch tensors")

FORMATS = ("xyxy", "xywh", "cxcywh")
OVERLAPS: dict[str, tuple[str, tuple[Any, ...]]] = {
    **{f"box_iou {layout}": ("box_iou", (layout,)) for layout in FORMATS},
    "generalized_box_iou": ("generalized_box_iou", ()),
    "distance_box_iou": ("distance_box_iou", ()),
    "complete_box_iou": ("complete_box_iou", ()),
}
SINGLE: dict[str, tuple[str, tuple[Any, ...]]] = {
    **{f"box_area {layout}": ("box_area", (layout,)) for layout in FORMATS},
    **{f"box_convert {a} {b}": ("box_convert", (a, b)) for a in FORMATS for b in FORMATS},
    "clip_boxes_to_image": ("clip_boxes_to_image", ((20, 30.5),)),
}


def boxes(*leading: int, seed: int, dtype: str = "float64") -> Any:
    """Boxes that overlap each other, with a gradient wanted."""
    rng = generator("torch boxes", seed)
    corner = rng.uniform(-5, 20, (*leading, 2))
    made = np.concatenate([corner, corner + rng.uniform(5, 25, (*leading, 2))], axis=-1)
    return torch.from_numpy(made).to(getattr(torch, dtype)).requires_grad_()


def gradients(function: Any, tensors: tuple[Any, ...], arguments: tuple[Any, ...]) -> list[Any]:
    """Gradients of a sum in which every element of the result has its own weight."""
    result = function(*tensors, *arguments)
    weights = torch.linspace(-1, 2, result.numel(), dtype=torch.float64).reshape(result.shape)
    return list(torch.autograd.grad((result.double() * weights).sum(), tensors))


def check_gradients(
    name: str, tensors: tuple[Any, ...], arguments: tuple[Any, ...], rtol: float = 1e-9
) -> None:
    """Ours are those of the real function."""
    wanted = gradients(getattr(torchvision_ops(), name), tensors, arguments)
    found = gradients(getattr(ours, name), tensors, arguments)
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == other.dtype
        torch.testing.assert_close(one, other, rtol=rtol, atol=rtol, equal_nan=True)


@pytest.mark.parametrize("call", OVERLAPS)
def test_gradients_of_overlaps(call: str) -> None:
    name, arguments = OVERLAPS[call]
    check_gradients(name, (boxes(7, seed=1), boxes(5, seed=2)), arguments)
    check_gradients(name, (boxes(3, 1, 4, seed=3), boxes(2, 5, seed=4)), arguments)
    check_gradients(name, (boxes(0, seed=1), boxes(5, seed=2)), arguments)
    single = boxes(7, seed=1, dtype="float32"), boxes(5, seed=2, dtype="float32")
    check_gradients(name, single, arguments, rtol=1e-4)


@pytest.mark.parametrize("call", OVERLAPS)
def test_gradients_of_touching_equal_and_inverted_boxes(call: str) -> None:
    name, arguments = OVERLAPS[call]
    rows = [[0, 0, 4, 4], [4, 0, 8, 4], [0, 0, 4, 4], [6, 6, 2, 3], [1, 0, 4, 9], [20, 20, 21, 30]]
    tied = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    check_gradients(name, (tied, tied.detach().clone().requires_grad_()), arguments)


# The gradient of complete_box_iou holds the weight of its penalty constant, as the real one does.
@pytest.mark.parametrize("call", [call for call in OVERLAPS if call != "complete_box_iou"])
def test_gradcheck_of_overlaps(call: str) -> None:
    name, arguments = OVERLAPS[call]
    pair = boxes(4, seed=5), boxes(3, seed=6)
    assert torch.autograd.gradcheck(lambda a, b: getattr(ours, name)(a, b, *arguments), pair)


def test_one_tensor_on_both_sides_and_twice_in_one_graph() -> None:
    both = boxes(5, seed=7)
    single = gradients(lambda a: ours.generalized_box_iou(a, a), (both,), ())
    wanted = gradients(lambda a: torchvision_ops().generalized_box_iou(a, a), (both,), ())
    torch.testing.assert_close(single, wanted)
    twice = gradients(lambda a: 2 * ours.generalized_box_iou(a, a), (both,), ())
    torch.testing.assert_close(twice[0], 2 * single[0])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_gradients_of_narrow_floats_are_rounded_once(dtype: str) -> None:
    pair = boxes(7, seed=1, dtype=dtype), boxes(5, seed=2, dtype=dtype)
    exact = tuple(each.detach().double().requires_grad_() for each in pair)
    unit = torch.finfo(getattr(torch, dtype)).eps
    for name in ("box_iou", "generalized_box_iou", "distance_box_iou"):
        found = gradients(getattr(ours, name), pair, ())
        for one, other in zip(found, gradients(getattr(ours, name), exact, ()), strict=True):
            assert one.dtype == getattr(torch, dtype)
            torch.testing.assert_close(one.double(), other, rtol=unit, atol=1e-6)


@pytest.mark.parametrize("call", SINGLE)
def test_gradients_of_single_boxes(call: str) -> None:
    name, arguments = SINGLE[call]
    for leading in ((7,), (), (2, 3), (0,)):
        check_gradients(name, (boxes(*leading, seed=8),), arguments)
    check_gradients(name, (boxes(7, seed=8, dtype="float32"),), arguments, rtol=1e-5)


def test_gradient_of_clipping_at_the_border() -> None:
    border = torch.tensor([[0.0, 0, 30, 20], [-1, -2, 31, 21]], requires_grad=True)
    check_gradients("clip_boxes_to_image", (border,), ((20, 30),))


def test_what_has_no_gradient() -> None:
    given = boxes(5, seed=9)
    assert not ours.remove_small_boxes(given, 3).requires_grad
    assert not ours.masks_to_boxes(torch.ones(1, 2, 3, requires_grad=True) > 0).requires_grad


def every_function(a: Any, b: Any) -> tuple[Any, ...]:
    """All functions on one pair of sets of boxes."""
    clipped = ours.clip_boxes_to_image(ours.box_convert(a, "xyxy", "xywh"), (20, 30.5))
    return (
        ours.box_iou(a, b, "cxcywh"),
        ours.generalized_box_iou(a, b),
        ours.distance_box_iou(a, b, 1e-3),
        ours.complete_box_iou(a, b),
        ours.box_area(clipped),
        ours.remove_small_boxes(a, 12.5),
        ours.masks_to_boxes(a[None] > 5),
    )


def test_compiled_for_any_number_of_boxes() -> None:
    compiled = torch.compile(every_function, fullgraph=True, dynamic=True, backend="eager")
    for count in (7, 5, 9):
        pair = boxes(count, seed=1).detach(), boxes(count + 1, seed=2).detach()
        torch.testing.assert_close(compiled(*pair), every_function(*pair), rtol=0, atol=0)


def test_compiled_gradients() -> None:
    pair = boxes(7, seed=1), boxes(5, seed=2)
    compiled = torch.compile(ours.generalized_box_iou, fullgraph=True, backend="aot_eager")
    found, wanted = (gradients(call, pair, ()) for call in (compiled, ours.generalized_box_iou))
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", ["float16", "float64", "uint8", "int64"])
def test_fake_results_are_like_real_ones(dtype: str) -> None:
    from torch._subclasses import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    given = torch.tensor([[3, 4, 9, 12], [1, 1, 8, 9]]).to(getattr(torch, dtype))
    calls = {
        **{f"box_convert {pair}": ("box_convert", pair) for pair in (("xyxy", "cxcywh"),)},
        "box_convert": ("box_convert", ("xyxy", "xywh")),
        "box_area": ("box_area", ()),
        "clip": ("clip_boxes_to_image", ((7, 8),)),
        "clip to floats": ("clip_boxes_to_image", ((7.5, 8),)),
        "box_iou": ("box_iou", (given[:1],)),
    }
    for name, arguments in calls.values():
        real = getattr(ours, name)(given, *arguments)
        with FakeTensorMode(shape_env=ShapeEnv()) as mode:
            fakes = [mode.from_tensor(a) if isinstance(a, torch.Tensor) else a for a in arguments]
            fake = getattr(ours, name)(mode.from_tensor(given), *fakes)
        assert (fake.dtype, fake.shape) == (real.dtype, real.shape)


def test_library_operators_pass_pytorchs_own_checks() -> None:
    given = boxes(5, seed=1), boxes(4, seed=2)
    settings = {"outputs": ["overlaps"], "dtypes": ["float"], "caller": '["box_iou", {}, {}, null]'}
    torch.library.opcheck(
        torch.ops.opsbridge.box_iou.default, given, {"rule": BoxIouRule().word, **settings}
    )


@pytest.mark.parametrize("call", [call for call in OVERLAPS if call != "complete_box_iou"])
def test_gradients_of_corners_that_are_no_numbers(call: str) -> None:
    name, arguments = OVERLAPS[call]
    rows = np.tile(np.array([[1.0, 2, 5, 7]]), (5, 1))
    rows[np.arange(4), np.arange(4)] = np.nan
    spoilt = torch.from_numpy(rows).requires_grad_()
    for pair in ((spoilt, boxes(1, seed=2)), (boxes(1, seed=2), spoilt)):
        check_gradients(name, pair, arguments)


def test_no_number_stays_none_in_bfloat16() -> None:
    given = torch.tensor([[1, float("nan"), float("inf"), -float("nan")]]).bfloat16()
    for name, arguments in (
        ("clip_boxes_to_image", ((20, 30),)),
        ("box_convert", ("xyxy", "xywh")),
    ):
        found = getattr(ours, name)(given, *arguments)
        wanted = getattr(torchvision_ops(), name)(given, *arguments)
        torch.testing.assert_close(found, wanted, rtol=0, atol=0, equal_nan=True)
