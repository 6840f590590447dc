"""Wherever torchvision raises, opsbridge raises something that code for torchvision catches."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="compares with torchvision on PyTorch tensors")
REASON = "compares with the real torchvision, which is not installed"
real = pytest.importorskip("torchvision", reason=REASON).ops

from opsbridge.core.checks import Caller  # noqa: E402
from opsbridge.errors import (  # noqa: E402
    ArgumentError,
    DeviceError,
    DtypeError,
    OpsbridgeError,
    imitating,
)
from opsbridge.mindspore.ops import NMSWithMask  # noqa: E402
from opsbridge.torchvision import ops  # noqa: E402

B = torch.tensor([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2.0, 2]])
S = torch.tensor([0.8, 0.7, 0.6])
F = torch.arange(32.0).reshape(1, 2, 4, 4)
R = torch.tensor([[0, 0, 0, 2.0, 2], [0, 1, 1, 3, 3]])
L = R[:, 1:]
IDS = torch.tensor([0, 1, 0])
P = {"a": F, "b": F[:, :, ::2, ::2]}


def region(*row: float) -> Any:
    return torch.tensor([row])


CALLS: dict[str, Callable[[Any], Any]] = {
    "nms float16": lambda o: o.nms(B.half(), S.half(), 0.4),
    "nms int": lambda o: o.nms(B.int(), S.int(), 0.4),
    "nms two dtypes": lambda o: o.nms(B, S.double(), 0.4),
    "nms rank": lambda o: o.nms(B[None], S, 0.4),
    "nms rank 1": lambda o: o.nms(B[0], S, 0.4),
    "nms width": lambda o: o.nms(torch.zeros(3, 5), S, 0.4),
    "nms lengths": lambda o: o.nms(B, S[:2], 0.4),
    "nms score rank": lambda o: o.nms(B, B, 0.4),
    "nms threshold text": lambda o: o.nms(B, S, "0.4"),
    "nms threshold None": lambda o: o.nms(B, S, None),
    "nms boxes list": lambda o: o.nms([[0, 0, 1, 1]], S, 0.4),
    "nms scores None": lambda o: o.nms(B, None, 0.4),
    "nms missing": lambda o: o.nms(B, S),
    "nms meta scores": lambda o: o.nms(B, S.to("meta"), 0.4),
    "roi_align int": lambda o: o.roi_align(F.int(), R.int(), 2),
    "roi_align two dtypes": lambda o: o.roi_align(F, R.double(), 2),
    "roi_align width": lambda o: o.roi_align(F, L, 2),
    "roi_align boxes rank 1": lambda o: o.roi_align(F, R[0], 2),
    "roi_align boxes rank 0": lambda o: o.roi_align(F, torch.tensor(1.0), 2),
    "roi_align empty list": lambda o: o.roi_align(F, [], 2),
    "roi_align list width": lambda o: o.roi_align(F, [R], 2),
    "roi_align list rank": lambda o: o.roi_align(F, [R[0]], 2),
    "roi_align too many lists": lambda o: o.roi_align(F, [L, L, L], 2),
    "roi_align boxes text": lambda o: o.roi_align(F, "boxes", 2),
    "roi_align boxes None": lambda o: o.roi_align(F, None, 2),
    "roi_align input list": lambda o: o.roi_align([[1.0]], R, 2),
    "roi_align size negative": lambda o: o.roi_align(F, R, -1),
    "roi_align size of one": lambda o: o.roi_align(F, R, [2]),
    "roi_align size float": lambda o: o.roi_align(F, R, 2.0),
    "roi_align scale text": lambda o: o.roi_align(F, R, 2, "1"),
    "roi_align scale nan": lambda o: o.roi_align(F, R, 2, float("nan")),
    "roi_align ratio float": lambda o: o.roi_align(F, R, 2, 1.0, 1.5),
    "roi_align aligned text": lambda o: o.roi_align(F, R, 2, 1.0, 1, "yes"),
    "roi_align image 2": lambda o: o.roi_align(F, region(2, 0, 0, 1, 1), 2),
    "roi_align image -1": lambda o: o.roi_align(F, region(-1, 0, 0, 1, 1), 2),
    "roi_align inverted": lambda o: o.roi_align(F, region(0, 1, 1, -8, 3), 2, aligned=True),
    "roi_align missing": lambda o: o.roi_align(F, R),
    "roi_pool width": lambda o: o.roi_pool(F, L, 2),
    "roi_pool rank": lambda o: o.roi_pool(F, R[0], 2),
    "roi_pool int": lambda o: o.roi_pool(F.int(), R.int(), 2),
    "roi_pool two dtypes": lambda o: o.roi_pool(F, R.double(), 2),
    "roi_pool size of one": lambda o: o.roi_pool(F, R, [2]),
    "roi_pool input list": lambda o: o.roi_pool([[1.0]], R, 2),
    "roi_pool empty list": lambda o: o.roi_pool(F, [], 2),
    "ps_roi_align list width": lambda o: o.ps_roi_align(F, [R], 1),
    "ps_roi_align channels": lambda o: o.ps_roi_align(F, R, 2),
    "ps_roi_align ratio float": lambda o: o.ps_roi_align(F, R, 1, 1.0, 1.5),
    "ps_roi_pool channels": lambda o: o.ps_roi_pool(F, R, 2),
    "ps_roi_pool boxes text": lambda o: o.ps_roi_pool(F, "boxes", 1),
    "ps_roi_pool scale text": lambda o: o.ps_roi_pool(F, R, 1, "1"),
    "batched_nms float16": lambda o: o.batched_nms(B.half(), S.half(), IDS, 0.4),
    "batched_nms int": lambda o: o.batched_nms(B.int(), S.int(), IDS, 0.4),
    "batched_nms two dtypes": lambda o: o.batched_nms(B, S.double(), IDS, 0.4),
    "batched_nms rank": lambda o: o.batched_nms(B[None], S, IDS, 0.4),
    "batched_nms width": lambda o: o.batched_nms(torch.zeros(3, 5), S, IDS, 0.4),
    "batched_nms lengths": lambda o: o.batched_nms(B, S[:2], IDS, 0.4),
    "batched_nms ids lengths": lambda o: o.batched_nms(B, S, IDS[:2], 0.4),
    "batched_nms ids rank": lambda o: o.batched_nms(B, S, IDS[None], 0.4),
    "batched_nms ids None": lambda o: o.batched_nms(B, S, None, 0.4),
    "batched_nms threshold text": lambda o: o.batched_nms(B, S, IDS, "0.4"),
    "batched_nms boxes list": lambda o: o.batched_nms([[0, 0, 1, 1]], S, IDS, 0.4),
    "batched_nms scores None": lambda o: o.batched_nms(B, None, IDS, 0.4),
    "batched_nms missing": lambda o: o.batched_nms(B, S, IDS),
    "box_iou None": lambda o: o.box_iou(None, B),
    "box_iou list": lambda o: o.box_iou(B, [[0, 0, 1, 1]]),
    "box_iou array": lambda o: o.box_iou(B, B.numpy()),
    "box_iou width": lambda o: o.box_iou(B[:, :3], B),
    "box_iou rank 0": lambda o: o.box_iou(torch.tensor(1.0), B),
    "box_iou leading axes": lambda o: o.box_iou(torch.zeros(2, 3, 4), torch.zeros(3, 3, 4)),
    "box_iou bool": lambda o: o.box_iou(B.bool(), B.bool()),
    "box_iou format": lambda o: o.box_iou(B, B, "corners"),
    "box_iou format None": lambda o: o.box_iou(B, B, None),
    "generalized_box_iou None": lambda o: o.generalized_box_iou(B, None),
    "generalized_box_iou width": lambda o: o.generalized_box_iou(B, B[:, :3]),
    "generalized_box_iou bool": lambda o: o.generalized_box_iou(B.bool(), B.bool()),
    "distance_box_iou text": lambda o: o.distance_box_iou("boxes", B),
    "distance_box_iou rank 0": lambda o: o.distance_box_iou(torch.tensor(1.0), B),
    "complete_box_iou list": lambda o: o.complete_box_iou([[0, 0, 1, 1]], B),
    "complete_box_iou epsilon": lambda o: o.complete_box_iou(B, B, "1e-7"),
    "box_area None": lambda o: o.box_area(None),
    "box_area width": lambda o: o.box_area(B[:, :3]),
    "box_area rank 0": lambda o: o.box_area(torch.tensor(1.0)),
    "box_area format None": lambda o: o.box_area(B, None),
    "box_convert None": lambda o: o.box_convert(None, "xyxy", "xywh"),
    "box_convert rank 0": lambda o: o.box_convert(torch.tensor(1.0), "xyxy", "xywh"),
    "box_convert width": lambda o: o.box_convert(B[:, :3], "xyxy", "xywh"),
    "box_convert format": lambda o: o.box_convert(B, "xyxy", "corners"),
    "box_convert no such pair": lambda o: o.box_convert(B, "xyxy", "xywhr"),
    "box_convert format None": lambda o: o.box_convert(B, None, "xywh"),
    "clip_boxes_to_image None": lambda o: o.clip_boxes_to_image(None, (2, 3)),
    "clip_boxes_to_image rank 0": lambda o: o.clip_boxes_to_image(torch.tensor(1.0), (2, 3)),
    "clip_boxes_to_image width": lambda o: o.clip_boxes_to_image(B[:, :3], (2, 3)),
    "clip_boxes_to_image size of one": lambda o: o.clip_boxes_to_image(B, 2),
    "clip_boxes_to_image size of three": lambda o: o.clip_boxes_to_image(B, (2, 3, 4)),
    "clip_boxes_to_image size of texts": lambda o: o.clip_boxes_to_image(B, ("2", "3")),
    "remove_small_boxes None": lambda o: o.remove_small_boxes(None, 1.0),
    "remove_small_boxes width": lambda o: o.remove_small_boxes(B[:, :3], 1.0),
    "remove_small_boxes rank 0": lambda o: o.remove_small_boxes(torch.tensor(1.0), 1.0),
    "remove_small_boxes bool": lambda o: o.remove_small_boxes(B.bool(), 1.0),
    "remove_small_boxes size": lambda o: o.remove_small_boxes(B, "1"),
    "masks_to_boxes None": lambda o: o.masks_to_boxes(None),
    "masks_to_boxes rank": lambda o: o.masks_to_boxes(B),
    "MultiScaleRoIAlign names": lambda o: o.MultiScaleRoIAlign(["9"], 2, 2)(P, [L], [(8, 8)]),
    "MultiScaleRoIAlign width": lambda o: o.MultiScaleRoIAlign(["a"], 2, 2)(P, [R], [(8, 8)]),
    "MultiScaleRoIAlign no size": lambda o: o.MultiScaleRoIAlign(["a"], 2, 2)(P, [L], []),
    "RoIPool width": lambda o: o.RoIPool(2, 1.0)(F, L),
    "PSRoIAlign width": lambda o: o.PSRoIAlign(1, 1.0, 2)(F, L),
    "PSRoIPool two dtypes": lambda o: o.PSRoIPool(1, 1.0)(F, R.double()),
    "RoIAlign width": lambda o: o.RoIAlign(2, 1.0, 2)(F, L),
    "RoIAlign two dtypes": lambda o: o.RoIAlign(2, 1.0, 2)(F, R.double()),
    "RoIAlign missing": lambda o: o.RoIAlign(2),
    "RoIAlign missing input": lambda o: o.RoIAlign(2, 1.0, 2)(F),
}


@pytest.mark.parametrize("call", CALLS)
def test_the_class_is_torchvisions_too(call: str) -> None:
    with pytest.raises(Exception) as expected:  # noqa: PT011
        CALLS[call](real)
    with pytest.raises(OpsbridgeError) as caught:
        CALLS[call](ops)
    assert isinstance(caught.value, type(expected.value))
    assert isinstance(caught.value, (ArgumentError, DtypeError, DeviceError))


def test_the_class_is_kept_in_a_graph() -> None:
    compiled = torch.compile(lambda f, r: ops.roi_align(f, r, 2), fullgraph=True, backend="eager")
    with pytest.raises(RuntimeError, match=r"^roi_align: boxes\[0\]\[0\] is 2") as caught:
        compiled(F, region(2.0, 0, 0, 1, 1))
    assert isinstance(caught.value, ArgumentError)


def test_other_frameworks_apis_raise_their_own() -> None:
    with pytest.raises(ArgumentError) as caught:
        NMSWithMask(0.5)(B)
    assert type(caught.value) is ArgumentError
    assert not isinstance(caught.value, (RuntimeError, AssertionError))


def test_errors_travel_between_processes() -> None:
    with pytest.raises(ArgumentError) as caught:
        ops.roi_align(F, L, 2)
    error = pickle.loads(pickle.dumps(caught.value))
    assert type(error) is type(caught.value)
    assert isinstance(error, AssertionError)
    assert str(error) == str(caught.value)
    assert type(error).__name__ == "ArgumentError"


@pytest.mark.parametrize("real_class", ["RuntimeError", "AssertionError", "AttributeError"])
@pytest.mark.parametrize("kind", [ArgumentError, DtypeError])
def test_one_class_for_each_pair(kind: type[OpsbridgeError], real_class: str) -> None:
    both = imitating(kind, real_class)
    assert both is imitating(kind, real_class)
    assert {kind.__name__, real_class} <= {each.__name__ for each in both.__mro__}
    assert imitating(kind, "Exception") is kind


def test_a_check_of_one_argument_goes_before_that_of_all() -> None:
    caller = Caller(
        "op",
        arguments={"rois": "boxes"},
        errors={"": {"shape": "RuntimeError"}, "boxes": {"shape": "AssertionError"}},
    )
    again = Caller.from_text(caller.text)
    for each in (caller, again):
        assert issubclass(each.error(ArgumentError, "shape", "rois"), AssertionError)
        assert issubclass(each.error(ArgumentError, "shape", "scores"), RuntimeError)
        assert each.error(ArgumentError, "value", "rois") is ArgumentError
