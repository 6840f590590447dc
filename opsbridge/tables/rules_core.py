"""What a core table must say beyond its types: one function per rule, checked at every load."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from opsbridge.tables.decode import show
from opsbridge.tables.finding import (
    Finding,
    check_setting,
    duplicates,
    names_are_words,
    names_known,
)
from opsbridge.tables.schema import CoreTable


def check_core(core: CoreTable, stem: str) -> list[Finding]:
    """All structural findings of a core table that lies at ``core/stem.toml``."""
    findings = [] if core.op == stem else [Finding("op", f"is {core.op}; the file is named {stem}")]
    for rule in CORE_RULES:
        findings.extend(rule(core))
    return findings


def names_are_python(core: CoreTable) -> Iterator[Finding]:
    """Every name is one in Python: calls are made of them."""
    yield from names_are_words("op", [core.op])
    for key in ("slots", "outputs", "axes"):
        yield from names_are_words(key, [each.name for each in getattr(core, key)])


def unique_names(core: CoreTable) -> Iterator[Finding]:
    """Slots, outputs, axes, values and cases have unique names."""
    yield from duplicates("slots", [slot.name for slot in core.slots])
    yield from duplicates("outputs", [output.name for output in core.outputs])
    yield from duplicates("axes", [axis.name for axis in core.axes])
    yield from duplicates("cases", [case.name for case in core.cases])
    for index, axis in enumerate(core.axes):
        yield from duplicates(f"axes[{index}].values", [show(v.value) for v in axis.values])


def conditions_exist(core: CoreTable) -> Iterator[Finding]:
    """The conditions of an axis name an optional slot and other axes."""
    optional = [slot.name for slot in core.slots if slot.optional]
    for index, axis in enumerate(core.axes):
        if axis.only_with_slot and axis.only_with_slot not in optional:
            yield Finding(f"axes[{index}].only_with_slot", "must name an optional slot")
        if axis.without_slot is not None:
            if not axis.only_with_slot:
                yield Finding(f"axes[{index}].without_slot", "needs only_with_slot")
            setting = {axis.name: axis.without_slot}
            yield from check_setting(core, setting, f"axes[{index}].without_slot")
        yield from check_setting(core, axis.only_when, f"axes[{index}].only_when")


def cases_name_core(core: CoreTable) -> Iterator[Finding]:
    """Cases name slots, outputs, axes and values of this core, and have something to expect."""
    slots = [slot.name for slot in core.slots]
    outputs = [output.name for output in core.outputs]
    axes = {axis.name: True for axis in core.axes}
    for index, case in enumerate(core.cases):
        key = f"cases[{index}]"
        yield from names_known(f"{key}.axes", case.axes, axes, "axes")
        yield from names_known(f"{key}.inputs", case.inputs, slots, "slots")
        yield from check_setting(core, case.base, f"{key}.base")
        for number, expectation in enumerate(case.expect):
            where = f"{key}.expect[{number}]"
            yield from check_setting(core, expectation.set, f"{where}.set")
            yield from names_known(f"{where}.outputs", expectation.outputs, outputs, "outputs")
            if expectation.refused == bool(expectation.outputs):
                yield Finding(where, "must either give outputs or say refused = true")


CORE_RULES: tuple[Callable[[CoreTable], Iterator[Finding]], ...] = (
    names_are_python,
    unique_names,
    conditions_exist,
    cases_name_core,
)
