"""Bad input is refused before a kernel runs, naming operator, argument, place and what may be."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import pytest
from api_calls import APIS, BOXES, FEATURES, ROIS, SCORED_BOXES, SCORES
from direct_calls import forget_direct_calls, modules_that_call
from framework_tensors import FRAMEWORKS, framework, to_array, to_tensor

from opsbridge.core import OPERATORS
from opsbridge.errors import ArgumentError, DeviceError, DtypeError, OpsbridgeError

NAN, INF = float("nan"), float("inf")
A_TENSOR = "a tensor (torch.Tensor, numpy.ndarray or mindspore.Tensor)"
A_LIST = "a list of one (L, 4) tensor per image"
AS_MASK = "; tensors of this shape are what opsbridge.mindspore.ops.NMSWithMask takes"
AS_ONNX = "; tensors of this shape are what opsbridge.onnx.NonMaxSuppression takes"
AS_NMS = "; tensors of this shape are what opsbridge.torchvision.ops.nms takes"

Case = tuple[str, dict[str, Any], type[OpsbridgeError], str]


def with_row(rois: Any, row: int, column: int, value: float) -> Any:
    """The array with one element changed."""
    changed = rois.copy()
    changed[row, column] = value
    return changed


def wide(columns: int) -> Any:
    """Three rows of zeros."""
    return np.zeros((3, columns), np.float32)


# What Python can see without reading a value: no native function may be reached.
BEFORE_THE_CALL: list[Case] = [
    # rank, width, length
    ("nms", {"boxes": SCORED_BOXES}, ArgumentError,
     "boxes has shape (3, 5); expected (N, 4)" + AS_MASK),
    ("nms", {"boxes": BOXES[None]}, ArgumentError,
     "boxes has shape (1, 3, 4); expected (N, 4)" + AS_ONNX),
    ("nms", {"boxes": SCORES}, ArgumentError, "boxes has shape (3,); expected (N, 4)"),
    ("nms", {"boxes": wide(0)}, ArgumentError, "boxes has shape (3, 0); expected (N, 4)"),
    ("nms", {"scores": BOXES}, ArgumentError, "scores has shape (3, 4); expected (N,)"),
    ("nms", {"scores": SCORES[:2]}, ArgumentError,
     "scores has 2 entries, but boxes has 3; they must be equal"),
    ("NMSWithMask", {"bboxes": BOXES}, ArgumentError,
     "bboxes has shape (3, 4); expected (N, 5)" + AS_NMS),
    ("NMSWithMask", {"bboxes": wide(8)}, ArgumentError, "bboxes has shape (3, 8); expected (N, 5)"),
    ("NMSWithMask", {"bboxes": SCORES}, ArgumentError, "bboxes has shape (3,); expected (N, 5)"),
    ("roi_align", {"input": FEATURES[0]}, ArgumentError,
     "input has shape (2, 4, 4); expected (N, C, H, W)"),
    ("roi_align", {"boxes": ROIS[:, 1:]}, ArgumentError, "boxes has shape (2, 4); expected (K, 5)"),
    ("roi_align", {"boxes": ROIS[0]}, ArgumentError, "boxes has shape (5,); expected (K, 5)"),
    ("RoIAlign", {"input": FEATURES[0, 0]}, ArgumentError,
     "input has shape (4, 4); expected (N, C, H, W)"),
    ("RoIAlign", {"rois": wide(6)}, ArgumentError, "rois has shape (3, 6); expected (K, 5)"),
    ("ROIAlign", {"features": FEATURES[0]}, ArgumentError,
     "features has shape (2, 4, 4); expected (N, C, H, W)"),
    ("ROIAlign", {"features": FEATURES[0, 0]}, ArgumentError,
     "features has shape (4, 4); expected (N, C, H, W)"),
    ("ROIAlign", {"rois": ROIS[:, 1:]}, ArgumentError, "rois has shape (2, 4); expected (K, 5)"),
    # dtype
    ("nms", {"boxes": BOXES.astype(np.int64)}, DtypeError,
     "boxes is int64; allowed: float32, float64"),
    ("nms", {"scores": SCORES.astype(np.float64)}, DtypeError,
     "scores is float64, but boxes is float32; they must be equal"),
    ("NMSWithMask", {"bboxes": SCORED_BOXES.astype(np.float64)}, DtypeError,
     "bboxes is float64; allowed: float16, float32"),
    ("NMSWithMask", {"bboxes": SCORED_BOXES > 0}, DtypeError,
     "bboxes is bool; allowed: float16, float32"),
    ("roi_align", {"input": FEATURES.astype(np.uint8)}, DtypeError,
     "input is uint8; allowed: float16, float32, float64"),
    ("roi_align", {"boxes": ROIS.astype(np.float64)}, DtypeError,
     "boxes is float64, but input is float32; they must be equal"),
    ("RoIAlign", {"rois": ROIS.astype(np.int32)}, DtypeError,
     "rois is int32; allowed: float16, float32, float64"),
    ("ROIAlign", {"features": FEATURES.astype(np.float64)}, DtypeError,
     "features is float64; allowed: float16, float32"),
    # something else than a tensor
    ("nms", {"boxes": [[0, 0, 1, 1]]}, DtypeError,
     f"boxes is [[0, 0, 1, 1]] (list); expected {A_TENSOR}"),
    ("nms", {"scores": None}, DtypeError, f"scores is None (NoneType); expected {A_TENSOR}"),
    ("NMSWithMask", {"bboxes": [1.5]}, DtypeError, f"bboxes is [1.5] (list); expected {A_TENSOR}"),
    ("roi_align", {"input": [[1.0]]}, DtypeError,
     f"input is [[1.0]] (list); expected {A_TENSOR}"),
    ("roi_align", {"boxes": "boxes"}, DtypeError,
     f"boxes is 'boxes' (str); expected {A_TENSOR} or {A_LIST}"),
    ("roi_align", {"boxes": []}, ArgumentError,
     "boxes is an empty list; expected one (L, 4) tensor per image"),
    ("ROIAlign", {"rois": (1, 2)}, DtypeError, f"rois is (1, 2) (tuple); expected {A_TENSOR}"),
    # thresholds and scales
    ("nms", {"iou_threshold": NAN}, ArgumentError, "iou_threshold is nan; it must be a number"),
    ("nms", {"iou_threshold": "0.5"}, DtypeError,
     "iou_threshold is '0.5' (str); expected a number"),
    ("nms", {"iou_threshold": None}, DtypeError,
     "iou_threshold is None (NoneType); expected a number"),
    ("NMSWithMask", {"iou_threshold": NAN}, ArgumentError,
     "iou_threshold is nan; it must be a number"),
    ("NMSWithMask", {"iou_threshold": 1}, DtypeError, "iou_threshold is 1 (int); expected a float"),
    ("roi_align", {"spatial_scale": NAN}, ArgumentError, "spatial_scale is nan; it must be finite"),
    ("RoIAlign", {"spatial_scale": -INF}, ArgumentError,
     "spatial_scale is -inf; it must be finite"),
    ("ROIAlign", {"spatial_scale": INF}, ArgumentError, "spatial_scale is inf; it must be finite"),
    ("ROIAlign", {"spatial_scale": 1}, DtypeError, "spatial_scale is 1 (int); expected a float"),
    # sizes
    ("roi_align", {"output_size": 0}, ArgumentError, "output_size is 0; it must be at least 1"),
    ("roi_align", {"output_size": (2, -1)}, ArgumentError,
     "output_size is -1; it must be at least 1"),
    ("roi_align", {"output_size": (1, 2, 3)}, ArgumentError,
     "output_size is (1, 2, 3) (tuple); expected an integer or a pair of integers"),
    ("RoIAlign", {"output_size": [2]}, ArgumentError,
     "output_size is [2] (list); expected an integer or a pair of integers"),
    ("roi_align", {"output_size": 2.0}, DtypeError,
     "output_size is 2.0 (float); expected an integer or a pair of integers"),
    ("ROIAlign", {"pooled_height": 0}, ArgumentError, "pooled_height is 0; it must be at least 1"),
    ("ROIAlign", {"pooled_width": -3}, ArgumentError, "pooled_width is -3; it must be at least 1"),
    ("ROIAlign", {"pooled_width": True}, DtypeError,
     "pooled_width is True (bool); expected an int"),
    ("ROIAlign", {"pooled_height": 2**31}, ArgumentError,
     "pooled_height is 2147483648; it must fit in 32 bits"),
    ("roi_align", {"sampling_ratio": 2**31}, ArgumentError,
     "sampling_ratio is 2147483648; it must fit in 32 bits"),
    ("ROIAlign", {"sample_num": -(2**31) - 1}, ArgumentError,
     "sample_num is -2147483649; it must fit in 32 bits"),
    ("RoIAlign", {"sampling_ratio": 1.5}, DtypeError,
     "sampling_ratio is 1.5 (float); expected an integer"),
    # enumerated values
    ("roi_align", {"aligned": 2}, ArgumentError, "aligned is 2; allowed: False, True"),
    ("RoIAlign", {"aligned": "yes"}, DtypeError,
     "aligned is 'yes' (str); expected a bool or an int"),
    ("ROIAlign", {"roi_end_mode": 2}, ArgumentError, "roi_end_mode is 2; allowed: 0, 1"),
    ("ROIAlign", {"roi_end_mode": True}, DtypeError,
     "roi_end_mode is True (bool); expected an int"),
]  # fmt: skip

# What only the values tell: the native function looks before it computes.
BY_VALUE: list[Case] = [
    ("NMSWithMask", {"bboxes": with_row(SCORED_BOXES, 1, 4, NAN)}, ArgumentError,
     "bboxes[1][4] is nan; scores must be numbers"),
    ("roi_align", {"boxes": with_row(ROIS, 1, 0, 2)}, ArgumentError,
     "boxes[1][0] is 2, but input has batch size 2; batch indices must be in [0, 2)"),
    ("roi_align", {"boxes": with_row(ROIS, 0, 0, -1)}, ArgumentError,
     "boxes[0][0] is -1, but input has batch size 2; batch indices must be in [0, 2)"),
    ("RoIAlign", {"rois": with_row(ROIS, 1, 0, 0.5)}, ArgumentError,
     "rois[1][0] is 0.5; batch indices must be whole numbers"),
    ("ROIAlign", {"rois": with_row(ROIS, 1, 0, NAN)}, ArgumentError,
     "rois[1][0] is nan, but features has batch size 2; batch indices must be in [0, 2)"),
    ("ROIAlign", {"rois": with_row(ROIS, 1, 0, 0.5)}, ArgumentError,
     "rois[1][0] is 0.5; batch indices must be whole numbers"),
    ("ROIAlign", {"rois": with_row(ROIS, 0, 0, 1e30)}, ArgumentError,
     "rois[0][0] is 1e+30, but features has batch size 2; batch indices must be in [0, 2)"),
    ("roi_align", {"boxes": with_row(ROIS, 1, 3, NAN)}, ArgumentError,
     "boxes[1][3] is nan; region coordinates must be finite"),
    ("RoIAlign", {"rois": with_row(ROIS, 0, 2, -INF)}, ArgumentError,
     "rois[0][2] is -inf; region coordinates must be finite"),
    ("ROIAlign", {"rois": with_row(ROIS, 1, 4, INF)}, ArgumentError,
     "rois[1][4] is inf; region coordinates must be finite"),
    ("roi_align", {"boxes": with_row(ROIS, 1, 3, 2.0**127), "spatial_scale": 4.0}, ArgumentError,
     "boxes[1] is (1.0, 1.0, 1.7014118346046923e+38, 3.0), which overflows float32 when scaled by "
     "4.0; scaled regions must be finite"),
    ("roi_align", {"boxes": with_row(ROIS, 1, 3, -8), "aligned": True}, ArgumentError,
     "boxes[1] is (1.0, 1.0, -8.0, 3.0), inverted in one axis; with adaptive sampling regions must "
     "have x1 <= x2 and y1 <= y2"),
    ("ROIAlign", {"rois": with_row(ROIS, 0, 3, 2.0**40), "sample_num": 0}, ArgumentError,
     "rois[0] is (0.0, 0.0, 1099511627776.0, 2.0), which takes over 2147483647 samples; allowed: "
     "smaller regions, or a smaller sample_num above 0"),
]  # fmt: skip


def case_id(case: Case) -> str:
    """Operator and message."""
    return f"{case[0]}: {case[3]}"


def check(case: Case, name: str) -> None:
    """The call raises exactly this and leaves its tensors alone."""
    api, changes, kind, message = case
    tensors = APIS[api].tensors | {key: changes[key] for key in APIS[api].tensors if key in changes}
    given = {
        key: to_tensor(name, value) if isinstance(value, np.ndarray) else value
        for key, value in tensors.items()
    }
    with pytest.raises(OpsbridgeError) as caught:
        APIS[api](name, **changes | given)
    assert isinstance(caught.value, kind)
    assert str(caught.value) == f"{api}: {message}"
    for key, value in given.items():
        if isinstance(tensors[key], np.ndarray):
            assert to_array(value).tobytes() == tensors[key].tobytes()


@pytest.fixture
def _no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> NoReturn:
        raise AssertionError(f"the native function {name} was asked for")

    forget_direct_calls()
    for module in modules_that_call(OPERATORS.values()):
        monkeypatch.setattr(module, "native_function", fail)


@pytest.mark.usefixtures("_no_kernel")
@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("case", BEFORE_THE_CALL, ids=case_id)
def test_refused_before_the_native_call(case: Case, name: str) -> None:
    check(case, name)


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("case", BY_VALUE, ids=case_id)
def test_refused_by_value(case: Case, name: str) -> None:
    check(case, name)


@pytest.mark.usefixtures("_no_kernel")
def test_the_guard_of_these_tests_works() -> None:
    with pytest.raises(AssertionError, match="the native function nms was asked for"):
        APIS["nms"]("numpy")


@pytest.mark.usefixtures("_no_kernel")
@pytest.mark.parametrize("api", APIS)
def test_wrong_arguments_show_the_signature(api: str) -> None:
    call = APIS[api]
    with pytest.raises(DtypeError) as caught:
        call.call(**call.tensors, **call.settings, nonsense=1)
    message = str(caught.value)
    assert message.startswith(f"{api}: got an unexpected keyword argument 'nonsense'; expected (")


@pytest.mark.usefixtures("_no_kernel")
@pytest.mark.parametrize("api", sorted(set(APIS) - {"NMSWithMask"}))  # its setting has a default
def test_a_missing_argument_is_named(api: str) -> None:
    call = APIS[api]
    name, *others = call.settings
    given = {other: call.settings[other] for other in others}
    with pytest.raises(
        DtypeError, match=f"^{api}: missing a required argument: '{name}'; expected"
    ):
        call.call(**call.tensors, **given)


@pytest.mark.usefixtures("_no_kernel")
def test_inputs_that_mindspore_takes_by_position_only() -> None:
    from opsbridge.mindspore.ops import NMSWithMask

    with pytest.raises(DtypeError) as caught:
        NMSWithMask(0.5)(bboxes=SCORED_BOXES)
    assert str(caught.value).startswith("NMSWithMask: 'bboxes' parameter is positional only")


@pytest.mark.usefixtures("_no_kernel")
@pytest.mark.parametrize("api", ["roi_align", "RoIAlign", "ROIAlign"])
def test_tensors_on_two_devices(api: str) -> None:
    torch = framework("torch")
    call = APIS[api]
    first, second = call.tensors
    on_meta = torch.from_numpy(call.tensors[second]).to("meta")
    with pytest.raises(DeviceError) as caught:
        call("torch", **{second: on_meta})
    assert str(caught.value) == (
        f"{api}: {second} is on meta, but {first} is on cpu; they must be on one device"
    )


LISTED: list[tuple[list[Any], type[OpsbridgeError], str]] = [
    ([ROIS, ROIS], ArgumentError, "boxes[0] has shape (2, 5); expected (L, 4)"),
    ([ROIS[:, 1:], SCORES], ArgumentError, "boxes[1] has shape (3,); expected (L, 4)"),
    ([ROIS[:, 1:], ROIS[:, 1:].astype(np.int64)], DtypeError,
     "boxes[1] is int64; allowed: float16, float32, float64"),
    ([ROIS[:, 1:], [1]], DtypeError, f"boxes[1] is [1] (list); expected {A_TENSOR}"),
    ([ROIS[:, 1:], with_row(ROIS, 1, 3, NAN)[:, 1:]], ArgumentError,
     "boxes[1][1][2] is nan; region coordinates must be finite"),
]  # fmt: skip


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("case", LISTED, ids=lambda case: case[2])
def test_lists_of_boxes(case: tuple[list[Any], type[OpsbridgeError], str], name: str) -> None:
    listed, kind, message = case
    given = [to_tensor(name, each) if isinstance(each, np.ndarray) else each for each in listed]
    with pytest.raises(OpsbridgeError) as caught:
        APIS["roi_align"](name, boxes=given)
    assert isinstance(caught.value, kind)
    assert str(caught.value) == f"roi_align: {message}"


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_more_lists_than_images(name: str) -> None:
    listed = [to_tensor(name, ROIS[:, 1:])] * 3
    with pytest.raises(
        ArgumentError, match=r"^roi_align: boxes\[2\] .*input has batch size 2"
    ) as caught:
        APIS["roi_align"](name, boxes=listed)
    assert "-1" not in str(caught.value)
