"""Reading and writing at indices: GatherNd, ScatterNd, OneHot, slices by begin and size."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.mindspore.converters import to_int, to_ints, to_tensor


def gather(input_params: Any, input_indices: Any, axis: Any, batch_dims: int = 0) -> torch.Tensor:
    """Return the slices at indices of any rank along an axis."""
    axis, indices = to_int(axis), to_tensor(input_indices).long()
    if batch_dims:
        pairs = zip(input_params, indices, strict=True)
        inner = axis - 1 if axis > 0 else axis
        return torch.stack([gather(x, i, inner, batch_dims - 1) for x, i in pairs])
    axis %= input_params.dim()
    result = input_params.index_select(axis, indices.reshape(-1))
    return result.reshape(
        *input_params.shape[:axis], *indices.shape, *input_params.shape[axis + 1 :]
    )


def gather_nd(input_x: torch.Tensor, indices: Any) -> torch.Tensor:
    """Return the slices at the places in the last axis of indices."""
    return input_x[tuple(to_tensor(indices).long().unbind(-1))]


def gather_d(x: torch.Tensor, dim: Any, index: torch.Tensor) -> torch.Tensor:
    """Return the elements at indices along one axis, all other places as in index."""
    return torch.gather(x, to_int(dim), index.long())


def scatter_nd(indices: torch.Tensor, updates: torch.Tensor, shape: Any) -> torch.Tensor:
    """Return zeros with updates added at the places of indices."""
    start = updates.new_zeros(to_ints(shape))
    return tensor_scatter_add(start, indices, updates)


def tensor_scatter_update(input_x: Any, indices: Any, updates: torch.Tensor) -> torch.Tensor:
    """Return a copy with updates at the places of indices."""
    return input_x.index_put(_places(indices), updates)


def tensor_scatter_add(input_x: Any, indices: Any, updates: torch.Tensor) -> torch.Tensor:
    """Return a copy with updates added at the places of indices."""
    return input_x.index_put(_places(indices), updates, accumulate=True)


def scatter_nd_update(
    input_x: Any, indices: Any, updates: Any, use_locking: bool = True
) -> torch.Tensor:
    """Write updates into a parameter and return it."""
    with torch.no_grad():
        return input_x.index_put_(_places(indices), updates)


def one_hot(indices: Any, depth: Any, on_value: Any, off_value: Any, axis: int) -> torch.Tensor:
    """Return on_value at the indices and off_value elsewhere, also where an index has no place."""
    indices = to_tensor(indices)
    on = to_tensor(on_value).to(indices.device)
    off = to_tensor(off_value).to(indices.device, on.dtype)
    axis = axis % (indices.dim() + 1)
    places = torch.arange(to_int(depth), device=indices.device)
    places = places.reshape(-1, *[1] * (indices.dim() - axis))
    return torch.where(indices.unsqueeze(axis) == places, on, off)


def slice_by_size(input_x: torch.Tensor, begin: Any, size: Any) -> torch.Tensor:
    """Return the part that starts at begin; a size of -1 goes to the end."""
    for axis, (start, length) in enumerate(zip(to_ints(begin), to_ints(size), strict=True)):
        whole = input_x.shape[axis] - start if length == -1 else length
        input_x = input_x.narrow(axis, start, whole)
    return input_x


def strided_slice(
    input_x: torch.Tensor,
    begin: Any,
    end: Any,
    strides: Any,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> torch.Tensor:
    """Return x[begin:end:strides]; bit i of a mask changes what entry i means."""
    key: list[Any] = []
    for place, each in enumerate(zip(to_ints(begin), to_ints(end), to_ints(strides), strict=True)):
        bit = 1 << place
        if ellipsis_mask & bit:
            key.append(Ellipsis)
        elif new_axis_mask & bit:
            key.append(None)
        elif shrink_axis_mask & bit:
            key.append(each[0])
        else:
            start = None if begin_mask & bit else each[0]
            stop = None if end_mask & bit else each[1]
            key.append(slice(start, stop, each[2]))
    return select(input_x, tuple(key))


def select(x: torch.Tensor, key: Any) -> torch.Tensor:
    """Return x[key] with slices of negative step, which torch lacks."""
    keys = key if isinstance(key, tuple) else (key,)
    if not any(isinstance(each, slice) and (each.step or 1) < 0 for each in keys):
        return x[key]
    named = sum(each is not None and each is not Ellipsis for each in keys)
    axis, forward = 0, []
    for each in keys:
        if each is Ellipsis:
            axis += x.dim() - named
        elif each is not None:
            if isinstance(each, slice) and (each.step or 1) < 0:
                places = range(*each.indices(x.shape[axis]))
                x = x.index_select(axis, torch.tensor(places, dtype=torch.long, device=x.device))
                each = slice(None)
            axis += 1
        forward.append(each)
    return x[tuple(forward)]


def index_select(input: torch.Tensor, axis: Any, index: torch.Tensor) -> torch.Tensor:
    """Return the slices at a vector of indices along an axis."""
    return input.index_select(to_int(axis), index.long())


def _places(indices: Any) -> tuple[torch.Tensor, ...]:
    return tuple(to_tensor(indices).long().unbind(-1))


def embedding_lookup(input_params: torch.Tensor, input_indices: Any, offset: Any) -> torch.Tensor:
    """Return the slices at indices less an offset; those out of range are zeros."""
    places = to_tensor(input_indices).long() - to_int(offset)
    inside = (places >= 0) & (places < input_params.shape[0])
    found = input_params[torch.where(inside, places, 0)]
    return found * inside.reshape(*inside.shape, *(1,) * (found.dim() - inside.dim())).to(
        found.dtype
    )


def in_top_k(x1: torch.Tensor, x2: torch.Tensor, k: int) -> torch.Tensor:
    """Return for each row whether the value of its class is among the k largest."""
    value = x1.gather(1, x2.long().reshape(-1, 1))
    return (x1 > value).sum(1) < k


def index_fill(x: torch.Tensor, axis: Any, index: Any, value: Any) -> torch.Tensor:
    """Return a copy with one value in the slices at indices."""
    return x.index_fill(to_int(axis), to_tensor(index).long().reshape(-1), to_tensor(value).to(x))


def unravel_index(indices: torch.Tensor, dims: torch.Tensor) -> torch.Tensor:
    """Return the places (axes, ...) of elements of a tensor of lengths dims, by their numbers."""
    places = torch.unravel_index(indices.long(), tuple(to_ints(dims)))
    return torch.stack(places).to(indices.dtype)
