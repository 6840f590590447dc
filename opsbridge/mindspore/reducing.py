"""Reductions: which axes, and which dtype the result keeps."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.mindspore.converters import to_axes, to_dtype, to_int


def total(x: torch.Tensor, axis: Any, keep_dims: bool, dtype: Any = None) -> torch.Tensor:
    """Return the sum; those of integers and booleans are int64."""
    return torch.sum(x, dim=to_axes(axis), keepdim=keep_dims, dtype=to_dtype(dtype))


def reduce_sum(x: Any, axis: Any, keep_dims: bool, skip_mode: bool) -> torch.Tensor:
    """Return the sum in the dtype of x; with skip_mode no axes mean no reduction."""
    if skip_mode and axis in ((), []):
        return x
    if x.dtype is torch.bool:
        return torch.any(x, dim=_dims(x, axis), keepdim=keep_dims)
    return total(x, axis, keep_dims, x.dtype)


def count_nonzero(x: torch.Tensor, axis: Any, keep_dims: bool, dtype: Any) -> torch.Tensor:
    """Return how many elements differ from zero."""
    return torch.sum(x != 0, dim=_dims(x, axis), keepdim=keep_dims, dtype=to_dtype(dtype))


def mean(x: torch.Tensor, axis: Any, keep_dims: bool, dtype: Any = None) -> torch.Tensor:
    """Return the mean; that of integers is cut to one."""
    if dtype is None and not x.is_floating_point():
        return torch.mean(x.double(), dim=to_axes(axis), keepdim=keep_dims).to(x.dtype)
    return torch.mean(x, dim=to_axes(axis), keepdim=keep_dims, dtype=to_dtype(dtype))


def largest(x: torch.Tensor, axis: Any, keep_dims: bool) -> torch.Tensor:
    """Return the largest values."""
    return torch.amax(x, dim=_dims(x, axis), keepdim=keep_dims)


def smallest(x: torch.Tensor, axis: Any, keep_dims: bool) -> torch.Tensor:
    """Return the smallest values."""
    return torch.amin(x, dim=_dims(x, axis), keepdim=keep_dims)


def product(x: torch.Tensor, axis: Any, keep_dims: bool, dtype: Any = None) -> torch.Tensor:
    """Return the product; those of integers and booleans are int64."""
    wanted = to_dtype(dtype) or (x.dtype if x.is_floating_point() else torch.int64)
    for each in sorted((each % x.dim() for each in _dims(x, axis)), reverse=True):
        x = torch.prod(x, dim=each, keepdim=keep_dims, dtype=wanted)
    return x


def reduce_product(x: torch.Tensor, axis: Any, keep_dims: bool) -> torch.Tensor:
    """Return the product in the dtype of x."""
    return product(x, axis, keep_dims, x.dtype)


def every(x: torch.Tensor, axis: Any, keep_dims: bool) -> torch.Tensor:
    """Return whether all are true."""
    return torch.all(x, dim=_dims(x, axis), keepdim=keep_dims) if x.dim() else x.bool()


def some(x: torch.Tensor, axis: Any, keep_dims: bool) -> torch.Tensor:
    """Return whether one is true."""
    return torch.any(x, dim=_dims(x, axis), keepdim=keep_dims) if x.dim() else x.bool()


def variance(x: torch.Tensor, axis: Any, ddof: Any, keep_dims: bool) -> torch.Tensor:
    """Return the variance, biased unless ddof says otherwise."""
    return torch.var(x, dim=to_axes(axis), correction=int(ddof), keepdim=keep_dims)


def deviation(x: torch.Tensor, axis: Any, ddof: Any, keep_dims: bool) -> torch.Tensor:
    """Return the standard deviation, biased unless ddof says otherwise."""
    return torch.std(x, dim=to_axes(axis), correction=int(ddof), keepdim=keep_dims)


def variance_and_mean(
    input: torch.Tensor, axis: Any, ddof: Any, keepdims: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the variance, biased unless ddof says otherwise, and the mean."""
    variance, mean = torch.var_mean(
        input, dim=to_axes(axis), correction=int(ddof), keepdim=keepdims
    )
    return variance, mean


