"""Declared differences that no example of a page shows, and why none does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from opsbridge.docgen.evidence import evidence_phrase
from opsbridge.docgen.examples import pair_examples
from opsbridge.docgen.recorded import recording_of
from opsbridge.docgen.wording import Language, pick
from opsbridge.tables.diff import differences
from opsbridge.tables.finding import equal_scalars
from opsbridge.tables.pairing import axis_values, common_dtypes
from opsbridge.tables.schema import ApiTable, Axis, CoreTable, Deviation, Evidence, Text

Reason = Literal["form", "deviation", "documented", "runtime", "inputs"]

_TEXTS: dict[Reason, Text] = {
    "form": Text(
        "The results do not show the difference in {what}: it is in the form of the inputs, and "
        "the code shows it.",
        "以下差异不体现在结果中：{what}。差异在于输入的形式，见代码。",
    ),
    "deviation": Text(
        "The difference in {what} is not run, because of what the real one does: {why}.",
        "以下差异未运行：{what}。真实接口的行为如下：{why}。",
    ),
    "documented": Text(
        "The difference in {what} was not run on both sides: {why}.",
        "以下差异未在双方运行：{what}。{why}。",
    ),
    "runtime": Text(
        "The difference in {what} shows in {why} only, for which the runtime has no kernel on a "
        "CPU.",
        "以下差异仅见于 {why}：{what}。运行时在 CPU 上没有该类型的内核。",
    ),
    "inputs": Text(
        "No example shows the difference in {what}: no case of the tables has inputs that both "
        "APIs take on a CPU and on which they differ.",
        "没有示例体现以下差异：{what}。表格中没有哪个用例的输入在 CPU 上"
        "为两个接口共同接受、且结果不同。",
    ),
}
_COMMA = Text(", ", "、")
_SEMICOLON = Text("; ", "；")
_DEPARTS = Text("`{api}`: {real} ({evidence})", "`{api}`：{real}（{evidence}）")
_AS_DOCUMENTED = Text("`{api}` is {evidence}", "`{api}` 依据{evidence}")


@dataclass(frozen=True)
class Unshown:
    """Axes in which two APIs behave differently on a CPU without an example, for one reason."""

    reason: Reason
    axes: tuple[str, ...]
    text: Text


def unshown_differences(left: ApiTable, right: ApiTable, core: CoreTable) -> list[Unshown]:
    """By reason, all axes in which the two differ and no example of their page shows it."""
    shown = {axis for example in pair_examples(left, right, core) for axis in example.shows}
    found: dict[Reason, list[str]] = {}
    for name in _differing(left, right, core):
        if name not in shown:
            axis = next(axis for axis in core.axes if axis.name == name)
            found.setdefault(_reason(axis, left, right, core), []).append(name)
    return [
        Unshown(reason, tuple(found[reason]), _text(reason, found[reason], left, right, core))
        for reason in _TEXTS
        if reason in found
    ]


def _differing(left: ApiTable, right: ApiTable, core: CoreTable) -> Iterator[str]:
    for item in differences(left, right, core):
        if item.code == "behaviour-differs" and item.detail != "conditional":
            yield from item.names


def _reason(axis: Axis, left: ApiTable, right: ApiTable, core: CoreTable) -> Reason:
    if _is_of_form(axis, left, right, core):
        return "form"
    if any(axis.name in each.axes for api in (left, right) for each in api.deviations):
        return "deviation"
    if any(recording_of(api.framework) is None for api in (left, right)):
        return "documented"
    if _lacking(axis.name, left, right, core):
        return "runtime"
    return "inputs"


def _is_of_form(axis: Axis, left: ApiTable, right: ApiTable, core: CoreTable) -> bool:
    """Whether the values say how something is given: by a slot of its own, or in another layout."""
    values = [axis_values(api, core).get(axis.name) for api in (left, right)]
    known = [each for each in axis.values for value in values if equal_scalars(each.value, value)]
    alike = {str(each.value if each.like is None else each.like) for each in known}
    return any(each.with_slot for each in known) or (
        len(alike) == 1 and not equal_scalars(values[0], values[1])
    )


def _lacking(axis: str, left: ApiTable, right: ApiTable, core: CoreTable) -> list[str]:
    """The dtypes in which the two part, if the runtime of one side has no kernel for any."""
    parting = [
        dtype
        for dtype in common_dtypes(left, right)
        if not equal_scalars(
            axis_values(left, core, "cpu", dtype).get(axis),
            axis_values(right, core, "cpu", dtype).get(axis),
        )
    ]
    runtimes = [set(api.runtime_dtypes) for api in (left, right) if api.schema]
    return parting if any(runtime.isdisjoint(parting) for runtime in runtimes) else []


def _text(
    reason: Reason, axes: list[str], left: ApiTable, right: ApiTable, core: CoreTable
) -> Text:
    def why(language: Language) -> str:
        if reason == "deviation":
            return _departures(axes, left, right, language)
        if reason == "documented":
            return _documents(left, right, language)
        if reason == "runtime":
            dtypes = [dtype for axis in axes for dtype in _lacking(axis, left, right, core)]
            return pick(_COMMA, language).join(dict.fromkeys(dtypes))
        return ""

    def said(language: Language) -> str:
        what = pick(_COMMA, language).join(f"`{axis}`" for axis in axes)
        return pick(_TEXTS[reason], language).format(what=what, why=why(language))

    return Text(said("en"), said("zh"))


def _departures(axes: list[str], left: ApiTable, right: ApiTable, language: Language) -> str:
    phrases = [
        _phrase(_DEPARTS, api, each.evidence, language, each)
        for api in (left, right)
        for each in api.deviations
        if not set(axes).isdisjoint(each.axes)
    ]
    return pick(_SEMICOLON, language).join(dict.fromkeys(phrases))


def _documents(left: ApiTable, right: ApiTable, language: Language) -> str:
    phrases = [
        _phrase(_AS_DOCUMENTED, api, api.behaviour[0].evidence, language)
        for api in (left, right)
        if recording_of(api.framework) is None
    ]
    return pick(_SEMICOLON, language).join(phrases)


def _phrase(
    template: Text,
    api: ApiTable,
    evidence: Evidence,
    language: Language,
    deviation: Deviation | None = None,
) -> str:
    return pick(template, language).format(
        api=api.name,
        real=pick(deviation.real, language).rstrip(".。") if deviation else "",
        evidence=evidence_phrase(evidence, api.framework, language),
    )
