"""As many seeded cases as asked for (`--cases`) against the real frameworks: no difference at all.

Cases run in chunks, so `-n auto` spreads them. A failure prints the one command that repeats it. A
chunk whose results are mostly trivial is not trusted and fails too.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bulk_cases import FEW_THRESHOLDS, NmsCase, RoiCase, nms_case, roi_case
from cases import assert_same_bits
from framework_tensors import to_array, to_tensor
from memory_layouts import MEMORY
from real_frameworks import (
    mindspore,
    mindspore_operator,
    torchvision_nms,
    torchvision_ops,
    torchvision_roi_align,
)

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.ops import NMSWithMask, ROIAlign
from opsbridge.torchvision.ops import nms, roi_align

CHUNKS = 16
SHARES = {"nms": 1.0, "roi_align": 0.2, "NMSWithMask": 0.1, "ROIAlign": 0.1}
"""How many cases of each operator belong to one of nms."""

LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "numpy": lambda array: to_tensor("numpy", array),
    "torch": lambda array: to_tensor("torch", array),
    **{name: make for name, (kind, make) in MEMORY.items() if kind != "mindspore"},
}
"""What a case may be given in: tensors of their own memory, and strided, reversed, shared ones."""

TRIVIAL_AT_MOST = 0.2
JUDGED_FROM = 200
"""So many cases of a chunk say something about the whole run; about a tenth of them is trivial."""


Finish = Callable[[], bool]
"""Compares what was begun; whether the result is trivial."""


def _nms(number: int, layout: str) -> Finish:
    case = nms_case(number)
    given = LAYOUTS[layout](case.boxes), LAYOUTS[layout](case.scores)
    keep = to_array(nms(*given, case.iou_threshold))

    def finish() -> bool:
        real = torchvision_nms(case.boxes, case.scores, case.iou_threshold)
        assert_same_bits(keep, real)
        assert_same_bits(to_array(given[0]), case.boxes)
        return _is_trivial(len(keep), case)

    return finish


def _nms_with_mask(number: int, layout: str) -> Finish:
    case = nms_case(number, (np.float32,), FEW_THRESHOLDS)
    rows = np.concatenate([case.boxes, case.scores[:, None]], axis=1)
    real = mindspore_operator("NMSWithMask", case.iou_threshold)(mindspore().Tensor(rows))
    ours = NMSWithMask(case.iou_threshold)(LAYOUTS[layout](rows))

    def finish() -> bool:
        for mine, theirs in zip(ours, real, strict=True):
            assert_same_bits(to_array(mine), to_array(theirs))
        return _is_trivial(int(to_array(ours[2]).sum()), case)

    return finish


def _is_trivial(kept: int, case: NmsCase) -> bool:
    """Only the best box is kept where many might be."""
    return kept == 1 and len(case.boxes) > 3 and case.iou_threshold > 0


def _roi_align(number: int, layout: str) -> Finish:
    case = roi_case(number)
    settings = case.output_size, case.scale, case.sampling_ratio, bool(case.flag)
    given = LAYOUTS[layout](case.features), LAYOUTS[layout](case.rois)

    def finish() -> bool:
        try:
            real = torchvision_roi_align(case.features, case.rois, *settings)
        except RuntimeError:
            # An adaptive grid of a region inverted in one axis has a negative number of samples.
            with pytest.raises(ArgumentError, match="inverted in one axis"):
                roi_align(*given, *settings)
            return False
        assert_same_bits(to_array(roi_align(*given, *settings)), real)
        return _is_constant(real)

    return finish


def _mindspore_roi_align(number: int, layout: str) -> Finish:
    case = roi_case(number, dtypes=(np.float32,))
    settings = *case.output_size, case.scale, case.sampling_ratio, case.flag
    tensor = mindspore().Tensor
    begun = mindspore_operator("ROIAlign", *settings)(tensor(case.features), tensor(case.rois))
    given = LAYOUTS[layout](case.features), LAYOUTS[layout](case.rois)
    ours = to_array(ROIAlign(*settings)(*given))

    def finish() -> bool:
        real = to_array(begun)
        # The real operator leaves the other rows unwritten; tests/deviations/ says what ours are.
        written = (np.abs(case.rois[:, 1]) >= 0.001) | (np.abs(case.rois[:, 3]) >= 0.001)
        assert_same_bits(ours[written], real[written])
        return _is_constant(real[written])

    return finish


def _is_constant(pooled: np.ndarray[Any, Any]) -> bool:
    """More than half of a result is zero: samples outside the map."""
    return 2 * np.count_nonzero(pooled) < pooled.size


CHECKS: dict[str, Callable[[int, str], Finish]] = {
    "nms": _nms,
    "roi_align": _roi_align,
    "NMSWithMask": _nms_with_mask,
    "ROIAlign": _mindspore_roi_align,
}
AT_ONCE = 64
"""Cases that are begun before the first is compared: MindSpore answers many at once much faster."""


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("operator", CHECKS)
def test_bulk(
    operator: str,
    chunk: int,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    torchvision_ops()
    first = request.config.getoption("first_case")
    cases = max(round(request.config.getoption("cases") * SHARES[operator]), 1)
    numbers = range(first + chunk, first + cases, CHUNKS)
    peer = "MindSpore" if operator in ("NMSWithMask", "ROIAlign") else "torchvision"
    record_property("trust", {"what": operator, "peer": peer, "cases": len(numbers)})
    compare(operator, numbers)


def compare(operator: str, numbers: range) -> None:
    """Compare the cases of these numbers; the first that differs says how to repeat it alone."""
    trivial = 0
    for start in range(0, len(numbers), AT_ONCE):
        begun = [(number, _begin(operator, number)) for number in numbers[start : start + AT_ONCE]]
        for number, finish in begun:
            try:
                trivial += finish()
            except AssertionError as error:
                raise AssertionError(
                    f"case {number}; {_command(operator, number)}\n{error}"
                ) from error
    assert trivial <= TRIVIAL_AT_MOST * max(len(numbers), JUDGED_FROM), (
        f"{trivial} of {len(numbers)} results are trivial: this run would miss differences"
    )


def _begin(operator: str, number: int) -> Finish:
    layouts = list(LAYOUTS)
    return CHECKS[operator](number, layouts[number // CHUNKS % len(layouts)])


def _command(operator: str, number: int) -> str:
    """The one line that runs one case; its number decides the layout."""
    chunk = f"test_bulk[{operator}-0]"
    return f'tox run -e differential -- --first-case {number} --cases 1 -k "{chunk}"'


def test_a_case_is_the_same_in_every_run() -> None:
    again: list[Any] = [(nms_case(n), roi_case(n)) for n in (3, 4)]
    for n, (suppression, pooling) in zip((3, 4), again, strict=True):
        np.testing.assert_array_equal(nms_case(n).boxes, suppression.boxes)
        np.testing.assert_array_equal(roi_case(n).features, pooling.features)
    assert isinstance(again[0][0], NmsCase)
    assert isinstance(again[0][1], RoiCase)
    assert not np.array_equal(again[0][1].features[0, 0], again[1][1].features[0, 0])


@pytest.mark.parametrize("operator", CHECKS)
def test_a_run_of_trivial_results_is_not_trusted(
    operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CHECKS, operator, lambda number, layout: lambda: number % 4 == 0)
    with pytest.raises(AssertionError, match="250 of 1000 results are trivial"):
        compare(operator, range(1000))
    monkeypatch.setitem(CHECKS, operator, lambda number, layout: lambda: number % 5 == 0)
    compare(operator, range(1000))


def test_a_difference_names_the_command_that_repeats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def differs_once(number: int, layout: str) -> Finish:
        def finish() -> bool:
            assert number != 1234, layout
            return False

        return finish

    monkeypatch.setitem(CHECKS, "nms", differs_once)
    with pytest.raises(AssertionError) as told:
        compare("nms", range(2, 4000, CHUNKS))
    line = str(told.value).partition("\n")[0]
    options = shlex.split(line.partition("; ")[2].partition(" -- ")[2])
    assert options[:4] == ["--first-case", "1234", "--cases", "1"]
    assert options[4:] == ["-k", "test_bulk[nms-0]"]
    with pytest.raises(AssertionError) as again:
        compare("nms", range(1234, 1235, CHUNKS))
    assert str(again.value).partition("\n")[0] == line
