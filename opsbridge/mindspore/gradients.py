"""Gradients as functions: `grad`, `value_and_grad`, `GradOperation`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.members import given_to
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter, named
from opsbridge.mindspore.tensors import Tensor

__all__ = ["GradOperation", "grad", "value_and_grad"]

Weights = Parameter | list[Parameter] | tuple[Parameter, ...] | None


def value_and_grad(
    fn: Callable[..., Any],
    grad_position: int | tuple[int, ...] | None = 0,
    weights: Weights = None,
    has_aux: bool = False,
    return_ids: bool = False,
    sens_param: bool = False,
) -> Callable[..., Any]:
    """Return a function that gives fn's outputs and gradients.

    Args:
        fn: a function or Cell.
        grad_position: the arguments to derive by; None for none. One number gives one gradient, a
            tuple of several numbers a tuple.
        weights: parameters to derive by; their gradients come after those of the arguments.
        has_aux: derive the first output only.
        return_ids: pair every gradient with its argument's number or the parameter's name.
        sens_param: the last argument, or the keyword `sens`, is the gradient of the outputs; else
            it is all ones.

    Raises:
        ArgumentError: `grad_position` and `weights` are both None.

    Example:
        >>> from opsbridge.mindspore.tensors import Tensor
        >>> value, gradient = value_and_grad(lambda x: (x * x).sum())(Tensor([3.0]))
        >>> print(value, gradient)
        9.0 [6.]
    """
    if grad_position is None and weights is None:
        raise ArgumentError("value_and_grad: grad_position and weights are None; one must be given")

    def derived(*args: Any, **kwargs: Any) -> Any:
        sens = None
        if sens_param:
            args, sens = (args, kwargs.pop("sens")) if "sens" in kwargs else (args[:-1], args[-1])
        return _derive(fn, args, kwargs, grad_position, weights, has_aux, return_ids, sens)

    return derived


def grad(
    fn: Callable[..., Any],
    grad_position: int | tuple[int, ...] | None = 0,
    weights: Weights = None,
    has_aux: bool = False,
    return_ids: bool = False,
    sens_param: bool = False,
) -> Callable[..., Any]:
    """Return a function that gives fn's gradients, as value_and_grad without the value.

    With has_aux the outputs after the first come with them.
    """
    both = value_and_grad(fn, grad_position, weights, has_aux, return_ids, sens_param)

    def derived(*args: Any, **kwargs: Any) -> Any:
        value, gradients = both(*args, **kwargs)
        return (gradients, value[1:]) if has_aux else gradients

    return derived


class GradOperation:
    """MindSpore 1's way to gradients: `GradOperation(...)(fn, weights)(*args)`.

    Args:
        get_all: derive by all arguments, not the first only.
        get_by_list: derive by parameters: `weights`, or all trainable ones of the Cell.
        sens_param: the last argument is the gradient of the outputs.
    """

    def __init__(
        self, get_all: bool = False, get_by_list: bool = False, sens_param: bool = False
    ) -> None:
        self.get_all, self.get_by_list, self.sens_param = get_all, get_by_list, sens_param

    def __call__(self, fn: Callable[..., Any], weights: Weights = None) -> Callable[..., Any]:
        if self.get_by_list and weights is None:
            if not isinstance(fn, torch.nn.Module):
                raise ArgumentError("GradOperation: get_by_list is True, but weights is None")
            weights = Cell.trainable_params(fn)
        is_one = isinstance(weights, torch.nn.Parameter)
        chosen = (weights,) if is_one else tuple(weights or ())

        def derived(*args: Any, **kwargs: Any) -> Any:
            count = len(args) - (self.sens_param and "sens" not in kwargs)
            positions = tuple(range(count)) if self.get_all else None if self.get_by_list else 0
            by_list = chosen if self.get_by_list else None
            both = value_and_grad(fn, positions, by_list, sens_param=self.sens_param)
            gradients = both(*args, **kwargs)[1]
            # MindSpore 1 keeps the tuple of one argument.
            if self.get_all and count == 1:
                first = gradients[0] if self.get_by_list else gradients
                return ((first,), gradients[1]) if self.get_by_list else (first,)
            return gradients

        return derived


def _derive(
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    positions: int | tuple[int, ...] | None,
    weights: Weights,
    has_aux: bool,
    return_ids: bool,
    sens: Any,
) -> Any:
    """Run fn once and its derivative once; return (outputs, gradients)."""
    numbers = (positions,) if isinstance(positions, int) else positions or ()
    inputs = list(args)
    for number in numbers:
        inputs[number] = _leaf(inputs[number], number)
    is_one = isinstance(weights, torch.nn.Parameter)
    chosen = (weights,) if is_one else tuple(weights or ())
    with torch.enable_grad():
        outputs = fn(*given_to(fn, tuple(inputs)), **kwargs)
    of = outputs[0] if has_aux else outputs
    gradients = _gradients(of, sens, [*(inputs[number] for number in numbers), *chosen])
    by_inputs, by_weights = gradients[: len(numbers)], gradients[len(numbers) :]
    if return_ids:
        by_inputs = [(number, each) for number, each in zip(numbers, by_inputs, strict=True)]
        by_weights = [(named(each).name, one) for each, one in zip(chosen, by_weights, strict=True)]
    parts = []
    if positions is not None:
        parts.append(by_inputs[0] if len(numbers) == 1 else tuple(by_inputs))
    if weights is not None:
        parts.append(by_weights[0] if is_one else tuple(by_weights))
    return _detached(outputs), parts[0] if len(parts) == 1 else tuple(parts)


def _gradients(outputs: Any, sens: Any, sources: list[torch.Tensor]) -> list[Any]:
    """Return the gradient of each source; zeros where the outputs do not depend on it."""
    ends = [each for each in _tensors(outputs) if each.requires_grad]
    starts = [each for each in sources if each.requires_grad]
    found: Iterator[Any] = iter([None] * len(starts))
    if ends and starts:
        given = list(_tensors(sens)) if sens is not None else [torch.ones_like(e) for e in ends]
        # As a function of Tensors it would see copies of the sources, which nothing depends on.
        with torch._C.DisableTorchFunctionSubclass():
            found = iter(torch.autograd.grad(ends, starts, given, allow_unused=True))
    gradients = [next(found) if each.requires_grad else None for each in sources]
    return [
        _as_kind(torch.zeros_like(source) if each is None else each, source)
        for source, each in zip(sources, gradients, strict=True)
    ]


def _leaf(value: Any, number: int) -> Any:
    """Return an argument as the start of a new graph."""
    if not isinstance(value, torch.Tensor):
        raise DtypeError(
            f"value_and_grad: argument {number} is a {type(value).__name__}; it must be a Tensor"
        )
    leaf = _as_kind(value.detach(), value)
    return leaf.requires_grad_() if leaf.is_floating_point() else leaf


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """Yield all tensors in nested tuples and lists."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _tensors(each)


def _detached(value: Any) -> Any:
    """Return nested results without their graph."""
    if isinstance(value, torch.Tensor):
        return _as_kind(value.detach(), value)
    if isinstance(value, tuple | list):
        return type(value)(_detached(each) for each in value)
    return value


def _as_kind(value: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return a tensor of the surface, or of PyTorch, as another is."""
    return as_tensor(value) if isinstance(other, Tensor) else plain(value)
