"""Loads the compiled kernels at the first call, once, and says plainly why when it cannot."""

from __future__ import annotations

import ctypes
import importlib.metadata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from opsbridge.errors import NativeLibraryError

CPU_LEVELS = ("baseline", "avx2", "avx512")

_LIBRARY = "opsbridge/libopsbridge.so"
_CUDA_LIBRARY = "opsbridge/libopsbridge_cuda.so"


def library_path() -> Path:
    """Where the installed library lies; in an editable install that is not beside the sources."""
    path = _installed(_LIBRARY)
    if not path.is_file():
        raise NativeLibraryError(f"opsbridge: the compiled kernels are missing: {path}")
    return path


def cuda_library_path() -> Path | None:
    """Where the CUDA kernels lie, or None: nvcc was not there when this was built."""
    path = _installed(_CUDA_LIBRARY)
    return path if path.is_file() else None


def _installed(library: str) -> Path:
    try:
        return Path(str(importlib.metadata.distribution("opsbridge").locate_file(library)))
    except importlib.metadata.PackageNotFoundError:
        raise NativeLibraryError(
            "opsbridge is not installed, so it has no compiled kernels; run `pip install .`"
        ) from None


@cache
def _library() -> Any:
    return _loaded(library_path())


def _loaded(path: Path) -> Any:
    try:
        import tvm_ffi
    except ImportError as error:
        raise NativeLibraryError(
            f"opsbridge: the package apache-tvm-ffi cannot be imported: {error}"
        ) from error
    try:
        return tvm_ffi.load_module(str(path))
    except Exception as error:
        raise NativeLibraryError(f"opsbridge: {path} cannot be loaded: {error}") from error


@cache
def native_function(name: str) -> Callable[..., int]:
    """A function of the compiled library; raises NativeLibraryError when there is none to call."""
    cpu_level()
    return _library().get_function(name)  # type: ignore[no-any-return]


@cache
def cuda_function(name: str) -> Callable[..., int]:
    """A function of the CUDA library, which is loaded at the first call that needs it."""
    path = cuda_library_path()
    if path is None:
        raise NativeLibraryError("opsbridge: this build has no CUDA kernels")
    return _loaded(path).get_function(name)  # type: ignore[no-any-return]


def object_tensors(kind: str, settings: tuple[Any, ...]) -> Any:
    """How direct calls read and make the tensors of a framework: csrc/binding/object_tensors.cc."""
    make = getattr(_python_library(), f"opsbridge_{kind}")
    make.argtypes, make.restype = [ctypes.py_object], ctypes.py_object
    return make(settings)


def object_call(operator: str, words: list[int], tensors: Any) -> Callable[[tuple[Any, ...]], Any]:
    """The direct calls of an operator by a program, on tensors as `object_tensors` says."""
    make = getattr(_python_library(), f"opsbridge_{operator}_of_objects")
    array = ctypes.c_int64 * len(words)
    make.argtypes, make.restype = [array, ctypes.c_int64, ctypes.py_object], ctypes.py_object
    return make(array(*words), len(words), tensors)  # type: ignore[no-any-return]


@cache
def _python_library() -> ctypes.PyDLL:
    """The library for functions that work with objects of Python."""
    return ctypes.PyDLL(str(loaded_library_path()))


@cache
def cpu_level() -> str:
    """The instruction-set level in use; OPSBRIDGE_ISA can name a narrower one than the CPU has."""
    try:
        return CPU_LEVELS[_library().get_function("cpu_level")()]
    except TypeError as error:
        raise NativeLibraryError(f"opsbridge: {error}") from error


def loaded_library_path() -> Path:
    """Where the library lies, for others that open it, too.

    It is loaded before: opened where the functions of tvm-ffi are not in sight, it would be without
    them for good.
    """
    cpu_level()
    return library_path()


@cache
def tensor_from_dlpack() -> Callable[[Any], Any]:
    """What turns a DLPack capsule into an argument of a native function."""
    _library()
    import tvm_ffi

    return tvm_ffi.from_dlpack  # type: ignore[no-any-return]
