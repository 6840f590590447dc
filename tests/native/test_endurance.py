"""Many calls: sixteen threads give what one gives, and a hundred thousand calls leave no memory."""

from __future__ import annotations

from child_process import python_output

CALLS = """
    import numpy as np
    from opsbridge import ops
    from opsbridge.mindspore.ops import NMSWithMask
    from opsbridge.torchvision.ops import batched_nms, box_iou, nms, roi_align

    rng = np.random.default_rng(11)
    corner = rng.uniform(0, 20, (40, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 20, (40, 2))], 1).astype(np.float32)
    scores = rng.permutation(40).astype(np.float32)
    classes = rng.integers(0, 3, 40)
    rois = np.concatenate([np.zeros((40, 1), np.float32), boxes], axis=1)
    features = rng.standard_normal((1, 40, 20, 20)).astype(np.float32)  # for several threads
    rows = np.concatenate([boxes, scores[:, None]], axis=1)
    suppress = NMSWithMask(0.5)


    def refused():
        try:
            nms(boxes, scores[:3], 0.5)
        except ValueError as error:
            return str(error).encode()


    CALLS = (
        lambda: nms(boxes, scores, 0.5).tobytes(),
        lambda: batched_nms(boxes, scores, classes, 0.4).tobytes(),
        lambda: box_iou(boxes, boxes[::2]).tobytes(),
        lambda: ops.soft_nms(boxes, scores, 0.3, 0.5, 0.01, method="gaussian")[1].tobytes(),
        lambda: roi_align(features, rois[:6], 3, 1.0, 2).tobytes(),
        lambda: ops.roi_pool(features, rois[:6], 3, 3).tobytes(),
        lambda: b"".join(result.tobytes() for result in suppress(rows)),
        refused,
    )
"""

THREADS = """
    import sys, threading

    sys.setswitchinterval(1e-5)  # threads take turns within calls
    expected = [call() for call in CALLS]
    start, wrong = threading.Barrier(16), []


    def work(first):
        start.wait()
        for i in range(1000):
            place = (first + i) % len(CALLS)
            if CALLS[place]() != expected[place]:
                wrong.append((first, i))


    threads = [threading.Thread(target=work, args=(first,)) for first in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(set(expected)), wrong)
"""

MEMORY = """
    import re
    from pathlib import Path


    def resident():
        status = Path("/proc/self/status").read_text()
        return int(re.search(r"VmRSS:\\s+(\\d+) kB", status).group(1)) << 10


    def many(count):
        for i in range(count):
            CALLS[i % len(CALLS)]()


    many(20_000)  # allocators have what they keep
    before = resident()
    many(100_000)
    print(resident() - before)
"""


def test_sixteen_threads_of_a_thousand_calls() -> None:
    assert python_output(_joined(THREADS), OPSBRIDGE_THREADS="4") == "8 []"


def test_memory_does_not_grow_with_calls() -> None:
    grown = int(python_output(_joined(MEMORY), OPSBRIDGE_THREADS="1"))
    assert grown < 1 << 20, f"{grown} bytes more after 100,000 calls"


def _joined(code: str) -> str:
    return CALLS + code
