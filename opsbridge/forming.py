"""Arguments and results in the form of a framework: axes turned, columns in order, units changed.

The form is a fact of the tables (`opsbridge.tables.forms`). Here it is done to tensors, by their
own framework's operations, so that gradients and graphs go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opsbridge.errors import DerivativeError
from opsbridge.frameworks import FrameworkLayer
from opsbridge.tables.bind import Step
from opsbridge.tables.forms import Form, factors, turned
from opsbridge.tables.schema import Return


def sizes_of(steps: Sequence[Step], values: Sequence[Any], layer: FrameworkLayer) -> dict[str, int]:
    """How long the named axes of the tensors are."""
    return {
        str(axis): size
        for step, value in zip(steps, values, strict=True)
        if step.takes_tensor and hasattr(value, "shape")
        for axis, size in zip(
            reversed(step.param.shape), reversed(layer.shape(value)), strict=False
        )
    }


def formed(
    value: Any,
    form: Form,
    layer: FrameworkLayer | None,
    sizes: Mapping[str, int],
    turns: bool = True,
) -> Any:
    """An argument as its slot wants it; its axes are left as they are unless it `turns`."""
    times, plus = factors(form.times, sizes), factors(form.plus, sizes)
    if layer is None or not hasattr(value, "shape"):
        return _in_unit(value, times, plus)
    _check_is_open(value)
    if form.axes and turns:
        value = turned_tensor(value, form.axes)
    if 0 in layer.shape(value):
        return value
    if isinstance(times, tuple) or isinstance(plus, tuple):
        value = _by_columns(value, times, plus, layer)
    else:
        value = _in_unit(value, times, plus)
    if form.order:
        value = value[..., list(form.order)]
    return value if form.layout == "xyxy" else _corners(value, form.layout, layer)


def given_form(result: Any, value: Return, axes: Sequence[Any], layer: FrameworkLayer) -> Any:
    """A result of the core, whose axes these are, as the API returns it."""
    order = turned(axes, value.shape) if value.shape else ()
    if not order and value.times == 1 and value.plus == 0:
        return result
    _check_is_open(result)
    if order:
        result = turned_tensor(result, order)
    if value.times == 1 and value.plus == 0:
        return result
    dtype = layer.dtype(result)
    # Masks cannot be multiplied, and small integers without a sign have no room below 0.
    wide = layer.cast(result, "int64") if dtype in ("bool", "uint8") else result
    return layer.cast(_in_unit(wide, value.times, value.plus), dtype)


def _check_is_open(tensor: Any) -> None:
    if not hasattr(tensor, "__getitem__"):
        raise DerivativeError(
            "an API whose tensors have a form of their own cannot be in a graph of MindSpore; "
            "call it outside of the graph"
        )


def _in_unit(value: Any, times: Any, plus: Any) -> Any:
    """Integers stay integers where they can."""
    if times != 1:
        value = value * times
    if plus != 0:
        value = value + (int(plus) if float(plus).is_integer() else plus)
    return value


def _by_columns(value: Any, times: Any, plus: Any, layer: FrameworkLayer) -> Any:
    count = layer.shape(value)[-1]
    by = times if isinstance(times, tuple) else (times,) * count
    more = plus if isinstance(plus, tuple) else (plus,) * count
    return layer.joined(
        [
            _in_unit(value[..., i : i + 1], *each)
            for i, each in enumerate(zip(by, more, strict=True))
        ]
    )


def _corners(value: Any, layout: str, layer: FrameworkLayer) -> Any:
    """The last four columns as corners; they were the first corner or the centre, and the size."""
    first, place, size = value[..., :-4], value[..., -4:-2], value[..., -2:]
    if layout == "cxcywh":
        place = place - size * 0.5
    return layer.joined([first, place, place + size])


def turned_tensor(tensor: Any, axes: Sequence[int]) -> Any:
    """A tensor whose last axes are in this order; those before stay."""
    leading = len(tensor.shape) - len(axes)
    order = (*range(leading), *(leading + axis for axis in axes))
    return tensor.permute(*order) if hasattr(tensor, "permute") else tensor.transpose(order)
