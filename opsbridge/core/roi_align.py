"""Region of interest align with every convention explicit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar, Literal, NoReturn

from opsbridge.core import checks
from opsbridge.core.checks import Caller
from opsbridge.core.native import native_function
from opsbridge.core.operator import Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer

DTYPES = ("float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True)
class RoiAlignRule(Rule):
    """The axes in which RoIAlign differs between frameworks; the defaults are torchvision's."""

    operator: ClassVar[str] = "roi_align"

    half_pixel: Literal[0.0, 0.5] = 0.0  # type: ignore[valid-type]
    end_offset: Literal[0, 1] = 0
    min_size: Literal["one", "none"] = "one"
    grid: Literal["ceil", "floor"] = "ceil"
    count: Literal["at_least_one", "product"] = "at_least_one"
    scale_type: Literal["same", "float32"] = "same"
    unusable_sample: Literal["skip", "zero_times_origin"] = "zero_times_origin"
    reduction: Literal["average", "maximum", "maximum_weighted_corner"] = "average"
    maximum_start: Literal["lowest", "minus_10000"] = "lowest"
    batch_rule: Literal["integral", "truncate", "nearest_7e-5", "given", "counts"] = "integral"
    near_zero_row: Literal["compute", "zero"] = "compute"
    negative_size: Literal["allow", "refuse", "refuse_one_axis", "zero"] = "refuse_one_axis"
    nonfinite: Literal["refuse", "zero"] = "refuse"
    grid_limit: Literal["table", "count"] = "table"
    accumulate: Literal["same", "float32"] = "same"


_CALLER = Caller("roi_align")


