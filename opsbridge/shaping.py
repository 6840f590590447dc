"""Calls and results that a framework shapes otherwise than the core operator does.

An API may go through axes of its tensors (images, classes) and run the operator once at each place,
and may hand its results over cut, counted, padded or in another dtype. The table says how
(`ApiTable.each`, `Return`); here it is done, once for all frameworks, on arrays.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from opsbridge.core.operator import Operator
from opsbridge.errors import ArgumentError, DerivativeError
from opsbridge.forming import given_form, turned_tensor
from opsbridge.frameworks import FrameworkLayer
from opsbridge.tables.bind import Plan
from opsbridge.tables.convert import plain_element
from opsbridge.tables.load import load_core
from opsbridge.tables.schema import Param, Return

Array = np.ndarray[Any, Any]
Slots = dict[str, Any]
# Where on each axis, and where on all the leading axes together.
Place = dict[str, Any]
# Runs the core operator on the slots of one place.
Run = Callable[[Slots], tuple[Any, ...]]

# Dtypes that native code writes besides the one that an output has by itself.
_ALSO = {"int64": "int32", "bool": "uint8"}
_SCORE_COLUMN = 4
# All the axes of a tensor that come before the others, however many.
_LEADING = "..."


class Shaping:
    """What stands between the core operator and the results of one API.

    `is_plain` where there is nothing: then the outputs of the plan are what the API returns.
    """

    def __init__(self, plan: Plan, operator: Operator) -> None:
        self.plan = plan
        self.returns = plan.api.returns
        made = operator.output_dtypes
        self._cut = operator.cut
        self._axes = {output.name: output.shape for output in load_core(plan.api.core).outputs}
        self.has_forms = any(
            value.shape or value.times != 1 or value.plus != 0 for value in self.returns
        )
        self.is_plain = not plan.api.each and all(
            _is_plain(value, made.get(value.output, value.dtype)) for value in self.returns
        )
        names = [value.output for value in self.returns]
        if plan.api.merged or any(value.among or value.rows_of for value in self.returns):
            names += ["kept_boxes", "keep"]
        self.outputs = (
            plan.outputs
            if self.is_plain
            else tuple((name, made.get(name, "same")) for name in dict.fromkeys(names))
        )
        self.inner = tuple(axis for axis in plan.api.each if axis in plan.api.merged)
        self.outer = tuple(axis for axis in plan.api.each if axis not in plan.api.merged)
        self._each_at_most = next(
            (step.param.name for step in plan.call if "max_outputs" in step.param.fills), ""
        )
        self._tensors = {
            slot: step.param for step in plan.call if step.takes_tensor for slot in step.param.fills
        }
        self._turns = {step.param.fills[0]: step.form.axes for step in plan.call if step.form.axes}

    def results(
        self, layer: FrameworkLayer, slots: Slots, given: Mapping[str, Any], main: Any, run: Run
    ) -> Any:
        """What the API returns for the slots of a call; `given` are its arguments by name."""
        name = self.plan.name
        if layer.is_recording():
            raise DerivativeError(
                f"{name}: the sizes of its results depend on data and its arguments are read while "
                "it runs; call it outside of the graph"
            )
        sizes = self._sizes(layer, slots)
        outer = self._leading(layer, slots)
        outer += tuple(sizes[axis] for axis in self.outer if axis != _LEADING)
        parts = [
            [
                (place | inner, self._run_at(place | inner, slots, given, run))
                for inner in _places(self.inner, sizes)
            ]
            for place in self._outer_places(outer)
        ]
        if self.inner:
            parts = [[_merged(part)] if part else [] for part in parts]
        results = tuple(self._returned(value, parts, given, sizes, outer) for value in self.returns)
        tensors = tuple(
            from_array(layer, array, self._dtype(value, layer, given, main), main)
            for value, array in zip(self.returns, results, strict=True)
        )
        if self.has_forms:
            tensors = self.in_form(tensors, layer)
        return tensors if len(tensors) > 1 else tensors[0]

    def _dtype(
        self, value: Return, layer: FrameworkLayer, given: Mapping[str, Any], main: Any
    ) -> str:
        """The dtype of a result; rows are of the tensor that they come from."""
        if value.dtype != "same":
            return value.dtype
        return layer.dtype(given[value.rows_of] if value.rows_of else main)

    def in_form(self, results: tuple[Any, ...], layer: FrameworkLayer) -> tuple[Any, ...]:
        """The results with their axes in the order of the API, and in its units."""
        return tuple(
            given_form(result, value, self._axes[value.output], layer)
            for value, result in zip(self.returns, results, strict=True)
        )

    def _leading(self, layer: FrameworkLayer, slots: Slots) -> tuple[int, ...]:
        """The sizes of the leading axes that the API goes through, the same in all tensors."""
        found: dict[tuple[int, ...], str] = {}
        for slot, param in self._tensors.items():
            if slot in slots and _LEADING in param.shape and _LEADING in self.outer:
                shape = tuple(layer.shape(slots[slot]))
                found.setdefault(shape[: len(shape) - len(param.shape) + 1], param.name)
        if len(found) > 1:
            (one, first), (other, second) = list(found.items())[:2]
            raise ArgumentError(
                f"{self.plan.name}: {second} has the leading axes {other}, but {first} has {one}; "
                "they must be equal"
            )
        return next(iter(found), ())

    def _outer_places(self, sizes: tuple[int, ...]) -> Iterator[Place]:
        named = [axis for axis in self.outer if axis != _LEADING]
        for place in itertools.product(*map(range, sizes)):
            cut = len(place) - len(named)
            places: Place = {_LEADING: place[:cut]} if _LEADING in self.outer else {}
            yield places | dict(zip(named, place[cut:], strict=True))

    def _sizes(self, layer: FrameworkLayer, slots: Slots) -> dict[str, int]:
        """How long each axis is that the API goes through; tensors of length 1 fit "1 or AXIS"."""
        sizes: dict[str, int] = {}
        owners: dict[str, str] = {}
        for slot, param in self._tensors.items():
            if slot not in slots:
                continue
            named_axes = [axis for axis in param.shape if axis != _LEADING]
            last = layer.shape(slots[slot])[-len(named_axes) :]
            for axis, size in zip(named_axes, last, strict=False):
                named = str(axis).removeprefix("1 or ")
                if named not in self.plan.api.each:
                    sizes.setdefault(named, size)
                if named not in self.plan.api.each or (named != axis and size == 1):
                    continue
                if sizes.setdefault(named, size) != size:
                    raise ArgumentError(
                        f"{self.plan.name}: {param.name} has {size} for {named}, but "
                        f"{owners[named]} has {sizes[named]}; they must be equal"
                    )
                owners.setdefault(named, param.name)
        return sizes

    def _run_at(
        self, place: Place, slots: Slots, given: Mapping[str, Any], run: Run
    ) -> dict[str, Array]:
        if place:
            slots = slots | {
                slot: slots[slot][_index(param, place, slots[slot].shape)]
                for slot, param in self._tensors.items()
                if slot in slots
            }
            for slot, axes in self._turns.items():
                slots[slot] = turned_tensor(slots[slot], axes)
        made = run(slots)
        found = {name: to_array(each) for (name, _), each in zip(self.outputs, made, strict=True)}
        for value in self.returns:
            if value.rows_of:
                param = next(p for p in self.plan.api.params if p.name == value.rows_of)
                rows = to_array(given[value.rows_of])
                rows = rows[_index(param, place, rows.shape)] if place else rows
                found[_rows_name(value)] = rows[found[value.output]]
        return found

    def _returned(
        self,
        value: Return,
        parts: list[list[tuple[Place, dict[str, Array]]]],
        given: Mapping[str, Any],
        sizes: Mapping[str, int],
        outer: tuple[int, ...],
    ) -> Array:
        found = [
            [self._rows(value, place, outputs, given) for place, outputs in part] for part in parts
        ]
        all_places = _bound(value.bounded_if and self._each_at_most, given)
        if value.bounded_if and given[value.bounded_if] and all_places is not None:
            all_places *= math.prod(sizes[axis] for axis in self.inner)
        else:
            all_places = None
        most = _least(_bound(value.at_most, given), all_places)
        each = [np.concatenate(rows)[:most] if rows else None for rows in found]
        filled = [rows for rows in each if rows is not None]
        if value.clipped_if and given[value.clipped_if]:
            filled = [np.clip(rows, 0, 1) for rows in filled]
        if value.part == "count":
            return np.array([len(rows) for rows in filled], np.int64).reshape(outer)
        if not value.padded_to or (value.padded_if and not given[value.padded_if]):
            if outer and value.output not in self._cut and value.part == "rows":
                rest = [sizes.get(str(axis), 0) for axis in self._axes[value.output]]
                return (
                    np.stack(filled).reshape(outer + filled[0].shape)
                    if filled
                    else np.zeros((*outer, *rest))
                )
            if _LEADING in self.outer and outer:
                raise ArgumentError(
                    f"{self.plan.name}: {value.padded_if} is False; "
                    f"{value.name} of several images must be of one length"
                )
            if filled:
                return np.concatenate(filled)
            return np.zeros((0, len(self.plan.api.each) + 1), np.int64)
        length = _least(_bound(value.padded_to, given), all_places) or 0
        if not filled:
            columns = value.columns if len(value.columns) > 1 else ()
            return np.full((*outer, length, *(len(columns),) * bool(columns)), value.fill)
        padded = np.stack([_padded(rows, length, value.fill) for rows in filled])
        return padded.reshape(outer + padded.shape[1:])

    def _rows(
        self, value: Return, place: Place, outputs: dict[str, Array], given: Mapping[str, Any]
    ) -> Array:
        rows = outputs[_rows_name(value) if value.rows_of else value.output]
        if value.among:
            ids = to_array(given[self._tensors["groups"].name])[outputs["keep"]]
            rows = rows[np.isin(ids, np.asarray(given[value.among]))]
        if value.axis:
            merged = outputs.get(value.axis)
            return np.full(len(rows), place[value.axis]) if merged is None else merged
        if value.columns:
            rows = rows[:, value.columns[0]] if len(value.columns) == 1 else rows[:, value.columns]
        if value.part == "places":
            at = [np.full(len(rows), place[axis]) for axis in self.plan.api.each]
            return np.stack([*at, rows], axis=1)
        return rows


def _is_plain(value: Return, made: str) -> bool:
    is_whole = (
        value.part == "rows"
        and not value.columns
        and not (value.axis or value.at_most or value.padded_to or value.clipped_if)
        and not (value.among or value.rows_of)
    )
    return is_whole and value.dtype in (made, _ALSO.get(made))


def _rows_name(value: Return) -> str:
    """What rows of an argument are kept under, among the outputs of a place."""
    return f"rows of {value.rows_of} at {value.output}"


def _places(axes: tuple[str, ...], sizes: Mapping[str, int]) -> Iterator[Place]:
    for place in itertools.product(*(range(sizes[axis]) for axis in axes)):
        yield dict(zip(axes, place, strict=True))


def _index(param: Param, place: Place, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Where in a tensor the place is; an axis of length 1 may stand for every place."""
    index: list[Any] = list(place.get(_LEADING, ())) if _LEADING in param.shape else []
    named_axes = [axis for axis in param.shape if axis != _LEADING]
    for axis, size in zip(named_axes, shape[-len(named_axes) :], strict=True):
        named = str(axis).removeprefix("1 or ")
        is_shared = named != axis and size == 1
        index.append((0 if is_shared else place[named]) if named in place else slice(None))
    return tuple(index)


