"""Methods of cells, and the method construct itself."""

from __future__ import annotations

from functools import lru_cache

import libcst as cst
import libcst.matchers as m

from opsbridge.port.source import cells
from opsbridge.port.source.binding import elements
from opsbridge.port.source.helpers import all_helpers
from opsbridge.port.source.meaning import CELL, PARAMETER, SURFACE
from opsbridge.port.source.names import dotted, is_mindspore
from opsbridge.port.source.project import ClassInfo
from opsbridge.port.source.result import Outcome, Target
from opsbridge.port.source.scope import Scope
from opsbridge.port.source.write import method_named, stripped
from opsbridge.tables.port_load import port_entries

# Methods of modules that PyTorch's other methods call, and that MindSpore's cells do not have.
_CALLED_BY_PYTORCH = {
    *("train", "eval", "children", "modules", "named_modules", "named_children", "parameters"),
    *("named_parameters", "buffers", "named_buffers", "state_dict", "load_state_dict"),
}


def plan_cell_method(scope: Scope, node: cst.Call, function: cst.Attribute) -> None:
    """A call of a method that cells have."""
    method = function.attr.value
    becomes = cells.METHODS[method]
    full = f"{PARAMETER if method in cells.OF_PARAMETERS else CELL}.{method}"
    if method == "__init__":
        _initialisation(scope, node, function)
    elif method in cells.FLAGS and cells.keeps_float32(node):
        _leave_out(scope, node, full, cells.KEPT_IN_FLOAT32)
    elif becomes is None:
        reason, suggestion = cells.BY_HAND[method]
        scope.plan.mark(node, f"{full}: {reason}")
        scope.plan.record(node, full, Outcome.BY_HAND, reason=reason, suggestion=suggestion)
    elif not becomes:
        _leave_out(scope, node, full, cells.LOST.get(method, ""))
    elif method in cells.GIVE_PARAMETERS and _is_named_there(scope, node):
        became = f"{SURFACE}.nn.Cell.{method}"
        scope.plan.edits[node] = cells.as_function(became)
        scope.plan.modules.add(SURFACE)
        scope.plan.done.add(function)
        scope.plan.record(node, full, Outcome.EXACT, became=became)
    elif method in cells.GIVE_NAMES and not _is_name_unused(scope, node):
        _named_parameters(scope, node, function, full, becomes)
        _leave_out_new_names(scope, node)
    elif "{}" in becomes:
        scope.plan.edits[node] = cells.in_other_words(becomes)
        scope.plan.record(node, full, Outcome.EXACT, became=becomes.format("module"))
    elif method == "to_float":
        _to_float(scope, node, function, full)
    else:
        scope.plan.edits[function] = method_named(becomes)
        scope.plan.done.add(function)
        scope.plan.record(node, full, Outcome.EXACT, became=becomes)


def _leave_out(scope: Scope, node: cst.Call, full: str, lost: str) -> None:
    """Write the receiver of a call alone, or nothing where it is a statement."""
    statement = scope.tree.parents.get(node)
    if isinstance(statement, cst.Expr):
        scope.plan.edits[statement] = cells.without
    else:
        scope.plan.edits[node] = stripped
    outcome = Outcome.APPROXIMATE if lost else Outcome.EXACT
    became = "nothing" if lost else "nothing: PyTorch needs none"
    scope.plan.record(node, full, outcome, became=became, reason=lost)


def _is_named_there(scope: Scope, node: cst.Call) -> bool:
    """Whether the names of parameters may matter: optimizers tell normalisations by them."""
    loop = cells.loop_over(scope.tree, node)
    names_are_asked_for = "name" in scope.project.asked
    if loop is None:
        trains = not _optimizers().isdisjoint(scope.project.attributes)
        return scope.target is Target.OPSBRIDGE or trains or names_are_asked_for
    target, body = loop
    if not isinstance(target, cst.Name):
        return True
    passed_on = m.Arg(value=m.Name(target.value))
    named = m.Attribute(value=m.Name(target.value), attr=m.Name("name"))
    return names_are_asked_for and bool(m.findall(body, named | passed_on))


@lru_cache(maxsize=1)
def _optimizers() -> frozenset[str]:
    """The names of the optimizers, which are opsbridge's whatever the target is."""
    entries = port_entries().values()
    return frozenset(each.last for each in entries if each.ours.startswith("nn.optim.rules."))


