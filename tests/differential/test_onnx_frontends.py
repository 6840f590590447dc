"""ONNX's operators against ONNX Runtime: random, dyadic, degenerate, tied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opsbridge.onnx import MaxRoiPool, NonMaxSuppression, RoiAlign, RoiAlign_10

onnx = pytest.importorskip("onnx", reason="makes models with onnx, which is not installed")
runtime = pytest.importorskip(
    "onnxruntime", reason="compares with the real ONNX Runtime, which is not installed"
)
FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


def session(name: str, inputs: dict[str, int], output: int, version: int, **attributes: Any) -> Any:
    """A model of one node."""
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(name, list(inputs), ["out"], **attributes)],
        "one_node",
        [value(each, kind, None) for each, kind in inputs.items()],
        [value("out", output, None)],
    )
    opset = [onnx.helper.make_opsetid("", version)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    return runtime.InferenceSession(model.SerializeToString(), options)


@pytest.mark.parametrize("center_point_box", [0, 1])
def test_the_same_boxes_are_kept(center_point_box: int) -> None:
    rng = np.random.default_rng(center_point_box)
    inputs = {"boxes": FLOAT, "scores": FLOAT, "most": INT64, "iou": FLOAT, "score": FLOAT}
    real = session("NonMaxSuppression", inputs, INT64, 11, center_point_box=center_point_box)
    for round_number in range(150):
        images, classes, count = (int(rng.integers(1, most)) for most in (4, 4, 30))
        boxes = rng.uniform(0, 10, (images, count, 4))
        if round_number % 3:
            boxes = rng.integers(-8 * (round_number % 3 - 1), 9, boxes.shape) / 4
        scores = (rng.integers(0, 9, (images, classes, count)) / 8).astype(np.float32)
        settings = (
            np.array([rng.choice([0, 1, 3, 100])]),
            np.array([rng.choice([0, 0.1, 0.25, 0.3, 0.5, 0.7, 1, 1 / 3])], np.float32),
            np.array([rng.choice([-1, 0, 0.1, 0.5])], np.float32),
        )
        given = (boxes.astype(np.float32), scores, *settings)
        wanted = real.run(None, dict(zip(inputs, given, strict=True)))[0]
        got = NonMaxSuppression(*given, center_point_box=center_point_box)
        np.testing.assert_array_equal(got, wanted, err_msg=str(settings))


def test_inputs_that_are_left_out() -> None:
    boxes = np.array([[[0, 0, 4, 4], [0, 0, 4, 3]]], np.float32)
    scores = np.array([[[0.5, 0.75]]], np.float32)
    inputs = {"boxes": FLOAT, "scores": FLOAT}
    (wanted,) = session("NonMaxSuppression", inputs, INT64, 11).run(
        None, {"boxes": boxes, "scores": scores}
    )
    assert NonMaxSuppression(boxes, scores).tolist() == wanted.tolist() == []
    for most in (-1, 0):
        assert NonMaxSuppression(boxes, scores, most).shape == (0, 3)


def regions(rng: np.random.Generator, scale: float) -> Any:
    """Ordinary regions, some on whole pixels, an empty one and one outside."""
    rois = rng.uniform(-4, 14, (30, 4)) / scale
    rois[10:20] = np.round(rois[10:20])
    rois[:, 2:] = np.maximum(rois[:, 2:], rois[:, :2])
    rois[0], rois[1] = 1, (100, 100, 110, 110)
    return rois.astype(np.float32)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("transformation", ["", "half_pixel", "output_half_pixel"])
def test_the_same_values_are_pooled(mode: str, transformation: str) -> None:
    rng = np.random.default_rng(5)
    kind = {"coordinate_transformation_mode": transformation} if transformation else {}
    call, version = (RoiAlign, 16) if transformation else (RoiAlign_10, 10)
    for ratio, scale in ((0, 1.0), (0, 0.3), (1, 0.25), (2, 1.0)):
        attributes = {
            "mode": mode, "output_height": 3, "output_width": 2,
            "sampling_ratio": ratio, "spatial_scale": scale,
        }  # fmt: skip
        inputs = {"X": FLOAT, "rois": FLOAT, "batch_indices": INT64}
        real = session("RoiAlign", inputs, FLOAT, version, **attributes, **kind)
        features = rng.normal(size=(2, 3, 7, 9)).astype(np.float32)
        given = (features, regions(rng, scale), rng.integers(0, 2, 30))
        wanted = real.run(None, dict(zip(inputs, given, strict=True)))[0]
        np.testing.assert_allclose(call(*given, **attributes, **kind), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_the_same_pixels_are_the_largest(scale: float) -> None:
    rng = np.random.default_rng(6)
    inputs = {"X": FLOAT, "rois": FLOAT}
    real = session("MaxRoiPool", inputs, FLOAT, 11, pooled_shape=[3, 2], spatial_scale=scale)
    for _ in range(20):
        features = rng.normal(size=(2, 3, 7, 9)).astype(np.float32)
        images = rng.integers(0, 2, (30, 1)).astype(np.float32)
        rois = np.concatenate([images, regions(rng, scale)], axis=1)
        wanted = real.run(None, {"X": features, "rois": rois})[0]
        np.testing.assert_array_equal(MaxRoiPool(features, rois, [3, 2], scale), wanted)
