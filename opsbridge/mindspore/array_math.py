"""`mindspore.numpy`: sums, places and measures of arrays; integers are computed in float32."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError
from opsbridge.mindspore import reducing
from opsbridge.mindspore.converters import to_axes, to_dtype, to_int, to_tensor


def round_to(a: torch.Tensor, decimals: int) -> torch.Tensor:
    """Return a rounded to so many places behind the point, halves to even."""
    if decimals < 0:
        raise ArgumentError(f"around: decimals is {decimals}; it must be at least 0")
    scale = 10**decimals
    return to_tensor(a).round() if decimals == 0 else (a * scale).round() / scale


def average(x: torch.Tensor, axis: Any, weights: Any, returned: bool) -> Any:
    """Return the mean along axes, of elements that count as often as their weights."""
    axes = to_axes(axis)
    shares = torch.ones_like(x) if weights is None else weights
    if shares.shape != x.shape:
        if shares.dim() != 1 or not isinstance(axes, int):
            raise ArgumentError("average: weights must have the shape of x, or one row")
        shares = shares.reshape([-1 if each == axes % x.dim() else 1 for each in range(x.dim())])
    total = shares.expand_as(x).sum(axes) if axes is not None else shares.expand_as(x).sum()
    sums = (x * shares).sum(axes) if axes is not None else (x * shares).sum()
    result = sums / total
    return (result, total.to(result.dtype)) if returned else result


def bincount(x: Any, weights: Any, minlength: int, length: int | None) -> torch.Tensor:
    """Return how often each number comes, or the sum of its weights; negative ones count as 0."""
    numbers = to_tensor(x).long().clamp(min=0)
    count = max(int(numbers.max()) + 1, minlength) if length is None else length
    values = torch.ones(numbers.shape) if weights is None else to_tensor(weights).float()
    inside = numbers < count
    start = torch.zeros(count, device=numbers.device)
    return start.index_add(0, numbers[inside], values.to(numbers.device)[inside])


def cross(a: Any, b: Any, axisa: int, axisb: int, axisc: int, axis: int | None) -> torch.Tensor:
    """Return the cross products of rows of two or three numbers."""
    axes = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    one, other = to_tensor(a).movedim(axes[0], -1), to_tensor(b).movedim(axes[1], -1)
    lengths = {one.shape[-1], other.shape[-1]}
    if not lengths <= {2, 3}:
        raise ArgumentError(f"cross: the axes have lengths {sorted(lengths)}; must be 2 or 3")
    flat = lengths == {2}
    pads = [torch.nn.functional.pad(each, (0, 3 - each.shape[-1])) for each in (one, other)]
    result = torch.linalg.cross(*torch.broadcast_tensors(*pads), dim=-1)
    return result[..., 2] if flat else result.movedim(-1, axes[2])


def running_product(a: torch.Tensor, axis: Any, dtype: Any) -> torch.Tensor:
    """Return the products so far, of all values in a row by default."""
    values, axis = (a.reshape(-1), 0) if axis is None else (a, to_int(axis))
    is_narrow = a.dtype in (torch.int8, torch.int16, torch.bool)
    kept = to_dtype(dtype) or (torch.int32 if is_narrow else a.dtype)
    exact = values if a.dtype == torch.float64 else values.float()
    return torch.cumprod(exact, axis).to(kept)


def differences(a: torch.Tensor, n: int, axis: int, prepend: Any, append: Any) -> torch.Tensor:
    """Return the differences of neighbours along an axis, n times."""
    return torch.diff(a, n, axis, _edge(prepend, a, axis), _edge(append, a, axis))


def _edge(value: Any, a: torch.Tensor, axis: int) -> torch.Tensor | None:
    """What stands at an end of a; a single number is a slice of it."""
    if value is None:
        return None
    edge = to_tensor(value).to(a)
    if edge.dim() > 0:
        return edge
    shape = list(a.shape)
    shape[axis] = 1
    return edge.expand(shape)


def search_sorted(a: Any, v: Any, side: str, sorter: Any) -> torch.Tensor:
    """Return before which places of sorted a the values v belong, as int32."""
    if side not in ("left", "right"):
        raise ArgumentError(f"searchsorted: side is {side!r}; it must be left or right")
    line, values = to_tensor(a).float(), to_tensor(v)
    line = line if sorter is None else line[to_tensor(sorter).long()]
    return torch.searchsorted(line, values.float(), out_int32=True, right=side == "right")


def digitize(x: Any, bins: Any, right: bool) -> torch.Tensor:
    """Return in which of the bins, ascending or descending, the values lie."""
    edges, side = to_tensor(bins), "left" if right else "right"
    if edges[0] <= edges[-1]:
        return search_sorted(edges, x, side, None)
    return len(edges) - search_sorted(edges.flip(0), x, side, None)


def quotient_and_rest(x1: Any, x2: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the quotient rounded down, and what is left."""
    one, other = to_tensor(x1), to_tensor(x2)
    return torch.floor_divide(one, other), torch.remainder(one, other)


