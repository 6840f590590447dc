"""Memory that runs out anywhere in a kernel is a MemoryError, and the next call is right.

A preloaded allocator fails the n-th allocation that kernels ask for, one call for each n.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from child_process import python_output

SOURCE = Path(__file__).with_name("failing_allocations.c")
MOST = 200
"""Allocations of a call that are failed one by one."""

FEWEST = 20
"""Failures that have to be met by all calls together, or the allocator is not in place."""

CODE = """
    import ctypes, json, re, sys
    from pathlib import Path

    import numpy as np
    from opsbridge import ops
    from opsbridge.core.native import library_path
    from opsbridge.core.roi_align import RoiAlignRule, roi_align_backward
    from opsbridge.core.roi_pool import RoiPoolRule, roi_pool_backward
    from opsbridge.frameworks.numpy import LAYER

    shim = ctypes.CDLL(sys.argv[1])
    shim.count_allocations.restype = ctypes.c_long
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 90, (3000, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 20, (3000, 2))], 1).astype(np.float32)
    scores = rng.random(3000).astype(np.float32)
    tied = np.repeat(scores[:300], 10)
    groups = rng.integers(0, 40, 3000)
    features = rng.standard_normal((2, 33, 20, 21)).astype(np.float32)
    rois = np.concatenate([rng.integers(0, 2, (60, 1)), boxes[:60] / 5], 1).astype(np.float32)
    pooled = rng.standard_normal((60, 33, 3, 3)).astype(np.float32)
    region = features, rois, 3, 3, 1.0
    wide = np.array([[0, 0, 0, 5000, 2]], np.float32)  # more samples than tables are kept of
    halves = [each.astype(np.float16) for each in (pooled, features, rois)]
    many = rng.permutation(20_000).astype(np.float32)  # more than the memory that a thread keeps
    apart = np.stack([many, many, many + 1, many + 1], 1)

    CALLS = {
        "nms": lambda: ops.nms(boxes, scores, 0.5),
        "nms, bitonic": lambda: ops.nms(boxes, tied, 0.5, order="bitonic"),
        "nms, introsort": lambda: ops.nms(boxes, tied, 0.5, order="introsort"),
        "nms, large": lambda: ops.nms(apart, many, 0.5),
        "nms in groups": lambda: ops.nms(boxes, scores, 0.5, groups=groups),
        "soft_nms": lambda: ops.soft_nms(boxes[:500], scores[:500], 0.5, 0.5, 1e-3)[1],
        "box_iou": lambda: ops.box_iou(boxes[:200], boxes[:100]),
        "roi_align": lambda: ops.roi_align(features, rois, 3, 3),
        "roi_align, planes": lambda: ops.roi_align(features[:, :2], rois, 3, 3),
        "roi_align, wide": lambda: ops.roi_align(features, wide, 1, 1),
        "roi_align, wide planes": lambda: ops.roi_align(features[:, :2], wide, 1, 1),
        "roi_align backward": lambda: roi_align_backward(
            LAYER, pooled, *region, 2, rule=RoiAlignRule())[0],
        "roi_pool": lambda: ops.roi_pool(features, rois, 3, 3),
        "roi_pool backward": lambda: roi_pool_backward(
            LAYER, pooled, *region, rule=RoiPoolRule())[0],
        "roi_pool backward, summed in another type": lambda: roi_pool_backward(
            LAYER, *halves, 3, 3, 1.0, rule=RoiPoolRule(accumulate="float32"))[0],
        "crop_and_resize": lambda: ops.crop_and_resize(
            features, np.zeros((2, 4), np.float32), np.zeros(2, np.int64), 3, 3),
    }


    def code_of(name):
        '''Where the code of a mapped file lies.'''
        maps = Path("/proc/self/maps").read_text()
        found = re.findall(rf"^(\\w+)-(\\w+) r-xp .*{re.escape(name)}$", maps, re.MULTILINE)
        return [int(end, 16) for end in found[0]]


    expected = {name: call() for name, call in CALLS.items()}
    cxx = re.search(r"\\S*libstdc\\+\\+\\.so\\S*", Path("/proc/self/maps").read_text())[0]
    where = code_of(str(library_path().resolve())) + code_of(cxx)
    shim.watch_code(*map(ctypes.c_size_t, where))
    failed = {}
    for name, call in CALLS.items():
        failed[name] = 0
        for number in range(1, int(sys.argv[2]) + 1):
            shim.fail_allocation(ctypes.c_long(number))
            try:
                result = call()
                outcome = None
            except MemoryError as error:
                outcome = error
            asked = shim.count_allocations()
            shim.fail_allocation(ctypes.c_long(-1))
            if outcome is None:
                np.testing.assert_array_equal(result, expected[name])  # there was another way
            else:
                failed[name] += 1
                np.testing.assert_array_equal(call(), expected[name])
            if asked < number:
                break
    print(json.dumps(failed))
"""


def test_every_allocation_of_every_kernel_may_fail(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    shim = tmp_path / "failing_allocations.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", shim, SOURCE, "-ldl"], check=True)
    failed = python_output(
        CODE, str(shim), str(MOST), LD_PRELOAD=str(shim), OPSBRIDGE_THREADS="1",
        OPSBRIDGE_POOL_MIB="0",
    )  # fmt: skip
    counts = json.loads(failed)
    # What a thread keeps from call to call is not asked for again, so some ask for nothing.
    assert sum(counts.values()) > FEWEST, counts
