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


class ApplyMomentum(Primitive):
    """A step of a parameter: accumulation = accumulation * momentum + gradient * gradient_scale;
    variable -= learning_rate * accumulation, or with use_nesterov of gradient + momentum * that.
    """

    def __init__(
        self, use_nesterov: bool = False, use_locking: bool = False, gradient_scale: float = 1.0
    ) -> None:
        """Keep the settings; use_locking has no effect."""
        self.use_nesterov, self.gradient_scale = use_nesterov, gradient_scale

    def __call__(
        self, variable: Any, accumulation: Any, learning_rate: Any, gradient: Any, momentum: Any
    ) -> Any:
        """Change the parameter and the accumulation in place; return the parameter."""
        with torch.no_grad(), no_overrides():
            step = gradient * self.gradient_scale
            accumulation.mul_(momentum).add_(step)
            moved = step + accumulation * momentum if self.use_nesterov else accumulation
            variable.sub_(moved * learning_rate)
        return variable
