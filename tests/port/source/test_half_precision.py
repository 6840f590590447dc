"""Layers that compute in half precision give the surface's dtypes and values, whatever they are."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="translated code computes with PyTorch")
pytest.importorskip("torchvision", reason="one target calls torchvision")
pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.mindspore import as_mindspore  # noqa: E402
from opsbridge.port.source.result import Target  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402

SOURCE = """\
import mindspore
from mindspore import nn


def layer(kind, pad_mode):
    if kind == "up":
        return nn.Conv2dTranspose(3, 4, kernel_size=2, stride=2, pad_mode=pad_mode, has_bias=True)
    return nn.Conv2d(4, 4, kernel_size=3, pad_mode=pad_mode, has_bias=True)


class Block(nn.Cell):
    def __init__(self):
        super().__init__()
        self.up = layer("up", "valid")
        self.conv = layer("conv", "same")
        self.norm = nn.BatchNorm2d(4)

    def construct(self, x):
        return self.norm(self.conv(self.up(x)))


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.up = layer("up", "valid").to_float(mindspore.float16)
        self.block = Block().to_float(mindspore.float16)
        self.set_train(False)

    def construct(self, x):
        return self.up(x), self.block(x)
"""


def outputs(net: Any) -> Any:
    """What a network gives with weights that the shapes decide."""
    for part in (net.up, net.block.up, net.block.conv):
        for weight in (part.weight, part.bias):
            weight.data.copy_(torch.linspace(-0.9, 0.8, weight.numel()).reshape(weight.shape))
    x = torch.linspace(-2, 3, 3 * 5 * 6).reshape(1, 3, 5, 6)
    with torch.no_grad():
        return [each.as_subclass(torch.Tensor) for each in net(x)]


@pytest.mark.parametrize("target", Target)
def test_a_translated_layer_in_half_precision(target: Target) -> None:
    scope: dict[str, Any] = {}
    with as_mindspore():
        exec(SOURCE, scope)
        expected = outputs(scope["Net"]())
    exec(translate_text(SOURCE, target), scope)
    found = outputs(scope["Net"]())
    tolerance = 0 if target is Target.OPSBRIDGE else 2e-3
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)
    assert {each.dtype for each in found} == {torch.float16}
