"""Conversion of checkpoints: names, shapes, what is left over, and the way back."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from child_process import python_output
from hypothesis import HealthCheck, given, settings
from stored_strategies import checkpoints, same

from opsbridge import cli
from opsbridge.checkpoints import convert, report
from opsbridge.checkpoints.convert import Conversion, convert_checkpoint
from opsbridge.checkpoints.mindspore_file import read_ckpt, write_ckpt
from opsbridge.checkpoints.network import Expected
from opsbridge.checkpoints.plan import plan_by_guess, plan_by_network
from opsbridge.checkpoints.rules import name_rules
from opsbridge.checkpoints.stored import StoredTensor
from opsbridge.errors import ArgumentError, CheckpointError

NETWORK = """
import torch

class Net(torch.nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, width, 3)
        self.bn = torch.nn.BatchNorm2d(width)
        self.line = torch.nn.Conv1d(4, 4, 3)
        self.words = torch.nn.Embedding(5, 4)
        self.act = torch.nn.PReLU()
        self.cube = torch.nn.BatchNorm3d(2)
        self.norm = torch.nn.LayerNorm(3)
        self.head = torch.nn.Linear(4, 2)
        self.shared = self.head

def wide():
    return Net(6)
"""

SAVED = """
import sys
import mindspore as ms
from mindspore import nn

class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, has_bias=True)
        self.bn = nn.BatchNorm2d(4)
        self.line = nn.Conv1d(4, 4, 3, has_bias=True)
        self.words = nn.Embedding(5, 4)
        self.act = nn.PReLU()
        self.cube = nn.BatchNorm3d(2)
        self.norm = nn.LayerNorm([3])
        self.head = nn.Dense(4, 2)

class Wrapped(nn.Cell):
    def __init__(self):
        super().__init__()
        self.network = Net()

