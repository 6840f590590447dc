"""opsbridge on the tensors of each framework that is installed, and on PyTorch's other types."""

from __future__ import annotations

import importlib.util
import os
from functools import partial
from typing import Any

import numpy as np

import opsbridge.mindspore.ops
import opsbridge.mmcv.ops
import opsbridge.ops
import opsbridge.torchvision.ops
from benchmarks.inputs import Array, Inputs
from benchmarks.peers import Adapter, Call, Options
from benchmarks.peers.shaped import (
    Convert,
    as_array,
    backward_adapters,
    forward_adapters,
    values,
)


def set_threads(count: int) -> None:
    """PyTorch's setting holds for its tensors, the variable for all others."""
    os.environ["OPSBRIDGE_THREADS"] = str(count)
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(count)


def _soft_nms(convert: Convert) -> Adapter:
    def prepare(inputs: Inputs, options: Options) -> Call:
        return partial(
            opsbridge.mmcv.ops.soft_nms,
            convert(inputs["boxes"]),
            convert(inputs["scores"]),
            options["iou_threshold"],
            options["sigma"],
            options["min_score"],
            options["method"],
        )

    def read(result: Any, inputs: Inputs) -> dict[str, Array]:
        scored, kept = as_array(result[0]), as_array(result[1])
        return {"indices": kept, "scores": scored[:, 4]}

    return Adapter(prepare, read)


def nms_with_mask(make: Any, convert: Convert, **settings: Any) -> Adapter:
    """MindSpore's class, whoever offers it."""

    def prepare(inputs: Inputs, options: Options) -> Call:
        scored = np.concatenate([inputs["boxes"], inputs["scores"][:, None]], axis=1)
        return partial(make(options["iou_threshold"]), convert(scored))

    def read(result: Any, inputs: Inputs) -> dict[str, Array]:
        names = ("boxes", "positions", "mask")
        return {name: as_array(part) for name, part in zip(names, result, strict=True)}

    return Adapter(prepare, read, **settings)


def roi_align_class(make: Any, convert: Convert, **settings: Any) -> Adapter:
    """MindSpore's class, whoever offers it."""

    def prepare(inputs: Inputs, options: Options) -> Call:
        side = options["output_size"]
        call = make(side, side, options["spatial_scale"], options["sampling_ratio"], 0)
        return partial(call, convert(inputs["features"]), convert(inputs["rois"]))

    return Adapter(prepare, values, **settings)


class _Canonical:
    """The core operators in torchvision's form: they take the types that torchvision refuses."""

    batched_nms = staticmethod(opsbridge.torchvision.ops.batched_nms)
    nms = staticmethod(opsbridge.ops.nms)
    box_iou = staticmethod(opsbridge.torchvision.ops.box_iou)
    roi_pool = staticmethod(opsbridge.torchvision.ops.roi_pool)

    @staticmethod
    def roi_align(features: Any, rois: Any, output_size: int, aligned: bool, **rest: Any) -> Any:
        corners = {"half_pixel": 0.5, "min_size": "none"} if aligned else {}
        size = {"pooled_height": output_size, "pooled_width": output_size}
        return opsbridge.ops.roi_align(features, rois, **size, **rest, **corners)


def _adapters() -> dict[str, Adapter]:
    found = {f"numpy {name}": a for name, a in _of_framework(lambda array: array).items()}
    if importlib.util.find_spec("torch"):
        import torch

        types = ("float32", "float64", "float16", "bfloat16")
        forms = [("torch", "float32", opsbridge.torchvision.ops)]
        for variant, dtype, ops in [
            *forms,
            *((f"torch {name}", name, _Canonical) for name in types),
        ]:
            convert = partial(_of_type, getattr(torch, dtype))
            adapters = {**_of_framework(convert, ops), **backward_adapters(ops, convert)}
            found.update({f"{variant} {name}": adapter for name, adapter in adapters.items()})
    if importlib.util.find_spec("mindspore"):
        found.update({f"mindspore {n}": a for n, a in _of_framework(_mindspore_tensor).items()})
    return found


def _of_framework(convert: Convert, ops: Any = opsbridge.torchvision.ops) -> dict[str, Adapter]:
    return {
        **forward_adapters(ops, convert),
        "soft_nms": _soft_nms(convert),
        "NMSWithMask": nms_with_mask(opsbridge.mindspore.ops.NMSWithMask, convert),
        "ROIAlign": roi_align_class(opsbridge.mindspore.ops.ROIAlign, convert),
    }


def _of_type(dtype: Any, array: Array) -> Any:
    import torch

    tensor = torch.from_numpy(array)
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _mindspore_tensor(array: Array) -> Any:
    from mindspore import Tensor

    return Tensor(array)


ADAPTERS = _adapters()
