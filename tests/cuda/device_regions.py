"""Drawn calls of the operators on regions, and of their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from cases import ROIS
from device_drawing import (
    DTYPES,
    Call,
    Kind,
    Random,
    as_tensor,
    drawn_as,
    drawn_rule,
    one_of,
    scaled,
)

MAPS = ((11, 14), (11, 14), (32, 40))  # cases.py aims at the borders of the first


def _roi_align(rng: Random, size: float) -> Call:
    return Call("roi_align", _aligned(rng, 60, size), case_axes=2)


def _roi_align_backward(rng: Random, size: float) -> Call:
    arguments = _aligned(rng, 60, size)
    return Call("roi_align_backward", _with_gradient(rng, arguments), case_axes=2)


def _roi_pool(rng: Random, size: float) -> Call:
    arguments = _regions(rng, 60, size, drawn_rule(rng, "roi_pool"))
    outputs = (("pooled", "same"), ("argmax", "int32"))
    # Only a maximum has a place.
    wanted = outputs if arguments["rule"].pooling == "maximum" else outputs[:1]
    return Call("roi_pool", arguments | {"outputs": wanted}, case_axes=2)


def _roi_pool_backward(rng: Random, size: float) -> Call:
    arguments = _regions(rng, 60, size, drawn_rule(rng, "roi_pool"))
    return Call("roi_pool_backward", _with_gradient(rng, arguments), case_axes=2)


def _aligned(rng: Random, count: int, size: float) -> dict[str, Any]:
    arguments = _regions(rng, count, size, drawn_rule(rng, "roi_align"))
    return arguments | {"sampling_ratio": int(rng.integers(-1, 4))}


def _regions(rng: Random, count: int, size: float, rule: Any) -> dict[str, Any]:
    count, dtype = scaled(count, size), one_of(rng, *DTYPES)
    pooled = [(1, 1), (2, 3), (3, 2), (7, 7)][rng.integers(4)]
    channels, images = int(rng.integers(1, 20)), int(rng.integers(1, 17))
    if size == 1 and rng.random() < 0.15:
        channels = int(rng.choice([32, 100, 256]))
    if rule.channel_map == "position_sensitive":
        channels = (1 + channels // 10) * pooled[0] * pooled[1]
    shape = (images, channels, *MAPS[rng.integers(len(MAPS))])
    features = as_tensor(rng.standard_normal(shape), dtype)
    if rng.random() < 0.3:
        features = features.contiguous(memory_format=torch.channels_last)
    rois, indices = _rois(rng, count, images, rule.batch_rule, dtype)
    return {
        "features": features,
        "rois": rois,
        "batch_indices": indices,
        "pooled_height": pooled[0],
        "pooled_width": pooled[1],
        "spatial_scale": float(rng.choice([1.0, 0.5, 0.25, 1 / 3, 1.1])),
        "rule": rule,
    }


def _rois(rng: Random, count: int, images: int, batch_rule: str, dtype: str) -> tuple[Any, Any]:
    # Regions inverted along one axis are refused by most rules, and then a whole call is one case.
    sound = ("inside", "border", "tiny", "zero_size", "inside", "outside", "large")
    name = one_of(rng, *sound) if rng.random() < 0.95 else one_of(rng, "inverted", "half_inverted")
    rois = ROIS[name](rng, count, drawn_as(dtype))
    rois[:, 0] = rng.integers(0, images, count)
    if rng.random() < 0.03:
        rois[rng.integers(count), rng.integers(1, 5)] = rng.choice([np.nan, np.inf, -np.inf])
    if rng.random() < 0.02:
        rois[rng.integers(count), 0] = rng.choice([-1, images, 0.5])
    if batch_rule == "given":
        return as_tensor(rois[:, 1:], dtype), torch.from_numpy(rng.integers(0, images, count))
    if batch_rule == "counts":
        counts = np.bincount(rng.integers(0, images, count), minlength=images)
        return as_tensor(rois[:, 1:], dtype), torch.from_numpy(counts)
    return as_tensor(rois, dtype), None


def _with_gradient(rng: Random, arguments: dict[str, Any]) -> dict[str, Any]:
    features, size = arguments["features"], (arguments["pooled_height"], arguments["pooled_width"])
    channels = features.shape[1]
    if arguments["rule"].channel_map == "position_sensitive":
        channels //= size[0] * size[1]
    gradient = rng.standard_normal((len(arguments["rois"]), channels, *size))
    return {
        "gradient": as_tensor(gradient, str(features.dtype).removeprefix("torch.")),
        **arguments,
    }


REGION, PLANE = "one channel of one region", "the gradient of one channel of one image"
REGIONS = {
    "roi_align": Kind(_roi_align, REGION, 0.2),
    "roi_align_backward": Kind(_roi_align_backward, PLANE, 0.02),
    "roi_pool": Kind(_roi_pool, f"{REGION}, with the places of maxima", 0.15),
    "roi_pool_backward": Kind(_roi_pool_backward, PLANE, 0.02),
}