ms.save_checkpoint(Net(), sys.argv[1] + "/net.ckpt", append_dict={"epoch": 1, "note": "x"})
ms.save_checkpoint(Wrapped(), sys.argv[1] + "/wrapped.ckpt")
net = Net()
step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.Adam(net.trainable_params()))
ms.save_checkpoint(step, sys.argv[1] + "/trained.ckpt")
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of real MindSpore, and the same network in PyTorch."""
    for library in ("mindspore", "torch", "safetensors"):
        pytest.importorskip(library)
    folder = tmp_path_factory.mktemp("networks")
    python_output(SAVED, str(folder))
    (folder / "net.py").write_text(NETWORK)
    return folder


@pytest.fixture(autouse=True, scope="module")
def _each_network_is_built_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(convert, "expected_of", functools.cache(convert.expected_of))
        yield


def statuses(done: Conversion) -> dict[str, set[str]]:
    """Status -> names, of the file that was read or else of the one written."""
    found: dict[str, set[str]] = {}
    for row in done.rows:
        found.setdefault(row.status, set()).add(row.source or row.target)
    return found


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_checkpoint_of_mindspore_loads_strictly_and_comes_back(
    saved: Path, tmp_path: Path, suffix: str
) -> None:
    torch = pytest.importorskip("torch")
    there, back = tmp_path / f"net{suffix}", tmp_path / "net.ckpt"
    model = f"{saved / 'net.py'}:Net"
    done = convert_checkpoint(saved / "net.ckpt", there, model=model)
    assert done.is_complete()
    assert statuses(done)["slot"] == {"epoch", "note"}
    if suffix == ".pth":
        state = torch.load(there, weights_only=True)
    else:
        state = pytest.importorskip("safetensors.torch").load_file(there)
    space: dict[str, object] = {}
    exec(NETWORK, space)
    space["Net"]().load_state_dict(state, strict=True)  # type: ignore[operator]
    first = read_ckpt(saved / "net.ckpt")
    np.testing.assert_array_equal(
        state["line.weight"].numpy(), first["line.weight"].array()[:, :, 0]
    )
    np.testing.assert_array_equal(state["bn.weight"].numpy(), first["bn.gamma"].array())
    assert convert_checkpoint(there, back, model=model).is_complete()
    wanted = {name: tensor for name, tensor in first.items() if name not in ("epoch", "note")}
    assert same(dict(sorted(read_ckpt(back).items())), dict(sorted(wanted.items())))


def test_without_a_network_the_file_remembers_its_names(saved: Path, tmp_path: Path) -> None:
    there, back = tmp_path / "net.safetensors", tmp_path / "net.ckpt"
    done = convert_checkpoint(saved / "net.ckpt", there, keep_optimizer=True)
    assert done.based_on == "guess"
    assert convert_checkpoint(there, back).based_on == "record"
    assert back.read_bytes() == (saved / "net.ckpt").read_bytes()


def test_a_wrapped_network_loses_its_prefix(saved: Path, tmp_path: Path) -> None:
    model = f"{saved / 'net.py'}:Net"
    done = convert_checkpoint(saved / "wrapped.ckpt", tmp_path / "net.pth", model=model)
    assert done.is_complete()
    assert "network.bn.gamma" in statuses(done)["matched"]


def test_slots_of_the_optimizer_are_no_parameters(saved: Path, tmp_path: Path) -> None:
    model = f"{saved / 'net.py'}:Net"
    done = convert_checkpoint(saved / "trained.ckpt", tmp_path / "net.pth", model=model)
    assert done.is_complete()
    assert {"learning_rate", "beta1_power", "moment1.conv.weight"} <= statuses(done)["slot"]
    torch = pytest.importorskip("torch")
    assert not any("moment" in name for name in torch.load(tmp_path / "net.pth"))


def test_a_prefix_is_not_repaired_where_two_entries_fit() -> None:
    one = StoredTensor.of(np.zeros(1))
    expected = [Expected("w", (1,), "w", (1,), "w")]
    rows = plan_by_network({"a.w": one, "b.w": one}, expected, to_torch=True)
    assert [row.status for row in rows] == ["unused", "unused", "missing"]


def test_what_does_not_fit_is_reported(saved: Path, tmp_path: Path) -> None:
    done = convert_checkpoint(
        saved / "net.ckpt", tmp_path / "net.pth", model=f"{saved / 'net.py'}:wide"
    )
    assert not done.is_complete()
    misshapen = {row.source: row.note for row in done.rows if row.status == "misshapen"}
    assert misshapen["conv.weight"] == "the network has [6, 3, 3, 3]"
    assert set(misshapen) == {
        *("conv.weight", "conv.bias", "bn.gamma", "bn.beta"),
        *("bn.moving_mean", "bn.moving_variance"),
    }


def test_unmatched_names_come_with_the_nearest(saved: Path, tmp_path: Path) -> None:
    stored = read_ckpt(saved / "net.ckpt")
    stored["heed.weight"] = stored.pop("head.weight")
    write_ckpt(tmp_path / "net.ckpt", stored)
    done = convert_checkpoint(
        tmp_path / "net.ckpt", tmp_path / "net.pth", model=f"{saved / 'net.py'}:Net"
    )
    notes = {row.status: row.note for row in done.rows}
    assert notes["unused"] == "nearest: head.weight"
    assert notes["missing"].startswith("nearest: heed.weight")


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stored=checkpoints())
def test_any_checkpoint_comes_back_from_safetensors(
    stored: dict[str, StoredTensor], tmp_path: Path
) -> None:
    pytest.importorskip("safetensors")
    first, there, back = (tmp_path / name for name in ("a.ckpt", "b.safetensors", "c.ckpt"))
    write_ckpt(first, stored)
    convert_checkpoint(first, there, keep_optimizer=True)
    convert_checkpoint(there, back)
    assert same(read_ckpt(back), stored)


def test_a_guess_renames_by_what_lies_beside() -> None:
    one = StoredTensor.of(np.zeros(1))
    names = ["a.gamma", "a.beta", "a.moving_mean", "a.moving_variance", "b.bias", "b.weight", "c.w"]
    rows = plan_by_guess(dict.fromkeys(names, one), to_torch=True)
    there = [row.target for row in rows]
    assert {row.status for row in rows} == {"guessed"}
    assert there == [
        *("a.weight", "a.bias", "a.running_mean", "a.running_var"),
        *("b.bias", "b.weight", "c.weight"),
    ]
    back = plan_by_guess(dict.fromkeys(there, one), to_torch=False)
    assert [row.target for row in back] == [*names[:6], "c.weight"]


def test_rules_name_no_type_twice() -> None:
    types = [name for owner in name_rules().owners for name in owner.types]
    assert len(types) == len(set(types))


def test_a_pickle_in_a_pth_file_is_not_run(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"w": Path}, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"torch\.load refuses the file"):
        convert_checkpoint(tmp_path / "net.pth", tmp_path / "net.ckpt")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_truncated_file_of_the_others_is_refused(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("torch" if suffix == ".pth" else "safetensors")
    path = tmp_path / f"net{suffix}"
    write_ckpt(tmp_path / "net.ckpt", {"w": StoredTensor.of(np.zeros(3, np.float32))})
    convert_checkpoint(tmp_path / "net.ckpt", path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError):
            convert_checkpoint(path, tmp_path / "back.ckpt")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("safetensors")
    source, target, report = (tmp_path / name for name in ("a.ckpt", "a.safetensors", "r.json"))
    write_ckpt(source, {"bn.gamma": StoredTensor.of(np.zeros(2)), "epoch": StoredTensor.of("1")})
    command = ["convert-checkpoint", str(source), "-o", str(target)]
    assert cli.main([*command, "--report", str(report)]) == 0
    assert capsys.readouterr().out == (
        f"{target}: 1 guessed, 1 slot (names by guess, no network given)\n"
    )
    assert [row["status"] for row in json.loads(report.read_text())["tensors"]] == [
        "guessed",
        "slot",
    ]
    assert cli.main(command) == 2
    assert "--force replaces it" in capsys.readouterr().err
    markdown = tmp_path / "r.md"
    assert cli.main([*command, "--force", "-v", "--report", str(markdown)]) == 0
    assert "guessed  bn.gamma" in capsys.readouterr().out
    assert "| guessed | bn.gamma | bn.gamma | float64 | 2 |  |" in markdown.read_text()


@pytest.mark.parametrize("target", ["out.txt", "out.ckpt"])
def test_nothing_to_convert(tmp_path: Path, target: str) -> None:
    write_ckpt(tmp_path / "a.ckpt", {"w": StoredTensor.of(np.zeros(2))})
    with pytest.raises(ArgumentError):
        convert_checkpoint(tmp_path / "a.ckpt", tmp_path / target)
    with pytest.raises(ArgumentError, match="no such file"):
        convert_checkpoint(tmp_path / "none.ckpt", tmp_path / "out.pth")


def test_a_layer_of_the_surface_within_a_translated_module_keeps_its_shapes(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "net.py").write_text(
        "import torch\nfrom opsbridge.mindspore import nn\n\n"
        "def build():\n"
        "    return torch.nn.Sequential(nn.Conv1d(4, 2, 3), torch.nn.Conv1d(2, 5, 3))\n"
    )
    ours, theirs, _ = convert.expected_of(f"{tmp_path / 'net.py'}:build")
    assert (ours.shape, ours.saved_shape) == ((2, 4, 1, 3), (2, 4, 1, 3))
    assert (theirs.shape, theirs.saved_shape) == ((5, 2, 3), (5, 2, 1, 3))


def test_a_guess_says_which_names_are_those_of_other_layers(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    values = {name: StoredTensor.of(np.zeros(2)) for name in ("bn.gamma", "bn.beta", "fc.weight")}
    write_ckpt(tmp_path / "a.ckpt", values)
    there = convert_checkpoint(tmp_path / "a.ckpt", tmp_path / "a.safetensors")
    said = report.summary(there)
    assert "2 names, such as bn.gamma -> bn.weight, are those of layers of torch.nn" in said
    assert "--model" in said
    notes = [row.note for row in there.rows]
    assert notes == ["taken for a layer of torch.nn"] * 2 + [""]
    back = convert_checkpoint(tmp_path / "a.safetensors", tmp_path / "b.ckpt")
    assert "--model" not in report.summary(back)


def test_a_network_that_cannot_be_built_tells_the_error_its_place_and_its_cause(
    tmp_path: Path,
) -> None:
    pytest.importorskip("torch")
    (tmp_path / "layers.py").write_text(
        "import mindspore.nn as nn\n\n\ndef layer():\n    return nn.Dense(3)\n"
    )
    (tmp_path / "net.py").write_text(
        "from layers import layer\n\n\ndef build():\n    try:\n        layer()\n"
        "    except TypeError as error:\n"
        "        raise RuntimeError('two\\nlines') from error\n"
    )
    with pytest.raises(ArgumentError) as raised:
        convert.expected_of(f"{tmp_path / 'net.py'}:build")
    said = str(raised.value)
    assert f"RuntimeError: two lines ({tmp_path / 'net.py'}:8, in build: raise Runtime" in said
    assert "; caused by DtypeError: Dense: out_channels is missing" in said
    assert said.endswith(f"({tmp_path / 'layers.py'}:5, in layer: return nn.Dense(3))")
