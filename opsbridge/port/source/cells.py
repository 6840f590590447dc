"""What is special about cells: their methods, statements on their attributes, and `+=`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import libcst as cst
import libcst.matchers as m

from opsbridge.port.source.binding import elements
from opsbridge.port.source.names import dotted
from opsbridge.port.source.parse import Tree
from opsbridge.port.source.syntax import parenthesised

# Methods of cells and what PyTorch calls them, or writes for them; "" is nothing at all, and None
# is not translated.
METHODS: dict[str, str | None] = {
    "__init__": "__init__",
    "construct": "forward",
    "set_train": "train",
    "insert_child_to_cell": "add_module",
    "parameters_and_names": "named_parameters",
    "get_parameters": "parameters",
    "cells_and_names": "named_modules",
    "cells": "children",
    "to_float": "_to_float",
    "set_data": ".data.copy_",
    "set_grad": "",
    "recompute": "",
    "update_parameters_name": "",
    "parameters_dict": "dict({}.named_parameters())",
    "trainable_params": "[p for p in {}.parameters() if p.requires_grad]",
    "untrainable_params": "[p for p in {}.parameters() if not p.requires_grad]",
    "name_cells": "dict({}.named_children())",
    "add_flags": None,
    "add_flags_recursive": None,
    "set_comm_fusion": "",
    "shard": None,
    "set_inputs": "",
    "compile_and_run": None,
}
# Those of parameters, which are called in the same way.
OF_PARAMETERS = {"set_data"}
# Those that give parameters, which have names of their own in MindSpore: of opsbridge's Cell where
# the names matter, and with the names of PyTorch's layers in what the others give.
GIVE_PARAMETERS = {"trainable_params", "untrainable_params", "get_parameters"}
GIVE_NAMES = {"parameters_and_names", "parameters_dict"}
_NO_COUNTERPART = ("PyTorch has no counterpart", "leave it out")
BY_HAND = {
    "add_flags": _NO_COUNTERPART,
    "add_flags_recursive": _NO_COUNTERPART,
    "shard": _NO_COUNTERPART,
    "compile_and_run": ("a module is called in PyTorch", "call the module"),
}
# What is lost with methods that are left out; with the others nothing is.
LOST = {
    "recompute": "memory is not saved: checkpointing is a call in PyTorch",
    "update_parameters_name": "PyTorch names parameters by their place",
}

FLAGS = {"add_flags", "add_flags_recursive"}
KEPT_IN_FLOAT32 = "autocast knows by itself what stays in float32"


def keeps_float32(node: cst.Call) -> bool:
    """Whether all that flags say of cells is that half precision leaves them alone."""
    flag = m.Arg(m.Name("True"), keyword=m.Name("fp32"))
    return bool(node.args) and all(m.matches(arg, flag) for arg in node.args)


# Methods of tensors that are no call of PyTorch.
WITHOUT_VALUES = {"init_data", "to_tensor"}
IN_OTHER_WORDS = {"asnumpy": "{}.detach().cpu().numpy()"}

OPERATORS: dict[type[cst.BaseAugOp], type[cst.BaseBinaryOp]] = {
    cst.AddAssign: cst.Add,
    cst.SubtractAssign: cst.Subtract,
    cst.MultiplyAssign: cst.Multiply,
    cst.DivideAssign: cst.Divide,
    cst.FloorDivideAssign: cst.FloorDivide,
    cst.ModuloAssign: cst.Modulo,
    cst.PowerAssign: cst.Power,
    cst.MatrixMultiplyAssign: cst.MatrixMultiply,
    cst.BitAndAssign: cst.BitAnd,
    cst.BitOrAssign: cst.BitOr,
    cst.BitXorAssign: cst.BitXor,
}


def plain_assignment(node: cst.AugAssign) -> cst.Assign:
    """`x += y` as `x = x + y`: MindSpore makes a new tensor, PyTorch would change the old one."""
    value = node.value
    if isinstance(value, cst.BinaryOperation | cst.Comparison | cst.BooleanOperation | cst.IfExp):
        value = parenthesised(value)
    sum_ = cst.BinaryOperation(node.target.deep_clone(), OPERATORS[type(node.operator)](), value)
    return cst.Assign([cst.AssignTarget(node.target)], sum_)


CONTAINERS = {"mindspore.nn.CellList", "mindspore.nn.SequentialCell"}


def container(name: str, node: cst.Call, is_sequence: bool) -> tuple[Any, str]:
    """A container of modules: how to write it, and what it is then.

    MindSpore's take modules, or one list of them; PyTorch's Sequential only the first, its
    ModuleList only the second.
    """
    is_list = name.endswith("CellList")
    single = len(node.args) == 1 and not node.args[0].star
    is_literal = single and isinstance(node.args[0].value, cst.List | cst.Tuple)
    if is_list:
        return (_as_list if node.args and not single else _called), "torch.nn.ModuleList"
    if single and not is_literal and not is_sequence:
        return (lambda call: call.with_changes(func=cst.Name("_sequential"))), "_sequential"
    return (_spread if single else _called_sequential), "torch.nn.Sequential"


def _called(node: cst.Call) -> cst.Call:
    return node.with_changes(func=cst.parse_expression("torch.nn.ModuleList"))


def _as_list(node: cst.Call) -> cst.Call:
    elements = [
        cst.StarredElement(arg.value) if arg.star else cst.Element(arg.value) for arg in node.args
    ]
    return _called(node).with_changes(args=[cst.Arg(cst.List(elements))])


def _called_sequential(node: cst.Call) -> cst.Call:
    return node.with_changes(func=cst.parse_expression("torch.nn.Sequential"))


def _spread(node: cst.Call) -> cst.Call:
    """Give the elements of a list as arguments."""
    value = node.args[0].value
    if isinstance(value, cst.List | cst.Tuple):
        args = [
            cst.Arg(
                each.value,
                star="*" if isinstance(each, cst.StarredElement) else "",
                comma=each.comma,
            )
            for each in value.elements
        ]
    else:
        args = [node.args[0].with_changes(star="*")]
    return _called_sequential(node).with_changes(args=args)


def without(node: cst.Expr) -> Any:
    """No statement."""
    return cst.RemoveFromParent()


def nothing(node: cst.Assign) -> cst.Pass:
    """A statement that does nothing."""
    return cst.Pass()


def in_other_words(template: str) -> Any:
    """An expression of the object of a method call in place of the call."""

    def edit(node: cst.Call) -> cst.BaseExpression:
        assert isinstance(node.func, cst.Attribute)
        receiver = parenthesised(node.func.value)
        text = cst.Module([]).code_for_node(receiver)
        return cst.parse_expression(template.format(text))

    return edit


def as_function(function: str, keywords: Mapping[str, str] = MappingProxyType({})) -> Any:
    """`x.m(y)` as f(x, y); `keywords` are names of arguments that f has otherwise."""

    def edit(node: cst.Call) -> cst.Call:
        args = [
            arg
            if arg.keyword is None or arg.keyword.value not in keywords
            else arg.with_changes(keyword=cst.Name(keywords[arg.keyword.value]))
            for arg in node.args
        ]
        assert isinstance(node.func, cst.Attribute)
        func = cst.parse_expression(function)
        return node.with_changes(func=func, args=[cst.Arg(node.func.value), *args])

    return edit


def renamed(name: str) -> Any:
    """Give a function another name."""
    return lambda node: node.with_changes(name=cst.Name(name))


def without_arguments(node: cst.Call) -> cst.Call:
    """Call without arguments."""
    return node.with_changes(args=[], whitespace_before_args=cst.SimpleWhitespace(""))


def property_call(torch_name: str) -> Any:
    """`x.size` as `x.numel()`."""
    method = torch_name.rpartition(".")[2]
    return lambda node: cst.Call(cst.Attribute(parenthesised(node.value), cst.Name(method)))


def listed(node: cst.Attribute) -> cst.Call:
    """`x.cell_list` as `list(x)`: PyTorch's Sequential gives its modules by itself."""
    return cst.Call(cst.Name("list"), [cst.Arg(node.value)])


