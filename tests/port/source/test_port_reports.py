"""A run in each form that is written or printed: what each says, and that it says all."""

from __future__ import annotations

import html
import json
import re
import sys
from pathlib import Path

import pytest

from opsbridge.errors import PortError
from opsbridge.port.source.reports import FORMATS, terminal_lines, write_report
from opsbridge.port.source.result import FileResult, Outcome, Point, Report, Target

RELU = Point(2, 5, "mindspore.ops.ReLU", Outcome.EXACT, "torch.relu")
SOFTMAX = Point(3, 1, "mindspore.ops.Softmax", Outcome.APPROXIMATE, "torch.softmax", "last bits")
UNHEARD = Point(
    4, 9, "mindspore.nn.Unheard", Outcome.BY_HAND, "", "no table has this name", "add an entry"
)
ODD = Point(7, 2, "mindspore.x", Outcome.BY_HAND, "", "a | b\\c <d> `e`\n f & g")
REPORT = Report(
    Target.OPSBRIDGE,
    (
        FileResult("a.py", (RELU, SOFTMAX, UNHEARD, RELU), "before", "after"),
        FileResult("b.py", (ODD, SOFTMAX, RELU), "same", "same"),
        FileResult("网.py", problem="网.py: line 2, column 5: invalid syntax"),
    ),
    ("call .eval() | <once>", "requirements.txt:1: mindspore becomes torch"),
)
SUMMARY = (
    "3 files, 1 changed; 7 conversion points found, 5 translated (71.43 %): 3 exact,"
    " 2 approximate; 2 by hand"
)
LEFT = [
    "a.py:3:1: mindspore.ops.Softmax: approximate; last bits",
    "a.py:4:9: mindspore.nn.Unheard: by hand; no table has this name; add an entry",
    "b.py:7:2: mindspore.x: by hand; a | b\\c <d> `e`\n f & g",
    "b.py:3:1: mindspore.ops.Softmax: approximate; last bits",
]


def test_what_is_printed() -> None:
    last = ["网.py: line 2, column 5: invalid syntax", SUMMARY]
    assert list(terminal_lines(REPORT, quiet=False)) == [*LEFT, *REPORT.advice, *last]
    assert list(terminal_lines(REPORT, quiet=True)) == last


def test_what_is_left_is_points_and_files() -> None:
    assert REPORT.unsupported == 3
    assert REPORT.found == 7


def test_json() -> None:
    point = {"line": 4, "column": 9, "name": "mindspore.nn.Unheard", "outcome": "by hand"}
    point |= {"became": "", "reason": "no table has this name", "suggestion": "add an entry"}
    text = FORMATS["json"](REPORT)
    data = json.loads(text)
    assert [list(map(each.get, ("path", "changed", "problem"))) for each in data["files"]] == [
        ["a.py", True, ""],
        ["b.py", False, ""],
        ["网.py", False, "网.py: line 2, column 5: invalid syntax"],
    ]
    assert [len(each["points"]) for each in data.pop("files")] == [4, 3, 0]
    assert json.loads(text)["files"][0]["points"][2] == point
    assert json.loads(text)["files"][0]["points"][0]["became"] == "torch.relu"
    assert data == {
        "format": 1,
        "target": "opsbridge",
        "summary": {
            "files": 3, "changed": 1, "found": 7, "translated": 5,
            "exact": 3, "approximate": 2, "by_hand": 2,
        },
        "advice": list(REPORT.advice),
    }  # fmt: skip
    assert text.startswith('{\n "format": 1,\n')
    assert text.endswith("\n}\n")
    assert "网.py" in text


def test_markdown() -> None:
    assert FORMATS["md"](REPORT) == (
        f"# Translation report\n\n{SUMMARY}.\n\n"
        "- call .eval() \\| &lt;once>\n- requirements.txt:1: mindspore becomes torch\n\n"
        "## By hand\n\n"
        "- a.py:4:9: mindspore.nn.Unheard: by hand; no table has this name; add an entry\n"
        "- b.py:7:2: mindspore.x: by hand; a \\| b\\\\c &lt;d> \\`e\\` f & g\n\n"
        "## Approximate\n\n"
        "- a.py:3:1: mindspore.ops.Softmax: approximate; last bits\n"
        "- b.py:3:1: mindspore.ops.Softmax: approximate; last bits\n\n"
        "## Names\n\n| name | outcome | became | places |\n|---|---|---|---|\n"
        "| mindspore.ops.ReLU | exact | torch.relu | 3 |\n"
        "| mindspore.ops.Softmax | approximate | torch.softmax | 2 |\n"
        "| mindspore.nn.Unheard | by hand |  | 1 |\n"
        "| mindspore.x | by hand |  | 1 |\n"
    )


def test_markdown_of_nothing() -> None:
    summary = "0 files, 0 changed; 0 conversion points found, 0 translated: 0 exact, 0 approximate"
    assert FORMATS["md"](Report(Target.TORCHVISION, ())) == (
        f"# Translation report\n\n{summary}; 0 by hand.\n\n\n## By hand\n\nNothing.\n\n"
        "## Approximate\n\nNothing.\n\n"
        "## Names\n\n| name | outcome | became | places |\n|---|---|---|---|\n"
    )


def test_html() -> None:
    pytest.importorskip("jinja2", reason="the HTML report is made with Jinja")
    text = FORMATS["html"](REPORT)
    assert text.endswith("</html>\n")
    assert f"<p>{SUMMARY}. Target: opsbridge.</p>" in text
    rows = [
        [
            html.unescape(re.sub("<[^>]*>", "", cell))
            for cell in re.findall("<td.*?</td>", row, re.S)
        ]
        for row in re.findall("<tr><td>.*?</tr>", text, re.S)
    ]
    points = [*REPORT.files[0].points, *REPORT.files[1].points]
    assert rows == [
        *(
            [
                *(str(each.line), each.name, each.outcome.value, each.became),
                "; ".join(filter(None, (each.reason, each.suggestion))),
            ]
            for each in points
        ),
        ["mindspore.ops.ReLU", "exact", "torch.relu", "3"],
        ["mindspore.ops.Softmax", "approximate", "torch.softmax", "2"],
        ["mindspore.nn.Unheard", "by hand", "", "1"],
        ["mindspore.x", "by hand", "", "1"],
    ]
    assert "<li>call .eval() | &lt;once&gt;</li>" in text
    assert text.count("<details open>") == 3


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_is_written_in_the_form_that_its_name_ends_with(form: str, tmp_path: Path) -> None:
    if form == "html":
        pytest.importorskip("jinja2", reason="the HTML report is made with Jinja")
    path = tmp_path / f"a.b.{form}"
    write_report(REPORT, path)
    assert path.read_text("utf-8") == FORMATS[form](REPORT)


def test_what_is_no_text_is_written_still(tmp_path: Path) -> None:
    """The name of a file may be any bytes."""
    path = tmp_path / "r.md"
    write_report(Report(Target.OPSBRIDGE, (), ("\udcff.py",)), path)
    assert "- ?.py\n" in path.read_text("utf-8")


def test_an_html_report_without_jinja(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(PortError) as raised:
        FORMATS["html"](REPORT)
    assert str(raised.value) == "an HTML report needs Jinja2, of opsbridge[docs]"
