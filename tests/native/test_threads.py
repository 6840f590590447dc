"""Threads change nothing but the time: any number, any kind of fork, several callers at once."""

from __future__ import annotations

import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from child_process import python_output

from opsbridge.torchvision.ops import roi_align

DIGEST = Path(__file__).with_name("kernel_digest.py")

# What the child processes below compute: enough regions for every thread to get some.
WORK = textwrap.dedent(
    """
    import numpy as np
    from opsbridge.torchvision.ops import nms, roi_align

    rng = np.random.default_rng(7)
    features = rng.standard_normal((1, 8, 40, 40)).astype(np.float32)
    corner = rng.uniform(0, 20, (200, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 20, (200, 2))], 1).astype(np.float32)
    rois = np.concatenate([np.zeros((200, 1), np.float32), boxes], axis=1)
    scores = rng.random(200).astype(np.float32)


    def results():
        return roi_align(features, rois, 7).tobytes() + nms(boxes, scores, 0.5).tobytes()
    """
)

FORK = WORK + textwrap.dedent(
    """
    import os

    expected = results()
    for _ in range(10):
        child = os.fork()
        if child == 0:
            os._exit(0 if results() == expected else 3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert results() == expected
    """
)

FORK_UNDER_LOAD = WORK + textwrap.dedent(
    """
    import os, threading, warnings

    warnings.simplefilter("ignore", DeprecationWarning)  # forking while threads run is the point
    expected = results()
    done = threading.Event()


    def keep_the_pool_busy():
        while not done.is_set():
            roi_align(features, rois, 7)


    busy = [threading.Thread(target=keep_the_pool_busy) for _ in range(2)]
    for thread in busy:
        thread.start()
    for _ in range(20):
        child = os.fork()
        if child == 0:
            os._exit(0 if results() == expected else 3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    done.set()
    for thread in busy:
        thread.join()
    """
)

MULTIPROCESSING = WORK + textwrap.dedent(
    """
    import multiprocessing, sys


    def compare(expected):
        return results() == expected


    if __name__ == "__main__":
        expected = results()
        with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
            assert pool.map(compare, [expected] * 4, chunksize=1) == [True] * 4
    """
)


def test_the_number_of_threads_does_not_change_a_bit() -> None:
    digests = {python_output(DIGEST, OPSBRIDGE_THREADS=count) for count in ("1", "2", "7")}
    assert len(digests) == 1


@pytest.mark.parametrize("code", [FORK, FORK_UNDER_LOAD], ids=["idle", "busy"])
def test_a_forked_child_computes(code: str) -> None:
    python_output(code, seconds=60, OPSBRIDGE_THREADS="4")


@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_worker_processes_compute(start: str, tmp_path: Path) -> None:
    script = tmp_path / "workers.py"  # started workers import it again, so it has to be a file
    script.write_text(MULTIPROCESSING)
    python_output(script, start, seconds=90, OPSBRIDGE_THREADS="4")


def test_callers_in_several_threads_get_what_one_alone_gets() -> None:
    namespace: dict[str, Any] = {}
    exec(WORK, namespace)
    results = namespace["results"]
    expected = results()
    with ThreadPoolExecutor(8) as callers:
        assert list(callers.map(lambda _: results() == expected, range(64))) == [True] * 64


def test_other_python_threads_run_during_a_call() -> None:
    features = np.zeros((1, 64, 200, 200), np.float32)
    rois = np.tile(np.array([[0, 0, 0, 190, 190]], np.float32), (40, 1))
    started, finished = threading.Event(), threading.Event()

    def call() -> None:
        started.set()
        roi_align(features, rois, 7)
        finished.set()

    roi_align(features, rois[:1], 7)  # everything is loaded and bound before the clock matters
    switch_interval = sys.getswitchinterval()
    caller = threading.Thread(target=call)
    # From here on a thread keeps the interpreter until it gives it away of its own accord.
    sys.setswitchinterval(1000)
    try:
        caller.start()
        started.wait()
        ran_during_the_call = not finished.is_set()
    finally:
        sys.setswitchinterval(switch_interval)
        caller.join()
    assert ran_during_the_call
