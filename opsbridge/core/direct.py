"""Direct calls: native functions that take the arguments of a framework API as the user gave them.

A direct call is written once per API as a program of words, which csrc/binding/direct_program.h
reads. The function it gives checks everything that a plain call must satisfy and returns None where
it does not: then the operator itself, whose checks have messages, is to be called. So it never
complains about an argument, and says nothing that is not said elsewhere.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np

from opsbridge.core.checks import Caller
from opsbridge.core.native import object_call
from opsbridge.core.operator import Native, Operator
from opsbridge.core.rules import AxisValue, Rule
from opsbridge.core.sizes import Shape, Size, fixed_shape, shape_getter
from opsbridge.core.tensors import TensorLayer

# In the order of the enum of csrc/include/opsbridge/tensor.h.
DTYPES = (
    *("bool", "uint8", "uint16", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64"),
)
# What gives the functions of a native library.
Library = Callable[[str], Callable[..., int]]
_DECLINED = -1  # in place of a rule word; a word has at most 60 bits


class Source(IntEnum):
    """Where a native argument comes from, as csrc numbers it."""

    CONSTANT = 0
    TENSOR = 1
    NUMBER = 2
    INTEGER = 3
    POSITIVE_NUMBER = 4
    POSITIVE_INTEGER = 5
    RULE = 6
    OUTPUT = 7


_POSITIVE = (Source.POSITIVE_NUMBER, Source.POSITIVE_INTEGER)


@dataclass(frozen=True)
class Argument:
    """What the user's argument at a place is to a slot; a tensor has a shape and dtypes."""

    place: int
    source: Source
    shape: tuple[int | str, ...] = ()
    dtypes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """An enumerated argument of the user: each value has its own rules."""

    place: int
    values: tuple[AxisValue | None, ...]


@dataclass(frozen=True)
class Output:
    """A result: its dtype for each dtype of the main tensor, and its shape."""

    name: str
    dtypes: tuple[str, ...]
    shape: Shape
    is_cut: bool


