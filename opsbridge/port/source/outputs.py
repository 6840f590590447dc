"""Results of PyTorch's calls in MindSpore's order and dtypes."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from opsbridge.port.source.conversion import Inexpressible
from opsbridge.port.source.syntax import name, parenthesised
from opsbridge.tables.port_schema import PortEntry, PortReturn


@dataclass(frozen=True)
class Results:
    """What has to happen to the result of a call: one of several picked, cast, or reordered."""

    pick: int | None = None
    dtype: str = ""
    order: tuple[int, ...] = ()
    """Where MindSpore's results stand among PyTorch's, if they are unpacked at once."""

    def apply(self, call: cst.BaseExpression) -> cst.BaseExpression:
        """Return the call with what follows it."""
        if self.pick is not None:
            index = cst.SubscriptElement(cst.Index(cst.Integer(str(self.pick))))
            call = cst.Subscript(parenthesised(call), [index])
        if self.dtype:
            receiver = cst.Attribute(parenthesised(call), cst.Name("to"))
            call = cst.Call(receiver, [cst.Arg(name(f"torch.{self.dtype}"))])
        return call


def results_of(entry: PortEntry, target: cst.Tuple | None) -> Results:
    """Say what has to happen so that a call gives what MindSpore's gives.

    `target` is the tuple that the results are unpacked into at once, if they are.

    Raises:
        Inexpressible: it takes more than an expression.
    """
    returns = entry.returns
    if len(returns) <= 1:
        only = returns[0] if returns else PortReturn()
        return Results(only.pick, only.dtype)
    if target is None:
        raise Inexpressible("its results are not unpacked at once")
    targets = [element.value for element in target.elements]
    if len(targets) != len(returns) or any(each.pick is None for each in returns):
        raise Inexpressible("its results are not unpacked at once")
    for each, value in zip(returns, targets, strict=True):
        is_unused = isinstance(value, cst.Name) and value.value == "_"
        if each.dtype and not is_unused:
            raise Inexpressible(f"a result is {each.dtype}")
    order = tuple(each.pick for each in returns if each.pick is not None)
    if sorted(order) != list(range(len(order))):
        raise Inexpressible("PyTorch gives other results")
    return Results(order=order)
