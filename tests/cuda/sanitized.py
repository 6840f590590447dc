"""A few small calls of every operator on the GPU: what `sanitize.py` runs under its tools.

Inputs come from the host in one copy each, so that the tools know every byte that was written.
"""

from __future__ import annotations

import argparse
import sys
import time

from device_bulk import compare_call, raising_at_once
from device_cases import KINDS, drawn_call

from opsbridge.frameworks.torch_tensors import TorchTensors

SIZES = {"nms large": 0.04}  # of the bulk tests' calls; others have a third


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=20, help="no call starts after these")
    parser.add_argument("--calls", type=int, default=4, help="of each kind")
    options = parser.parse_args(arguments)
    layers, start = (TorchTensors(), TorchTensors()), time.monotonic()
    different = calls = 0
    lacking = set()
    with raising_at_once():
        for number in range(options.calls):
            for kind in KINDS:
                if time.monotonic() - start > options.seconds or kind in lacking:
                    continue
                call = drawn_call(kind, number, SIZES.get(kind, 0.3))
                one = compare_call(call, options.device, layers, f"{kind} {number}")
                different += one.different
                calls += not one.without_kernel
                if one.without_kernel and number == 0:
                    lacking.add(kind)
    print(f"{calls} calls, {different} cases differ, no kernel: {sorted(lacking)}", flush=True)
    return 1 if different or not calls else 0


if __name__ == "__main__":
    sys.exit(main())
