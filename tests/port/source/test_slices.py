"""Slices of negative step become flips where they turn whole axes round, and are told elsewhere."""

from __future__ import annotations

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate_text


def translated(key: str) -> str:
    source = (
        "from mindspore import ops, nn\n\n\nclass Net(nn.Cell):\n    def construct(self, x):\n"
        f"        return ops.ReLU()(x){key}\n"
    )
    return translate_text(source, Target.OPSBRIDGE)


@pytest.mark.parametrize(
    ("key", "axes"),
    [
        ("[::-1]", "(0,)"),
        ("[:, ::-1]", "(1,)"),
        ("[..., ::-1]", "(-1,)"),
        ("[::-1, ..., ::-1, :]", "(0, -2)"),
        ("[:, ::1, ::-1]", "(2,)"),
    ],
)
def test_whole_axes_are_flipped(key: str, axes: str) -> None:
    assert f"torch.flip(torch.relu(x), {axes})" in translated(key)


@pytest.mark.parametrize(
    "key", ["[3::-1]", "[:3:-1]", "[5:1:-1]", "[::-2]", "[:, :2:-1]", "[0, ::-1]", "[::2, ::-1]"]
)
def test_parts_of_axes_are_left_and_marked(key: str) -> None:
    text = translated(key)
    assert f"torch.relu(x){key}" in text
    assert "# opsbridge: slice of negative step" in text
