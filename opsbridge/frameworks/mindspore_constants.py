"""What a graph holds of a call: the constants that a custom operator reads it from.

The layout is that of csrc/binding/mindspore.h.
"""

from __future__ import annotations

import itertools
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor
from mindspore.ops import PrimitiveWithInfer

from opsbridge.errors import ArgumentError
from opsbridge.frameworks.gradients import missing_gradient
from opsbridge.frameworks.mindspore_refusals import remember
from opsbridge.frameworks.mindspore_symbols import (
    Destination,
    NativeCall,
    Recording,
    Symbol,
    Unknown,
    call_of_refused_gradient,
)

# How many inputs every recorded call has in a graph; the longest has fewer.
INPUTS = 14

_NUMBERS = itertools.count()


class RecordCall(PrimitiveWithInfer):  # type: ignore[misc]
    """Calls an API with symbols while a graph is compiled.

    Its value is constant: the templates and the recorded call, the same of its gradient, fillers;
    and for every tensor of the call a tensor of the dtype that it is wanted in.
    """

    def __init__(self, target: Any, places: tuple[int, ...]) -> None:
        super().__init__("OpsbridgeRecordCall")
        self.target, self.places = target, places
        parameters = target.operator.call_signature.parameters
        self.names = tuple(parameters)
        self.positional = sum(each.kind is not each.KEYWORD_ONLY for each in parameters.values())
        self.set_const_prim(True)
        # Primitives with the same attributes share what they infer.
        self.add_prim_attr("number", next(_NUMBERS))

    def __infer__(self, *arguments: dict[str, Any]) -> dict[str, Any]:
        values = [self._value(place, each) for place, each in enumerate(arguments)]
        rest = dict(zip(self.names[self.positional :], values[self.positional :], strict=True))
        returned = self.target(*values[: self.positional], **rest)
        recording: Recording = returned[0] if isinstance(returned, tuple) else returned
        return {"shape": None, "dtype": None, "value": self._constants(recording)}

    def _value(self, place: int, argument: dict[str, Any]) -> Any:
        if isinstance(argument["dtype"], mindspore.dtype.TensorType):
            return _symbol(self.places.index(place), argument)
        if argument["value"] is None and argument["dtype"] is not None:
            name = self.target.operator.plan.name
            raise ArgumentError(f"{name}: {self.names[place]} must be a constant in a graph")
        return argument["value"]

    def _constants(self, recording: Recording) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        count = len(self.places)
        constants = _call_constants(recording.forward, remember(recording))
        if recording.backward is None:
            refused = call_of_refused_gradient(recording, count)
            why = missing_gradient(recording.operator, recording.arguments)
            constants += _call_constants(refused, remember(why))
        else:
            constants += _call_constants(recording.backward, remember(recording))
        fillers = (constants[-1],) * (INPUTS - count - len(constants))
        likes = [_like(recording.dtypes.get(place, "float32")) for place in range(count)]
        return constants + fillers, tuple(likes)


def _symbol(place: int, argument: dict[str, Any]) -> Symbol:
    shape = tuple(
        Unknown(place, axis) if size < 0 else size for axis, size in enumerate(argument["shape"])
    )
    return Symbol(place, shape, str(argument["dtype"].element_type()).lower())


def _call_constants(call: NativeCall, record: int) -> tuple[Tensor, ...]:
    cut = [place for place, result in enumerate(call.results) if result.is_cut]
    filled_rows = call.results[cut[0]].shape[:1] if cut else (0,)
    outputs = [*call.results, Destination(0, filled_rows, "bool")]
    templates = [_template(len(outputs), each) for each in outputs]
    header = [[record, sum(1 << place for place in cut)], [len(call.arguments), call.counts_rows]]
    return (*templates, Tensor(np.concatenate([np.array(header), call.arguments])))


def _template(outputs: int, output: Destination) -> Tensor:
    """Says the dtype and the shape of an output without having any elements."""
    words = [
        2 * (16 * size.tensor + size.axis) + 1 if isinstance(size, Unknown) else 2 * size
        for size in output.shape
    ]
    return Tensor(np.zeros((0, outputs, *words), np.bool_), _element_type(output.dtype))


def _like(dtype: str) -> Tensor:
    return Tensor(np.zeros(0, np.bool_), _element_type(dtype))


def _element_type(dtype: str) -> Any:
    return mindspore.bool_ if dtype == "bool" else getattr(mindspore, dtype)
