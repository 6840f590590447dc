"""What the process of a half can find out about an exception while everything is still there.

Only facts: what they mean for a verdict is decided by opsbridge.pages.causes, outside.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

_MAX_MESSAGE = 4000
_MAX_CHAIN = 8
_MAX_FOUND = 3
_NOT_IMPORTED = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")


@dataclass(frozen=True)
class Call:
    """A call in the statement that raised, of something that a framework offers."""

    name: str
    """The full name, as in `torch.nn.ReLU`."""
    parameters: tuple[tuple[str, str], ...] | None
    """Name and kind of each as inspect.signature says them; None where it cannot."""
    positional: int
    """How many arguments are given by position."""
    paths: tuple[str, ...]
    """The texts among its arguments that look like paths and name nothing that exists."""


@dataclass(frozen=True)
class Failure:
    """An exception that a statement raised."""

    name: str
    message: str
    line: int | None = None
    missing: str = ""
    """The package that is not installed, if that is the reason."""
    uncovered: bool = False
    """A stand-in of opsbridge does not offer what was asked for."""
    classes: tuple[str, ...] = ()
    """Its classes and those of the exceptions that it came from."""
    errors: tuple[int, ...] = ()
    """The error numbers of the system among them."""
    lost: str = ""
    """The full name that the statement uses and that its module or class does not have."""
    found: tuple[str, ...] = ()
    """Where the same package has that name, in another case or in another module."""
    paths: tuple[str, ...] = ()
    """The paths written in the code that the message names and that do not exist."""
    calls: tuple[Call, ...] = ()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Failure:
        """Return the failure that `asdict` turned into plain data."""
        calls = [
            Call(
                call["name"],
                call["parameters"] and tuple(map(tuple, call["parameters"])),
                call["positional"],
                tuple(call["paths"]),
            )
            for call in data["calls"]
        ]
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        plain["calls"] = tuple(calls)
        return cls(**plain)


def describe(
    error: BaseException, sources: Sequence[str], namespace: Mapping[str, Any], file: str
) -> dict[str, Any]:
    """Return the failure as plain data; sources are the statements up to the one that raised."""
    try:
        message = str(error)
    except Exception:
        message = "(its message cannot be shown)"
    chain = list(_chain(error))
    node = ast.parse(sources[-1])
    lost, found = _lost_name(error, node)
    paths = [path for source in sources for path in _paths(_without_messages(ast.parse(source)))]
    named = message + "\n" + "\n".join(str(getattr(each, "filename", "")) for each in chain)
    failure = Failure(
        name=type(error).__name__,
        message=message[:_MAX_MESSAGE],
        line=_line(error, file),
        missing=_missing_package(error),
        uncovered=_is_uncovered(error),
        classes=tuple(dict.fromkeys(c.__name__ for each in chain for c in type(each).__mro__)),
        errors=tuple(
            each.errno for each in chain if isinstance(each, OSError) and each.errno is not None
        ),
        lost=lost,
        found=found,
        paths=tuple(dict.fromkeys(path for path in paths if path in named)),
        calls=tuple(_calls(node, namespace)),
    )
    return asdict(failure)


def bare(error: BaseException) -> dict[str, Any]:
    """Return no more of an exception than its class."""
    return asdict(Failure(type(error).__name__, ""))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it came from, some libraries' `reason` included."""
    open_errors: list[Any] = [error]
    seen: list[BaseException] = []
    while open_errors and len(seen) < _MAX_CHAIN:
        each = open_errors.pop(0)
        if isinstance(each, BaseException) and not any(each is other for other in seen):
            seen.append(each)
            open_errors += [each.__cause__, each.__context__, getattr(each, "reason", None)]
            yield each


