"""Ctrl-C ends a call that takes long, within a second, and the next call is right.

Seconds are those of the processor: a machine that has much else to do does not count.
"""

from __future__ import annotations

import json

import pytest
from child_process import python_output

# Each call takes far longer than it is left to run: without a threshold that a grid could use every
# box meets every other one, and regions are without number.
PRELUDE = """
    import json, os, signal, sys, threading, time
    import numpy as np
    from opsbridge import ops
    from opsbridge.core.roi_align import RoiAlignRule, roi_align_backward
    from opsbridge.core.roi_pool import RoiPoolRule, roi_pool_backward
    from opsbridge.frameworks.numpy import LAYER
    from opsbridge.torchvision.ops import batched_nms

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job has it ignored
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


    def endless(call, after=0.2):
        '''How long a call goes on after Ctrl-C, that many seconds after it began.'''
        pressed = []

        def press():
            time.sleep(after)
            pressed.append(time.process_time())
            os.kill(os.getpid(), signal.SIGINT)

        presser = threading.Thread(target=press)
        presser.start()
        try:
            call()
        except KeyboardInterrupt:
            return time.process_time() - pressed[0]
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
    "batched_nms": "batched_nms(boxes, scores, np.arange(len(boxes)) % 2, 0.0)",
    "box_iou": "ops.box_iou(heap[:20_000], heap[:20_000])",
    "box_iou, with angles": "ops.box_iou(heap[:20_000], heap[:20_000], measure='ciou')",
    "box_iou, rotated": "ops.box_iou(turned, turned, layout='cxcywhr')",
    "roi_align backward": """roi_align_backward(
        LAYER, gradient[:60_000], features, regions(60_000), 14, 14, 1.0, 8,
        rule=RoiAlignRule())""",
    "roi_pool backward": """roi_pool_backward(
        LAYER, gradient, features, regions(600_000), 14, 14, 1.0, rule=RoiPoolRule())""",
}
SETUP = """
    boxes, heap = apart(600_000), piled(300_000)
    scores = rng.random(600_000).astype(np.float32)
    features = np.zeros((1, 32, 64, 64), np.float32)
    gradient = np.broadcast_to(np.float32(1), (600_000, 32, 14, 14))  # takes no memory
    turned = np.concatenate([heap[:8_000], scores[:8_000, None]], axis=1)
    few = piled(50)
    everything = np.argsort(-scores[:50], kind="stable")
    ops.nms(few, scores[:50], 1.0)  # the first call imports what may itself take a second
"""
AFTER = """
    for name, call in json.loads(sys.argv[1]).items():
        print(endless(eval(f"lambda: {call}")), name)
        assert np.array_equal(ops.nms(few, scores[:50], 1.0), everything), name
"""


@pytest.mark.parametrize("threads", ["1", "2"])
def test_long_calls_end_within_a_second(threads: str) -> None:
    said = python_output(PRELUDE + SETUP + AFTER, json.dumps(CALLS), OPSBRIDGE_THREADS=threads)
    lines = [line.split(" ", 1) for line in said.splitlines()]
    assert [name for _, name in lines] == list(CALLS)
    assert not [name for seconds, name in lines if float(seconds) >= 1], said


# Loops that ask at some of their turns only, from where many boxes make these turns long.
SELECTIONS = """
    heap, scores = piled(30_000), rng.random(30_000).astype(np.float32)
    ops.soft_nms(heap[:50], scores[:50], 0.3, 0.5, 0.0)  # imports what may itself take a second

    for order in ("in_place", "by_index", "queue"):
        axes = {"selection_order": order, "overlap_form": "positive_areas", "method": "gaussian"}
        seconds = endless(lambda: ops.soft_nms(heap, scores, 0.3, 0.5, 0.0, **axes))
        print(seconds, order)

    # Equal boxes overlap by no more than 1, but a grid has to look at all of a heap. Heaps are as
    # large as makes it look for a tenth of a second at 8192 boxes, after which it asks.
    def seconds_of(boxes):
        began = time.perf_counter()
        ops.nms(boxes, scores[: len(boxes)], 1.0)
        return time.perf_counter() - began


    scores, loose = rng.random(100_000).astype(np.float32), apart(100_000)
    per_pair = seconds_of(np.repeat(loose[:1], 1000, axis=0)) / 1000**2
    height = int(min(max(0.1 / 8192 / per_pair, 1), len(loose)))
    heaps = np.repeat(loose[::height], height, axis=0)[: len(loose)]
    until_grid = seconds_of(loose)
    print(endless(lambda: ops.nms(heaps, scores, 1.0), until_grid), "nms in a grid")
"""


def test_loops_that_seldom_ask_end_within_a_second() -> None:
    said = python_output(PRELUDE + SELECTIONS, OPSBRIDGE_THREADS="1").splitlines()
    assert len(said) == 4
    assert not [line for line in said if float(line.split()[0]) >= 1], said
