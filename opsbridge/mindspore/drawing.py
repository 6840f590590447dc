"""Random draws that need what they are drawn for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.converters import to_dtype, to_int, to_ints, to_size
from opsbridge.mindspore.making import standard_normal, stream, uniform_real


def bernoulli(input: torch.Tensor, p: Any, seed: Any) -> torch.Tensor:
    """Return ones with probability p and zeros otherwise, as input."""
    drawn = torch.rand(input.shape, generator=stream(seed)).to(input.device)
    return (drawn < p).to(input.dtype)


def multinomial(
    input: torch.Tensor, num_samples: Any, replacement: bool = True, seed: Any = None
) -> torch.Tensor:
    """Return the numbers of columns, drawn as often as their shares of each row say."""
    drawn = torch.multinomial(input, to_int(num_samples), replacement, generator=stream(seed))
    return drawn.to(torch.int32)


def multinomial_primitive(
    x: torch.Tensor, num_samples: Any, seed: int, seed2: int, dtype: Any
) -> torch.Tensor:
    """Return the numbers of columns, drawn as often as their shares of each row say."""
    drawn = torch.multinomial(x, to_int(num_samples), True, generator=stream(seed, seed2))
    return drawn.to(to_dtype(dtype))


def rand(size: Any, dtype: Any, seed: Any) -> torch.Tensor:
    """Return numbers from [0, 1)."""
    return uniform_numbers(_shape("rand", size), _floating("rand", dtype), seed)


def randn(size: Any, dtype: Any, seed: Any) -> torch.Tensor:
    """Return normal numbers."""
    return normal_numbers(_shape("randn", size), _floating("randn", dtype), seed)


def integers(low: Any, high: Any, size: Any, seed: Any, dtype: Any) -> torch.Tensor:
    """Return integers from [low, high), int64 by default."""
    drawn = torch.randint(to_int(low), to_int(high), to_ints(size), generator=stream(seed))
    return drawn.to(to_dtype(dtype) or torch.int64)


def permutation(n: Any, seed: Any, offset: Any, dtype: Any) -> torch.Tensor:
    """Return the numbers below n in random order."""
    return torch.randperm(to_int(n), generator=stream(seed, offset), dtype=to_dtype(dtype))


def shuffle(x: torch.Tensor, seed: Any = None, seed2: int = 0) -> torch.Tensor:
    """Return the slices along axis 0 in random order."""
    return x[torch.randperm(len(x), generator=stream(seed, seed2)).to(x.device)]


def uniform_like(input: torch.Tensor, seed: Any, dtype: Any) -> torch.Tensor:
    """Return numbers from [0, 1) in the shape of input."""
    drawn = torch.rand(input.shape, generator=stream(seed))
    return drawn.to(input.device, to_dtype(dtype) or input.dtype)


def normal_like(input: torch.Tensor, seed: Any, dtype: Any) -> torch.Tensor:
    """Return normal numbers in the shape of input."""
    drawn = torch.randn(input.shape, generator=stream(seed))
    return drawn.to(input.device, to_dtype(dtype) or input.dtype)


def uniform_numbers(size: Sequence[Any], dtype: Any, seed: Any = None) -> torch.Tensor:
    """Return numbers from [0, 1); size is integers, or one tuple of them."""
    return uniform_real(to_size(size), seed).to(to_dtype(dtype) or torch.float32)


def normal_numbers(size: Sequence[Any], dtype: Any, seed: Any = None) -> torch.Tensor:
    """Return normal numbers; size is integers, or one tuple of them."""
    return standard_normal(to_size(size), seed).to(to_dtype(dtype) or torch.float32)


def integers_below(limits: Sequence[Any], dtype: Any) -> torch.Tensor:
    """Return integers; limits are (high, size), from 0, or (low, high, size)."""
    *bounds, size = limits
    drawn = torch.randint(*map(to_int, bounds), size=to_ints(size))
    return drawn.to(to_dtype(dtype) or torch.int64)


def integers_like(input: torch.Tensor, limits: Sequence[Any], dtype: Any) -> torch.Tensor:
    """Return integers in the shape of input; limits are (high,), from 0, or (low, high)."""
    return torch.randint_like(input, *map(to_int, limits), dtype=to_dtype(dtype))


def dropped_channels(x: torch.Tensor, keep_prob: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return x without some of its channels, the others scaled up, and where it is kept."""
    drawn = torch.rand(x.shape[:2]).to(x.device)
    kept = (drawn < keep_prob).reshape(*x.shape[:2], *(1,) * (x.dim() - 2)).expand_as(x)
    return x * kept.to(x.dtype) / keep_prob, kept


def _shape(name: str, size: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape that is given as it is, as its lengths one by one, or not at all: one number."""
    if len(size) > 1 and not all(isinstance(length, int) for length in size):
        raise DtypeError(f"{name}: size is {size}; expected integers, or one tuple or list of them")
    return to_ints(size[0] if len(size) == 1 else size or 1)


def _floating(name: str, dtype: Any) -> torch.dtype:
    wanted = to_dtype(dtype) or torch.float32
    if not wanted.is_floating_point:
        raise ArgumentError(f"{name}: dtype is {wanted}; expected one of floating point")
    return wanted
