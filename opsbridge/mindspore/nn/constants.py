"""Tensors that attributes of a Cell hold beside its parameters: they follow it to other devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from opsbridge.mindspore.parameter import Parameter


def moved(value: Any, move: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Return `value` with every tensor in it moved, also inside tuples, lists and dictionaries.

    Lists and dictionaries keep their identity; parameters are moved where they are registered.
    """
    if isinstance(value, torch.Tensor):
        return value if isinstance(value, Parameter) else move(value)
    if type(value) is tuple:
        parts = tuple(moved(part, move) for part in value)
        same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if same else parts
    if type(value) is list:
        value[:] = [moved(part, move) for part in value]
    elif type(value) is dict:
        value.update({key: moved(part, move) for key, part in value.items()})
    return value
