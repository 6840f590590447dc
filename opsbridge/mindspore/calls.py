"""Callables made from the entries of the tables: primitives, functions and methods on PyTorch."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import torch

from opsbridge.errors import DtypeError
from opsbridge.mindspore.converters import CONVERTERS, to_dtype
from opsbridge.mindspore.nothing import Nothing
from opsbridge.mindspore.results import no_overrides, plain, shown
from opsbridge.mindspore.strictness import check_strictly
from opsbridge.strictness import is_strict
from opsbridge.tables.port_schema import PortEntry, PortParam, PortReturn

_Values = Mapping[str, Any]


class Primitive:
    """An operator that is configured, then called; what spreads it over devices has no effect."""

    name = ""

    def add_prim_attr(self, name: str, value: Any) -> Primitive:
        """Return the primitive."""
        return self

    def set_device(self, device_target: str) -> Primitive:
        """Return the primitive."""
        return self

    def shard(self, *strategies: Any, **options: Any) -> Primitive:
        """Return the primitive."""
        return self

    def recompute(self, mode: bool = True) -> Primitive:
        """Return the primitive."""
        return self


def make_primitive(entry: PortEntry) -> type[Primitive]:
    """Return the class of an operator: its instances hold the settings and take the inputs."""
    settings = Binder(entry, "init")
    inputs = Binder(entry, "call")
    compute = _computation(entry)

    def configure(self: Any, *args: Any, **kwargs: Any) -> None:
        self._settings = settings(args, kwargs)
        for name, value in self._settings.items():
            setattr(self, name, value)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return compute({**self._settings, **inputs(args, kwargs)})

    def represent(self: Any) -> str:
        shown_settings = ", ".join(f"{name}={value!r}" for name, value in self._settings.items())
        return f"{entry.last}({shown_settings})"

    members = {
        "name": entry.last,
        "__doc__": _documentation(entry),
        "__module__": "opsbridge.mindspore.ops",
        "__signature__": settings.signature(),
        "__init__": configure,
        "__call__": call,
        "__repr__": represent,
    }
    return type(entry.last, (Primitive,), members)


def make_function(entry: PortEntry) -> Callable[..., Any]:
    """Return the function or method of an entry."""
    inputs = Binder(entry, "call")
    compute = _computation(entry)

    def function(*args: Any, **kwargs: Any) -> Any:
        return compute(inputs(args, kwargs))

    function.__name__ = entry.last
    function.__qualname__ = entry.last
    function.__doc__ = _documentation(entry)
    function.__module__ = f"opsbridge.{entry.module}"
    function.__signature__ = inputs.signature()  # type: ignore[attr-defined]
    return function


def hub_of(entry: PortEntry) -> Any:
    """The call of PyTorch that an entry names, or what opsbridge has instead."""
    if entry.ours:
        path, _, last = entry.ours.rpartition(".")
        return getattr(importlib.import_module(f"opsbridge.mindspore.{path}"), last)
    names = entry.torch.removeprefix("torch.").split(".")
    return functools.reduce(getattr, names, torch)


class Binder:
    """Binds the arguments of one stage to names, as Python does."""

    def __init__(self, entry: PortEntry, stage: str) -> None:
        self._owner = entry.last
        self._params = tuple(param for param in entry.params if param.stage == stage)
        ordered = [param for param in self._params if not param.keyword_only]
        self._names = tuple(param.name for param in ordered)
        self._rest = next((param.name for param in ordered if param.variadic), "")
        self._other_names = {
            name: param.name for param in self._params for name in (param.name, *param.aliases)
        }
        self._defaults = {
            param.name: () if param.variadic else param.default
            for param in self._params
            if not param.is_required
        }

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        if self._rest:
            place = self._names.index(self._rest)
            args = (*args[:place], args[place:])
        if len(args) == len(self._params) and not kwargs:
            return dict(zip(self._names, args, strict=False))
        if len(args) > len(self._names):
            raise DtypeError(
                f"{self._owner}: takes {len(self._names)} arguments, {len(args)} were given"
            )
        bound = {**self._defaults, **dict(zip(self._names, args, strict=False))}
        for given, value in kwargs.items():
            name = self._other_names.get(given)
            if name is None or name in self._names[: len(args)]:
                reason = "has no parameter" if name is None else "got twice"
                raise DtypeError(f"{self._owner}: {reason} {given}")
            bound[name] = value
        for name in self._names:
            if name not in bound:
                raise DtypeError(f"{self._owner}: {name} is missing")
        return bound

    def signature(self) -> inspect.Signature:
        """The signature that the table gives."""
        return inspect.Signature([_parameter(param) for param in self._params])


def _parameter(param: PortParam) -> inspect.Parameter:
    kinds = inspect.Parameter
    if param.variadic:
        return inspect.Parameter(param.name, kinds.VAR_POSITIONAL)
    kind = kinds.KEYWORD_ONLY if param.keyword_only else kinds.POSITIONAL_OR_KEYWORD
    default = inspect.Parameter.empty if param.is_required else param.default
    return inspect.Parameter(param.name, kind, default=default)


def _computation(entry: PortEntry) -> Callable[[_Values], Any]:
    """What an entry does with its arguments by name."""
    compute = _our_call(entry) if entry.ours else _hub_call(entry)
    owner, rules = entry.last, entry.strict
    required = tuple(param.name for param in entry.params if param.is_required)
    passing = tuple(param.name for param in entry.params if param.none_passes)

    def guarded(values: _Values) -> Any:
        if rules and is_strict():
            check_strictly(owner, rules, values)
        for value in values.values():
            if value.__class__ is Nothing:
                return value
        for name in passing:
            if values[name] is None and not is_strict():
                return Nothing(DtypeError, _is_none(owner, name))
        try:
            return compute(values)
        except (AttributeError, TypeError) as error:
            for name in required:
                if values.get(name, ()) is None:
                    raise DtypeError(_is_none(owner, name)) from error
            raise

    return guarded


def _is_none(owner: str, name: str) -> str:
    return f"{owner}: {name} is None, which it does not take"


def _our_call(entry: PortEntry) -> Callable[[_Values], Any]:
    """A call of opsbridge's own function, on plain tensors."""
    ours = hub_of(entry)

    def compute(values: _Values) -> Any:
        given = {name: plain(value) for name, value in values.items()}
        receiver = (given.pop("self"),) if "self" in given else ()
        with no_overrides():
            return shown(ours(*receiver, **given))

    return compute


