"""Methods of Tensor whose arguments or results are not those of PyTorch's method of that name."""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch

from opsbridge.errors import ArgumentError
from opsbridge.mindspore import reducing, reshaping
from opsbridge.mindspore.converters import (
    to_axes,
    to_dtype,
    to_int,
    to_ints,
    to_number,
    to_size,
    to_tensor,
)
from opsbridge.mindspore.gathering import gather
from opsbridge.mindspore.versions import is_since


def astype(x: torch.Tensor, dtype: Any, copy: bool = True) -> torch.Tensor:
    """Return x in another dtype; with copy never x itself. Python's float and int have 64 bits."""
    wide = {float: torch.float64, "float": torch.float64, int: torch.int64, "int": torch.int64}
    return x.to(wide.get(dtype) or to_dtype(dtype), copy=copy)


def reshape(x: torch.Tensor, shape: tuple[Any, ...]) -> torch.Tensor:
    """Return x in a shape that is given as numbers or as one sequence."""
    return x.reshape(_spread(shape))


def transpose(x: torch.Tensor, axes: tuple[Any, ...]) -> torch.Tensor:
    """Return x with its axes in this order, without any reversed."""
    if axes in ((), (None,)):
        return x.permute(tuple(range(x.dim()))[::-1])
    order = _spread(axes)
    if len(order) == 2 < x.dim():  # MindSpore 2 swaps two axes as torch does
        return x.transpose(*order)
    return x.permute(order)


def tile(x: torch.Tensor, reps: tuple[Any, ...]) -> torch.Tensor:
    """Return x that often along each axis."""
    return x.tile(_spread(reps))


def repeat(x: torch.Tensor, repeats: Any, more: tuple[Any, ...], axis: Any) -> torch.Tensor:
    """Return x with every element several times in a row, as NumPy does, or x tiled.

    Three or more numbers are those of the axes. So are fewer in MindSpore 2.10, where up to 2.5
    they are the number of times and the axis.
    """
    if axis is None and (len(more) > 1 or _are_of_axes(repeats, *more)):
        return x.repeat(*to_size((repeats, *more)))
    return repeat_array(x, repeats, more[0] if more else axis)


def _are_of_axes(*repeats: Any) -> bool:
    """Whether one or two numbers without a name are those of the axes."""
    is_of_axes = is_since(2, 6)
    if is_of_axes is None:
        shown = ", ".join(map(str, repeats))
        warnings.warn(
            f"Tensor.repeat({shown}) is taken for NumPy's repeats and axis; since MindSpore 2.6 its"
            " numbers are those of the axes: as_mindspore(version='2.10'), or python -m"
            " opsbridge.mindspore run --version 2.10, or tile",
            UserWarning,
            stacklevel=6,
        )
    return bool(is_of_axes)


def total(x: torch.Tensor, axis: Any, dtype: Any, keep_dims: bool, initial: Any) -> torch.Tensor:
    """Return the sum, to which initial is added."""
    if isinstance(dtype, bool):  # MindSpore 2 takes keep_dims in this place, too
        dtype, keep_dims = None, dtype
    result = reducing.total(x, axis, keep_dims, dtype)
    return result if initial is None else result + initial


def largest(x: torch.Tensor, **given: Any) -> Any:
    """Return the largest values; with return_indices or along `dim` also where they are."""
    return _extreme(x, "max", **given)


def smallest(x: torch.Tensor, **given: Any) -> Any:
    """Return the smallest values; with return_indices or along `dim` also where they are."""
    return _extreme(x, "min", **given)


def _extreme(
    x: Any,
    name: str,
    *,
    place: Any,
    keeps: bool,
    axis: Any,
    keepdims: bool | None,
    initial: Any,
    where: Any,
    return_indices: bool,
    dim: Any,
    keepdim: bool | None,
) -> Any:
    """`place` and `keeps` came without a name, which says whether they are axis or dim."""
    by_axis = initial is not None or where is not True or return_indices or keepdims is not None
    if not by_axis and (dim is not None or keepdim is not None or _is_dim(place, name)):
        find = max_pair if name == "max" else min_pair
        return find(x, place if dim is None else dim, bool(keeps if keepdim is None else keepdim))
    find = torch.max if name == "max" else torch.min
    if where is not True:
        x = torch.where(where, x, torch.as_tensor(initial, dtype=x.dtype))
    axis, keep = place if axis is None else axis, bool(keeps if keepdims is None else keepdims)
    axes = to_axes(axis)
    if return_indices and isinstance(axes, int):
        return tuple(find(x, dim=axes, keepdim=keep))
    both = torch.maximum if find is torch.max else torch.minimum
    reduce = reducing.largest if find is torch.max else reducing.smallest
    result = reduce(x, axis, keep)
    return result if initial is None else both(result, torch.as_tensor(initial, dtype=x.dtype))


