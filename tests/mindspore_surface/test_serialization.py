"""Checkpoints go both ways between the surface and real MindSpore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge import mindspore as surface
from opsbridge.errors import ArgumentError, CheckpointError, DtypeError


def net_of(ms: Any, value: float = 0.0) -> Any:
    net = ms.nn.SequentialCell([ms.nn.Conv2d(2, 3, 3), ms.nn.BatchNorm2d(3), ms.nn.Dense(4, 2)])
    for number, each in enumerate(net.get_parameters()):
        each.set_data(ms.Tensor(np.full(each.shape, value + number, np.float32)))
    return net


def values(net: Any) -> list[Any]:
    return [each.asnumpy() for each in net.get_parameters()]


@pytest.mark.parametrize("writer", ["real", "surface"])
def test_a_file_of_one_loads_into_the_other(writer: str, tmp_path: Path) -> None:
    real = pytest.importorskip("mindspore", reason="reads and writes with the real MindSpore")
    source, target = (real, surface) if writer == "real" else (surface, real)
    written, path = net_of(source, 5.0), tmp_path / "net.ckpt"
    source.save_checkpoint(written, str(path))
    net = net_of(target)
    assert target.load_param_into_net(net, target.load_checkpoint(str(path))) == ([], [])
    for one, other in zip(values(net), values(written), strict=True):
        assert np.array_equal(one, other)


def test_what_does_not_fit_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.ckpt"
    surface.save_checkpoint(net_of(surface), path, append_dict={"epoch": 3, "note": "text"})
    loaded = surface.load_checkpoint(path)
    assert (int(loaded["epoch"].asnumpy()), loaded["note"]) == (3, "text")
    other = surface.nn.SequentialCell([surface.nn.Conv2d(2, 3, 3), surface.nn.PReLU()])
    missing, unused = surface.load_param_into_net(other, loaded)
    assert missing == ["1.w"]
    assert "2.bias" in unused
    told = capsys.readouterr().err
    assert "1 not loaded, not in the file: 1.w" in told
    assert "in the file, unused: 1." in told
    with pytest.raises(DtypeError, match="net is a dict"):
        surface.load_param_into_net({}, loaded)


def test_names_are_chosen_by_prefix_and_function(tmp_path: Path) -> None:
    path = tmp_path / "net.ckpt"
    surface.save_checkpoint(net_of(surface), path)
    by_prefix = surface.load_checkpoint(path, specify_prefix="1.", filter_prefix=["1.moving"])
    assert sorted(by_prefix) == ["1.beta", "1.gamma"]
    chosen = surface.load_checkpoint(path, choice_func=lambda name: name.endswith("bias"))
    assert sorted(chosen) == ["2.bias"]
    with pytest.raises(ArgumentError, match="no parameter"):
        surface.load_checkpoint(path, specify_prefix="none")


def test_a_common_prefix_of_the_file_is_skipped(tmp_path: Path) -> None:
    written = net_of(surface, 5.0)
    wrapped = {f"network.{each.name}": each for each in written.get_parameters()}
    surface.save_checkpoint(wrapped, tmp_path / "net.ckpt")
    net = net_of(surface)
    loaded = surface.load_checkpoint(tmp_path / "net.ckpt", net)
    assert len(loaded) == len(wrapped)
    for one, other in zip(values(net), values(written), strict=True):
        assert np.array_equal(one, other)


def test_types_of_float_are_converted_and_trailing_ones_dropped(tmp_path: Path) -> None:
    bias = surface.Tensor(np.array([[1.5], [2.5]], np.float16))
    surface.save_checkpoint({"bias": bias}, tmp_path / "a.ckpt")
    net = surface.nn.Dense(3, 2)
    loaded = surface.load_checkpoint(tmp_path / "a.ckpt")
    assert surface.load_param_into_net(net, loaded) == (["weight"], [])
    assert np.array_equal(net.bias.asnumpy(), np.array([1.5, 2.5], np.float32))
    with pytest.raises(ArgumentError, match="bias"):
        surface.load_param_into_net(net, loaded, strict_load=True)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.ckpt"
    surface.save_checkpoint(net_of(surface), path)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CheckpointError):
        surface.load_checkpoint(path)
