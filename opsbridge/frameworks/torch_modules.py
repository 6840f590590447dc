"""Configured operators as `torch.nn.Module`s: in `nn.Sequential`, as submodules, with hooks."""

from __future__ import annotations

from typing import Any

from torch.nn import Module

_MODULE_FORMS: dict[type[Any], type[Any]] = {}


def blank_module(cls: type[Any]) -> Any:
    """An object of `cls`, or of the module class derived from it, not configured yet."""
    made = object.__new__(_module_form(cls))
    Module.__init__(made)
    return made


def _module_form(cls: type[Any]) -> type[Any]:
    if issubclass(cls, Module):
        return cls
    form = _MODULE_FORMS.get(cls)
    if form is None:
        form = _MODULE_FORMS[cls] = _derive(cls)
    return form


def _derive(cls: type[Any]) -> type[Any]:
    return type(
        cls.__name__,
        (cls, Module),
        {
            # Looked up at the call: FX puts its own there while it traces.
            "__call__": lambda self, *args, **kwargs: Module.__call__(self, *args, **kwargs),
            "__doc__": cls.__doc__,
            "__module__": cls.__module__,
            "__qualname__": cls.__qualname__,
            # Under its name only `cls` is found, which makes modules wherever PyTorch is loaded.
            "__reduce_ex__": lambda self, protocol: (_remake, (cls,), self.__getstate__()),
        },
    )


def _remake(cls: Any) -> Any:
    return cls.__new__(cls)
