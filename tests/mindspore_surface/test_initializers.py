"""Every rule of `mindspore.common.initializer` spreads its values as MindSpore's does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

torch = pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge.mindspore import initializer as surface  # noqa: E402
from opsbridge.mindspore.names import module_of  # noqa: E402

SHAPE = (120, 100, 3, 3)
# At most this far lie shares of two samples of 108,000 values: five standard errors.
SHARES_WITHIN = 0.011

RULES: list[tuple[str, dict[str, Any]]] = [
    ("Uniform", {}),
    ("Uniform", {"scale": 0.3}),
    ("Normal", {}),
    ("Normal", {"sigma": 0.2, "mean": 0.1}),
    ("TruncatedNormal", {}),
    ("TruncatedNormal", {"sigma": 0.5, "mean": 0.1, "a": -0.4, "b": 0.3}),
    ("XavierUniform", {"gain": 2}),
    ("XavierNormal", {}),
    ("HeUniform", {}),
    ("HeUniform", {"negative_slope": 0.5, "mode": "fan_out", "nonlinearity": "leaky_relu"}),
    ("HeNormal", {"mode": "fan_out", "nonlinearity": "relu"}),
    ("HeNormal", {"nonlinearity": "tanh"}),
    ("VarianceScaling", {}),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_avg", "distribution": "uniform"}),
    ("VarianceScaling", {"mode": "fan_out", "distribution": "untruncated_normal"}),
]


def values(module: Any, name: str, settings: dict[str, Any]) -> Any:
    """The sorted values of one large weight."""
    rule = getattr(module, name)(**settings)
    return np.sort(module.initializer(rule, list(SHAPE)).init_data().asnumpy(), axis=None)


@pytest.mark.parametrize(("name", "settings"), RULES, ids=lambda each: str(each))
def test_distribution_is_that_of_mindspore(name: str, settings: dict[str, Any]) -> None:
    real = pytest.importorskip("mindspore.common.initializer", reason=MINDSPORE_MISSING)
    torch.manual_seed(5)
    ours, theirs = values(surface, name, settings), values(real, name, settings)
    assert len(np.unique(ours)) > ours.size // 2
    steps = np.quantile(theirs, np.linspace(0.02, 0.98, 49))
    np.testing.assert_allclose(
        np.searchsorted(ours, steps) / ours.size,
        np.searchsorted(theirs, steps) / theirs.size,
        atol=SHARES_WITHIN,
    )
    reach = np.abs(theirs).max()
    if "Normal" not in name and settings.get("distribution") != "untruncated_normal":
        assert np.abs(ours).max() == pytest.approx(reach, rel=1e-3)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6)])
def test_orthogonal_rows_or_columns(shape: tuple[int, int]) -> None:
    weight = surface.initializer(surface.Orthogonal(3.0), shape).asnumpy().astype(np.float64)
    product = weight @ weight.T if shape[0] < shape[1] else weight.T @ weight
    np.testing.assert_allclose(product, 9 * np.eye(min(shape)), atol=1e-5)


@pytest.mark.parametrize(("name", "settings"), [("Dirac", {"groups": 2}), ("Identity", {})])
def test_fixed_values_are_those_of_mindspore(name: str, settings: dict[str, Any]) -> None:
    real = pytest.importorskip("mindspore.common.initializer", reason=MINDSPORE_MISSING)
    shape = (6, 4, 3, 3) if name == "Dirac" else (5, 7)
    ours, theirs = (
        module.initializer(getattr(module, name)(**settings), list(shape)).init_data().asnumpy()
        for module in (surface, real)
    )
    assert theirs.any()
    np.testing.assert_array_equal(ours, theirs)


def test_what_rules_of_ones_own_import_from_the_file_of_the_rules() -> None:
    """Published networks fill by `_assignment`, with bounds by `_calculate_fan_in_and_fan_out`."""
    real = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    source = """
class Ramp(framework.common.initializer.Initializer):
    def _initialize(self, arr):
        fan_in, fan_out = fans(arr.shape)
        assign(arr, numpy.arange(arr.size).reshape(arr.shape) / fan_in + fan_out)
"""
    found = []
    for framework in (real, module_of("mindspore")):
        rules = framework.common.initializer
        names = {
            "framework": framework,
            "numpy": np,
            "assign": rules._assignment,
            "fans": rules._calculate_fan_in_and_fan_out,
        }
        exec(source, names)
        assert rules._assignment(np.zeros(2), 3.0).tolist() == [3.0, 3.0]
        with pytest.raises(ValueError, match="dimensions"):
            rules._calculate_fan_in_and_fan_out((3,))
        weight = rules.initializer(names["Ramp"](), (2, 3, 2), framework.float32)
        found.append(np.asarray(weight.init_data().asnumpy()))
    np.testing.assert_array_equal(*found)
