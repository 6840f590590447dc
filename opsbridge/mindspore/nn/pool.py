"""Pooling: MaxPool1d/2d/3d and AvgPool1d/2d/3d."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.from_table import from_table
from opsbridge.mindspore.nn.lengths import check_one_of, for_each_axis, pad_list, same_padding
from opsbridge.mindspore.nn.plain import as_tensor, plain

__all__ = ["AvgPool1d", "AvgPool2d", "AvgPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d"]

_MAX: Any = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)
_AVERAGE: Any = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)


class _Pool(Cell):
    """Windows of `kernel_size` every `stride`, both 1 by default.

    pad_mode, in any case: "valid" pads nothing, "same" gives ceil(length / stride) outputs and pads
    more after than before, "pad" pads by `padding`.
    """

    _axes = 2

    def __init__(
        self,
        *,
        kernel_size: Any,
        stride: Any,
        pad_mode: str,
        padding: Any,
        data_format: str = "NCHW",
    ) -> None:
        super().__init__()
        owner = self.cls_name
        check_one_of(owner, "data_format", data_format, ("NCHW",))
        if not isinstance(pad_mode, str):
            raise DtypeError(f"{owner}: pad_mode is {pad_mode!r}; it must be a str")
        self.pad_mode = check_one_of(owner, "pad_mode", pad_mode.upper(), ("VALID", "SAME", "PAD"))
        self.kernel_size, self.stride = kernel_size, stride
        self._sizes = for_each_axis(owner, "kernel_size", kernel_size, self._axes)
        self._steps = for_each_axis(owner, "stride", stride, self._axes)
        if self._axes == 1:  # the members are those of images of height 1
            self.kernel_size, self.stride = (1, *self._sizes), (1, *self._steps)
        self.padding = for_each_axis(owner, "padding", padding, self._axes, least=0)

    def _check_only_with_pad(self, **arguments: tuple[Any, Any]) -> None:
        """Raise for an argument unlike its default where pad_mode is not "pad"."""
        for name, (value, default) in arguments.items():
            if self.pad_mode != "PAD" and value != default:
                raise ArgumentError(
                    f"{self.cls_name}: {name} is {value!r}, which counts with pad_mode"
                    f' "pad" only; pad_mode is {self.pad_mode.lower()!r}'
                )

    def _same_pads(self, values: torch.Tensor) -> list[int]:
        lengths = tuple(values.shape[-self._axes :])
        return pad_list(same_padding(lengths, self._sizes, self._steps, (1,) * self._axes))

    def extend_repr(self) -> str:
        """Return what the printed form says between the parentheses."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, pad_mode={self.pad_mode}"


class _MaxPool(_Pool):
    def __init__(
        self, *, padding: Any, dilation: Any, return_indices: bool, ceil_mode: bool, **windows: Any
    ) -> None:
        super().__init__(padding=padding, **windows)
        self._check_only_with_pad(
            padding=(padding, 0),
            dilation=(dilation, 1),
            return_indices=(return_indices, False),
            ceil_mode=(ceil_mode, False),
        )
        self.dilation = for_each_axis(self.cls_name, "dilation", dilation, self._axes)
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def construct(self, x: Any) -> Any:
        """Return the largest value of each window; with return_indices also where it is."""
        values = plain(x)
        if self.pad_mode == "SAME":
            values = functional.pad(values, self._same_pads(values), value=float("-inf"))
        result = _MAX[self._axes - 1](
            values, self._sizes, self._steps, self.padding, self.dilation, self.ceil_mode,
            self.return_indices,
        )  # fmt: skip
        return tuple(map(as_tensor, result)) if self.return_indices else as_tensor(result)


@from_table
class MaxPool2d(_MaxPool):
    """The largest value of each window of images (N, C, H, W) or (C, H, W); stride 1 by default."""


@from_table
class MaxPool1d(_MaxPool):
    """As MaxPool2d, of sequences (N, C, L) or (C, L)."""

    _axes = 1


@from_table
class MaxPool3d(_MaxPool):
    """As MaxPool2d, of volumes (N, C, D, H, W) or (C, D, H, W)."""

    _axes = 3


class _AvgPool(_Pool):
    def __init__(
        self,
        *,
        padding: Any,
        ceil_mode: bool,
        count_include_pad: bool,
        divisor_override: int | None = None,
        **windows: Any,
    ) -> None:
        super().__init__(padding=padding, **windows)
        self._check_only_with_pad(padding=(padding, 0))
        self._divisor = divisor_override
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def construct(self, x: Any) -> Any:
        """Return the mean of each window; padding of "same" does not count, that of "pad" may."""
        values = plain(x)
        if self.pad_mode == "SAME":
            return as_tensor(self._same(values))
        options = {} if self._axes == 1 else {"divisor_override": self._divisor}
        return as_tensor(
            _AVERAGE[self._axes - 1](  # type: ignore[operator,unused-ignore]
                values, self._sizes, self._steps, self.padding, self.ceil_mode,
                self.count_include_pad, **options,
            )
        )  # fmt: skip

    def _same(self, values: torch.Tensor) -> torch.Tensor:
        """Divide the mean over the window by that of ones, which is the share of real values."""
        average, pads = _AVERAGE[self._axes - 1], self._same_pads(values)
        ones = torch.ones_like(values[:1, :1] if values.dim() > self._axes + 1 else values[:1])
        total = average(functional.pad(values, pads), self._sizes, self._steps)
        return total / average(functional.pad(ones, pads), self._sizes, self._steps)


@from_table
class AvgPool2d(_AvgPool):
    """The mean of each window of images (N, C, H, W) or (C, H, W); stride 1 by default."""


@from_table
class AvgPool1d(_AvgPool):
    """As AvgPool2d, of sequences (N, C, L) or (C, L)."""

    _axes = 1


@from_table
class AvgPool3d(_AvgPool):
    """As AvgPool2d, of volumes (N, C, D, H, W) or (C, D, H, W)."""

    _axes = 3
