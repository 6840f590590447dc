"""The computed tables hold every row of the published pages, and what those omit."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from opsbridge.docgen.difference_table import Row, difference_table, table_rows
from opsbridge.docgen.wording import Language
from opsbridge.tables.load import load_api, load_core

CORPUS = Path(__file__).parents[1] / "pages" / "corpus"
NMS = ("torchvision.ops.nms", "mindspore.ops.NMSWithMask")
ROI_ALIGN = ("torchvision.ops.roi_align", "mindspore.ops.ROIAlign")
ROI_ALIGN_CLASS = ("torchvision.ops.RoIAlign", "mindspore.ops.ROIAlign")
PAGES: list[tuple[str, tuple[str, str], Language]] = [
    ("nms_en_flat.md", NMS, "en"),
    ("roi_align_zh_flat.md", ROI_ALIGN, "zh"),
]


def rows(pair: tuple[str, str], language: Language = "en") -> list[Row]:
    left, right = map(load_api, pair)
    return table_rows(left, right, load_core(left.core), language)


def published_table(file: str) -> list[list[str]]:
    """The cells of the table of a page that was flattened to one line, header included."""
    text = (CORPUS / file).read_text(encoding="utf-8")
    table = text[text.index("| ") : text.rindex(" |") + 1]
    cells = [cell.strip() for cell in table.split("|")]
    # Six pieces a row: five cells and the blank between the last bar and the next row's first.
    return [cells[start : start + 5] for start in range(1, len(cells) - 4, 6)]


def published_rows(file: str) -> list[list[str]]:
    """The rows of such a table, each with its category, which pages write on the first one only."""
    result = published_table(file)[2:]
    for before, row in itertools.pairwise(result):
        row[0] = row[0] or before[0]
    return result


@pytest.mark.parametrize(("file", "pair", "language"), PAGES)
def test_header_is_that_of_the_page(file: str, pair: tuple[str, str], language: Language) -> None:
    left, right = map(load_api, pair)
    first = difference_table(left, right, load_core(left.core), language).splitlines()[0]
    assert [cell.strip() for cell in first.split("|")[1:-1]] == published_table(file)[0]


@pytest.mark.parametrize(("file", "pair", "language"), PAGES)
def test_first_rows_are_those_of_the_page(
    file: str, pair: tuple[str, str], language: Language
) -> None:
    published = published_rows(file)
    computed = rows(pair, language)[: len(published)]
    assert len(published) in (8, 9)
    assert [[r.category, r.subcategory, r.left, r.right] for r in computed] == [
        row[:4] for row in published
    ]


@pytest.mark.parametrize(("file", "pair", "language"), PAGES)
def test_the_other_direction_has_every_row_of_the_page_mirrored(
    file: str, pair: tuple[str, str], language: Language
) -> None:
    computed = {(row.left, row.right) for row in rows((pair[1], pair[0]), language)}
    assert computed >= {(row[3], row[2]) for row in published_rows(file)}


@pytest.mark.parametrize("pair", [ROI_ALIGN, ROI_ALIGN_CLASS])
def test_changed_alignment_default_is_a_row(pair: tuple[str, str]) -> None:
    row = next(r for r in rows(pair) if r.left == "aligned=False")
    assert (row.category, row.right) == ("Default", "roi_end_mode=1")
    assert "Default False against 1." in row.difference


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "Default -1 against 2."), ("zh", "默认值分别为 -1 与 2。")]
)
def test_changed_sampling_default_is_a_row(language: Language, sentence: str) -> None:
    row = next(r for r in rows(ROI_ALIGN, language) if r.left == "sampling_ratio=-1")
    assert row.right == "sample_num=2"
    assert sentence in row.difference


def test_a_required_parameter_has_no_default_row() -> None:
    """The class of torchvision requires the sampling ratio, so no default changes."""
    assert not [r for r in rows(ROI_ALIGN_CLASS) if r.left.startswith("sampling_ratio=")]


def test_values_without_an_equal_are_named() -> None:
    row = next(r for r in rows(ROI_ALIGN) if r.left == "aligned")
    assert "Equal values: False = 0." in row.difference
    assert "Without an equal: True of `aligned`, 1 of `roi_end_mode`." in row.difference


@pytest.mark.parametrize(
    ("axis", "left", "right"),
    [
        ("order", "lowest index", "bitonic"),
        ("threshold_type", "float64", "type of the boxes"),
        ("nan_score", "above every other", "scrambled"),
    ],
)
def test_behaviour_that_the_nms_page_omits(axis: str, left: str, right: str) -> None:
    row = next(r for r in rows(NMS) if r.subcategory == axis)
    assert row.category == "Behaviour"
    assert left in row.left
    assert right in row.right


@pytest.mark.parametrize(
    ("axis", "left", "right"),
    [
        ("grid", "向上取整", "向下取整"),
        ("count", "至少为 1", "NaN"),
        ("near_zero_row", "照常计算", "未写入"),
    ],
)
def test_behaviour_that_the_roi_align_page_omits(axis: str, left: str, right: str) -> None:
    row = next(r for r in rows(ROI_ALIGN, "zh") if r.subcategory == axis)
    assert row.category == "行为"
    assert left in row.left
    assert right in row.right


@pytest.mark.parametrize("language", ["en", "zh"])
def test_meaning_of_indices_on_unsorted_input_is_a_row(language: Language) -> None:
    category = {"en": "Index meaning", "zh": "下标含义"}[language]
    (row,) = [r for r in rows(NMS, language) if r.category == category]
    assert (
        row.left
        == {"en": "the boxes in the order of the input", "zh": "按输入顺序排列的框"}[language]
    )
    assert (
        row.right
        == {"en": "the boxes sorted by descending score", "zh": "按分数降序排列的框"}[language]
    )


def test_limit_is_a_row_of_the_side_that_is_narrower() -> None:
    (row,) = [r for r in rows(NMS) if r.category == "Limit"]
    assert (row.left, row.right) == ("-", "2864")
    assert "Ascend" in row.difference
    assert not [r for r in rows((NMS[1], NMS[0])) if r.category == "Limit"]


def test_one_framework_on_both_sides_is_told_apart_by_the_names() -> None:
    left, right = load_api("torchvision.ops.roi_align"), load_api("torchvision.ops.RoIAlign")
    header = difference_table(left, right, load_core("roi_align")).splitlines()[0]
    assert "| torchvision.ops.roi_align | torchvision.ops.RoIAlign |" in header


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("pair", [NMS, ROI_ALIGN, ROI_ALIGN_CLASS])
def test_markdown_has_five_cells_a_row_and_no_gap(
    pair: tuple[str, str], language: Language
) -> None:
    left, right = map(load_api, pair)
    for line in difference_table(left, right, load_core(left.core), language).splitlines():
        cells = line.replace("\\|", "").strip("|").split("|")
        assert len(cells) == 5
        assert all(cell.strip() for cell in cells[1:])
        assert "{" not in line
