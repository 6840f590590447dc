"""Tensors from nothing: filled, counted, random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.converters import (
    to_array_dtype,
    to_dtype,
    to_int,
    to_ints,
    to_number,
    to_size,
    to_tensor,
)


def fill(dtype: Any, dims: Any, x: Any) -> torch.Tensor:
    """Return a tensor full of one value."""
    return torch.full(to_ints(dims), to_number(x), dtype=to_dtype(dtype))


def zeros(shape: Any, dtype: Any) -> torch.Tensor:
    """Return zeros."""
    return torch.zeros(to_ints(shape), dtype=to_array_dtype(dtype))


def ones(shape: Any, dtype: Any) -> torch.Tensor:
    """Return ones."""
    return torch.ones(to_ints(shape), dtype=to_array_dtype(dtype))


def full(shape: Any, fill_value: Any, dtype: Any) -> torch.Tensor:
    """Return a tensor full of one value, whose dtype it has by default."""
    value = to_tensor(to_number(fill_value))
    return torch.full(to_ints(shape), value.item(), dtype=to_dtype(dtype) or value.dtype)


def eye(n: Any, m: Any, dtype: Any) -> torch.Tensor:
    """Return ones on the diagonal of zeros."""
    return torch.eye(to_int(n), to_int(n if m is None else m), dtype=to_array_dtype(dtype))


def scalar_to_tensor(x: Any, dtype: Any) -> torch.Tensor:
    """Return a number as a tensor."""
    return torch.tensor(to_number(x), dtype=to_dtype(dtype))


def scalar_to_array(x: Any) -> torch.Tensor:
    """Return a number as a tensor: float32 for floats, int64 for integers."""
    return torch.tensor(x)


def sequence_to_tensor(x: Any) -> torch.Tensor:
    """Return a tuple of numbers as a tensor: int32 of integers, else float32."""
    numbers = torch.as_tensor(x)
    return numbers.to(torch.float32 if numbers.is_floating_point() else torch.int32)


def scalar_cast(input_x: Any, input_y: Any) -> Any:
    """Return a number as an int, float or bool, as the dtype says."""
    dtype = to_dtype(input_y)
    if dtype is torch.bool:
        return bool(input_x)
    is_float = dtype is not None and dtype.is_floating_point
    return float(input_x) if is_float else int(input_x)


def count(start: Any, end: Any, step: Any, maxlen: int = 0) -> torch.Tensor:
    """Return the numbers from start to before end: int64 of integers, else float32."""
    numbers = [to_number(each) for each in (start, end, step)]
    is_whole = all(isinstance(each, int) for each in numbers)
    tensors = [each for each in (start, end, step) if isinstance(each, torch.Tensor)]
    device = tensors[0].device if tensors else None
    return torch.arange(*numbers, dtype=torch.int64 if is_whole else torch.float32, device=device)


def count_up(start: Any, stop: Any, step: Any, dtype: Any = None) -> torch.Tensor:
    """Return NumPy's arange, int32 for integers and float32 for floats."""
    start, stop = (0, start) if stop is None else (start, stop)
    numbers = [to_number(each) for each in (start, stop, 1 if step is None else step)]
    is_whole = all(isinstance(each, int) for each in numbers)
    wanted = to_dtype(np.dtype(float) if dtype is float else dtype)
    wanted = wanted or (torch.int32 if is_whole else torch.float32)
    return torch.arange(*numbers).to(wanted)


def arange(start: Any, end: Any, step: Any, dtype: Any) -> torch.Tensor:
    """Return torch's arange with the defaults of mindspore.ops."""
    start, end = (0, start) if end is None else (start, end)
    return torch.arange(*map(to_number, (start, end, step)), dtype=to_dtype(dtype))


def spaced(
    start: Any, stop: Any, num: int, endpoint: bool, retstep: bool, dtype: Any, axis: int
) -> Any:
    """Return NumPy's linspace in float32; bounds may be tensors."""
    low, high = to_tensor(start).float(), to_tensor(stop).float()
    parts = num - 1 if endpoint else num
    step = (high - low) / parts if parts else torch.full_like(high - low, float("nan"))
    places = torch.arange(num, dtype=torch.float32).reshape(-1, *[1] * step.dim())
    values = low + places * step if parts else low.expand(num, *step.shape)
    if endpoint and num > 1:
        values = torch.cat([values[:-1], high.expand_as(values[-1:])])
    values = values.movedim(0, axis).to(to_array_dtype(dtype) or torch.float32)
    return (values, step) if retstep else values


def linspace(start: Any, stop: Any, num: Any) -> torch.Tensor:
    """Return evenly spaced numbers, both bounds included."""
    dtype = start.dtype if isinstance(start, torch.Tensor) else torch.float32
    return torch.linspace(to_number(start), to_number(stop), to_int(num), dtype=dtype)


