"""What the tables say that a call gives, one tensor or several, is what it gives here."""

from __future__ import annotations

import ast

import pytest
from rarer_calls import CALLS, names
from rarest_calls import GROUPS

torch = pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge import mindspore as surface  # noqa: E402
from opsbridge.tables.port_load import port_entries  # noqa: E402
from opsbridge.tables.port_schema import PortEntry, PortGives  # noqa: E402


def entry_of(call: str) -> PortEntry | None:
    """The operator or function whose call an expression is; None if it is something else."""
    node = ast.parse(call, mode="eval").body
    made = node.func if isinstance(node, ast.Call) else None
    name = ast.unparse(made.func if isinstance(made, ast.Call) else made) if made else ""
    root, _, rest = name.partition(".")
    full = f"mindspore.{rest}" if root == "ms" else f"mindspore.{name}"
    entry = port_entries().get(full)
    return entry if entry is not None and entry.form in ("primitive", "function") else None


def gives(call: str) -> PortGives:
    space = {"ms": surface, "ops": surface.ops, "nn": surface.nn, **names(surface.Tensor)}
    value = eval(call, space)
    if isinstance(value, torch.Tensor):
        return "tensor"
    are_all = isinstance(value, tuple | list) and all(isinstance(v, torch.Tensor) for v in value)
    return "tensors" if are_all else "other"


SAID = {
    call: "tensors" if len(entry.returns) > 1 else entry.gives
    for call in (*CALLS, *(call for group in GROUPS.values() for call in group))
    if (entry := entry_of(call)) is not None
}


@pytest.mark.parametrize("call", [call for call, said in SAID.items() if said != "other"])
def test_what_a_call_gives(call: str) -> None:
    assert gives(call) == SAID[call]


def test_there_are_calls_of_each_kind() -> None:
    assert {said: list(SAID.values()).count(said) > 9 for said in ("tensor", "tensors")} == {
        "tensor": True,
        "tensors": True,
    }
