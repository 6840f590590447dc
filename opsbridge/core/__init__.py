"""The operators, one file each, on any framework's tensors: checks, then the native call.

A core operator knows no framework and no table. It takes tensors together with the *layer* of
their framework (`core.tensors.TensorLayer`) and every convention explicitly, as a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opsbridge.core.nms import NmsRule, nms
from opsbridge.core.roi_align import RoiAlignRule, roi_align
from opsbridge.core.rules import Rule

OPERATORS: dict[str, Callable[..., tuple[Any, ...]]] = {"nms": nms, "roi_align": roi_align}
RULES: dict[str, type[Rule]] = {"nms": NmsRule, "roi_align": RoiAlignRule}
