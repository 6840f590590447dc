"""What frameworks with graphs must know of a core operator besides calling it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from opsbridge.core.rules import Rule

Shapes = Mapping[str, tuple[int, ...]]


def named_dtype(wanted: str, main: str, arguments: Mapping[str, Any]) -> str:
    """The dtype that an output was asked for; "same" is that of the main tensor."""
    del arguments
    return main if wanted == "same" else wanted


@dataclass(frozen=True)
class Picked:
    """An output that consists of input rows: boxes with their scores at the rows in `rows`.

    Where gradients are recorded a framework indexes its own tensors instead, and differentiates it.
    """

    output: str
    rows: str


@dataclass(frozen=True)
class Native:
    """The native function of an operator, for calls that go straight to it.

    `arguments` are what it takes, in order: slots, outputs, "rule" and "threads". `absent` stands
    for slots that are left out; those that are not in it are tensors or outputs, and absent as
    None. The function returns how long the outputs in `cut` are, or a negative number for input
    that it refuses; where there are none, zero or another number. `columns` says how many columns
    the rule asks of tensors whose tables leave it open. `is_on_device` says whether the device
    library takes direct calls with a rule, slots that are given and outputs. `judges_main`: values
    of the main tensor may be refused.
    """

    arguments: tuple[str, ...]
    absent: Mapping[str, int | float] = field(default_factory=dict)
    columns: Callable[[Any], int] | None = None
    is_on_device: Callable[[Any, frozenset[str], frozenset[str]], bool] = (
        lambda rule, slots, outputs: False
    )
    judges_main: bool = True


@dataclass(frozen=True)
class Operator:
    """A core operator: the function, its rule, and the facts that tracing and gradients need.

    `main` is the tensor that decides device and dtype of the results. `shapes` computes the largest
    shape of every output from a function that gives a tensor's shape and the call's arguments, the
    rule among them; the outputs in `cut` are shortened to a length that depends on data. The
    gradient of `main` is computed by the operator `backward`, which takes the gradient of the first
    result before the same arguments; `backward_reads_main` says for which rules it needs the values
    of `main`, and not only the shape. `kept`, of the same arguments as `shapes` and whether `main`
    is on a GPU, names outputs that `backward` takes as arguments, where they are there, so that it
    need not read `main` again.
    Where more tensors than `main` have gradients, all are in `differentiable`, and `backward` has
    an output for each: "gradient", then "gradient_of_<name>".
    `result_dtype` makes a NumPy name of the dtype that an output was asked for, of that of `main`
    and of the arguments. `picked` is an output that is made of input rows; `output_dtypes` are the
    dtypes of the outputs that are not of the dtype of `main`. `native` lets plain calls go straight
    to native code (`core.direct`).
    """

    name: str
    run: Callable[..., tuple[Any, ...]]
    rule: type[Rule]
    main: str
    shapes: Callable[[Callable[[Any], tuple[int, ...]], Mapping[str, Any]], Shapes]
    cut: frozenset[str] = frozenset()
    backward: str | None = None
    backward_reads_main: Callable[[Any], bool] = lambda rule: True
    kept: Callable[[Callable[[Any], tuple[int, ...]], Mapping[str, Any], bool], tuple[str, ...]] = (
        lambda shape, arguments, on_gpu: ()
    )
    differentiable: tuple[str, ...] = ()
    result_dtype: Callable[[str, str, Mapping[str, Any]], str] = named_dtype
    picked: Picked | None = None
    output_dtypes: Mapping[str, str] = field(default_factory=dict)
    native: Native | None = None
