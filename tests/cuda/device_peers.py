"""The torchvision-shaped functions beside torchvision's own, on the same device and inputs.

Kept boxes and maxima are equal. Averages of torchvision's CUDA kernels are not: their compiler
fuses multiplications with additions, so those are compared within a few roundings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from cases import BOXES, THRESHOLDS, generator, tied_scores
from device_bulk import Count, bits_differ, counted

Random = np.random.Generator
SIDE = 40  # of the maps
SOUND = ("random", "dyadic", "clustered", "exact_overlap", "identical", "degenerate")


@dataclass(frozen=True)
class Peer:
    """A function of both, drawn arguments, and how many roundings apart results may be.

    `case_axes` leading axes of the result number the cases; with none a call is one.
    """

    function: str
    draw: Callable[[Random, Any], tuple[Any, ...]]
    case: str
    share: float
    case_axes: int = 0
    roundings: int = 0
    backward: bool = False


def count_peer_differences(
    name: str, cases: int, seconds: float, device: str, first_call: int = 0
) -> Count:
    """Compare calls with torchvision's until there were so many cases, or the time is up."""
    import torchvision.ops as theirs

    from opsbridge.torchvision import ops as ours

    peer = PEERS[name]

    def judge(number: int) -> Count:
        rng = generator("peer", name, number)
        dtype = (torch.float32, torch.float64)[rng.integers(2)]
        given = [
            each.to(device) if isinstance(each, torch.Tensor) else each
            for each in peer.draw(rng, dtype)
        ]
        results = [_result(peer, getattr(ops, peer.function), given) for ops in (ours, theirs)]
        cases, different = _differing(peer, *results)
        examples = [f"call {name} {number}: {different} of {cases}"] if different else []
        return Count("", cases, different, calls=1, examples=examples)

    return counted(peer.case, judge, cases, seconds, first_call)


def _result(peer: Peer, function: Callable[..., Any], given: list[Any]) -> Any:
    if not peer.backward:
        return function(*given).cpu()
    leaf = given[0].detach().requires_grad_()
    pooled = function(leaf, *given[1:])
    # Different weights of neighbours, so that a gradient at the wrong place shows.
    weights = torch.arange(pooled.numel(), device=pooled.device).reshape(pooled.shape) % 7
    return torch.autograd.grad(pooled, leaf, weights.to(pooled.dtype))[0].cpu()


def _differing(peer: Peer, ours: Any, theirs: Any) -> tuple[int, int]:
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return 1, 1
    differs = bits_differ(ours, theirs)
    if peer.roundings:
        scale = torch.finfo(ours.dtype).eps * max(float(theirs.abs().max()), 1.0)
        differs = ~((ours - theirs).abs() <= peer.roundings * scale)
    while differs.dim() > peer.case_axes:
        differs = differs.any(-1)
    return differs.numel(), int(differs.sum())


def _suppression(rng: Random, dtype: Any) -> tuple[Any, ...]:
    count = int(rng.choice([3, 50, 700]))
    name = str(rng.choice(SOUND))
    boxes = torch.from_numpy(BOXES[name](rng, count, np.float64)).to(dtype)
    scores = rng.random(count) if rng.random() < 0.7 else tied_scores(rng, count, np.float64)
    return boxes, torch.from_numpy(scores).to(dtype), float(rng.choice(THRESHOLDS))


def _batched(rng: Random, dtype: Any) -> tuple[Any, ...]:
    boxes, scores, threshold = _suppression(rng, dtype)
    return boxes, scores, torch.from_numpy(rng.integers(0, 20, len(boxes))), threshold


def _pairs(rng: Random, dtype: Any) -> tuple[Any, ...]:
    name = str(rng.choice(SOUND))
    return tuple(
        torch.from_numpy(BOXES[name](rng, count, np.float64)).to(dtype) for count in (300, 40)
    )


def _regions(channels: int, size: int, settings: Callable[[Random], tuple[Any, ...]]) -> Any:
    """Regions of quarters of pixels, on the map: no rounding can move a sample off it."""

    def draw(rng: Random, dtype: Any) -> tuple[Any, ...]:
        features = torch.from_numpy(rng.standard_normal((3, channels, SIDE, SIDE))).to(dtype)
        count = 80
        start = rng.integers(4, 4 * (SIDE - 14), (count, 2)) / 4
        end = start + rng.integers(4, 48, (count, 2)) / 4
        rois = np.concatenate((rng.integers(0, 3, (count, 1)), start, end), axis=1)
        scale = float(rng.choice([1.0, 0.5]))
        return features, torch.from_numpy(rois).to(dtype), size, scale, *settings(rng)

    return draw


def _align_settings(rng: Random) -> tuple[Any, ...]:
    return int(rng.integers(0, 4)), bool(rng.integers(2))


REGION, PLANE = "one channel of one region", "the gradient of one channel of one image"
PEERS: dict[str, Peer] = {
    "nms": Peer("nms", _suppression, "one call", 0.002),
    "batched_nms": Peer("batched_nms", _batched, "one call", 0.001),
    "box_iou": Peer("box_iou", _pairs, "one box against 40 others", 0.02, 1),
    "roi_align": Peer("roi_align", _regions(9, 7, _align_settings), REGION, 0.05, 2, 256),
    "roi_align backward": Peer(
        "roi_align", _regions(9, 7, _align_settings), PLANE, 0.002, 2, 4096, True
    ),
    "ps_roi_align": Peer(
        "ps_roi_align",
        _regions(16, 4, lambda rng: (int(rng.integers(1, 4)),)),
        REGION,
        0.02,
        2,
        256,
    ),
    "roi_pool": Peer("roi_pool", _regions(9, 7, lambda rng: ()), REGION, 0.05, 2),
    "roi_pool backward": Peer(
        "roi_pool", _regions(9, 7, lambda rng: ()), PLANE, 0.002, 2, 4096, True
    ),
    "ps_roi_pool": Peer("ps_roi_pool", _regions(16, 4, lambda rng: ()), REGION, 0.02, 2, 256),
}
