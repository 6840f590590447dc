"""Rules for the tables as a whole: prose, evidence, cases, order of keys, installed frameworks.

One function per rule, each yielding findings. The structural rules of
:mod:`opsbridge.tables.rules` run at every load and so come first here, too.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

from opsbridge.errors import TableError
from opsbridge.tables.finding import Finding, equal_scalars
from opsbridge.tables.load import (
    all_api_identifiers,
    all_core_names,
    display,
    load_api,
    load_core,
    read_toml,
)
from opsbridge.tables.pairing import axis_values, contexts
from opsbridge.tables.port_lint import lint_port_table
from opsbridge.tables.port_load import all_port_tables, load_port_table
from opsbridge.tables.schema import (
    ApiTable,
    Case,
    CoreTable,
    Device,
    Evidence,
    Expectation,
    Scalar,
    Text,
)
from opsbridge.tables.signatures import SignatureReport, compare_with_installed
from opsbridge.visible import visible

_CHINESE = re.compile("[\u3400-\u9fff\uff00-\uffef\u3000-\u303f]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclasses.dataclass
class Report:
    """What the linter found: messages, and how each API agrees with its installed framework."""

    tables: int = 0
    messages: list[str] = dataclasses.field(default_factory=list)
    signatures: dict[str, SignatureReport] = dataclasses.field(default_factory=dict)

    def add(self, file: str, findings: Iterator[Finding]) -> None:
        """Take in the findings about one file."""
        self.messages += [visible(f"{file}: {each.key} {each.message}") for each in findings]


def lint_tables(root: Path) -> Report:
    """Check all tables of a folder; a table that cannot be loaded is one of the messages."""
    report = Report()
    cores = {op: _lint_core(report, root, op) for op in all_core_names(root)}
    apis = [_lint_api(report, root, identifier) for identifier in all_api_identifiers(root)]
    for op, core in cores.items():
        if core is not None:
            members = [api for api in apis if api is not None and api.core == op]
            file = display(root / "core" / f"{op}.toml")
            report.add(file, cases_cover_differences(core, members))
    for path in all_port_tables(root):
        _lint_port_table(report, path)
    return report


def _lint_port_table(report: Report, path: Path) -> None:
    report.tables += 1
    try:
        report.add(display(path), lint_port_table(load_port_table(path)))
    except TableError as error:
        report.messages += str(error).splitlines()


def _lint_core(report: Report, root: Path, op: str) -> CoreTable | None:
    path = root / "core" / f"{op}.toml"
    report.tables += 1
    try:
        core = load_core(op, root)
    except TableError as error:
        report.messages += str(error).splitlines()
        return None
    report.add(display(path), keys_in_order(CoreTable, read_toml(path)))
    for rule in CORE_RULES:
        report.add(display(path), rule(core))
    return core


def _lint_api(report: Report, root: Path, identifier: str) -> ApiTable | None:
    path = root / f"{identifier}.toml"
    report.tables += 1
    try:
        api = load_api(identifier, root)
    except TableError as error:
        report.messages += str(error).splitlines()
        return None
    if (root / "core").is_dir():  # the style of these tables, and of no user's
        report.add(display(path), keys_in_order(ApiTable, read_toml(path)))
    for rule in API_RULES:
        report.add(display(path), rule(api))
    signature = report.signatures[api.name] = compare_with_installed(api)
    report.add(display(path), iter(signature.findings))
    return api


def texts_present(table: object) -> Iterator[Finding]:
    """Every text exists in both languages, and the English one is English."""
    for key, text in _walk(table, Text):
        for language in ("en", "zh"):
            if not getattr(text, language).strip():
                yield Finding(f"{key}.{language}", "is empty")
        if _CHINESE.search(text.en):
            yield Finding(f"{key}.en", "has Chinese characters")


def evidence_given(table: object) -> Iterator[Finding]:
    """Evidence says enough to look it up: version and platform, link and date, or a reason."""
    needed = {"probed": ("version", "platform"), "documented": ("link", "date")}
    for key, evidence in _walk(table, Evidence):
        for name in needed.get(evidence.kind, ("note",)):
            if not getattr(evidence, name):
                yield Finding(f"{key}.{name}", f"is missing; evidence is {evidence.kind}")
        if evidence.date and not _DATE.fullmatch(evidence.date):
            yield Finding(f"{key}.date", f"is {evidence.date}; expected year-month-day")


def deviation_ids(api: ApiTable) -> Iterator[Finding]:
    """Deviations have unique ids of small letters and hyphens."""
    for name, count in Counter(deviation.id for deviation in api.deviations).items():
        if count > 1:
            yield Finding("deviations", f"use the id {name} {count} times")
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
            yield Finding("deviations", f"have the id {name}; expected words-joined-by-hyphens")


def example_present(api: ApiTable) -> Iterator[Finding]:
    """The example calls the API through opsbridge, as a doctest with an output."""
    framework, last = api.framework, api.name.rpartition(".")[2]
    lines = api.example.strip().splitlines()
    statement = f"import {last}"
    if not any(statement in line and f"opsbridge.{framework}" in line for line in lines):
        yield Finding("example", f"does not import {last} from opsbridge.{framework}")
    if not lines or lines[-1].startswith((">>>", "...")):
        yield Finding("example", "ends without an output")


def devices_narrow(api: ApiTable) -> Iterator[Finding]:
    """Dtypes of a device are some of those that the parameter takes, and not all."""
    for index, param in enumerate(api.params):
        for device, dtypes in param.dtypes_on.items():
            if not set(dtypes) < set(param.dtypes):
                yield Finding(f"params[{index}].dtypes_on.{device}", "does not narrow dtypes")


def dtypes_are_covered(api: ApiTable) -> Iterator[Finding]:
    """Where a device has behaviour of its own for some dtypes, it has for all that it takes."""
    tensors = [param for param in api.params if param.dtypes]
    for device, first in itertools.product(get_args(Device), tensors[:1]):
        blocks = [each.dtypes for each in api.behaviour if each.device == device]
        covered = {dtype for dtypes in blocks for dtype in dtypes}
        taken = first.dtypes_on.get(device, first.dtypes)
        missing = [dtype for dtype in taken if dtype not in covered]
        if 0 < len(missing) < len(taken):
            yield Finding("behaviour", f"on {device} lacks that of {', '.join(missing)}")


def cases_tell_apart(core: CoreTable) -> Iterator[Finding]:
    """Each axis of a case has two expectations that differ in it alone, and in the result."""
    for index, case in enumerate(core.cases):
        for axis in case.axes:
            if not any(True for _ in told_apart(case, axis)):
                yield Finding(f"cases[{index}]", f"({case.name}) does not tell {axis} apart")


def cases_cover_differences(core: CoreTable, apis: list[ApiTable]) -> Iterator[Finding]:
    """Two values of an axis in which two APIs differ are told apart by a case."""
    told = [(a, *pair) for case in core.cases for a in case.axes for pair in told_apart(case, a)]
    for axis in core.axes:
        alike = {v.value: v.value if v.like is None else v.like for v in axis.values}
        slots = {v.value: v.with_slot for v in axis.values}
        wanted = {
            frozenset((alike[before], alike[after]))
            for number, left in enumerate(apis)
            for right in apis[number + 1 :]
            for before, after in _value_pairs(axis.name, left, right, core)
            if not (slots[before] or slots[after]) and alike[before] != alike[after]
        }
        found = {frozenset(values) for name, *values in told if name == axis.name}
        for pair in sorted(map(sorted, wanted - found), key=str):
            values = " from ".join(map(str, pair))
            yield Finding("cases", f"do not tell {values} apart, on the axis {axis.name}")


def told_apart(case: Case, axis: str) -> Iterator[tuple[Scalar, Scalar]]:
    """Pairs of values of an axis for which a case gives different results, all else equal."""
    for number, first in enumerate(case.expect):
        for second in case.expect[number + 1 :]:
            left, right = {**case.base, **first.set}, {**case.base, **second.set}
            if axis in left and axis in right:
                values = left.pop(axis), right.pop(axis)
                if left == right and _results(first) != _results(second):
                    yield values


def _results(expectation: Expectation) -> str:
    # As text, because NaN differs from itself and -0.0 equals 0.0.
    return repr((expectation.refused, sorted(expectation.outputs.items())))


def _value_pairs(
    axis: str, left: ApiTable, right: ApiTable, core: CoreTable
) -> Iterator[tuple[Scalar, Scalar]]:
    """Unequal values of an axis that two APIs have at once: same device, same dtype."""
    places = [(None, None), *contexts(axis, left, right)]
    pairs = [
        (before.get(axis), after.get(axis))
        for device, dtype in places
        for before in [axis_values(left, core, device, dtype)]
        for after in [axis_values(right, core, device, dtype)]
    ]
    chosen = [
        [c.set[axis] for p in a.params for c in p.choices if axis in c.set] for a in (left, right)
    ]
    pairs += [(before, after) for before in chosen[0] for after in chosen[1]]
    for before, after in pairs:
        if before is not None and after is not None and not equal_scalars(before, after):
            yield before, after


def keys_in_order(struct: Any, raw: Mapping[str, Any], key: str = "") -> Iterator[Finding]:
    """Keys come in the order of the schema, simple values before tables."""
    names = [field.name for field in dataclasses.fields(struct)]
    ranks = {name: (_is_table(raw[name]), names.index(name)) for name in raw}
    ordered = sorted(raw, key=lambda name: ranks[name])
    if list(raw) != ordered:
        wrong = next(name for name, right in zip(raw, ordered, strict=True) if name != right)
        place = f"{key}.{wrong}" if key else wrong
        yield Finding(place, f"is out of order; expected {', '.join(ordered)}")
    hints = get_type_hints(struct)
    for name, value in raw.items():
        inner = next(filter(dataclasses.is_dataclass, (hints[name], *get_args(hints[name]))), None)
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items if inner else ()):
            suffix = f"{name}[{index}]" if isinstance(value, list) else name
            yield from keys_in_order(inner, item, f"{key}.{suffix}" if key else suffix)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
    )


def _walk(value: Any, wanted: type[Any], key: str = "") -> Iterator[tuple[str, Any]]:
    """All structs of one type inside a table, with their key paths."""
    if isinstance(value, wanted):
        yield key, value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _walk(item, wanted, f"{key}[{index}]")
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            path = f"{key}.{field.name}" if key else field.name
            yield from _walk(getattr(value, field.name), wanted, path)


CORE_RULES: tuple[Callable[[CoreTable], Iterator[Finding]], ...] = (
    texts_present,
    evidence_given,
    cases_tell_apart,
)
API_RULES: tuple[Callable[[ApiTable], Iterator[Finding]], ...] = (
    texts_present,
    evidence_given,
    deviation_ids,
    example_present,
    devices_narrow,
    dtypes_are_covered,
)
