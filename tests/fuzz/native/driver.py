"""Runs libFuzzer on a target in this process: `python driver.py LIBRARY [libFuzzer's arguments]`.

libFuzzer is the one in atheris' wheel, so that no machine needs clang. The run time of the
sanitizers has to be loaded before Python (native.py does it).
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path


def libfuzzer() -> Path:
    """The library of atheris that has libFuzzer in it."""
    found = importlib.util.find_spec("atheris")
    if found is None or found.origin is None:
        sys.exit("atheris is not installed: its wheel brings libFuzzer")
    return next(Path(found.origin).parent.glob("core_with_libfuzzer.*.so"))


def main() -> int:
    """Fuzz until the time is over, which ends the process, or an input is not borne."""
    fuzzer = ctypes.CDLL(str(libfuzzer()), mode=ctypes.RTLD_GLOBAL | os.RTLD_LAZY)
    target = ctypes.CDLL(sys.argv[1])
    words = [word.encode() for word in sys.argv[1:]]
    count = ctypes.c_int(len(words))
    arguments = ctypes.cast((ctypes.c_char_p * (len(words) + 1))(*words), ctypes.c_void_p)
    code: int = fuzzer.LLVMFuzzerRunDriver(
        ctypes.byref(count), ctypes.byref(arguments), target.LLVMFuzzerTestOneInput
    )
    return code


if __name__ == "__main__":
    sys.exit(main())
