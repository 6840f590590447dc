"""Seeded calls of every operator under drawn rules, each holding many cases for one launch.

Call n of an operator is the same on every machine. Small calls wait for launches on a GPU, so cases
share one: the groups of a grouped suppression, the regions and channels of a pooled map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from cases import BOXES, ROIS, SCORES, THRESHOLDS, generator

from opsbridge.core import OPERATORS
from opsbridge.core.rules import Rule

Random = np.random.Generator
DTYPES = ("float32", "float64", "float16", "bfloat16")
DEFAULT_AT = 0.6  # so often an axis keeps its default
MAPS = ((11, 14), (11, 14), (32, 40))  # cases.py aims at the borders of the first

# Orders that follow the steps of one sequential sort: a GPU refuses them, or sorts stably instead.
OF_THE_CPU = {
    "order": ("introsort", "bitonic"),
    "kept_order": ("introsort", "introsort_over_limit"),
}


@dataclass(frozen=True)
class Call:
    """Arguments of one call of an operator.

    `case_axes` leading axes of the results number the cases; with none the call is one case, or,
    where `groups_are_cases`, each of its groups is.
    """

    operator: str
    arguments: Mapping[str, Any]
    case_axes: int = 0
    groups_are_cases: bool = False


@dataclass(frozen=True)
class Kind:
    """Calls of one kind: how to draw them, what a case is, and its share of all cases."""

    draw: Callable[[Random, float], Call]
    case: str
    share: float


def drawn_call(name: str, number: int, size: float = 1.0) -> Call:
    """Call `number` of a kind; a smaller `size` has fewer cases."""
    return KINDS[name].draw(generator("device", name, number), size)


# --- suppression -------------------------------------------------------------------------------


def _groups(rng: Random, size: float) -> Call:
    """Small sets of boxes, one a group, in any order; each could be a call of its own."""
    sizes = rng.integers(1, 16, _count(2000, size))
    large = rng.random(len(sizes)) < 0.02
    sizes[large] = rng.integers(60, 200, large.sum())
    groups = rng.permutation(np.repeat(rng.permutation(len(sizes)), sizes))
    rule = _rule(rng, "nms", group_rule="per_group", kept_order="rank")
    arguments = _suppression(rng, len(groups), rule)
    return Call("nms", arguments | {"groups": torch.from_numpy(groups)}, groups_are_cases=True)


def _nms(rng: Random, size: float) -> Call:
    """One suppression with all its outputs, cuts and kinds of groups."""
    count = _count(int(rng.choice([3, 40, 300, 3000])), size)
    arguments = _suppression(rng, count, _rule(rng, "nms"))
    names = ["keep", "keep_mask", "kept_boxes", "sorted_positions"]
    if rng.random() < 0.3:
        arguments["pre_top_k"] = int(rng.integers(0, count + 2))
    else:
        names += ["sorted_boxes", "sorted_keep_mask"]
    kinds = {"keep": "int64", "sorted_positions": "int64", "keep_mask": "bool"}
    kinds["sorted_keep_mask"] = "bool"
    arguments["outputs"] = tuple((name, kinds.get(name, "same")) for name in names)
    if rng.random() < 0.3:
        arguments["max_outputs"] = int(rng.integers(0, count + 2))
    if rng.random() < 0.3:
        arguments["score_threshold"] = float(rng.choice([-0.5, 0.0, 0.25, 0.5]))
    return Call("nms", arguments | _grouped(rng, count))


def _soft_nms(rng: Random, size: float) -> Call:
    count = _count(int(rng.choice([3, 40, 300])), size)
    arguments = _suppression(rng, count, _rule(rng, "soft_nms"))
    arguments |= {
        "sigma": float(rng.choice([0.1, 0.5, 2.0])),
        "min_score": float(rng.choice([0.0, 0.001, 0.3])),
    }
    return Call("soft_nms", arguments | _grouped(rng, count))


def _suppression(rng: Random, count: int, rule: Rule) -> dict[str, Any]:
    dtype = _one(rng, *DTYPES)
    scores = SCORES[_one(rng, *SCORES)](rng, count, _drawn_as(dtype))
    threshold = rng.choice(THRESHOLDS) if rng.random() < 0.7 else rng.random()
    return {
        "boxes": _boxes(rng, count, dtype),
        "scores": _tensor(scores, dtype),
        "iou_threshold": float(threshold),
        "rule": rule,
    }


def _grouped(rng: Random, count: int) -> dict[str, Any]:
    if rng.random() < 0.4:
        return {}
    groups = torch.from_numpy(rng.integers(-2, 5, count))
    limit = {"shift_limit": int(rng.integers(0, 2 * count + 1))} if rng.random() < 0.5 else {}
    return {"groups": groups.double() if rng.random() < 0.3 else groups, **limit}


# --- regions -----------------------------------------------------------------------------------


def _roi_align(rng: Random, size: float) -> Call:
    return Call("roi_align", _aligned(rng, 60, size), case_axes=2)


def _roi_align_backward(rng: Random, size: float) -> Call:
    arguments = _aligned(rng, 60, size)
    return Call("roi_align_backward", _with_gradient(rng, arguments), case_axes=2)


def _roi_pool(rng: Random, size: float) -> Call:
    arguments = _regions(rng, 60, size, _rule(rng, "roi_pool"))
    outputs = (("pooled", "same"), ("argmax", "int32"))
    # Only a maximum has a place.
    wanted = outputs if arguments["rule"].pooling == "maximum" else outputs[:1]
    return Call("roi_pool", arguments | {"outputs": wanted}, case_axes=2)


def _roi_pool_backward(rng: Random, size: float) -> Call:
    arguments = _regions(rng, 60, size, _rule(rng, "roi_pool"))
    return Call("roi_pool_backward", _with_gradient(rng, arguments), case_axes=2)


def _aligned(rng: Random, count: int, size: float) -> dict[str, Any]:
    arguments = _regions(rng, count, size, _rule(rng, "roi_align"))
    return arguments | {"sampling_ratio": int(rng.integers(-1, 4))}


def _regions(rng: Random, count: int, size: float, rule: Any) -> dict[str, Any]:
    count, dtype = _count(count, size), _one(rng, *DTYPES)
    pooled = [(1, 1), (2, 3), (3, 2), (7, 7)][rng.integers(4)]
    channels, images = int(rng.integers(1, 20)), int(rng.integers(1, 17))
    if rule.channel_map == "position_sensitive":
        channels = (1 + channels // 10) * pooled[0] * pooled[1]
    shape = (images, channels, *MAPS[rng.integers(len(MAPS))])
    features = _tensor(rng.standard_normal(shape), dtype)
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
    name = _one(rng, *sound) if rng.random() < 0.95 else _one(rng, "inverted", "half_inverted")
    rois = ROIS[name](rng, count, _drawn_as(dtype))
    rois[:, 0] = rng.integers(0, images, count)
    if rng.random() < 0.03:
        rois[rng.integers(count), rng.integers(1, 5)] = rng.choice([np.nan, np.inf, -np.inf])
    if rng.random() < 0.02:
        rois[rng.integers(count), 0] = rng.choice([-1, images, 0.5])
    if batch_rule == "given":
        return _tensor(rois[:, 1:], dtype), torch.from_numpy(rng.integers(0, images, count))
    if batch_rule == "counts":
        counts = np.bincount(rng.integers(0, images, count), minlength=images)
        return _tensor(rois[:, 1:], dtype), torch.from_numpy(counts)
    return _tensor(rois, dtype), None


def _with_gradient(rng: Random, arguments: dict[str, Any]) -> dict[str, Any]:
    features, size = arguments["features"], (arguments["pooled_height"], arguments["pooled_width"])
    channels = features.shape[1]
    if arguments["rule"].channel_map == "position_sensitive":
        channels //= size[0] * size[1]
    gradient = rng.standard_normal((len(arguments["rois"]), channels, *size))
    return {"gradient": _tensor(gradient, str(features.dtype).removeprefix("torch.")), **arguments}


# --- boxes and crops ---------------------------------------------------------------------------


def _box_iou(rng: Random, size: float) -> Call:
    rule = _rule(rng, "box_iou", layout=_one(rng, "xyxy", "yxyx", "xywh", "cxcywh"))
    aligned = rule.pairing == "aligned"
    count, dtype = _count(150, size), _one(rng, *DTYPES)
    boxes, others = (
        _boxes(rng, each, dtype) for each in (count, count if aligned else int(rng.integers(1, 70)))
    )
    arguments = {"boxes": boxes, "other_boxes": others, "rule": rule}
    if rule.result_order == "second_by_first" and not aligned:
        # The results of one of the many boxes come first, and are a case.
        arguments |= {"boxes": others, "other_boxes": boxes}
    if rule.measure in ("diou", "ciou"):
        arguments["epsilon"] = 1e-7
    return Call("box_iou", arguments, case_axes=1)


def _coded(operator: str, second: str) -> Callable[[Random, float], Call]:
    def draw(rng: Random, size: float) -> Call:
        count, dtype = _count(400, size), _one(rng, *DTYPES)
        name = operator.removesuffix("_gradient")
        arguments: dict[str, Any] = {"anchors": _boxes(rng, count, dtype)}
        arguments[second] = (
            _boxes(rng, count, dtype)
            if second == "targets"
            else _tensor(rng.normal(0, 0.5, (count, 4)), dtype)
        )
        if name != operator:
            arguments["gradient"] = _tensor(rng.standard_normal((count, 4)), dtype)
        arguments |= {
            "means": tuple(rng.choice([0.0, 0.1], 4).tolist()),
            "deviations": tuple(rng.choice([1.0, 0.2, 0.1], 4).tolist()),
            "rule": _rule(rng, name),
        }
        if second == "offsets":
            arguments |= {"height": 60, "width": 80, "ratio_clip": float(rng.choice([0.016, 0.5]))}
        return Call(operator, arguments, case_axes=1)

    return draw


def _crop_and_resize(rng: Random, size: float) -> Call:
    count, images = _count(60, size), int(rng.integers(1, 5))
    start = rng.uniform(-0.3, 1.0, (count, 2))
    boxes = np.concatenate((start, start + rng.uniform(-0.3, 1.0, (count, 2))), axis=1)
    kind = _one(rng, "float32", "float16", "float64", "uint8", "int32")
    pixels = torch.from_numpy(rng.uniform(0, 200, (images, 9, 12, int(rng.integers(1, 9)))))
    arguments = {
        "images": pixels.to(getattr(torch, kind)),
        "boxes": torch.from_numpy(boxes).float(),
        "batch_indices": torch.from_numpy(rng.integers(0, images, count)),
        "crop_height": int(rng.integers(1, 8)),
        "crop_width": int(rng.integers(1, 8)),
        "extrapolation_value": float(rng.choice([0.0, -3.5])),
        "rule": _rule(rng, "crop_and_resize"),
    }
    return Call("crop_and_resize", arguments, case_axes=1)


# --- drawing -----------------------------------------------------------------------------------


def _rule(rng: Random, operator: str, **chosen: Any) -> Any:
    """A rule with some axes away from their defaults."""
    kind = OPERATORS[operator].rule
    drawn = {}
    for axis, allowed in kind.axes.items():
        values = [value for value in allowed if value not in OF_THE_CPU.get(axis, ())]
        if rng.random() >= DEFAULT_AT:
            drawn[axis] = values[rng.integers(len(values))]
    return kind(**drawn | chosen)


def _boxes(rng: Random, count: int, dtype: str) -> Any:
    boxes = _tensor(BOXES[_one(rng, *BOXES)](rng, count, _drawn_as(dtype)), dtype)
    return boxes.t().contiguous().t() if rng.random() < 0.1 else boxes


def _tensor(values: np.ndarray[Any, Any], dtype: str) -> Any:
    return torch.from_numpy(np.ascontiguousarray(values)).to(getattr(torch, dtype))


def _drawn_as(dtype: str) -> Any:
    """NumPy has no bfloat16, whose range is that of float32."""
    return np.float32 if dtype == "bfloat16" else getattr(np, dtype)


def _one(rng: Random, *names: str) -> str:
    return str(rng.choice(names))


def _count(count: int, size: float) -> int:
    return max(int(count * size), 1)


PLANE = "the gradient of one channel of one image"
KINDS: dict[str, Kind] = {
    "nms groups": Kind(
        _groups, "one group of a grouped call, compared with its own call on the CPU, too", 0.45
    ),
    "nms": Kind(_nms, "one call with all its outputs", 0.004),
    "soft_nms": Kind(_soft_nms, "one call", 0.002),
    "roi_align": Kind(_roi_align, "one channel of one region", 0.2),
    "roi_align_backward": Kind(_roi_align_backward, PLANE, 0.02),
    "roi_pool": Kind(_roi_pool, "one channel of one region, with the places of maxima", 0.15),
    "roi_pool_backward": Kind(_roi_pool_backward, PLANE, 0.02),
    "box_iou": Kind(_box_iou, "one box against up to 69 others, or its partner", 0.08),
    "box_encode": Kind(_coded("box_encode", "targets"), "one box", 0.03),
    "box_decode": Kind(_coded("box_decode", "offsets"), "one box", 0.03),
    "box_encode_gradient": Kind(_coded("box_encode_gradient", "targets"), "one box", 0.01),
    "box_decode_gradient": Kind(_coded("box_decode_gradient", "offsets"), "one box", 0.01),
    "crop_and_resize": Kind(_crop_and_resize, "one crop", 0.03),
}
