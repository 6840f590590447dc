"""Which assignments a use may see: those of branches and of later turns of a loop among them."""

from __future__ import annotations

import textwrap

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate_text


def translated(body: str) -> str:
    header = "import mindspore as ms\nfrom mindspore import Tensor, ops\n\n\n"
    function = f"def f(x: Tensor, k):\n{textwrap.indent(body, '    ')}\n"
    return translate_text(header + function, Target.OPSBRIDGE)


@pytest.mark.parametrize(
    "body",
    [
        "v = x\nreturn v.size",
        "v = x.asnumpy()\nv = x\nreturn v.size",
        "v = x.asnumpy()\nif k:\n    v = x\n    return v.size",
        "v = k\nwhile k:\n    v = x\n    k -= v.size\n    v = x + k",
        "v = x\nn = v.size\nfor i in range(3):\n    v = x.asnumpy()",
    ],
)
def test_only_tensors_reach_the_use(body: str) -> None:
    text = translated(body)
    assert "v.numel()" in text
    assert "v.size" not in text


@pytest.mark.parametrize(
    "body",
    [
        "v = x\nv = x.asnumpy()\nreturn v.size",
        "v = x.asnumpy()\nif k:\n    v = x\nreturn v.size",
        "v = x\nif k:\n    v = x.asnumpy()\nreturn v.size",
        "v = x\nfor i in range(3):\n    n = v.size\n    v = x.asnumpy()",
        "v = x\nwhile k:\n    k -= v.size\n    v = x.asnumpy()",
    ],
)
def test_something_else_may_reach_the_use(body: str) -> None:
    text = translated(body)
    assert "v.size" in text
    assert "v.numel()" not in text
