"""`opsbridge info`: versions, compiled kernels and frameworks of this installation."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform

from opsbridge.core.native import cpu_level, cuda_library_path, library_path
from opsbridge.errors import NativeLibraryError
from opsbridge.frameworks.host import host_threads
from opsbridge.tables.load import all_api_names

_PACKAGES = ("opsbridge", "numpy", "apache-tvm-ffi", "torch", "torchvision", "mindspore")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command takes no arguments."""


def run(args: argparse.Namespace) -> int:
    """Print the facts; the exit status is 1 when the kernels cannot be loaded."""
    print(f"Python: {platform.python_version()}")
    for package in _PACKAGES:
        print(f"{package}: {_version(package)}")
    print(f"APIs: {', '.join(all_api_names())}")
    print(f"CUDA kernels: {_cuda_kernels()}")
    try:
        print(f"CPU kernels: {library_path().name}, level {cpu_level()}, {host_threads()} threads")
    except NativeLibraryError as error:
        print(f"CPU kernels: {error}")
        return 1
    return 0


def _cuda_kernels() -> str:
    try:
        path = cuda_library_path()
    except NativeLibraryError as error:
        return str(error)
    return "not built" if path is None else f"{path.name}, loaded at the first CUDA tensor"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
