"""`x += y` changes no tensor of MindSpore's graphs: it makes a new one, wherever cells compute."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate_text


def translated(body: str) -> str:
    header = "import mindspore as ms\nfrom mindspore import Tensor, nn, ops\n\n\n"
    return translate_text(header + body, Target.OPSBRIDGE)


def network(method: str, call: str) -> str:
    methods = f"def construct(self, x, other: Tensor):\n    return {call}\n\n{method}"
    return f"class Net(nn.Cell):\n{textwrap.indent(methods, '    ')}"


def summing(name: str, parameters: str, decorator: str = "") -> str:
    return f"{decorator}def {name}({parameters}):\n    x += other\n    return x\n\n\n"


@pytest.mark.parametrize(
    "source",
    [
        network(summing("add", "self, x, other"), "self.add(x, other)"),
        network(summing("add", "self, x, other: Tensor"), "x"),
        summing("add", "x, other") + network("", "add(x, other)"),
        summing("add", "x, other")
        + "def twice(x, other):\n    return add(x, other)\n\n\n"
        + network("", "twice(x, other)"),
    ],
    ids=["method-called", "method-not-called", "function-called", "function-of-function"],
)
def test_it_makes_a_new_tensor_where_cells_compute(source: str) -> None:
    text = translated(source)
    assert "x = x + other" in text
    assert "x += other" not in text


@pytest.mark.parametrize(
    "source",
    [
        summing("add", "x, other: Tensor") + network("", "x"),
        f"class Sums:\n{textwrap.indent(summing('add', 'self, x, other: Tensor'), '    ')}",
    ],
    ids=["function", "other-class"],
)
def test_elsewhere_it_stays(source: str) -> None:
    assert "x += other" in translated(source)


@pytest.mark.parametrize(
    ("value", "is_tensor"),
    [
        ("Tensor(0.0)", True),
        ("ops.zeros((2,), ms.float32)", True),
        ("ops.reduce_sum(k)", True),
        ("k", False),
        ("0.0", False),
        ("[]", False),
        ("k.asnumpy()", False),
    ],
)
def test_elsewhere_it_makes_a_new_one_of_what_is_a_tensor(value: str, is_tensor: bool) -> None:
    source = f"def total(k, other):\n    x = {value}\n    x += other\n    return x\n"
    expected = "    x = x + other" if is_tensor else "    x += other"
    assert translated(source).splitlines()[-2] == expected


def test_a_sum_of_a_function_may_grow() -> None:
    torch = pytest.importorskip("torch", reason="runs what was translated")
    source = "def total(others):\n    x = Tensor(1.0)\n    y = x\n"
    source += "    for other in others:\n        x += other\n    return x, y\n"
    header = "import mindspore as ms\nfrom mindspore import Tensor\n"
    scope: dict[str, Any] = {}
    exec(translate_text(header + source, Target.TORCHVISION), scope)
    x, y = scope["total"]([torch.ones(3), torch.ones(2, 3)])
    assert x.tolist() == [[3.0] * 3] * 2
    assert y.item() == 1


@pytest.mark.parametrize(
    ("operator", "plain"),
    [
        ("+=", "+"),
        ("-=", "-"),
        ("*=", "*"),
        ("/=", "/"),
        ("//=", "//"),
        ("%=", "%"),
        ("**=", "**"),
        ("&=", "&"),
        ("|=", "|"),
        ("^=", "^"),
        ("@=", "@"),
    ],
)
def test_every_operator_does(operator: str, plain: str) -> None:
    source = network("", "x").replace("return x", f"x {operator} other\n        return x")
    assert f"x = x {plain} other" in translated(source)
