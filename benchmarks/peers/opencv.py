"""OpenCV's NMSBoxes, which takes corners and sides in float64."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from benchmarks.inputs import Array, Inputs
from benchmarks.peers import Adapter, Call, Options
from benchmarks.peers.shaped import indices

set_threads = cv2.setNumThreads


def _rectangles(boxes: Array) -> Array:
    wide = boxes.astype(np.float64)
    return np.concatenate([wide[:, :2], wide[:, 2:] - wide[:, :2]], axis=1)


def _nms(inputs: Inputs, options: Options) -> Call:
    rectangles = _rectangles(inputs["boxes"])
    return partial(cv2.dnn.NMSBoxes, rectangles, inputs["scores"], 0.0, options["iou_threshold"])


def _batched_nms(inputs: Inputs, options: Options) -> Call:
    return partial(
        cv2.dnn.NMSBoxesBatched,
        _rectangles(inputs["boxes"]),
        inputs["scores"],
        inputs["groups"].astype(np.int32),
        0.0,
        options["iou_threshold"],
    )


ADAPTERS = {"nms": Adapter(_nms, indices), "batched_nms": Adapter(_batched_nms, indices)}
