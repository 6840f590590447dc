"""The core operators themselves, with canonical names and every convention as a keyword.

They take tensors of any framework and give tensors of the same one. The keywords are the slots and
axes of `mappings/core/<operator>.toml`, and the docstring of each lists them. Beyond the front-ends
of single frameworks they take integer boxes, which become float64 exactly, and 16-bit boxes are
computed in float32 unless `accumulate` says otherwise.

>>> import numpy as np
>>> from opsbridge.ops import nms
>>> boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 4]])
>>> nms(boxes, np.array([0.75, 0.5, 0.25]), 0.5)
array([0, 1])
>>> nms(boxes, np.array([0.75, 0.5, 0.25]), 0.5, comparison="greater_equal")
array([0, 2])
"""

from __future__ import annotations

from opsbridge.canonical import canonical
from opsbridge.core import OPERATORS

__all__ = ["nms", "nms_match", "roi_align", "soft_nms"]

nms = canonical(OPERATORS["nms"], __name__)
nms_match = canonical(OPERATORS["nms"], __name__, name="nms_match", parts=("matched", "match_ends"))
roi_align = canonical(OPERATORS["roi_align"], __name__)
soft_nms = canonical(OPERATORS["soft_nms"], __name__)
