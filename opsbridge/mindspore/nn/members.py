"""Parameters under a Cell or a module of PyTorch, by the names that MindSpore gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from opsbridge.checkpoints.rules import Owner, name_rules
from opsbridge.mindspore.parameter import named
from opsbridge.mindspore.results import plain


def parameters_under(
    root: torch.nn.Module, prefix: str = "", expand: bool = True
) -> Iterator[tuple[str, Any]]:
    """Yield all parameters, each once, with their paths.

    Layers of PyTorch call theirs as MindSpore's layers do (`bn.gamma`); so are they named, from the
    outermost module that is no Cell.
    """
    seen: set[int] = set()
    for path, inner, module in _modules(root, prefix, None, set(), expand):
        owner = None if inner is None else _owner_of(type(module))
        for name, parameter in module._parameters.items():
            if parameter is None or id(parameter) in seen:
                continue
            seen.add(id(parameter))
            if owner is None:
                yield _joined(path, name), named(parameter)
                continue
            name = owner.mindspore_name(name)
            full, known = _joined(inner or "", name), getattr(parameter, "name", None) or ""
            if not f".{known}".endswith(f".{full}"):  # a root further out has named it already
                named(parameter, full)
            yield _joined(path, name), parameter


def is_cell(module: Any) -> bool:
    """Whether a module is one of MindSpore's, which names its parameters by itself."""
    return hasattr(module, "update_parameters_name")


def given_to(function: Any, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return arguments as a function takes them: a module of PyTorch wants plain tensors."""
    is_module = isinstance(function, torch.nn.Module) and not is_cell(function)
    return plain(values) if is_module else values


def _modules(
    module: torch.nn.Module, path: str, inner: str | None, seen: set[int], expand: bool
) -> Iterator[tuple[str, str | None, torch.nn.Module]]:
    """Yield modules with their paths, also from the outermost one of PyTorch (None: no such)."""
    if id(module) in seen:
        return
    seen.add(id(module))
    if inner is None and not is_cell(module):
        inner = ""
    yield path, inner, module
    if expand:
        for name, child in module._modules.items():
            if child is not None:
                below = None if inner is None else _joined(inner, name)
                yield from _modules(child, _joined(path, name), below, seen, expand)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _owner_of(kind: type) -> Owner:
    """What a class of layers calls its parameters; a Cell's have MindSpore's names already."""
    if hasattr(kind, "update_parameters_name"):
        return Owner(types=())
    return name_rules().owner(each.__name__ for each in kind.__mro__)
