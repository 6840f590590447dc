"""The constructors of layers take what the table says: names, order, defaults."""

from __future__ import annotations

import functools
import inspect
from typing import Any, TypeVar

from opsbridge.mindspore.calls import Binder
from opsbridge.mindspore.converters import to_dtype
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.tables.port_load import port_entries

_Layer = TypeVar("_Layer", bound=type[Cell])


def from_table(layer: _Layer) -> _Layer:
    """Give a layer the constructor of its entry; the one it has gets every argument by name."""
    binder = Binder(port_entries()[f"mindspore.nn.{layer.__name__}"], "init")
    set_up = layer.__init__

    @functools.wraps(set_up)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        values = binder(args, kwargs)
        if "dtype" in values:
            values["dtype"] = to_dtype(values["dtype"])
        set_up(self, **values)

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = binder.signature().parameters.values()
    construct.__signature__ = inspect.Signature([own, *parameters])  # type: ignore[attr-defined]
    layer.__init__ = construct  # type: ignore[method-assign]
    return layer