def _is_dim(place: Any, name: str) -> bool:
    """Whether an axis without a name asks for indices, too, as it does since MindSpore 2.5."""
    if isinstance(place, bool) or not isinstance(place, int):
        return False
    is_dim = is_since(2, 5)
    if is_dim is None:
        warnings.warn(
            f"Tensor.{name}({place}) is taken for axis={place} and gives the values only; since"
            " MindSpore 2.5 it gives (values, indices): as_mindspore(version='2.10'), or"
            f" python -m opsbridge.mindspore run --version 2.10, or {name}(dim={place})",
            UserWarning,
            stacklevel=7,
        )
    return bool(is_dim)


def max_pair(x: torch.Tensor, axis: Any, keepdims: bool) -> Any:
    """Return the largest values and, along an axis, where they are."""
    if axis is None:
        return torch.max(x), torch.zeros((), dtype=torch.int64)
    return tuple(torch.max(x, dim=to_int(axis), keepdim=keepdims))


def min_pair(x: torch.Tensor, axis: Any, keepdims: bool) -> Any:
    """Return the smallest values and, along an axis, where they are."""
    if axis is None:
        return torch.min(x), torch.zeros((), dtype=torch.int64)
    return tuple(torch.min(x, dim=to_int(axis), keepdim=keepdims))


