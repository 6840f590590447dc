"""What published detectors use: on the surface, in MindSpore, translated.

The uses are the data of api_usage.toml, one for every name, and of idioms.toml; each becomes a
network of one source file, which is run on the surface and on the real MindSpore, and after both
translations.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
pytest.importorskip("torchvision", reason="one target calls torchvision")

import numpy as np
import torch

from opsbridge.mindspore import as_mindspore
from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate_text

FILES = (Path(__file__).with_name(name) for name in ("api_usage.toml", "idioms.toml"))
USES = [use for file in FILES for use in tomllib.loads(file.read_text("utf-8"))["uses"]]
HEAD = """\
import numpy as np
import mindspore as ms
import mindspore.common.dtype as mstype
import mindspore.numpy as mnp
from mindspore import Parameter, Tensor, context, nn, ops
from mindspore.common.initializer import Normal, initializer
from mindspore.ops import composite as C
from mindspore.ops import functional as F
from mindspore.ops import operations as P
from mindspore.ops import constexpr
"""
RENAMED = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
# PyTorch has no such operator, or the code goes through MindSpore's files of weights, or uses
# operators that no function of the translated file stands for.
NEEDS_OPSBRIDGE = {
    "load_checkpoint", "load_param_into_net", "ops._inner.PsROIPooling", "ops.DynamicRNN",
    "a recurrent text detector's middle",
    "targets of a detector without anchors: boxes around points, the smallest box by masks",
    "labels that a loop narrows to the foreground",
    "masks cut out by boxes that ops.range numbers",
    "a head over a grid: sizes of the grid as tensors, boxes from centres and lengths",
}  # fmt: skip


def spread(*shape: int, seed: int) -> Any:
    """Distinct numbers between -2 and 2, so that no order depends on ties."""
    count = int(np.prod(shape))
    order = np.random.default_rng(seed).permutation(count).reshape(shape)
    return (order / count * 4 - 1.97).astype(np.float32)


def inputs() -> dict[str, Any]:
    """What every network gets."""
    rows, more = spread(3, 4, seed=1), spread(3, 4, seed=2)
    starts = [[3, 4], [10, 8], [4, 5], [20, 12], [11, 9]]
    sizes = [[10, 8], [9, 12], [10, 8], [6, 7], [8, 11]]
    boxes = np.concatenate([starts, np.add(starts, sizes)], 1).astype(np.float32)
    scores = np.array([[0.9], [0.8], [0.7], [0.6], [0.5]], np.float32)
    return {
        "rows": rows,
        "more": more,
        "image": spread(2, 3, 7, 8, seed=3),
        "positive": np.abs(rows) / 2 + np.float32(0.01),
        "volume": spread(1, 3, 4, 6, 6, seed=4),
        "whole": np.random.default_rng(5).integers(-1, 4, (3, 4)).astype(np.int32),
        "mask": more > 0,
        "places": np.array([[0, 1], [2, 3]], np.int32),
        "boxes": boxes,
        "scored": np.concatenate([boxes, scores], 1),
    }


def network(index: int, use: dict[str, Any]) -> str:
    """The source of one network."""
    lines = [f"        {line}\n" for line in use.get("init", "").split("; ") if line]
    names = ", ".join(inputs())
    return (
        f"\n\n{use.get('before', '')}class Use{index}(nn.Cell):\n"
        f"    def __init__(self):\n        super().__init__()\n{''.join(lines)}\n"
        f"    def construct(self, {names}):\n        return {use['call']}\n"
        f"{use.get('methods', '')}"
    )


SOURCE = HEAD + "".join(network(index, use) for index, use in enumerate(USES))


@pytest.fixture(autouse=True)
def weights_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of weights in the working folder, for the uses that read one."""
    monkeypatch.chdir(tmp_path)
    with as_mindspore() as surface:
        data = surface.Tensor(weight("w", (4,)))
        surface.save_checkpoint([{"name": "w", "data": data}], "weights.ckpt")


def weight(name: str, shape: tuple[int, ...]) -> Any:
    """Values by a parameter's name."""
    seed = list(name.encode())
    return np.random.default_rng(seed).uniform(0.2, 0.9, shape).astype(np.float32)