def _merged(part: list[tuple[Place, dict[str, Array]]]) -> tuple[Place, dict[str, Array]]:
    """The rows of several places by descending score, each with its place."""
    scores = np.concatenate([outputs["kept_boxes"][:, _SCORE_COLUMN] for _, outputs in part])
    order = np.argsort(-scores, kind="stable")
    joined = {
        name: np.concatenate([outputs[name] for _, outputs in part])[order] for name in part[0][1]
    }
    for axis in part[0][0]:
        lengths = [len(outputs["keep"]) for _, outputs in part]
        joined[axis] = np.repeat([place[axis] for place, _ in part], lengths)[order]
    return part[0][0], joined


def _bound(name: str, given: Mapping[str, Any]) -> int | None:
    if not name or given[name] is None:
        return None
    return max(int(plain_element(given[name])), 0)


def _least(first: int | None, second: int | None) -> int | None:
    return min((each for each in (first, second) if each is not None), default=None)


def _padded(rows: Array, length: int, fill: float) -> Array:
    padded = np.full((length, *rows.shape[1:]), fill, rows.dtype)
    padded[: min(len(rows), length)] = rows[:length]
    return padded


def to_array(tensor: Any) -> Array:
    """The numbers of a tensor as an array, for results that are put together."""
    if hasattr(tensor, "asnumpy"):
        return np.asarray(tensor.asnumpy())
    return np.asarray(tensor.detach() if hasattr(tensor, "detach") else tensor)


def from_array(layer: FrameworkLayer, array: Array, dtype: str, like: Any) -> Any:
    """An array as a tensor of the framework, in a dtype."""
    destination = layer.empty(array.shape, dtype, like)
    np.asarray(destination)[...] = array
    return layer.finish(destination)
