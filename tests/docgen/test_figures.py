"""Figures show what the reference computes, are the same every time, and can be read everywhere."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="figures need opsbridge[site]")

from opsbridge.docgen.figures import drawing, sampling, suppression
from opsbridge.docgen.figures.all import all_figures
from opsbridge.reference import roi_align
from opsbridge.tables.load import load_core
from opsbridge.tables.schema import AxisValue

FIGURES = all_figures()
NAMES = [figure.name for figure in FIGURES.values()]


def values(axis_name: str) -> tuple[AxisValue, ...]:
    """The values of an axis of RoIAlign."""
    return next(axis for axis in load_core("roi_align").axes if axis.name == axis_name).values


@pytest.mark.parametrize("axis_name", sorted(sampling.SCENES))
def test_the_points_drawn_are_those_sampled(axis_name: str) -> None:
    """On a ramp the mean of the samples is their mean position."""
    scene = sampling.SCENES[axis_name]
    ramp = np.broadcast_to(np.arange(6.0), (6, 6))[None, None]
    for value in values(axis_name):
        conventions = {**sampling._DEFAULTS, axis_name: value.value}
        rois = np.array([[0.0, *scene.region]])
        pooled = roi_align(
            ramp, rois, scene.bins, scene.bins, 1.0, scene.sampling_ratio, **conventions
        )
        _, x_axis = sampling.sample_axes(axis_name, value)
        assert pooled.mean() == pytest.approx(np.mean(sampling.positions(x_axis)), abs=1e-12)


@pytest.mark.parametrize("axis_name", sorted(suppression.CASES))
def test_boxes_are_kept_as_the_case_expects(axis_name: str) -> None:
    case = suppression.drawn_case(axis_name)
    kept = [suppression.suppressed(case, each)[0] for each in case.expect]
    assert len(set(kept)) > 1, "a figure of equal panels explains nothing"
    for each, shown in zip(case.expect, kept, strict=True):
        if "keep" in each.outputs:
            assert sorted(each.outputs["keep"]) == [n for n, is_kept in enumerate(shown) if is_kept]


@pytest.mark.parametrize("key", sorted(FIGURES), ids="-".join)
def test_a_figure_is_the_same_bytes_again(key: tuple[str, str]) -> None:
    op, axis_name = key
    draw: Any = {"roi_align": sampling.sampling_figure, "nms": suppression.suppression_figure}[op]
    assert draw(axis_name) == FIGURES[key]


@pytest.mark.parametrize("figure", FIGURES.values(), ids=NAMES)
def test_a_figure_says_the_same_in_words(figure: drawing.Figure) -> None:
    axis_name = figure.name.partition("-")[2]
    for text in (figure.alt.en, figure.alt.zh):
        assert text.count(f"{axis_name} = ") == figure.svg.count(f"{axis_name} = ") > 1
    assert re.search("[\u4e00-\u9fff]", figure.alt.zh)
    assert "<dc:date>" not in figure.svg


def luminance(color: str) -> float:
    """Relative luminance as WCAG defines it."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("background", ["#ffffff", "#131416"])
@pytest.mark.parametrize("color", ["TEXT", "GRID", "REGION", "SAMPLE", "DROPPED"])
def test_colours_stand_out_on_light_and_dark_pages(color: str, background: str) -> None:
    """3:1 is what WCAG asks for graphics and for large text."""
    bright, dim = sorted([luminance(getattr(drawing, color)), luminance(background)])[::-1]
    assert (bright + 0.05) / (dim + 0.05) >= (4 if color == "TEXT" else 3)
