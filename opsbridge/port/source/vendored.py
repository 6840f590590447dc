"""Operators as small functions of the translated file, for code that is to need PyTorch only."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from typing import Any

import libcst as cst

from opsbridge.port.source.binding import Given
from opsbridge.port.source.helpers import Helper, written_helpers
from opsbridge.port.source.hub_call import GETTER, positional
from opsbridge.port.source.syntax import NO_SPACE, name
from opsbridge.tables.port_schema import PortEntry, PortParam

_WRITTEN = {
    "same": "{}",
    "int": "{}",
    "number": "{}",
    "dtype": "{}",
    "tensor": "torch.as_tensor({})",
    "ints": "({0},) if isinstance({0}, int) else tuple({0})",
    "axis_list": "({0},) if isinstance({0}, int) else tuple({0})",
    "axes": "None if {0} == () else {0}",
}
"""Converters as a function writes them; the names of dtypes must then be PyTorch's."""


_LAST_BITS = "values differ in the last bits"


def helper_of(entry: PortEntry) -> tuple[Helper, bool] | None:
    """A function that does what the operator does, and whether it does so for every argument."""
    written = written_helpers().get(entry.name)
    if written is not None:
        return written, not written.difference
    converters = {argument.convert for argument in entry.arguments.values()}
    is_plain = bool(entry.torch) and not entry.ours and not any(p.variadic for p in entry.params)
    if entry.form != "primitive" or entry.equality == "by_hand" or not is_plain:
        return None
    if not converters <= set(_WRITTEN):
        return None
    difference = "" if entry.equality == "exact" else _LAST_BITS
    helper = Helper(_function_name(entry), ("torch",), _source(entry), difference)
    return helper, not difference and "dtype" not in converters


def helper_for(entry: PortEntry, asked: Collection[str]) -> tuple[Helper, bool] | None:
    """The function for an entry, unless code asks for members of the layer that it lacks."""
    found = helper_of(entry)
    return found if found is not None and found[0].lacks.isdisjoint(asked) else None


def helper_parameters(helper: Helper) -> list[str]:
    """The names of what a function takes, or the constructor of a class."""
    (tree,) = ast.parse(helper.source).body
    if isinstance(tree, ast.ClassDef):
        (tree,) = (each for each in tree.body if getattr(each, "name", "") == "__init__")
    assert isinstance(tree, ast.FunctionDef)
    rest = [tree.args.vararg] if tree.args.vararg else []
    return [each.arg for each in (*tree.args.args, *rest, *tree.args.kwonlyargs)]


def made_object(entry: PortEntry, helper: Helper, given: Mapping[str, Given]) -> Any:
    """An edit of a constructor: the function, with the constructor's arguments kept for it."""
    by_index = {each.index: parameter for parameter, each in given.items()}

    def edit(node: cst.Call) -> cst.BaseExpression:
        if not node.args:
            return cst.Name(helper.name)
        args = [
            arg.with_changes(keyword=cst.Name(by_index[index]), equal=NO_SPACE)
            for index, arg in enumerate(node.args)
        ]
        function = cst.Arg(cst.Name(helper.name))
        return node.with_changes(func=name("functools.partial"), args=[function, *args])

    return edit


def called_as(helper: Helper, given: Mapping[str, Given]) -> Any:
    """An edit of a call: the helper with the same arguments, keywords by their names in it."""
    by_index = {each.index: parameter for parameter, each in given.items()}

    def edit(node: cst.Call) -> cst.BaseExpression:
        args = [
            arg if arg.keyword is None else arg.with_changes(keyword=cst.Name(by_index[index]))
            for index, arg in enumerate(node.args)
        ]
        return node.with_changes(func=cst.Name(helper.name), args=args)

    return edit


def _function_name(entry: PortEntry) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", entry.last)
    return f"_{words.lower()}"


def _source(entry: PortEntry) -> str:
    params = sorted(entry.params, key=lambda each: (not each.is_required, each.stage == "init"))
    dtypes = {each.param for each in entry.arguments.values() if each.convert == "dtype"}
    signature = ", ".join(_parameter(param, param.name in dtypes) for param in params)
    arguments = []
    by_position = positional(entry)
    for key, argument in entry.arguments.items():
        value = repr(argument.value)
        if argument.param:
            value = _WRITTEN[argument.convert].format(argument.param)
        arguments.append(value if key in by_position else f"{key}={value}")
    function = entry.torch.replace("torch.Tensor.", "Tensor.")
    if function.startswith("Tensor."):
        function = f"{arguments.pop(0)}.{function.removeprefix('Tensor.')}"
    call = f"{function}({', '.join(arguments)})"
    if function.endswith(GETTER):
        call = function.removesuffix(GETTER)
    lines = [f"def {_function_name(entry)}({signature}):"]
    lines += [f'    """Do what {entry.name} does."""']
    if entry.returns:
        results = [_result(each.pick, each.dtype) for each in entry.returns]
        lines += [f"    results = {call}", f"    return {', '.join(results)}"]
    else:
        lines += [f"    return {call}"]
    return "\n" + "\n".join(lines) + "\n"


def _parameter(param: PortParam, is_dtype: bool) -> str:
    if param.is_required:
        return param.name
    if is_dtype and param.default is not None:
        return f"{param.name}=torch.{param.default}"
    return f"{param.name}={param.default!r}"


def _result(pick: int | None, dtype: str) -> str:
    text = "results" if pick is None else f"results[{pick}]"
    return f"{text}.to(torch.{dtype})" if dtype else text
