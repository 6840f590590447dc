"""`--update`: documented outputs are rewritten in the style of the page, and only where true."""

from __future__ import annotations

import argparse
import stat
from pathlib import Path

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py of opsbridge[docs] parses the pages")
pytest.importorskip("pytest_doctestplus", reason="pytest-doctestplus of opsbridge[docs] compares")

from opsbridge.pages.command import add_arguments, run
from opsbridge.pages.model import Backend, Framework, Row, Verdict
from opsbridge.pages.read import parse_page
from opsbridge.pages.update import Update, plan_update

HEAD = "# Differences\n\n## Code Example\n\n```python\n"
ARRAY = "[[1 2]\n [3 4]]\n"


def plan(code: str, *outputs: str, backend: Backend = Backend.PYTHON, head: str = HEAD) -> Update:
    """Return the update of a page whose documented statements printed these outputs."""
    page = parse_page(f"{head}{code}\n```\n")
    documented = [statement for statement in page.statements if statement.expectation]
    assert len(documented) == len(outputs)
    rows = [
        Row(
            example=statement.example,
            framework=Framework.NONE,
            backend=backend,
            where=page.where(statement.first_line),
            source=statement.source,
            verdict=Verdict.DIFFERS,
            printed=output,
            statement=statement.index,
        )
        for statement, output in zip(documented, outputs, strict=True)
    ]
    return plan_update(page, rows)


def updated(code: str, *outputs: str) -> str:
    found = plan(code, *outputs)
    assert not found.refused
    return found.text.removeprefix(HEAD).removesuffix("\n```\n")


@pytest.mark.parametrize(
    ("comment", "output", "expected"),
    [
        ("# 1", "2\n", "# 2"),
        ("#1", "2\n", "#2"),
        ("# [1 2]", ARRAY, "# [[1 2]\n#  [3 4]]"),
        ("# [[0 2]\n#  [3 4]\n#  [5 6]]", ARRAY, "# [[1 2]\n#  [3 4]]"),
        ("# [[0 2]\n#\n#  [3 4]]", "[[1 2]\n\n [3 4]]\n", "# [[1 2]\n#\n#  [3 4]]"),
        ("# Out: 1", "2\n", "# Out: 2"),
        ("#Out: 1", "2\n", "#Out: 2"),
        ("# Out: [[0 2]\n#       [3 4]]", ARRAY, "# Out: [[1 2]\n#       [3 4]]"),
        ("# Out:\n# [[0 2]\n#  [3 4]]", ARRAY, "# Out:\n# [[1 2]\n#  [3 4]]"),
        ("# out:\n# 1", ARRAY, "# out:\n# [[1 2]\n#  [3 4]]"),
        ("# 输出：1", "2\n", "# 输出：2"),
        ("# x = 1", "2\n", "# x = 2"),
        ("# the sum of both parts is:\n# 1", "2\n", "# the sum of both parts is:\n# 2"),
        ("# 1\n# this is the sum of them", "2\n", "# 2\n# this is the sum of them"),
        ("# Out:\n# 1\n# FAILED: no such thing", "1\nFAILED\n", "# Out:\n# 1\n# FAILED"),
    ],
)
def test_the_style_of_the_comment_stays(comment: str, output: str, expected: str) -> None:
    assert updated(f"print(x)\n{comment}\n\ny = 1", output) == f"print(x)\n{expected}\n\ny = 1"


@pytest.mark.parametrize(
    ("line", "output", "expected"),
    [
        ("print(x)  # 1", "2\n", "print(x)  # 2"),
        ("print('#')  # 1", "2\n", "print('#')  # 2"),
        ("print(x)  # 1", ARRAY, "print(x)\n# [[1 2]\n#  [3 4]]"),
    ],
)
def test_a_comment_beside_the_code(line: str, output: str, expected: str) -> None:
    assert updated(f"y = 1\n{line}", output) == f"y = 1\n{expected}"


def test_only_the_comment_changes() -> None:
    code = "x = 1\nprint(x)\n# 5\n# MindSpore\nprint(x)\n# 6\nif x:\n    print(x)\n    # 7"
    expected = code.replace("5", "1").replace("6", "2").replace("7", "3")
    assert updated(code, "1\n", "2\n", "3\n") == expected


