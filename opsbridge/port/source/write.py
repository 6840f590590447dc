"""The new nodes of the tree: each function makes the edit that one decision asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import libcst as cst

from opsbridge.port.source.binding import Given, written
from opsbridge.port.source.build import build
from opsbridge.port.source.hub_call import HubCall
from opsbridge.port.source.outputs import Results
from opsbridge.port.source.syntax import NO_SPACE, name
from opsbridge.tables.port_schema import PortEntry
from opsbridge.tables.schema import Stage

Edit = Callable[[Any], Any]
"""From a node whose children are translated to what stands in its place."""


def named(full: str) -> Edit:
    """Replace a name by another one; parentheses around it stay."""

    def edit(node: Any) -> Any:
        new = name(full)
        return new.with_changes(lpar=node.lpar, rpar=node.rpar)

    return edit


def method_named(method: str) -> Edit:
    """Give an attribute another name; one that starts with a dot is a path."""

    def edit(node: cst.Attribute) -> cst.BaseExpression:
        if not method.startswith("."):
            return node.with_changes(attr=cst.Name(method))
        value = node.value
        for part in method[1:].split("."):
            value = cst.Attribute(value, cst.Name(part))
        return value

    return edit


def inlined_call(
    call: HubCall,
    entry: PortEntry,
    given: Mapping[str, Given],
    args: Sequence[cst.Arg],
    inner: cst.Call | None,
    results: Results,
) -> Edit:
    """Write a call of PyTorch; `args` are those of the call itself, `inner` its constructor."""
    own = {id(arg.value): index for index, arg in enumerate(args)}
    inner_args = {id(arg.value): i for i, arg in enumerate(inner.args)} if inner else {}

    def edit(node: cst.Call) -> cst.BaseExpression:
        values: dict[str, cst.BaseExpression] = {}
        old: dict[str, cst.Arg] = {}
        for parameter, each in given.items():
            key = id(each.value)
            if each.index < 0:
                assert isinstance(node.func, cst.Attribute)
                values[parameter] = node.func.value
            elif key in own:
                old[parameter] = node.args[own[key]]
                values[parameter] = old[parameter].value
            elif key in inner_args:
                assert isinstance(node.func, cst.Call)
                values[parameter] = node.func.args[inner_args[key]].value
            else:
                values[parameter] = each.value.deep_clone()
        new = build(call, entry, values, old)
        if isinstance(new, cst.Call):
            new = new.with_changes(whitespace_before_args=node.whitespace_before_args)
        return results.apply(new).with_changes(lpar=node.lpar, rpar=node.rpar)

    return edit


def reordered(order: Sequence[int]) -> Edit:
    """Put the targets of an assignment where PyTorch has the results."""

    def edit(node: cst.Tuple) -> cst.Tuple:
        values = [element.value for element in node.elements]
        moved = {theirs: values[ours] for ours, theirs in enumerate(order)}
        elements = [
            element.with_changes(value=moved[index]) for index, element in enumerate(node.elements)
        ]
        return node.with_changes(elements=elements)

    return edit


def created_tensor(is_constant: bool) -> Edit:
    """`Tensor(data, dtype)` as torch.tensor; a constant of a module as a buffer of it."""

    def edit(node: cst.Call) -> cst.Call:
        args = []
        for index, arg in enumerate(node.args):
            keyword = (
                "dtype" if index == 1 or (arg.keyword and arg.keyword.value == "dtype") else ""
            )
            args.append(
                arg.with_changes(
                    keyword=cst.Name(keyword) if keyword else None,
                    equal=NO_SPACE if keyword else cst.MaybeSentinel.DEFAULT,
                )
            )
        args.sort(key=lambda arg: arg.keyword is not None)
        new = node.with_changes(func=name("torch.tensor"), args=args)
        if not is_constant:
            return new
        persistent = cst.Arg(cst.Name("False"), keyword=cst.Name("persistent"), equal=NO_SPACE)
        return cst.Call(name("torch.nn.Buffer"), [cst.Arg(new), persistent])

    return edit


def made_parameter(node: cst.Call) -> cst.Call:
    """`Parameter(data, name, requires_grad)` as PyTorch's, which has no name of its own."""
    kept = []
    for index, arg in enumerate(node.args):
        keyword = arg.keyword.value if arg.keyword else ("", "name", "requires_grad")[index]
        if keyword == "name":
            continue
        is_flag = keyword == "requires_grad"
        kept.append(
            arg.with_changes(
                keyword=cst.Name(keyword) if is_flag else None,
                equal=NO_SPACE if is_flag else cst.MaybeSentinel.DEFAULT,
            )
        )
    kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return node.with_changes(func=name("torch.nn.Parameter"), args=kept)


def with_defaults(entry: PortEntry, stage: Stage) -> Edit:
    """Write out the defaults that a call leaves to MindSpore."""

    def edit(node: cst.Call) -> cst.Call:
        params = [param for param in entry.params if param.stage == stage]
        if any(arg.star for arg in node.args):
            return node
        positional = sum(arg.keyword is None for arg in node.args)
        there = {param.name for param in params[:positional]}
        there |= {arg.keyword.value for arg in node.args if arg.keyword}
        missing = [
            cst.Arg(written(param.default), keyword=cst.Name(param.name), equal=NO_SPACE)
            for param in params
            if param.name not in there and param.default is not None
        ]
        return node.with_changes(args=[*node.args, *missing])

    return edit


def stripped(node: cst.Call) -> cst.BaseExpression:
    """`x.m()` as x."""
    assert isinstance(node.func, cst.Attribute)
    value = node.func.value
    if node.lpar and not value.lpar:
        return value.with_changes(lpar=node.lpar, rpar=node.rpar)
    return value
