"""Which entry of a checkpoint becomes which: by a network, by a former conversion, or by guess."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from opsbridge.checkpoints.network import Expected
from opsbridge.checkpoints.rules import name_rules
from opsbridge.checkpoints.stored import StoredTensor

Status = Literal[
    "matched",  # the network, or the file's record of a conversion, says so
    "guessed",  # no network says so
    "tied",  # a further name of a matched tensor
    "filled",  # only PyTorch has it; zero
    "slot",  # of the optimizer or the training loop
    "unused",  # the network has no such entry
    "missing",  # the file has no such entry
    "misshapen",
]
GOOD: tuple[Status, ...] = ("matched", "guessed", "tied", "filled", "slot")


@dataclasses.dataclass(frozen=True)
class Row:
    """One tensor of either side, and what becomes of it."""

    status: Status
    source: str
    target: str
    dtype: str = ""
    shape: tuple[int, ...] = ()
    target_shape: tuple[int, ...] = ()
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The row for a JSON report."""
        return dataclasses.asdict(self)


_TAKEN = "taken for a layer of torch.nn"


def plan_by_guess(entries: Mapping[str, StoredTensor], *, to_torch: bool) -> list[Row]:
    """Renames that the names of a layer's entries suggest; nothing is checked against a network."""
    groups: dict[str, set[str]] = {}
    for name in entries:
        path, _, last = name.rpartition(".")
        groups.setdefault(path, set()).add(last)
    rows = []
    for name, tensor in entries.items():
        if name_rules().slots.has(name) or tensor.dtype == "str":
            rows.append(_row("slot", name, name, tensor))
            continue
        path, dot, last = name.rpartition(".")
        if not to_torch and last in name_rules().only_torch():
            rows.append(_row("filled", name, "", tensor, note="MindSpore has no such entry"))
            continue
        names = name_rules().guessed_names(groups[path], to_torch=to_torch)
        target = path + dot + names.get(last, last)
        note = _TAKEN if to_torch and target != name else ""
        rows.append(_row("guessed", name, target, tensor, note=note))
    return rows


def plan_by_record(
    entries: Mapping[str, StoredTensor], record: Mapping[str, tuple[str, tuple[int, ...]]]
) -> list[Row]:
    """What a former conversion was recorded to have done, undone: name -> former name and shape.

    The record has the order of the first file, which MindSpore's files keep.
    """
    rows = []
    order = {name: place for place, name in enumerate(record)}
    for name in sorted(entries, key=lambda name: order.get(name, len(order))):
        tensor = entries[name]
        if name not in record:
            rows.append(_row("unused", name, "", tensor, note="not in the record of names"))
            continue
        former, shape = record[name]
        if tensor.dtype == "str" or math.prod(shape) == math.prod(tensor.shape):
            rows.append(_row("matched", name, former, tensor, shape))
        else:
            rows.append(_row("misshapen", name, former, tensor, note=f"recorded as {list(shape)}"))
    return rows


def plan_by_network(
    entries: Mapping[str, StoredTensor], expected: list[Expected], *, to_torch: bool
) -> list[Row]:
    """Every entry of a file and of a network, matched by name and shape."""
    first = [each for each in expected if each.saved_as and each.tied_to == each.key]
    wanted = {_source(each, to_torch): each for each in first}
    further = {each.key: each for each in expected if each not in first}
    repaired = _by_suffix(entries, wanted, to_torch)
    rows: list[Row] = []
    used: set[str] = set()
    for name, tensor in entries.items():
        if not to_torch and name in further:
            status: Status = "tied" if further[name].saved_as else "filled"
            rows.append(_row(status, name, "", tensor, note="MindSpore has no such entry"))
            continue
        each = wanted.get(name) or repaired.get(name)
        if each is None and (name_rules().slots.has(name) or tensor.dtype == "str"):
            rows.append(_row("slot", name, name, tensor))
        elif each is None:
            near = _nearest(name, [n for n in wanted if n not in entries])
            rows.append(_row("unused", name, "", tensor, note=near))
        else:
            used.add(_source(each, to_torch))
            rows.append(_matched(name, tensor, each, to_torch))
    for each in expected:
        rows += _without_entry(each, used, entries, to_torch)
    return rows


def _source(each: Expected, to_torch: bool) -> str:
    return each.saved_as if to_torch else each.key


def _shapes(each: Expected, to_torch: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape in the file that is read, and in the one that is written."""
    shapes = each.saved_shape, each.shape
    return shapes if to_torch else shapes[::-1]


def _matched(name: str, tensor: StoredTensor, each: Expected, to_torch: bool) -> Row:
    before, after = _shapes(each, to_torch)
    target = each.key if to_torch else each.saved_as
    if tensor.shape != before:
        note = f"the network has {list(before)}"
        return _row("misshapen", name, target, tensor, note=note)
    source = _source(each, to_torch)
    note = "" if name == source else f"without its prefix; the network says {source}"
    return _row("matched", name, target, tensor, after, note)


def _by_suffix(
    entries: Mapping[str, StoredTensor], wanted: Mapping[str, Expected], to_torch: bool
) -> dict[str, Expected]:
    """Entries whose name has a prefix that the network's lacks, or lacks one, by name.

    Only pairs in which each fits the other alone: nothing is guessed among several.
    """
    left = [name for name in entries if name not in wanted and not name_rules().slots.has(name)]
    pairs = [
        (name, key)
        for key, each in wanted.items()
        if key not in entries
        for name in left
        if (name.endswith(f".{key}") or key.endswith(f".{name}"))
        and entries[name].shape == _shapes(each, to_torch)[0]
    ]
    names, keys = Counter(name for name, _ in pairs), Counter(key for _, key in pairs)
    return {name: wanted[key] for name, key in pairs if names[name] == keys[key] == 1}


def _without_entry(
    each: Expected, used: set[str], entries: Mapping[str, StoredTensor], to_torch: bool
) -> list[Row]:
    target = each.key if to_torch else each.saved_as
    if not each.saved_as:
        return [Row("filled", "", each.key, "int64", each.shape, each.shape)] if to_torch else []
    if each.tied_to != each.key and to_torch:
        return [Row("tied", each.tied_to, each.key, "", each.shape, each.shape)]
    source = _source(each, to_torch)
    if source in used or (each.tied_to != each.key):
        return []
    near = _nearest(source, [name for name in entries if name not in used])
    return [Row("missing", "", target, "", each.shape, each.shape, near)]


def _row(
    status: Status,
    source: str,
    target: str,
    tensor: StoredTensor,
    shape: tuple[int, ...] | None = None,
    note: str = "",
) -> Row:
    after = tensor.shape if shape is None else shape
    return Row(status, source, target, tensor.dtype, tensor.shape, after, note)


def _nearest(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"nearest: {', '.join(near)}" if near else ""
