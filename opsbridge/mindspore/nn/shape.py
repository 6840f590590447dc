"""Layers that only move values, and Norm: Pad, Range, OneHot, ResizeBilinear, Unfold, Upsample."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.converters import to_axes, to_ints
from opsbridge.mindspore.nn.bilinear import resize_bilinear
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.from_table import from_table
from opsbridge.mindspore.nn.lengths import check_one_of, pad_list, same_padding
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.resizing import interpolate
from opsbridge.mindspore.tensors import Tensor

__all__ = [
    "Norm",
    "OneHot",
    "Pad",
    "Range",
    "ResizeBilinear",
    "Roll",
    "Tril",
    "Triu",
    "Unfold",
    "Upsample",
]


class Pad(Cell):
    """Pad every axis by its (before, after) pair, from the first axis on.

    mode "CONSTANT" adds zeros, "REFLECT" mirrors without the edge, "SYMMETRIC" with it.
    """

    def __init__(self, paddings: Any, mode: str = "CONSTANT") -> None:
        super().__init__()
        self.mode = check_one_of("Pad", "mode", mode, ("CONSTANT", "REFLECT", "SYMMETRIC"))
        self.paddings = tuple(tuple(pair) for pair in paddings)
        if any(len(pair) != 2 or min(pair) < 0 for pair in self.paddings):
            raise ArgumentError(
                f"Pad: paddings is {paddings!r}; it must hold (before, after) pairs of counts"
            )

    def construct(self, x: Any) -> Tensor:
        """Return the padded x."""
        values = plain(x)
        if values.dim() != len(self.paddings):
            raise ArgumentError(
                f"Pad: x has {values.dim()} dimensions, but paddings has {len(self.paddings)} pairs"
            )
        if self.mode == "CONSTANT":
            flat = [number for pair in reversed(self.paddings) for number in pair]
            return as_tensor(functional.pad(values, flat))
        for axis, (before, after) in enumerate(self.paddings):
            values = values.index_select(axis, self._places(values, axis, before, after))
        return as_tensor(values)

    def _places(self, values: torch.Tensor, axis: int, before: int, after: int) -> torch.Tensor:
        """Return where each place of a padded axis has its value from."""
        length, edge = values.shape[axis], int(self.mode == "REFLECT")
        if max(before, after) > length - edge:
            raise ArgumentError(
                f"Pad: paddings[{axis}] is {(before, after)}; {self.mode} allows at most"
                f" {length - edge} on an axis of {length}"
            )
        places = torch.arange(-before, length + after, device=values.device)
        places = torch.where(places < 0, -places - 1 + edge, places)
        return torch.where(places >= length, 2 * length - 1 - edge - places, places)


class Range(Cell):
    """A constant: start, start + delta, ... below limit; int32, or float32 of floats."""

    def __init__(self, start: float, limit: float | None = None, delta: float = 1) -> None:
        super().__init__()
        if delta == 0:
            raise ArgumentError("Range: delta is 0; it must not be")
        values: Any = np.arange(start, limit, delta)
        self.ms_dtype = torch.float32 if values.dtype.kind == "f" else torch.int32
        self.result_tensor = Tensor(values, self.ms_dtype)

    def construct(self) -> Tensor:
        """Return the numbers."""
        return self.result_tensor


class OneHot(Cell):
    """`on_value` where an index points, `off_value` elsewhere, along a new axis of `depth`.

    Indices outside [0, depth) point nowhere.
    """

    def __init__(
        self,
        axis: int = -1,
        depth: int = 1,
        on_value: float = 1.0,
        off_value: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.axis, self.depth, self.dtype = axis, depth, dtype
        self.on_value, self.off_value = on_value, off_value

    def construct(self, indices: Any) -> Tensor:
        """Return the one-hot form of indices (any shape)."""
        places = plain(indices)
        numbers = torch.arange(self.depth, device=places.device)
        axis = self.axis if self.axis >= 0 else places.dim()
        shape = [1] * (places.dim() + 1)
        shape[axis] = self.depth
        chosen = places.unsqueeze(axis) == numbers.reshape(shape)
        on = torch.tensor(self.on_value, dtype=self.dtype, device=places.device)
        off = torch.tensor(self.off_value, dtype=self.dtype, device=places.device)
        return as_tensor(torch.where(chosen, on, off))


class Tril(Cell):
    """Return matrices with zeros above the k-th diagonal."""

    def construct(self, x: Any, k: int = 0) -> Tensor:
        """Return the lower triangles of x."""
        return as_tensor(torch.tril(plain(x), k))


class Triu(Cell):
    """Return matrices with zeros below the k-th diagonal."""

    def construct(self, x: Any, k: int = 0) -> Tensor:
        """Return the upper triangles of x."""
        return as_tensor(torch.triu(plain(x), k))


@from_table
class Upsample(Cell):
    """Images at another size, or several times as large: `ops.interpolate` with its arguments."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self._settings = settings
        for name, value in settings.items():
            setattr(self, name, value)

    def construct(self, x: Any) -> Tensor:
        """Return x at the other size."""
        return as_tensor(interpolate(plain(x), **self._settings))


