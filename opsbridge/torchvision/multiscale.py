"""`torchvision.ops.MultiScaleRoIAlign`: regions pooled from the level of a pyramid that fits them.

A composition of `roi_align`, for tensors of every framework. The size of a region chooses its
level (equation 1 of Feature Pyramid Networks, Lin et al., 2017).
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from opsbridge.callables import blank, record
from opsbridge.errors import ArgumentError, DtypeError, imitating
from opsbridge.frameworks import FrameworkLayer, layer_of
from opsbridge.frontend import api

_roi_align = api("torchvision/roi_align", __name__)

# Keeps sizes that are a power of two times the canonical one on their level, in float32 too.
_LEVEL_MARGIN = 1e-6


class MultiScaleRoIAlign:
    """Pool every region from one level of a feature pyramid.

    featmap_names: names of the levels to use, in any order: levels are taken in the order of the
    features. output_size: an integer or (height, width). sampling_ratio: as in `roi_align`.
    canonical_scale, canonical_level: a region of that size in pixels belongs to that level.

    The scale of each level is inferred at the first call, from the height of its features and of
    the largest image, and kept. Raises ArgumentError or DtypeError for arguments that do not fit.

    >>> import numpy as np
    >>> pool = MultiScaleRoIAlign(["0", "1"], 1, 2)
    >>> levels = {"0": np.ones((1, 1, 8, 8), np.float32), "1": np.zeros((1, 1, 4, 4), np.float32)}
    >>> pool(levels, [np.array([[0, 0, 8, 8], [0, 0, 400, 400]], np.float32)], [(32, 32)])
    array([[[[1.]]],
    <BLANKLINE>
    <BLANKLINE>
           [[[0.]]]], dtype=float32)
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        return blank(cls)  # type: ignore[no-any-return]

    def __init__(
        self,
        featmap_names: list[str],
        output_size: int | tuple[int, ...] | list[int],
        sampling_ratio: int,
        *,
        canonical_scale: int = 224,
        canonical_level: int = 4,
    ) -> None:
        self.featmap_names = featmap_names
        self.output_size = (
            (output_size, output_size) if isinstance(output_size, int) else tuple(output_size)
        )
        self.sampling_ratio = sampling_ratio
        self.canonical_scale = canonical_scale
        self.canonical_level = canonical_level
        self.scales: list[float] | None = None

    def forward(
        self,
        x: Mapping[str, Any],
        boxes: Sequence[Any],
        image_shapes: Sequence[tuple[int, int]],
    ) -> Any:
        """The regions of all images, in order: (K, C, height, width)."""
        if type(x).__module__ == "torch.fx.proxy":
            return record(self, x, (x, boxes, image_shapes))
        levels = [features for name, features in x.items() if name in self.featmap_names]
        if not levels:
            raise imitating(ArgumentError, "IndexError")(
                f"MultiScaleRoIAlign: x has the features {', '.join(x)}; "
                f"expected some of {', '.join(self.featmap_names)}"
            )
        layer = _layer_of(levels[0], list(boxes))
        if self.scales is None:
            self.scales = [_scale(level, image_shapes) for level in levels]
        if len(levels) == 1:
            return self._pool(levels[0], list(boxes), self.scales[0])
        return self._pool_levels(layer, levels, list(boxes), self.scales)

    __call__ = forward

    def _pool(self, features: Any, rois: Any, scale: float) -> Any:
        return _roi_align(features, rois, self.output_size, scale, self.sampling_ratio)

    def _pool_levels(
        self, layer: FrameworkLayer, levels: list[Any], boxes: list[Any], scales: list[float]
    ) -> Any:
        rois = layer.concatenate_regions(boxes)
        if hasattr(rois, "asnumpy"):
            return self._join_levels(levels, rois, scales)
        level_of = self._level_of(rois, scales)
        shape = (rois.shape[0], levels[0].shape[1], *self.output_size)
        pooled: Any = layer.finish(layer.empty(shape, layer.dtype(levels[0]), levels[0]))
        # A region whose size is no number belongs to no level and stays zero.
        pooled[...] = 0
        for level, (features, scale) in enumerate(zip(levels, scales, strict=False)):
            rows = level_of == level
            pooled[rows] = self._pool(features, rois[rows], scale)
        return pooled

    def _join_levels(self, levels: list[Any], rois: Any, scales: list[float]) -> Any:
        """The same for MindSpore, by operations that it differentiates and that need no masks."""
        framework = importlib.import_module("mindspore")
        level_of = self._level_of(rois.asnumpy(), scales)
        shape = (1, levels[0].shape[1], *self.output_size)
        # A region that belongs to no level takes this row.
        parts, places = [framework.ops.zeros(shape, levels[0].dtype)], np.zeros(len(level_of), int)
        filled = 1
        for level, (features, scale) in enumerate(zip(levels, scales, strict=False)):
            rows = np.flatnonzero(level_of == level)
            if len(rows):
                parts.append(self._pool(features, rois[framework.Tensor(rows)], scale))
                places[rows] = np.arange(filled, filled + len(rows))
                filled += len(rows)
        if not len(places):
            return parts[0][:0]
        return framework.ops.concat(parts)[framework.Tensor(places)]

    def _level_of(self, rois: Any, scales: list[float]) -> Any:
        """The level of each region, counted from the first, as a float."""
        # torch and numpy have these functions under the same names.
        functions = importlib.import_module(type(rois).__module__.partition(".")[0])
        lowest, highest = (int(-math.log2(scale)) for scale in (scales[0], scales[-1]))
        # A product with float32 widens float16, whose range the areas would leave.
        corners = rois[:, 1:] * functions.ones(1, dtype=functions.float32)
        area = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = functions.log2(functions.sqrt(area) / self.canonical_scale)
        wanted = functions.floor(self.canonical_level + relative + _LEVEL_MARGIN)
        return functions.clip(wanted, lowest, highest) - lowest

    def __repr__(self) -> str:
        return (
            f"MultiScaleRoIAlign(featmap_names={self.featmap_names}, "
            f"output_size={self.output_size}, sampling_ratio={self.sampling_ratio})"
        )


