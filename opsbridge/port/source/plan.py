"""What is to become of every conversion point of a file, decided before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from opsbridge.port.source import cells
from opsbridge.port.source.binding import Given, Unbound, bind, literal
from opsbridge.port.source.flow import Flow, Kind
from opsbridge.port.source.helpers import Helper, all_helpers
from opsbridge.port.source.hub_call import HubCall, Inexpressible, Known, hub_call, in_case
from opsbridge.port.source.meaning import (
    CELL,
    PARAMETER,
    PLAIN_CLASSES,
    SURFACE,
    TENSOR,
    Meaning,
    advice,
    is_placeholder,
    meaning_of,
    methods_of,
)
from opsbridge.port.source.names import dotted, is_mindspore, root_name
from opsbridge.port.source.outputs import Results, results_of
from opsbridge.port.source.project import ClassInfo, Project, SourceUnit, self_name
from opsbridge.port.source.result import Outcome, Point, Target
from opsbridge.port.source.vendored import helper_of, helper_parameters, made_object
from opsbridge.port.source.write import (
    Edit,
    created_tensor,
    inlined_call,
    made_parameter,
    method_named,
    named,
    reordered,
    stripped,
    with_defaults,
)
from opsbridge.tables.port_load import port_cases
from opsbridge.tables.port_schema import PortEntry
from opsbridge.tables.schema import Stage

_LAST_BITS = "values differ in the last bits"
_STAYS = "a tensor in a tuple or list does not follow its module to another device"
_VENDORED = "other arguments than PyTorch's own function takes are no longer converted"


@dataclass
class Plan:
    """All that is decided of one file."""

    unit: SourceUnit
    edits: dict[cst.CSTNode, Edit] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    replaced: set[cst.CSTNode] = field(default_factory=set)
    """Roots of names that the translation has no more."""
    inlined: dict[cst.CSTNode, tuple[ClassInfo, str]] = field(default_factory=dict)
    """`self.x` whose call became a call of PyTorch."""
    marks: dict[cst.CSTNode, list[str]] = field(default_factory=dict)
    """Statements and the remarks that are to stand above them."""
    modules: set[str] = field(default_factory=set)
    """What the translation imports."""
    constructors: dict[cst.CSTNode, Point] = field(default_factory=dict)
    """Constructors of operators that stay objects, unless nothing uses them in the end."""
    helpers: dict[str, Helper] = field(default_factory=dict)
    """Functions that it needs beside."""


@dataclass
class _Frame:
    """A function, and what is known inside it."""

    owner: ClassInfo | None
    self_name: str
    is_graph: bool
    flow: Flow


class Planner(cst.CSTVisitor):
    """Walks over a file once and fills its plan."""

    def __init__(self, unit: SourceUnit, project: Project, target: Target) -> None:
        self.plan = Plan(unit)
        self._unit = unit
        self._tree = unit.tree
        self._names = unit.names
        self._project = project
        self._target = target
        self._classes: list[ClassInfo] = []
        self._frames = [self._frame(None, "", False)]
        self._done: set[cst.CSTNode] = set()
        self._concerns = unit.names.imports_mindspore
        self.kept_layers: set[cst.CSTNode] = set()

    # Where the visitor is.

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self._concerns = self._concerns or self._project.classes[node].is_cell
        info = self._project.classes[node]
        self._classes.append(info)
        self._frames.append(self._frame(info, "", False))
        if info.is_taken_for_cell and "construct" in info.methods:
            reason = "its base class is not among the files; it is taken for a cell"
            self._point(node, f"class {info.name}", Outcome.APPROXIMATE, reason=reason)

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self._classes.pop()
        self._frames.pop()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        owner = self._classes[-1] if self._classes else None
        outer = self._frames[-1]
        if owner is not None and owner.methods.get(node.name.value) is node:
            is_graph = node.name.value in owner.graph_methods
            self._frames.append(self._frame(owner, self_name(node), is_graph))
            if owner.is_cell and node.name.value == "construct":
                self._rename_construct(node, owner)
        else:
            self._frames.append(self._frame(owner, outer.self_name, outer.is_graph))

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self._frames.pop()

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    # What it meets there.

    def visit_Call(self, node: cst.Call) -> None:
        if node in self._done:
            return
        if isinstance(node.func, cst.Call) and (meaning := self._constructor(node.func)):
            self._direct_call(node, node.func, meaning)
        elif meaning := self._meaning(node.func):
            self._named_call(node, meaning)
        elif isinstance(node.func, cst.Attribute):
            self._attribute_call(node, node.func)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        if node in self._done:
            return True
        if is_mindspore(self._names.full_name(node)):
            self._reference(node)
            return False
        self._property(node)
        return True

    def visit_Name(self, node: cst.Name) -> None:
        parent = self._tree.parents.get(node)
        is_use = not isinstance(parent, cst.Arg | cst.Attribute | cst.Param | cst.NameItem) or (
            node is parent.value if isinstance(parent, cst.Arg | cst.Attribute) else False
        )
        if node not in self._done and is_use and is_mindspore(self._names.full_name(node)):
            self._reference(node)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        frame = self._frames[-1]
        if frame.owner is None or not frame.owner.is_cell:
            return
        left, right = frame.flow.kind(node.target), frame.flow.kind(node.value)
        is_sequence = isinstance(node.value, cst.Tuple | cst.List | cst.SimpleString)
        may_be_tensor = Kind.TENSOR in (left, right) or (
            frame.is_graph and left not in (Kind.NUMBER, Kind.SEQUENCE)
        )
        if may_be_tensor and not is_sequence and type(node.operator) in cells.OPERATORS:
            self.plan.edits[node] = cells.plain_assignment
            self._point(
                node, f"{self._tree.code(node.operator).strip()} on a tensor", Outcome.EXACT,
                became="an assignment of a new tensor",
            )  # fmt: skip

    # Decisions.

    def _named_call(self, node: cst.Call, meaning: Meaning) -> None:
        if meaning.name == TENSOR:
            self._tensor(node)
        elif meaning.name == PARAMETER:
            self._parameter(node)
        elif meaning.name in cells.CONTAINERS:
            self._container(node, meaning)
        elif node in self.kept_layers:
            self._keep(node.func, meaning, node, "it computes in another dtype than its weights")
        elif meaning.entry.form in ("function", "layer"):
            try:
                stage: Stage = "call" if meaning.entry.form == "function" else "init"
                given = bind(meaning.entry, stage, node.args)
                self._inline(node, meaning, given, node.args)
                self._forget(node.func)
            except (Unbound, Inexpressible) as why:
                self._keep(node.func, meaning, node, str(why))
        else:
            self._keep(node.func, meaning, node)

    def _direct_call(self, node: cst.Call, inner: cst.Call, meaning: Meaning) -> None:
        """`P.X(...)(...)`: the arguments are evaluated at once, whatever they are."""
        try:
            first = bind(meaning.entry, "init", inner.args)
            second = bind(meaning.entry, "call", node.args)
            self._inline(node, meaning, {**first, **second}, node.args, inner)
            self._done.add(inner)
            self._forget(inner.func)
        except (Unbound, Inexpressible) as why:
            self._done.add(node)
            self._keep(inner.func, meaning, inner, str(why))
            self._done.add(inner)

    def _attribute_call(self, node: cst.Call, function: cst.Attribute) -> None:
        frame = self._frames[-1]
        parts = dotted(function)
        if frame.owner is not None and len(parts) == 2 and parts[0] == frame.self_name:
            bound = frame.owner.bound(parts[1])
            if bound and self._bound_call(node, function, frame.owner, parts[1]):
                return
        self._method_call(node, function)

    def _bound_call(
        self, node: cst.Call, function: cst.Attribute, owner: ClassInfo, attribute: str
    ) -> bool:
        """`self.x(...)` where x is set to an operator; false if it is not."""
        operators = self.operators(owner, attribute)
        found = [each for each in operators if each is not None]
        if not found:
            return False
        meaning, init = found[0]
        self._done.add(function)
        try:
            self._check_one_operator(owner, attribute, operators)
            first = bind(meaning.entry, "init", init.args) if init is not None else {}
            if not all(literal(each.value) for each in first.values()):
                raise Inexpressible("the constructor's arguments are no literals")
            second = bind(meaning.entry, "call", node.args)
            if meaning.entry.form not in ("primitive", "function"):
                raise Inexpressible("it is a layer")
            self._inline(node, meaning, {**first, **second}, node.args)
            self.plan.inlined[function] = (owner, attribute)
        except (Unbound, Inexpressible) as why:
            self._point(
                node, meaning.name, Outcome.EXACT, became=f"self.{attribute}",
                reason=f"stays an object: {why}",
            )  # fmt: skip
        return True

    def operators(
        self, owner: ClassInfo, attribute: str
    ) -> list[tuple[Meaning, cst.Call | None] | None]:
        """What an attribute is set to, as operators; None for everything else."""
        found: list[tuple[Meaning, cst.Call | None] | None] = []
        for binding in owner.bound(attribute):
            value = binding.value
            if isinstance(value, cst.Call):
                meaning = _known(binding.unit, value.func)
                is_object = meaning is not None and meaning.entry.form in ("primitive", "layer")
                found.append((meaning, value) if meaning and is_object else None)
            else:
                meaning = _known(binding.unit, value) if value is not None else None
                is_function = meaning is not None and meaning.entry.form == "function"
                found.append((meaning, None) if meaning and is_function else None)
        return found

    def _check_one_operator(
        self,
        owner: ClassInfo,
        attribute: str,
        operators: Sequence[tuple[Meaning, cst.Call | None] | None],
    ) -> None:
        """Raise unless every assignment makes the same operator."""
        if None in operators:
            raise Inexpressible(f"self.{attribute} is something else in another place")
        texts = {
            (each[0].name, *(_text(arg) for arg in (each[1].args if each[1] else ())))
            for each in operators
            if each is not None
        }
        if len(texts) > 1:
            raise Inexpressible(f"self.{attribute} is set in several ways")

    def _inline(
        self,
        node: cst.Call,
        meaning: Meaning,
        given: dict[str, Given],
        args: Sequence[cst.Arg],
        inner: cst.Call | None = None,
    ) -> None:
        """Write a call of PyTorch in place of `node`.

        Raises:
            Inexpressible: PyTorch has none that gives the same.
        """
        entry, given, call = self._hub_call(meaning.entry, given)
        results = self._results(entry, node)
        self.plan.edits[node] = inlined_call(call, entry, given, args, inner, results)
        if results.order:
            target = cells.unpacked_target(self._tree, node)
            assert target is not None
            self.plan.edits[target] = reordered(results.order)
        self._import(entry.torch)
        self._point(
            node, meaning.name, self._outcome(entry), became=_shown(call),
            reason=_difference(entry),
        )  # fmt: skip

    def _hub_call(
        self, entry: PortEntry, given: dict[str, Given]
    ) -> tuple[PortEntry, dict[str, Given], HubCall]:
        """The call of PyTorch that gives the same, by the cases of the entry or by itself."""
        why = ""
        for case in port_cases().get(entry.name, ()):
            try:
                attributes = self._project.attributes
                in_this, rest = in_case(entry, case, given, attributes)
                return in_this, rest, hub_call(in_this, rest, self._known())
            except Inexpressible as error:
                why = why or str(error)
        # Without a function of its own, the surface calls PyTorch's, too.
        is_same_as_surface = not entry.ours or self._target is Target.TORCHVISION
        is_near_enough = entry.equality == "approximate" and is_same_as_surface
        if entry.equality != "exact" and not (is_near_enough and not why):
            differences = "; ".join(each.en for each in entry.differences)
            raise Inexpressible(why or differences or "its results differ")
        return entry, given, hub_call(entry, given, self._known())

    def _results(self, entry: PortEntry, node: cst.Call) -> Results:
        target = cells.unpacked_target(self._tree, node)
        return results_of(entry, target)

    def _keep(
        self, function: cst.BaseExpression, meaning: Meaning, node: cst.CSTNode, why: str = ""
    ) -> None:
        """Let a name stand for the object of the same name on opsbridge's surface."""
        may_vendor = self._target is Target.TORCHVISION and isinstance(node, cst.Call)
        if may_vendor and self._vendor(function, meaning, node):
            return
        self._done.add(function)
        self.plan.edits[function] = named(meaning.surface_name)
        self._replace(function)
        self.plan.modules.add(SURFACE)
        if isinstance(node, cst.Call) and meaning.name in ("mindspore.ops.ROIAlign",):
            self.plan.edits[node] = with_defaults(meaning.entry, "init")
        reason = f"PyTorch's own is not used: {why}" if why else ""
        self._point(node, meaning.name, Outcome.EXACT, became=meaning.surface_name, reason=reason)
        self.plan.constructors[node] = self.plan.points[-1]

    def _vendor(self, function: cst.BaseExpression, meaning: Meaning, node: cst.CSTNode) -> bool:
        """Make a constructor a function of the file; false if there is none for it."""
        vendored = helper_of(meaning.entry)
        if vendored is None:
            return False
        helper, is_exact = vendored
        assert isinstance(node, cst.Call)
        try:
            stage: Stage = "call" if meaning.entry.form == "function" else "init"
            given = bind(meaning.entry, stage, node.args)
        except Unbound:
            return False
        unknown = set(given) - set(helper_parameters(helper))
        if unknown or any(self._is_made_by_mindspore(each.value) for each in given.values()):
            return False
        self._forget(function)
        if meaning.entry.form != "primitive":
            self.plan.edits[function] = named(helper.name)
            given = {}
        else:
            self.plan.edits[node] = made_object(meaning.entry, helper, given)
        self.plan.helpers[helper.name] = helper
        if given:
            self.plan.modules.add("functools")
        reason = helper.difference or _VENDORED
        self._point(
            node, meaning.name, Outcome.EXACT if is_exact else Outcome.APPROXIMATE,
            became=helper.name, reason="" if is_exact else reason,
        )  # fmt: skip
        self.plan.constructors[node] = self.plan.points[-1]
        return True

    def _is_made_by_mindspore(self, node: cst.BaseExpression) -> bool:
        """Whether an argument is an object that only opsbridge's surface knows."""
        meaning = self._meaning(node.func) if isinstance(node, cst.Call) else self._meaning(node)
        return meaning is not None and meaning.entry.form in ("class", "layer") and (
            meaning.name not in PLAIN_CLASSES
        )  # fmt: skip

    def _reference(self, node: cst.BaseExpression) -> None:
        """A name that is not called: a dtype, a base class, a layer that is passed on."""
        part: cst.BaseExpression = node
        while True:
            meaning = self._meaning(part)
            if meaning is not None:
                break
            if not isinstance(part, cst.Attribute):
                self._leave(node)
                return
            part = part.value
        if meaning.name in PLAIN_CLASSES or (meaning.entry.form == "value" and meaning.entry.torch):
            became = PLAIN_CLASSES.get(meaning.name, meaning.entry.torch)
            self.plan.edits[part] = named(became)
            self._replace(part)
            self._import(became)
            self._point(part, meaning.name, Outcome.EXACT, became=became)
        else:
            self._keep(part, meaning, part)

    def _leave(self, node: cst.BaseExpression) -> None:
        full = self._names.full_name(node)
        reason, suggestion = "no table has this name", advice(full)
        if is_placeholder(full):
            # Its name exists on the surface, so that the file can still be imported.
            self.plan.edits[node] = named(f"{SURFACE}{full.removeprefix('mindspore')}")
            self._replace(node)
            self.plan.modules.add(SURFACE)
            reason = "opsbridge does not cover this module: it fails when it is used"
        self._mark(node, f"{full} is not translated: {reason}")
        self._point(node, full, Outcome.BY_HAND, reason=reason, suggestion=suggestion)

    def _container(self, node: cst.Call, meaning: Meaning) -> None:
        kind = self._kind(node.args[0].value) if node.args else Kind.UNKNOWN
        edit, became = cells.container(meaning.name, node, kind is Kind.SEQUENCE)
        self.plan.edits[node] = edit
        self._forget(node.func)
        self._import("torch")
        if became.startswith("_"):
            self.plan.helpers[became] = all_helpers()[became]
        self._point(node, meaning.name, Outcome.EXACT, became=became)

    def _tensor(self, node: cst.Call) -> None:
        keywords = {arg.keyword.value for arg in node.args if arg.keyword}
        is_plain = not any(arg.star for arg in node.args) and len(node.args) in (1, 2)
        meaning = meaning_of(TENSOR)
        if is_plain and keywords <= {"input_data", "dtype"}:
            is_constant = self._is_constant(node)
            self.plan.edits[node] = created_tensor(is_constant)
            self._forget(node.func)
            self._import("torch")
            became = "torch.nn.Buffer(torch.tensor(...))" if is_constant else "torch.tensor"
            owner, is_graph = self._frames[-1].owner, self._frames[-1].is_graph
            stays = owner is not None and owner.is_cell and not is_graph
            stays = stays and cells.is_in_display(self._tree, node)
            self._point(
                node, TENSOR, Outcome.APPROXIMATE if stays else Outcome.EXACT, became=became,
                reason=_STAYS if stays else "",
                suggestion="register_buffer for each of them" if stays else "",
            )  # fmt: skip
        elif meaning is not None:
            self._keep(node.func, meaning, node, "the values come from an initializer")
        else:
            self._leave(node.func)
            self._done.add(node.func)

    def _is_constant(self, node: cst.Call) -> bool:
        """Whether a tensor is set on a cell and nothing else ever is: it then follows devices."""
        target = cells.attribute_target(self._tree, node, self._frames[-1].self_name)
        owner = self._frames[-1].owner
        if target is None or owner is None or not owner.is_cell:
            return False
        values = [each.value for each in owner.bound(target)]
        return all(
            isinstance(value, cst.Call)
            and (meaning := _known(each.unit, value.func)) is not None
            and meaning.name == TENSOR
            for value, each in zip(values, owner.bound(target), strict=True)
        )

    def _parameter(self, node: cst.Call) -> None:
        meaning = meaning_of(PARAMETER)
        keywords = [arg.keyword.value if arg.keyword else "" for arg in node.args]
        data = node.args[0].value if node.args else None
        is_plain = data is not None and keywords[0] in ("", "default_input")
        is_plain = is_plain and all(key in ("name", "requires_grad", "") for key in keywords[1:])
        is_tensor = is_plain and data is not None and self._kind(data) is Kind.TENSOR
        if is_tensor and len([key for key in keywords if not key]) <= 3:
            self.plan.edits[node] = made_parameter
            self._forget(node.func)
            self._import("torch")
            self._point(node, PARAMETER, Outcome.EXACT, became="torch.nn.Parameter")
        elif meaning is not None:
            self._keep(node.func, meaning, node, "its values are not known to be a tensor")
        else:
            self._done.add(node.func)
            self._leave(node.func)

    def _method_call(self, node: cst.Call, function: cst.Attribute) -> None:
        method = function.attr.value
        owner = self._frames[-1].owner
        is_on_self = dotted(function.value) == [self._frames[-1].self_name]
        if not self._concerns or self._names.full_name(function):
            return
        is_ported = isinstance(function.value, cst.Call) and self._names.full_name(
            function.value.func
        ).startswith(SURFACE)
        may_be_cell = not method_is_ambiguous(method) or owner is not None
        if method in cells.METHODS and may_be_cell and self._concerns and not is_ported:
            self._cell_method(node, function)
            return
        if is_on_self:
            return
        if method in cells.WITHOUT_VALUES and not node.args:
            self.plan.edits[node] = stripped
            became = "nothing: tensors always have values"
            self._point(node, f"{TENSOR}.{method}", Outcome.EXACT, became=became)
            return
        if method in cells.IN_OTHER_WORDS and not node.args:
            template = cells.IN_OTHER_WORDS[method]
            self.plan.edits[node] = cells.in_other_words(template)
            became = template.format("x")
            self._point(node, f"{TENSOR}.{method}", Outcome.EXACT, became=became)
            return
        entry = methods_of(TENSOR).get(method)
        if entry is None or entry.form != "method":
            return
        kind = self._kind(function.value)
        is_tensor = kind is Kind.TENSOR or (kind is Kind.GRAPH and self._is_tensor_only(function))
        is_tensor = is_tensor or (kind is Kind.UNKNOWN and self._says_tensor(node))
        if is_tensor:
            self._tensor_method(node, function, entry)
        elif (
            kind is Kind.UNKNOWN
            and owner is not None
            and owner.is_cell
            and not self._says_array(node)
        ):
            self._unknown_receiver(node, entry)

    def _tensor_method(self, node: cst.Call, function: cst.Attribute, entry: PortEntry) -> None:
        meaning = Meaning(entry.name, entry)
        try:
            given = bind(entry, "call", node.args, receiver=True)
            receiver = next(each for each in entry.params if each.name == "self")
            given["self"] = Given(receiver, function.value, -1)
            self._inline(node, meaning, given, node.args)
        except (Unbound, Inexpressible) as why:
            self._done.add(function)
            became = f"{SURFACE}.Tensor.{entry.last}"
            self.plan.edits[node] = cells.as_function(became)
            self.plan.modules.add(SURFACE)
            reason = f"PyTorch's own is not used: {why}"
            self._point(node, entry.name, Outcome.EXACT, became=became, reason=reason)

    def _is_tensor_only(self, function: cst.Attribute) -> bool:
        """Whether a value of a graph that has such a method must be a tensor."""
        return function.attr.value not in ("index", "count", "format", "split", "copy")

    def _says_tensor(self, node: cst.Call) -> bool:
        """Whether the call itself shows that its receiver is a tensor."""
        return any(self._is_dtype(arg.value, strict=True) for arg in node.args)

    def _says_array(self, node: cst.Call) -> bool:
        """Whether a call shows that its receiver is a NumPy array: it becomes a tensor there."""
        parent = self._tree.parents.get(node)
        call = self._tree.parents.get(parent) if isinstance(parent, cst.Arg) else None
        if isinstance(call, cst.Call) and (meaning := self._meaning(call.func)):
            return meaning.name == TENSOR
        return any(self._names.full_name(arg.value).startswith("numpy.") for arg in node.args)

    def _unknown_receiver(self, node: cst.Call, entry: PortEntry) -> None:
        if entry.torch == f"Tensor.{entry.last}":
            return
        self._point(
            node, entry.name, Outcome.BY_HAND,
            reason="it is not known whether the value is a tensor or a NumPy array",
            suggestion=f"for a tensor: {entry.torch or entry.ours}; a NumPy array stays as it is",
        )  # fmt: skip

    def _property(self, node: cst.Attribute) -> None:
        parent = self._tree.parents.get(node)
        if isinstance(parent, cst.Call) and parent.func is node:
            return
        if node.attr.value == "construct" and self._frames[-1].owner is not None:
            self.plan.edits[node] = method_named("forward")
            return
        entry = methods_of(TENSOR).get(node.attr.value)
        if entry is None or entry.form != "property" or not entry.torch:
            return
        if entry.torch == f"Tensor.{node.attr.value}":
            return
        if self._kind(node.value) is Kind.TENSOR:
            self.plan.edits[node] = cells.property_call(entry.torch)
            self._point(node, entry.name, Outcome.EXACT, became=entry.torch)

    def _cell_method(self, node: cst.Call, function: cst.Attribute) -> None:
        method = function.attr.value
        becomes = cells.METHODS[method]
        if method == "__init__":
            if cells.is_super_call(function.value) and self._frames[-1].owner is not None:
                owner = self._frames[-1].owner
                is_direct = any(_is_cell_class(base) for base in owner.bases)
                if is_direct and node.args and not any(dotted(a.value)[:1] == [
                    self._frames[-1].self_name] for a in node.args):  # fmt: skip
                    self.plan.edits[node] = cells.without_arguments
                    self._point(node, "mindspore.nn.Cell.__init__", Outcome.EXACT)
            return
        full = f"{CELL}.{method}"
        if becomes is None:
            reason, suggestion = cells.BY_HAND[method]
            self._mark(node, f"{full}: {reason}")
            self._point(node, full, Outcome.BY_HAND, reason=reason, suggestion=suggestion)
            return
        if not becomes:
            statement = self._tree.parents.get(node)
            if isinstance(statement, cst.Expr):
                self.plan.edits[statement] = cells.without
            else:
                self.plan.edits[node] = stripped
            self._point(node, full, Outcome.EXACT, became="nothing: PyTorch needs none")
            return
        if "{}" in becomes:
            self.plan.edits[node] = cells.in_other_words(becomes)
            self._point(node, full, Outcome.EXACT, became=becomes.format("module"))
            return
        if method == "to_float":
            self._to_float(node, function, full)
            return
        if becomes != method:
            self.plan.edits[function] = method_named(becomes)
        self._done.add(function)
        self._point(node, full, Outcome.EXACT, became=becomes)

    def _to_float(self, node: cst.Call, function: cst.Attribute, full: str) -> None:
        made = function.value
        meaning = self._meaning(made.func) if isinstance(made, cst.Call) else None
        is_layer = meaning is not None and meaning.entry.form == "layer"
        if is_layer and self._target is Target.OPSBRIDGE:
            self.kept_layers.add(made)
            self._point(node, full, Outcome.EXACT, became="to_float of opsbridge's layer")
            return
        self.plan.edits[node] = cells.as_function("_to_float")
        self.plan.helpers["_to_float"] = all_helpers()["_to_float"]
        self._point(
            node, full, Outcome.APPROXIMATE, became="_to_float",
            reason="autocast decides for each operator whether it computes in the other dtype",
        )  # fmt: skip

    def _rename_construct(self, node: cst.FunctionDef, owner: ClassInfo) -> None:
        if "forward" in owner.methods:
            self._mark(node, "construct is not renamed: the class has a method forward already")
            self._point(
                node, f"{CELL}.construct", Outcome.BY_HAND,
                reason="the class has a method forward already", suggestion="rename that one",
            )  # fmt: skip
            return
        self.plan.edits[node] = cells.renamed("forward")
        self._point(node, f"{CELL}.construct", Outcome.EXACT, became="forward")

    # What is known.

    def _frame(self, owner: ClassInfo | None, self_name_: str, is_graph: bool) -> _Frame:
        flow = Flow(self._unit, owner, self_name_, is_graph, self._call_kind)
        return _Frame(owner, self_name_, is_graph, flow)

    def _kind(self, node: cst.BaseExpression) -> Kind:
        return self._frames[-1].flow.kind(node)

    def _known(self) -> Known:
        return Known(self._kind, self._is_dtype)

    def _call_kind(self, node: cst.Call) -> Kind | None:
        """The kind of what MindSpore's own calls give."""
        meaning = self._meaning(node.func)
        if meaning is not None:
            if meaning.entry.form == "function":
                return _result_kind(meaning.entry)
            is_tensor = meaning.name in (TENSOR, PARAMETER) or meaning.entry.last == "initializer"
            return Kind.TENSOR if is_tensor else None
        if isinstance(node.func, cst.Call) and (inner := self._constructor(node.func)):
            return _result_kind(inner.entry)
        parts = dotted(node.func)
        frame = self._frames[-1]
        if frame.owner is not None and len(parts) == 2 and parts[0] == frame.self_name:
            operators = self.operators(frame.owner, parts[1])
            kinds = {_result_kind(each[0].entry) if each else None for each in operators}
            if len(kinds) == 1:
                return kinds.pop()
        return None

    def _is_dtype(self, node: cst.BaseExpression, strict: bool = False) -> bool:
        """Whether an expression is one of MindSpore's dtypes, which becomes one of PyTorch's."""
        meaning = self._meaning(node)
        if meaning is not None:
            return meaning.entry.form == "value" and meaning.entry.torch.startswith("torch.")
        if isinstance(node, cst.IfExp):
            return self._is_dtype(node.body, strict) and self._is_dtype(node.orelse, strict)
        if isinstance(node, cst.Attribute) and node.attr.value == "dtype" and not strict:
            return self._kind(node.value) in (Kind.TENSOR, Kind.GRAPH)
        frame = self._frames[-1]
        parts = dotted(node)
        if frame.owner is not None and len(parts) == 2 and parts[0] == frame.self_name:
            bound = frame.owner.bound(parts[1])
            return bool(bound) and all(
                each.value is not None and _is_dtype_in(each.unit, each.value) for each in bound
            )
        values = cells.assigned_values(self._tree, self._names.assigned(node))
        return bool(values) and all(_is_dtype_in(self._unit, value) for value in values)

    def _meaning(self, node: cst.BaseExpression) -> Meaning | None:
        return _known(self._unit, node)

    def _constructor(self, node: cst.Call) -> Meaning | None:
        meaning = self._meaning(node.func)
        return meaning if meaning is not None and meaning.entry.form == "primitive" else None

    # What is written down.

    def _point(
        self,
        node: cst.CSTNode,
        full: str,
        outcome: Outcome,
        *,
        became: str = "",
        reason: str = "",
        suggestion: str = "",
    ) -> None:
        line, column = self._tree.line(node), self._tree.column(node)
        self.plan.points.append(Point(line, column, full, outcome, became, reason, suggestion))

    def _outcome(self, entry: PortEntry) -> Outcome:
        return {
            "exact": Outcome.EXACT,
            "approximate": Outcome.APPROXIMATE,
            "by_hand": Outcome.BY_HAND,
        }[entry.equality]

    def _mark(self, node: cst.CSTNode, remark: str) -> None:
        for above in (node, *self._tree.ancestors(node)):
            if isinstance(above, cst.SimpleStatementLine | cst.BaseCompoundStatement):
                remarks = self.plan.marks.setdefault(above, [])
                if remark not in remarks:
                    remarks.append(remark)
                return

    def _forget(self, function: cst.BaseExpression) -> None:
        """A name that is written no more."""
        self._done.add(function)
        self._replace(function)

    def _replace(self, node: cst.BaseExpression) -> None:
        root = root_name(node)
        if root is not None:
            self.plan.replaced.add(root)
            self._done.add(root)
        while isinstance(node, cst.Attribute):
            self._done.add(node)
            node = node.value

    def _import(self, function: str) -> None:
        root = function.split(".")[0]
        if root in ("torch", "torchvision"):
            self.plan.modules.add(root)


