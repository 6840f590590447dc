"""Convolutions whose weight is an input: Conv2D, conv2d, Conv2DTranspose, deformable_conv2d."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.converters import to_ints
from opsbridge.mindspore.nn.lengths import check_one_of, pad_list, same_padding


def conv2d(
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: Any,
    stride: Any,
    pad_mode: str,
    padding: Any,
    dilation: Any,
    groups: int,
) -> torch.Tensor:
    """Return images convolved with a weight; padding counts with pad_mode "pad" only."""
    steps, gaps = _pair(stride), _pair(dilation)
    pairs = _pairs(pad_mode, padding, tuple(input.shape[-2:]), weight, steps, gaps)
    if any(before != after for before, after in pairs):
        input, pairs = functional.pad(input, pad_list(pairs)), [(0, 0), (0, 0)]
    starts = [before for before, _ in pairs]
    return functional.conv2d(input, weight, bias, steps, starts, gaps, groups)


def conv2d_primitive(
    out_channel: int,
    kernel_size: Any,
    mode: int,
    pad_mode: str,
    pad: Any,
    stride: Any,
    dilation: Any,
    group: int,
    data_format: str,
    x: torch.Tensor,
    weight: torch.Tensor,
) -> torch.Tensor:
    """Return images convolved with a weight, as the operator Conv2D is set up."""
    return conv2d(x, weight, None, stride, pad_mode.lower(), pad, dilation, group)


def deformable_conv2d(
    x: torch.Tensor,
    weight: torch.Tensor,
    offsets: torch.Tensor,
    kernel_size: Any,
    strides: Any,
    padding: Any,
    bias: Any,
    dilations: Any,
    groups: int,
    deformable_groups: int,
    modulated: bool,
) -> torch.Tensor:
    """Return images convolved where offsets say: their channels are columns, rows and shares."""
    patches = deformable_offsets(
        strides, padding, kernel_size, dilations, "NCHW", deformable_groups, modulated, x, offsets
    )
    return functional.conv2d(patches, weight, bias, _pair(kernel_size), groups=groups)


def deformable_offsets(
    strides: Any,
    pads: Any,
    ksize: Any,
    dilations: Any,
    data_format: str,
    deformable_groups: int,
    modulated: bool,
    x: torch.Tensor,
    offsets: torch.Tensor,
) -> torch.Tensor:
    """Return (N, C, kernel height * height, kernel width * width): what each tap of a kernel sees.

    Channels of the offsets are columns, rows and shares, each for every group and tap.
    """
    if not modulated:
        raise ArgumentError("DeformableOffsets: modulated is False; it must be True")
    if data_format != "NCHW":
        raise ArgumentError(f"DeformableOffsets: data_format is {data_format!r}; allowed: 'NCHW'")
    kernel, steps, gaps = _pair(ksize), _pair(strides), _pair(dilations)
    top, bottom, left, right = to_ints(pads)
    padded = functional.pad(x, (left, right, top, bottom))
    count, channels, *lengths = padded.shape
    columns, rows, shares = (
        part.reshape(-1, *kernel, *part.shape[-2:]) for part in offsets.chunk(3, dim=1)
    )
    places = [
        _in_unit_square(moved + _taps(moved, axis, kernel, steps, gaps), lengths[axis])
        for axis, moved in ((1, columns), (0, rows))
    ]
    size = rows.shape[-2:]
    grid = torch.stack(places, -1).reshape(rows.shape[0], -1, size[1], 2)
    parts = padded.reshape(rows.shape[0], channels // deformable_groups, *lengths)
    found = functional.grid_sample(parts, grid.to(x.dtype), align_corners=False)
    found = found * shares.reshape(rows.shape[0], 1, -1, size[1])
    found = found.reshape(count, channels, *kernel, *size).permute(0, 1, 4, 2, 5, 3)
    return found.reshape(count, channels, size[0] * kernel[0], size[1] * kernel[1])


def _taps(
    moved: torch.Tensor,
    axis: int,
    kernel: tuple[int, ...],
    steps: tuple[int, ...],
    gaps: tuple[int, ...],
) -> torch.Tensor:
    """Return where the taps of a kernel lie along an axis before they move, to be broadcast."""
    taps = torch.arange(kernel[axis], device=moved.device) * gaps[axis]
    starts = torch.arange(moved.shape[3 + axis], device=moved.device) * steps[axis]
    shape = [1] * moved.dim()
    shape[1 + axis], shape[3 + axis] = len(taps), len(starts)
    return (taps[:, None] + starts).reshape(shape)


def _in_unit_square(places: torch.Tensor, length: int) -> torch.Tensor:
    """Return pixel positions as grid_sample counts them, from -1 to 1 over the pixels' borders."""
    return (2 * places.float() + 1) / length - 1


