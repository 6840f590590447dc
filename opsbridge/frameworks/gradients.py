"""What a framework asks of an operator when it wants a gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsbridge.core.operator import Operator


def differentiable(operator: Operator) -> tuple[str, ...]:
    """The tensors that the backward operator computes gradients of, in its order."""
    return operator.differentiable or (operator.main,)


def gradient_outputs(operator: Operator) -> tuple[tuple[str, str], ...]:
    """The outputs of the backward operator: one gradient for each of those tensors."""
    return tuple(
        ("gradient" if name == operator.main else f"gradient_of_{name}", "same")
        for name in differentiable(operator)
    )


def missing_gradient(operator: Operator, arguments: Mapping[str, Any]) -> str:
    """Says that there is no derivative of what the operator returns."""
    name = arguments["caller"].operator
    if "gradient" in arguments:
        return f"{name}: there is no second derivative"
    first, *others = (output for output, _ in arguments["outputs"])
    missing = (first, *others) if operator.backward is None else others
    return f"{name}: there is no gradient of {', '.join(missing)}"