def is_super_call(node: cst.BaseExpression) -> bool:
    """Whether an expression is `super()` or `super(X, self)`."""
    return isinstance(node, cst.Call) and dotted(node.func) == ["super"]


def unpacked_target(tree: Tree, node: cst.Call) -> cst.Tuple | None:
    """The tuple that the results of a call are unpacked into at once."""
    parent = tree.parents.get(node)
    if not isinstance(parent, cst.Assign) or len(parent.targets) != 1:
        return None
    target = parent.targets[0].target
    if not isinstance(target, cst.Tuple):
        return None
    is_plain = all(isinstance(each, cst.Element) for each in target.elements)
    return target if is_plain else None


def is_in_display(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether an expression is an element of a tuple, list or dict that is written there."""
    display = cst.Element | cst.DictElement | cst.BaseComp
    ends = cst.Call | cst.BaseStatement | cst.Lambda
    first = next(above for above in tree.ancestors(node) if isinstance(above, display | ends))
    return isinstance(first, display)


def loop_over(tree: Tree, node: cst.CSTNode) -> tuple[cst.BaseExpression, cst.CSTNode] | None:
    """The target of the loop over an expression, and all that the loop does."""
    parent = tree.parents.get(node)
    if isinstance(parent, cst.For) and parent.iter is node:
        return parent.target, parent.body
    if isinstance(parent, cst.CompFor) and parent.iter is node:
        return parent.target, tree.parents[parent]
    return None


def attribute_target(tree: Tree, node: cst.Call, self_name: str) -> str | None:
    """The `x` of `self.x = node`."""
    parent = tree.parents.get(node)
    place = None
    if isinstance(parent, cst.Element):
        display = tree.parents[parent]
        place = list(elements(display)).index(node)
        parent = tree.parents.get(display)
    if not isinstance(parent, cst.Assign) or len(parent.targets) != 1 or not self_name:
        return None
    target: cst.CSTNode = parent.targets[0].target
    if place is not None:
        targets = list(elements(target))
        if len(targets) != len(list(elements(parent.value))):
            return None
        target = targets[place]
    parts = dotted(target)
    return parts[1] if len(parts) == 2 and parts[0] == self_name else None


def assigned_values(tree: Tree, assignments: Iterable[Any]) -> list[cst.BaseExpression]:
    """The expressions that a plain name is set to; nothing if it is set in another way, too."""
    values: list[cst.BaseExpression] = []
    for assignment in assignments:
        target = tree.parents.get(getattr(assignment, "node", None))
        if not isinstance(target, cst.AssignTarget):
            return []
        values.append(tree.parents[target].value)
    return values
