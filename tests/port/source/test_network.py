"""A whole small network, translated: it computes what real MindSpore computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
torch = pytest.importorskip("torch", reason="runs what is translated")
pytest.importorskip("torchvision", reason="one target calls torchvision")
np = pytest.importorskip("numpy")

from opsbridge.port.source.result import Target  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402

SOURCE = Path(__file__).with_name("mini_network.txt").read_text(encoding="utf-8")
RENAMED = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def images() -> Any:
    """Two images."""
    return np.random.default_rng(5).normal(size=(2, 3, 32, 32)).astype(np.float32)


def values(name: str, shape: tuple[int, ...]) -> Any:
    """A weight, by its name."""
    seed = sum(name.encode())
    return np.random.default_rng(seed).uniform(0.1, 0.6, shape).astype(np.float32) - 0.2 * (
        "weight" in name and len(shape) > 1
    )


def translated(target: Target) -> Any:
    """The translated network, in evaluation mode, without weights."""
    source = translate_text(SOURCE, target)
    assert "# opsbridge:" not in source
    scope: dict[str, Any] = {}
    exec(source, scope)
    return scope["Net"]().eval()


def results(network: Any, weights: dict[str, Any]) -> list[Any]:
    """What a translated network gives, as NumPy arrays."""
    state = network.state_dict()
    for name, value in weights.items():
        path, _, last = name.rpartition(".")
        mine = name if name in state else f"{path}.{RENAMED.get(last, last)}"
        state[mine].copy_(torch.from_numpy(value))
    with torch.no_grad():
        return [each.cpu().numpy() for each in network(torch.from_numpy(images()))]


@pytest.mark.parametrize("target", Target)
def test_the_translation_computes_what_mindspore_does(target: Target) -> None:
    mindspore = pytest.importorskip("mindspore", reason="compares with real MindSpore")
    scope: dict[str, Any] = {}
    exec(SOURCE, scope)
    real = scope["Net"]()
    weights = {}
    for name, parameter in real.parameters_and_names():
        weights[name] = values(name, tuple(parameter.shape))
        parameter.set_data(mindspore.Tensor(weights[name]))
    expected = [each.asnumpy() for each in real(mindspore.Tensor(images()))]
    got = results(translated(target), weights)
    for ours, theirs in zip(got, expected, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_the_translation_gives_the_bits_of_the_surface() -> None:
    from opsbridge.mindspore import as_mindspore

    with as_mindspore() as surface:
        scope: dict[str, Any] = {}
        exec(SOURCE, scope)
        network = scope["Net"]()
        weights = {}
        for name, parameter in network.parameters_and_names():
            weights[name] = values(name, tuple(parameter.shape))
            parameter.set_data(surface.Tensor(weights[name]))
        expected = [each.asnumpy() for each in network(surface.Tensor(images()))]
    for ours, theirs in zip(results(translated(Target.OPSBRIDGE), weights), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