def _layer_of(features: Any, boxes: list[Any]) -> FrameworkLayer:
    """The layer of the features, once the boxes of every image are of it, too."""
    layer = layer_of(features)
    if layer is None:
        raise DtypeError(
            f"MultiScaleRoIAlign: x holds a {type(features).__name__}; "
            "expected torch.Tensor, numpy.ndarray or mindspore.Tensor"
        )
    for image, of_image in enumerate(boxes):
        if layer_of(of_image) is not layer:
            raise DtypeError(
                f"MultiScaleRoIAlign: boxes[{image}] is a {type(of_image).__name__}, but x holds a "
                f"{type(features).__name__}; they must come from one framework"
            )
        if len(of_image.shape) != 2 or of_image.shape[1] != 4:
            raise imitating(ArgumentError, "AssertionError")(
                f"MultiScaleRoIAlign: boxes[{image}] has shape {tuple(of_image.shape)}; "
                "expected (L, 4)"
            )
    if not boxes:
        raise ArgumentError(
            "MultiScaleRoIAlign: boxes is an empty list; expected one (L, 4) tensor per image"
        )
    return layer


def _scale(features: Any, image_shapes: Sequence[tuple[int, int]]) -> float:
    """The power of two that is nearest to features over image, by their heights."""
    if not image_shapes:
        raise ArgumentError(
            "MultiScaleRoIAlign: image_shapes is an empty list; expected (height, width) per image"
        )
    height = max(shape[0] for shape in image_shapes)
    return float(2.0 ** np.rint(np.log2(np.float32(features.shape[-2] / height))))
