"""Kernels that cannot be loaded are an error that says where they were looked for, and why."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opsbridge.core import native
from opsbridge.errors import NativeLibraryError
from opsbridge.frontend import api


@pytest.fixture(autouse=True)
def _loaded_afresh() -> Iterator[None]:
    cached = (native._library, native.native_function, native.cpu_level)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


class Distribution:
    """An installation whose files lie in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def locate_file(self, name: str) -> Path:
        return self.folder / name


def install_in(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Make opsbridge look for its library in this folder; returns the path it will look at."""
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Distribution(folder))
    return folder / "opsbridge" / "libopsbridge.so"


def call() -> Any:
    """Any call that needs the kernels, of an API that has not called them before."""
    nms = api("torchvision/nms", __name__)
    return nms(np.zeros((1, 4), np.float32), np.zeros(1, np.float32), 0.5)


def test_the_library_is_found_and_loaded() -> None:
    assert native.library_path().is_file()
    assert native.cpu_level() in native.CPU_LEVELS
    assert call().tolist() == [0]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = install_in(monkeypatch, tmp_path)
    with pytest.raises(NativeLibraryError) as caught:
        call()
    assert str(caught.value) == f"opsbridge: the compiled kernels are missing: {path}"


def test_a_broken_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = install_in(monkeypatch, tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"no library")
    with pytest.raises(NativeLibraryError) as caught:
        call()
    assert str(caught.value).startswith(f"opsbridge: {path} cannot be loaded: ")


def test_a_source_tree_that_is_not_installed_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(name: str) -> Any:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", not_found)
    with pytest.raises(NativeLibraryError) as caught:
        call()
    assert str(caught.value) == (
        "opsbridge is not installed, so it has no compiled kernels; run `pip install .`"
    )


def test_a_missing_binding_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tvm_ffi", None)
    with pytest.raises(NativeLibraryError, match="apache-tvm-ffi cannot be imported"):
        call()


def test_a_failure_is_not_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as broken:
        install_in(broken, tmp_path)
        with pytest.raises(NativeLibraryError):
            call()
    assert call().tolist() == [0]


def test_raw_functions_refuse_wrong_calls_instead_of_crashing() -> None:
    raw = native.native_function("nms")
    boxes = np.zeros((2, 4), np.float32)
    for arguments in (
        (),
        (boxes,),
        (boxes, 0, -1, None),
        (boxes[0], 0, -1, boxes),
        ("boxes",) * 23,
    ):
        with pytest.raises(TypeError):
            raw(*arguments)
    with pytest.raises(TypeError, match="boxes have too few columns"):
        raw(
            boxes, 1, -1, np.zeros(2, np.float32), None, 0, 0.5, float("nan"), 1.0,
            *(-1, -1, -1), 1, *(None,) * 10,
        )  # fmt: skip
