"""The device library with its kernels run in order on the host, compiled from the same sources.

`conftest.py` puts it in the place of the CUDA library for tests that use the fixture `on_device`.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from opsbridge.core import OPERATORS

DTYPES = ("float32", "float64", "float16", "bfloat16")
CSRC = Path(__file__).resolve().parents[2] / "opsbridge" / "csrc"
HOST_SOURCES = ("call_recorder", "direct", "direct_program", "export")
SOURCES = (
    *sorted(CSRC.glob("binding/cuda/*.cu")),
    *sorted(CSRC.glob("cuda/*.cu")),
    *sorted(CSRC.glob("ops/*_cuda.cu")),
    *(CSRC / "binding" / f"{name}.cc" for name in HOST_SOURCES),
    CSRC / "runtime" / "interrupt.cc",
)
FLAGS = ("-std=c++17", "-O1", "-fPIC", "-ffp-contract=off", "-fvisibility=hidden")


@cache
def device_library() -> Path:
    """The compiled library; skips the test where there is no compiler."""
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    folder = Path(tempfile.mkdtemp(prefix="opsbridge-device-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    include = (f"-I{CSRC}", f"-I{CSRC / 'include'}")

    def compiled(source: Path) -> str:
        target = folder / f"{source.stem}.o"
        language = ("-x", "c++") if source.suffix == ".cu" else ()
        command = [compiler, *FLAGS, *include, *language, "-c", source, "-o", target]
        subprocess.run(command, check=True)
        return str(target)

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compiled, SOURCES))
    library = folder / "libopsbridge_device_on_host.so"
    subprocess.run([compiler, "-shared", "-o", library, *objects], check=True)
    return library


class DeviceTensors:
    """A layer whose tensors say that they are on a GPU."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def device(self, tensor: Any) -> str:
        return "cuda:0"


def both(operator: str, *args: Any, **kwargs: Any) -> None:
    """Run an operator on the CPU and on the stand-in of a GPU, and compare the bits."""
    import torch

    from opsbridge.frameworks.torch_tensors import TorchTensors

    layer, run = TorchTensors(), OPERATORS[operator].run
    expected = run(layer, *args, **kwargs)
    result = run(DeviceTensors(layer), *args, **kwargs)
    for ours, theirs in zip(result, expected, strict=True):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours.isnan(), theirs.isnan())
        there = ~theirs.isnan()
        same = ours[there] == theirs[there]
        assert bool(same.all())
        if ours.dtype.is_floating_point:  # zeros have signs
            assert torch.equal(ours[there].signbit(), theirs[there].signbit())
