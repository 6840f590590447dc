"""Crops of images, resized to one size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.box_dtypes import NUMBERS
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer


@dataclass(frozen=True)
class CropAndResizeRule(Rule):
    """The axes in which cropping differs between frameworks; the defaults are MindSpore's."""

    operator: ClassVar[str] = "crop_and_resize"

    method: Literal["bilinear", "nearest", "bilinear_v2"] = "bilinear"


_CALLER = Caller("crop_and_resize")
_NOT_FINITE = 1


def crop_and_resize(
    layer: TensorLayer,
    images: Tensor,
    boxes: Tensor,
    batch_indices: Tensor,
    crop_height: int,
    crop_width: int,
    extrapolation_value: float,
    *,
    rule: CropAndResizeRule,
    outputs: tuple[tuple[str, str], ...] = (("crops", "float32"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Cut boxes out of images and resize each to the same height and width.

    `images` is (N, H, W, C) of any number dtype, `boxes` (K, 4) float32 as y1, x1, y2, x2 in
    fractions of the way from the first to the last pixel, `batch_indices` (K,) int32 or int64. The
    result is (K, crop_height, crop_width, C) float32. What lies outside the image becomes
    `extrapolation_value`. A box that is not finite (or beyond 1e9) and a batch index that names no
    image are refused with an ArgumentError.
    """
    shape = checks.check_shape(layer, caller, "images", images, ("N", "H", "W", "C"))
    count = checks.check_shape(layer, caller, "boxes", boxes, ("K", 4))[0]
    indexed = checks.check_shape(layer, caller, "batch_indices", batch_indices, ("K",))[0]
    checks.check_same_length(caller, "batch_indices", indexed, "boxes", count)
    checks.check_dtype(layer, caller, "images", images, ("uint16", *NUMBERS))
    checks.check_dtype(layer, caller, "boxes", boxes, ("float32",))
    checks.check_dtype(layer, caller, "batch_indices", batch_indices, ("int32", "int64"))
    tensors = {"images": images, "boxes": boxes, "batch_indices": batch_indices}
    checks.check_on_host(layer, caller, tensors, has_cuda=True)
    for slot, size in (("crop_height", crop_height), ("crop_width", crop_width)):
        checks.check_at_least(caller, slot, size, 1)
        checks.check_int32(caller, slot, size)
    crops = layer.empty((count, crop_height, crop_width, shape[3]), "float32", images)

    def refuse(refused: int) -> None:
        row, reason = divmod(refused, 16)
        if reason == _NOT_FINITE:
            corners = tuple(layer.item(boxes, row, column) for column in range(4))
            caller.refuse(
                f"{caller.place('boxes', row)} is {corners}; "
                "box coordinates must be finite and within 1e9"
            )
        caller.refuse(
            f"{caller.place('batch_indices', row)} is {layer.item(batch_indices, row):g}, but "
            f"{caller.argument('images')} has batch size {shape[0]}; "
            f"batch indices must be in [0, {shape[0]})"
        )

    refused = native_call(layer, "crop_and_resize", images, refuse)(
        layer.native(images),
        layer.native(boxes),
        layer.native(batch_indices),
        extrapolation_value,
        crops,
        rule.word,
        layer.threads(),
    )
    if refused:
        refuse(refused)
    return (layer.finish(crops),)


def _output_shapes(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    count, channels = shape(arguments["boxes"])[0], shape(arguments["images"])[3]
    return {"crops": (count, arguments["crop_height"], arguments["crop_width"], channels)}


CROP_AND_RESIZE = Operator(
    name="crop_and_resize",
    run=crop_and_resize,
    rule=CropAndResizeRule,
    main="images",
    shapes=_output_shapes,
)
