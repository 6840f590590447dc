"""Whatever real MindSpore offers by name can be imported, if only to say that it is missing."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
pytest.importorskip("mindspore", reason="compares with the real MindSpore")

import opsbridge.mindspore
from opsbridge.mindspore.names import Placeholder, look_up, module_of
from opsbridge.tables.port_load import find_port_entry, port_entries

MODULES = (
    "mindspore",
    "mindspore.common.initializer",
    "mindspore.nn",
    "mindspore.numpy",
    "mindspore.ops",
)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_a_meaning(module: str) -> None:
    real = importlib.import_module(module)
    # MindSpore 2.10 lists private names, too, and the characters of its version.
    named = [name for name in real.__all__ if hasattr(real, name) and not name.startswith("_")]
    public = [name for name in named if not isinstance(getattr(real, name), ModuleType)]
    assert len(public) > 10
    for name in public:
        look_up(f"{module}.{name}")


@pytest.mark.parametrize("module", MODULES)
def test_an_import_of_all_names_has_those_of_mindspore(module: str) -> None:
    real = importlib.import_module(module)
    covered = {name for name in real.__all__ if find_port_entry(f"{module}.{name}")}
    assert len(covered) > 10
    assert covered <= set(module_of(module).__all__)


def test_all_names_of_a_module_that_is_known_under_another_name() -> None:
    found: dict[str, object] = {}
    with opsbridge.mindspore.as_mindspore():
        exec("from mindspore.common.initializer import *", found)
        exec("from mindspore.ops.operations import *", found)
    assert found["Normal"] is look_up("mindspore.common.initializer.Normal")
    assert found["ROIAlign"] is look_up("mindspore.ops.ROIAlign")
    assert not [name for name in found if "." in name]


# Code imports from the files of MindSpore, too: `from mindspore.nn.optim.ada_grad import Adagrad`.
PACKAGES = {
    "mindspore.nn.grad": "mindspore.nn",
    "mindspore.nn.layer": "mindspore.nn",
    "mindspore.nn.loss": "mindspore.nn",
    "mindspore.nn.optim": "mindspore.nn",
    "mindspore.nn.wrap": "mindspore.nn",
    "mindspore.numpy": "mindspore.numpy",
    "mindspore.ops.composite": "mindspore.ops",
    "mindspore.ops.function": "mindspore.ops",
    "mindspore.ops.operations": "mindspore.ops",
}


@pytest.mark.parametrize("package", PACKAGES)
def test_names_in_files_of_a_package_are_those_of_its_module(package: str) -> None:
    module = PACKAGES[package]
    public = importlib.import_module(module)
    files = [file.name for file in pkgutil.iter_modules(importlib.import_module(package).__path__)]
    for file in files:
        if file.startswith("_"):
            continue
        path = f"{package}.{file}"
        inside = importlib.import_module(path)
        for name, real in vars(inside).items():
            if name.startswith("_") or getattr(real, "__module__", "") != path:
                continue
            met = look_up(f"{path}.{name}")
            if name in public.__all__ and getattr(public, name) is real:
                meant = look_up(f"{module}.{name}")
                assert met is meant or isinstance(meant, Placeholder), f"{path}.{name}"


def test_no_file_of_the_surface_hides_a_name() -> None:
    """`opsbridge.mindspore.x`, as translated code says it, is the name x and no file x.py."""
    files = {
        f"mindspore.{each.name}" for each in pkgutil.iter_modules(opsbridge.mindspore.__path__)
    }
    assert "mindspore.tensors" in files
    assert not files & {entry.name for entry in port_entries().values()}


def test_the_function_of_the_class_tensor() -> None:
    from opsbridge.mindspore import Tensor, tensor

    made = tensor([1, 2], opsbridge.mindspore.float16)
    assert isinstance(made, Tensor)
    assert made.tolist() == [1.0, 2.0]


def test_the_class_of_dtypes() -> None:
    real = importlib.import_module("mindspore")
    for name in ("float16", "int32", "bool_"):
        assert isinstance(getattr(real, name), real.Type)
        assert isinstance(look_up(f"mindspore.{name}"), look_up("mindspore.Type"))
    assert not isinstance(3, look_up("mindspore.Type"))
