"""Methods and properties of tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from opsbridge.port.source import cells
from opsbridge.port.source.binding import Given, Unbound, UnknownKeyword, bind, elements
from opsbridge.port.source.cell_members import plan_cell_method
from opsbridge.port.source.conversion import Inexpressible
from opsbridge.port.source.extremes import plan_extreme
from opsbridge.port.source.flow import Kind
from opsbridge.port.source.helpers import written_helpers
from opsbridge.port.source.inline import inline
from opsbridge.port.source.keep import leave_call
from opsbridge.port.source.meaning import SEQUENTIAL, SURFACE, TENSOR, Meaning, methods_of
from opsbridge.port.source.names import dotted
from opsbridge.port.source.result import Outcome, Target
from opsbridge.port.source.scope import Scope
from opsbridge.port.source.vendored import helper_parameters
from opsbridge.port.source.write import method_named, stripped
from opsbridge.tables.port_schema import PortEntry

# Methods of tensors that no NumPy array has, nor another object that models use.
_NO_ARRAY_HAS = {
    *("expand_dims", "broadcast_to", "permute", "masked_fill", "gather_nd", "gather_elements"),
    *("sigmoid", "softmax", "tanh", "relu", "logical_and", "logical_not", "logical_or"),
}
# Methods that tensors of PyTorch and NumPy arrays have with the same arguments and results.
_AS_IN_NUMPY = {"reshape", "sum", "prod", "flatten", "ravel", "all", "any", "argmax", "swapaxes"}


def plan_method_call(scope: Scope, node: cst.Call, function: cst.Attribute) -> None:
    """`x.method(...)`: of a cell or of a tensor, as far as that is known."""
    if not scope.concerns or scope.names.full_name(function):
        return
    if _may_be_of_cell(scope, function):
        plan_cell_method(scope, node, function)
        return
    is_on_self = dotted(function.value) == [scope.frame.self_name]
    if is_on_self or _put_otherwise(scope, node, function.attr.value):
        return
    entry = methods_of(TENSOR).get(function.attr.value)
    if entry is None or entry.form != "method" or _is_of_text(node, function):
        return
    kind = scope.kind(function.value)
    owner = scope.frame.owner
    is_in_cell = owner is not None and owner.is_cell
    is_tensor = kind is Kind.TENSOR or (kind is Kind.GRAPH and _is_tensor_only(function))
    is_tensor = is_tensor or (kind is Kind.UNKNOWN and _says_tensor(scope, node, is_in_cell))
    if is_tensor:
        _tensor_method(scope, node, function, entry)
    elif kind is Kind.GRAPH:
        _tensor_method(scope, node, function, entry)
        taken = "the value is taken for a tensor: lists and texts have such a method, too"
        scope.plan.points[-1] = replace(
            scope.plan.points[-1], outcome=Outcome.APPROXIMATE, reason=taken
        )
    elif kind is Kind.UNKNOWN and is_in_cell and not _says_array(scope, node):
        _unknown_receiver(scope, node, entry)


def _is_of_text(node: cst.Call, function: cst.Attribute) -> bool:
    """Whether a text is split: a tensor is not at another text."""
    is_split = function.attr.value == "split"
    return is_split and any(isinstance(arg.value, cst.SimpleString) for arg in node.args)


def _may_be_of_cell(scope: Scope, function: cst.Attribute) -> bool:
    method, receiver = function.attr.value, function.value
    if method not in cells.METHODS or (_is_ambiguous(method) and scope.frame.owner is None):
        return False
    is_ours = isinstance(receiver, cst.Call) and (
        scope.names.full_name(receiver.func).startswith(SURFACE)
    )
    return not is_ours


def _is_ambiguous(method: str) -> bool:
    """Whether other objects than cells may well have such a method."""
    return method in ("__init__", "cells", "construct")


def _put_otherwise(scope: Scope, node: cst.Call, method: str) -> bool:
    """Plan a method without arguments that PyTorch has in other words; false if it is none."""
    if node.args:
        return False
    if method in cells.WITHOUT_VALUES:
        scope.plan.edits[node] = stripped
        became = "nothing: tensors always have values"
    elif method in cells.IN_OTHER_WORDS:
        template = cells.IN_OTHER_WORDS[method]
        scope.plan.edits[node] = cells.in_other_words(template)
        became = template.format("x")
    else:
        return False
    scope.plan.record(node, f"{TENSOR}.{method}", Outcome.EXACT, became=became)
    return True


def _tensor_method(scope: Scope, node: cst.Call, function: cst.Attribute, entry: PortEntry) -> None:
    if plan_extreme(scope, node, function):
        return
    meaning = Meaning(entry.name, entry)
    try:
        given = bind(entry, "call", node.args, receiver=True)
        receiver = next(each for each in entry.params if each.name == "self")
        given["self"] = Given(receiver, function.value, -1)
        inline(scope, node, meaning, given, node.args)
    except UnknownKeyword as why:
        scope.plan.done.add(function)
        leave_call(scope, node, entry.name, why)
    except (Unbound, Inexpressible) as why:
        scope.plan.done.add(function)
        if _is_method_of_torch(scope, node, function) or _vendored(scope, node, entry):
            return
        became = f"{SURFACE}.Tensor.{entry.last}"
        scope.plan.edits[node] = cells.as_function(became)
        scope.plan.modules.add(SURFACE)
        reason = f"PyTorch's own is not used: {why}"
        scope.plan.record(node, entry.name, Outcome.EXACT, became=became, reason=reason)


def _is_method_of_torch(scope: Scope, node: cst.Call, function: cst.Attribute) -> bool:
    """Write PyTorch's method of the same meaning, if the arguments are what it takes."""
    method, args = function.attr.value, [arg.value for arg in node.args]
    if not args or any(arg.star or arg.keyword for arg in node.args):
        return False
    if method in ("reshape", "view"):
        if any(scope.kind(arg) is Kind.TENSOR for arg in args):
            return False
        became = "reshape"
    elif method == "transpose":
        order = elements(args[0]) if len(args) == 1 else args
        if len(list(order)) < 3:  # of two axes MindSpore 2 swaps those of more
            return False
        became = "permute"
    else:
        return False
    scope.plan.edits[function] = method_named(became)
    scope.plan.record(node, f"{TENSOR}.{method}", Outcome.EXACT, became=f".{became}")
    return True


