"""Shapes and layouts: squeeze, split, pad, products of matrices with turned factors."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.converters import to_axes, to_int, to_ints, to_tensor
from opsbridge.mindspore.nothing import Nothing


def squeeze(x: torch.Tensor, axis: Any) -> torch.Tensor:
    """Return x without axes of length one, all of them or those named, which must be so."""
    axes = to_axes(axis)
    if axes is None:
        return torch.squeeze(x)
    for each in axes if isinstance(axes, tuple) else (axes,):
        if x.shape[each] != 1:
            raise ArgumentError(f"Squeeze: axis {each} has length {x.shape[each]}; it must be 1")
    return torch.squeeze(x, dim=axes)


def split(x: torch.Tensor, axis: int, output_num: int) -> tuple[torch.Tensor, ...]:
    """Return equal pieces along an axis."""
    length = x.shape[axis]
    if length % output_num:
        raise ArgumentError(f"Split: axis {axis} has length {length}, no multiple of {output_num}")
    return torch.split(x, length // output_num, axis)  # type: ignore[no-any-return,unused-ignore]


def split_at(x: torch.Tensor, parts: Any, axis: int) -> tuple[torch.Tensor, ...]:
    """Return NumPy's split: a number of equal pieces, or the pieces between places."""
    where = parts if isinstance(parts, int) else list(to_ints(parts))
    return torch.tensor_split(x, where, dim=axis)  # type: ignore[no-any-return,unused-ignore]


def matmul(x: Any, y: Any, transpose_a: bool = False, transpose_b: bool = False) -> torch.Tensor:
    """Return the product of matrices, each turned first where asked."""
    x = x.transpose(-1, -2) if transpose_a else x
    y = y.transpose(-1, -2) if transpose_b else y
    return torch.matmul(x, y)


