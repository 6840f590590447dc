"""`opsbridge explain --onnx`: what the nodes of a model are in other frameworks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsbridge import cli

onnx = pytest.importorskip("onnx", reason="makes a model with onnx, which is not installed")


def saved(path: Path, version: int, **attributes: Any) -> str:
    """A model with a region align, and a node that has no table."""
    value, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    nodes = [
        onnx.helper.make_node("Relu", ["x"], ["positive"]),
        onnx.helper.make_node("RoiAlign", ["positive", "r", "i"], ["y"], "pool", **attributes),
    ]
    inputs = [value("x", kind, None), value("r", kind, None), value("i", 7, None)]
    graph = onnx.helper.make_graph(nodes, "graph", inputs, [value("y", kind, None)])
    opset = [onnx.helper.make_opsetid("", version)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset), str(path / "model.onnx"))
    return str(path / "model.onnx")


@pytest.mark.parametrize(
    ("version", "attributes", "aligned"),
    [
        (16, {}, True),
        (22, {"coordinate_transformation_mode": "output_half_pixel"}, False),
        (10, {}, False),
    ],
    ids=str,
)
def test_the_equal_call_is_named(
    version: int,
    attributes: dict[str, Any],
    aligned: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["explain", "--onnx", saved(tmp_path, version, **attributes)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("pool: onnx.RoiAlign")
    assert f"  equals torchvision.ops.roi_align(aligned={aligned})" in lines
    assert any(line.startswith("  differs from mindspore.ops.ROIAlign(") for line in lines)


def test_what_is_no_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other").write_text("no model")
    assert cli.main(["explain", "--onnx", str(tmp_path / "other")]) == 2
    assert cli.main(["explain"]) == 2
    assert "is no ONNX model" in capsys.readouterr().err
