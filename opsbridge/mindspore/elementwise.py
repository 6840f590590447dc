"""Operators on pairs of elements that PyTorch has otherwise or not at all."""

from __future__ import annotations

from typing import Any

import torch


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