def _vendored(scope: Scope, node: cst.Call, entry: PortEntry) -> bool:
    """Write a call of a function of the file, for code that is to need PyTorch only."""
    helper = written_helpers().get(entry.name)
    if scope.target is not Target.TORCHVISION or helper is None:
        return False
    keywords = {arg.keyword.value for arg in node.args if arg.keyword}
    others = {alias: each.name for each in entry.params for alias in each.aliases}
    if not {others.get(word, word) for word in keywords} <= set(helper_parameters(helper)):
        return False
    scope.plan.edits[node] = cells.as_function(helper.name, others)
    scope.plan.helpers[helper.name] = helper
    outcome = Outcome.APPROXIMATE if helper.difference else Outcome.EXACT
    scope.plan.record(node, entry.name, outcome, became=helper.name, reason=helper.difference)
    return True


def _is_tensor_only(function: cst.Attribute) -> bool:
    """Whether a value of a graph that has such a method must be a tensor."""
    return function.attr.value not in ("split", "copy")


def _says_tensor(scope: Scope, node: cst.Call, is_in_cell: bool) -> bool:
    """Whether the call itself shows that its receiver is a tensor."""
    if is_in_cell and isinstance(node.func, cst.Attribute):
        method = node.func.attr.value
        is_shape = method == "view" and not any(_is_kind(scope, arg.value) for arg in node.args)
        if method in _NO_ARRAY_HAS or (is_shape and node.args):
            return True
    return any(
        scope.is_dtype(arg.value, strict=True)
        for call in (node, *_methods_of_result(scope, node))
        for arg in call.args
    )


def _methods_of_result(scope: Scope, node: cst.Call) -> Iterator[cst.Call]:
    """The methods that are called in a row on what a call gives: `x.copy().astype(float32)`."""
    parents = scope.tree.parents
    while isinstance(member := parents.get(node), cst.Attribute):
        call = parents.get(member)
        if not (isinstance(call, cst.Call) and call.func is member):
            return
        yield call
        node = call


def _is_kind(scope: Scope, node: cst.BaseExpression) -> bool:
    """Whether an argument may be a type: NumPy's view of an array takes one, a tensor's none."""
    return isinstance(node, cst.SimpleString) or scope.names.full_name(node).startswith("numpy.")


def _says_array(scope: Scope, node: cst.Call) -> bool:
    """Whether a call shows that its receiver is a NumPy array: it becomes a tensor there."""
    parent = scope.tree.parents.get(node)
    call = scope.tree.parents.get(parent) if isinstance(parent, cst.Arg) else None
    if isinstance(call, cst.Call) and (meaning := scope.meaning(call.func)):
        return meaning.name == TENSOR
    return any(scope.names.full_name(arg.value).startswith("numpy.") for arg in node.args)


def _unknown_receiver(scope: Scope, node: cst.Call, entry: PortEntry) -> None:
    if entry.torch == f"torch.Tensor.{entry.last}":
        return
    if entry.last in _AS_IN_NUMPY and not any(arg.star for arg in node.args):
        became = f".{entry.last}: PyTorch, NumPy and MindSpore mean the same"
        scope.plan.record(node, entry.name, Outcome.EXACT, became=became)
        return
    of_tensor = entry.torch or f"{SURFACE}.Tensor.{entry.last}"
    scope.plan.record(
        node, entry.name, Outcome.BY_HAND,
        reason="it is not known whether the value is a tensor or a NumPy array",
        suggestion=f"for a tensor: {of_tensor}; a NumPy array stays as it is",
    )  # fmt: skip


def _is_set(scope: Scope, attribute: str) -> bool:
    """Whether objects of a class of the source have an attribute of their own of this name."""
    classes = scope.project.classes.values()
    return any(attribute in each.bindings or attribute in each.methods for each in classes)


def plan_property(scope: Scope, node: cst.Attribute) -> None:
    """`x.name` that is not called."""
    parent = scope.tree.parents.get(node)
    if isinstance(parent, cst.Call) and parent.func is node:
        return
    if node.attr.value == "construct" and scope.frame.owner is not None:
        scope.plan.edits[node] = method_named("forward")
        return
    if node.attr.value == "cell_list" and scope.concerns and not _is_set(scope, "cell_list"):
        scope.plan.edits[node] = cells.listed
        scope.plan.record(node, f"{SEQUENTIAL}.cell_list", Outcome.EXACT, became="list(modules)")
        return
    entry = methods_of(TENSOR).get(node.attr.value)
    if entry is None or entry.form != "property" or not entry.torch:
        return
    if scope.kind(node.value) is Kind.TENSOR:
        scope.plan.edits[node] = cells.property_call(entry.torch)
        became = f".{entry.torch.rpartition('.')[2]}"
        scope.plan.record(node, entry.name, Outcome.EXACT, became=became)
