"""Parentheses around a call are those of the source, on both sides of its translation."""

from __future__ import annotations

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.translate import translate_text


@pytest.mark.parametrize(
    "call",
    ["ops.abs(x)", "(ops.abs(x))", "((ops.abs(x)))", "(\n        ops.abs(x)  # why\n    )"],
)
def test_they_are_kept(call: str) -> None:
    source = f"import mindspore.ops as ops\n\n\ndef f(x):\n    return {call}\n"
    expected = call.replace("ops.", "torch.")
    assert translate_text(source).endswith(f"\n\ndef f(x):\n    return {expected}\n")


def test_spaces_of_arguments_are_kept() -> None:
    source = "import mindspore.ops as ops\ny = ops.concat( [x, x] , axis=-1 )\n"
    assert translate_text(source) == "import torch\ny = torch.cat( [x, x] , dim=-1 )\n"
