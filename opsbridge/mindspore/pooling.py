"""Pooling in windows with MindSpore's pad modes."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.converters import to_dtype, to_ints
from opsbridge.mindspore.nn.lengths import check_one_of, pad_list, same_padding


def max_pool(
    input: torch.Tensor, kernel_size: Any, strides: Any, pad_mode: str, data_format: str = "NCHW"
) -> torch.Tensor:
    """Return the largest value of each window of images."""
    kernel, steps = _lengths(kernel_size, 2), _lengths(strides, 2)
    if pad_mode.upper() == "SAME":
        input = functional.pad(input, _same(input, kernel, steps), value=float("-inf"))
    return functional.max_pool2d(input, kernel, steps)


def average_pool(
    x: torch.Tensor, kernel_size: Any, strides: Any, pad_mode: str, data_format: str = "NCHW"
) -> torch.Tensor:
    """Return the mean of each window of images; padding does not count."""
    kernel, steps = _lengths(kernel_size, 2), _lengths(strides, 2)
    if pad_mode.upper() != "SAME":
        return functional.avg_pool2d(x, kernel, steps)
    pads = _same(x, kernel, steps)
    shares = functional.avg_pool2d(functional.pad(torch.ones_like(x[:1, :1]), pads), kernel, steps)
    return functional.avg_pool2d(functional.pad(x, pads), kernel, steps) / shares


def max_pool_3d(
    x: torch.Tensor,
    kernel_size: Any,
    strides: Any,
    pad_mode: str,
    pad_list: Any,
    ceil_mode: Any,
    data_format: str,
) -> torch.Tensor:
    """Return the largest value of each window of volumes; pad_list has one, three or six."""
    kernel, steps = _lengths(kernel_size, 3), _lengths(strides, 3)
    mode = pad_mode.upper()
    if mode == "SAME":
        x = functional.pad(x, _same(x, kernel, steps), value=float("-inf"))
    elif mode == "PAD":
        x = functional.pad(x, _six(pad_list), value=float("-inf"))
    elif mode != "VALID":
        raise ArgumentError(f"MaxPool3D: pad_mode is {pad_mode!r}; allowed: same, valid, pad")
    return functional.max_pool3d(x, kernel, steps, ceil_mode=bool(ceil_mode))


def adaptive_average_pool(input_x: torch.Tensor, output_size: Any) -> torch.Tensor:
    """Return the mean of each of output_size areas."""
    return functional.adaptive_avg_pool2d(input_x, output_size)


def average_pool_function(
    input_x: torch.Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: Any,
) -> torch.Tensor:
    """Return the mean of each window of images."""
    return functional.avg_pool2d(
        input_x, kernel_size, stride, padding, ceil_mode, count_include_pad,
        divisor_override or None,
    )  # fmt: skip


def _lengths(value: Any, axes: int) -> tuple[int, ...]:
    return tuple(value)[-axes:] if isinstance(value, tuple | list) else (value,) * axes


def _same(x: torch.Tensor, kernel: tuple[int, ...], steps: tuple[int, ...]) -> list[int]:
    axes = len(kernel)
    return pad_list(same_padding(tuple(x.shape[-axes:]), kernel, steps, (1,) * axes))


def _six(pads: Any) -> list[int]:
    numbers = tuple(pads) if isinstance(pads, tuple | list) else (pads,)
    if len(numbers) == 6:
        return pad_list(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return pad_list([(number, number) for number in (numbers * 3)[:3]])


def max_pool_with_argmax(
    x: torch.Tensor, kernel_size: Any, strides: Any, pad_mode: str, data_format: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the largest value of each window, and where it is in its image (C, H, W)."""
    check_one_of("MaxPoolWithArgmax", "data_format", data_format, ("NCHW",))
    check_one_of("MaxPoolWithArgmax", "pad_mode", pad_mode.upper(), ("SAME", "VALID"))
    kernel, steps = _lengths(kernel_size, 2), _lengths(strides, 2)
    left = right = top = bottom = 0
    if pad_mode.upper() == "SAME":
        left, right, top, bottom = _same(x, kernel, steps)
    padded = functional.pad(x, (left, right, top, bottom), value=float("-inf"))
    values, places = functional.max_pool2d(padded, kernel, steps, return_indices=True)
    height, width = x.shape[2:]
    rows, columns = places // padded.shape[3] - top, places % padded.shape[3] - left
    planes = torch.arange(x.shape[1], device=x.device).reshape(-1, 1, 1)
    return values, ((planes * height + rows) * width + columns).to(torch.int32)


def max_pool_with_places(
    x: torch.Tensor,
    kernel_size: Any,
    strides: Any,
    pads: Any,
    dilation: Any,
    ceil_mode: bool,
    argmax_type: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the largest value of each window, and where it is in its plane (H, W)."""
    kernel = _lengths(kernel_size, 2)
    values, places = functional.max_pool2d(
        x, kernel, kernel if strides is None else _lengths(strides, 2), _lengths(pads, 2),
        _lengths(dilation, 2), ceil_mode, return_indices=True,
    )  # fmt: skip
    return values, places.to(to_dtype(argmax_type))


def average_pool_of_volumes(
    input_x: torch.Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int,
) -> torch.Tensor:
    """Return the mean of each window of volumes; padding is one, three or six numbers."""
    pads = to_ints(padding)
    if len(pads) == 6 and pads[::2] != pads[1::2]:
        raise ArgumentError(f"avg_pool3d: padding is {padding}; both ends of an axis must be equal")
    return functional.avg_pool3d(
        input_x, kernel_size, stride, pads[::2] if len(pads) == 6 else padding, ceil_mode,
        count_include_pad, divisor_override or None,
    )  # fmt: skip
