"""Every figure, by operator and axis."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from opsbridge.docgen.figures import coding, cropping, extents, pooling, sampling, suppression
from opsbridge.docgen.figures.drawing import Figure

# What draws the figure of an axis, by the operator and the axis that it explains.
DRAWN: dict[tuple[str, str], Callable[[], Figure]] = {
    **{("roi_align", axis): partial(sampling.sampling_figure, axis) for axis in sampling.SCENES},
    **{("roi_pool", axis): partial(pooling.pooling_figure, axis) for axis in pooling.SCENES},
    **{("nms", axis): partial(suppression.suppression_figure, axis) for axis in suppression.CASES},
    **{
        ("crop_and_resize", axis): partial(cropping.cropping_figure, axis) for axis in cropping.AXES
    },
    **{
        (op, axis): partial(coding.coding_figure, op, axis)
        for op, axes in coding.AXES.items()
        for axis in axes
    },
    **{key: partial(draw, *key) for key, draw in extents.figures()},
}


@lru_cache
def all_figures() -> dict[tuple[str, str], Figure]:
    """Figures by name of the operator and of the axis that they explain."""
    return {key: draw() for key, draw in DRAWN.items()}
