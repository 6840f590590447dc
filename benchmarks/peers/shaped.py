"""Adapters of torchvision-shaped functions, whoever offers them and on whatever tensors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.inputs import Array, Inputs
from benchmarks.peers import Adapter, Call, Options

Convert = Callable[[Array], Any]


def indices(result: Any, inputs: Inputs) -> dict[str, Array]:
    return {"indices": as_array(result).astype(np.int64).ravel()}


def values(result: Any, inputs: Inputs) -> dict[str, Array]:
    return {"values": as_array(result)}


def as_array(tensor: Any) -> Array:
    """The values of a tensor of any framework; bfloat16 as float32."""
    if hasattr(tensor, "asnumpy"):
        return np.asarray(tensor.asnumpy())
    if hasattr(tensor, "detach"):
        tensor = tensor.detach()
        tensor = tensor.float() if tensor.is_floating_point() and tensor.itemsize < 4 else tensor
    return np.asarray(tensor)


def region_arguments(operator: str, options: Options) -> dict[str, Any]:
    """The keywords that an operator on regions takes, of those that the case names."""
    arguments = {name: options[name] for name in ("output_size", "spatial_scale")}
    if "align" in operator:
        arguments["sampling_ratio"] = options["sampling_ratio"]
    if operator == "roi_align":
        arguments["aligned"] = True
    return arguments


def forward_adapters(ops: Any, convert: Convert) -> dict[str, Adapter]:
    """nms, batched_nms, box_iou and the operators on regions of a module such as torchvision.ops.

    `convert` makes a tensor of an array.
    """

    def nms(inputs: Inputs, options: Options) -> Call:
        boxes, scores = convert(inputs["boxes"]), convert(inputs["scores"])
        return partial(ops.nms, boxes, scores, options["iou_threshold"])

    def batched_nms(inputs: Inputs, options: Options) -> Call:
        tensors = [convert(inputs[name]) for name in ("boxes", "scores", "groups")]
        return partial(ops.batched_nms, *tensors, options["iou_threshold"])

    def box_iou(inputs: Inputs, options: Options) -> Call:
        return partial(ops.box_iou, convert(inputs["boxes"]), convert(inputs["others"]))

    def region(operator: str) -> Callable[[Inputs, Options], Call]:
        def prepare(inputs: Inputs, options: Options) -> Call:
            tensors = convert(inputs["features"]), convert(inputs["rois"])
            arguments = region_arguments(operator, options)
            return partial(getattr(ops, operator), *tensors, **arguments)

        return prepare

    return {
        "nms": Adapter(nms, indices),
        "batched_nms": Adapter(batched_nms, indices),
        "box_iou": Adapter(box_iou, values),
        **{
            operator: Adapter(region(operator), values)
            for operator in ("roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool")
        },
    }


def backward_adapters(ops: Any, convert: Convert) -> dict[str, Adapter]:
    """The gradients of roi_align and roi_pool, of PyTorch tensors through autograd."""
    import torch

    def backward(operator: str) -> Callable[[Inputs, Options], Call]:
        def prepare(inputs: Inputs, options: Options) -> Call:
            features = convert(inputs["features"]).requires_grad_()
            arguments = region_arguments(operator, options)
            pooled = getattr(ops, operator)(features, convert(inputs["rois"]), **arguments)
            generator = torch.Generator().manual_seed(len(inputs["rois"]))
            gradient = torch.randn(pooled.shape, generator=generator).to(pooled.dtype)
            return partial(torch.autograd.grad, pooled, features, gradient, retain_graph=True)

        return prepare

    return {
        f"{operator}_backward": Adapter(
            backward(operator), lambda result, inputs: {"gradient": as_array(result[0])}
        )
        for operator in ("roi_align", "roi_pool")
    }
