"""A tensor that a cell sets a parameter to goes into it: PyTorch takes nothing but a parameter."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING
from test_members import result_of

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
torch = pytest.importorskip("torch", reason="translated code computes with PyTorch")

from opsbridge.mindspore.alias import as_mindspore  # noqa: E402
from opsbridge.port.source.result import Outcome, Target  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402

HEADER = """\
import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import initializer


"""
NORM = """\
class Norm(nn.Cell):
    def __init__(self):
        super().__init__()
        self.mean = Parameter(initializer("zeros", 3), name="mean", requires_grad=False)
        self.steps = Parameter(Tensor([0.0]), requires_grad=False)
        self.scale = Parameter(Tensor([9.0, 9.0, 9.0]))
        self.scale = initializer("ones", self.scale.shape)

    def construct(self, x):
        kept = self.mean
        self.mean = self.mean * 0.75 + ops.ReduceMean()(x, 0) * 0.25
        self.steps += 1.0
        return (x - kept) * self.scale + self.steps
"""
X = np.random.default_rng(3).normal(size=(4, 3)).astype(np.float32)


def network(start: str, compute: str) -> str:
    body = (
        "def __init__(self, given):\n    super().__init__()\n"
        f"{textwrap.indent(start, '    ')}\n\n"
        f"def construct(self, x, other):\n{textwrap.indent(compute, '    ')}\n"
    )
    return f"{HEADER}class Net(nn.Cell):\n{textwrap.indent(body, '    ')}"


def written(start: str, compute: str) -> list[str]:
    text = translate_text(network(start, compute), Target.TORCHVISION)
    return [line.strip() for line in text.splitlines() if "self.w" in line][1:]


PARAMETER = "self.w = Parameter(Tensor([1.0, 2.0]))"


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("self.w = self.w * 2  # moves", "self.w.data.copy_(self.w * 2)  # moves"),
        ("self.w = other", "self.w.data.copy_(other)"),
        ("self.w = x; y = x", "self.w.data.copy_(x); y = x"),
        ("self.w += x", "self.w.data.copy_(self.w + x)"),
        ("self.w -= 2", "self.w.data.copy_(self.w - 2)"),
        ("self.w *= x + 1", "self.w.data.copy_(self.w * (x + 1))"),
        ("self.w = Parameter(Tensor([3.0]))", "self.w = torch.nn.Parameter(torch.tensor([3.0]))"),
        ("self.w = None", "self.w = None"),
        ("y = self.w = x", "y = self.w = x"),
        ("self.w = y = x", "self.w = y = x"),
        ("self.w, y = x, other", "self.w, y = x, other"),
        ("self.w[0] = x", "self.w[0] = x"),
        ("other.w = self.w", "other.w = self.w"),
    ],
)
def test_a_method_that_computes(line: str, becomes: str) -> None:
    assert written(PARAMETER, f"{line}\nreturn x") == [becomes]


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("self.w = Tensor([3.0, 4.0])", "self.w.data.copy_(torch.tensor([3.0, 4.0]))"),
        ("self.w = ops.exp(self.w)", "self.w.data.copy_(torch.exp(self.w))"),
        ("self.w = given", "self.w = given"),
        ("self.w = self.v", "self.w = self.v"),
        ("self.w = Parameter(Tensor([3.0]))", "self.w = torch.nn.Parameter(torch.tensor([3.0]))"),
    ],
)
def test_the_constructor(line: str, becomes: str) -> None:
    start = f"{PARAMETER}\nself.v = Parameter(Tensor([1.0]))\n{line}"
    assert written(start, "return x") == [becomes]


@pytest.mark.parametrize(
    "start", ["self.w = Tensor([1.0])", "self.w = given", "self.w = given()", "self.w = given.w()"]
)
def test_what_is_no_parameter_is_set(start: str) -> None:
    assert written(start, "self.w = x\nreturn x") == ["self.w = x"]


def test_objects_of_other_classes_and_functions_are_left_alone() -> None:
    other = "class Other:\n    def __init__(self):\n        self.w = Parameter(Tensor([1.0]))\n"
    other += "        self.w = Tensor([2.0])\n"
    function = "def f(self):\n    self.w = Tensor([3.0])\n"
    text = translate_text(HEADER + other + "\n\n" + function, Target.TORCHVISION)
    assert "self.w = torch.tensor([2.0])" in text
    assert "self.w = torch.tensor([3.0])" in text


def test_the_report_says_so() -> None:
    result = result_of(network(PARAMETER, "self.w = x\nreturn x"), Target.TORCHVISION)
    (point,) = (each for each in result.points if each.name == "= on a parameter")
    assert (point.outcome, point.became, point.reason) == (Outcome.EXACT, ".data.copy_", "")


def states(net: Any, made: Any) -> list[Any]:
    """What two calls give, and the parameters after them."""
    given = [net(made(X)), net(made(X * 2)), net.mean, net.steps, net.scale]
    return [each.asnumpy() if hasattr(each, "asnumpy") else each.detach().numpy() for each in given]


@pytest.mark.parametrize("target", Target)
def test_both_compute_alike(target: Target) -> None:
    before: dict[str, Any] = {}
    with as_mindspore() as mindspore:
        exec(HEADER + NORM, before)
        expected = states(before["Norm"](), mindspore.Tensor)
    after: dict[str, Any] = {}
    exec(translate_text(HEADER + NORM, target), after)
    for ours, theirs in zip(states(after["Norm"](), torch.tensor), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_it_is_what_mindspore_computes() -> None:
    mindspore = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    real: dict[str, Any] = {}
    exec(HEADER + NORM, real)
    expected = states(real["Norm"](), mindspore.Tensor)
    after: dict[str, Any] = {}
    exec(translate_text(HEADER + NORM, Target.TORCHVISION), after)
    for ours, theirs in zip(states(after["Norm"](), torch.tensor), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)
