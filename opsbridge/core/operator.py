"""What frameworks with graphs must know of a core operator besides calling it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opsbridge.core.rules import Rule

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Operator:
    """A core operator: the function, its rule, and the facts that tracing and gradients need.

    `main` is the tensor that decides device and dtype of the results. `shapes` computes the largest
    shape of every output from a function that gives a tensor's shape and the call's arguments, the
    rule among them; the outputs in `cut` are shortened to a length that depends on data. The
    gradient of `main` is computed by the operator `backward`, which takes the gradient of the first
    result before the same arguments; `backward_reads_main` says for which rules it needs the values
    of `main`, and not only the shape.
    """

    name: str
    run: Callable[..., tuple[Any, ...]]
    rule: type[Rule]
    main: str
    shapes: Callable[[Callable[[Any], tuple[int, ...]], Mapping[str, Any]], Shapes]
    cut: frozenset[str] = frozenset()
    backward: str | None = None
    backward_reads_main: Callable[[Any], bool] = lambda rule: True