@dataclass(frozen=True)
class Direct:
    """The direct calls of one framework API, which takes `count` arguments.

    `arguments` fill slots of the operator, `constants` hold other slots. `rules` has a rule for
    every one of the `dtypes` and every value of the `choices`, the last choice varying fastest.
    `on_device` are the calls on tensors of a GPU, if the device library takes some; those with
    rules at the places in `declined` are not direct.
    """

    operator: Operator
    native: Native
    count: int
    arguments: dict[str, Argument]
    constants: dict[str, int | float]
    choices: tuple[Choice, ...]
    dtypes: tuple[str, ...]
    rules: tuple[Rule, ...]
    wanted: tuple[tuple[str, str], ...]
    caller: Caller
    declined: frozenset[int] = frozenset()
    on_device: Direct | None = None

    @cached_property
    def tensors(self) -> tuple[int, ...]:
        """The places of the arguments that are tensors."""
        return tuple(sorted({each.place for each in self._tensor_arguments()}))

    @property
    def main(self) -> int:
        """The place of the tensor that decides the dtypes of the results."""
        return self.arguments[self.operator.main].place

    @cached_property
    def outputs(self) -> tuple[Output, ...]:
        """The results of a plain call."""
        per_dtype = len(self.rules) // len(self.dtypes)
        firsts = self.rules[::per_dtype]
        shapes = self._shapes(firsts[0])
        return tuple(
            Output(
                name=name,
                dtypes=tuple(
                    self._dtype(wanted, dtype, rule)
                    for dtype, rule in zip(self.dtypes, firsts, strict=True)
                ),
                shape=shapes[name],
                is_cut=name in self.operator.cut,
            )
            for name, wanted in self.wanted
        )

    def function(self, library: Library) -> Callable[..., Any]:
        """The function of a library that fills arrays given after the arguments.

        It gives a number, or None where it declines.
        """
        words = np.array(self._words, np.int64)
        return library(f"{self.operator.name}_direct")(words)  # type: ignore[return-value]

    def of_objects(self, tensors: Any) -> Callable[[tuple[Any, ...]], Any]:
        """The function that takes a tuple of arguments and makes results on the host.

        `tensors`, of `native.object_tensors`, says how. It gives None where it declines.
        """
        return object_call(self.operator.name, self._words, tensors)

    def run(self, layer: TensorLayer, values: tuple[Any, ...]) -> None:
        """Call the operator itself with the arguments of a direct call, for what it says."""
        slots = {
            slot: values[argument.place]
            for slot, argument in self.arguments.items()
            if argument.source not in _POSITIVE or values[argument.place] > 0
        }
        place = self.dtypes.index(layer.dtype(slots[self.operator.main]))
        for choice in self.choices:
            place = place * len(choice.values) + choice.values.index(values[choice.place])
        rule, outputs = self.rules[place], self.wanted
        self.operator.run(
            layer, **slots, **self.constants, rule=rule, outputs=outputs, caller=self.caller
        )

    def shape_getter(self, shape: Shape) -> Callable[[tuple[Any, ...]], Any]:
        """What computes a shape from the user's arguments."""
        return shape_getter(shape, {k: each.place for k, each in self.arguments.items()})

    def _tensor_arguments(self) -> Iterator[Argument]:
        return (each for each in self.arguments.values() if each.source == Source.TENSOR)

    def _shapes(self, rule: Rule) -> Mapping[str, Shape]:
        """The shapes of the outputs, computed by the operator from sizes that stand for numbers."""
        slots = {slot: Size(slot) for slot in self.arguments}

        def shape(tensor: Size) -> Shape:
            sizes = fixed_shape(self.arguments[tensor.slot].shape)
            return tuple(
                size if isinstance(size, int) else Size(tensor.slot, axis)
                for axis, size in enumerate(sizes)
            )

        return self.operator.shapes(shape, {**slots, "rule": rule})  # type: ignore[arg-type]

    def _dtype(self, wanted: str, dtype: str, rule: Rule) -> str:
        slots = {slot: Size(slot) for slot in self.arguments}
        return self.operator.result_dtype(wanted, dtype, {**slots, "rule": rule})

    def _word(self, place: int) -> int:
        """The word of a rule, unless it makes other results than the first choices do."""
        if place in self.declined:
            return _DECLINED
        rule, row = self.rules[place], place * len(self.dtypes) // len(self.rules)
        shapes = self._shapes(rule)
        is_alike = all(
            shapes[output.name] == output.shape
            and self._dtype(wanted, self.dtypes[row], rule) == output.dtypes[row]
            for output, (_, wanted) in zip(self.outputs, self.wanted, strict=True)
        )
        return rule.word if is_alike and self._columns(rule) == self._columns() else _DECLINED

    def _columns(self, rule: Rule | None = None) -> int:
        """The columns of tensors whose tables leave it open, by default those of the first rule."""
        count = self.native.columns
        return -1 if count is None else count(rule or self.rules[0])

    @cached_property
    def _words(self) -> list[int]:
        return list(self._program())

    def _program(self) -> Iterator[int]:
        places = {slot: i for i, slot in enumerate(self.native.arguments)}
        yield bool(self.operator.cut)
        yield places[self.operator.main]
        yield self.count
        yield from _listed([DTYPES.index(dtype)] for dtype in self.dtypes)
        yield from _listed(
            [choice.place, *_listed(map(_choice, choice.values))] for choice in self.choices
        )
        yield from _listed([self._word(place)] for place in range(len(self.rules)))
        yield from _listed(self._output_words(output, places) for output in self.outputs)
        yield from _listed(map(self._argument_words, self.native.arguments))

    def _argument_words(self, name: str) -> list[int]:
        value = self.constants.get(name, self.native.absent.get(name))
        argument = self.arguments.get(name)
        names = [output.name for output in self.outputs]
        if name == "rule":
            return [Source.RULE, 0, *_any(None), 0, 0]
        if name == "threads":
            # Calls that are large enough for more are not direct.
            return [Source.CONSTANT, 0, *_any(1), 0, 0]
        if name in names:
            return [Source.OUTPUT, names.index(name), *_any(None), 0, 0]
        if argument is None:
            return [Source.CONSTANT, 0, *_any(value), 0, 0]
        mask = sum(1 << DTYPES.index(dtype) for dtype in argument.dtypes)
        sizes = [size if isinstance(size, int) else -1 for size in fixed_shape(argument.shape)]
        if sizes and sizes[-1] < 0:
            sizes[-1] = self._columns()
        return [argument.source, argument.place, *_any(value), mask, len(sizes), *sizes]

    def _output_words(self, output: Output, places: dict[str, int]) -> Iterator[int]:
        def term(size: Size | int) -> tuple[int, int, int]:
            if isinstance(size, int):
                return -1, -1, size
            if size.axis >= 0:
                return places[size.slot], size.axis, 0
            return self.arguments[size.slot].place, -1, 0

        yield from _listed([DTYPES.index(dtype)] for dtype in output.dtypes)
        yield output.is_cut
        yield from _listed(
            [*term(size), *_listed(map(term, getattr(size, "divisors", ())))]
            for size in output.shape
        )


def _listed(items: Any) -> Iterator[int]:
    items = list(items)
    yield len(items)
    for item in items:
        yield from item


def _any(value: AxisValue | None) -> tuple[int, int, int]:
    """A value as tvm-ffi passes it: tag, padding, bits."""
    if value is None:
        return 0, 0, 0
    if isinstance(value, bool):
        return 2, 0, int(value)
    if isinstance(value, int):
        return 1, 0, value
    if isinstance(value, float):
        return 3, 0, int.from_bytes(struct.pack("<d", value), "little", signed=True)
    text = value.encode()
    if len(text) > 7:
        return 65, 0, 0  # it does not lie in the value itself
    return 11, len(text), int.from_bytes(text, "little")


def _choice(value: AxisValue | None) -> list[int]:
    """A value as `_any` gives it, and the bytes of a long text."""
    text = value.encode() if isinstance(value, str) else b""
    return [*_any(value), *_listed([byte] for byte in text)]
