"""Runs libFuzzer on a target in this process: `python driver.py LIBRARY [libFuzzer's arguments]`.

libFuzzer and the run time of the sanitizers have to be loaded before Python (native.py does it).
"""

from __future__ import annotations

import ctypes
import sys


def main() -> int:
    """Fuzz until the time is over, which ends the process, or an input is not borne."""
    fuzzer, target = ctypes.CDLL(None), ctypes.CDLL(sys.argv[1])
    words = [word.encode() for word in sys.argv[1:]]
    count = ctypes.c_int(len(words))
    arguments = ctypes.cast((ctypes.c_char_p * (len(words) + 1))(*words), ctypes.c_void_p)
    code: int = fuzzer.LLVMFuzzerRunDriver(
        ctypes.byref(count), ctypes.byref(arguments), target.LLVMFuzzerTestOneInput
    )
    return code


if __name__ == "__main__":
    sys.exit(main())
