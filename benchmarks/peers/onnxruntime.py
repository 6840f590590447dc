"""onnxruntime on one-node graphs: NonMaxSuppression and RoiAlign."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from benchmarks.inputs import Array, Inputs
from benchmarks.peers import Adapter, Call, Options
from benchmarks.peers.shaped import values

_threads = 1


def set_threads(count: int) -> None:
    global _threads
    _threads = count


def _run(operator: str, inputs: dict[str, Array], **attributes: Any) -> Call:
    """The run of a graph of one operator on its inputs, in the operator's order."""
    types = tuple((name, array.dtype, array.ndim) for name, array in inputs.items())
    session = _session(operator, types, tuple(attributes.items()), _threads)
    return partial(session.run, ["result"], inputs)


@cache
def _session(
    operator: str,
    types: tuple[tuple[str, np.dtype[Any], int], ...],
    attributes: tuple[tuple[str, Any], ...],
    threads: int,
) -> onnxruntime.InferenceSession:
    """One for inputs of all sizes, since to make it takes longer than most runs."""
    arguments = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), [None] * rank)
        for name, dtype, rank in types
    ]
    produced = TensorProto.INT64 if operator == "NonMaxSuppression" else TensorProto.FLOAT
    result = helper.make_tensor_value_info("result", produced, None)
    names = [name for name, _, _ in types]
    node = helper.make_node(operator, names, ["result"], **dict(attributes))
    graph = helper.make_graph([node], operator, arguments, [result])
    opsets = [helper.make_opsetid("", 16)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _suppression(boxes: Array, scores: Array, iou_threshold: float) -> Call:
    return _run(
        "NonMaxSuppression",
        {
            "boxes": boxes[None],
            "scores": scores[None],
            "limit": np.array([len(boxes)], np.int64),
            "iou_threshold": np.array([iou_threshold], np.float32),
            "score_threshold": np.zeros(1, np.float32),
        },
    )


def _nms(inputs: Inputs, options: Options) -> Call:
    return _suppression(inputs["boxes"], inputs["scores"][None], options["iou_threshold"])


def _batched_nms(inputs: Inputs, options: Options) -> Call:
    """A score of each box for every class: zero, which is below the threshold, for all but one."""
    count = len(inputs["boxes"])
    scores = np.zeros((options["classes"], count), np.float32)
    scores[inputs["groups"], np.arange(count)] = inputs["scores"]
    return _suppression(inputs["boxes"], scores, options["iou_threshold"])


def _by_score(result: Any, inputs: Inputs) -> dict[str, Array]:
    kept = result[0][:, 2]
    return {"indices": kept[np.argsort(-inputs["scores"][kept], kind="stable")]}


def _roi_align(inputs: Inputs, options: Options) -> Call:
    rois = inputs["rois"]
    tensors = {
        "features": inputs["features"],
        "rois": np.ascontiguousarray(rois[:, 1:]),
        "batch": rois[:, 0].astype(np.int64),
    }
    return _run(
        "RoiAlign",
        tensors,
        coordinate_transformation_mode="half_pixel",
        output_height=options["output_size"],
        output_width=options["output_size"],
        sampling_ratio=options["sampling_ratio"],
        spatial_scale=options["spatial_scale"],
    )


ADAPTERS = {
    "nms": Adapter(_nms, _by_score),
    "batched_nms": Adapter(_batched_nms, _by_score),
    "roi_align": Adapter(_roi_align, lambda result, inputs: values(result[0], inputs)),
}
