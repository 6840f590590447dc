"""Every layer on real MindSpore and on the surface: outputs, parameter names, gradients."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
pytest.importorskip("mindspore", reason="compares with the real MindSpore")

import mindspore
from nn_layer_cases import CASES, LayerCase

from opsbridge import mindspore as surface


def inputs_of(case: LayerCase) -> list[Any]:
    rng = np.random.default_rng(len(str(case)))
    make = {
        "normal": lambda shape: rng.normal(size=shape).astype(np.float32),
        "share": lambda shape: rng.uniform(0.05, 0.95, shape).astype(np.float32),
        "class": lambda shape: rng.integers(0, 3, shape).astype(np.int32),
        "long class": lambda shape: rng.integers(0, 3, shape),
        "place": lambda shape: np.arange(np.prod(shape)).reshape(shape) % np.prod(shape[2:]) * 2,
        "sign": lambda shape: rng.choice([-1, 1], shape).astype(np.float32),
        "mask": lambda shape: rng.integers(0, 2, shape).astype(np.float32),
    }
    return [make[kind](shape) for kind, shape in zip(case.kinds, case.shapes, strict=True)]


def fill(layer: Any, tensor: Any) -> list[str]:
    """Give every parameter values that depend on its name only; return the names."""
    names = []
    for path, parameter in layer.parameters_and_names():
        rng = np.random.default_rng(sum(map(ord, path)))
        values = rng.uniform(0.5, 1.5, parameter.shape).astype(np.float32)
        parameter.set_data(tensor(values * (1 if len(parameter.shape) == 1 else 0.3)))
        names.append(f"{path} {parameter.name}")
    return names


def run(framework: ModuleType, case: LayerCase) -> tuple[list[str], list[Any]]:
    """Build the layer, run it, derive the sum of its outputs; return names and all values."""
    layer = getattr(framework.nn, case.name)(*case.args, **case.kwargs).set_train(case.train)
    names = fill(layer, framework.Tensor)
    inputs = [framework.Tensor(each) for each in inputs_of(case)]
    weights = layer.trainable_params()
    position = 0 if case.kinds[0] in ("normal", "share") else None
    if not case.derive or (position is None and not weights):
        results = [layer(*inputs)]
    else:
        derive = framework.value_and_grad(layer, position, weights or None)
        results = derive(*inputs)
    moved = [each for each in layer.get_parameters() if not each.requires_grad]
    return names, [each.asnumpy() for each in flat([results, moved])]


def flat(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [each for part in value for each in flat(part)]
    return [value]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_layer_computes_as_the_real_one(case: LayerCase) -> None:
    names, real = run(mindspore, case)
    our_names, ours = run(surface, case)
    assert our_names == names
    assert len(ours) == len(real)
    for one, other in zip(ours, real, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        scale = max(np.abs(other).max(initial=0), 1)
        np.testing.assert_allclose(one, other, rtol=0, atol=case.tolerance * scale)


def test_layers_show_their_arguments() -> None:
    mint, nn = surface.mint.nn, surface.nn
    assert str(mint.Linear(3, 4, bias=False)).startswith("Linear(in_features=3, out_features=4")
    assert "in_channels=3" in str(nn.SequentialCell(mint.Conv2d(3, 4, 3), nn.ReLU()))
    for ms in (surface, mindspore):
        shown = [ms.nn.ReLU(), ms.nn.Dense(3, 4), ms.nn.Dense(3, 4, has_bias=False),
                 ms.nn.Linear(3, 4), ms.nn.Linear(3, 4, bias=False)]  # fmt: skip
        assert list(map(str, shown)) == [
            "ReLU()",
            "Dense(input_channels=3, output_channels=4, has_bias=True)",
            "Dense(input_channels=3, output_channels=4)",
            "Linear(input_features=3, output_features=4, has_bias=True)",
            "Linear(input_features=3, output_features=4)",
        ]
