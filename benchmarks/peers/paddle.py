"""PaddlePaddle's vision operators on its CPU tensors."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import numpy as np

# The level that quietens MindSpore makes Paddle log every call.
os.environ.pop("GLOG_v", None)

import paddle
from paddle.vision import ops

from benchmarks.inputs import Array, Inputs
from benchmarks.peers import Adapter, Call, Options
from benchmarks.peers.shaped import indices, values


def _nms(inputs: Inputs, options: Options) -> Call:
    boxes, scores = paddle.to_tensor(inputs["boxes"]), paddle.to_tensor(inputs["scores"])
    return partial(ops.nms, boxes, options["iou_threshold"], scores)


def _batched_nms(inputs: Inputs, options: Options) -> Call:
    groups = paddle.to_tensor(inputs["groups"])
    classes = list(range(options["classes"]))
    return partial(_nms(inputs, options), groups, classes)


def _region_tensors(inputs: Inputs) -> tuple[paddle.Tensor, ...]:
    """Features, boxes, and how many of them lie on each image: they are ordered by image."""
    images = np.bincount(inputs["rois"][:, 0].astype(int), minlength=len(inputs["features"]))
    arrays = inputs["features"], inputs["rois"][:, 1:], images.astype(np.int32)
    return tuple(paddle.to_tensor(array) for array in arrays)


def _roi_align(inputs: Inputs, options: Options) -> Call:
    names = ("output_size", "spatial_scale", "sampling_ratio")
    arguments = [options[name] for name in names]
    return partial(ops.roi_align, *_region_tensors(inputs), *arguments, aligned=True)


def _roi_pool(inputs: Inputs, options: Options) -> Call:
    arguments = [options[name] for name in ("output_size", "spatial_scale")]
    return partial(ops.roi_pool, *_region_tensors(inputs), *arguments)


def _numpy(read: Any) -> Any:
    def of_paddle(result: Any, inputs: Inputs) -> dict[str, Array]:
        return read(result.numpy(), inputs)

    return of_paddle


ADAPTERS = {
    "nms": Adapter(_nms, _numpy(indices)),
    "batched_nms": Adapter(_batched_nms, _numpy(indices)),
    "roi_align": Adapter(_roi_align, _numpy(values)),
    "roi_pool": Adapter(_roi_pool, _numpy(values)),
}
