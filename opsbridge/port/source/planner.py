"""The walk over a file that decides what becomes of each conversion point."""

from __future__ import annotations

import libcst as cst

from opsbridge.port.source import cells
from opsbridge.port.source.cell_members import plan_method
from opsbridge.port.source.flow import Kind
from opsbridge.port.source.keep import plan_reference
from opsbridge.port.source.names import is_ported
from opsbridge.port.source.operator_calls import plan_bound_call, plan_direct_call, plan_named_call
from opsbridge.port.source.parameter_values import plan_parameter_value
from opsbridge.port.source.plan import Plan
from opsbridge.port.source.project import Project, SourceUnit
from opsbridge.port.source.result import Outcome, Target
from opsbridge.port.source.scope import Scope
from opsbridge.port.source.slices import plan_slices
from opsbridge.port.source.tensor_members import plan_method_call, plan_property


class Planner(cst.CSTVisitor):
    """Walks over a file once and fills its plan."""

    def __init__(self, unit: SourceUnit, project: Project, target: Target) -> None:
        self._scope = Scope(unit, project, target)

    @property
    def plan(self) -> Plan:
        """What has been decided so far."""
        return self._scope.plan

    # Where the visitor is.

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        info = self._scope.enter_class(node)
        if info.is_taken_for_cell and "construct" in info.methods:
            reason = "its base class is not among the files; it is taken for a cell"
            self.plan.record(node, f"class {info.name}", Outcome.APPROXIMATE, reason=reason)

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self._scope.leave_class()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        owner = self._scope.enter_function(node)
        if owner is not None and owner.is_cell:
            plan_method(self._scope, node, owner)

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self._scope.leave_function()

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    # What it meets there.

    def visit_Call(self, node: cst.Call) -> None:
        scope = self._scope
        if node in self.plan.done:
            return
        if isinstance(node.func, cst.Call) and (meaning := scope.constructor(node.func)):
            plan_direct_call(scope, node, node.func, meaning)
        elif meaning := scope.meaning(node.func):
            plan_named_call(scope, node, meaning)
        elif isinstance(node.func, cst.Attribute):
            self._attribute_call(node, node.func)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        if node in self.plan.done:
            return True
        if is_ported(self._scope.names.full_name(node)):
            plan_reference(self._scope, node)
            return False
        plan_property(self._scope, node)
        return True

    def visit_Subscript(self, node: cst.Subscript) -> None:
        plan_slices(self._scope, node)

    def visit_Name(self, node: cst.Name) -> None:
        scope = self._scope
        parent = scope.tree.parents.get(node)
        if isinstance(parent, cst.Arg | cst.Attribute):
            is_use = node is parent.value
        elif isinstance(parent, cst.Param):
            is_use = node is parent.default
        else:
            is_use = not isinstance(parent, cst.NameItem) and not scope.tree.is_assigned(node)
        if node not in self.plan.done and is_use and is_ported(scope.names.full_name(node)):
            plan_reference(scope, node)

    def visit_Assign(self, node: cst.Assign) -> None:
        plan_parameter_value(self._scope, node)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        frame = self._scope.frame
        is_in_cell = frame.is_graph or (frame.owner is not None and frame.owner.is_cell)
        left, right = frame.flow.kind(node.target), frame.flow.kind(node.value)
        is_sequence = isinstance(node.value, cst.Tuple | cst.List | cst.SimpleString)
        # Elsewhere an unknown one may be an array, which it changes.
        may_be_tensor = (
            left is Kind.TENSOR
            or (right is Kind.TENSOR and is_in_cell)
            or (frame.is_graph and left not in (Kind.NUMBER, Kind.SEQUENCE, Kind.TENSORS))
        )
        if type(node.operator) in cells.OPERATORS and plan_parameter_value(self._scope, node):
            return
        if may_be_tensor and not is_sequence and type(node.operator) in cells.OPERATORS:
            self.plan.edits[node] = cells.plain_assignment
            self.plan.record(
                node, f"{self._scope.tree.code(node.operator).strip()} on a tensor", Outcome.EXACT,
                became="an assignment of a new tensor",
            )  # fmt: skip

    def _attribute_call(self, node: cst.Call, function: cst.Attribute) -> None:
        frame = self._scope.frame
        if frame.owner is not None and (attribute := frame.own_attribute(function)):
            bound = frame.owner.bound(attribute)
            if bound and plan_bound_call(self._scope, node, function, frame.owner, attribute):
                return
        plan_method_call(self._scope, node, function)
