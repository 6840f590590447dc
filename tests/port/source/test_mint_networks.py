"""Networks on `mindspore.mint` become plain PyTorch with the same parameters and the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
torch = pytest.importorskip("torch", reason="the translation runs on PyTorch")

from opsbridge.mindspore import as_mindspore  # noqa: E402
from opsbridge.port.source.result import Target  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402

SOURCE = """
import mindspore as ms
from mindspore import mint, nn
import mindspore.mint.nn.functional as F


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.conv = mint.nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = mint.nn.BatchNorm2d(8)
        self.head = mint.nn.Linear(8, 4)
        self.act = mint.nn.SiLU()
        self.order = ms.Tensor([[3, 1], [0, 2]], ms.int32)

    def construct(self, x):
        x = self.act(self.norm(self.conv(x)))
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        x = mint.mean(x, dim=(2, 3))
        best, place = mint.topk(mint.cat((x, x * 2), dim=1), 2)
        largest, at = mint.max(x, dim=1)
        chosen = mint.index_select(x, 1, place[0] % 4), mint.gather(x, 1, self.order)
        return F.softmax(self.head(x), dim=-1), best, largest, at, mint.clamp(x, 0, 1), *chosen
"""


def module_of(source: str) -> dict[str, Any]:
    """The names that a source defines."""
    names: dict[str, Any] = {}
    exec(compile(source, "net.py", "exec"), names)
    return names


@pytest.mark.parametrize("target", Target)
def test_network_is_torchs_with_the_same_bits(target: Target) -> None:
    image = np.random.default_rng(2).normal(size=(2, 3, 9, 8)).astype(np.float32)
    with as_mindspore() as ms:
        net = module_of(SOURCE)["Net"]()
        expected = [each.asnumpy() for each in net(ms.Tensor(image))]
        weights = {each.name: torch.tensor(each.asnumpy()) for each in net.get_parameters()}
    written = translate_text(SOURCE, target)
    for layer in ("Conv2d", "BatchNorm2d", "Linear", "SiLU"):
        assert f"torch.nn.{layer}(" in written
    ported = module_of(written)["Net"]()
    ported.load_state_dict(weights)
    with torch.no_grad():
        results = ported.eval()(torch.as_tensor(image))
    for ours, theirs in zip(results, expected, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs)
