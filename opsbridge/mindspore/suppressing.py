"""Suppression in the conventions that MindSpore has from TensorFlow, and by given overlaps."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError
from opsbridge.frontend import api

_of_classes = api("tensorflow/combined_non_max_suppression", __name__)
_of_boxes = api("tensorflow/non_max_suppression", __name__)


def combined_non_max_suppression(
    pad_per_class: bool,
    clip_boxes: bool,
    boxes: torch.Tensor,
    scores: torch.Tensor,
    max_output_size_per_class: Any,
    max_total_size: Any,
    iou_threshold: Any,
    score_threshold: Any,
) -> Any:
    """Return boxes, scores and classes of every image, best first, and how many there are."""
    return _of_classes(
        boxes, scores, int(max_output_size_per_class), int(max_total_size), float(iou_threshold),
        float(score_threshold), pad_per_class, clip_boxes,
    )  # fmt: skip


def non_max_suppression(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    max_output_size: Any,
    iou_threshold: Any,
    score_threshold: Any,
) -> Any:
    """Return the places of boxes (N, 4) that no better one overlaps too much, best first."""
    limits = (int(max_output_size), float(iou_threshold), float(score_threshold))
    return _of_boxes(boxes, scores, *limits)


def non_max_suppression_with_overlaps(
    overlaps: torch.Tensor,
    scores: torch.Tensor,
    max_output_size: Any,
    overlap_threshold: Any,
    score_threshold: Any,
) -> torch.Tensor:
    """Return the places that overlap no better one too much, where overlaps (N, N) are given."""
    count = scores.shape[0]
    if tuple(overlaps.shape) != (count, count):
        raise ArgumentError(
            f"NonMaxSuppressionWithOverlaps: overlaps has shape {tuple(overlaps.shape)};"
            f" expected ({count}, {count}), as there are {count} scores"
        )
    close = overlaps >= float(overlap_threshold)
    is_left = scores > float(score_threshold)
    kept: list[int] = []
    for place in scores.argsort(descending=True, stable=True).tolist():
        if len(kept) == int(max_output_size):
            break
        if is_left[place] and not close[place, kept].any():
            kept.append(place)
    return torch.tensor(kept, dtype=torch.int32, device=scores.device)
