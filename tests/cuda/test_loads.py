"""The CUDA library loads on a machine without a driver."""

from __future__ import annotations

import pytest
from child_process import run_python

from opsbridge.core.native import cuda_library_path


def test_the_library_loads_without_a_driver() -> None:
    path = cuda_library_path()
    if path is None:
        pytest.skip("this build has no CUDA kernels")
    code = f"import tvm_ffi; tvm_ffi.load_module({str(path)!r}).get_function('nms')"
    assert run_python(code, CUDA_VISIBLE_DEVICES="").returncode == 0
