"""Figures show what the reference computes, are the same every time, and can be read everywhere."""

from __future__ import annotations

import re

import numpy as np
import pytest
from contrast import contrast

pytest.importorskip("matplotlib", reason="figures need opsbridge[site]")

from opsbridge.docgen.figures import (
    coding,
    cropping,
    drawing,
    extents,
    pooling,
    sampling,
    suppression,
)
from opsbridge.docgen.figures.all import DRAWN, all_figures
from opsbridge.reference import roi_align
from opsbridge.tables.load import all_core_names, load_core
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


@pytest.mark.parametrize("axis_name", sorted(pooling.SCENES))
def test_the_pixels_drawn_are_told_apart(axis_name: str) -> None:
    axis = next(each for each in load_core("roi_pool").axes if each.name == axis_name)
    found = {pooling.bin_windows(axis_name, value) for value in axis.values}
    assert len(found) == len(axis.values)
    pixels = [i for windows in found for window in windows for span in window for i in span]
    assert (min(pixels), max(pixels)) >= (0, 0)
    assert max(pixels) < 5


def test_crops_are_taken_from_inside_the_image_and_from_other_places_by_each_method() -> None:
    axis = next(each for each in load_core("crop_and_resize").axes if each.name == "method")
    found = [cropping.taken_from(method=value.value) for value in axis.values]
    assert len(set(found)) == len(axis.values)
    assert all(0 <= place <= 4 for points in found for point in points for place in point)


@pytest.mark.parametrize("op", ["box_decode", "box_encode"])
def test_a_coder_draws_what_the_case_expects(op: str) -> None:
    case = load_core(op).cases[0]
    expected = coding.drawn(case, "box_offset")
    assert len(expected) == 2
    for each in expected:
        (wanted,) = each.outputs.values()
        assert coding.coded(op, case, **each.set) == pytest.approx(wanted[0])


@pytest.mark.parametrize(
    ("op", "axis_name"),
    [("box_decode", "anchor_centre"), ("box_decode", "taken_off"), ("box_encode", "anchor_centre")],
)
def test_a_coder_draws_what_else_the_case_expects(op: str, axis_name: str) -> None:
    case = next(each for each in load_core(op).cases if axis_name in each.axes)
    drawn = coding.drawn(case, axis_name)
    found = [coding.coded(op, case, **each.set) for each in drawn]
    assert len(set(found)) == len(drawn) == 2
    for row, each in zip(found, drawn, strict=True):
        assert row == pytest.approx(next(iter(each.outputs.values()))[0])


@pytest.mark.parametrize(("op", "axis_name"), sorted(extents.SCENES))
def test_what_is_measured_of_a_box_differs_from_value_to_value(op: str, axis_name: str) -> None:
    axis = next(each for each in load_core(op).axes if each.name == axis_name)
    shown = [extents.SCENES[op, axis_name][1](each.value) for each in axis.values]
    assert len({label for _, label in shown}) == len(shown)


def test_a_layout_puts_its_numbers_where_they_belong() -> None:
    corners = {name: extents.placed(name) for name in ("xyxy", "yxyx", "xywh", "cxcywh")}
    assert corners["xyxy"][::2] == [(3, 2), (5, 3)]
    assert corners["yxyx"][::2] == [(2, 3), (3, 5)]
    assert corners["xywh"][::2] == [(3, 2), (8, 5)]
    assert corners["cxcywh"][::2] == [(0.5, 0.5), (5.5, 3.5)]
    for turned in ("xywhr", "cxcywhr"):
        sides = np.diff([*extents.placed(turned), extents.placed(turned)[0]], axis=0)
        assert np.hypot(*sides.T) == pytest.approx([5, 3, 5, 3])


# Axes that say where something lies, how long it is or which boxes stay; what the others change
# are numbers: rounding, types, and what becomes of values that are none.
GEOMETRIC = {
    "box_area": {"layout", "box_offset"},
    "box_convert": {"source_layout", "target_layout"},
    "box_decode": {"box_offset", "anchor_centre", "taken_off"},
    "box_encode": {"box_offset", "anchor_centre"},
    "box_iou": {"layout", "box_offset", "measure", "denominator"},
    "check_valid": {"box_offset"},
    "clip_boxes": {"box_offset"},
    "crop_and_resize": {"method"},
    "masks_to_boxes": {"end_offset"},
    "nms": {
        *("layout", "corner_order", "box_offset", "comparison", "threshold_type", "order"),
        "group_rule",
    },
    "roi_align": {"half_pixel", "end_offset", "min_size", "grid"},
    "roi_pool": {"corner", "end_offset", "length_plus", "min_size", "clip_high"},
    "small_boxes": {"box_offset"},
    "soft_nms": {"layout", "box_offset"},
}


def test_every_geometric_difference_has_a_figure() -> None:
    """Whichever two APIs differ in it: `test_site.py` finds them on the pages."""
    assert sorted(GEOMETRIC) == sorted(all_core_names())
    axes = {op: {axis.name for axis in load_core(op).axes} for op in GEOMETRIC}
    assert all(names <= axes[op] for op, names in GEOMETRIC.items())
    assert set(FIGURES) == {(op, name) for op, names in GEOMETRIC.items() for name in names}


@pytest.mark.parametrize("key", sorted(FIGURES), ids="-".join)
def test_a_figure_is_the_same_bytes_again(key: tuple[str, str]) -> None:
    assert DRAWN[key]() == FIGURES[key]


@pytest.mark.parametrize("figure", FIGURES.values(), ids=NAMES)
def test_a_figure_says_the_same_in_words(figure: drawing.Figure) -> None:
    axis_name = figure.name.partition("-")[2]
    for text in (figure.alt.en, figure.alt.zh):
        assert text.count(f"{axis_name} = ") == figure.svg.count(f"{axis_name} = ") > 1
    assert re.search("[\u4e00-\u9fff]", figure.alt.zh)
    assert "<dc:date>" not in figure.svg


@pytest.mark.parametrize("background", ["#ffffff", "#131416"])
@pytest.mark.parametrize("color", ["TEXT", "GRID", "REGION", "SAMPLE", "DROPPED"])
def test_colours_stand_out_on_light_and_dark_pages(color: str, background: str) -> None:
    """3:1 is what WCAG asks for graphics and for large text."""
    found = contrast(getattr(drawing, color), background)
    assert found >= (4 if color == "TEXT" else 3)
