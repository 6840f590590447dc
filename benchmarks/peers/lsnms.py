"""lsnms (Rust on NumPy arrays): nms over an R-tree."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import lsnms
import lsnms.util
import numpy as np

from benchmarks.inputs import Inputs
from benchmarks.peers import Adapter, Call, Options
from benchmarks.peers.shaped import indices

if not hasattr(np, "isdtype"):
    # Its one use of NumPy 2, while MindSpore needs NumPy 1.
    lsnms.util.np = SimpleNamespace(**vars(np), isdtype=lambda dtype, kinds: dtype in kinds)


def _nms(inputs: Inputs, options: Options) -> Call:
    return partial(lsnms.nms, inputs["boxes"], inputs["scores"], options["iou_threshold"], 0.0)


ADAPTERS = {"nms": Adapter(_nms, indices)}
