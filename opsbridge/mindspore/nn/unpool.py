"""Layers on the way back from pooling."""

from __future__ import annotations

from typing import Any

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.tensors import Tensor
from opsbridge.mindspore.unpooling import max_unpool

__all__ = ["MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class _MaxUnpool(Cell):
    """Zeros with the values at the places that they had before a pooling.

    Args:
        kernel_size, stride, padding: those of the pooling; they give the size of the result.
    """

    _axes: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride

    def construct(self, x: Any, indices: Any, output_size: Any = None) -> Tensor:
        """Return the values at their places; output_size takes the place of the computed one."""
        if output_size is not None and not (isinstance(output_size, tuple) and output_size):
            raise ArgumentError(
                f"{self.cls_name}: output_size is {output_size!r}; it must be a tuple of lengths"
            )
        settings = (self.kernel_size, self.stride, self.padding, output_size)
        return as_tensor(max_unpool(self._axes, plain(x), plain(indices), *settings))


class MaxUnpool1d(_MaxUnpool):
    """Of lines (N, C, L) or (C, L)."""

    _axes = 1


class MaxUnpool2d(_MaxUnpool):
    """Of images (N, C, H, W) or (C, H, W)."""

    _axes = 2


class MaxUnpool3d(_MaxUnpool):
    """Of volumes (N, C, D, H, W) or (C, D, H, W)."""

    _axes = 3