def dot(input: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return the products of rows of input and columns of other, each with each."""
    for name, value in (("input", input), ("other", other)):
        if value.dim() < 2:
            raise ArgumentError(f"dot: {name} has {value.dim()} dimensions; it must have 2 or more")
    return torch.tensordot(input, other, ([-1], [-2]))


def bias_add(x: torch.Tensor, bias: torch.Tensor, data_format: str = "NCHW") -> torch.Tensor:
    """Return x with one number added per channel, axis 1."""
    if data_format == "NHWC":
        return x + bias
    return x + bias.reshape(-1, *[1] * (x.dim() - 2))


def pad(x: torch.Tensor, paddings: Any) -> torch.Tensor:
    """Return x with zeros around it, a pair per axis from the first."""
    flat = [int(n) for pair in reversed(tuple(paddings)) for n in pair]
    return torch.nn.functional.pad(x, flat)


def mirror_pad(x: torch.Tensor, paddings: Any, mode: str) -> torch.Tensor:
    """Return x continued by its mirror image, a pair per axis from the first."""
    pairs = [tuple(map(int, pair)) for pair in to_tensor(paddings).tolist()]
    for axis, (before, after) in enumerate(pairs):
        length, edge = x.shape[axis], int(mode == "REFLECT")
        left = list(range(before - 1 + edge, -1 + edge, -1))
        right = list(range(length - 1 - edge, length - 1 - edge - after, -1))
        places = torch.tensor([*left, *range(length), *right], device=x.device)
        x = x.index_select(axis, places)
    return x


def broadcast_to(x: Any, shape: Any) -> torch.Tensor:
    """Return x expanded; -1 keeps a length."""
    return to_tensor(x).expand(to_ints(shape))


def transpose(x: torch.Tensor, axes: Any) -> torch.Tensor:
    """Return x with its axes in another order, by default reversed."""
    order = tuple(range(x.dim()))[::-1] if axes is None else to_ints(axes)
    return x.permute(order)


def repeat_elements(x: torch.Tensor, rep: int, axis: int) -> torch.Tensor:
    """Return x with every slice rep times in a row."""
    return torch.repeat_interleave(x, rep, dim=axis)


def stack(tensors: Any, axis: int) -> torch.Tensor:
    """Return the tensors along a new axis."""
    return torch.stack(tuple(map(to_tensor, tensors)), axis)


def concat(tensors: Any, axis: Any) -> Any:
    """Return the tensors one after the other; nothing of nothing, which fails when it is used."""
    tensors = tuple(map(to_tensor, tensors))
    if not tensors:
        why = "Concat: tensors is empty; their join has no dtype, shape or values"
        return Nothing(ArgumentError, why)
    return torch.cat(tensors, to_int(axis))


def quotient(x: Any, y: Any) -> torch.Tensor:
    """Return x / y; of integers the integer towards zero."""
    x, y = to_tensor(x), to_tensor(y)
    is_float = x.is_floating_point() or y.is_floating_point()
    return torch.div(x, y, rounding_mode=None if is_float else "trunc")


def add_n(x: Any) -> torch.Tensor:
    """Return the sum of a sequence of tensors."""
    result = x[0]
    for each in x[1:]:
        result = result + each
    return result


def clip_by_value(x: Any, low: Any = None, high: Any = None) -> torch.Tensor:
    """Return x between bounds, which may be tensors that broadcast."""
    if low is not None:
        x = torch.maximum(x, to_tensor(low).to(x.device, x.dtype))
    if high is not None:
        x = torch.minimum(x, to_tensor(high).to(x.device, x.dtype))
    return x


def stop_gradient(value: Any) -> Any:
    """Return a value through which no gradient flows."""
    if isinstance(value, tuple | list):
        return type(value)(map(stop_gradient, value))
    return value.detach() if isinstance(value, torch.Tensor) else value


def sizes(x: torch.Tensor) -> tuple[int, ...]:
    """Return the shape."""
    return tuple(x.shape)


def space_to_depth(x: torch.Tensor, block_size: int) -> torch.Tensor:
    """Return blocks of pixels as channels, those of one place in the block together."""
    n, c, h, w = x.shape
    b = block_size
    blocks = x.reshape(n, c, h // b, b, w // b, b).permute(0, 3, 5, 1, 2, 4)
    return blocks.reshape(n, c * b * b, h // b, w // b)


def depth_to_space(x: torch.Tensor, block_size: int) -> torch.Tensor:
    """Return channels as blocks of pixels."""
    n, c, h, w = x.shape
    b = block_size
    blocks = x.reshape(n, b, b, c // (b * b), h, w).permute(0, 3, 4, 1, 5, 2)
    return blocks.reshape(n, c // (b * b), h * b, w * b)


def safe_quotient(x1: Any, x2: Any) -> torch.Tensor:
    """Return x1 / x2, and 0 where x2 is 0."""
    x1, x2 = to_tensor(x1), to_tensor(x2)
    return torch.where(
        x2 == 0, torch.zeros_like(x1 * x2), quotient(x1, torch.where(x2 == 0, 1, x2))
    )


def einsum(equation: str, operands: tuple[Any, ...]) -> torch.Tensor:
    """Return the sum of products that an equation says, of tensors or one tuple of them."""
    many = len(operands) == 1 and isinstance(operands[0], tuple | list)
    return torch.einsum(equation, *(operands[0] if many else operands))


def diag(input: torch.Tensor) -> torch.Tensor:
    """Return a tensor with the input on its diagonal, of twice the rank."""
    return torch.diag(input.reshape(-1)).reshape(*input.shape, *input.shape)


def split_unevenly(
    x: torch.Tensor, indices_or_sections: Any, axis: int
) -> tuple[torch.Tensor, ...]:
    """Return NumPy's array_split: the first pieces may be one longer."""
    return split_at(x, indices_or_sections, axis)


def reverse_sequence(
    x: torch.Tensor, seq_lengths: torch.Tensor, seq_dim: int, batch_dim: int
) -> torch.Tensor:
    """Return x with the first seq_lengths[i] elements of each sequence i the other way round."""
    longest = x.shape[seq_dim]
    lengths = seq_lengths.long().unsqueeze(1)
    if bool(((lengths < 0) | (lengths > longest)).any()):
        raise ArgumentError(
            f"reverse_sequence: seq_lengths is {seq_lengths.tolist()}; all must be in"
            f" [0, {longest}]"
        )
    places = torch.arange(longest, device=x.device)
    places = torch.where(places < lengths, lengths - 1 - places, places)
    rows = x.movedim((batch_dim, seq_dim), (0, 1))
    numbers = torch.arange(rows.shape[0], device=x.device).unsqueeze(1)
    return rows[numbers, places].movedim((0, 1), (batch_dim, seq_dim))


def fold(
    input: torch.Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any,
    padding: Any,
    stride: Any,
) -> torch.Tensor:
    """Return the sums of overlapping blocks (N, C, kernel, L), or (N, C * kernel, L)."""
    columns = input.flatten(1, 2) if input.dim() == 4 else input
    settings = [each if isinstance(each, int) else to_ints(each) for each in (dilation, padding)]
    kernel, steps = ((each,) * 2 if isinstance(each, int) else to_ints(each) for each in
                     (kernel_size, stride))  # fmt: skip
    return torch.nn.functional.fold(columns, to_ints(output_size), kernel, *settings, steps)


def pad_by_pairs(
    x: torch.Tensor, paddings: Any, constant_value: Any, mode: str, paddings_contiguous: bool
) -> torch.Tensor:
    """Return x with more around it: (before, after) of the last axis, then of those before it.

    Not contiguous, all that comes before is given first.
    """
    pads = list(to_ints(paddings))
    if not paddings_contiguous:
        half = len(pads) // 2
        pads = [each for pair in zip(pads[:half], pads[half:], strict=True) for each in pair]
    if mode == "constant":
        return torch.nn.functional.pad(x, pads, value=float(constant_value))
    return torch.nn.functional.pad(x, pads, mode="replicate" if mode == "edge" else mode)


def pad_last_axis(x: torch.Tensor, pad_dim_size: int) -> torch.Tensor:
    """Return x (..., 1) with zeros behind, of a last axis of another length."""
    return torch.nn.functional.pad(x, (0, pad_dim_size - x.shape[-1]))


def flatten(input: torch.Tensor, order: Any, start_dim: int, end_dim: int) -> torch.Tensor:
    """Return axes joined to one; with order "F" those of the transposed tensor."""
    if order not in ("C", "F"):
        raise ArgumentError(f"flatten: order is {order!r}; it must be 'C' or 'F'")
    if order == "F":
        input = input.permute(tuple(range(input.dim()))[::-1])
    return torch.flatten(input, start_dim, end_dim)