def _hub_call(entry: PortEntry) -> Callable[[_Values], Any]:
    """A call of PyTorch; its functions that are written in Python get plain tensors."""
    hub = hub_of(entry)
    is_python = isinstance(hub, FunctionType)
    fixed = {key: arg.value for key, arg in entry.arguments.items() if not arg.param}
    steps = tuple(
        (key, arg.param, None if arg.convert == "same" else CONVERTERS[arg.convert])
        for key, arg in entry.arguments.items()
        if arg.param
    )
    places = tuple(sorted(key for key in entry.arguments if key.isdigit()))
    finish = _finish(entry.returns)

    def compute(values: _Values) -> Any:
        with no_overrides():
            named = dict(fixed)
            for key, name, convert in steps:
                value = values[name]
                named[key] = value if convert is None else convert(value)
            if is_python:
                named = plain(named)
            positional = [named.pop(key) for key in places]
            result = hub(*positional, **named)
            return shown(result if finish is None else finish(result))

    return compute


def _finish(returns: tuple[PortReturn, ...]) -> Callable[[Any], Any] | None:
    """The results of an entry from that of its hub, where they differ."""
    if not returns:
        return None
    steps = [(each.pick, to_dtype(each.dtype) if each.dtype else None) for each in returns]

    def finish(result: Any) -> Any:
        values = []
        for pick, dtype in steps:
            value = result if pick is None else result[pick]
            values.append(value if dtype is None else value.to(dtype))
        return values[0] if len(values) == 1 else tuple(values)

    return finish


def _documentation(entry: PortEntry) -> str:
    hub = entry.torch or f"opsbridge.mindspore.{entry.ours}"
    notes = "".join(f"\n\n{each.code}: {each.en}." for each in entry.differences)
    return f"As {entry.name}, computed by {hub}.{notes}"