def roi_align(
    layer: TensorLayer,
    features: Tensor,
    rois: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    *,
    batch_indices: Tensor | None = None,
    rule: RoiAlignRule,
    outputs: tuple[tuple[str, str], ...] = (("pooled", "same"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Average (or maximise) bilinear samples of every region into a fixed grid.

    `features` is (N, C, H, W) and `rois` (K, 5) as batch_index, x1, y1, x2, y2, or (K, 4) with
    int64 `batch_indices`; both float32 or float64. The result is (K, C, pooled_height,
    pooled_width). A region with a NaN, infinite or out-of-range entry is refused with an
    ArgumentError that names it, before anything is computed; axes of `rule` decide the rest.
    Source: Mask R-CNN (He et al., 2017); semantics of each axis in mappings/core/roi_align.toml.
    """
    shape = checks.check_shape(layer, caller, "features", features, ("N", "C", "H", "W"))
    columns = 5 if batch_indices is None else 4
    count = checks.check_shape(layer, caller, "rois", rois, ("K", columns))[0]
    dtype = checks.check_dtype(layer, caller, "features", features, DTYPES)
    checks.check_same_dtype(caller, "rois", layer.dtype(rois), "features", dtype)
    tensors = {"features": features, "rois": rois}
    if batch_indices is not None:
        _check_batch_indices(layer, caller, batch_indices, rule, count, shape[0])
        tensors["batch_indices"] = batch_indices
    checks.check_on_host(layer, caller, tensors)
    for slot, size in (("pooled_height", pooled_height), ("pooled_width", pooled_width)):
        checks.check_at_least(caller, slot, size, 1)
        checks.check_int32(caller, slot, size)
    checks.check_addressable(
        caller, "pooled_height", (count, shape[1], pooled_height, pooled_width)
    )
    checks.check_finite(caller, "spatial_scale", spatial_scale)
    checks.check_int32(caller, "sampling_ratio", sampling_ratio)
    pooled = layer.empty((count, shape[1], pooled_height, pooled_width), dtype, features)
    refused = native_function("roi_align")(
        layer.native(features),
        layer.native(rois),
        None if batch_indices is None else layer.native(batch_indices),
        pooled,
        spatial_scale,
        sampling_ratio,
        rule.word,
        layer.threads(),
    )
    if refused:
        row, reason = divmod(refused, _REASON_BASE)
        _Refusal(layer, caller, rois, batch_indices, row, shape[0], dtype, spatial_scale).tell(
            reason
        )
    return (layer.finish(pooled),)


def _check_batch_indices(
    layer: TensorLayer,
    caller: Caller,
    batch_indices: Tensor,
    rule: RoiAlignRule,
    regions: int,
    images: int,
) -> None:
    """Images of the regions come as one index per region, or as one count per image."""
    if rule.batch_rule not in ("given", "counts"):
        caller.refuse(
            f"{caller.argument('batch_indices')} is given, but batch_rule is {rule.batch_rule}; "
            "allowed: given, counts"
        )
    counted, entries = ("rois", regions) if rule.batch_rule == "given" else ("features", images)
    (length,) = checks.check_shape(layer, caller, "batch_indices", batch_indices, ("K",))
    checks.check_same_length(caller, "batch_indices", length, counted, entries)
    checks.check_dtype(layer, caller, "batch_indices", batch_indices, ("int64",))


def _pooled_shape(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    regions, channels = shape(arguments["rois"])[0], shape(arguments["features"])[1]
    return {"pooled": (regions, channels, arguments["pooled_height"], arguments["pooled_width"])}


class RoiError(IntEnum):
    """Why a region is refused, as csrc numbers it; the native error word is row * 16 + reason."""

    NONFINITE = 1
    OVERFLOW = 2
    BATCH_NOT_WHOLE = 3
    BATCH_OUT_OF_RANGE = 4
    NEGATIVE_SIZE = 5
    NEGATIVE_GRID = 6
    GRID_TOO_LARGE = 7
    WRONG_COUNTS = 8


_REASON_BASE = 16


@dataclass(frozen=True)
class _Refusal:
    """One refused region, with what is needed to say why."""

    layer: TensorLayer
    caller: Caller
    rois: Tensor
    batch_indices: Tensor | None
    row: int
    images: int
    dtype: str
    spatial_scale: float

    def tell(self, reason: int) -> NoReturn:
        if reason == RoiError.NONFINITE:
            self._tell_nonfinite()
        if reason == RoiError.WRONG_COUNTS:
            self._tell_counts()
        if reason in (RoiError.BATCH_NOT_WHOLE, RoiError.BATCH_OUT_OF_RANGE):
            self._tell_batch(reason)
        region = f"{self.caller.place('rois', self.row)} is {self._corners()}"
        if reason == RoiError.OVERFLOW:
            self.caller.refuse(
                f"{region}, which overflows {self.dtype} when scaled by {self.spatial_scale}; "
                "scaled regions must be finite"
            )
        if reason == RoiError.NEGATIVE_SIZE:
            self.caller.refuse(f"{region}; regions must have x1 <= x2 and y1 <= y2")
        if reason == RoiError.NEGATIVE_GRID:
            self.caller.refuse(
                f"{region}, inverted in one axis; with adaptive sampling regions must have "
                "x1 <= x2 and y1 <= y2"
            )
        ratio = self.caller.argument("sampling_ratio")
        self.caller.refuse(
            f"{region}, which takes over 2147483647 samples; "
            f"allowed: smaller regions, or a smaller {ratio} above 0"
        )

    def _first_column(self) -> int:
        return 1 if self.batch_indices is None else 0

    def _corners(self) -> tuple[float, ...]:
        first = self._first_column()
        return tuple(self.layer.item(self.rois, self.row, first + i) for i in range(4))

    def _tell_nonfinite(self) -> NoReturn:
        corners = self._corners()
        column = next(i for i, value in enumerate(corners) if not math.isfinite(value))
        place = self.caller.place("rois", self.row, self._first_column() + column)
        self.caller.refuse(f"{place} is {corners[column]}; region coordinates must be finite")

    def _tell_counts(self) -> NoReturn:
        counts = self.caller.argument("batch_indices")
        regions = self.layer.shape(self.rois)[0]
        self.caller.refuse(
            f"{counts} must be counts of regions that sum to {regions}, none of them negative; "
            f"{self.caller.place('batch_indices', self.row)} is "
            f"{self.layer.item(self.batch_indices, self.row):g}"
        )

    def _tell_batch(self, reason: int) -> NoReturn:
        if self.batch_indices is None:
            place = self.caller.place("rois", self.row, 0)
            value = self.layer.item(self.rois, self.row, 0)
        else:
            place = self.caller.place("batch_indices", self.row)
            value = self.layer.item(self.batch_indices, self.row)
        if reason == RoiError.BATCH_NOT_WHOLE:
            self.caller.refuse(f"{place} is {value}; batch indices must be whole numbers")
        features = self.caller.argument("features")
        self.caller.refuse(
            f"{place} is {value:g}, but {features} has batch size {self.images}; "
            f"batch indices must be in [0, {self.images})"
        )


ROI_ALIGN = Operator(
    name="roi_align",
    run=roi_align,
    rule=RoiAlignRule,
    main="features",
    shapes=_pooled_shape,
)
