"""Matrices put together, taken apart and multiplied in batches; places moved into the batch."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.converters import to_int, to_ints, to_tensor


def block_diagonal(inputs: Any) -> torch.Tensor:
    """Return matrices along the diagonal of zeros."""
    return torch.block_diag(*inputs)


def cartesian_product(inputs: Any) -> torch.Tensor:
    """Return all combinations of one value of each line, one in a row."""
    return torch.stack(torch.meshgrid(*inputs, indexing="ij"), -1).reshape(-1, len(inputs))


def singular_values(input: torch.Tensor, full_matrices: bool, compute_uv: bool) -> Any:
    """Return the singular values, and with compute_uv the left and right vectors as columns."""
    if not compute_uv:
        return torch.linalg.svdvals(input)
    left, values, right = torch.linalg.svd(input, full_matrices)
    return values, left, right.mH


def batch_dot(x1: torch.Tensor, x2: torch.Tensor, axes: Any) -> torch.Tensor:
    """Return the sums of products over one axis of each, for each of the batch.

    By default the axes are the last one of x1 and the last but one of x2, if it has a third.
    """
    first, second = x1.dim() - 1, max(x2.dim() - 2, 1)
    if axes is not None:
        pair = to_ints(axes)
        first, second = pair if len(pair) == 2 else pair * 2
    if min(x1.dim(), x2.dim()) < 2 or 0 in (first % x1.dim(), second % x2.dim()):
        raise ArgumentError(f"batch_dot: axes is {axes}; the axis of the batch has no part in it")
    one, other = x1.movedim(first, -1), x2.movedim(second, 1)
    rows = one.reshape(len(one), -1, one.shape[-1])
    columns = other.reshape(*other.shape[:2], -1)
    result = torch.bmm(rows, columns).reshape(len(one), *one.shape[1:-1], *other.shape[2:])
    return result if result.dim() > 1 else result[:, None]


def banded(x: torch.Tensor, lower: Any, upper: Any) -> torch.Tensor:
    """Return matrices with zeros below and above so many diagonals; negative numbers keep all."""
    below, above = to_int(lower), to_int(upper)
    kept = x if below < 0 else x.triu(-below)
    return kept if above < 0 else kept.tril(above)


def space_to_batch(input_x: torch.Tensor, block_size: Any, paddings: Any) -> torch.Tensor:
    """Return blocks of places of the padded last axes, each place of a block as one more batch."""
    blocks, pairs = _blocks(block_size, paddings)
    padded = functional.pad(input_x, [number for pair in reversed(pairs) for number in pair])
    first = padded.dim() - len(blocks)
    for axis, size in enumerate(blocks):
        padded = padded.unflatten(first + 2 * axis, (-1, size))
    inner, outer = range(first + 1, padded.dim(), 2), range(first, padded.dim(), 2)
    return padded.permute(*inner, *range(first), *outer).flatten(0, len(blocks))


def batch_to_space(input_x: torch.Tensor, block_shape: Any, crops: Any) -> torch.Tensor:
    """Return what space_to_batch came from, less crops at both ends of the last axes."""
    blocks, pairs = _blocks(block_shape, crops)
    count, first = len(blocks), input_x.dim() - len(blocks)
    apart = input_x.unflatten(0, (*blocks, -1))
    order = list(range(count, count + first))
    for axis in range(count):
        order += [count + first + axis, axis]
    result = apart.permute(order)
    for axis, (before, after) in enumerate(pairs):
        result = result.flatten(first + axis, first + axis + 1)
        result = result.narrow(first + axis, before, result.shape[first + axis] - before - after)
    return result


def _blocks(sizes: Any, pairs: Any) -> tuple[tuple[int, ...], list[list[int]]]:
    given = to_tensor(pairs).reshape(-1, 2).tolist()
    numbers = to_ints(sizes)
    return (numbers if len(numbers) == len(given) else numbers * len(given)), given
