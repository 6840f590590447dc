"""Pages are read whatever their shape: sound, flattened, English, Chinese."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py of opsbridge[docs] parses the pages")

from opsbridge.errors import PageError
from opsbridge.pages.model import Framework, Page
from opsbridge.pages.read import decode, parse_page, read_page

CORPUS = Path(__file__).parent / "corpus"


def sources(page: Page, framework: Framework) -> list[str]:
    return [part.source for part in page.statements if part.framework is framework]


def test_flattened_english_seed() -> None:
    page = read_page(CORPUS / "nms_en_flat.md")
    assert (page.language, page.title) == ("en", "Differences with torchvision.ops.nms")
    assert [api.name for api in page.apis] == ["torchvision.ops.nms", "mindspore.ops.NMSWithMask"]
    assert page.apis[1].signature == "class mindspore.ops.NMSWithMask(iou_threshold=0.5)(bboxes)"
    (table,) = page.tables
    assert table.header == ("Categories", "Subcategories", "PyTorch", "MindSpore", "Difference")
    assert len(table.rows) == 8
    assert table.rows[4][:4] == ("Output", "Output1", "indices", "-")
    assert len(page.examples) == 1
    assert sources(page, Framework.TORCH)[0] == "import torch"
    assert sources(page, Framework.MINDSPORE)[-1] == "print(selected_mask)"


def test_flattened_chinese_seed() -> None:
    page = read_page(CORPUS / "roi_align_zh_flat.md")
    assert (page.language, page.title) == ("zh", "比较与torchvision.ops.roi_align的差异")
    (table,) = page.tables
    assert table.header == ("分类", "子类", "PyTorch", "MindSpore", "差异")
    assert len(table.rows) == 9
    assert table.rows[2][2:4] == ("output_size", "[pooled_height, pooled_width]")
    expectation = page.statements[9].expectation
    assert expectation is not None
    assert expectation.text.split() == [
        "tensor([[[[1.7000,",
        "2.0333,",
        "2.3667],",
        "[2.3667,",
        "2.7000,",
        "3.0333],",
        "[3.0333,",
        "3.3667,",
        "3.7000]]]])",
    ]


def test_places_point_into_the_page_as_it_came() -> None:
    text = (CORPUS / "nms_en_flat.md").read_text(encoding="utf-8")
    page = parse_page(text)
    for statement in page.statements:
        line, column = map(int, page.where(statement.first_line).split(":"))
        assert line == 1
        assert text[column - 1 :].startswith(statement.source)


def test_a_sound_page_and_its_flattened_form_read_alike() -> None:
    sound = (CORPUS / "two_fences_en.md").read_text(encoding="utf-8")
    flat = " ".join(sound.split())
    pages = parse_page(sound), parse_page(flat)
    for attribute in ("title", "language"):
        assert getattr(pages[0], attribute) == getattr(pages[1], attribute)
    assert [table.rows for table in pages[0].tables] == [table.rows for table in pages[1].tables]
    for framework in Framework:
        left, right = (sources(page, framework) for page in pages)
        assert [" ".join(source.split()) for source in left] == right
    shown = [
        [" ".join(part.expectation.text.split()) for part in page.statements if part.expectation]
        for page in pages
    ]
    assert shown[0] == shown[1]


def test_a_sound_page_keeps_its_lines() -> None:
    path = CORPUS / "two_fences_en.md"
    text = path.read_text(encoding="utf-8")
    page = read_page(path)
    assert "\n".join(line.text for line in page.lines) == text
    lines = text.split("\n")
    for statement in page.statements:
        number = int(page.where(statement.first_line))
        assert lines[number - 1].startswith(statement.source.split("\n")[0])


def test_two_fences_are_one_example() -> None:
    page = read_page(CORPUS / "two_fences_en.md")
    assert [len(fences) for fences in page.examples] == [2]


def test_header_and_separator_on_one_line() -> None:
    page = parse_page(
        "# Differences\n\n| A | B || --- | --- |\n| a1 | b1 |\n| a2 | - |\n\n## Code Example\n"
    )
    (table,) = page.tables
    assert table.header == ("A", "B")
    assert table.rows == (("a1", "b1"), ("a2", "-"))


def test_several_tables_on_one_line() -> None:
    page = parse_page(
        "# D\n\nSee | A | | --- | | a1 | | a2 | and | B | C | | --- | --- | | b | c |\n"
    )
    assert [(table.header, table.rows) for table in page.tables] == [
        (("A",), (("a1",), ("a2",))),
        (("B", "C"), (("b", "c"),)),
    ]


def test_numbered_examples_are_apart() -> None:
    half = "```python\n# PyTorch\nimport torch\n# MindSpore\nimport mindspore\n```\n"
    page = parse_page(f"# D\n\n## Code Example 1\n\n{half}\n## Code Example 2\n\n{half}")
    assert [statement.example for statement in page.statements] == [1, 1, 2, 2]


def test_an_output_in_a_text_fence_belongs_to_the_last_statement() -> None:
    page = parse_page("## 代码示例\n\n```python\nx = 1\nprint(x)\n```\n\n```text\n# Out:\n1\n```\n")
    expectation = page.statements[-1].expectation
    assert expectation is not None
    assert expectation.text == "1"


def test_an_unclosed_fence_is_read_to_the_end() -> None:
    assert [s.source for s in parse_page("# D\n\n```python\nx = 1\nprint(x)").statements] == [
        "x = 1",
        "print(x)",
    ]
    flat = parse_page("# D ## Code Example ```python x = 1 print(x) # 1")
    assert [statement.source for statement in flat.statements] == ["x = 1", "print(x)"]


def test_line_ends_and_byte_order_marks_do_not_matter() -> None:
    text = decode(b"\xef\xbb\xbf# D\r\n\r\n```python\r\nprint(1)\r\n```\r\n", "p.md")
    assert [statement.source for statement in parse_page(text).statements] == ["print(1)"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"# D\x00", r"p\.md: byte 3 is 0x00; a page must be UTF-8 text, not binary"),
        (b"# D \xff", r"p\.md: byte 4 is 0xff; a page must be UTF-8 text"),
        (b"\xef\xbb\xbf# \xe5\xb7", r"p\.md: byte 5 is 0xe5"),
        (b"x" * (9 << 20), r"p\.md: the page is too large; pages may have at most 8388608 bytes"),
    ],
)
def test_what_is_no_text_is_refused_with_the_byte(data: bytes, message: str) -> None:
    with pytest.raises(PageError, match=message):
        decode(data, "p.md")


@pytest.mark.parametrize(
    "text",
    [
        "| a | b " * 20_000 + "| --- | --- |" + " | x | y |" * 20_000,
        "| a | |--| x " * 10_000,
        "# D ```python x = 1 " + "# 1 print(x) " * 5_000 + " ```",
        "# D\n```python\n" + "x = 1\nprint(x)\n# 1\n" * 5_000 + "```\n",
        "```a " * 20_000,
        "```python\nx = " + "[" * 100_000 + "\n```",
        "word " * 1_000_000,
    ],
    ids=["table", "tables", "flat comments", "statements", "fences", "brackets", "prose"],
)
def test_large_pages_take_time_in_proportion(text: str) -> None:
    start = time.perf_counter()
    parse_page(text)
    assert time.perf_counter() - start < 20


def test_a_page_without_examples() -> None:
    page = parse_page("# Differences with X\n\n## torch.x\n\n```python\ntorch.x(a)\n```\n\nText.\n")
    assert page.statements == []
    assert page.apis[0].signature == "torch.x(a)"