@pytest.mark.parametrize(
    ("comment", "output", "reason"),
    [
        ("# ValueError: bad", "1\n", "an error is documented, not an output"),
        ("# 1", "\n", "nothing was printed"),
        ("# [1 2] or [2 1]", "[3 4]\n", "the page documents alternatives"),
        ("# 1", "RuntimeError: Unsupported op [F] on CPU\n", "the output shows a failure"),
        ("# learning_rate", "[0.1, 0.2]\n", "the comment may be no output"),
        ("# 1", "PyTorch\n", "the new comment would not be read as this output"),
        ("# 1", "ValueError: bad\n", "the output shows a failure"),
    ],
)
def test_what_is_not_rewritten(comment: str, output: str, reason: str) -> None:
    found = plan(f"print(x)\n{comment}", output)
    assert [why for _, why in found.refused] == [reason]
    assert found.text == found.page.text


def test_the_output_of_a_stand_in_is_not_written() -> None:
    found = plan("print(x)\n# 1", "tensor(2)\n", backend=Backend.OPSBRIDGE)
    assert "only the output of the framework itself" in found.refused[0][1]


def test_outputs_of_several_prints_are_kept_together() -> None:
    found = plan("print(x)\nprint(y)\n# 1\n# 2", "3\n")
    assert [why for _, why in found.refused] == [
        "the comment may show the outputs of several prints"
    ]
    assert updated("print(x)\nprint(y)\n# 2", "3\n") == "print(x)\nprint(y)\n# 3"


def test_one_refusal_leaves_the_others() -> None:
    found = plan("print(x)\n# 1\nprint(y)\n# 2\nprint(z)\n# 3", "7\n", "MindSpore\n", "9\n")
    assert found.text.count("# 7") == found.text.count("# 2") == found.text.count("# 9") == 1
    assert len(found.refused) == 1


def test_a_flattened_page_is_refused() -> None:
    page = parse_page("# D ## Code Example ```python x = 1 print(x) # 2 ```")
    (statement,) = (item for item in page.statements if item.expectation)
    row = Row(
        *(1, Framework.NONE, Backend.PYTHON, "1", statement.source, Verdict.DIFFERS),
        printed="1\n",
        statement=statement.index,
    )
    found = plan_update(page, [row])
    assert [why for _, why in found.refused] == ["the page's lines are lost (flattened)"]


def doctest(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args([str(argument) for argument in arguments]))


PAGE = HEAD + "x = [1, 2]\nprint(x)\n# [1, 3]\nprint(len(x))\n#2\nprint(x * 2)\n# Out: 5\n```"


@pytest.mark.parametrize("encoded", ["\n", "\r\n", "bom"])
def test_a_page_becomes_true_and_stays_so(encoded: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    text = PAGE.replace("\n", "\r\n") if encoded == "\r\n" else PAGE
    mark = "\ufeff" if encoded == "bom" else ""
    path.write_bytes((mark + text).encode())
    path.chmod(0o640)
    assert doctest(path, "--update", "--yes") == 0
    expected = text.replace("# [1, 3]", "# [1, 2]").replace("# Out: 5", "# Out: [1, 2, 1, 2]")
    assert path.read_bytes() == (mark + expected).encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert doctest(path, "--update", "--yes") == 0
    assert path.read_bytes() == (mark + expected).encode()
    assert [item.name for item in tmp_path.iterdir()] == ["page.md"]


def test_without_a_yes_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    assert doctest(path, "--update") == 1
    assert path.read_text() == PAGE
    out = capsys.readouterr().out
    assert "-# [1, 3]\n+# [1, 2]\n" in out
    assert "nothing was written" in out


def test_what_fails_is_left_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"{HEAD}print(1)\n# 2\nprint(y)\n# 3\n```\n")
    assert doctest(path, "--update", "--yes") == 1
    assert path.read_text() == f"{HEAD}print(1)\n# 1\nprint(y)\n# 3\n```\n"
