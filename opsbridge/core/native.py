"""Loads the compiled kernels at the first call, once, and says plainly why when it cannot."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from opsbridge.errors import NativeLibraryError

CPU_LEVELS = ("baseline", "avx2", "avx512")

_LIBRARY = "opsbridge/libopsbridge.so"


def library_path() -> Path:
    """Where the installed library lies; in an editable install that is not beside the sources."""
    try:
        path = Path(str(importlib.metadata.distribution("opsbridge").locate_file(_LIBRARY)))
    except importlib.metadata.PackageNotFoundError:
        raise NativeLibraryError(
            "opsbridge is not installed, so it has no compiled kernels; run `pip install .`"
        ) from None
    if not path.is_file():
        raise NativeLibraryError(f"opsbridge: the compiled kernels are missing: {path}")
    return path


@cache
def _library() -> Any:
    path = library_path()
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
