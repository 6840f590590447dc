"""What all operators on regions of interest check alike, and how they name a refused region."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, NoReturn, Protocol

from opsbridge.core import checks
from opsbridge.core.checks import Caller
from opsbridge.core.tensors import Tensor, TensorLayer

DTYPES = ("float16", "bfloat16", "float32", "float64")


class RegionRule(Protocol):
    """The axes that decide what is right for features and regions."""

    @property
    def batch_rule(self) -> str:
        """How the image of a region is given."""

    @property
    def channel_map(self) -> str:
        """How the channels of the features and of the result belong together."""


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
    CORNER_TOO_LARGE = 9


_REASON_BASE = 16


@dataclass(frozen=True)
class Regions:
    """Features and regions of one call, once they fit each other."""

    layer: TensorLayer
    caller: Caller
    features: Tensor
    rois: Tensor
    batch_indices: Tensor | None
    spatial_scale: float
    dtype: str
    features_shape: tuple[int, ...]
    pooled_shape: tuple[int, ...]

    def native(self) -> tuple[Any, ...]:
        """The tensors as the first arguments of a native function."""
        indices = None if self.batch_indices is None else self.layer.native(self.batch_indices)
        return self.layer.native(self.features), self.layer.native(self.rois), indices

    def without_features(self) -> Regions:
        """What is needed to say what is wrong with a region, while the features may go."""
        return replace(self, features=None)

    def check(self, error_word: int) -> None:
        """Raise about the region that a native function refused, if it did."""
        if error_word:
            row, reason = divmod(error_word, _REASON_BASE)
            self._refuse(row, reason)

    def _refuse(self, row: int, reason: int) -> NoReturn:
        if reason == RoiError.NONFINITE:
            self._refuse_nonfinite(row)
        if reason == RoiError.WRONG_COUNTS:
            self._refuse_counts(row)
        if reason in (RoiError.BATCH_NOT_WHOLE, RoiError.BATCH_OUT_OF_RANGE):
            self._refuse_batch(row, reason)
        ratio = self.caller.argument("sampling_ratio")
        why = {
            RoiError.OVERFLOW: f", which overflows {self.dtype} when scaled by "
            f"{self.spatial_scale}; scaled regions must be finite",
            RoiError.NEGATIVE_SIZE: "; regions must have x1 <= x2 and y1 <= y2",
            RoiError.NEGATIVE_GRID: ", inverted in one axis; with adaptive sampling regions must "
            "have x1 <= x2 and y1 <= y2",
            RoiError.GRID_TOO_LARGE: ", which takes over 2147483647 samples; "
            f"allowed: smaller regions, or a smaller {ratio} above 0",
            RoiError.CORNER_TOO_LARGE: f", which leaves 32 bits when scaled by "
            f"{self.spatial_scale}; scaled corners must be in [-2147483647, 2147483647]",
        }[RoiError(reason)]
        self.caller.refuse(f"{self.caller.place('rois', row)} is {self._corners(row)}{why}")

    def _first_column(self) -> int:
        return 1 if self.batch_indices is None else 0

    def _corners(self, row: int) -> tuple[float, ...]:
        first = self._first_column()
        return tuple(self.layer.item(self.rois, row, first + i) for i in range(4))

    def _refuse_nonfinite(self, row: int) -> NoReturn:
        corners = self._corners(row)
        column = next(i for i, value in enumerate(corners) if not math.isfinite(value))
        place = self.caller.place("rois", row, self._first_column() + column)
        self.caller.refuse(f"{place} is {corners[column]}; region coordinates must be finite")

    def _refuse_counts(self, image: int) -> NoReturn:
        counts, place = self.caller.argument("batch_indices"), ("batch_indices", image)
        self.caller.refuse(
            f"{counts} must be counts of regions that sum to {self.pooled_shape[0]}, none of them "
            f"negative; {self.caller.place(*place)} is "
            f"{self.layer.item(self.batch_indices, image):g}"
        )

    def _refuse_batch(self, row: int, reason: int) -> NoReturn:
        if self.batch_indices is None:
            place = self.caller.place("rois", row, 0)
            value = self.layer.item(self.rois, row, 0)
        else:
            place = self.caller.place("batch_indices", row)
            value = self.layer.item(self.batch_indices, row)
        if reason == RoiError.BATCH_NOT_WHOLE:
            self.caller.refuse(f"{place} is {value}; batch indices must be whole numbers")
        features, images = self.caller.argument("features"), self.features_shape[0]
        self.caller.refuse(
            f"{place} is {value:g}, but {features} has batch size {images}; "
            f"batch indices must be in [0, {images})"
        )


def check_regions(
    layer: TensorLayer,
    caller: Caller,
    features: Tensor,
    rois: Tensor,
    batch_indices: Tensor | None,
    pooled_size: tuple[int, int],
    spatial_scale: float,
    rule: RegionRule,
    has_cuda: bool = False,
) -> Regions:
    """The regions of a call, once shapes, dtypes, devices and settings are right."""
    shape = checks.check_shape(layer, caller, "features", features, ("N", "C", "H", "W"))
    columns = 5 if batch_indices is None else 4
    count = checks.check_shape(layer, caller, "rois", rois, ("K", columns))[0]
    dtype = checks.check_dtype(layer, caller, "features", features, DTYPES)
    checks.check_same_dtype(caller, "rois", layer.dtype(rois), "features", dtype)
    tensors = {"features": features, "rois": rois}
    if batch_indices is not None:
        _check_batch_indices(layer, caller, batch_indices, rule.batch_rule, count, shape[0])
        tensors["batch_indices"] = batch_indices
    checks.check_on_host(layer, caller, tensors, has_cuda)
    for slot, size in zip(("pooled_height", "pooled_width"), pooled_size, strict=True):
        checks.check_at_least(caller, slot, size, 1)
        checks.check_int32(caller, slot, size)
    _check_channels(caller, shape[1], pooled_size, rule.channel_map)
    pooled = (count, pooled_channels(shape[1], pooled_size, rule.channel_map), *pooled_size)
    checks.check_addressable(caller, "pooled_height", pooled)
    checks.check_finite(caller, "spatial_scale", spatial_scale)
    return Regions(
        layer=layer,
        caller=caller,
        features=features,
        rois=rois,
        batch_indices=batch_indices,
        spatial_scale=spatial_scale,
        dtype=dtype,
        features_shape=shape,
        pooled_shape=pooled,
    )


def _check_batch_indices(
    layer: TensorLayer,
    caller: Caller,
    batch_indices: Tensor,
    batch_rule: str,
    regions: int,
    images: int,
) -> None:
    """Images of the regions come as one index per region, or as one count per image."""
    if batch_rule not in ("given", "counts"):
        caller.refuse(
            f"{caller.argument('batch_indices')} is given, but batch_rule is {batch_rule}; "
            "allowed: given, counts"
        )
    counted, entries = ("rois", regions) if batch_rule == "given" else ("features", images)
    (length,) = checks.check_shape(layer, caller, "batch_indices", batch_indices, ("K",))
    checks.check_same_length(caller, "batch_indices", length, counted, entries)
    checks.check_dtype(layer, caller, "batch_indices", batch_indices, ("int64",))


def _check_channels(
    caller: Caller, channels: int, pooled_size: tuple[int, int], channel_map: str
) -> None:
    """Position-sensitive features have one channel per bin for every channel of the result."""
    height, width = pooled_size
    if channel_map == "position_sensitive" and channels % (height * width):
        caller.refuse(
            f"{caller.argument('features')} has {channels} channels; expected a multiple of "
            f"{height * width}, one for each of {height} x {width} bins"
        )


def check_gradient(regions: Regions, gradient: Tensor, has_cuda: bool = False) -> None:
    """The gradient of the result is like the result."""
    layer, caller = regions.layer, regions.caller
    checks.check_shape(layer, caller, "gradient", gradient, regions.pooled_shape)
    checks.check_same_dtype(caller, "gradient", layer.dtype(gradient), "features", regions.dtype)
    tensors = {"features": regions.features, "gradient": gradient}
    checks.check_on_host(layer, caller, tensors, has_cuda)


def pooled_channels(channels: int, pooled_size: tuple[int, int], channel_map: str) -> int:
    """The channels of the result: those of the features, or one for every full set of bins."""
    if channel_map == "same":
        return channels
    return channels // (pooled_size[0] * pooled_size[1])


def pooled_shape(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any]
) -> tuple[int, ...]:
    """The shape of the result, before anything is checked."""
    size = arguments["pooled_height"], arguments["pooled_width"]
    regions, channels = shape(arguments["rois"])[0], shape(arguments["features"])[1]
    return (regions, pooled_channels(channels, size, arguments["rule"].channel_map), *size)


def gradient_shape(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    """A gradient has the shape of the features."""
    return {"gradient": shape(arguments["features"])}