def _line(error: BaseException, file: str) -> int | None:
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _missing_package(error: BaseException) -> str:
    """Return the name of the package whose absence caused an error, or ''."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    root = error.name.split(".")[0]
    try:
        return "" if root in sys.modules or importlib.util.find_spec(root) else root
    except (ImportError, ValueError):
        return ""


def _is_uncovered(error: BaseException) -> bool:
    alias = sys.modules.get("opsbridge.alias")
    return alias is not None and isinstance(error, alias.NotCovered)


def _lost_name(error: BaseException, node: ast.AST) -> tuple[str, tuple[str, ...]]:
    """Return the name of a package that the statement uses in vain, and where it is instead."""
    owner: Any = None
    name = ""
    if isinstance(error, AttributeError) and error.name:
        owner, name = error.obj, error.name
        if not any(
            isinstance(each, ast.Attribute) and each.attr == name for each in ast.walk(node)
        ):
            return "", ()
    elif isinstance(error, ModuleNotFoundError) and error.name and "." in error.name:
        parent, _, name = error.name.rpartition(".")
        owner = sys.modules.get(parent)
    elif isinstance(error, ImportError):
        told = _NOT_IMPORTED.match(str(error))
        if told:
            name, owner = told[1], sys.modules.get(told[2])
    if isinstance(owner, ModuleType):
        home = owner.__name__
    else:
        owner = owner if isinstance(owner, type) else type(owner)
        home = f"{owner.__module__}.{owner.__qualname__}"
    root = home.split(".")[0]
    if not name or root in sys.stdlib_module_names or root in ("builtins", "__main__"):
        return "", ()
    return f"{home}.{name}", tuple(_elsewhere(owner, home, name))[:_MAX_FOUND]


def _elsewhere(owner: Any, home: str, name: str) -> Iterator[str]:
    for other in dir(owner):
        if other.lower() == name.lower():
            yield f"{home}.{other}"
    root = home.split(".")[0]
    if not isinstance(owner, ModuleType):
        return
    shown: list[Any] = []
    for module_name in sorted(sys.modules, key=lambda each: (each.count("."), each)):
        parts = module_name.split(".")
        if parts[0] != root or any(part.startswith("_") for part in parts):
            continue
        found = vars(sys.modules[module_name] or owner).get(name)
        is_own = callable(found) and str(getattr(found, "__module__", "")).startswith(root)
        if is_own and not any(found is other for other in shown):
            shown.append(found)  # the shortest name of it is enough
            yield f"{module_name}.{name}"


def _without_messages(node: ast.AST) -> ast.AST:
    """Take away what the code itself raises: a text in there is what it says, and no path."""
    for each in ast.walk(node):
        if isinstance(each, ast.Raise):
            each.exc = each.cause = None
        elif isinstance(each, ast.Assert):
            each.msg = None
    return node


def _paths(node: ast.AST) -> Iterator[str]:
    """Yield the texts that look like paths and name nothing that exists."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            text = each.value
            looks = re.fullmatch(r"[^\n\0]*(?:[/\\][^\n\0]*|\.\w{1,6})", text)
            if looks and len(text) > 1 and not os.path.exists(text):
                yield text


def _calls(node: ast.AST, namespace: Mapping[str, Any]) -> Iterator[Call]:
    for each in ast.walk(node):
        if not isinstance(each, ast.Call):
            continue
        resolved = _resolve(each.func, namespace)
        if resolved is None:
            continue
        name, target, is_bound = resolved
        arguments = [*each.args, *(keyword.value for keyword in each.keywords)]
        values = [
            ast.Constant(namespace[value.id])
            if isinstance(value, ast.Name) and isinstance(namespace.get(value.id), str)
            else value
            for value in arguments
        ]
        yield Call(
            name,
            _parameters(target, is_bound=is_bound),
            len(each.args),
            tuple(path for value in values for path in _paths(value)),
        )


def _resolve(node: ast.expr, namespace: Mapping[str, Any]) -> tuple[str, Any, bool] | None:
    """Return the full name of a dotted name, its object, and whether that is a bound method.

    Nothing of the code is run for it.
    """
    if isinstance(node, ast.Name):
        target = namespace.get(node.id)
        if target is None:
            return None
        if isinstance(target, ModuleType):
            return target.__name__, target, False
        kind = target if isinstance(target, type) or inspect.isroutine(target) else type(target)
        return f"{getattr(kind, '__module__', '')}.{kind.__qualname__}", target, False
    if isinstance(node, ast.Attribute):
        base = _resolve(node.value, namespace)
        if base is None:
            return None
        try:
            target = inspect.getattr_static(base[1], node.attr)
        except AttributeError:
            return None
        is_bound = not isinstance(base[1], ModuleType | type) and inspect.isroutine(target)
        return f"{base[0]}.{node.attr}", target, is_bound
    return None


def _parameters(target: Any, *, is_bound: bool) -> tuple[tuple[str, str], ...] | None:
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError, NameError):
        return None
    found = [(each.name, each.kind.name) for each in signature.parameters.values()]
    return tuple(found[1:] if is_bound else found)
