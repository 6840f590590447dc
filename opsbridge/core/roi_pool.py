"""Region of interest pooling and its gradient, with every convention explicit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

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
class RoiPoolRule(Rule):
    """The axes in which RoI pooling differs between frameworks; the defaults are torchvision's."""

    operator: ClassVar[str] = "roi_pool"

    corner: Literal["round_away", "exact", "round_before_scale"] = "round_away"
    end_offset: Literal[0, 1] = 0
    length_plus: Literal[0, 1] = 1
    min_size: Literal["one", "none", "tenth"] = "one"
    clip_high: Literal["size", "last_pixel"] = "size"
    gradient_clip_high: Literal["same", "size"] = "same"
    pooling: Literal["maximum", "average"] = "maximum"
    scale_type: Literal["same", "float32"] = "same"
    batch_rule: Literal["integral", "truncate", "nearest_7e-5", "given", "counts"] = "integral"
    nonfinite: Literal["refuse", "zero"] = "refuse"
    accumulate: Literal["same", "float32"] = "same"
    channel_map: Literal["same", "position_sensitive"] = "same"


_CALLER = Caller("roi_pool")


def roi_pool(
    layer: TensorLayer,
    features: Tensor,
    rois: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
    *,
    batch_indices: Tensor | None = None,
    rule: RoiPoolRule,
    outputs: tuple[tuple[str, str], ...] = (("pooled", "same"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Take the maximum (or average) of the pixels in every bin of every region.

    `features` is (N, C, H, W) and `rois` (K, 5) as batch_index, x1, y1, x2, y2, or (K, 4) with
    int64 `batch_indices`; both of one floating dtype. The result `pooled` is (K, C, pooled_height,
    pooled_width); position-sensitive, bin (y, x) of channel c comes from channel
    (c * pooled_height + y) * pooled_width + x, and C shrinks accordingly. `argmax` (int32) tells
    where each maximum lies, as y * W + x; -1 means nowhere. Bins without pixels are 0. A region
    with a NaN, infinite or out-of-range entry is refused with an ArgumentError that names it,
    before anything is computed.
    Source: Fast R-CNN (Girshick, 2015), R-FCN (Dai et al., 2016); semantics of each axis in
    mappings/core/roi_pool.toml.
    """
    size = pooled_height, pooled_width
    regions = check_regions(
        layer, caller, features, rois, batch_indices, size, spatial_scale, rule, has_cuda=True
    )
    names = dict(outputs)
    destinations = {
        name: layer.empty(
            regions.pooled_shape, regions.dtype if dtype == "same" else dtype, features
        )
        for name, dtype in (names | {"pooled": names.get("pooled", "same")}).items()
    }
    _call("roi_pool", regions, destinations["pooled"], rule, destinations.get("argmax"))
    return tuple(layer.finish(destinations[name]) for name, _ in outputs)


def roi_pool_backward(
    layer: TensorLayer,
    gradient: Tensor,
    features: Tensor,
    rois: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
    *,
    batch_indices: Tensor | None = None,
    argmax: Tensor | None = None,
    rule: RoiPoolRule,
    outputs: tuple[tuple[str, str], ...] = (("gradient", "same"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """The gradient of the features from the `gradient` of the result of `roi_pool`.

    An average gives each pixel of the bin its share, a maximum all to the first largest pixel: to
    that at `argmax`, the int32 output of `roi_pool` (a place outside the map takes nothing; on a
    GPU one outside its bin may take nothing), or without one it is looked for again; only then are
    the values of `features` read. Pixels add up in the order of the forward pass, whatever the
    number of threads. Raises what `roi_pool` raises, and ArgumentError or DtypeError for a gradient
    or an `argmax` that is not like the result.
    """
    size = pooled_height, pooled_width
    regions = check_regions(
        layer, caller, features, rois, batch_indices, size, spatial_scale, rule, has_cuda=True
    )
    check_gradient(regions, gradient, has_cuda=True)
    places = None if argmax is None else _check_argmax(regions, argmax, rule)
    sums = layer.empty(regions.features_shape, regions.dtype, features)
    _call("roi_pool_backward", regions, layer.native(gradient), rule, places, sums)
    return (layer.finish(sums),)


def _check_argmax(regions: Regions, argmax: Tensor, rule: RoiPoolRule) -> Tensor:
    layer, caller = regions.layer, regions.caller
    if not _takes_argmax(rule, regions.features_shape):
        caller.refuse(
            f"{caller.argument('argmax')} is given for a rule or a map whose gradient takes none"
        )
    checks.check_shape(layer, caller, "argmax", argmax, regions.pooled_shape)
    checks.check_dtype(layer, caller, "argmax", argmax, ("int32",))
    tensors = {"features": regions.features, "argmax": argmax}
    checks.check_on_host(layer, caller, tensors, has_cuda=True)
    return layer.native(argmax)


def _takes_argmax(rule: RoiPoolRule, features_shape: tuple[int, ...]) -> bool:
    """The maxima of the gradient are those of the result, and 32 bits count the pixels."""
    is_same = rule.gradient_clip_high == "same" or rule.gradient_clip_high == rule.clip_high
    is_maximum = rule.pooling == "maximum" and rule.channel_map == "same"
    return is_maximum and is_same and features_shape[2] * features_shape[3] < 2**31


def _call(
    function: str, regions: Regions, pooled: Tensor, rule: RoiPoolRule, *places: Tensor | None
) -> None:
    """Fill the result (or, with a destination, the gradient), unless a region is refused."""
    call = native_call(regions.layer, function, regions.features, regions.without_features().check)
    refused = call(
        *regions.native(),
        pooled,
        regions.spatial_scale,
        rule.word,
        regions.layer.threads(),
        *places,
    )
    regions.check(refused)


# On a CPU maxima of smaller maps are found again sooner than their places are written and read: 16
# channels of them lie in a near cache.
_LARGE_MAP = 1 << 14


def _kept(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any], on_gpu: bool
) -> tuple[str, ...]:
    """What the gradient takes of the results."""
    features = shape(arguments["features"])
    pays = on_gpu or features[2] * features[3] >= _LARGE_MAP
    return ("argmax",) if pays and _takes_argmax(arguments["rule"], features) else ()


ROI_POOL = Operator(
    name="roi_pool",
    run=roi_pool,
    rule=RoiPoolRule,
    main="features",
    shapes=lambda shape, arguments: dict.fromkeys(
        ("pooled", "argmax"), pooled_shape(shape, arguments)
    ),
    output_dtypes={"argmax": "int32"},
    backward="roi_pool_backward",
    backward_reads_main=lambda rule: rule.pooling == "maximum",
    kept=_kept,
    native=Native(
        (
            *("features", "rois", "batch_indices", "pooled", "spatial_scale", "rule", "threads"),
            "argmax",
        ),
        is_on_device=lambda rule, slots, outputs: True,
        judges_main=False,
    ),
)

ROI_POOL_BACKWARD = Operator(
    name="roi_pool_backward",
    run=roi_pool_backward,
    rule=RoiPoolRule,
    main="features",
    shapes=gradient_shape,
)
