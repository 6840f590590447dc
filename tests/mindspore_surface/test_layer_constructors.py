"""The constructors of layers: as the table has them, also for classes that derive from a layer."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge.errors import DtypeError
from opsbridge.mindspore import nn
from opsbridge.tables.port_load import port_entries

LAYERS = [
    "BatchNorm3d",
    "Conv1d",
    "Conv2d",
    "Conv3dTranspose",
    "Dense",
    "GroupNorm",
    "MaxPool2d",
    "MultiheadAttention",
]


@pytest.mark.parametrize("name", LAYERS)
def test_the_signature_is_that_of_the_table(name: str) -> None:
    params = port_entries()[f"mindspore.nn.{name}"].params
    signature = inspect.signature(getattr(nn, name))
    assert list(signature.parameters) == [param.name for param in params]
    for param in params:
        default = signature.parameters[param.name].default
        assert default == (inspect.Parameter.empty if param.is_required else param.default)


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "MaxPool2d"])
def test_what_is_missing_or_unknown_is_named(name: str) -> None:
    first = port_entries()[f"mindspore.nn.{name}"].params[0].name
    with pytest.raises(DtypeError, match=f"{name}: {first} is missing"):
        getattr(nn, name)()
    with pytest.raises(DtypeError, match=f"{name}: has no parameter colour"):
        getattr(nn, name)(1, 1, 1, colour="red")


def test_a_class_that_derives_from_a_layer_has_its_own_constructor() -> None:
    class Wide(nn.Conv2d):  # type: ignore[misc,name-defined]
        def __init__(self, channels: int, scale: int = 2) -> None:
            super().__init__(channels, channels * scale, 3, pad_mode="pad", padding=1)
            self.scale = scale

    assert list(inspect.signature(Wide).parameters) == ["channels", "scale"]
    layer: Any = copy.deepcopy(Wide(2, scale=3))
    assert (layer.out_channels, layer.pad_mode, layer.scale) == (6, "pad", 3)
    assert next(iter(inspect.signature(nn.Conv2d).parameters)) == "in_channels"
