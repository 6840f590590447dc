"""Whatever real MindSpore offers by name can be imported, if only to say that it is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
pytest.importorskip("mindspore", reason="compares with the real MindSpore")

from opsbridge.mindspore.names import look_up

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
