"""What kind of value an expression has, as far as the function around it tells."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable

import libcst as cst
from libcst.metadata import Assignment

from opsbridge.port.source.names import dotted, is_mindspore
from opsbridge.port.source.parse import Tree
from opsbridge.port.source.project import ClassInfo, SourceUnit


class Kind(enum.Enum):
    """Kinds of values that a translation tells apart."""

    TENSOR = "tensor"
    NUMPY = "NumPy array"
    NUMBER = "number"
    SEQUENCE = "sequence"
    TENSORS = "tuple of tensors"
    GRAPH = "value of a graph"
    """A tensor, or a tuple or number that a cell computes with; never a NumPy array."""
    UNKNOWN = "unknown"
    CIRCULAR = "what is asked for"
    """Met on the way to a kind, of which nothing is known yet."""


_NUMPY_ROOTS = ("numpy", "cv2")
_PARAMETER_LISTS = ("get_parameters", "trainable_params", "untrainable_params")
"""Methods of cells that give tensors, one after the other."""
_MAX_DEPTH = 30


class Flow:
    """Kinds of the expressions of one function."""

    def __init__(
        self,
        unit: SourceUnit,
        owner: ClassInfo | None,
        self_name: str,
        is_graph: bool,
        tensor_call: Callable[[cst.Call], Kind | None],
    ) -> None:
        self._unit = unit
        self._owner = owner
        self._self_name = self_name
        self._is_graph = is_graph
        self._tensor_call = tensor_call
        self._open: set[cst.BaseExpression] = set()
        self._found: dict[cst.BaseExpression, Kind] = {}
        self._assumed: dict[cst.BaseExpression, Kind] = {}

    def kind(self, node: cst.BaseExpression) -> Kind:
        """The kind of an expression.

        What a loop makes of its own last value is asked for again until it stays the same.
        """
        if self._open:
            return self._part(node)
        self._assumed = {}
        while True:
            self._found = {}
            kind = self._part(node)
            assumed = {each: self._assumed_next(each) for each in self._found}
            if assumed == self._assumed:
                return Kind.UNKNOWN if kind is Kind.CIRCULAR else kind
            self._assumed = assumed

    def _assumed_next(self, node: cst.BaseExpression) -> Kind:
        """What was found, if it was the same before; so nothing changes more than twice."""
        found, before = self._found[node], self._assumed.get(node, Kind.CIRCULAR)
        return found if before in (found, Kind.CIRCULAR) else Kind.UNKNOWN

    def _part(self, node: cst.BaseExpression) -> Kind:
        """The kind of a part of what is asked for, in this round."""
        if node in self._open:
            return self._assumed.get(node, Kind.CIRCULAR)
        if node not in self._found:
            if len(self._open) > _MAX_DEPTH:
                return Kind.UNKNOWN
            self._open.add(node)
            try:
                self._found[node] = self._kind(node)
            finally:
                self._open.discard(node)
        return self._found[node]

    def _kind(self, node: cst.BaseExpression) -> Kind:
        match node:
            case cst.Integer() | cst.Float():
                return Kind.NUMBER
            case cst.Tuple() | cst.List() | cst.SimpleString() | cst.Dict() | cst.FormattedString():
                return Kind.SEQUENCE
            case cst.UnaryOperation():
                return self.kind(node.expression)
            case cst.BinaryOperation():
                return _stronger([self.kind(node.left), self.kind(node.right)])
            case cst.Comparison():
                return self._comparison_kind(node)
            case cst.BooleanOperation():
                return _joined([self.kind(node.left), self.kind(node.right)])
            case cst.IfExp():
                return _joined([self.kind(node.body), self.kind(node.orelse)])
            case cst.Subscript():
                inner = self.kind(node.value)
                if inner is Kind.TENSORS:
                    return inner if isinstance(node.slice[0].slice, cst.Slice) else Kind.TENSOR
                return Kind.GRAPH if inner is Kind.SEQUENCE and self._is_graph else inner
            case cst.Call():
                return self._call_kind(node)
            case cst.Name():
                return self._name_kind(node)
            case cst.Attribute():
                return self._attribute_kind(node)
        return Kind.UNKNOWN

    def _comparison_kind(self, node: cst.Comparison) -> Kind:
        compared = [self.kind(node.left)]
        for each in node.comparisons:
            if isinstance(each.operator, cst.Is | cst.IsNot | cst.In | cst.NotIn):
                return Kind.NUMBER
            compared.append(self.kind(each.comparator))
        kind = _stronger(compared)
        return Kind.NUMBER if kind in (Kind.SEQUENCE, Kind.TENSORS) else kind

    def _call_kind(self, node: cst.Call) -> Kind:
        known = self._tensor_call(node)
        if known is not None:
            return known
        name = self._unit.names.full_name(node.func)
        if name.split(".")[0] in _NUMPY_ROOTS:
            return Kind.NUMPY
        if name and not is_mindspore(name):
            return Kind.GRAPH if self._is_graph else Kind.UNKNOWN
        parts = dotted(node.func)
        if len(parts) == 1 and parts[0] in ("len", "int", "float", "min", "max", "round"):
            return Kind.NUMBER
        if len(parts) == 1 and parts[0] in ("list", "tuple", "dict", "str", "range", "zip"):
            return Kind.SEQUENCE
        if isinstance(node.func, cst.Attribute):
            if node.func.attr.value in _PARAMETER_LISTS:
                return Kind.TENSOR
            if node.func.attr.value == "asnumpy":
                return Kind.NUMPY
            receiver = self.kind(node.func.value)
            if receiver in (Kind.TENSOR, Kind.NUMPY, Kind.CIRCULAR):
                return Kind.NUMPY if node.func.attr.value == "numpy" else receiver
        return Kind.GRAPH if self._is_graph else Kind.UNKNOWN

    def _name_kind(self, node: cst.Name) -> Kind:
        if node.value in ("True", "False", "None"):
            return Kind.NUMBER
        assignments = [a for a in self._unit.names.assigned(node) if isinstance(a, Assignment)]
        if not assignments:
            return Kind.UNKNOWN
        return _joined([self._target_kind(a) for a in self._in_reach(node, assignments)])

    def _in_reach(self, use: cst.Name, assignments: list[Assignment]) -> list[Assignment]:
        """The assignments that a use may see: those after the last one that all paths pass."""
        tree = self._unit.tree
        around = set(tree.ancestors(use))
        loops = [each for each in around if isinstance(each, cst.For | cst.While)]
        before = sorted(
            (
                a
                for a in assignments
                if tree.start(a.node) < tree.start(use)
                and not _is_in_its_value(tree, a.node, around)
            ),
            key=lambda a: tree.start(a.node),
        )
        reaching: list[Assignment] = []
        for assignment in reversed(before):
            reaching.append(assignment)
            if _suite(tree, assignment.node) in around:
                break
        late = [
            a
            for a in assignments
            if a not in before and any(loop in set(tree.ancestors(a.node)) for loop in loops)
        ]
        return [*reaching, *late] or assignments

    def _target_kind(self, assignment: Assignment) -> Kind:
        tree = self._unit.tree
        node = assignment.node
        for above in tree.ancestors(node):
            match above:
                case cst.AssignTarget():
                    statement = tree.parents[above]
                    is_plain = above.target is node
                    kind = self.kind(statement.value)
                    return kind if is_plain else _element(kind, self._is_graph)
                case cst.AnnAssign() if above.value is not None:
                    return self.kind(above.value)
                case cst.AugAssign():
                    return _stronger([self.kind(above.target), self.kind(above.value)])
                case cst.For() | cst.CompFor():
                    if isinstance(above.iter, cst.Call) and dotted(above.iter.func) == ["range"]:
                        return Kind.NUMBER
                    return _element(self.kind(above.iter), self._is_graph)
                case cst.BaseStatement() | cst.Lambda():
                    break
        if isinstance(node, cst.Param):
            return self._param_kind(node)
        return Kind.UNKNOWN

    def _param_kind(self, node: cst.Param) -> Kind:
        name = self._unit.names.full_name(node.annotation.annotation) if node.annotation else ""
        if is_mindspore(name) and name.endswith(".Tensor"):
            return Kind.TENSOR
        return Kind.GRAPH if self._is_graph else Kind.UNKNOWN

    def _attribute_kind(self, node: cst.Attribute) -> Kind:
        if node.attr.value in ("shape", "ndim", "dtype", "itemsize"):
            return Kind.NUMBER if node.attr.value == "ndim" else Kind.SEQUENCE
        if node.attr.value == "T":
            return self.kind(node.value)
        parts = dotted(node)
        if self._owner is not None and len(parts) == 2 and parts[0] == self._self_name:
            values = [each.value for each in self._owner.bound(parts[1]) if each.unit is self._unit]
            if values and all(value is not None for value in values):
                kinds = [self.kind(value) for value in values if value is not None]
                if _joined(kinds) is not Kind.UNKNOWN:
                    return _joined(kinds)
        return Kind.GRAPH if self._is_graph else Kind.UNKNOWN


def _stronger(kinds: Iterable[Kind]) -> Kind:
    """What arithmetic on two kinds gives."""
    order = (Kind.TENSOR, Kind.CIRCULAR, Kind.NUMPY, Kind.GRAPH, Kind.UNKNOWN, Kind.SEQUENCE,
             Kind.TENSORS)  # fmt: skip
    found = set(kinds)
    return next((kind for kind in order if kind in found), Kind.NUMBER)


def _joined(kinds: Iterable[Kind]) -> Kind:
    """What is known of a value that is one of several."""
    found = set(kinds)
    found = found - {Kind.CIRCULAR} or found
    if len(found) == 1:
        return found.pop()
    is_graph = found <= {Kind.TENSOR, Kind.TENSORS, Kind.GRAPH, Kind.SEQUENCE, Kind.NUMBER}
    return Kind.GRAPH if is_graph and Kind.GRAPH in found else Kind.UNKNOWN


def _element(kind: Kind, is_graph: bool) -> Kind:
    if kind is Kind.TENSORS:
        return Kind.TENSOR
    if kind is Kind.SEQUENCE:
        return Kind.GRAPH if is_graph else Kind.UNKNOWN
    return kind


def _suite(tree: Tree, node: cst.CSTNode) -> cst.CSTNode:
    inside = cst.BaseSuite | cst.Module
    return next(above for above in tree.ancestors(node) if isinstance(above, inside))


def _is_in_its_value(tree: Tree, target: cst.CSTNode, around: set[cst.CSTNode]) -> bool:
    """Whether what lies in `around` belongs to the value that a target is set to: `x = f(x)`."""
    above = next((a for a in tree.ancestors(target) if isinstance(a, cst.BaseSmallStatement)), None)
    return isinstance(above, cst.Assign | cst.AnnAssign) and above in around
