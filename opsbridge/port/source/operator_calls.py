"""Calls of operators: by their names, at once, and through attributes of a cell."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from opsbridge.port.source import cells
from opsbridge.port.source.binding import Unbound, UnknownKeyword, bind, literal
from opsbridge.port.source.conversion import Inexpressible
from opsbridge.port.source.creations import plan_container, plan_parameter, plan_tensor
from opsbridge.port.source.inline import inline
from opsbridge.port.source.keep import keep, leave_call, leave_refused
from opsbridge.port.source.meaning import PARAMETER, TENSOR, Meaning
from opsbridge.port.source.project import ClassInfo
from opsbridge.port.source.result import Outcome
from opsbridge.port.source.scope import Scope
from opsbridge.tables.schema import Stage


def plan_named_call(scope: Scope, node: cst.Call, meaning: Meaning) -> None:
    """A call of a name of the tables."""
    if meaning.name == TENSOR:
        plan_tensor(scope, node, meaning)
    elif meaning.name == PARAMETER:
        plan_parameter(scope, node, meaning)
    elif meaning.name in cells.CONTAINERS:
        plan_container(scope, node, meaning)
    elif node in scope.kept_layers:
        keep(scope, node.func, meaning, node, "it computes in another dtype than its weights")
    elif meaning.entry.form in ("function", "layer"):
        try:
            stage: Stage = "call" if meaning.entry.form == "function" else "init"
            given = bind(meaning.entry, stage, node.args)
            inline(scope, node, meaning, given, node.args)
            scope.plan.forget(node.func)
        except UnknownKeyword as why:
            leave_refused(scope, node.func, meaning, node, why)
        except (Unbound, Inexpressible) as why:
            keep(scope, node.func, meaning, node, str(why))
    else:
        _keep_object(scope, node, meaning)


def _keep_object(scope: Scope, node: cst.Call, meaning: Meaning) -> None:
    """The constructor of an operator that is called later, or an object of another class."""
    try:
        if meaning.entry.form == "primitive":
            bind(meaning.entry, "init", node.args)
    except UnknownKeyword as why:
        leave_refused(scope, node.func, meaning, node, why)
    except Unbound:
        keep(scope, node.func, meaning, node)
    else:
        keep(scope, node.func, meaning, node)


def plan_direct_call(scope: Scope, node: cst.Call, inner: cst.Call, meaning: Meaning) -> None:
    """`P.X(...)(...)`: the arguments are evaluated at once, whatever they are."""
    try:
        first = bind(meaning.entry, "init", inner.args)
        second = bind(meaning.entry, "call", node.args)
        inline(scope, node, meaning, {**first, **second}, node.args, inner)
        scope.plan.done.add(inner)
        scope.plan.forget(inner.func)
    except UnknownKeyword as why:
        scope.plan.done |= {node, inner}
        leave_refused(scope, inner.func, meaning, inner, why)
    except (Unbound, Inexpressible) as why:
        scope.plan.done.add(node)
        keep(scope, inner.func, meaning, inner, str(why))
        scope.plan.done.add(inner)


def plan_bound_call(
    scope: Scope, node: cst.Call, function: cst.Attribute, owner: ClassInfo, attribute: str
) -> bool:
    """`self.x(...)` where x is set to an operator; false if it is not."""
    operators = scope.operators(owner, attribute)
    found = [each for each in operators if each is not None]
    if not found:
        return False
    meaning, init = found[0]
    scope.plan.done.add(function)
    try:
        _check_one_operator(attribute, operators)
        first = bind(meaning.entry, "init", init.args) if init is not None else {}
        if not all(literal(each.value) for each in first.values()):
            raise Inexpressible("the constructor's arguments are no literals")
        if meaning.entry.form == "layer":
            raise Inexpressible("it is a layer")
        second = bind(meaning.entry, "call", node.args)
        inline(scope, node, meaning, {**first, **second}, node.args)
        scope.plan.inlined[function] = (owner, attribute)
    except UnknownKeyword as why:
        leave_call(scope, node, meaning.name, why)
    except (Unbound, Inexpressible) as why:
        scope.plan.record(
            node, meaning.name, Outcome.EXACT, became=f"self.{attribute}",
            reason=f"stays an object: {why}",
        )  # fmt: skip
    return True


def _check_one_operator(
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


def _text(arg: cst.Arg) -> str:
    keyword = arg.keyword.value if arg.keyword else ""
    return f"{keyword}={cst.Module([]).code_for_node(arg.value)}"
