"""Writing into parameters in place: the parameter itself is the result, as in MindSpore."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.mindspore.calls import Primitive
from opsbridge.mindspore.converters import to_tensor
from opsbridge.mindspore.results import no_overrides


def assign(variable: Any, value: Any) -> Any:
    """Give a parameter new values and return it."""
    with torch.no_grad(), no_overrides():
        variable.copy_(to_tensor(value))
    return variable


def assign_add(variable: Any, value: Any) -> Any:
    """Add to a parameter in place and return it."""
    with torch.no_grad(), no_overrides():
        variable.add_(to_tensor(value).to(variable.dtype))
    return variable


def assign_sub(variable: Any, value: Any) -> Any:
    """Subtract from a parameter in place and return it."""
    with torch.no_grad(), no_overrides():
        variable.sub_(to_tensor(value).to(variable.dtype))
    return variable


class Assign(Primitive):
    """The operator of `assign`."""

    __call__ = staticmethod(assign)


class AssignAdd(Primitive):
    """The operator of `assign_add`."""

    __call__ = staticmethod(assign_add)


class AssignSub(Primitive):
    """The operator of `assign_sub`."""

    __call__ = staticmethod(assign_sub)
