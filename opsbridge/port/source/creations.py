"""Objects that a file makes: containers of cells, tensors and parameters."""

from __future__ import annotations

import libcst as cst

from opsbridge.port.source import cells
from opsbridge.port.source.flow import Kind
from opsbridge.port.source.helpers import all_helpers
from opsbridge.port.source.keep import keep
from opsbridge.port.source.meaning import PARAMETER, TENSOR, Meaning
from opsbridge.port.source.result import Outcome
from opsbridge.port.source.scope import Scope, meaning_in
from opsbridge.port.source.write import created_tensor, made_parameter

_STAYS = "a tensor in a tuple or list does not follow its module to another device"


def plan_container(scope: Scope, node: cst.Call, meaning: Meaning) -> None:
    """A container of cells."""
    kind = scope.kind(node.args[0].value) if node.args else Kind.UNKNOWN
    edit, became = cells.container(meaning.name, node, kind is Kind.SEQUENCE)
    scope.plan.edits[node] = edit
    scope.plan.forget(node.func)
    scope.plan.import_for("torch")
    if became.startswith("_"):
        scope.plan.helpers[became] = all_helpers()[became]
    scope.plan.record(node, meaning.name, Outcome.EXACT, became=became)


def plan_tensor(scope: Scope, node: cst.Call, meaning: Meaning) -> None:
    """`Tensor(...)`: PyTorch's, if the values are given."""
    keywords = {arg.keyword.value for arg in node.args if arg.keyword}
    is_plain = not any(arg.star for arg in node.args) and len(node.args) in (1, 2)
    if is_plain and keywords <= {"input_data", "dtype"}:
        is_constant = _is_constant(scope, node)
        scope.plan.edits[node] = created_tensor(is_constant)
        scope.plan.forget(node.func)
        scope.plan.import_for("torch")
        became = "torch.nn.Buffer(torch.tensor(...))" if is_constant else "torch.tensor"
        owner, is_graph = scope.frame.owner, scope.frame.is_graph
        stays = owner is not None and owner.is_cell and not is_graph
        stays = stays and cells.is_in_display(scope.tree, node)
        scope.plan.record(
            node, TENSOR, Outcome.APPROXIMATE if stays else Outcome.EXACT, became=became,
            reason=_STAYS if stays else "",
            suggestion="register_buffer for each of them" if stays else "",
        )  # fmt: skip
    else:
        keep(scope, node.func, meaning, node, "the values come from an initializer")


def _is_constant(scope: Scope, node: cst.Call) -> bool:
    """Whether a tensor is set on a cell and nothing else ever is: it then follows devices."""
    target = cells.attribute_target(scope.tree, node, scope.frame.self_name)
    owner = scope.frame.owner
    if target is None or owner is None or not owner.is_cell:
        return False
    return all(
        isinstance(each.value, cst.Call)
        and (meaning := meaning_in(each.unit, each.value.func)) is not None
        and meaning.name == TENSOR
        for each in owner.bound(target)
    )


def plan_parameter(scope: Scope, node: cst.Call, meaning: Meaning) -> None:
    """`Parameter(...)`: PyTorch's, if it is made from a tensor."""
    keywords = [arg.keyword.value if arg.keyword else "" for arg in node.args]
    data = node.args[0].value if node.args else None
    is_plain = data is not None and keywords[0] in ("", "default_input")
    is_plain = is_plain and all(key in ("name", "requires_grad", "") for key in keywords[1:])
    is_tensor = is_plain and data is not None and scope.kind(data) is Kind.TENSOR
    if is_tensor and len([key for key in keywords if not key]) <= 3:
        scope.plan.edits[node] = made_parameter
        scope.plan.forget(node.func)
        scope.plan.import_for("torch")
        scope.plan.record(node, PARAMETER, Outcome.EXACT, became="torch.nn.Parameter")
    else:
        keep(scope, node.func, meaning, node, "its values are not known to be a tensor")