def results(value: Any) -> list[Any]:
    """All results in a row: tensors as NumPy arrays, other values as they are."""
    if isinstance(value, tuple | list):
        return [each for part in value for each in results(part)]
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().as_subclass(torch.Tensor).numpy()
    return [value.asnumpy() if hasattr(value, "asnumpy") else value]


def on_mindspore(framework: Any, index: int) -> tuple[dict[str, Any], list[Any]]:
    """The weights of a network and what it gives, on the surface or on the real MindSpore."""
    scope: dict[str, Any] = {}
    exec(HEAD + network(index, USES[index]), scope)
    net, weights = scope[f"Use{index}"](), {}
    for name, parameter in net.parameters_and_names():
        weights[name] = weight(name, tuple(parameter.shape))
        parameter.set_data(framework.Tensor(weights[name]))
    with torch.no_grad():
        return weights, results(net(*map(framework.Tensor, inputs().values())))


@functools.cache
def on_the_surface(index: int) -> tuple[dict[str, Any], list[Any]]:
    """As on_mindspore."""
    with as_mindspore() as surface:
        return on_mindspore(surface, index)


@functools.cache
def text_for(target: Target) -> str:
    """The translated file."""
    return translate_text(SOURCE, target)


@functools.cache
def translated(target: Target) -> dict[str, Any]:
    """The names of the translated file."""
    scope: dict[str, Any] = {}
    exec(text_for(target), scope)
    return scope


def fill(net: Any, weights: dict[str, Any]) -> None:
    """Give a translated network weights by the names that MindSpore has for them."""
    state = net.state_dict()
    for name, value in weights.items():
        path, _, last = name.replace(".bn2d.", ".").rpartition(".")
        mine = next(
            each for each in (name, f"{path}.{last}", f"{path}.{RENAMED.get(last, last)}")
            if each in state
        )  # fmt: skip
        state[mine].copy_(torch.from_numpy(value).reshape(state[mine].shape))


def ids(indices: list[int]) -> Any:
    return [pytest.param(index, id=USES[index]["name"]) for index in indices]


EVERY = list(range(len(USES)))
COMPARED = [index for index in EVERY if "real" not in USES[index]]
TRANSLATED = [index for index in EVERY if USES[index]["name"] != "load_param_into_net"]


@pytest.mark.parametrize("index", ids(COMPARED))
def test_the_surface_computes_what_mindspore_does(index: int) -> None:
    mindspore = pytest.importorskip("mindspore", reason="compares with the real MindSpore")
    _, theirs = on_mindspore(mindspore, index)
    _, ours = on_the_surface(index)
    compare(ours, theirs, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("index", ids(TRANSLATED))
def test_the_translation_gives_the_bits_of_the_surface(index: int) -> None:
    compare(on_torch(Target.OPSBRIDGE, index), on_the_surface(index)[1], rtol=0, atol=0)


@pytest.mark.parametrize("index", ids(TRANSLATED))
def test_the_translation_without_opsbridge_is_as_near(index: int) -> None:
    ours = on_torch(Target.TORCHVISION, index)
    compare(ours, on_the_surface(index)[1], rtol=1e-5, atol=1e-5)


def on_torch(target: Target, index: int) -> list[Any]:
    """What a translated network gives."""
    net = translated(target)[f"Use{index}"]().eval()
    fill(net, on_the_surface(index)[0])
    with torch.no_grad():
        return results(net(*map(torch.from_numpy, inputs().values())))


def compare(ours: list[Any], theirs: list[Any], rtol: float, atol: float) -> None:
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        if isinstance(other, np.ndarray):
            assert (mine.dtype, mine.shape) == (other.dtype, other.shape)
            np.testing.assert_allclose(mine, other, rtol=rtol, atol=atol)
        else:
            assert mine == other


def test_pytorch_alone_is_enough() -> None:
    text = text_for(Target.TORCHVISION)
    starts = [text.index(f"class Use{index}(") for index in EVERY]
    parts = (text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True))
    needing = {use["name"] for use, part in zip(USES, parts, strict=True) if "opsbridge" in part}
    assert needing == NEEDS_OPSBRIDGE


@pytest.mark.parametrize("target", Target)
def test_nothing_is_left_by_hand_and_a_second_run_changes_nothing(target: Target) -> None:
    text = text_for(target)
    assert "# opsbridge:" not in text
    assert translate_text(text, target) == text