class ResizeBilinear(Cell):
    """Resize images (N, C, H, W); a layer of MindSpore 1 that newer versions lack.

    By default places are scaled without the half pixel, which PyTorch has no mode for.
    """

    def __init__(self, half_pixel_centers: bool = False) -> None:
        super().__init__()
        self.half_pixel_centers = half_pixel_centers

    def construct(
        self,
        x: Any,
        size: Any = None,
        scale_factor: int | None = None,
        align_corners: bool = False,
    ) -> Tensor:
        """Return x at `size` (height, width), or enlarged `scale_factor` times."""
        if (size is None) == (scale_factor is None):
            raise ArgumentError("ResizeBilinear: one of size and scale_factor must be given")
        values = plain(x)
        if scale_factor is not None:
            size = tuple(length * scale_factor for length in values.shape[2:])
        return as_tensor(
            resize_bilinear(values, tuple(size), align_corners, self.half_pixel_centers)
        )


class Unfold(Cell):
    """Return the patches of images as channels: (N, height * width * C, rows, columns).

    The arguments are (1, height, width, 1), as are the steps and gaps; padding is "same" or
    "valid".
    """

    def __init__(self, ksizes: Any, strides: Any, rates: Any, padding: str = "valid") -> None:
        super().__init__()
        self._kernel, self._steps, self._gaps = (
            tuple(each[1:3]) for each in (ksizes, strides, rates)
        )
        self.padding = check_one_of("Unfold", "padding", padding.lower(), ("same", "valid"))

    def construct(self, input_x: Any) -> Tensor:
        """Return the patches, those of one place in the window together."""
        x = plain(input_x)
        if self.padding == "same":
            pairs = same_padding(tuple(x.shape[2:]), self._kernel, self._steps, self._gaps)
            x = functional.pad(x, pad_list(pairs))
        spans = [
            (length - (size - 1) * gap - 1) // step + 1
            for length, size, step, gap in zip(
                x.shape[2:], self._kernel, self._steps, self._gaps, strict=True
            )
        ]
        columns = functional.unfold(x, self._kernel, self._gaps, 0, self._steps)
        count, channels = x.shape[:2]
        patches = columns.reshape(count, channels, -1, *spans).transpose(1, 2)
        return as_tensor(patches.reshape(count, -1, *spans))


class Norm(Cell):
    """Return the root of the sum of squares along axes, by default all."""

    def __init__(self, axis: Any = (), keep_dims: bool = False) -> None:
        super().__init__()
        self.axis, self.keep_dims = axis, keep_dims

    def construct(self, x: Any) -> Tensor:
        """Return the norm."""
        squares = (plain(x) ** 2).sum(dim=to_axes(self.axis), keepdim=self.keep_dims)
        return as_tensor(torch.sqrt(squares))


class Roll(Cell):
    """Move elements along axes; what leaves at an end comes back at the other."""

    def __init__(self, shift: Any, axis: Any) -> None:
        super().__init__()
        self.shift, self.axis = to_ints(shift), to_ints(axis)
        if len(self.shift) != len(self.axis):
            raise ArgumentError(
                f"Roll: shift is {shift}, axis is {axis}; there must be one shift for each axis"
            )

    def construct(self, input_x: Any) -> Tensor:
        """Return the input moved."""
        return as_tensor(torch.roll(plain(input_x), self.shift, self.axis))
