"""Memory of a call is bounded: suppression by its boxes, a gradient by its result.

The peak of resident memory is what the kernel of the operating system counted, in a process whose
libraries are loaded and whose work memory is given back after each call.
"""

from __future__ import annotations

import json
import os

import pytest
from child_process import python_output

if not os.path.exists("/proc/self/clear_refs"):
    pytest.skip("the system does not count the peak of a call", allow_module_level=True)

PRELUDE = """
    import json, re
    from pathlib import Path

    import numpy as np
    from opsbridge import ops
    from opsbridge.core.roi_align import RoiAlignRule, roi_align_backward
    from opsbridge.frameworks.numpy import LAYER

    rng = np.random.default_rng(6)
    said = {}


    def resident(field):
        status = Path("/proc/self/status").read_text()
        return int(re.search(rf"{field}:\\s+(\\d+) kB", status)[1]) << 10


    def extra(call):
        '''The most memory that a call took, and its result.'''
        Path("/proc/self/clear_refs").write_text("5")
        before = resident("VmRSS")
        result = call()
        return resident("VmHWM") - before, result
"""

SUPPRESSION = """
    def apart(count):
        corner = np.stack(np.divmod(np.arange(count), 1000), axis=1)
        return np.concatenate([corner, corner + 0.5], axis=1)


    def clustered(count):
        corner = rng.uniform(0, count**0.5, (count, 2))
        return np.concatenate([corner, corner + rng.uniform(1, 5, (count, 2))], axis=1)


    ops.nms(apart(10), np.ones(10), 0.5, groups=np.zeros(10, np.int64))
    for kind, dtype, count in (
        (apart, np.float32, 1_000), (apart, np.float32, 1_000_000), (clustered, np.float64, 300_000)
    ):
        boxes, scores = kind(count).astype(dtype), rng.permutation(count).astype(dtype)
        groups, tied = rng.integers(0, 80, count), np.floor(scores / 16)
        for name, call in {
            "nms": lambda: ops.nms(boxes, scores, 0.5),
            "in groups": lambda: ops.nms(boxes, scores, 0.5, groups=groups),
            "moved apart": lambda: ops.nms(
                boxes, scores, 0.5, groups=groups, group_rule="shifted"),
            "introsort": lambda: ops.nms(boxes, tied, 0.5, order="introsort"),
            "padded": lambda: ops.padded_nms(boxes, scores, 0.5)[0],
        }.items():
            said[f"{name}, {count} boxes {kind.__name__}"] = count, extra(call)[0]
    print(json.dumps(said))
"""

GRADIENT = """
    rois = np.concatenate([rng.integers(0, 4, (300, 1)), rng.uniform(0, 150, (300, 4))], axis=1)
    rois[:, 3:] = rois[:, 1:3] + 40


    def gradient(shape, dtype, order):
        features = np.zeros(shape, dtype)
        if order == "channels last":
            features = features.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2)
        pooled = np.broadcast_to(dtype(1), (300, shape[1], 7, 7))
        regions = rois[:, :5].astype(dtype)
        rule = RoiAlignRule(accumulate="float32" if dtype == np.float16 else "same")
        return lambda: roi_align_backward(
            LAYER, pooled, features, regions, 7, 7, 1.0, 2, rule=rule)[0]


    gradient((4, 2, 200, 200), np.float32, "planes")()
    for order in ("planes", "channels last"):
        for dtype in (np.float32, np.float64, np.float16):
            peak, result = extra(gradient((4, 64, 200, 200), dtype, order))
            said[f"{order}, {dtype.__name__}"] = result.nbytes, peak
            del result
    print(json.dumps(said))
"""
ROOM = 1 << 20
"""For what is counted in pages and belongs to no operator."""


@pytest.mark.parametrize("threads", ["1", "4"])
def test_suppression_takes_64_mib_and_64_bytes_a_box(threads: str) -> None:
    for name, (count, peak) in _said(SUPPRESSION, threads).items():
        assert peak < (64 << 20) + 64 * count + 8 * count, f"{name}: {peak} bytes"


@pytest.mark.parametrize("threads", ["1", "4"])
def test_a_gradient_takes_no_more_than_its_result_beside_it(threads: str) -> None:
    for name, (result, peak) in _said(GRADIENT, threads).items():
        assert peak <= 2 * result + ROOM, f"{name}: {peak} bytes for {result} of the result"


def _said(code: str, threads: str) -> dict[str, list[int]]:
    said: dict[str, list[int]] = json.loads(
        python_output(PRELUDE + code, OPSBRIDGE_THREADS=threads, OPSBRIDGE_POOL_MIB="0")
    )
    assert said
    return said
