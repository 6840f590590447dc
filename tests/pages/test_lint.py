"""`opsbridge pages lint`: what is found wrong with a page without running it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py of opsbridge[docs] parses the pages")

from opsbridge.pages.lint.command import add_arguments, run
from opsbridge.pages.lint.lint import lint_page
from opsbridge.pages.lint.resolve import Answer, resolve_names
from opsbridge.pages.lint.resolve_child import answer
from opsbridge.pages.lint.signature import differing_literals, parse_signatures
from opsbridge.pages.lint.tables import equal_defaults
from opsbridge.pages.model import Api
from opsbridge.pages.read import parse_page, read_page

CORPUS = Path(__file__).parent / "corpus"
LEFT, RIGHT = "torch.f(input, dim=0, eps=1e-05)", "mindspore.ops.f(x, axis=0, eps=1e-05)"
ROWS = "\n".join(
    (
        "| Parameters | Parameter 1 | input | x | Same function, different parameter names |",
        "| | Parameter 2 | dim | axis | Same function, different parameter names |",
        "| | Parameter 3 | eps | eps | - |",
    )
)
RENAMED = "Same function, different parameter names"
HEADER = "| Categories | Subcategories | PyTorch | MindSpore | Differences |"


def page_text(rows: str = ROWS, left: str = LEFT, right: str = RIGHT, prose: str = "") -> str:
    """Return a page of two APIs with one table."""
    names = [signature.removeprefix("class ").partition("(")[0] for signature in (left, right)]
    return f"""\
# Differences with {names[0]}

## {names[0]}

```text
{left}
```

## {names[1]}

```text
{right}
```

## Differences

{prose}

{HEADER}
| --- | --- | --- | --- | --- |
{rows}

## Code Example