def _is_name_unused(scope: Scope, node: cst.Call) -> bool:
    """Whether a loop over names and parameters does nothing with the names."""
    loop = cells.loop_over(scope.tree, node)
    names = list(elements(loop[0])) if loop else []
    return bool(names) and isinstance(names[0], cst.Name) and names[0].value == "_"


def _named_parameters(
    scope: Scope, node: cst.Call, function: cst.Attribute, full: str, becomes: str
) -> None:
    if "{}" in becomes:
        scope.plan.edits[node] = cells.in_other_words(becomes)
    else:
        scope.plan.edits[function] = method_named(becomes)
        scope.plan.done.add(function)
    scope.plan.record(
        node, full, Outcome.APPROXIMATE, became=becomes.format("module"),
        reason="the names are those of PyTorch's layers: bn.weight, not bn.gamma",
        suggestion=f"{SURFACE}.nn.Cell.{function.attr.value}(module) gives those of MindSpore",
    )  # fmt: skip


def _leave_out_new_names(scope: Scope, node: cst.Call) -> None:
    """Assignments of names to the parameters that a loop goes over: PyTorch refuses them."""
    match cells.loop_over(scope.tree, node):
        case (cst.Tuple(elements=[_, cst.Element(value=cst.Name(value=parameter))]), body):
            named = m.Attribute(m.Name(parameter), m.Name("name"))
            for statement in m.findall(body, m.Assign([m.AssignTarget(named)])):
                scope.plan.edits[statement] = cells.nothing
                scope.plan.record(
                    statement, f"{PARAMETER}.name", Outcome.APPROXIMATE, became="pass",
                    reason="PyTorch's parameters have no names but those of their attributes",
                )  # fmt: skip


def _initialisation(scope: Scope, node: cst.Call, function: cst.Attribute) -> None:
    """`super().__init__(...)` of a cell: PyTorch's modules take no arguments."""
    owner, self_name = scope.frame.owner, scope.frame.self_name
    if owner is None or not cells.is_super_call(function.value):
        return
    is_direct = any(_is_cell_class(base) for base in owner.bases)
    names_self = any(dotted(arg.value)[:1] == [self_name] for arg in node.args)
    if is_direct and node.args and not names_self:
        scope.plan.edits[node] = cells.without_arguments
        scope.plan.record(node, f"{CELL}.__init__", Outcome.EXACT)


def _to_float(scope: Scope, node: cst.Call, function: cst.Attribute, full: str) -> None:
    made = function.value
    meaning = scope.meaning(made.func) if isinstance(made, cst.Call) else None
    is_layer = meaning is not None and meaning.entry.form == "layer"
    if is_layer and scope.target is Target.OPSBRIDGE:
        scope.kept_layers.add(made)
        scope.plan.record(node, full, Outcome.EXACT, became="to_float of opsbridge's layer")
        return
    scope.plan.edits[node] = cells.as_function("_to_float")
    scope.plan.helpers["_to_float"] = all_helpers()["_to_float"]
    scope.plan.record(
        node, full, Outcome.APPROXIMATE, became="_to_float",
        reason="autocast decides for each operator whether it computes in the other dtype",
    )  # fmt: skip


def plan_method(scope: Scope, node: cst.FunctionDef, owner: ClassInfo) -> None:
    """The definition of a method of a cell: construct, or one that PyTorch has, too."""
    name = node.name.value
    if name == "construct":
        _construct(scope, node, owner)
    elif name in _CALLED_BY_PYTORCH:
        scope.plan.record(
            node, f"{CELL} with a method {name}", Outcome.APPROXIMATE, became=name,
            reason=f"PyTorch has a method {name} of its own and calls this one for it",
            suggestion="rename it, unless it does what PyTorch's does",
        )  # fmt: skip


def _construct(scope: Scope, node: cst.FunctionDef, owner: ClassInfo) -> None:
    """`def construct`: forward, unless the class has one."""
    if "forward" in owner.methods:
        scope.plan.mark(node, "construct is not renamed: the class has a method forward already")
        scope.plan.record(
            node, f"{CELL}.construct", Outcome.BY_HAND,
            reason="the class has a method forward already", suggestion="rename that one",
        )  # fmt: skip
        return
    scope.plan.edits[node] = cells.renamed("forward")
    scope.plan.record(node, f"{CELL}.construct", Outcome.EXACT, became="forward")


def _is_cell_class(base: str) -> bool:
    return is_mindspore(base) and base.rpartition(".")[2] == "Cell"
