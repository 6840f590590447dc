"""ensemble-boxes' soft_nms (NumPy in a loop), which wants coordinates from 0 to 1."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from ensemble_boxes import soft_nms

from benchmarks.inputs import Array, Inputs
from benchmarks.peers import Adapter, Call, Options

METHODS = {"linear": 1, "gaussian": 2}


def _soft_nms(inputs: Inputs, options: Options) -> Call:
    boxes = inputs["boxes"].astype(np.float64)
    boxes = (boxes - boxes.min()) / (boxes.max() - boxes.min())
    scores = inputs["scores"].astype(np.float64)
    return partial(
        soft_nms,
        [boxes],
        [scores],
        [np.zeros(len(boxes))],
        method=METHODS[options["method"]],
        iou_thr=options["iou_threshold"],
        sigma=options["sigma"],
        thresh=options["min_score"],
    )


def _indices(result: Any, inputs: Inputs) -> dict[str, Array]:
    """It returns the scores as they came, in the order of selection; they are distinct."""
    scores = inputs["scores"].astype(np.float64)
    order = np.argsort(scores)
    return {"indices": order[np.searchsorted(scores[order], result[1])]}


ADAPTERS = {"soft_nms": Adapter(_soft_nms, _indices)}
