"""Plain calls go straight to native code, with the results and errors that the operators have."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from direct_calls import forget_direct_calls, modules_that_call
from framework_tensors import FRAMEWORKS, Array, framework, to_array, to_tensor

from opsbridge.core import OPERATORS
from opsbridge.mindspore import ops as mindspore_ops
from opsbridge.mmcv import ops as mmcv_ops
from opsbridge.mmdet import ops as mmdet_ops
from opsbridge.torchvision import ops

RANDOM = np.random.default_rng(5)
CORNERS = RANDOM.integers(0, 40, (9, 2))
BOXES = np.concatenate((CORNERS, CORNERS + RANDOM.integers(4, 30, (9, 2))), axis=1)
OTHERS = BOXES[::-1][:5] + 3
SCORES = RANDOM.permutation(9) / 16
CLASSES = np.array([0, 1, 0, 2, 1, 0, 2, 2, 0])
FEATURES = RANDOM.integers(-50, 50, (2, 12, 9, 7)) / 8
ROIS = np.array([[0, 1, 2, 20, 30], [1, 5, 5, 12, 25], [1, 0, 0, 27, 35]])

Call = Callable[..., Any]

# Each call is made with tensors of every framework and dtype; ids and regions have their own kinds.
CALLS: dict[str, tuple[Call, tuple[Array, ...]]] = {
    "nms": (lambda b, s: ops.nms(b, s, 0.3), (BOXES, SCORES)),
    "nms by keyword": (
        lambda b, s: ops.nms(scores=s, iou_threshold=0.3, boxes=b),
        (BOXES, SCORES),
    ),
    "nms with an int": (lambda b, s: ops.nms(b, s, 0), (BOXES, SCORES)),
    "batched_nms": (lambda b, s, c: ops.batched_nms(b, s, c, 0.3), (BOXES, SCORES, CLASSES)),
    "batched_nms per class": (
        lambda b, s, c: ops.batched_nms(b, s, c, 0.3, strategy="shift"),
        (BOXES, SCORES, CLASSES),
    ),
    "box_area": (ops.box_area, (BOXES,)),
    "box_area of sizes": (lambda b: ops.box_area(b, fmt="xywh"), (BOXES,)),
    "box_convert": (lambda b: ops.box_convert(b, "xyxy", "cxcywh"), (BOXES,)),
    "box_iou": (ops.box_iou, (BOXES, OTHERS)),
    "box_iou of sizes": (lambda b, c: ops.box_iou(b, c, fmt="cxcywh"), (BOXES, OTHERS)),
    "generalized_box_iou": (ops.generalized_box_iou, (BOXES, OTHERS)),
    "distance_box_iou": (ops.distance_box_iou, (BOXES, OTHERS)),
    "complete_box_iou": (lambda b, c: ops.complete_box_iou(b, c, 1e-5), (BOXES, OTHERS)),
    "clip_boxes_to_image": (lambda b: ops.clip_boxes_to_image(b, (30, 25.5)), (BOXES,)),
    "roi_align": (
        lambda f, r: ops.roi_align(f, r, 3, spatial_scale=0.25, sampling_ratio=2, aligned=True),
        (FEATURES, ROIS),
    ),
    "roi_align of a pair": (lambda f, r: ops.roi_align(f, r, (3, 2), 0.25), (FEATURES, ROIS)),
    "RoIAlign": (lambda f, r: ops.RoIAlign([3, 2], 0.25, 2)(f, r), (FEATURES, ROIS)),
    "roi_pool": (lambda f, r: ops.roi_pool(f, r, 3, 0.25), (FEATURES, ROIS)),
    "ps_roi_align": (lambda f, r: ops.ps_roi_align(f, r, (3, 2), 0.25, 2), (FEATURES, ROIS)),
    "ps_roi_pool": (lambda f, r: ops.ps_roi_pool(f, r, (3, 2), 0.25), (FEATURES, ROIS)),
    "PSRoIPool": (lambda f, r: ops.PSRoIPool(2, 0.25)(f, r), (FEATURES, ROIS)),
    "mmcv nms": (lambda b, s: mmcv_ops.nms(b, s, 0.3, 1, 0.1, 4), (BOXES, SCORES)),
    "mmcv soft_nms": (lambda b, s: mmcv_ops.soft_nms(b, s, 0.3, 0.5, 0.1), (BOXES, SCORES)),
    "mmcv soft_nms by a long name": (
        lambda b, s: mmcv_ops.soft_nms(b, s, 0.3, method="gaussian", offset=1),
        (BOXES, SCORES),
    ),
    "mmdet soft_nms": (
        lambda b: mmdet_ops.soft_nms(b, 0.3, "linear"),
        (np.column_stack((BOXES, SCORES)),),
    ),
    "mmcv roi_align": (
        lambda f, r: mmcv_ops.roi_align(f, r, 2, 0.25, 2, "avg", True),
        (FEATURES, ROIS),
    ),
    "mmcv bbox_overlaps": (
        lambda b, c: mmcv_ops.bbox_overlaps(b, c, "iof", False, 1),
        (BOXES, OTHERS),
    ),
    "NMSWithMask": (
        lambda b: mindspore_ops.NMSWithMask(0.3)(b),
        (np.column_stack((BOXES, SCORES)),),
    ),
    "ROIAlign": (lambda f, r: mindspore_ops.ROIAlign(2, 3, 0.25)(f, r), (FEATURES, ROIS)),
    "IOU": (lambda b, c: mindspore_ops.IOU()(b, c), (BOXES, OTHERS)),
}


def outcome(call: Call, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The results with their types, or the error."""
    try:
        results = call(*values)
    except Exception as error:
        return type(error).__name__, str(error)
    listed = results if isinstance(results, tuple) else (results,)
    return tuple((type(each), str(each.dtype), to_array(each).tolist()) for each in listed)