```python
print(1)
# 1
```
"""


def lint(text: str, answers: dict[str, Answer] | None = None) -> list[tuple[str, int, str]]:
    """Return rule, line of the text and suggestion of every finding."""
    page = parse_page(text, "page.md")
    return [
        (
            found.rule,
            int(page.where(found.line).partition(":")[0]),
            found.suggestion.en if found.suggestion else "",
        )
        for found in lint_page(page, answers or {})
    ]


def test_a_sound_page() -> None:
    assert lint(page_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("| Differences |\n| ---", "| Differences || ---", ("broken-table", 19, HEADER)),
        ("| --- | --- |\n|", "| --- |\n|", ("broken-table", 20, "| --- | --- | --- | --- | --- |")),
        ("eps | eps | - |", "eps | - |", ("broken-row", 23, "")),
        ("eps | - |", "eps | a | b |", ("broken-row", 23, "write a `|` inside a cell as `\\|`")),
        ("# Diff", "# # Diff", ("heading-mark", 1, "# Differences with torch.f")),
        ("## Differences\n", "## Diferences\n", ("heading-mark", 15, "## Differences")),
        ("## torch.f\n", "## torch.fn\n", ("heading-name", 3, "## torch.f")),
        ("| dim | axis", "| dims | axis", ("unknown-parameter", 22, "dim")),
        ("| | Parameter 3 | eps | eps | - |\n", "", ("missing-row", 22, "| | | eps | - | |")),
        (f"x | {RENAMED}", "x | Consistent", ("renamed-unsaid", 21, RENAMED)),
        ("dim=0", "dim=1", ("default-unsaid", 22, "PyTorch's default is 1, MindSpore's is 0")),
        ("print(1)\n# 1\n```\n", "print(1)\n# 1\n", ("unclosed-fence", 27, "```")),
    ],
)  # fmt: skip
def test_one_fault_is_one_finding(old: str, new: str, finding: tuple[str, int, str]) -> None:
    text = page_text()
    assert text.count(old) >= 1
    found = lint(text.replace(old, new, 1))
    assert [(rule, line) for rule, line, _ in found][:1] == [finding[:2]]
    assert found[0][2].split("\n")[0] == finding[2]
    assert {rule for rule, *_ in found} == {finding[0]}


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("一致", True),
        ("功能一致", True),
        ("-", True),
        ("Same function", True),
        ("功能一致，参数名不同", False),
        ("功能一致，但数据类型不同", False),
        ("MindSpore中为`axis`", False),
        ("The dimension to reduce", False),
    ],
)
def test_a_row_that_calls_other_names_the_same(text: str, is_wrong: bool) -> None:
    rows = ROWS.replace(f"| dim | axis | {RENAMED} |", f"| dim | axis | {text} |")
    assert [rule for rule, *_ in lint(page_text(rows))] == ["renamed-unsaid"] * is_wrong


def test_parameters_paired_crosswise() -> None:
    crossed = ROWS.replace("| dim | axis |", "| dim | eps |").replace(
        "| eps | eps |", "| eps | dim |"
    )
    found = lint(page_text(crossed, right="mindspore.ops.f(x, dim=0, eps=1e-05)"))
    assert found == [("mispaired", 22, "| dim | dim |"), ("mispaired", 23, "| eps | eps |")]


@pytest.mark.parametrize(
    "text",
    [
        "Different default values",
        "功能一致，默认值不同",
        "See the details above",
    ],
)
def test_a_row_that_tells_of_its_defaults(text: str) -> None:
    rows = ROWS.replace("| eps | eps | - |", f"| eps | eps | {text} |")
    prose = "MindSpore: The default of `eps` is smaller."
    assert lint(page_text(rows, right=RIGHT.replace("1e-05", "1e-07"), prose=prose)) == []


@pytest.mark.parametrize(
    ("left", "right", "differs"),
    [
        ("1", "1.0", False),
        ("1/3", "0.3333333333333333", False),
        ("1e-5", "0.00001", False),
        ("'mean'", '"mean"', False),
        ("(1, 1)", "[1, 1]", False),
        ("torch.float32", "mstype.float32", False),
        ("-1", "2", True),
        ("False", "1", True),
        ("None", "0", True),
        ("'mean'", "'none'", True),
        ("1", "", False),
    ],
)
def test_default_values(left: str, right: str, differs: bool) -> None:
    assert differing_literals(left, right) is differs


@pytest.mark.parametrize(
    ("text", "names", "is_open"),
    [
        ("class a.B(p, *, q=(1, 2))(x) -> Tensor", ["p", "q", "x"], False),
        ("a.b(x: List[int, str] = [1, 2], y='a, b=c')", ["x", "y"], False),
        ("a.b(\n    x,\n    y=None\n)", ["x", "y"], False),
        ("a.b(x[, y=1])", ["x", "y"], False),
        ("a.b(x, (h_0, c_0), *args, **kwargs)", ["x", "h_0", "c_0", "args", "kwargs"], True),
        ("a.b(x, y", ["x", "y"], False),
    ],
)
def test_printed_signatures(text: str, names: list[str], is_open: bool) -> None:
    (signature,) = parse_signatures(text)
    assert [parameter.name for parameter in signature.parameters] == names
    assert signature.is_open is is_open


def test_a_name_that_does_not_exist() -> None:
    answers = {
        "torch.f": Answer(False, "torch 2.15.0", ("torch.g",)),
        "mindspore.ops.f": Answer(None),
    }
    assert lint(page_text(), answers) == [("unknown-name", 3, "torch.g")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("numpy.linalg.norm", (True, [])),
        ("numpy.Sort", (False, ["numpy.sort"])),
        ("numpy.linalg.nrm", (False, ["numpy.linalg.norm"])),
        ("numpy._core", (False, [])),
        ("no_such_package_7.f", (None, [])),
    ],
)
def test_names_are_looked_up(name: str, expected: tuple[bool | None, list[str]]) -> None:
    exists, _, close = answer(name)
    assert (exists, close[: len(expected[1]) or 1]) == expected


def test_names_of_an_installed_framework() -> None:
    pytest.importorskip("torch", reason="names of torch are looked up in torch")
    answers = resolve_names(["torch.optim.AdaMax", "torchvision.ops.nms", "torch.optim.Adamax"])
    assert {name: found.exists for name, found in answers.items()} == {
        "torch.optim.AdaMax": False,
        "torch.optim.Adamax": True,
        "torchvision.ops.nms": True,
    }
    assert answers["torch.optim.AdaMax"].close[0] == "torch.optim.Adamax"


def rules(path: Path) -> list[tuple[str, str]]:
    page = read_page(path)
    return [(found.rule, found.message.en) for found in lint_page(page, {})]


def test_the_seed_of_roi_align_hides_two_defaults() -> None:
    found = [
        message for rule, message in rules(CORPUS / "roi_align_zh_flat.md") if "default" in rule
    ]
    assert found == [
        "the default of `sampling_ratio` is -1, that of `sample_num` 2; the row does not say so",
        "the default of `aligned` is False, that of `roi_end_mode` 1; the row does not say so",
    ]


def test_the_seed_of_nms_gives_scores_a_wrong_shape() -> None:
    found = [message for rule, message in rules(CORPUS / "nms_en_flat.md") if rule == "shape"]
    assert found == ["`scores` of torchvision.ops.nms has shape (N,), not (N, 1)"]


@pytest.mark.parametrize(
    ("prose", "is_wrong"),
    [
        ("PyTorch: the shape of `scores` is (N, 1).", True),
        ("PyTorch: `boxes`和`scores`的形状分别为(N, 4)和(N, 1)。", True),
        ("PyTorch: the shapes of `boxes` and `scores` are (N, 4) and (N,).", False),
        ("PyTorch: the shape of `boxes` is (N, 5).", True),
        ("PyTorch: `scores` takes the boxes (N, 1) by one.", False),
    ],
)
def test_shapes_come_from_the_mapping_tables(prose: str, is_wrong: bool) -> None:
    left = "torchvision.ops.nms(boxes, scores, iou_threshold)"
    right = "class mindspore.ops.NMSWithMask(iou_threshold=0.5)(bboxes)"
    text = page_text("", left, right, prose)
    assert [rule for rule, *_ in lint(text)] == ["shape"] * is_wrong


@pytest.mark.parametrize(
    ("left", "right", "pair", "is_equal"),
    [
        ("mmcv.ops.roi_align", "torchvision.ops.roi_align", ("spatial_scale",) * 2, True),
        ("torchvision.ops.roi_align", "mindspore.ops.ROIAlign", ("aligned", "roi_end_mode"), False),
        ("torch.f", "mindspore.ops.ROIAlign", ("aligned", "roi_end_mode"), False),
    ],
)
def test_the_mapping_tables_know_which_defaults_mean_the_same(
    left: str, right: str, pair: tuple[str, str], is_equal: bool
) -> None:
    assert equal_defaults([Api(left, "", 1)], [Api(right, "", 1)], pair) is is_equal


def command(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(["lint", *map(str, arguments)]))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound, faulty, binary = (tmp_path / name for name in ("a.md", "b.md", "c.md"))
    # APIs with a mapping table exist: no framework is imported to find that out.
    rows = "| Parameters | Parameter 1 | iou_threshold | iou_threshold | - |"
    left, right = "torchvision.ops.nms(iou_threshold)", "class mindspore.ops.IOU(iou_threshold)"
    text = page_text(rows, left, right)
    sound.write_text(text, encoding="utf-8")
    faulty.write_text(text.replace("iou_threshold | - |", "threshold | - |"), encoding="utf-8")
    assert command(sound, "--lang", "en") == 0
    assert command(tmp_path, "--json", tmp_path / "found.json") == 1
    out = capsys.readouterr().out
    assert f"{faulty}:21: unknown-parameter: `threshold` is no parameter" in out
    (finding, *_) = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["findings"]
    assert set(finding) == {"path", "where", "language", "rule", "message", "suggestion"}
    assert set(finding["message"]) == {"en", "zh"}
    binary.write_bytes(b"\0")
    assert command(tmp_path) == 2
    assert "c.md: byte 0 is 0x00" in capsys.readouterr().out


def test_a_chinese_page_is_told_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    command(CORPUS / "roi_align_zh_flat.md")
    assert "`sampling_ratio` 的默认值为 -1" in capsys.readouterr().out
    command(CORPUS / "roi_align_zh_flat.md", "--lang", "en")
    assert "the default of `sampling_ratio` is -1" in capsys.readouterr().out
