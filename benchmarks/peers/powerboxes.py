"""powerboxes (Rust on NumPy arrays): an exhaustive nms, one over an R-tree, and 1 - IoU."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import powerboxes

from benchmarks.inputs import Array, Inputs
from benchmarks.peers import Adapter, Call, Options
from benchmarks.peers.shaped import indices

_threads = 1


def set_threads(count: int) -> None:
    global _threads
    _threads = count


def _nms(function: Callable[..., Any]) -> Adapter:
    def prepare(inputs: Inputs, options: Options) -> Call:
        scores = inputs["scores"].astype(np.float64)
        return partial(function, inputs["boxes"], scores, options["iou_threshold"], 0.0)

    return Adapter(prepare, indices)


def _box_iou(inputs: Inputs, options: Options) -> Call:
    distance = powerboxes.iou_distance if _threads == 1 else powerboxes.parallel_iou_distance
    return partial(distance, inputs["boxes"], inputs["others"])


def _overlap(result: Any, inputs: Inputs) -> dict[str, Array]:
    return {"values": 1 - result}


ADAPTERS = {
    "nms": _nms(powerboxes.nms),
    "rtree nms": _nms(powerboxes.rtree_nms),
    "box_iou": Adapter(_box_iou, _overlap),
}
