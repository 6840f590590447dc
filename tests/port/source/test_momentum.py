"""Momentum of batch normalisation: in MindSpore the share that stays, in PyTorch the new one."""

from __future__ import annotations

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.translate import translate_text


@pytest.mark.parametrize(
    ("given", "written"), [("0.9", "1 - 0.9"), ("m", "1 - m"), ("a + b", "1 - (a + b)")]
)
def test_momentum_is_one_minus_the_other(given: str, written: str) -> None:
    source = f"from mindspore import nn\nbn = nn.BatchNorm2d(8, momentum={given})\n"
    assert f"momentum={written}" in translate_text(source)
