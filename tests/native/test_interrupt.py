"""Ctrl-C ends a call that takes long, within a second, and the next call is right."""

from __future__ import annotations

import pytest
from child_process import python_output

# Each call takes far longer than it is left to run: without a threshold that a grid could use every
# box meets every other one, and regions are without number.
PRELUDE = """
    import os, signal, threading, time
    import numpy as np
    from opsbridge import ops

    rng = np.random.default_rng(5)


    def piled(count):
        '''Boxes that overlap in heaps, none so much that it is dropped.'''
        corner = rng.uniform(0, 100, (count, 2))
        return np.concatenate([corner, corner + 50], axis=1).astype(np.float32)


    def apart(count):
        '''Boxes that meet nowhere.'''
        corner = np.stack(np.divmod(np.arange(count), 1000), axis=1)
        return np.concatenate([corner, corner + 0.5], axis=1).astype(np.float32)


    def regions(count):
        images = np.zeros((count, 1), np.float32)
        return np.concatenate([images, piled(count) / 4], axis=1)


    def endless(call):
        '''How long a call goes on after Ctrl-C.'''
        pressed = []

        def press():
            time.sleep(0.4)
            pressed.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        presser = threading.Thread(target=press)
        presser.start()
        try:
            call()
        except KeyboardInterrupt:
            return time.monotonic() - pressed[0]
        finally:
            presser.join()
        raise AssertionError("the call ended by itself")
"""

CALLS = {
    "nms": "ops.nms(boxes, scores, 0.0)",
    "nms, one by one": "ops.nms(boxes, scores, 0.0, comparison='one_minus')",
    "nms in groups": "ops.nms(boxes, scores, 0.0, groups=np.arange(len(boxes)) % 2)",
    "soft_nms": "ops.soft_nms(heap, scores[:300_000], 0.3, 0.5, 0.0, method='gaussian')",
    "roi_align": "ops.roi_align(features, regions(60_000), 14, 14, sampling_ratio=8)",
    "roi_pool": "ops.roi_pool(features, regions(60_000), 14, 14)",
}
SETUP = """
    boxes, heap = apart(600_000), piled(300_000)
    scores = rng.random(600_000).astype(np.float32)
    features = np.zeros((1, 32, 64, 64), np.float32)
"""


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("name", CALLS)
def test_a_long_call_ends_within_a_second(name: str, threads: str) -> None:
    after = f"""
    print(endless(lambda: {CALLS[name]}))
    few = piled(50)
    assert np.array_equal(ops.nms(few, scores[:50], 1.0), np.argsort(-scores[:50], kind="stable"))
    """
    assert float(python_output(PRELUDE + SETUP + after, OPSBRIDGE_THREADS=threads)) < 1
