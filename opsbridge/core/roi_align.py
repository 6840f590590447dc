"""Region of interest align and its gradient, with every convention explicit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Native, Operator
from opsbridge.core.regions import (
    Regions,
    check_gradient,
    check_regions,
    gradient_shape,
    pooled_shape,
)
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer


@dataclass(frozen=True)
class RoiAlignRule(Rule):
    """The axes in which RoIAlign differs between frameworks; the defaults are torchvision's."""

    operator: ClassVar[str] = "roi_align"

    half_pixel: Literal[0.0, 0.5] = 0.0  # type: ignore[valid-type]
    end_offset: Literal[0, 1] = 0
    min_size: Literal["one", "none"] = "one"
    grid: Literal["ceil", "floor", "ceil_float32"] = "ceil"
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
    channel_map: Literal["same", "position_sensitive"] = "same"
    sample_sum: Literal["bin_first", "step_first"] = "bin_first"


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
    int64 `batch_indices`; both of one floating dtype. The result is (K, C, pooled_height,
    pooled_width); position-sensitive, bin (y, x) of channel c comes from channel
    (c * pooled_height + y) * pooled_width + x, and C shrinks accordingly. A region with a NaN,
    infinite or out-of-range entry is refused with an ArgumentError that names it, before anything
    is computed; axes of `rule` decide the rest.
    Source: Mask R-CNN (He et al., 2017); semantics of each axis in mappings/core/roi_align.toml.
    """
    size = pooled_height, pooled_width
    regions = check_regions(
        layer, caller, features, rois, batch_indices, size, spatial_scale, rule, has_cuda=True
    )
    checks.check_int32(caller, "sampling_ratio", sampling_ratio)
    pooled = layer.empty(regions.pooled_shape, regions.dtype, features)
    _call("roi_align", regions, pooled, sampling_ratio, rule)
    return (layer.finish(pooled),)


def roi_align_backward(
    layer: TensorLayer,
    gradient: Tensor,
    features: Tensor,
    rois: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    *,
    batch_indices: Tensor | None = None,
    rule: RoiAlignRule,
    outputs: tuple[tuple[str, str], ...] = (("gradient", "same"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """The gradient of the features from the `gradient` of the result of `roi_align`.

    An average gives each sample its share, a maximum all to the first largest sample; pixels add up
    in the order of the forward pass, whatever the number of threads. The values of `features` are
    read for a maximum only. Raises what `roi_align` raises, and ArgumentError or DtypeError for a
    gradient that is not like the result.
    """
    size = pooled_height, pooled_width
    regions = check_regions(
        layer, caller, features, rois, batch_indices, size, spatial_scale, rule, has_cuda=True
    )
    checks.check_int32(caller, "sampling_ratio", sampling_ratio)
    check_gradient(regions, gradient, has_cuda=True)
    sums = layer.empty(regions.features_shape, regions.dtype, features)
    _call("roi_align_backward", regions, layer.native(gradient), sampling_ratio, rule, sums)
    return (layer.finish(sums),)


def _call(
    function: str,
    regions: Regions,
    pooled: Tensor,
    sampling_ratio: int,
    rule: RoiAlignRule,
    *destination: Tensor,
) -> None:
    """Fill the result (or, with a destination, the gradient), unless a region is refused."""
    call = native_call(regions.layer, function, regions.features, regions.without_features().check)
    refused = call(
        *regions.native(),
        pooled,
        regions.spatial_scale,
        sampling_ratio,
        rule.word,
        regions.layer.threads(),
        *destination,
    )
    regions.check(refused)


ROI_ALIGN = Operator(
    name="roi_align",
    run=roi_align,
    rule=RoiAlignRule,
    main="features",
    shapes=lambda shape, arguments: {"pooled": pooled_shape(shape, arguments)},
    backward="roi_align_backward",
    backward_reads_main=lambda rule: rule.reduction != "average",
    native=Native(
        (
            *("features", "rois", "batch_indices", "pooled", "spatial_scale", "sampling_ratio"),
            *("rule", "threads"),
        ),
        is_on_device=lambda rule, slots, outputs: True,
        judges_main=False,
    ),
)

ROI_ALIGN_BACKWARD = Operator(
    name="roi_align_backward",
    run=roi_align_backward,
    rule=RoiAlignRule,
    main="features",
    shapes=gradient_shape,
)
