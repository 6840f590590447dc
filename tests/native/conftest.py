"""The fixture of the tests of the device library."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from device_on_host import device_library

from opsbridge.core import device, native

# The harness of the GPU is tried out here, where there is none.
sys.path.append(str(Path(__file__).resolve().parents[1] / "cuda"))


@pytest.fixture
def on_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kernels of a GPU, run on the host."""
    library = device_library()
    with contextlib.suppress(ImportError):
        # What takes the real function from `native` is to have taken it before.
        importlib.import_module("opsbridge.frameworks.torch")
    monkeypatch.setattr(native, "cuda_library_path", lambda: library)
    monkeypatch.setattr("opsbridge.core.checks.cuda_library_path", lambda: library)
    native.cuda_function.cache_clear()
    yield
    device._unread.clear()
    native.cuda_function.cache_clear()
