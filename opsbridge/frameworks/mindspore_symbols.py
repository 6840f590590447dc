"""Calls of core operators while a graph is compiled: taken down, to be made when the graph runs.

The public callable is called with symbols for its tensors. So arguments are converted, rules chosen
and shapes, dtypes and settings checked as ever; the native call at the end is recorded in place of
being made.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from opsbridge.core import OPERATORS
from opsbridge.core.native import native_function
from opsbridge.core.operator import Operator
from opsbridge.errors import OpsbridgeError
from opsbridge.frameworks import register_layer
from opsbridge.frameworks.eager import EagerLayer
from opsbridge.frameworks.gradients import gradient_outputs
from opsbridge.frameworks.host import host_threads

# As in csrc/binding/mindspore.cc: a hole in a recorded call is an input + 1, or one of the outputs.
_FIRST_OUTPUT_HOLE = 65
_HOLE_TAG = 4
_INT_TAG = 1
_MAX_ARGUMENTS = 63

FLOATS = ("float16", "bfloat16", "float32", "float64")


class Unknown:
    """The size of an axis of an input that is not known yet: it fits whatever is expected of it.

    The native call checks it again when the graph runs.
    """

    def __init__(self, tensor: int, axis: int) -> None:
        self.tensor, self.axis = tensor, axis

    def __eq__(self, other: object) -> bool:
        if other == 1 and not isinstance(other, Unknown):
            _refuse_unknown()
        return isinstance(other, Unknown) or other != 0

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]

    def __rmul__(self, other: Any) -> Any:
        return other

    def __mod__(self, other: Any) -> NoReturn:
        _refuse_unknown()

    __floordiv__ = __mod__

    def __repr__(self) -> str:
        return "?"


def _refuse_unknown() -> NoReturn:
    raise OpsbridgeError(
        "in a graph, the number of channels of position-sensitive features and the axes of boxes "
        "before the last two must be known when it is compiled"
    )


@dataclass(frozen=True, eq=False)
class Symbol:
    """A tensor of a graph that is being compiled: the input number `place` of the recorded call."""

    place: int
    shape: tuple[Any, ...]
    dtype: str


class Destination(ctypes.c_void_p):
    """An output of the recorded call; tvm-ffi hands it to the recorder as an opaque pointer."""

    def __init__(self, place: int, shape: tuple[Any, ...], dtype: str) -> None:
        super().__init__(_FIRST_OUTPUT_HOLE + place)
        self.shape, self.dtype, self.is_cut = shape, dtype, False


@dataclass(frozen=True)
class NativeCall:
    """A recorded native call: its results, and its arguments as csrc/binding/mindspore.h has them.

    `counts_rows` says that it returns how many rows of its cut results it has filled.
    """

    results: tuple[Destination, ...]
    arguments: np.ndarray[Any, Any]
    counts_rows: bool = False


@dataclass(frozen=True)
class Recording:
    """A call of a core operator, its native call and, where there is one, that of its gradient.

    `dtypes` are those in which the native calls want the inputs.
    """

    operator: Operator
    arguments: dict[str, Any]
    dtypes: dict[int, str]
    forward: NativeCall
    backward: NativeCall | None


class _Properties(EagerLayer):
    """What is known of symbols."""

    def shape(self, tensor: Symbol) -> tuple[Any, ...]:
        return tensor.shape

    def dtype(self, tensor: Symbol) -> str:
        return tensor.dtype

    def device(self, tensor: Symbol) -> str:
        return "cpu"

    def item(self, tensor: Symbol, *index: int) -> NoReturn:
        raise OpsbridgeError("values are not known while a graph is compiled")

    def cast(self, tensor: Symbol, dtype: str) -> Symbol:
        return Symbol(tensor.place, tensor.shape, dtype)

    def threads(self) -> int:
        return host_threads()


class _Recorder(_Properties):
    """The layer that one call of a core operator is recorded with."""

    def __init__(self) -> None:
        self.destinations: list[Destination] = []
        self.dtypes: dict[int, str] = {}

    def native(self, tensor: Symbol) -> ctypes.c_void_p:
        self.dtypes[tensor.place] = tensor.dtype
        return ctypes.c_void_p(tensor.place + 1)

    def empty(self, shape: tuple[Any, ...], dtype: str, like: Symbol) -> Destination:
        self.destinations.append(Destination(len(self.destinations), shape, dtype))
        return self.destinations[-1]

    def finish(self, destination: Destination, length: int | None = None) -> Destination:
        destination.is_cut = length is not None
        return destination

    def record(self, operator: Operator, arguments: dict[str, Any]) -> NativeCall:
        """The native call that the operator makes."""
        record_next_call = native_function("record_next_call")
        rows = np.zeros((1 + _MAX_ARGUMENTS, 2), np.int64)
        record_next_call(rows)
        try:
            results = operator.run(self, **arguments)
        finally:
            if not rows[0, 0]:
                record_next_call(rows)  # no call came, so this one is the next
        called = rows[1 : 1 + rows[0, 0]]
        _number_outputs(called, results)
        return NativeCall(results, called, bool(operator.cut))


def _number_outputs(called: np.ndarray[Any, Any], results: tuple[Destination, ...]) -> None:
    """Output holes in the order of the results, whatever order they were allocated in."""
    places = {result.value: _FIRST_OUTPUT_HOLE + i for i, result in enumerate(results)}
    for row in called:
        if row[0] == _HOLE_TAG and row[1] >= _FIRST_OUTPUT_HOLE:
            row[1] = places[int(row[1])]


class SymbolLayer(_Properties):
    """The layer of `Symbol`."""

    def is_tensor(self, kind: type) -> bool:
        return issubclass(kind, Symbol)

    def is_recording(self) -> bool:
        return True

    def run(self, operator: str, **arguments: Any) -> tuple[Recording, ...]:
        """Record a call; the recording stands for each of its results."""
        called = OPERATORS[operator]
        recorder = _Recorder()
        forward = recorder.record(called, arguments)
        backward = _record_backward(called, arguments, forward)
        recording = Recording(called, arguments, recorder.dtypes, forward, backward)
        return (recording,) * len(forward.results)


def _record_backward(
    operator: Operator, arguments: dict[str, Any], forward: NativeCall
) -> NativeCall | None:
    main: Symbol = arguments[operator.main]
    if operator.backward is None or main.dtype not in FLOATS:
        return None
    result, tensors = forward.results[0], _tensors(arguments)
    gradient = Symbol(1 + max(each.place for each in tensors.values()), result.shape, result.dtype)
    changed = {"gradient": gradient, "outputs": gradient_outputs(operator)}
    return _Recorder().record(OPERATORS[operator.backward], arguments | changed)


def call_of_refused_gradient(recording: Recording, inputs: int) -> NativeCall:
    """The call that refuses gradients of the results, and makes zeros of the inputs' shapes."""
    gradients = len(recording.forward.results)
    tensors = {each.place: each for each in _tensors(recording.arguments).values()}
    zeros = tuple(
        Destination(place, tensors[place].shape, tensors[place].dtype)
        if place in tensors
        else Destination(place, (0,), "float32")
        for place in range(inputs)
    )
    holes = [inputs + 1 + i for i in range(gradients)] + [zero.value for zero in zeros]
    rows = [[_INT_TAG, gradients], [_INT_TAG, inputs], *([_HOLE_TAG, hole] for hole in holes)]
    return NativeCall(zeros, np.array(rows, np.int64))


def _tensors(arguments: dict[str, Any]) -> dict[str, Symbol]:
    return {name: each for name, each in arguments.items() if isinstance(each, Symbol)}


register_layer(Symbol, SymbolLayer())
