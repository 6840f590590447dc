"""How an argument or a result of a framework stands to the slot or output of the core operator.

Axes and columns may come in another order, numbers in another unit, boxes as corner and size. What
is done about it to tensors is in `opsbridge.forming`; here are the facts, words for them, and the
way back for the inputs of cases, which are nested lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsbridge.tables.schema import CoreTable, Factors, Param, Return, Text

Number = int | float
_LAST_PLACE = re.compile(r"(\w+) - 1")
_LAYOUTS = {
    "xywh": Text("corner and size", "角点与尺寸"),
    "cxcywh": Text("centre and size", "中心与尺寸"),
}


@dataclass(frozen=True)
class Form:
    """What turns an argument into its slot, in this order; `axes` are empty where they stay."""

    axes: tuple[int, ...]
    times: Factors
    plus: Factors
    order: tuple[int, ...]
    layout: str

    @property
    def is_plain(self) -> bool:
        """Whether the argument is the slot as it is."""
        return self == PLAIN

    @property
    def sizes(self) -> tuple[str, ...]:
        """The axes whose lengths are among the factors."""
        names = self.times if isinstance(self.times, tuple) else ()
        return tuple(axis_named(name) for name in names if isinstance(name, str))


PLAIN = Form((), 1.0, 0.0, (), "xyxy")


def form_of(param: Param, core: CoreTable, each: Sequence[str] = ()) -> Form:
    """The form that the table gives a parameter, at one place on the axes in `each`."""
    slots = {slot.name: slot.shape for slot in core.slots}
    shape = [axis for axis in param.shape if axis not in each]
    axes = () if len(param.fills) != 1 else turned(shape, slots.get(param.fills[0], ()))
    return Form(axes, param.times, param.plus, param.order, param.layout)


def turned(came: Sequence[Any], wanted: Sequence[Any]) -> tuple[int, ...]:
    """Where each axis that is wanted stands among those that came; empty if they stay or differ.

    Leading axes ("...") are not counted. One axis may be a number on one side, and named there.
    """
    here, there = ([axis for axis in axes if axis != "..."] for axes in (came, wanted))
    lone, missing = ([a for a in x if a not in y] for x, y in ((here, there), (there, here)))
    if len(lone) == len(missing) == 1 and isinstance(lone[0], int):
        here[here.index(lone[0])] = missing[0]
    if here == there or sorted(map(str, here)) != sorted(map(str, there)):
        return ()
    return tuple(here.index(axis) for axis in there)


def axis_named(factor: str) -> str:
    """The axis that a factor such as "H" or "H - 1" is about."""
    match = _LAST_PLACE.fullmatch(factor)
    return match[1] if match else factor


def factors(given: Factors, sizes: Mapping[str, int]) -> tuple[Number, ...] | Number:
    """The factors as numbers, for axes of these lengths."""
    if not isinstance(given, tuple):
        return given
    return tuple(
        sizes[axis_named(each)] - (axis_named(each) != each) if isinstance(each, str) else each
        for each in given
    )


def form_text(param: Param, core: CoreTable) -> Text:
    """What is done to an argument, in words; empty where nothing is."""
    form = form_of(param, core)
    return _together(
        _axes_text(param.shape if form.axes else ()),
        *_unit_texts(form.times, form.plus),
        _order_text(form.order),
        _LAYOUTS.get(form.layout),
    )


def result_text(value: Return) -> Text:
    """What is done to a result, in words; empty where nothing is."""
    rows = Text(f"rows of `{value.rows_of}`", f"`{value.rows_of}` 的行") if value.rows_of else None
    fill = Text(f"filled up with {value.fill:g}", f"以 {value.fill:g} 补齐") if value.fill else None
    return _together(rows, _axes_text(value.shape), *_unit_texts(value.times, value.plus), fill)


def _together(*texts: Text | None) -> Text:
    found = [text for text in texts if text is not None]
    return Text(", ".join(text.en for text in found), "，".join(text.zh for text in found))


def _axes_text(axes: Sequence[int | str]) -> Text | None:
    names = ", ".join(map(str, axes))
    return Text(f"axes ({names})", f"各轴为 ({names})") if axes else None


def _order_text(order: Sequence[int]) -> Text | None:
    places = ", ".join(map(str, order))
    return Text(f"columns {places}", f"取第 {places} 列") if order else None


def _unit_texts(times: Factors, plus: Factors) -> Iterator[Text | None]:
    if times != 1:
        yield Text(f"times {_spelled(times)}", f"乘以 {_spelled(times)}")
    if plus != 0:
        yield Text(f"plus {_spelled(plus)}", f"加 {_spelled(plus)}")


def _spelled(given: Factors) -> str:
    if not isinstance(given, tuple):
        return f"{given:g}"
    return "(" + ", ".join(each if isinstance(each, str) else f"{each:g}" for each in given) + ")"


def unformed(value: Any, form: Form, sizes: Mapping[str, int]) -> Any:
    """The nested lists that become `value` by the form."""
    if form.layout != "xyxy":
        value = _by_rows(value, lambda row: _laid_out(row, form.layout))
    if form.order:
        places = [form.order.index(place) for place in range(len(form.order))]
        value = _by_rows(value, lambda row: [row[place] for place in places])
    value = _in_unit(value, factors(form.times, sizes), factors(form.plus, sizes))
    if form.axes:
        value = _turned_back(value, form.axes)
    return value


def _by_rows(value: Any, change: Any) -> Any:
    if value and isinstance(value[0], list):
        return [_by_rows(each, change) for each in value]
    return change(value) if value else value


def _laid_out(row: list[Number], layout: str) -> list[Number]:
    *first, x1, y1, x2, y2 = row
    width, height = x2 - x1, y2 - y1
    if layout == "xywh":
        return [*first, x1, y1, width, height]
    return [*first, x1 + width / 2, y1 + height / 2, width, height]


def _in_unit(value: Any, times: Any, plus: Any) -> Any:
    if times == 1 and plus == 0:
        return value
    if isinstance(value, list):
        if isinstance(value[0] if value else 0, list):
            return [_in_unit(each, times, plus) for each in value]
        count = len(value)
        by = times if isinstance(times, tuple) else (times,) * count
        more = plus if isinstance(plus, tuple) else (plus,) * count
        return [_in_unit(*each) for each in zip(value, by, more, strict=True)]
    return (value - plus) / times


def _turned_back(value: Any, axes: tuple[int, ...]) -> Any:
    """Nested lists whose axis `axes[i]` is the axis `i` of `value`."""
    lengths = []
    inner = value
    for _ in axes:
        lengths.append(len(inner))
        inner = inner[0] if inner else []
    lengths = [lengths[axes.index(axis)] for axis in range(len(axes))]

    def made(place: tuple[int, ...]) -> Any:
        if len(place) < len(axes):
            return [made((*place, i)) for i in range(lengths[len(place)])]
        found = value
        for axis in axes:
            found = found[place[axis]]
        return found

    return made(())