def grids(xi: Any, sparse: bool = False, indexing: str = "xy") -> tuple[torch.Tensor, ...]:
    """Return coordinate grids, by default with the first input along axis 1."""
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing is {indexing!r}; it must be 'xy' or 'ij'")
    lines = [to_tensor(each).reshape(-1) for each in xi]
    axes = list(range(len(lines)))
    if indexing == "xy":
        axes[:2] = axes[:2][::-1]
    shape = [0] * len(lines)
    for axis, line in zip(axes, lines, strict=True):
        shape[axis] = line.numel()
    alone = [
        line.reshape([-1 if each == axis else 1 for each in range(len(lines))])
        for axis, line in zip(axes, lines, strict=True)
    ]
    return tuple(each if sparse else each.expand(shape) for each in alone)


def grids_by_matrix(tensors: Any, indexing: str | None) -> tuple[torch.Tensor, ...]:
    """Return a grid of each tensor, the first along the rows unless indexing is "xy"."""
    return grids(tensors, indexing=indexing or "ij")


def standard_normal(shape: Any, seed: Any = 0, seed2: int = 0) -> torch.Tensor:
    """Return normal numbers of PyTorch's stream, or of a stream of their own for a seed."""
    return torch.randn(to_ints(shape), generator=stream(seed, seed2))


def uniform_real(shape: Any, seed: Any = 0, seed2: int = 0) -> torch.Tensor:
    """Return numbers from [0, 1)."""
    return torch.rand(to_ints(shape), generator=stream(seed, seed2))


def normal(shape: Any, mean: Any, stddev: Any, seed: Any) -> torch.Tensor:
    """Return normal numbers."""
    return standard_normal(shape, seed) * to_tensor(stddev) + to_tensor(mean)


def uniform(shape: Any, minval: Any, maxval: Any, seed: Any, dtype: Any) -> torch.Tensor:
    """Return numbers from [minval, maxval)."""
    low, high = to_tensor(minval), to_tensor(maxval)
    wanted = to_dtype(dtype)
    numbers = uniform_real(shape, seed) * (high - low) + low
    return numbers.to(wanted or torch.float32)


def random_choice(
    input_x: torch.Tensor, count: int, seed: int, seed2: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the indices of `count` true elements in random order, and which rows are filled."""
    places = input_x.nonzero()
    order = torch.randperm(len(places), generator=stream(seed, seed2))
    chosen = places[order.to(places.device)[:count]]
    index = chosen.new_zeros((count, input_x.dim()), dtype=torch.int32)
    index[: len(chosen)] = chosen.to(torch.int32)
    return index, torch.arange(count, device=input_x.device) < len(chosen)


def stream(seed: Any, seed2: Any = 0) -> torch.Generator | None:
    """Return a stream of random numbers of its own for a seed, None without one."""
    return (
        torch.Generator().manual_seed(int(seed or 0) ^ int(seed2 or 0)) if seed or seed2 else None
    )


def empty(size: Sequence[Any], dtype: Any) -> torch.Tensor:
    """Return a tensor whose values nobody set; size is integers, or one tuple of them."""
    return torch.empty(to_size(size), dtype=to_dtype(dtype))


def identity(n: Any, dtype: Any) -> torch.Tensor:
    """Return the identity matrix."""
    return torch.eye(to_int(n), dtype=to_array_dtype(dtype))


def full_like(a: Any, fill_value: Any) -> torch.Tensor:
    """Return a tensor like another one, full of one value."""
    return torch.full_like(to_tensor(a), to_number(fill_value))


def dropout_with_mask(
    x: torch.Tensor, keep_prob: float, Seed0: int, Seed1: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return x with elements dropped, the others scaled up, and which were kept."""
    drawn = torch.rand(x.shape, generator=stream(Seed0, Seed1)).to(x.device)
    kept = (drawn < keep_prob).to(x.dtype)
    return x * kept / keep_prob, kept


def filled(shape: Any, value: Any) -> torch.Tensor:
    """Return a tensor of a value, in its dtype."""
    return to_tensor(value).expand(to_ints(shape)).clone()


def shape_of(input: torch.Tensor) -> torch.Tensor:
    """Return the shape as a tensor of int64."""
    return torch.tensor(tuple(input.shape), dtype=torch.int64, device=input.device)


def sequence_mask(lengths: torch.Tensor, maxlen: Any) -> torch.Tensor:
    """Return which of maxlen places are before each length; the longest one by default."""
    count = int(lengths.max()) if maxlen is None else to_int(maxlen)
    return torch.arange(count, device=lengths.device) < lengths.unsqueeze(-1)


def hann_window(window_length: int, periodic: bool, dtype: Any) -> torch.Tensor:
    """Return a Hann window, in float64 by default."""
    return torch.hann_window(window_length, periodic, dtype=to_dtype(dtype) or torch.float64)


def hamming_window(
    window_length: int, periodic: bool, alpha: float, beta: float, dtype: Any
) -> torch.Tensor:
    """Return a Hamming window, in float32 by default."""
    kind = to_dtype(dtype) or torch.float32
    return torch.hamming_window(window_length, periodic, alpha, beta, dtype=kind)
