"""`import opsbridge` costs next to nothing, whatever of the package is used afterwards."""

from __future__ import annotations

from child_process import python_output

MOST_SECONDS = 0.05
TAKEN = """
    import time
    start = time.process_time()
    import opsbridge
    print(time.process_time() - start)
"""


def test_importing_takes_less_than_50_milliseconds() -> None:
    # The fastest of several: a machine that has much else to do is slow without being wrong.
    assert min(float(python_output(TAKEN)) for _ in range(5)) < MOST_SECONDS
