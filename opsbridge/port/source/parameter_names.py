"""Names of parameters: MindSpore's carry them, PyTorch's modules name them."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from opsbridge.port.source import cells
from opsbridge.port.source.result import Outcome
from opsbridge.port.source.scope import Scope

PARAMETER = "mindspore.Parameter.name"
_LISTS = {
    "get_parameters": "{}.named_parameters()",
    "trainable_params": "[(n, p) for n, p in {}.named_parameters() if p.requires_grad]",
    "untrainable_params": "[(n, p) for n, p in {}.named_parameters() if not p.requires_grad]",
}


def plan_parameter_name(scope: Scope, node: cst.Attribute) -> bool:
    """`p.name` in a loop over a cell's parameters; false if it is something else."""
    if node.attr.value != "name" or not isinstance(node.value, cst.Name):
        return False
    variable = node.value.value
    for loop in _loops(scope, node):
        if not (isinstance(loop.target, cst.Name) and loop.target.value == variable):
            continue
        called = loop.iter
        if isinstance(called, cst.Call) and isinstance(called.func, cst.Attribute):
            return _named_in(scope, node, loop, called, called.func)
        return False
    return False


def _loops(scope: Scope, node: cst.CSTNode) -> Iterator[cst.For | cst.CompFor]:
    for above in scope.tree.ancestors(node):
        if isinstance(above, cst.For | cst.CompFor):
            yield above
        elif isinstance(above, cst.BaseComp):
            yield above.for_in


def _named_in(
    scope: Scope,
    node: cst.Attribute,
    loop: cst.For | cst.CompFor,
    called: cst.Call,
    function: cst.Attribute,
) -> bool:
    """Let a loop take names, too."""
    template = _LISTS.get(function.attr.value)
    if template is None or called.args:
        return False
    variable = node.value
    assert isinstance(variable, cst.Name)
    name = cst.Name(f"{variable.value}_name")
    pair = cst.Tuple([cst.Element(name), cst.Element(variable)], lpar=[], rpar=[])
    scope.plan.edits.pop(function, None)
    scope.plan.edits[called] = cells.in_other_words(template)
    scope.plan.edits[loop.target] = lambda target: pair
    scope.plan.edits[node] = lambda attribute: name
    scope.plan.done.add(called)
    scope.plan.record(
        node, PARAMETER, Outcome.APPROXIMATE, became=name.value,
        reason="names are PyTorch's: a norm's gamma and beta are weight and bias",
    )  # fmt: skip
    return True
