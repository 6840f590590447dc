"""Tensors on their way to PyTorch and back: its own Python code trips over MindSpore's methods."""

from __future__ import annotations

import importlib
from typing import Any

import torch

_kind: list[type[torch.Tensor]] = []
no_overrides = torch._C.DisableTorchFunctionSubclass
"""A context in which operators see and give plain tensors."""


def results_are(kind: type[torch.Tensor]) -> None:
    """Say which class the tensors of the surface have."""
    _kind[:] = [kind]


def kind_of_results() -> type[torch.Tensor]:
    """The class of the tensors of the surface."""
    return _kind[0]


def shown(value: Any) -> Any:
    """Return results with their tensors as Tensors; other values stay as they are."""
    if isinstance(value, torch.Tensor):
        if not _kind:  # translated code may call operators without ever naming the class
            importlib.import_module("opsbridge.mindspore.tensors")
        return value if isinstance(value, _kind[0]) else value.as_subclass(_kind[0])
    if isinstance(value, tuple | list):
        members = [shown(each) for each in value]
        return members if type(value) is list else tuple(members)
    return value


def plain(value: Any) -> Any:
    """Return a value with its tensors as torch's own class, sharing memory and gradients."""
    if torch.compiler.is_compiling():  # tracing calls no Python code of torch's on them
        return value
    if isinstance(value, torch.Tensor):
        return value.as_subclass(torch.Tensor)
    if type(value) in (tuple, list):
        return type(value)(map(plain, value))
    if type(value) is dict:
        return {key: plain(each) for key, each in value.items()}
    return value
