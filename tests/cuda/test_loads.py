"""The CUDA library as it was built: it loads on a machine without a driver, and has all kernels."""

from __future__ import annotations

import re
import shutil
import subprocess
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path

import pytest
from child_process import run_python

from opsbridge.core.native import cuda_library_path


@pytest.fixture
def library() -> Path:
    path = cuda_library_path()
    if path is None:
        pytest.skip(
            "this build has no CUDA kernels: no nvcc that can compile them, or switched off"
        )
    return path


def test_the_library_loads_without_a_driver(library: Path) -> None:
    code = f"import tvm_ffi; tvm_ffi.load_module({str(library)!r}).get_function('nms')"
    assert run_python(code, CUDA_VISIBLE_DEVICES="").returncode == 0


def cuobjdump() -> str:
    """The tool that lists code for GPUs: of the toolkit, or of Triton, which torch installs."""
    triton = find_spec("triton")
    folders = [] if triton is None else triton.submodule_search_locations or []
    for tool in ("cuobjdump", *(f"{each}/backends/nvidia/bin/cuobjdump" for each in folders)):
        if path := shutil.which(tool):
            return path
    pytest.skip("no cuobjdump, neither in the path nor in Triton")


def test_each_kernel_is_there_for_each_architecture(library: Path) -> None:
    if find_library("cuda"):
        pytest.skip("there is a driver: the library may have been built for its device alone")
    command = [cuobjdump(), "--list-elf", "--list-ptx", str(library)]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    compiled = re.findall(r"\.(sm_\d+)\.cubin", listed)
    counts = {each: compiled.count(each) for each in set(compiled)}
    assert counts.keys() >= {"sm_80", "sm_90"}
    assert counts["sm_80"] == counts["sm_90"]
    assert ".sm_90.ptx" in listed, "later devices compile this"
