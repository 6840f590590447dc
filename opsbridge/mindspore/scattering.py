"""Writing into tensors: at places, along axes, into parameters, with duplicates reduced."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from opsbridge.mindspore.converters import to_int, to_tensor
from opsbridge.mindspore.gathering import tensor_scatter_add
from opsbridge.mindspore.nn.lengths import check_one_of


def scatter_update(
    input_x: torch.Tensor, indices: Any, updates: Any, use_locking: bool = True
) -> torch.Tensor:
    """Write slices of a parameter along its first axis, in place, and return it."""
    with torch.no_grad():
        return input_x.index_put_((to_tensor(indices).long(),), to_tensor(updates))


def scatter_add(
    input_x: torch.Tensor, indices: Any, updates: Any, use_locking: bool = False
) -> torch.Tensor:
    """Add to slices of a parameter along its first axis, in place, and return it."""
    with torch.no_grad():
        places = (to_tensor(indices).long(),)
        return input_x.index_put_(places, to_tensor(updates), accumulate=True)


def index_add(
    x: torch.Tensor,
    indices: Any,
    y: Any,
    axis: Any,
    use_lock: bool = True,
    check_index_bound: bool = True,
) -> torch.Tensor:
    """Add slices of y to those of x at indices along an axis, in place, and return x."""
    with torch.no_grad():
        return x.index_add_(to_int(axis), to_tensor(indices).long(), to_tensor(y))


def tensor_scatter_sub(input_x: torch.Tensor, indices: Any, updates: torch.Tensor) -> torch.Tensor:
    """Return a copy from which updates are subtracted at the places of indices."""
    return tensor_scatter_add(input_x, indices, -updates)


def tensor_scatter_max(input_x: torch.Tensor, indices: Any, updates: torch.Tensor) -> torch.Tensor:
    """Return a copy that is at least updates at the places of indices."""
    return _reduced(input_x, indices, updates, "amax")


def tensor_scatter_min(input_x: torch.Tensor, indices: Any, updates: torch.Tensor) -> torch.Tensor:
    """Return a copy that is at most updates at the places of indices."""
    return _reduced(input_x, indices, updates, "amin")


def tensor_scatter_mul(input_x: torch.Tensor, indices: Any, updates: torch.Tensor) -> torch.Tensor:
    """Return a copy multiplied by updates at the places of indices."""
    return _reduced(input_x, indices, updates, "prod")


def tensor_scatter_elements(
    input_x: torch.Tensor, indices: Any, updates: torch.Tensor, axis: Any, reduction: str
) -> torch.Tensor:
    """Return a copy with updates written or added along an axis."""
    places = to_tensor(indices).long()
    if reduction == "add":
        return input_x.scatter_add(to_int(axis), places, updates)
    return input_x.scatter(to_int(axis), places, updates)


def scatter(input: torch.Tensor, axis: Any, index: Any, src: torch.Tensor) -> torch.Tensor:
    """Return a copy with src written along an axis."""
    return input.scatter(to_int(axis), to_tensor(index).long(), src)


def segment_sum(input_x: torch.Tensor, segment_ids: Any, num_segments: Any) -> torch.Tensor:
    """Return the sums of the slices of each segment; slices with a negative id count nowhere."""
    ids = to_tensor(segment_ids).long().reshape(-1)
    slices = input_x.reshape(ids.numel(), *input_x.shape[to_tensor(segment_ids).dim() :])
    counted = ids >= 0
    sums = input_x.new_zeros(to_int(num_segments), *slices.shape[1:])
    return sums.index_add(0, ids[counted], slices[counted])


def invert_permutation(input_x: Any) -> Any:
    """Return the places of 0, 1, 2 ... in a permutation, as a tuple for a tuple."""
    order = torch.argsort(to_tensor(input_x))
    if isinstance(input_x, torch.Tensor):
        return order.to(input_x.dtype)
    return tuple(order.tolist())


def _reduced(x: torch.Tensor, indices: Any, updates: torch.Tensor, how: str) -> torch.Tensor:
    """Return a copy of x reduced with updates at places, in which one may occur often."""
    places = to_tensor(indices).long()
    lengths = tuple(x.shape[: places.shape[-1]])
    line = places.new_zeros(places.shape[:-1])
    for axis, length in enumerate(lengths):
        line = line * length + places[..., axis]
    rows = x.reshape(math.prod(lengths), -1)
    values = updates.reshape(line.numel(), rows.shape[1])
    result = rows.scatter_reduce(0, line.reshape(-1, 1).expand_as(values), values, how)
    return result.reshape(x.shape)


def tensor_scatter_div(input_x: torch.Tensor, indices: Any, updates: torch.Tensor) -> torch.Tensor:
    """Return a copy divided by updates at the places of indices; integers stay integers."""
    divisors = _reduced(torch.ones_like(input_x), indices, updates, "prod")
    is_real = input_x.is_floating_point()
    return torch.div(input_x, divisors, rounding_mode=None if is_real else "trunc")


def write_elements(
    data: torch.Tensor, indices: Any, updates: torch.Tensor, axis: int, reduction: str
) -> torch.Tensor:
    """Return what tensor_scatter_elements does, as its operator names the input."""
    check_one_of("TensorScatterElements", "reduction", reduction, ("none", "add"))
    return tensor_scatter_elements(data, indices, updates, axis, reduction)


def segment_max(input_x: torch.Tensor, segment_ids: Any, num_segments: Any) -> torch.Tensor:
    """Return the largest of the slices of each segment; the lowest number where there is none."""
    return _reduced_segments(input_x, segment_ids, num_segments, "amax", _limits(input_x).min)


def segment_min(input_x: torch.Tensor, segment_ids: Any, num_segments: Any) -> torch.Tensor:
    """Return the smallest of the slices of each segment; the highest number where there is none."""
    return _reduced_segments(input_x, segment_ids, num_segments, "amin", _limits(input_x).max)


def segment_product(input_x: torch.Tensor, segment_ids: Any, num_segments: Any) -> torch.Tensor:
    """Return the product of the slices of each segment; 1 where there is none."""
    return _reduced_segments(input_x, segment_ids, num_segments, "prod", 1)


def inplace_add(x: torch.Tensor, input_v: torch.Tensor, indices: Any) -> torch.Tensor:
    """Return a copy of x with rows of v added at indices."""
    return x.index_put((_rows(x, indices),), input_v, accumulate=True)


def inplace_sub(x: torch.Tensor, input_v: torch.Tensor, indices: Any) -> torch.Tensor:
    """Return a copy of x with rows of v subtracted at indices."""
    return inplace_add(x, -input_v, indices)


def inplace_update(x: torch.Tensor, v: torch.Tensor, indices: Any) -> torch.Tensor:
    """Return a copy of x with rows of v written at indices."""
    return x.index_put((_rows(x, indices),), v)


def _rows(x: torch.Tensor, indices: Any) -> torch.Tensor:
    return torch.as_tensor(indices, device=x.device).reshape(-1).long()


def _limits(x: torch.Tensor) -> Any:
    return torch.finfo(x.dtype) if x.is_floating_point() else torch.iinfo(x.dtype)


def _reduced_segments(
    x: torch.Tensor, segment_ids: Any, num_segments: Any, how: str, empty: float
) -> torch.Tensor:
    """Return slices reduced by segment; those with a negative id count nowhere."""
    ids = to_tensor(segment_ids).long()
    slices = x.reshape(ids.numel(), *x.shape[ids.dim() :])
    counted = ids.reshape(-1) >= 0
    start = x.new_full((to_int(num_segments), *slices.shape[1:]), empty)
    places = ids.reshape(-1)[counted].reshape(-1, *(1,) * (slices.dim() - 1))
    kept = slices[counted]
    return start.scatter_reduce(0, places.expand_as(kept), kept, how)


def segment_sum_sorted(input_x: torch.Tensor, segment_ids: torch.Tensor) -> torch.Tensor:
    """Return the sum of the slices of each segment, which come in a row."""
    return segment_sum(input_x, segment_ids, _segments(segment_ids))


def segment_mean_sorted(input_x: torch.Tensor, segment_ids: torch.Tensor) -> torch.Tensor:
    """Return the mean of the slices of each segment, 0 without any."""
    count = torch.bincount(segment_ids.long()).clamp(min=1)
    sums = segment_sum_sorted(input_x, segment_ids)
    return sums / count.reshape(-1, *(1,) * (sums.dim() - 1)).to(sums.dtype)


def segment_max_sorted(input_x: torch.Tensor, segment_ids: torch.Tensor) -> torch.Tensor:
    """Return the largest values of the slices of each segment, 0 without any."""
    return _or_zero(segment_max, input_x, segment_ids)


def segment_min_sorted(input_x: torch.Tensor, segment_ids: torch.Tensor) -> torch.Tensor:
    """Return the smallest values of the slices of each segment, 0 without any."""
    return _or_zero(segment_min, input_x, segment_ids)


def segment_product_sorted(input_x: torch.Tensor, segment_ids: torch.Tensor) -> torch.Tensor:
    """Return the product of the slices of each segment, 1 without any."""
    return segment_product(input_x, segment_ids, _segments(segment_ids))


def _segments(segment_ids: torch.Tensor) -> int:
    return int(segment_ids[-1]) + 1


def _or_zero(
    reduce: Callable[..., torch.Tensor], x: torch.Tensor, segment_ids: torch.Tensor
) -> torch.Tensor:
    found = reduce(x, segment_ids, _segments(segment_ids))
    count = torch.bincount(segment_ids.long()).reshape(-1, *(1,) * (x.dim() - 1))
    return torch.where(count > 0, found, torch.zeros_like(found))


def _writing(compute: Callable[..., torch.Tensor], whole_slices: bool) -> Callable[..., Any]:
    """What writes the result of a computation into the parameter that it starts from."""

    def write(
        input_x: torch.Tensor, indices: Any, updates: Any, use_locking: bool = False
    ) -> torch.Tensor:
        """Change a parameter at indices by updates, and return it."""
        places = to_tensor(indices)
        with torch.no_grad():
            changed = compute(input_x, places[..., None] if whole_slices else places, updates)
            return input_x.copy_(changed)

    return write


scatter_sub = _writing(tensor_scatter_sub, True)
scatter_mul = _writing(tensor_scatter_mul, True)
scatter_div = _writing(tensor_scatter_div, True)
scatter_max = _writing(tensor_scatter_max, True)
scatter_min = _writing(tensor_scatter_min, True)
scatter_nd_add = _writing(tensor_scatter_add, False)
scatter_nd_sub = _writing(tensor_scatter_sub, False)
scatter_nd_mul = _writing(tensor_scatter_mul, False)
scatter_nd_div = _writing(tensor_scatter_div, False)
scatter_nd_max = _writing(tensor_scatter_max, False)
scatter_nd_min = _writing(tensor_scatter_min, False)
