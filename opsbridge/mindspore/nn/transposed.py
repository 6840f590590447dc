"""Transposed convolutions: Conv1dTranspose, Conv2dTranspose, Conv3dTranspose."""

from __future__ import annotations

from typing import Any

from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.nn.conv import Convolution, OfSequences
from opsbridge.mindspore.nn.from_table import from_table
from opsbridge.mindspore.nn.lengths import for_each_axis, pad_list
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.tensors import Tensor

__all__ = ["Conv1dTranspose", "Conv2dTranspose", "Conv3dTranspose"]


class _Transposed(Convolution):
    """The full transposed convolution, of which pad_mode says the part that is the output."""

    _transposed = True

    def __init__(self, *, output_padding: Any = 0, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.output_padding = output_padding
        self._growth = self._checked_output_padding(output_padding)

    def construct(self, x: Any) -> Tensor:
        """Spread x (N, C, ...) by the weight."""
        values = plain(x)
        spread = (
            functional.conv_transpose1d,
            functional.conv_transpose2d,
            functional.conv_transpose3d,
        )[self._axes - 1]
        full = spread(values, self._filter(), None, self._steps, 0, 0, self.group, self._gaps)  # type: ignore[operator,unused-ignore]
        parts = [self._part(axis, length) for axis, length in enumerate(values.shape[2:])]
        # A negative pad crops; where the full result is too short, zeros follow.
        pads = [
            (-start, start + length - has)
            for (start, length), has in zip(parts, full.shape[2:], strict=True)
        ]
        result = functional.pad(full, pad_list(pads))
        if self.has_bias:
            result = result + plain(self.bias).reshape(-1, *[1] * self._axes)
        return as_tensor(result)

    def _part(self, axis: int, length: int) -> tuple[int, int]:
        """Return where the output starts in the full result and how long it is."""
        step = self._steps[axis]
        size = (self._sizes[axis] - 1) * self._gaps[axis] + 1
        # The length that MindSpore computes with is another one where dilation meets it.
        counted = self._sizes[axis] + (self._sizes[axis] - 1) * (self._gaps[axis] - 1)
        if self.pad_mode == "same":
            return max(size - step, 0) // 2, length * step
        if self.pad_mode == "valid":
            return 0, length * step + max(counted - step, 0)
        before, after = self._pairs[axis]
        return before, (length - 1) * step + size - before - after

    def _checked_output_padding(self, output_padding: Any) -> tuple[int, ...]:
        numbers = for_each_axis(self.cls_name, "output_padding", output_padding, self._axes, 0)
        if any(numbers) and self.pad_mode != "pad":
            raise ArgumentError(
                f'{self.cls_name}: output_padding is {output_padding!r}; it needs pad_mode "pad"'
            )
        if any(n >= max(s, d) for n, s, d in zip(numbers, self._steps, self._gaps, strict=True)):
            raise ArgumentError(
                f"{self.cls_name}: output_padding is {output_padding!r};"
                " it must be less than stride or dilation"
            )
        return numbers


@from_table
class Conv2dTranspose(_Transposed):
    """Spread images (N, C, H, W) by a weight (in_channels, out_channels // group, height, width).

    pad_mode "same" gives length * stride outputs. `output_padding` adds zeros below and on the
    right, after the bias.
    """

    def construct(self, x: Any) -> Tensor:
        """Spread x by the weight."""
        result = super().construct(x)
        if not any(self._growth):
            return result
        return as_tensor(functional.pad(plain(result), pad_list([(0, n) for n in self._growth])))


@from_table
class Conv1dTranspose(OfSequences, _Transposed):
    """Spread sequences (N, C, L); the weight has four axes: (in, out, 1, kernel)."""


@from_table
class Conv3dTranspose(_Transposed):
    """Spread volumes (N, C, D, H, W); `output_padding` adds computed outputs, not zeros."""

    _axes = 3
    _layouts = ("NCDHW",)

    def _part(self, axis: int, length: int) -> tuple[int, int]:
        start, count = super()._part(axis, length)
        return start, count + self._growth[axis]
