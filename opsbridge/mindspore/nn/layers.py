"""Layers that are one module of PyTorch with other names of its arguments, built from the table."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any, Self

import torch

from opsbridge.mindspore.calls import Binder
from opsbridge.mindspore.converters import CONVERTERS
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter
from opsbridge.tables.port_schema import PortEntry

_HUB = "torch_module"


class Layer(Cell):
    """A Cell that passes its inputs through one torch.nn.Module, whose parameters are its own."""

    _binder: Binder
    _entry: PortEntry
    _hub_class: type[torch.nn.Module]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self._given = self._binder(args, kwargs)
        for name, value in self._given.items():
            object.__setattr__(self, name, value)
        options = {
            key: CONVERTERS[argument.convert](self._given[argument.param])
            if argument.param
            else argument.value
            for key, argument in self._entry.arguments.items()
        }
        self._modules[_HUB] = self._hub_class(**options).eval()
        self._adopted = self._adopt(self._modules[_HUB])

    def _adopt(self, hub: Any) -> tuple[str, ...]:
        """Take over the hub's parameters and buffers: all are parameters here, as in MindSpore."""
        members = {**hub._parameters, **hub._buffers}
        hub._parameters.clear()
        hub._buffers.clear()
        for name, value in members.items():
            trained = isinstance(value, torch.nn.Parameter)
            own = None if value is None else Parameter(as_tensor(value.detach()), name, trained)
            setattr(self, name, own)
        return tuple(members)

    def construct(self, *inputs: Any) -> Any:
        """Return what the module makes of the inputs."""
        hub: Any = self._modules[_HUB]
        hub.__dict__.update({name: plain(getattr(self, name)) for name in self._adopted})
        try:
            result = hub(*map(plain, inputs))
        finally:
            for name in self._adopted:
                del hub.__dict__[name]
        return tuple(map(as_tensor, result)) if isinstance(result, tuple) else as_tensor(result)

    # The module inside has no weights of its own, so that whoever goes over all modules and asks
    # for them must not meet it.

    def apply(self, fn: Callable[[torch.nn.Module], Any]) -> Self:
        """Call a function on this layer."""
        fn(self)
        return self

    def named_modules(
        self,
        memo: set[torch.nn.Module] | None = None,
        prefix: str = "",
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, torch.nn.Module]]:
        """Return this layer under its name, unless `memo` has it."""
        memo = set() if memo is None else memo
        if self not in memo:
            if remove_duplicate:
                memo.add(self)
            yield prefix, self

    def __repr__(self) -> str:
        """Return the name and the arguments; the module has no parameters that it could show."""
        names = [param.name for param in self._entry.params if param.name in self._given]
        given = ", ".join(f"{name}={self._given[name]}" for name in names)
        return f"{type(self).__name__}({given})"


def layer_class(entry: PortEntry) -> type[Layer]:
    """Return the class of a layer whose entry names a torch.nn.Module and its arguments."""
    module, _, last = entry.torch.rpartition(".")
    binder = Binder(entry, "init")
    members = {
        "__module__": f"opsbridge.{entry.module}",
        "__doc__": f"As {entry.torch}, with MindSpore's arguments.",
        "__signature__": binder.signature(),
        "_binder": binder,
        "_entry": entry,
        "_hub_class": getattr(importlib.import_module(module), last),
    }
    return type(entry.last, (Layer,), members)


class Identity(Cell):
    """Return the input; any arguments are ignored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def construct(self, x: Any) -> Any:
        """Return x."""
        return x
