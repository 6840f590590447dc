"""Differences between the parameters of two APIs: names, places, forms, defaults and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from opsbridge.tables.difference import ABSENT, AS_IT_IS, Code, Difference, joined, plain
from opsbridge.tables.forms import form_text
from opsbridge.tables.pairing import Pairing, axis_values, points
from opsbridge.tables.schema import ApiTable, CoreTable, Default, Param, Text, ValueType

# A parameter typed as the key also takes what is typed as the values.
_INCLUDED_TYPES = {"number": {"float", "int", "integer"}, "integer": {"int"}}
_TYPE_TEXTS: dict[ValueType, Text] = {
    "tensor": Text("a tensor", "张量"),
    "tensor_list": Text("a list of tensors", "张量列表"),
    "float": Text("a Python float", "Python float"),
    "number": Text("any number", "任意数值"),
    "int": Text("a Python int", "Python int"),
    "integer": Text("any integer", "任意整数"),
    "bool": Text("a bool", "bool"),
    "rows": Text("lists of numbers", "数值列表"),
    "single": Text("a tensor of one element", "单元素张量"),
    "integers": Text("a list of integers", "整数列表"),
    "int_pair": Text("a pair of integers", "一对整数"),
    "number_pair": Text("a pair of numbers", "一对数值"),
    "float_tuple": Text("a tuple of floats", "浮点数元组"),
    "string": Text("a string", "字符串"),
    "holder": Text("an object with .tensor", "带 .tensor 的对象"),
}


def parameter_differences(
    left: ApiTable, right: ApiTable, core: CoreTable, pairing: Pairing
) -> list[Difference]:
    """All differences of one pairing; the single code ``same`` if there is none."""
    pair = _Pair(left, right, core, pairing)
    if not pairing.right:
        return [pair.difference("missing")]
    if not pairing.left:
        return [_extra(pair)]
    found = [*_names(pair), *_places(pair), *_forms(pair), *_units(pair), *_dtypes(pair)]
    found += _values(pair) if pairing.enumerated else _defaults(pair)
    return found or [pair.difference("same")]


def cell(params: tuple[Param, ...]) -> str:
    """How one side of a difference table writes some parameters: `a`, `[a, b]` or `-`."""
    names = [param.name for param in params]
    if not names:
        return ABSENT
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def place(api: ApiTable, param: Param) -> str:
    """Where a parameter is given: to the function, the constructor, or the constructed operator."""
    if api.form == "function":
        return "function"
    return "constructor" if param.stage == "init" else "input"


def subject(core: CoreTable, names: tuple[str, ...]) -> Text:
    """The prose of slots or axes."""
    texts = {slot.name: slot.text for slot in core.slots}
    texts.update((axis.name, axis.text) for axis in core.axes)
    return joined(texts[name] for name in names)


@dataclass(frozen=True)
class _Pair:
    left: ApiTable
    right: ApiTable
    core: CoreTable
    pairing: Pairing

    @property
    def single(self) -> tuple[Param, Param] | None:
        """The two parameters, if there is one on each side."""
        left, right = self.pairing.left, self.pairing.right
        return (left[0], right[0]) if len(left) == len(right) == 1 else None

    def difference(
        self,
        code: Code,
        detail: str = "",
        harmless: bool = False,
        facts: Mapping[str, Text] | None = None,
    ) -> Difference:
        names = self.pairing.names
        left, right = cell(self.pairing.left), cell(self.pairing.right)
        about = subject(self.core, names)
        given = dict(facts or {})
        return Difference(code, "parameter", names, left, right, about, detail, given, harmless)


def _extra(pair: _Pair) -> Difference:
    defaults = [param.default for param in pair.pairing.right]
    if _any_required(pair.pairing.right):
        return pair.difference("extra", "required")
    return pair.difference("extra", "optional", True, {"right": _shown(defaults)})


def _names(pair: _Pair) -> Iterator[Difference]:
    left, right = pair.pairing.left, pair.pairing.right
    if len(left) > len(right):
        yield pair.difference("packed")
    elif len(left) < len(right):
        yield pair.difference("split")
    elif {param.name for param in left} != {param.name for param in right}:
        yield pair.difference("renamed")


def _places(pair: _Pair) -> Iterator[Difference]:
    places = [place(pair.left, param) for param in pair.pairing.left]
    targets = [place(pair.right, param) for param in pair.pairing.right]
    for target in dict.fromkeys(targets):
        if target not in places:
            yield pair.difference("moved", target)
    if pair.single and places == targets:
        left, right = pair.single
        before, after = _position(pair.left, left), _position(pair.right, right)
        if before != after:
            facts = {"left": plain(before), "right": plain(after)}
            yield pair.difference("moved", "position", facts=facts)
    if any(p.positional_only for p in pair.pairing.right) and not all(
        p.positional_only for p in pair.pairing.left
    ):
        yield pair.difference("moved", "positional")


def _position(api: ApiTable, param: Param) -> int:
    return [other.name for other in api.params if other.stage == param.stage].index(param.name) + 1


def _forms(pair: _Pair) -> Iterator[Difference]:
    if not pair.single or pair.pairing.enumerated:
        return
    left, right = pair.single
    if _accepted(left) != _accepted(right):
        harmless = _accepted(left) <= _accepted(right)
        facts = {"left": type_texts(left), "right": type_texts(right)}
        yield pair.difference("type-differs", "forms", harmless, facts)


def _units(pair: _Pair) -> Iterator[Difference]:
    """Arguments that are turned into the slot in different ways."""
    if pair.pairing.enumerated:
        return
    texts = [
        joined(text for text in (form_text(param, pair.core) for param in side) if text.en)
        for side in (pair.pairing.left, pair.pairing.right)
    ]
    if texts[0] != texts[1]:
        left, right = (text if text.en else AS_IT_IS for text in texts)
        yield pair.difference("type-differs", "unit", facts={"left": left, "right": right})


def type_texts(param: Param) -> Text:
    """What a parameter takes, in words."""
    return joined(_TYPE_TEXTS[name] for name in param.types)


def _accepted(param: Param) -> set[str]:
    types: set[str] = set(param.types)
    return types.union(*(_INCLUDED_TYPES.get(name, set()) for name in types))


def _dtypes(pair: _Pair) -> Iterator[Difference]:
    left, right = _common_dtypes(pair.pairing.left), _common_dtypes(pair.pairing.right)
    if left is None and right is None:
        return
    if left is None or right is None:
        known = left if right is None else right
        side = pair.left if left is None else pair.right
        facts = {"side": plain(side.name), "known": _listed(known)}
        yield pair.difference("unknown", "dtypes", facts=facts)
    elif set(left) != set(right):
        harmless = set(left) <= set(right)
        facts = {"left": _listed(left), "right": _listed(right)}
        yield pair.difference("type-differs", "dtypes", harmless, facts)


def _common_dtypes(params: tuple[Param, ...]) -> list[str] | None:
    """The dtypes that all parameters accept which say so; None where none says so."""
    known = [param.dtypes for param in params if param.dtypes]
    if not known:
        return None
    return [dtype for dtype in known[0] if all(dtype in dtypes for dtypes in known)]


def _listed(names: Iterable[str] | None) -> Text:
    return plain(", ".join(names or ()))


def _defaults(pair: _Pair) -> Iterator[Difference]:
    left = [param.default for param in pair.pairing.left]
    right = [param.default for param in pair.pairing.right]
    demanded, demands = _any_required(pair.pairing.left), _any_required(pair.pairing.right)
    if demanded and not demands:
        yield pair.difference("default-added", "", True, {"right": _shown(right)})
    elif demands and not demanded:
        yield pair.difference("default-removed", facts={"left": _shown(left)})
    elif _slot_defaults(pair.pairing.left) != _slot_defaults(pair.pairing.right):
        yield _default_differs(pair)


def _any_required(params: tuple[Param, ...]) -> bool:
    return any(param.required for param in params)


def _default_differs(pair: _Pair) -> Difference:
    left = [param.default for param in pair.pairing.left]
    right = [param.default for param in pair.pairing.right]
    facts = {"left": _shown(left), "right": _shown(right)}
    return pair.difference("default-differs", facts=facts)


def _slot_defaults(params: tuple[Param, ...]) -> dict[str, Default | None]:
    return {slot: _in_slot(param) for param in params for slot in param.fills}


def _in_slot(param: Param) -> Default | None:
    """A default in the unit of the slot."""
    value, times, plus = param.default, param.times, param.plus
    if isinstance(value, str | bool | tuple | None) or isinstance(times, tuple):
        return value
    return value if isinstance(plus, tuple) else value * times + plus


def _shown(defaults: list[Default | None]) -> Text:
    return plain(", ".join(map(repr, defaults)))


def _values(pair: _Pair) -> Iterator[Difference]:
    """Enumerated values: which mean the same, which have no equal, and do the defaults agree."""
    names = pair.pairing.names
    left = points(pair.left, pair.core, pair.pairing.left, names)
    right = points(pair.right, pair.core, pair.pairing.right, names)
    equal = [(a, b) for a in left for b in right if a.values == b.values]
    lonely_left = [a.label for a in left if all(a is not pair[0] for pair in equal)]
    lonely_right = [b.label for b in right if all(b is not pair[1] for pair in equal)]
    labels = [f"{a.label} = {b.label}" for a, b in equal]
    facts = {
        "equal": plain(", ".join(labels) or ABSENT),
        "left_only": plain(", ".join(lonely_left) or ABSENT),
        "right_only": plain(", ".join(lonely_right) or ABSENT),
    }
    if lonely_left:
        yield pair.difference("values-differ", facts=facts)
    elif lonely_right or any(a.label != b.label for a, b in equal):
        yield pair.difference("type-differs", "values", facts=facts)
    yield from _choice_defaults(pair)


def _choice_defaults(pair: _Pair) -> Iterator[Difference]:
    if _any_required((*pair.pairing.left, *pair.pairing.right)):
        yield from _defaults(pair)
        return
    before, after = axis_values(pair.left, pair.core), axis_values(pair.right, pair.core)
    if any(before.get(name) != after.get(name) for name in pair.pairing.names):
        yield _default_differs(pair)
