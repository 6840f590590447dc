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


def explained(model: Any, path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    onnx.save(model, str(path / "model.onnx"))
    assert cli.main(["explain", "--onnx", str(path / "model.onnx")]) == 0
    return capsys.readouterr().out


def model_of(nodes: list[Any], version: int, **more: Any) -> Any:
    outputs = [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)]
    graph = onnx.helper.make_graph(nodes, "g", [], outputs, initializer=more.pop("constants", []))
    domains = [onnx.helper.make_opsetid(domain, 1) for domain in more.pop("domains", [])]
    opsets = [onnx.helper.make_opsetid("", version), *domains]
    return onnx.helper.make_model(graph, opset_imports=opsets, **more)


def test_constant_inputs_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, kinds = onnx.helper.make_node, onnx.TensorProto
    elsewhere = onnx.helper.make_tensor("score", kinds.FLOAT, [1], [0.5])
    elsewhere.ClearField("float_data")
    elsewhere.data_location = kinds.EXTERNAL
    entry = elsewhere.external_data.add()
    entry.key, entry.value = "location", "/no/such/file"
    nodes = [
        make("Constant", [], ["iou"], value_float=0.25),
        make("NonMaxSuppression", ["b", "s", "most", "iou", "score"], ["y"], "n"),
    ]
    most = onnx.helper.make_tensor("most", kinds.INT64, [1], [7])
    said = explained(model_of(nodes, 11, constants=[most, elsewhere]), tmp_path, capsys)
    first = said.splitlines()[0]
    assert first.startswith(
        "n: onnx.NonMaxSuppression(max_output_boxes_per_class=7, iou_threshold=0.25), opset"
    )


def test_functions_are_looked_into(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = onnx.helper.make_node("RoiAlign", ["x", "r", "i"], ["z"], "inner")
    mode = inner.attribute.add()
    mode.name, mode.ref_attr_name, mode.type = "mode", "how", onnx.AttributeProto.STRING
    opsets = [onnx.helper.make_opsetid("", 10)]
    function = onnx.helper.make_function(
        "own", "Pool", ["x", "r", "i"], ["z"], [inner], opsets, attributes=["how"]
    )
    call = onnx.helper.make_node("Pool", ["x", "r", "i"], ["y"], domain="own", how="avg")
    model = model_of([call], 16, functions=[function], domains=["own"])
    lines = explained(model, tmp_path, capsys).splitlines()
    assert lines[0] == "inner: onnx.RoiAlign_10(), opset 10 to 15"
    assert lines[1].startswith("  mode is an argument of the function")
    assert "  equals torchvision.ops.roi_align(aligned=False)" in lines


def test_a_value_that_no_operator_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    node = onnx.helper.make_node("RoiAlign", ["x", "r", "i"], ["y"], "n", mode="median")
    said = explained(model_of([node], 16), tmp_path, capsys)
    assert said.splitlines()[1:] == ["  mode is 'median'; allowed: 'avg', 'max'"]


def test_what_is_no_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other").write_text("no model")
    assert cli.main(["explain", "--onnx", str(tmp_path / "other")]) == 2
    assert cli.main(["explain"]) == 2
    assert "is no ONNX model" in capsys.readouterr().err
    (tmp_path / "empty").touch()
    assert cli.main(["explain", "--onnx", str(tmp_path / "empty")]) == 2
    assert "it has no graph" in capsys.readouterr().err
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**31)
    assert cli.main(["explain", "--onnx", str(tmp_path / "huge")]) == 2
    assert "has 2147483648 bytes; a model has at most" in capsys.readouterr().err


def test_a_constant_without_a_name_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = [
        onnx.helper.make_node("Constant", [], [], value_float=0.5),
        onnx.helper.make_node("NonMaxSuppression", ["b", "s"], ["y"], "nms"),
    ]
    assert explained(model_of(nodes, 16), tmp_path, capsys).startswith("nms: onnx.")
