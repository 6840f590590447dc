"""Rarer layers and functions of arrays, translated: the bits of the surface, for both targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nn_layer_cases import CASES, LayerCase

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
torch = pytest.importorskip("torch", reason="the translation runs on PyTorch")

from opsbridge import mindspore as surface  # noqa: E402
from opsbridge.port.source.result import Target  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402

NAMES = {
    "CentralCrop", "Conv2dBnAct", "DiceLoss", "FocalLoss", "GaussianNLLLoss", "HingeEmbeddingLoss",
    "ImageGradients", "LPPool1d", "LPPool2d", "LRN", "MatMul", "MaxUnpool2d", "Moments",
    "MultiClassDiceLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "PoissonNLLLoss",
    "ReduceLogSumExp", "ReflectionPad3d", "ReplicationPad3d",
}  # fmt: skip
LAYERS = [case for case in CASES if case.name in NAMES and not case.train]
ARRAYS = [
    "mnp.average(x, 1)",
    "mnp.cross(x[:, :3], x[:, 1:])",
    "mnp.diff(x, axis=0)",
    "mnp.digitize(x, [-0.5, 0, 1])",
    "mnp.histogram(x, 4)[0]",
    "mnp.interp(x, [-0.5, 0.1, 0.9], [3, 1, 2])",
    "mnp.isin(x, [1.0])",
    "mnp.nanmean(x, axis=1)",
    "mnp.norm(x, axis=0)",
    "mnp.pad(x, ((1, 0), (0, 2)), 'edge')",
    "mnp.take_along_axis(x, mnp.indices((3, 4))[1], 1)",
    "mnp.atleast_3d(x)",
    "mnp.logaddexp(x, x[0])",
    "mnp.diagonal(x, offset=1)",
    "mnp.tril_indices(3)[0]",
]


def inputs_of(case: LayerCase) -> list[Any]:
    rng = np.random.default_rng(3)
    make = {
        "normal": lambda shape: rng.normal(size=shape).astype(np.float32),
        "share": lambda shape: rng.uniform(0.05, 0.95, shape).astype(np.float32),
        "mask": lambda shape: rng.integers(0, 2, shape).astype(np.float32),
        "sign": lambda shape: rng.choice([-1, 1], shape).astype(np.float32),
        "class": lambda shape: rng.integers(0, 3, shape).astype(np.int32),
        "long class": lambda shape: rng.integers(0, 3, shape),
        "place": lambda shape: np.arange(np.prod(shape)).reshape(shape) % np.prod(shape[2:]),
    }
    return [make[kind](shape) for kind, shape in zip(case.kinds, case.shapes, strict=True)]


def plain(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [each for part in value for each in plain(part)]
    return [value.as_subclass(torch.Tensor).detach().numpy()]


@pytest.mark.parametrize("target", list(Target), ids=lambda target: target.value)
@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_layer(case: LayerCase, target: Target) -> None:
    given = inputs_of(case)
    text = translate_text(f"from mindspore import nn\nlayer = nn.{case}\n", target)
    assert "# opsbridge:" not in text
    scope: dict[str, Any] = {}
    torch.manual_seed(2)
    exec(text, scope)
    torch.manual_seed(2)
    layer = getattr(surface.nn, case.name)(*case.args, **case.kwargs)
    found = plain(scope["layer"].eval()(*map(torch.as_tensor, given)))
    expected = plain(layer(*map(surface.Tensor, given)))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize("target", list(Target), ids=lambda target: target.value)
@pytest.mark.parametrize("call", ARRAYS)
def test_function_of_arrays(call: str, target: Target) -> None:
    x = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    text = translate_text(f"import mindspore.numpy as mnp\nresult = {call}\n", target)
    assert "# opsbridge:" not in text
    scope: dict[str, Any] = {"x": torch.as_tensor(x)}
    exec(text, scope)
    from opsbridge.mindspore.names import module_of

    mnp = module_of("mindspore.numpy")
    expected = plain(eval(call, {"mnp": mnp, "x": surface.Tensor(x)}))
    for one, other in zip(plain(scope["result"]), expected, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