@pytest.fixture
def only_direct(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Makes operators fail from then on, so that what succeeds was a direct call."""

    def forbid() -> None:
        def fail(name: str) -> None:
            raise AssertionError(f"{name} is called by its operator")

        for module in modules_that_call(OPERATORS.values()):
            monkeypatch.setattr(module, "native_function", fail)

    forget_direct_calls()
    yield forbid
    forget_direct_calls()


@pytest.mark.parametrize("framework_name", FRAMEWORKS)
@pytest.mark.parametrize("name", CALLS)
def test_a_direct_call_is_what_the_operator_computes(
    name: str, framework_name: str, only_direct: Callable[[], None]
) -> None:
    call, arrays = CALLS[name]
    found = 0
    wanted = {}
    for dtype in ("float32", "float64"):
        given = tuple(
            to_tensor(framework_name, a if a is CLASSES else a.astype(dtype)) for a in arrays
        )
        wanted[dtype] = given, outcome(call, given)
    only_direct()
    for given, first in wanted.values():
        if isinstance(first[0], str):  # a dtype that the API does not take
            continue
        assert outcome(call, given) == first
        found += 1
    assert found > 0


def test_the_guard_of_these_tests_works(only_direct: Callable[[], None]) -> None:
    only_direct()
    with pytest.raises(AssertionError, match="nms is called by its operator"):
        CALLS["nms"][0](BOXES.astype(np.float32), SCORES.astype(np.float32))


def unusual(framework_name: str) -> Iterator[tuple[str, Call, tuple[Any, ...]]]:
    """Calls that native code leaves to the operators."""

    def made(array: Array, dtype: str = "float32") -> Any:
        return to_tensor(framework_name, array.astype(dtype))

    boxes, others, scores = made(BOXES), made(OTHERS), made(SCORES)
    features, rois = made(FEATURES), made(ROIS)
    classes = to_tensor(framework_name, CLASSES)
    for threshold in (float("nan"), float("inf"), None, "a", True, 2**70, (0.5,), [0.5], {}, 1j):
        yield f"threshold {threshold}", ops.nms, (boxes, scores, threshold)
    for threshold in (np.float32(0.5), np.float64(0.25), np.int64(0), np.bool_(True), scores[0]):
        yield f"threshold {type(threshold)}", ops.nms, (boxes, scores, threshold)
    for dtype in ("float16", "int64", "uint8", "bool"):
        yield f"nms {dtype}", ops.nms, (made(BOXES, dtype), made(SCORES, dtype), 0.5)
        yield f"area {dtype}", ops.box_area, (made(BOXES, dtype),)
        yield f"iou {dtype}", ops.box_iou, (made(BOXES, dtype), made(OTHERS, dtype))
        yield f"clip {dtype}", ops.clip_boxes_to_image, (made(BOXES, dtype), (20.5, 20))
        yield f"clip {dtype}", ops.clip_boxes_to_image, (made(BOXES, dtype), (20, 20))
        yield f"convert {dtype}", ops.box_convert, (made(BOXES, dtype), "xyxy", "cxcywh")
        yield f"ids {dtype}", ops.batched_nms, (boxes, scores, made(CLASSES, dtype), 0.5)
        yield f"align {dtype}", ops.roi_align, (made(FEATURES, dtype), made(ROIS, dtype), 2)
    yield "mixed dtypes", ops.nms, (boxes, made(SCORES, "float64"), 0.5)
    yield "mixed dtypes", ops.box_iou, (boxes, made(OTHERS, "float64"))
    yield "fewer scores", ops.nms, (boxes, scores[:5], 0.5)
    yield "fewer classes", ops.batched_nms, (boxes, scores, classes[:5], 0.5)
    yield "nan id", ops.batched_nms, (boxes, scores, made(CLASSES * np.nan), 0.5)
    yield "no boxes", ops.nms, (boxes[:0], scores[:0], 0.5)
    yield "no boxes", ops.box_iou, (boxes[:0], others)
    yield "no regions", ops.roi_align, (features, rois[:0], 2)
    yield "ranks", ops.box_iou, (boxes[0], made(np.stack((OTHERS, OTHERS))))
    yield "ranks", ops.box_iou, (made(BOXES[None]), made(np.stack((OTHERS, OTHERS))))
    yield "ranks", ops.nms, (boxes[0], scores, 0.5)
    yield "ranks", ops.box_area, (boxes[0],)
    yield "columns", ops.nms, (boxes[:, :3], scores, 0.5)
    yield "columns", mindspore_ops.NMSWithMask(0.5), (made(np.column_stack((BOXES, BOXES))),)
    yield "strides", ops.nms, (boxes[::2], scores[::2], 0.5)
    yield "strides", ops.box_iou, (made(np.repeat(BOXES, 2, axis=1))[:, ::2], others)
    yield "wrong format", ops.box_iou, (boxes, others, "xyxyxyxy")
    yield "wrong format", ops.box_convert, (boxes, "xyxy", "yx")
    yield "format of a wrong type", ops.box_iou, (boxes, others, 1)
    yield "nan size", ops.clip_boxes_to_image, (boxes, (float("nan"), 4))
    yield "three sizes", ops.clip_boxes_to_image, (boxes, (3, 4, 5))
    yield "no list", ops.clip_boxes_to_image, (boxes, 3)
    for size in (0, -1, 2.0, True, (2, 2.0), (2, 0), (2,), None, "7", 2**40, np.int64(2)):
        yield f"size {size!r}", ops.roi_align, (features, rois, size)
        yield f"size {size!r}", ops.ps_roi_align, (features, rois, size)
    for scale in (float("nan"), float("inf"), "a", None, 1):
        yield f"scale {scale!r}", ops.roi_align, (features, rois, 2, scale)
    for ratio in (2.0, 2**31, -(2**40), None, True):
        yield f"ratio {ratio!r}", ops.roi_align, (features, rois, 2, 1.0, ratio)
    for aligned in (1, 0, 2, None, np.bool_(True), "yes", 1.0):
        yield f"aligned {aligned!r}", ops.roi_align, (features, rois, 2, 0.25, 2, aligned)
        yield f"offset {aligned!r}", mmcv_ops.nms, (boxes, scores, 0.5, aligned)
        yield f"offset {aligned!r}", mmcv_ops.bbox_overlaps, (boxes, others, "iou", False, aligned)
    for method in ("gaussian", "gaussiam", "gauss", "gaussian ", "", 1, None):
        yield f"method {method!r}", mmcv_ops.soft_nms, (boxes, scores, 0.3, 0.5, 0.1, method)
    yield "offset", mmcv_ops.bbox_overlaps, (boxes, others, "iou", False, np.int64(1))
    yield "aligned", mmcv_ops.bbox_overlaps, (boxes[:5], others, "iou", True)
    yield "aligned", mmcv_ops.bbox_overlaps, (boxes, others, "iou", True)
    yield "counts", mmcv_ops.nms, (boxes, scores, 0.5, 0, float("nan"), 3)
    yield "counts", mmcv_ops.nms, (boxes, scores, 0.5, 0, -1, -3)
    bad = ROIS.astype(float)
    bad[1, 0], bad[2, 3] = 2, np.nan
    yield "another image", ops.roi_align, (features, made(bad[:2]), 2)
    yield "nan region", ops.roi_pool, (features, made(bad[[0, 2]]), 2)
    yield "channels", ops.ps_roi_align, (features, rois, 5)
    yield "list of boxes", ops.roi_align, (features, [made(BOXES[:2]), made(BOXES[2:4])], 2)
    yield "large integers", ops.box_iou, (made(BOXES * 2**32, "int64"), made(BOXES, "int64"))
    yield "large areas", ops.box_area, (made(BOXES * 2**24, "int32"),)
    yield "no tensors", ops.nms, (BOXES.tolist(), scores, 0.5)
    yield "no tensor", ops.nms, (boxes, SCORES.tolist(), 0.5)
    yield "another framework", ops.nms, (boxes, other_framework(framework_name), 0.5)
    yield "too many", ops.nms, (boxes, scores, 0.5, 1)
    yield "too few", ops.nms, (boxes, scores)


def other_framework(name: str) -> Any:
    """Scores as a tensor of some other framework."""
    others = [other for other in FRAMEWORKS if other != name]
    return to_tensor(others[0], SCORES.astype(np.float32)) if others else SCORES.tolist()


@pytest.mark.parametrize("framework_name", FRAMEWORKS)
def test_what_is_not_plain_has_the_outcome_of_the_operator(framework_name: str) -> None:
    cases = list(unusual(framework_name))
    forget_direct_calls()
    wanted = []
    for _, call, values in cases:
        forget_direct_calls()
        wanted.append(repr(outcome(call, values)))
    for name in CALLS:  # direct calls are made again
        call, arrays = CALLS[name]
        for dtype in ("float32", "float64"):
            outcome(
                call,
                tuple(
                    to_tensor(framework_name, a if a is CLASSES else a.astype(dtype))
                    for a in arrays
                ),
            )
    for (name, call, values), first in zip(cases, wanted, strict=True):
        assert repr(outcome(call, values)) == first, name


def torch_only() -> Iterator[tuple[str, Any]]:
    """Boxes in tensors of PyTorch that are not plain memory."""
    torch = framework("torch")
    boxes = torch.from_numpy(BOXES.astype(np.float32))
    yield "negated", torch.complex(torch.zeros_like(boxes), boxes).conj().imag
    yield "requires a gradient", boxes.clone().requires_grad_()
    yield "parameter", torch.nn.Parameter(boxes)
    yield "sparse", boxes.to_sparse()
    yield "compressed", boxes.to_sparse_csr()
    yield "meta", boxes.to("meta")
    yield "zeros", torch._efficientzerotensor((9, 4))
    yield "uint16", boxes.to(torch.uint16)
    yield "complex", boxes.to(torch.complex64)
    yield "8 bits", boxes.to(torch.float8_e4m3fn)
    yield "expanded", boxes[:1].expand(9, 4)
    yield "nested", torch.nested.nested_tensor([boxes, boxes])


@pytest.mark.skipif("torch" not in FRAMEWORKS, reason="needs PyTorch installed")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_unusual_torch_tensors_have_the_outcome_of_the_operator() -> None:
    torch = framework("torch")
    scores = torch.from_numpy(SCORES.astype(np.float32))
    calls: dict[str, Call] = {
        "nms": lambda boxes: ops.nms(boxes, scores, 0.3),
        "area": ops.box_area,
        "first": lambda boxes: ops.box_iou(boxes, torch.ones(2, 4)),
        "second": lambda boxes: ops.box_iou(torch.ones(2, 4), boxes),
    }

    def results(call: Call, boxes: Any) -> str:
        try:
            result = call(boxes)
        except Exception as error:
            return repr((type(error), str(error)))
        return repr((result.detach().tolist(), result.dtype, result.requires_grad))

    for name, boxes in torch_only():
        for api, call in calls.items():
            forget_direct_calls()
            wanted = results(call, boxes)
            for plain in calls.values():
                plain(torch.ones(9, 4))
            assert results(call, boxes) == wanted, (name, api)


@pytest.mark.skipif("torch" not in FRAMEWORKS, reason="needs PyTorch installed")
def test_modes_that_record_see_the_operator() -> None:
    torch = framework("torch")
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.utils._python_dispatch import TorchDispatchMode

    boxes, scores = torch.from_numpy(BOXES.astype(np.float32)), torch.arange(9.0)
    for _ in range(2):
        ops.nms(boxes, scores, 0.3), ops.box_area(boxes)
    seen = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
            seen.append(str(function))
            return function(*args, **(kwargs or {}))

    with Watch():
        ops.nms(boxes, scores, 0.3)
    assert "opsbridge.nms.default" in seen
    with pytest.raises(RuntimeError, match="unsupported input list type"):
        torch.jit.trace(lambda b: ops.box_area(b), (boxes,), check_trace=False)
    with FakeTensorMode() as mode:
        assert ops.box_area(mode.from_tensor(boxes)).shape == (9,)
    batched = torch.func.vmap(ops.box_area)(torch.stack((boxes, boxes + 1)))
    assert torch.equal(batched[0], ops.box_area(boxes))
    with torch.autograd.forward_ad.dual_level(), pytest.raises(Exception, match="forward-mode"):
        ops.box_area(torch.autograd.forward_ad.make_dual(boxes, boxes))


@pytest.mark.parametrize("framework_name", FRAMEWORKS)
def test_results_are_the_callers_own(framework_name: str) -> None:
    given = tuple(to_tensor(framework_name, a.astype(np.float32)) for a in (BOXES, SCORES))
    ops.nms(*given, 0.3)
    first = ops.nms(*given, 0.3)
    kept = to_array(first).tolist()
    second = ops.nms(*given, 0.3)
    second[:] = -1
    assert to_array(first).tolist() == kept
    assert to_array(ops.nms(*given, 0.3)).tolist() == kept


def odd_arrays() -> Iterator[tuple[str, bool, Array]]:
    """Boxes in arrays that are not plain memory, and whether native code takes them as they are."""
    boxes = BOXES.astype(np.float32)
    frozen = boxes.copy()
    frozen.flags.writeable = False
    yield "read-only", True, frozen
    yield "every other column", True, np.repeat(boxes, 2, axis=1)[:, ::2]
    yield "backwards", True, np.ascontiguousarray(boxes[::-1, ::-1])[::-1, ::-1]
    yield "broadcast", True, np.broadcast_to(boxes[0], (9, 4))
    yield "another byte order", False, boxes.astype(boxes.dtype.newbyteorder())
    record = np.zeros(9, [("boxes", np.float32, 4), ("mark", np.int8)])
    record["boxes"] = boxes
    yield "a field", False, record["boxes"]
    yield (
        "not aligned",
        False,
        np.frombuffer(b"." + boxes.tobytes(), np.float32, 36, 1).reshape(9, 4),
    )
    yield "a marked dtype", False, boxes.astype(np.dtype(np.float32, metadata={"unit": "pixel"}))
    yield "a subclass", False, boxes.view(np.recarray)


@pytest.mark.parametrize("place", ["first", "second"])
@pytest.mark.parametrize(
    ("name", "is_direct", "boxes"), list(odd_arrays()), ids=lambda each: str(each)[:20]
)
def test_odd_arrays(
    name: str, is_direct: bool, boxes: Array, place: str, only_direct: Callable[[], None]
) -> None:
    others = np.ones((2, 4), np.float32)
    given = (boxes, others) if place == "first" else (others, boxes)
    wanted = outcome(ops.box_iou, given)
    outcome(ops.box_iou, (others, others))
    assert outcome(ops.box_iou, given) == wanted
    only_direct()
    assert outcome(ops.box_iou, given) == wanted or not is_direct
    if not is_direct and wanted[0] != "DtypeError":
        assert outcome(ops.box_iou, given)[0] == "AssertionError"


def declined(boxes: Any, scores: Any) -> None:
    with pytest.raises(ValueError, match="iou_threshold"):
        ops.nms(boxes, scores, float("nan"))


def references_of_100(call: Callable[[], Any], counted: tuple[Any, ...]) -> int:
    """By how many references 100 calls change what they should leave alone."""
    before = [sys.getrefcount(each) for each in counted]
    for _ in range(100):
        call()
    after = [sys.getrefcount(each) for each in counted]
    return max(abs(now - then) for now, then in zip(after, before, strict=True))


@pytest.mark.parametrize("framework_name", FRAMEWORKS)
def test_calls_keep_nothing(framework_name: str) -> None:
    given = tuple(to_tensor(framework_name, a.astype(np.float32)) for a in (BOXES, SCORES))
    counted = (*given, np.dtype(np.int64), np.dtype(np.float32), None)
    calls = [
        lambda: ops.nms(*given, 0.5),
        lambda: declined(*given),
        lambda: ops.box_iou(given[0], given[0]),
        lambda: mmcv_ops.nms(*given, 0.5),
        lambda: mmcv_ops.soft_nms(*given, 0.3, method="gaussian"),
    ]
    for call in calls:
        call()
        call()
        # Other threads and the collector of garbage count, too, but not in every round.
        assert min(references_of_100(call, counted) for _ in range(3)) < 20


@pytest.mark.parametrize("framework_name", FRAMEWORKS)
def test_a_kind_of_float_is_a_number(framework_name: str, only_direct: Callable[[], None]) -> None:
    class Share(float):
        pass

    given = tuple(to_tensor(framework_name, a.astype(np.float32)) for a in (BOXES, SCORES))
    wanted = outcome(ops.nms, (*given, 0.25))
    only_direct()
    for threshold in (np.float64(0.25), Share(0.25)):
        assert outcome(ops.nms, (*given, threshold)) == wanted


@pytest.mark.skipif("torch" not in FRAMEWORKS, reason="needs PyTorch installed")
def test_a_pytorch_without_dlpacks_table_has_its_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = framework("torch")
    from opsbridge.frameworks import torch as layer

    boxes, scores = torch.from_numpy(BOXES.astype(np.float32)), torch.arange(9.0)
    wanted = ops.nms(boxes, scores, 0.3)

    def unknown(has_gradient: bool) -> Any:
        raise RuntimeError("an unknown exchange table")

    monkeypatch.setattr(layer, "_object_tensors", unknown)
    forget_direct_calls()
    for _ in range(3):
        assert torch.equal(ops.nms(boxes, scores, 0.3), wanted)
    forget_direct_calls()
