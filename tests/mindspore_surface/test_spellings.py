"""Names that real MindSpore offers under several paths mean one thing on the surface, too."""

from __future__ import annotations

import importlib

import pytest

from opsbridge.mindspore.names import look_up
from opsbridge.tables.port_load import port_entries

pytest.importorskip("torch")


def spellings() -> list[tuple[str, str]]:
    return [
        (other, entry.name)
        for entry in port_entries().values()
        for other in entry.spellings
        if entry.name.startswith("mindspore.")
    ]


def real(name: str) -> object:
    """What a full name is in real MindSpore, or None where this version lacks it."""
    module, _, last = name.replace("mindspore.dtype", "mindspore.common.dtype").rpartition(".")
    try:
        return getattr(importlib.import_module(module), last, None)
    except ImportError:
        return None


@pytest.mark.parametrize(
    "name",
    [
        "mindspore.ops.value_and_grad",
        "mindspore.ops.functional.grad",
        "mindspore.half",
        "mindspore.numpy.float32",
        "mindspore.mint.nn.functional.relu",
        "mindspore.ops.tensor_gt",
    ],
)
def test_the_surface_has_it(name: str) -> None:
    assert look_up(name) is not None


def test_other_spellings_are_the_same_object_in_mindspore() -> None:
    pytest.importorskip("mindspore")
    pairs = [(real(other), real(name), other) for other, name in spellings()]
    both = [each for each in pairs if each[0] is not None and each[1] is not None]
    assert len(both) > 100
    # TensorType is the class of tensor_type; code takes either as the type of a tensor. And tensor
    # is a function that calls Tensor.
    different = {other for one, same, other in both if one is not same and one != same}
    types = {"mindspore.dtype.TensorType", "mindspore.common.dtype.TensorType"}
    assert different <= {*types, "mindspore.tensor"}
