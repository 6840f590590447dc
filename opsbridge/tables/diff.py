"""The differences between two APIs of one operator, computed from their tables.

Differences are directed: they say what a caller of the left API meets who moves to the right one.
Each carries a code, the name in the core table that it is about, the cells of both sides and the
facts that differ, in both languages; ``opsbridge.docgen`` makes sentences of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opsbridge.errors import TableError
from opsbridge.tables.diff_parameters import parameter_differences
from opsbridge.tables.difference import ABSENT, AS_IT_IS, Code, Difference, joined, plain
from opsbridge.tables.forms import result_text
from opsbridge.tables.pairing import axis_values, common_dtypes, contexts, pair_parameters
from opsbridge.tables.remember import remembered
from opsbridge.tables.rules import filled_slots
from opsbridge.tables.schema import ApiTable, Axis, CoreTable, Device, Return, Text

# The types of results that depend on what comes, in words.
_DTYPES = {
    "same": Text("of the input", "与输入相同"),
    "float": Text("float32, or float64 where that comes", "float32（输入为 float64 时为 float64）"),
    "promoted": Text("common to the inputs", "各输入的公共类型"),
    "widened": Text("of the input, float32 for 16-bit floats", "与输入相同（16 位浮点为 float32）"),
}


@remembered
def differences(left: ApiTable, right: ApiTable | None, core: CoreTable) -> list[Difference]:
    """All differences from ``left`` to ``right``, facts that agree included as ``same``.

    The order is that of a difference page: parameters, outputs, behaviour, limits. Without a
    ``right`` API the one difference is ``absent``.

    Raises:
        TableError: the two APIs are not of the operator ``core``.
    """
    for api in (left, right):
        if api is not None and api.core != core.op:
            raise TableError(
                f"{api.name} is an API of {api.core}, not of {core.op}; "
                "only APIs of one operator can be compared"
            )
    if right is None:
        return [Difference("absent", "operator", (core.op,), left.name, ABSENT, core.text)]
    found = []
    for pairing in pair_parameters(left, right):
        found += parameter_differences(left, right, core, pairing)
    found += _outputs(left, right, core)
    found += _behaviour(left, right, core)
    found += _limits(left, right, core)
    return found


def _outputs(left: ApiTable, right: ApiTable, core: CoreTable) -> Iterator[Difference]:
    before = {value.output: value for value in left.returns}
    after = {value.output: value for value in right.returns}
    for output in core.outputs:
        if output.name in before or output.name in after:
            pair = before.get(output.name), after.get(output.name)
            yield from _output(output.name, output.text, *pair)
    yield from _meaning(left, right, core)


def _output(
    name: str, about: Text, left: Return | None, right: Return | None
) -> Iterator[Difference]:
    cells = left.name if left else ABSENT, right.name if right else ABSENT

    def difference(code: Code, detail: str = "", **facts: Text) -> Difference:
        return Difference(code, "output", (name,), *cells, about, detail, facts)

    if left is None or right is None:
        yield difference("output-differs", "missing" if right is None else "extra")
        return
    if left.name != right.name:
        yield difference("renamed")
    if left.dtype != right.dtype:
        facts = {"left": _dtype(left.dtype), "right": _dtype(right.dtype)}
        yield difference("output-differs", "dtype", **facts)
    here, there = result_text(left), result_text(right)
    if here != there:
        made = {"left": here if here.en else AS_IT_IS, "right": there if there.en else AS_IT_IS}
        yield difference("output-differs", "unit", **made)
    if (left.name, left.dtype, here) == (right.name, right.dtype, there):
        yield difference("same")


def _dtype(name: str) -> Text:
    return _DTYPES.get(name) or plain(name)


def _meaning(left: ApiTable, right: ApiTable, core: CoreTable) -> Iterator[Difference]:
    """Indices and masks of the two sides that refer to differently ordered rows."""
    meanings = {output.name: output.refers_to for output in core.outputs}
    before, after = (
        {text for value in api.returns if (text := meanings[value.output]) is not None}
        for api in (left, right)
    )
    if len(before) == len(after) == 1 and before != after:
        names = tuple(value.output for value in left.returns)
        yield Difference(
            "output-differs",
            "output",
            names,
            ", ".join(value.name for value in left.returns),
            ", ".join(value.name for value in right.returns),
            core.text,
            "meaning",
            {"left": before.pop(), "right": after.pop()},
        )


def _behaviour(left: ApiTable, right: ApiTable, core: CoreTable) -> Iterator[Difference]:
    by_parameter = {
        name
        for pairing in pair_parameters(left, right)
        if pairing.enumerated and pairing.left and pairing.right
        for name in pairing.names
    }
    for axis in core.axes:
        if axis.name not in by_parameter and _matters(axis, left, right, core):
            yield from _AxisPair(axis, left, right, core).differences()


def _matters(axis: Axis, left: ApiTable, right: ApiTable, core: CoreTable) -> bool:
    """Whether both APIs have what the axis is about; if one lacks it, its own row says so."""
    for api in (left, right):
        values = axis_values(api, core)
        if axis.only_with_slot and axis.only_with_slot not in filled_slots(api):
            return False
        if any(values.get(name) != value for name, value in axis.only_when.items()):
            return False
    return True


@dataclass(frozen=True)
class _AxisPair:
    """One behaviour axis and the two APIs that are compared on it."""

    axis: Axis
    left: ApiTable
    right: ApiTable
    core: CoreTable

    def differences(self) -> Iterator[Difference]:
        general = self._texts(None, None)
        if general[0] != general[1] and not self._has_dtypes_that_differ():
            general = general[0], general[0]
        if general[0] != general[1]:
            yield self._difference(general)
        yield from self._conditional(general)

    def _has_dtypes_that_differ(self) -> bool:
        """Whether the two sides part for a dtype that both take, or if nothing is known of that."""
        common = common_dtypes(self.left, self.right)
        about = [dtype for dtype in common if not self.axis.dtypes or dtype in self.axis.dtypes]
        texts = [self._texts(None, dtype) for dtype in about]
        return not common or any(left != right for left, right in texts)

    def _texts(self, device: Device | None, dtype: str | None) -> tuple[Text, Text]:
        return self._text(self.left, device, dtype), self._text(self.right, device, dtype)

    def _text(self, api: ApiTable, device: Device | None, dtype: str | None) -> Text:
        """What the real API does: where opsbridge deviates, the axis value is not the real one."""
        deviations = [item for item in api.deviations if self.axis.name in item.axes]
        if deviations:
            return joined(item.real for item in deviations)
        value = axis_values(api, self.core, device, dtype).get(self.axis.name)
        texts = [item.text for item in self.axis.values if item.value == value]
        return texts[0] if texts else plain(ABSENT)

    def _difference(self, texts: tuple[Text, Text], condition: str = "") -> Difference:
        left, right = texts
        code: Code = "same" if left == right else "behaviour-differs"
        if plain(ABSENT) in texts:
            code = "unknown"
        detail = "conditional" if condition else ""
        facts = {
            "left": left,
            "right": right,
            "shows": self.axis.shows,
            "condition": plain(condition),
        }
        names, about = (self.axis.name,), self.axis.text
        return Difference(code, "behaviour", names, left.en, right.en, about, detail, facts)

    def _conditional(self, general: tuple[Text, Text]) -> Iterator[Difference]:
        """Devices and dtypes on which the two sides stand otherwise than in general."""
        found: dict[tuple[str, Text, Text], list[str]] = {}
        for device, dtype in contexts(self.axis.name, self.left, self.right):
            texts = self._texts(device, dtype)
            if texts != general and (texts[0] != texts[1] or general[0] != general[1]):
                found.setdefault((device or "", *texts), []).append(dtype)
        for (device_name, left, right), dtypes in found.items():
            yield self._difference((left, right), f"{device_name} {', '.join(dtypes)}".strip())


def _limits(left: ApiTable, right: ApiTable, core: CoreTable) -> Iterator[Difference]:
    """Bounds of the right side that the left one does not have, or has wider."""
    bounds = {(limit.platform, limit.slot): limit.number for limit in left.limits}
    texts = {slot.name: slot.text for slot in core.slots}
    for limit in right.limits:
        before = bounds.get((limit.platform, limit.slot))
        if before is None or before > limit.number:
            yield Difference(
                "limit",
                "limit",
                (limit.slot,),
                ABSENT if before is None else str(before),
                str(limit.number),
                texts[limit.slot],
                facts={"platform": plain(limit.platform), "right": plain(limit.number)},
            )