def conv2d_transpose_primitive(
    out_channel: int,
    kernel_size: Any,
    pad_mode: str,
    pad: Any,
    pad_list: Any,
    mode: int,
    stride: Any,
    dilation: Any,
    group: int,
    data_format: str,
    dout: torch.Tensor,
    weight: torch.Tensor,
    input_size: Any,
) -> torch.Tensor:
    """Return images spread by a weight: what a convolution made dout of, in shape."""
    steps, gaps = _pair(stride), _pair(dilation)
    size = to_ints(input_size)
    pairs = _pairs(pad_mode.lower(), pad, size[-2:], weight, steps, gaps)
    full = functional.conv_transpose2d(dout, weight, None, steps, 0, 0, group, gaps)
    crops = [
        (-before, before_length - has + before)
        for (before, _), before_length, has in zip(pairs, size[-2:], full.shape[-2:], strict=True)
    ]
    return functional.pad(full, [number for pair in reversed(crops) for number in pair])


def _pairs(
    pad_mode: str,
    padding: Any,
    lengths: tuple[int, ...],
    weight: torch.Tensor,
    steps: tuple[int, ...],
    gaps: tuple[int, ...],
) -> list[tuple[int, int]]:
    """Return (before, after) of each axis."""
    if pad_mode == "same":
        return same_padding(lengths, tuple(weight.shape[-2:]), steps, gaps)
    if pad_mode == "valid":
        return [(0, 0), (0, 0)]
    numbers = to_ints(padding)
    if len(numbers) == 4:
        return [(numbers[0], numbers[1]), (numbers[2], numbers[3])]
    return [(number, number) for number in (numbers * 2)[:2]]


def _pair(value: Any) -> tuple[int, ...]:
    numbers = to_ints(value)
    return numbers[-2:] if len(numbers) > 1 else numbers * 2


def conv1d(
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: Any,
    stride: Any,
    pad_mode: str,
    padding: Any,
    dilation: Any,
    groups: int,
) -> torch.Tensor:
    """Return sequences convolved with a weight; padding counts with pad_mode "pad" only."""
    step, before, gap = (
        each if isinstance(each, int) else to_ints(each)[0] for each in (stride, padding, dilation)
    )
    pair = (before, before) if pad_mode == "pad" else (0, 0)
    if pad_mode == "same":
        (pair,) = same_padding((input.shape[-1],), (weight.shape[-1],), (step,), (gap,))
    return functional.conv1d(functional.pad(input, pair), weight, bias, step, 0, gap, groups)


def im2col(x: torch.Tensor, ksizes: Any, strides: Any, dilations: Any, pads: Any) -> torch.Tensor:
    """Return the windows of images as (N, C, elements of a window, windows)."""
    columns = functional.unfold(x, ksizes, dilations, pads, strides)
    return columns.reshape(x.shape[0], x.shape[1], -1, columns.shape[-1])


def col2im(
    input_x: torch.Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any,
    padding_value: Any,
    stride: Any,
) -> torch.Tensor:
    """Return the images whose windows are (N, C, elements of a window, windows), summed up."""
    return functional.fold(
        input_x.flatten(1, 2), to_ints(output_size), kernel_size, dilation, padding_value, stride
    )


def col2im_primitive(
    kernel_size: Any, dilation: Any, padding: Any, stride: Any, x: torch.Tensor, output_size: Any
) -> torch.Tensor:
    """Return the images of windows, as the operator Col2Im is set up."""
    return col2im(x, output_size, kernel_size, dilation, padding, stride)


def conv3d(
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: Any,
    stride: Any,
    pad_mode: str,
    padding: Any,
    dilation: Any,
    groups: int,
) -> torch.Tensor:
    """Return volumes convolved with a weight; padding counts with pad_mode "pad" only."""
    check_one_of("conv3d", "pad_mode", pad_mode, ("same", "valid", "pad"))
    steps, gaps, pads = (
        numbers if len(numbers) > 1 else numbers * 3
        for numbers in map(to_ints, (stride, dilation, padding))
    )
    pairs = [(0, 0)] * 3
    if pad_mode == "same":
        lengths = tuple(input.shape[-3:])
        pairs = same_padding(lengths, tuple(weight.shape[-3:]), steps[-3:], gaps[-3:])
    elif pad_mode == "pad" and len(pads) == 6:
        pairs = list(zip(pads[::2], pads[1::2], strict=True))
    elif pad_mode == "pad":
        pairs = [(number, number) for number in pads]
    padded = functional.pad(input, pad_list(pairs))
    return functional.conv3d(padded, weight, bias, steps[-3:], 0, gaps[-3:], groups)


def conv3d_primitive(
    out_channel: int,
    kernel_size: Any,
    mode: int,
    pad_mode: str,
    pad: Any,
    stride: Any,
    dilation: Any,
    group: int,
    data_format: str,
    x: torch.Tensor,
    weight: torch.Tensor,
) -> torch.Tensor:
    """Return volumes convolved with a weight, as the operator Conv3D is set up."""
    check_one_of("Conv3D", "data_format", data_format, ("NCDHW",))
    return conv3d(x, weight, None, stride, pad_mode.lower(), pad, dilation, group)
