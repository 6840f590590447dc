"""Operators on pairs of elements that PyTorch has otherwise or not at all."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.mindspore.converters import to_tensor


def xdivy(x: Any, y: Any) -> torch.Tensor:
    """Return x / y, and 0 where x is."""
    x, y = _tensors(x, y)
    return torch.where(x == 0, torch.zeros_like(x), x / torch.where(x == 0, 1, y))


def xlogy(input: Any, other: Any) -> torch.Tensor:
    """Return input * log(other); 0 * log(0) is NaN."""
    input, other = _tensors(input, other)
    return input * torch.log(other.to(input.dtype))


def approximate_equal(x: torch.Tensor, y: torch.Tensor, tolerance: float) -> torch.Tensor:
    """Return where two tensors differ by less than a tolerance."""
    return (x - y).abs() < tolerance


def _tensors(one: Any, other: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both as tensors of the type that they have together."""
    dtype = torch.result_type(one, other)
    device = next(each.device for each in (one, other) if isinstance(each, torch.Tensor))
    first = torch.as_tensor(one, dtype=dtype, device=device)
    return first, torch.as_tensor(other, dtype=dtype, device=device)


def multiply_no_nan(x: Any, y: Any) -> torch.Tensor:
    """Return x * y, and 0 where y is, whatever x is."""
    x, y = _tensors(x, y)
    return torch.where(y == 0, torch.zeros_like(y), x * y)


def power(input: Any, exponent: Any) -> torch.Tensor:
    """Return a tensor or number to the power of another."""
    base = to_tensor(input)
    # PyTorch has last bits of its own for powers of a number, and none of integers below 0.
    if not isinstance(exponent, int | float) or (exponent < 0 and not base.is_floating_point()):
        exponent = to_tensor(exponent)
    return torch.pow(base, exponent)


def fast_gelu(x: torch.Tensor) -> torch.Tensor:
    """Return x / (1 + exp(-1.702 * |x|)) * exp(0.851 * (x - |x|))."""
    size = x.abs()
    return x / (1 + (-1.702 * size).exp()) * (0.851 * (x - size)).exp()


def copysign(x: torch.Tensor, other: Any) -> torch.Tensor:
    """Return |x| with the sign of other, of which 0 has none: -0.0 counts as 0."""
    size = (x if x.is_floating_point() else x.float()).abs()
    return torch.where(torch.as_tensor(other, device=x.device) < 0, -size, size)


def ldexp(x: Any, other: torch.Tensor) -> torch.Tensor:
    """Return x * 2 ** other."""
    return x * torch.pow(2.0, other)


def cross(input: torch.Tensor, other: torch.Tensor, dim: int | None) -> torch.Tensor:
    """Return the cross products along an axis of length 3: the first one that has it by default."""
    if dim is None or dim == -65530:  # the default of the operator
        dim = tuple(input.shape).index(3)
    return torch.linalg.cross(input, other, dim=dim)


def logit(x: torch.Tensor, eps: float) -> torch.Tensor:
    """Return log(x / (1 - x)), of x within [eps, 1 - eps] unless eps is negative."""
    return torch.logit(x, None if eps < 0 else eps)


def relu(input: Any, inplace: bool) -> torch.Tensor:
    """Return max(input, 0), in the memory of input if that is asked for."""
    return torch.nn.functional.relu(to_tensor(input), inplace)
