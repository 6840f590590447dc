"""Which comments are documented outputs, and what they may mean."""

from __future__ import annotations

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py of opsbridge[docs] parses the pages")

from opsbridge.pages.expectation import is_prose, is_remark, readings
from opsbridge.pages.model import Expectation
from opsbridge.pages.read import parse_page


def expectation(code: str) -> Expectation | None:
    page = parse_page(f"# D\n\n## Code Example\n\n```python\n{code}\n```\n")
    return page.statements[0].expectation


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("print(x)\n# [1 2]", "[1 2]"),
        ("print(x)\n#[1 2]", "[1 2]"),
        ("print(x)  # [1 2]", "[1 2]"),
        ("print(x)\n# Out: [1 2]", " [1 2]"),
        ("print(x)\n# Out：[1 2]", "[1 2]"),
        ("print(x)\n# out:\n# [1 2]", "[1 2]"),
        ("print(x)\n# Out\n# [1 2]", "[1 2]"),
        ("print(x)\n# 输出：[1 2]", "[1 2]"),
        ("print(x)\n# [[1]\n#\n#  [2]]", "[[1]\n\n [2]]"),
        ("print(x)\n\n# [1 2]", "[1 2]"),
        ("print(x)\n\n# cpu\ny = g(x)", "cpu"),
        ("print(x)\n# [1 2]\n\n# Something else", "[1 2]"),
        ("print('#')  # [1 2]", "[1 2]"),
        ("print(x)\n# [[1 2]\n\n#  [3 4]]\n\n# [5]", "[[1 2]\n [3 4]]"),
        ("print(x)\n# kept in order (first\n\n# [1 2]", "kept in order (first"),
        ("print(x)\n# the sizes are those of the input\n# Out: (1, 2)", " (1, 2)"),
        ("print(x)\n# Out:\nName<\n  (0): 1>\n\n# more", "Name<\n  (0): 1>"),
        ("f(x)\n# tensor(1)", "tensor(1)"),
        ("x.shape\n# (1, 2)", "(1, 2)"),
        ("y = f(x)\n# Out: 3", " 3"),
        ("for i in x:\n    print(i)\n# 1\n# 2", "1\n2"),
        ("y = f(x)\n# ValueError: no", "ValueError: no"),
        ("y = f(x)\n# tensor(1.4375)", "tensor(1.4375)"),
        ("y = f(x)\n# [[1 2]\n#  [3 4]]", "[[1 2]\n [3 4]]"),
        ("m.eval()\n# Norm<size=4>", "Norm<size=4>"),
    ],
)
def test_outputs(code: str, text: str) -> None:
    found = expectation(code)
    assert found is not None
    assert found.text == text


@pytest.mark.parametrize(
    "code",
    [
        "print(x)",
        "y = f(x)  # (1, 2)\nz = 1",
        "y = f(x)\n# (batch, 2)",
        "y = f(x)\n# 2 rows",
        "y.z = f(x)\n# 2",
        "x.train()\n# set the training mode",
        "torch.manual_seed(0)  # fix it",
        "print(x)\n#",
        "print(x)\n\n# schedule\ny = schedule(x)",
        "import torch\n# needs 1.8",
    ],
)
def test_other_comments(code: str) -> None:
    assert expectation(code) is None


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("f(x)\n# ValueError: no", "ValueError"),
        ("print(x)\n# Out: IndexError: no", "IndexError"),
        ("f(x)\n# torch.cuda.OutOfMemoryError: no", "OutOfMemoryError"),
        ("f(x)\n# Traceback (most recent call last):\n#   File\n# TypeError: no", "TypeError"),
        ("print(x)\n# [1 2]", ""),
    ],
)
def test_documented_errors(code: str, name: str) -> None:
    found = expectation(code)
    assert found is not None
    assert found.error == name


@pytest.mark.parametrize(
    ("text", "source", "reading"),
    [
        ("x = [1 2]", "print(x)", "[1 2]"),
        ("x.shape: (1, 2)", "print(x.shape)", "(1, 2)"),
        ("tensor([1, 2]) or tensor([2, 1])", "print(x)", "tensor([2, 1])"),
        ("the shape is kept\n(1, 2)", "print(x)", "(1, 2)"),
        ("1.5\nIf there are elements less than 0 in it, the result is max(x, eps)", "p(x)", "1.5"),
    ],
)
def test_readings(text: str, source: str, reading: str) -> None:
    assert reading in readings(text, source)


def test_a_name_that_the_statement_does_not_use_is_part_of_the_output() -> None:
    assert list(readings("z = [1 2]", "print(x)")) == ["z = [1 2]"]


@pytest.mark.parametrize(
    ("text", "source", "remark"),
    [
        ("MindSpore doesn't support this feature currently", "print(x)", True),
        ("dynamic_lr", "print(dynamic_lr)", True),
        ("当前不支持该功能", "print(x)", True),
        ("Float32", "print(x.dtype)", False),
        ("[1 2]", "print(x)", False),
        ("(1, 2)", "y = f(x)", True),
        ("(1, 2)", "print(y)", False),
        ("[1, 2]", "y = f(x)", False),
        ("hello", "print(x)", False),
    ],
)
def test_remarks(text: str, source: str, remark: bool) -> None:
    assert is_remark(Expectation(text, 1, marked=False), source) is remark


def test_what_is_marked_is_no_remark() -> None:
    text = "this text is certainly an output"
    assert is_prose(text)
    assert not is_remark(Expectation(text, 1, marked=True), "print(x)")
    assert is_remark(Expectation("window of an image", 1, marked=True), "image.show()")
    assert not is_remark(Expectation("[1 2]", 1, marked=True), "f(x)")
