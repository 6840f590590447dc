"""Where the planner stands in a file, and what is known there."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from opsbridge.port.source import cells
from opsbridge.port.source.binding import plain_value
from opsbridge.port.source.conversion import Known
from opsbridge.port.source.flow import Flow, Kind
from opsbridge.port.source.meaning import PARAMETER, TENSOR, Meaning, meaning_of
from opsbridge.port.source.names import dotted, is_ported
from opsbridge.port.source.plan import Plan
from opsbridge.port.source.project import ClassInfo, Project, SourceUnit, self_name
from opsbridge.port.source.result import Target
from opsbridge.tables.port_schema import PortEntry

# Types of NumPy that PyTorch has under the same name, but for an underscore.
_NUMPY_TYPES = {
    *("bool", "bool_", "uint8", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64"),
}


@dataclass
class Frame:
    """A function, and what is known inside it."""

    owner: ClassInfo | None
    self_name: str
    is_graph: bool
    flow: Flow

    def own_attribute(self, node: cst.BaseExpression) -> str:
        """The x of `self.x`; nothing for every other expression."""
        parts = dotted(node)
        return parts[1] if len(parts) == 2 and parts[0] == self.self_name else ""


class Scope:
    """The place in a file that the planner has come to, and the plan that it fills."""

    def __init__(self, unit: SourceUnit, project: Project, target: Target) -> None:
        self.plan = Plan(unit)
        self.unit = unit
        self.tree = unit.tree
        self.names = unit.names
        self.project = project
        self.target = target
        self.concerns = unit.names.imports_ported
        """Whether the file has to do with MindSpore, as far as it has been read."""
        self.kept_layers: set[cst.CSTNode] = set()
        self.given_to_surface: set[cst.CSTNode] = set()
        """Arguments of what stays opsbridge's, which takes rules of its own only."""
        """Calls of layers that stay opsbridge's whatever PyTorch has."""
        self._classes: list[ClassInfo] = []
        self._frames = [self._new_frame(None, "", False)]

    @property
    def frame(self) -> Frame:
        """The innermost class or function."""
        return self._frames[-1]

    def enter_class(self, node: cst.ClassDef) -> ClassInfo:
        """Go into a class and return what is known of it."""
        info = self.project.classes[node]
        self.concerns = self.concerns or info.is_cell
        self._classes.append(info)
        self._frames.append(self._new_frame(info, "", False))
        return info

    def leave_class(self) -> None:
        """Go back to what is around the class."""
        self._classes.pop()
        self._frames.pop()

    def enter_function(self, node: cst.FunctionDef) -> ClassInfo | None:
        """Go into a function and return the class that it is a method of."""
        owner = self._classes[-1] if self._classes else None
        if owner is not None and owner.methods.get(node.name.value) is node:
            is_graph = node.name.value in owner.graph_methods
            self._frames.append(self._new_frame(owner, self_name(node), is_graph))
            return owner
        outer = self.frame
        is_graph = outer.is_graph or node in self.project.graph_functions
        self._frames.append(self._new_frame(owner, outer.self_name, is_graph))
        return None

    def leave_function(self) -> None:
        """Go back to what is around the function."""
        self._frames.pop()

    def meaning(self, node: cst.BaseExpression) -> Meaning | None:
        """What a name stands for, if the tables have it."""
        return meaning_in(self.unit, node)

    def constructor(self, node: cst.Call) -> Meaning | None:
        """The operator whose object a call makes, if it does."""
        meaning = self.meaning(node.func)
        return meaning if meaning is not None and meaning.entry.form == "primitive" else None

    def kind(self, node: cst.BaseExpression) -> Kind:
        """The kind of an expression."""
        return self.frame.flow.kind(node)

    def known(self) -> Known:
        """What the arguments of a call are judged by."""
        return Known(
            self.kind, self.is_dtype, self.is_name_of_dtype, self.may_be_none, self.is_of_settings
        )  # fmt: skip

    def may_be_none(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a parameter for which a call in the source gives None."""
        assigned = self.names.assigned(node)
        return any(getattr(each, "node", None) in self.project.given_none for each in assigned)

    def is_of_settings(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is made of numbers and of what the constructor was given."""
        parts = [each for each in _operands(node) if self.kind(each) is not Kind.NUMBER]
        return bool(parts) and all(map(self._is_setting, parts))

    def _is_setting(self, node: cst.BaseExpression) -> bool:
        owner, attribute = self.frame.owner, self.frame.own_attribute(node)
        bound = owner.bound(attribute) if owner is not None and attribute else []
        return any(
            isinstance(getattr(assigned, "node", None), cst.Param)
            for each in bound
            if each.value is not None
            for assigned in each.unit.names.assigned(each.value)
        )

    def is_name_of_dtype(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a type of NumPy, or its name, that PyTorch has, too."""
        full = self.names.full_name(node) if isinstance(node, cst.Attribute) else ""
        is_numpy = full.startswith("numpy.")
        text = full.removeprefix("numpy.") if is_numpy else plain_value(node)
        return text in _NUMPY_TYPES

    def is_dtype(self, node: cst.BaseExpression, strict: bool = False) -> bool:
        """Whether an expression is one of MindSpore's dtypes, which becomes one of PyTorch's."""
        meaning = self.meaning(node)
        if meaning is not None:
            return meaning.entry.form == "value" and meaning.entry.torch.startswith("torch.")
        if isinstance(node, cst.IfExp):
            return self.is_dtype(node.body, strict) and self.is_dtype(node.orelse, strict)
        if isinstance(node, cst.Attribute) and node.attr.value == "dtype" and not strict:
            return self.kind(node.value) in (Kind.TENSOR, Kind.GRAPH)
        frame = self.frame
        if frame.owner is not None and (attribute := frame.own_attribute(node)):
            bound = frame.owner.bound(attribute)
            return bool(bound) and all(
                each.value is not None and _is_dtype_in(each.unit, each.value) for each in bound
            )
        values = cells.assigned_values(self.tree, self.names.assigned(node))
        return bool(values) and all(_is_dtype_in(self.unit, value) for value in values)

    def operators(
        self, owner: ClassInfo, attribute: str
    ) -> list[tuple[Meaning, cst.Call | None] | None]:
        """What an attribute is set to, as operators; None for everything else."""
        found: list[tuple[Meaning, cst.Call | None] | None] = []
        for binding in owner.bound(attribute):
            value = binding.value
            if isinstance(value, cst.Call):
                meaning = meaning_in(binding.unit, value.func)
                is_object = meaning is not None and meaning.entry.form in ("primitive", "layer")
                found.append((meaning, value) if meaning and is_object else None)
            else:
                meaning = meaning_in(binding.unit, value) if value is not None else None
                is_function = meaning is not None and meaning.entry.form == "function"
                found.append((meaning, None) if meaning and is_function else None)
        return found

    def _call_kind(self, node: cst.Call) -> Kind | None:
        """The kind of what MindSpore's own calls give."""
        meaning = self.meaning(node.func)
        if meaning is not None:
            if meaning.entry.form == "function":
                return _result_kind(meaning.entry)
            is_tensor = meaning.name in (TENSOR, PARAMETER) or meaning.entry.last == "initializer"
            return Kind.TENSOR if is_tensor else None
        if isinstance(node.func, cst.Call) and (inner := self.constructor(node.func)):
            return _result_kind(inner.entry)
        frame = self.frame
        if frame.owner is not None and (attribute := frame.own_attribute(node.func)):
            operators = self.operators(frame.owner, attribute)
            kinds = {_result_kind(each[0].entry) if each else None for each in operators}
            if len(kinds) == 1:
                return kinds.pop()
        return None

    def _new_frame(self, owner: ClassInfo | None, self_name_: str, is_graph: bool) -> Frame:
        flow = Flow(self.unit, owner, self_name_, is_graph, self._call_kind)
        return Frame(owner, self_name_, is_graph, flow)


def _operands(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What stands between the operators of an expression."""
    match node:
        case cst.BinaryOperation():
            return [*_operands(node.left), *_operands(node.right)]
        case cst.UnaryOperation():
            return _operands(node.expression)
    return [node]


def meaning_in(unit: SourceUnit, node: cst.CSTNode) -> Meaning | None:
    """What a name of a file stands for, if the tables have it."""
    full = unit.names.full_name(node)
    return meaning_of(full) if is_ported(full) else None


def _is_dtype_in(unit: SourceUnit, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.IfExp):
        return _is_dtype_in(unit, node.body) and _is_dtype_in(unit, node.orelse)
    meaning = meaning_in(unit, node)
    return meaning is not None and meaning.entry.torch.startswith("torch.") and (
        meaning.entry.form == "value"
    )  # fmt: skip


def _result_kind(entry: PortEntry) -> Kind:
    """The kind of what an operator, function or layer gives."""
    if entry.form == "layer":
        return Kind.GRAPH
    return Kind.TENSORS if len(entry.returns) > 1 else _KINDS[entry.gives]


_KINDS = {"tensor": Kind.TENSOR, "tensors": Kind.TENSORS, "other": Kind.GRAPH}