def argmax(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return the place of the largest value."""
    return torch.argmax(x, dim=axis, keepdim=keepdims)


def argmin(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return the place of the smallest value, an int32."""
    return torch.argmin(x, dim=axis, keepdim=keepdims).to(torch.int32)


def topk(x: torch.Tensor, k: Any, dim: Any, largest: bool, sorted: bool) -> tuple[Any, Any]:
    """Return the k largest or smallest values along an axis, the last by default, and places."""
    axis = -1 if dim is None else dim
    values, places = torch.topk(x, to_int(k), axis, largest=largest, sorted=sorted)
    return values, places.to(torch.int32)


def cumsum(x: torch.Tensor, axis: Any, dtype: Any) -> torch.Tensor:
    """Return the sums so far along an axis, or of all in a row; integers keep their dtype."""
    wanted = to_dtype(dtype) or (torch.int32 if x.dtype is torch.bool else x.dtype)
    values, axis = (x.reshape(-1), 0) if axis is None else (x, to_int(axis))
    return torch.cumsum(values, axis, dtype=wanted)


def peak_to_peak(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return the largest minus the smallest value along axes, of all by default."""
    return reducing.largest(x, axis, keepdims) - reducing.smallest(x, axis, keepdims)


def take(x: torch.Tensor, indices: Any, axis: Any, mode: str) -> torch.Tensor:
    """Return the slices at indices along an axis; "wrap" and "clip" bring in those outside."""
    values, axis = (x.reshape(-1), 0) if axis is None else (x, to_int(axis) % x.dim())
    places, length = to_tensor(indices).long(), values.shape[axis]
    if mode == "wrap":
        places = places % length
    elif mode == "clip":
        places = torch.where(places < 0, places + length, places).clamp(0, length - 1)
    else:
        raise ArgumentError(f"Tensor.take: mode is {mode!r}; it must be 'clip' or 'wrap'")
    return gather(values, places, axis)


def resize(x: torch.Tensor, new_shape: tuple[Any, ...]) -> torch.Tensor:
    """Return the values in a row in another shape: cut, or followed by zeros."""
    shape = _spread(new_shape)
    count, line = math.prod(shape), x.reshape(-1)
    if count > line.numel():
        line = torch.cat((line, line.new_zeros(count - line.numel())))
    return line[:count].reshape(shape)


def flip(x: torch.Tensor, axis: Any) -> torch.Tensor:
    """Return x with the order along axes reversed, of all by default."""
    return x.flip(tuple(range(x.dim())) if axis is None else to_ints(axis))


def fill(x: torch.Tensor, value: Any) -> torch.Tensor:
    """Return a tensor like x, full of a value."""
    return torch.full_like(x, to_number(value))


def unique(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the values in the order they come in, each once, and the place of each element."""
    values, places = torch.unique(x, return_inverse=True)
    line = places.reshape(-1)
    steps = torch.arange(line.numel(), device=x.device)
    first = torch.full_like(values, line.numel(), dtype=torch.int64)
    order = torch.argsort(first.scatter_reduce(0, line, steps, "amin"))
    return values[order], torch.argsort(order)[places].to(torch.int32)


def same(x: Any, **options: Any) -> Any:
    """Return x."""
    return x


def _spread(numbers: tuple[Any, ...]) -> tuple[int, ...]:
    if len(numbers) == 1 and not isinstance(numbers[0], int):
        return to_ints(numbers[0])
    return to_ints(numbers)


def unique_of(input: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the values in the order they come in, each once, and the place of each element."""
    return unique(input)


def top_k(input_x: torch.Tensor, k: Any, sorted: bool) -> tuple[Any, Any]:
    """Return the k largest values along the last axis, and their places."""
    return topk(input_x, k, -1, True, sorted)


def gather_elements(x: torch.Tensor, dim: Any, index: torch.Tensor) -> torch.Tensor:
    """Return the elements at indices along one axis."""
    return torch.gather(x, to_int(dim), index.long())


def gather_by(x: torch.Tensor, input_indices: Any, axis: Any, batch_dims: int) -> torch.Tensor:
    """Return the slices at indices along an axis; with (dim, index) the elements at indices."""
    if isinstance(axis, torch.Tensor) and axis.dim() > 0:
        return gather_elements(x, input_indices, axis)
    return gather(x, input_indices, axis, batch_dims)


def index_select(x: torch.Tensor, axis: Any, index: torch.Tensor) -> torch.Tensor:
    """Return the slices at a vector of indices along an axis."""
    return x.index_select(to_int(axis), index.long())


def amax(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return the largest values along axes."""
    return reducing.largest(x, axis, keepdims)


def amin(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return the smallest values along axes."""
    return reducing.smallest(x, axis, keepdims)


def norm(x: torch.Tensor, ord: Any, dim: Any, keepdim: bool) -> torch.Tensor:
    """Return a norm of vectors along an axis, or of matrices along two."""
    return torch.linalg.norm(x, ord=ord, dim=to_axes(dim), keepdim=keepdim)


def roll_array(a: torch.Tensor, shift: Any, axis: Any) -> torch.Tensor:
    """Return a with its elements moved on along axes, or along all of them in a row."""
    return torch.roll(a, to_ints(shift), () if axis is None else to_ints(axis))


def repeat_array(a: torch.Tensor, repeats: Any, axis: Any) -> torch.Tensor:
    """Return a with every element several times in a row, as NumPy does."""
    counts = (
        torch.tensor(repeats, device=a.device) if isinstance(repeats, list | tuple) else repeats
    )
    return torch.repeat_interleave(a, counts, dim=axis)


def flatten(x: torch.Tensor, order: Any, end: Any, start_dim: int, end_dim: int) -> torch.Tensor:
    """Return axes joined to one; with order "F" all values, the first axis running fastest.

    MindSpore 2.9 and PyTorch give the first and the last axis in the place of the order.
    """
    if isinstance(order, int):
        return torch.flatten(x, order, end_dim if end is None else end)
    return reshaping.flatten(x, order, start_dim, end_dim)


def bincount(x: torch.Tensor, weights: Any, minlength: int) -> torch.Tensor:
    """Return how often each integer occurs, or the sum of its weights, as float32."""
    return torch.bincount(x, weights, minlength).to(torch.float32)


def cummin(x: torch.Tensor, axis: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the smallest values so far, and where they are as int32."""
    values, places = torch.cummin(x, axis)
    return values, places.to(torch.int32)


def median(x: torch.Tensor, axis: int, keepdims: bool) -> tuple[torch.Tensor, ...]:
    """Return the lower of the middle values along an axis, and where it is."""
    return tuple(torch.median(x, dim=axis, keepdim=keepdims))


def unfold(
    x: torch.Tensor, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> torch.Tensor:
    """Return the windows of images (N, C, H, W) as columns."""
    return torch.nn.functional.unfold(x, kernel_size, dilation, padding, stride)


def index_fill(x: torch.Tensor, axis: Any, index: torch.Tensor, value: Any) -> torch.Tensor:
    """Return x with the slices at indices filled with a number."""
    return x.index_fill(to_int(axis), index.long(), value)


def type_of(x: torch.Tensor, dtype: Any) -> Any:
    """Return x in another dtype; without one the name of its own, such as 'Float32'."""
    if dtype is None:
        return str(x.dtype).removeprefix("torch.").capitalize()
    return astype(x, dtype)


def fill_diagonal(x: torch.Tensor, fill_value: Any, wrap: bool) -> torch.Tensor:
    """Return a copy with one value on the diagonal, which goes on below with wrap."""
    return x.clone().fill_diagonal_(to_number(fill_value), wrap)