def histogram(
    a: torch.Tensor, bins: Any, range: Any, weights: Any, density: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return how many values lie in each bin, and the edges: the last bin has its right edge."""
    values = a.reshape(-1).float()
    if isinstance(bins, int):
        low, high = (values.min(), values.max()) if range is None else map(float, range)
        low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
        edges = torch.linspace(float(low), float(high), bins + 1, device=values.device)
    else:
        edges = to_tensor(bins).float()
    places = torch.searchsorted(edges, values, right=True)
    places = torch.where(values == edges[-1], len(edges) - 1, places)
    shares = None if weights is None else weights.reshape(-1)
    count = bincount(places, shares, 0, len(edges))[1:]
    return (count / edges.diff() / count.sum() if density else count), edges


def interpolate(x: Any, xp: Any, fp: Any, left: Any, right: Any) -> torch.Tensor:
    """Return the values at x of lines between the points (xp, fp); left and right beyond them."""
    places, points, heights = to_tensor(x).float(), to_tensor(xp).float(), to_tensor(fp).float()
    after = torch.searchsorted(points, places).clamp(max=len(points) - 1)
    before = (after - 1).clamp(min=0)
    ends = points[before], points[after]
    sums = heights[before] * (ends[1] - places) + heights[after] * (places - ends[0])
    found = torch.where(ends[0] == ends[1], heights[before], sums / (ends[1] - ends[0]))
    first = heights[0] if left is None else to_tensor(left).float()
    last = heights[-1] if right is None else to_tensor(right).float()
    found = torch.where(places < points[0], first, found)
    return torch.where(places > points[-1], last, found)


def largest_number(a: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return the largest value that is a number; the least of the type where none is."""
    return _without_nan(a, -(2.0**63)).amax(_dims(a, axis), keepdims)


def smallest_number(a: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return the smallest value that is a number."""
    return _without_nan(a, 2.0**63).amin(_dims(a, axis), keepdims)


def sum_of_numbers(a: torch.Tensor, axis: Any, dtype: Any, keepdims: bool) -> torch.Tensor:
    """Return the sum of what is a number; integers are summed as they are."""
    kind = to_dtype(dtype) or a.dtype
    return _without_nan(a, 0).sum(_dims(a, axis), keepdim=keepdims, dtype=kind)


def mean_of_numbers(a: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return the mean of what is a number, in float32."""
    dims = _dims(a, axis)
    count = (~a.isnan()).sum(dims, keepdim=keepdims)
    return _without_nan(a, 0).float().sum(dims, keepdim=keepdims) / count


def variance_of_numbers(a: torch.Tensor, axis: Any, ddof: int, keepdims: bool) -> torch.Tensor:
    """Return the variance of what is a number, in float32."""
    dims = _dims(a, axis)
    count = (~a.isnan()).sum(dims, keepdim=keepdims)
    apart = torch.where(a.isnan(), 0, (a - mean_of_numbers(a, axis, True)).square())
    return apart.sum(dims, keepdim=keepdims) / (count - ddof)


def deviation_of_numbers(a: torch.Tensor, axis: Any, ddof: int, keepdims: bool) -> torch.Tensor:
    """Return the standard deviation of what is a number, in float32."""
    return variance_of_numbers(a, axis, ddof, keepdims).sqrt()


def norm(x: torch.Tensor, ord: Any, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return a norm of vectors along one axis, or of matrices along two."""
    values = x if x.is_floating_point() else x.float()
    return torch.linalg.norm(values, ord, to_axes(axis), keepdims)


def span(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return the largest less the smallest value."""
    dims = _dims(x, axis)
    return x.amax(dims, keepdims) - x.amin(dims, keepdims)


def _without_nan(a: torch.Tensor, value: float) -> torch.Tensor:
    return torch.where(a.isnan(), torch.full_like(a, value), a) if a.is_floating_point() else a


def _dims(x: torch.Tensor, axis: Any) -> tuple[int, ...]:
    axes = to_axes(axis)
    if axes is None:
        return tuple(range(x.dim()))
    return axes if isinstance(axes, tuple) else (axes,)


def trace(a: torch.Tensor, offset: int, axis1: int, axis2: int, dtype: Any) -> torch.Tensor:
    """Return the sum of a diagonal; integers give int64."""
    return torch.diagonal(a, offset, axis1, axis2).sum(-1, dtype=to_dtype(dtype))


def trapezoids(y: Any, x: Any, dx: float, axis: int) -> torch.Tensor:
    """Return the area under y at the places x, or at distances of dx."""
    return reducing.trapezoids(to_tensor(y), None if x is None else to_tensor(x), dx, axis)