def deviation_and_mean(
    input: torch.Tensor, axis: Any, ddof: Any, keepdims: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the standard deviation, biased unless ddof says otherwise, and the mean."""
    deviation, mean = torch.std_mean(
        input, dim=to_axes(axis), correction=int(ddof), keepdim=keepdims
    )
    return deviation, mean


def argmax(x: torch.Tensor, axis: Any, output_type: Any, keep_dims: bool = False) -> torch.Tensor:
    """Return the place of the largest value."""
    place = torch.argmax(x, dim=None if axis is None else to_int(axis), keepdim=keep_dims)
    return place.to(to_dtype(output_type))


def argmin(x: torch.Tensor, axis: Any, output_type: Any, keep_dims: bool = False) -> torch.Tensor:
    """Return the place of the smallest value."""
    place = torch.argmin(x, dim=None if axis is None else to_int(axis), keepdim=keep_dims)
    return place.to(to_dtype(output_type))


def cumulative_sum(x: torch.Tensor, axis: Any, exclusive: bool, reverse: bool) -> torch.Tensor:
    """Return running sums; exclusive ones leave the element itself out."""
    axis = to_int(axis)
    turned = x.flip(axis) if reverse else x
    result = torch.cumsum(turned, axis, dtype=x.dtype)
    if exclusive:
        result = result - turned
    return result.flip(axis) if reverse else result


def sort(x: torch.Tensor, axis: int, descending: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the sorted values and their places; equal values keep their order."""
    values, places = torch.sort(x, dim=axis, descending=descending, stable=True)
    return values, places.to(torch.int32)


def normalize(x: torch.Tensor, axis: Any, epsilon: float) -> torch.Tensor:
    """Return x over its root of squares along an axis, which is at least the root of epsilon."""
    squares = torch.sum(x * x, dim=to_axes(axis), keepdim=True)
    return x / torch.sqrt(squares.clamp(min=epsilon))


def _dims(x: torch.Tensor, axis: Any) -> tuple[int, ...]:
    axes = to_axes(axis)
    if axes is None:
        return tuple(range(x.dim()))
    return axes if isinstance(axes, tuple) else (axes,)


def total_of(x: torch.Tensor, axis: Any) -> torch.Tensor:
    """Return the sum along axes in the dtype of x."""
    return reduce_sum(x, axis, False, False)


def mean_of(x: torch.Tensor, axis: Any) -> torch.Tensor:
    """Return the mean along axes."""
    return mean(x, axis, False)


def largest_of(x: torch.Tensor, axis: Any) -> torch.Tensor:
    """Return the largest values along axes."""
    return largest(x, axis, False)


def smallest_of(x: torch.Tensor, axis: Any) -> torch.Tensor:
    """Return the smallest values along axes."""
    return smallest(x, axis, False)


def amax(
    input: torch.Tensor, axis: Any, keepdims: bool, initial: Any = None, where: Any = None
) -> torch.Tensor:
    """Return the largest values, of which initial is one; without where initial counts."""
    if where is not None:
        input = torch.where(where, input, torch.as_tensor(initial, dtype=input.dtype))
    result = largest(input, axis, keepdims)
    return result if initial is None else result.clamp(min=initial)


def amin(
    input: torch.Tensor, axis: Any, keepdims: bool, initial: Any = None, where: Any = None
) -> torch.Tensor:
    """Return the smallest values, of which initial is one; without where initial counts."""
    if where is not None:
        input = torch.where(where, input, torch.as_tensor(initial, dtype=input.dtype))
    result = smallest(input, axis, keepdims)
    return result if initial is None else result.clamp(max=initial)


def cumprod(input: torch.Tensor, dim: Any) -> torch.Tensor:
    """Return running products."""
    return torch.cumprod(input, to_int(dim), dtype=input.dtype)


def cumulative_product(x: torch.Tensor, axis: Any, exclusive: bool, reverse: bool) -> torch.Tensor:
    """Return running products; exclusive ones leave the element itself out."""
    axis = to_int(axis)
    turned = x.flip(axis) if reverse else x
    if exclusive:
        first = torch.ones_like(turned.narrow(axis, 0, 1))
        turned = torch.cat((first, turned.narrow(axis, 0, turned.shape[axis] - 1)), axis)
    result = torch.cumprod(turned, axis, dtype=x.dtype)
    return result.flip(axis) if reverse else result


def largest_along(input: torch.Tensor, dim: Any, keepdim: bool) -> Any:
    """Return the largest value; along an axis also where; beside a tensor, the larger values."""
    return _extreme_along(torch.max, input, dim, keepdim)


def smallest_along(input: torch.Tensor, dim: Any, keepdim: bool) -> Any:
    """Return the smallest value; along an axis also where; beside a tensor, the smaller values."""
    return _extreme_along(torch.min, input, dim, keepdim)


def median(input: torch.Tensor, dim: Any, keepdim: bool) -> Any:
    """Return the lower of the middle values; along an axis also where."""
    return _extreme_along(torch.median, input, dim, keepdim)


def _extreme_along(find: Any, input: torch.Tensor, dim: Any, keepdim: bool) -> Any:
    if dim is None:
        return find(input)
    if isinstance(dim, torch.Tensor):
        return find(input, dim)
    return tuple(find(input, dim=dim, keepdim=keepdim))


def product_along(input: torch.Tensor, dim: Any, keepdim: bool, dtype: Any) -> torch.Tensor:
    """Return the product of all values or along an axis."""
    dtype = to_dtype(dtype)
    if dim is None:
        return torch.prod(input, dtype=dtype)
    return torch.prod(input, dim=dim, keepdim=keepdim, dtype=dtype)


def median_of(
    x: torch.Tensor, global_median: bool, axis: int, keep_dims: bool, ignore_nan: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the lower of the middle values and where it is; of all values, 0."""
    find = torch.nanmedian if ignore_nan else torch.median
    if global_median:
        return find(x), torch.zeros((), dtype=torch.int64, device=x.device)
    value, place = find(x, dim=axis, keepdim=keep_dims)
    return value, place


def trace(input: torch.Tensor) -> torch.Tensor:
    """Return the sum of the diagonal in the dtype of the matrix."""
    return torch.trace(input).to(input.dtype)


def histogram(input: torch.Tensor, bins: int, min: float, max: float) -> torch.Tensor:
    """Return how many values lie in each of equal bins, in the dtype of the values."""
    return torch.histc(input.float(), bins, min, max).to(input.dtype)


def float_status(x: torch.Tensor) -> torch.Tensor:
    """Return [1] where a value is NaN or infinite, [0] where none is; MindSpore: not on CPU."""
    return (~x.isfinite()).any().float().reshape(1)


def histogram_of(x: torch.Tensor, bins: int, min: float, max: float) -> torch.Tensor:
    """Return what histogram does, as its operator names the input."""
    return histogram(x, bins, min, max)


def bincount(array: torch.Tensor, size: Any, weights: torch.Tensor) -> torch.Tensor:
    """Return the sum of weights, or without any the count, of each number below size."""
    numbers = array.reshape(-1).long()
    values = weights.reshape(-1) if weights.numel() else weights.new_ones(numbers.shape)
    counted = (numbers >= 0) & (numbers < to_int(size))
    return weights.new_zeros(to_int(size)).index_add(0, numbers[counted], values[counted])


def search_sorted(
    sorted_sequence: torch.Tensor, values: torch.Tensor, sorter: Any, dtype: Any, right: bool
) -> torch.Tensor:
    """Return where values would be inserted to keep the order."""
    places = torch.searchsorted(sorted_sequence, values, right=right, sorter=sorter)
    return places.to(to_dtype(dtype))


def inverse(x: torch.Tensor, adjoint: bool) -> torch.Tensor:
    """Return the inverse of matrices, or that of their adjoints."""
    return torch.linalg.inv(x.mH if adjoint else x)


def bucketize(input: torch.Tensor, boundaries: Any, right: bool) -> torch.Tensor:
    """Return for each value how many boundaries are below it, or not above it with right."""
    kind = torch.float64 if input.dtype == torch.float64 else torch.float32
    line = torch.as_tensor(boundaries, dtype=kind, device=input.device)
    return torch.bucketize(input.to(kind), line, out_int32=True, right=right)


def buckets(boundaries: Any, input: torch.Tensor) -> torch.Tensor:
    """Return for each value how many boundaries are not above it."""
    return bucketize(input, boundaries, right=True)


def smallest_and_largest(
    input: torch.Tensor, axis: Any, keepdims: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both along an axis; of all values without one."""
    if axis is None:
        return smallest(input, (), keepdims), largest(input, (), keepdims)
    low, high = torch.aminmax(input, dim=to_int(axis), keepdim=keepdims)
    return low, high


def trapezoids(y: torch.Tensor, x: Any, dx: float, dim: int) -> torch.Tensor:
    """Return the area under y at the places x, or at distances of dx; float64 is float32."""
    values = y if y.dtype in (torch.float16, torch.bfloat16) else y.float()
    if x is None:
        return torch.trapezoid(values, dx=dx, dim=dim)
    return torch.trapezoid(values, x.to(values.dtype), dim=dim)


def sums_of_squares(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the sum of squares of each."""
    return (x * x).sum(), (y * y).sum()


def nth_element(input: torch.Tensor, n: Any, reverse: bool) -> torch.Tensor:
    """Return the value at place n of the sorted last axis, from the largest on with reverse."""
    return torch.sort(input, dim=-1, descending=reverse).values[..., to_int(n)]


def runs(
    x: torch.Tensor, return_inverse: bool, return_counts: bool, dim: int | None
) -> tuple[torch.Tensor, ...]:
    """Return each run of equal values once, the run of each value, and the runs' lengths.

    What is not asked for is one 0; MindSpore leaves it unwritten.
    """
    values, places, counts = torch.unique_consecutive(x, True, True, dim=dim)
    nothing = torch.zeros((), dtype=torch.int64, device=x.device)
    return values, places if return_inverse else nothing, counts if return_counts else nothing
