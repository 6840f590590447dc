"""`torchvision.ops` for the tensors of this surface: the functions of opsbridge.torchvision.ops."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from opsbridge.torch.tensors import Tensor
from opsbridge.torchvision import ops as _all

__all__ = ["ops"]


def _on_held(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function for tensors of this surface: it sees what they hold."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        given = [_held(value) for value in args]
        named = {name: _held(value) for name, value in kwargs.items()}
        return _shown(function(*given, **named))

    return called


def _held(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_held, value))
    return value.held if isinstance(value, Tensor) else value


def _shown(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_shown, value))
    is_tensor = type(value).__module__.split(".")[0] == "mindspore"
    return Tensor.holding(value) if is_tensor else value


_functions = {
    name: _on_held(getattr(_all, name))
    for name in _all.__all__
    if not inspect.isclass(getattr(_all, name))
}
ops = SimpleNamespace(__all__=tuple(_functions), **_functions)
