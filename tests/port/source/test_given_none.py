"""Casts of parameters for which a call in the source gives None stay objects, which take None."""

from __future__ import annotations

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate_text

SOURCE = """\
import mindspore
from mindspore import nn, ops


class Scored(nn.Cell):
    def __init__(self):
        super().__init__()
        self.cast = ops.Cast()

    def construct(self, x, labels, /, mask=0, *, valid=0):
        labels = self.cast(labels, mindspore.int32)
        mask = self.cast(mask, mindspore.int32)
        valid = ops.cast(valid, mindspore.int32)
        return self.cast(x, mindspore.int32)


class Derived(Scored):
    pass


class Infer(nn.Cell):
    def __init__(self, given):
        super().__init__()
        self.network = {made}
        self.given = given
        self.relu = nn.ReLU()

    def construct(self, x):
        return self.given(self.relu({call}))
"""
INLINED = {
    "labels": "labels = labels.to(torch.int32)",
    "mask": "mask = mask.to(torch.int32)",
    "valid": "valid = valid.to(torch.int32)",
    "x": "return x.to(torch.int32)",
}


def kept(call: str, made: str = "Scored()", script: str = "") -> set[str]:
    """The parameters whose casts are no calls of PyTorch."""
    source = SOURCE.replace("{call}", call).replace("{made}", made) + script
    text = translate_text(source, Target.OPSBRIDGE)
    return {name for name, line in INLINED.items() if line not in text}


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("self.network(x, None)", {"labels"}),
        ("self.network(x, x, None, valid=None)", {"mask", "valid"}),
        ("self.network(x, x, mask=None)", {"mask"}),
        ("self.network(x, x, x, None)", set()),
        ("self.network(x, x, other=None)", set()),
        ("self.network(x, x, valid=x)", set()),
        ("self.missing(x, None)", set()),
        ("print(x, None)", set()),
        ("self.network(self.network(x, None), x, None)", {"labels", "mask"}),
        ("self.network(self.network(x, x, None), None)", {"labels", "mask"}),
    ],
)
def test_what_a_call_gives_none_for(call: str, found: set[str]) -> None:
    assert kept(call) == found


@pytest.mark.parametrize(
    ("made", "found"),
    [("Derived()", {"labels"}), ("given", set()), ("ops.ReLU()", set()), ("Other()", set())],
)
def test_which_cell_is_called(made: str, found: set[str]) -> None:
    assert kept("self.network(x, None)", made) == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("network = Scored()\nnetwork(x, None)", {"labels"}),
        ("network = other = Derived()\nnetwork(x, x, mask=None)", {"mask"}),
        ("def run(x):\n    network = Scored()\n    return network(x, None)", {"labels"}),
        ("network, other = Scored(), 1\nnetwork(x, None)", set()),
        ("network = Scored\nnetwork(x, None)", set()),
        ("network = ops.ReLU()\nnetwork(x, None)", set()),
        ("network = Scored()\nnetwork(x, None)\nnetwork(x, x, None)", {"labels", "mask"}),
        ("a = Scored()\nb = Scored()\na(x, x, None)\nb(x, None)", {"labels", "mask"}),
    ],
)
def test_which_variable_is_called(script: str, found: set[str]) -> None:
    assert kept("x", script=f"\n\n{script}\n") == found
