"""Every figure, by operator and axis."""

from __future__ import annotations

from functools import lru_cache

from opsbridge.docgen.figures.drawing import Figure
from opsbridge.docgen.figures.sampling import SCENES, sampling_figure
from opsbridge.docgen.figures.suppression import CASES, suppression_figure


@lru_cache
def all_figures() -> dict[tuple[str, str], Figure]:
    """Figures by name of the operator and of the axis that they explain."""
    return {
        **{("roi_align", axis): sampling_figure(axis) for axis in SCENES},
        **{("nms", axis): suppression_figure(axis) for axis in CASES},
    }