def method_is_ambiguous(method: str) -> bool:
    """Whether other objects than cells may well have such a method."""
    return method in ("__init__", "cells", "construct")


def _known(unit: SourceUnit, node: cst.CSTNode) -> Meaning | None:
    full = unit.names.full_name(node)
    return meaning_of(full) if is_mindspore(full) else None


def _is_dtype_in(unit: SourceUnit, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.IfExp):
        return _is_dtype_in(unit, node.body) and _is_dtype_in(unit, node.orelse)
    meaning = _known(unit, node)
    return meaning is not None and meaning.entry.torch.startswith("torch.") and (
        meaning.entry.form == "value"
    )  # fmt: skip


def _is_cell_class(base: str) -> bool:
    return is_mindspore(base) and base.rpartition(".")[2] == "Cell"


def _result_kind(entry: PortEntry) -> Kind | None:
    if entry.form not in ("primitive", "function", "layer"):
        return None
    if entry.form == "layer" or len(entry.returns) > 1 or entry.last in _NOT_TENSORS:
        return Kind.GRAPH
    return Kind.TENSOR


# Operators of one result that is no tensor, or not always.
_NOT_TENSORS = {
    *("Split", "split", "chunk", "Unstack", "unstack", "unbind", "Shape", "shape", "get_context"),
    *("ScalarCast", "DType", "dtype", "Rank", "rank", "size", "Size", "meshgrid", "Meshgrid"),
    *("stop_gradient", "depend", "Depend", "constexpr", "get_activation", "tuple_to_array"),
    *("load_checkpoint", "load_param_into_net", "value_and_grad", "grad", "set_context"),
}


def _difference(entry: PortEntry) -> str:
    """What PyTorch's own call does in another way, if anything."""
    if entry.equality == "exact":
        return ""
    return "; ".join(each.en for each in entry.differences) or _LAST_BITS


def _text(arg: cst.Arg) -> str:
    keyword = arg.keyword.value if arg.keyword else ""
    return f"{keyword}={cst.Module([]).code_for_node(arg.value)}"


def _shown(call: HubCall) -> str:
    return call.function if call.receiver is None else f".{call.function.rpartition('.')[2]}"
