"""ONNX models that mean harm to `opsbridge explain --onnx`: read as data, in bounded time."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from opsbridge import cli

onnx: Any = pytest.importorskip("onnx", reason="models are read with the package onnx")
SECONDS = 60


def explained(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Status and everything that was said."""
    start = time.process_time()
    status = cli.main(["explain", "--onnx", str(path)])
    assert time.process_time() - start < SECONDS
    written = capsys.readouterr()
    return status, written.out + written.err


def model(*nodes: Any, version: int = 16) -> Any:
    outputs = [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)]
    graph = onnx.helper.make_graph(list(nodes), "g", [], outputs)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", version)])


def pool(name: str, **attributes: Any) -> Any:
    return onnx.helper.make_node("RoiAlign", ["x", "r", "i"], ["y"], name, **attributes)


def test_every_cut_of_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = model(pool("n", mode="max")).SerializeToString()
    path = tmp_path / "model.onnx"
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        status, said = explained(path, capsys)
        assert status in (0, 2)
        assert "Traceback" not in said


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b31m", "\u202ereversed", "a\nb: onnx.RoiAlign()"])
def test_names_steer_no_terminal(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.onnx"
    for node in (pool(text), pool("n", mode=text)):
        path.write_bytes(model(node).SerializeToString())
        status, said = explained(path, capsys)
        assert status == 0
        assert text not in said
        assert all(line.isprintable() for line in said.splitlines())


def test_values_of_wrong_kinds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.onnx"
    for value in (1, 1.5, [1, 2], ["max"], b"\xff\xfe", 2**62, float("nan"), "x" * 100_000):
        for name in ("mode", "sampling_ratio", "spatial_scale", "unheard"):
            path.write_bytes(model(pool("n", **{name: value})).SerializeToString())
            status, said = explained(path, capsys)
            assert status == 0
            assert len(said) < 20_000


def test_versions_out_of_reach(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.onnx"
    for version in (0, -1, 2**62, -(2**62)):
        path.write_bytes(model(pool("n"), version=version).SerializeToString())
        status, said = explained(path, capsys)
        assert status in (0, 2)
        assert said


def test_graphs_within_graphs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = onnx.helper.make_graph([pool("inner")], "g", [], [])
    for _ in range(6):
        node = onnx.helper.make_node("If", ["c"], ["y"], then_branch=graph, else_branch=graph)
        graph = onnx.helper.make_graph([node], "g", [], [])
    path = tmp_path / "model.onnx"
    path.write_bytes(model(*graph.node).SerializeToString())
    status, said = explained(path, capsys)
    assert status == 0
    assert said.count("inner: ") == 2**6


def test_tensors_elsewhere_are_not_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    tensor = onnx.helper.make_tensor("most", onnx.TensorProto.INT64, [1], [7])
    tensor.ClearField("int64_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for place in ("pipe", "../../../etc/passwd", "/etc/passwd"):
        del tensor.external_data[:]
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", place
        node = onnx.helper.make_node("NonMaxSuppression", ["b", "s", "most"], ["y"], "n")
        made = model(node, version=11)
        made.graph.initializer.append(tensor)
        path = tmp_path / "model.onnx"
        path.write_bytes(made.SerializeToString())
        status, said = explained(path, capsys)
        assert status == 0
        assert said.startswith("n: onnx.NonMaxSuppression()")


def test_tensors_that_lie_about_their_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.onnx"
    for dims in ([2**40], [1, 2**62], [-1], [0], [1] * 1000):
        tensor = onnx.TensorProto(name="most", data_type=onnx.TensorProto.INT64, dims=dims)
        node = onnx.helper.make_node("NonMaxSuppression", ["b", "s", "most"], ["y"], "n")
        made = model(node, version=11)
        made.graph.initializer.append(tensor)
        path.write_bytes(made.SerializeToString())
        status, said = explained(path, capsys)
        assert status == 0
        assert said.startswith("n: onnx.NonMaxSuppression()")


def test_files_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    for path in (tmp_path / "pipe.onnx", tmp_path, Path("/dev/zero"), tmp_path / "missing"):
        status, said = explained(path, capsys)
        assert status == 2
        assert str(path) in said
