"""`opsbridge compare`: real MindSpore beside a ported network, layer by layer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from opsbridge import cli
from opsbridge.checkpoints.mindspore_file import write_ckpt
from opsbridge.checkpoints.stored import StoredTensor
from opsbridge.compare import plot
from opsbridge.compare.deviations import deviations
from opsbridge.compare.weights import weights_of
from opsbridge.errors import CheckpointError

REAL = """
from mindspore import nn

class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, pad_mode="pad", padding=1, has_bias=True)
        self.bn = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2, 2)

    def construct(self, x):
        return self.pool(self.relu(self.bn(self.conv(x))))
"""

PORTED = """
import torch

class Net(torch.nn.Module):
    def __init__(self, eps=1e-5):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.bn = torch.nn.BatchNorm2d(4, eps=eps)
        self.relu = torch.nn.ReLU()
        self.pool = torch.nn.MaxPool2d(2, 2)

    def forward(self, x):
        return self.pool(self.relu(self.bn(self.conv(x))))

def wrong():
    return Net(eps=0.1)
"""


@pytest.fixture
def networks(tmp_path: Path) -> Path:
    """The same network in both frameworks, and one that is not the same."""
    pytest.importorskip("torch")
    (tmp_path / "real.py").write_text(REAL)
    (tmp_path / "ported.py").write_text(PORTED)
    return tmp_path


def test_a_ported_network_gives_the_same_in_each_layer(
    networks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("mindspore")
    sides = [f"{networks / 'real.py'}:Net", f"{networks / 'ported.py'}:Net"]
    report = networks / "report.json"
    command = ["compare", *sides, "--b-on", "torch", "--inputs", "2x3x8x8"]
    assert cli.main([*command, "--json", str(report)]) == 0
    assert "5 layers compared; tolerance 0.0001; no layer differs" in capsys.readouterr().out
    layers = json.loads(report.read_text())["layers"]
    assert [layer["path"] for layer in layers] == ["conv", "bn", "relu", "pool", "(network)"]
    assert max(layer["relative"] for layer in layers) < 1e-5


def test_the_first_layer_that_differs_is_named(
    networks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = [f"{networks / 'ported.py'}:{name}" for name in ("Net", "wrong")]
    on = ["--a-on", "torch", "--b-on", "torch"]
    np.savez(networks / "inputs.npz", np.ones((1, 3, 4, 4), np.float32))
    assert cli.main(["compare", *sides, *on, "--inputs", str(networks / "inputs.npz")]) == 1
    assert capsys.readouterr().out.endswith("first layer that differs: bn\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--inputs", "1xq"], "write FILE.npz or"),
        (["--inputs", "none.npz"], "there is no such file"),
        (["--inputs", "1x3x4x4", "--checkpoint", "none.ckpt"], "none.ckpt"),
    ],
)
def test_what_cannot_be_run_is_said(
    networks: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    side = f"{networks / 'ported.py'}:Net"
    assert cli.main(["compare", side, side, "--a-on", "torch", "--b-on", "torch", *words]) == 2
    assert said in capsys.readouterr().err


def written(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    """A side's outputs, as its child process leaves them."""
    folder.mkdir()
    for place, array in enumerate(arrays.values()):
        np.save(folder / f"{place}_0.npy", array)
    layers = [{"path": path, "kind": "Layer", "outputs": 1} for path in arrays]
    (folder / "layers.json").write_text(json.dumps(layers))
    return folder


def test_deviations_are_relative_to_the_largest_value(tmp_path: Path) -> None:
    nan = np.array([np.nan, 1.0])
    first = {"a": np.array([1.0, 4.0]), "b": nan, "c": nan, "d": np.zeros(2), "e": np.zeros(0)}
    second = {"a": np.array([1.5, 4.0]), "b": nan, "c": np.ones(2), "d": np.zeros(3)}
    second["e"] = np.zeros(0)
    found = deviations(written(tmp_path / "1", first), written(tmp_path / "2", second))
    relative = {each.path: each.relative for each in found}
    assert relative == {"a": 0.125, "b": 0, "c": np.inf, "d": np.inf, "e": 0}
    assert {each.path: each.note for each in found}["d"] == "shape [2], [3] on B"


def test_weights_come_from_names_or_from_a_checkpoint(tmp_path: Path) -> None:
    random = weights_of("", 0)
    np.testing.assert_array_equal(random("a.weight", (2, 3)), random("a.weight", (2, 3)))
    assert (random("a.weight", (2, 3)) != random("b.weight", (2, 3))).all()
    assert (random("a.moving_variance", (9,)) > 0).all()
    write_ckpt(tmp_path / "w.ckpt", {"w": StoredTensor.of(np.ones(2, np.float32))})
    stored = weights_of(str(tmp_path / "w.ckpt"), 0)
    assert stored("w", (2,)).tolist() == [1, 1]
    with pytest.raises(CheckpointError, match="no parameter 'w' of shape"):
        stored("w", (3,))


def test_the_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    first = written(tmp_path / "1", {"a": np.ones(2)})
    plot.draw(deviations(first, first), 1e-4, str(tmp_path / "plot.svg"))
    assert "</svg>" in (tmp_path / "plot.svg").read_text()
