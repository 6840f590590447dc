"""`mindspore.numpy` where it is neither PyTorch's function nor one of `mindspore.ops`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.converters import (
    to_array_dtype,
    to_axes,
    to_dtype,
    to_int,
    to_ints,
    to_number,
    to_tensor,
)
from opsbridge.mindspore.making import grids as tuple_of_grids
from opsbridge.mindspore.methods import unique as unique_with_places
from opsbridge.mindspore.nn.lengths import check_one_of

# What data of Python's numbers becomes; arrays and tensors keep their dtype.
_OF_PYTHON = {torch.int64: torch.int32, torch.float64: torch.float32}


def array(obj: Any, dtype: Any, copy: bool, ndmin: int) -> torch.Tensor:
    """Return data as a tensor with at least ndmin axes."""
    tensor = as_array(obj, dtype)
    tensor = tensor.clone() if copy else tensor
    return tensor.reshape((1,) * (ndmin - tensor.dim()) + tuple(tensor.shape))


def as_array(a: Any, dtype: Any) -> torch.Tensor:
    """Return data as a tensor: int32 and float32 of Python's numbers."""
    is_nested = isinstance(a, list | tuple) and any(isinstance(e, torch.Tensor) for e in a)
    tensor = torch.stack([to_tensor(each) for each in a]) if is_nested else torch.as_tensor(a)
    keeps = is_nested or isinstance(a, torch.Tensor | np.ndarray)
    kept = tensor.dtype if keeps else _OF_PYTHON.get(tensor.dtype, tensor.dtype)
    return tensor.to(to_array_dtype(dtype) or kept)


def full(shape: Any, fill_value: Any, dtype: Any) -> torch.Tensor:
    """Return a tensor of a value, which may be a row or array that is repeated."""
    return as_array(fill_value, dtype).expand(to_ints(shape)).clone()


def running_sum(a: torch.Tensor, axis: Any, dtype: Any) -> torch.Tensor:
    """Return the sums so far, of all values in a row by default; narrow integers become int32."""
    values, axis = (a.reshape(-1), 0) if axis is None else (a, to_int(axis))
    is_narrow = not a.is_floating_point() and a.dtype != torch.int64
    return torch.cumsum(values, axis, dtype=to_dtype(dtype) or (torch.int32 if is_narrow else None))


def grids(xi: Any, sparse: bool, indexing: str) -> list[torch.Tensor]:
    """Return coordinate grids in a list."""
    return list(tuple_of_grids(xi, sparse, indexing))


def count_nonzero(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """Return how many elements differ from zero, as int32."""
    return torch.sum(x != 0, dim=to_axes(axis), keepdim=keepdims, dtype=torch.int32)


def append(arr: torch.Tensor, values: Any, axis: Any) -> torch.Tensor:
    """Return both along an axis, or all their values in a row."""
    both = [arr, to_tensor(values)]
    if axis is None:
        return torch.cat([each.reshape(-1) for each in both])
    return torch.cat(both, dim=to_int(axis))


def roll_axis(x: torch.Tensor, axis: int, start: int) -> torch.Tensor:
    """Return x with an axis moved before the one at start."""
    axis, start = axis % x.dim(), start % (x.dim() + 1)
    return x.movedim(axis, start - (axis < start))


def outer(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the products of all values of a with all of b."""
    return torch.outer(to_tensor(a).reshape(-1), to_tensor(b).reshape(-1))


def unique(x: torch.Tensor, return_inverse: bool) -> Any:
    """Return each value once in the order they come in; with return_inverse also the places."""
    values, places = unique_with_places(to_tensor(x).reshape(-1))
    return (values, places) if return_inverse else values


def broadcast(args: Any) -> list[torch.Tensor]:
    """Return all arrays in the shape that they have together."""
    return list(torch.broadcast_tensors(*map(to_tensor, args)))


def at_least(arys: Any, make: Any) -> Any:
    """Return arrays with more axes, one alone or several in a list."""
    found = [make(to_tensor(each)) for each in arys]
    return found[0] if len(found) == 1 else found


def at_least_1d(arys: Any) -> Any:
    """Return arrays with at least one axis."""
    return at_least(arys, torch.atleast_1d)


def at_least_2d(arys: Any) -> Any:
    """Return arrays with at least two axes."""
    return at_least(arys, torch.atleast_2d)


def at_least_3d(arys: Any) -> Any:
    """Return arrays with at least three axes."""
    return at_least(arys, torch.atleast_3d)


def diagonal_places(n: int, ndim: int) -> tuple[torch.Tensor, ...]:
    """Return the places of the main diagonal, along each axis."""
    return (torch.arange(n, dtype=torch.int32),) * ndim


def like(prototype: Any, dtype: Any, shape: Any) -> torch.Tensor:
    """Return zeros like an array, in another shape or dtype where they are given."""
    given = to_tensor(prototype)
    size = tuple(given.shape) if shape is None else to_ints(shape)
    return torch.zeros(size, dtype=to_array_dtype(dtype) or given.dtype, device=given.device)


def grids_of(dimensions: Any, dtype: Any, sparse: bool) -> list[torch.Tensor]:
    """Return the places of all elements of an array of this shape, along each axis."""
    lines = [torch.arange(length, dtype=to_array_dtype(dtype)) for length in dimensions]
    return list(tuple_of_grids(lines, sparse, "ij"))


def is_in(element: Any, test_elements: Any, invert: bool) -> torch.Tensor:
    """Return which elements are among others, or with invert which are not."""
    return torch.isin(to_tensor(element), to_tensor(test_elements), invert=invert)


def is_in_1d(ar1: Any, ar2: Any, invert: bool) -> torch.Tensor:
    """Return which elements, in a row, are among others."""
    return is_in(to_tensor(ar1).reshape(-1), ar2, invert)


def open_grid(args: Any) -> tuple[torch.Tensor, ...]:
    """Return lines along one axis each, which choose where they cross."""
    return tuple(
        line.reshape([-1 if axis == place else 1 for axis in range(len(args))])
        for place, line in enumerate(args)
    )


def padded(arr: torch.Tensor, pad_width: Any, mode: Any, constant_values: Any = 0) -> torch.Tensor:
    """Return an array with more elements at the ends of its axes."""
    check_one_of("pad", "mode", mode, ("constant", "edge", "reflect", "symmetric", "wrap"))
    pairs = np.broadcast_to(np.asarray(pad_width), (arr.dim(), 2)).tolist()
    if mode == "constant":
        value = to_number(constant_values)
        if not isinstance(value, int | float):
            raise ArgumentError("pad: constant_values must be one number")
        return functional.pad(arr, [each for pair in reversed(pairs) for each in pair], value=value)
    for axis, (before, after) in enumerate(pairs):
        places = np.pad(np.arange(arr.shape[axis]), (before, after), mode)
        arr = arr.index_select(axis, torch.as_tensor(places, device=arr.device))
    return arr


def places_of(indices: Any, shape: Any, order: str) -> tuple[torch.Tensor, ...]:
    """Return the places along each axis of elements by their numbers."""
    check_one_of("unravel_index", "order", order, ("C",))
    numbers = to_tensor(indices).long().clamp(0, math.prod(to_ints(shape)) - 1)
    return tuple(each.to(torch.int32) for each in torch.unravel_index(numbers, to_ints(shape)))


def first_that_holds(condlist: Any, choicelist: Any, default: Any) -> torch.Tensor:
    """Return for each element the choice of the first condition that holds, else the default."""
    conditions, choices = to_tensor(condlist), to_tensor(choicelist)
    found = to_tensor(default).to(choices)
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        found = torch.where(condition.bool(), choice, found)
    return found


def count_of(a: Any, axis: Any) -> int:
    """Return how many elements there are, or how many along an axis."""
    array = to_tensor(a)
    return int(array.numel() if axis is None else array.shape[to_int(axis)])


def take_along(arr: torch.Tensor, indices: torch.Tensor, axis: Any) -> torch.Tensor:
    """Return the elements at indices along an axis, or of all in a row."""
    if axis is None:
        arr, axis = arr.reshape(-1), 0
    axis = to_int(axis) % arr.dim()
    places = indices.long()
    shape = [max(pair) for pair in zip(arr.shape, places.shape, strict=True)]
    arr_shape, index_shape = list(shape), list(shape)
    arr_shape[axis], index_shape[axis] = arr.shape[axis], places.shape[axis]
    return torch.gather(arr.expand(arr_shape), axis, places.expand(index_shape))


def below_diagonal(N: int, M: Any, k: int, dtype: Any) -> torch.Tensor:
    """Return ones on and below a diagonal of zeros."""
    return torch.ones(N, N if M is None else M, dtype=to_array_dtype(dtype)).tril(k)


def places_below(n: int, k: int, m: Any) -> tuple[torch.Tensor, ...]:
    """Return the rows and columns on and below a diagonal."""
    return _int32(torch.tril_indices(n, n if m is None else m, k))


def places_above(n: int, k: int, m: Any) -> tuple[torch.Tensor, ...]:
    """Return the rows and columns on and above a diagonal."""
    return _int32(torch.triu_indices(n, n if m is None else m, k))


def _int32(places: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return tuple(each.to(torch.int32) for each in places)


def random_shares(shape: Any, dtype: Any) -> torch.Tensor:
    """Return numbers from [0, 1)."""
    return torch.rand(_sizes(shape)).to(to_dtype(dtype))


def random_normal(shape: Any, dtype: Any) -> torch.Tensor:
    """Return normal numbers."""
    return torch.randn(_sizes(shape)).to(to_dtype(dtype))


def random_integers(minval: int, maxval: Any, shape: Any, dtype: Any) -> torch.Tensor:
    """Return integers from [minval, maxval), or below minval without a maxval."""
    low, high = (0, minval) if maxval is None else (minval, maxval)
    if low >= high:
        raise ArgumentError(f"randint: minval is {low}, maxval is {high}; maxval must be larger")
    size = (1,) if shape is None else to_ints(shape)
    return torch.randint(low, high, size).to(to_array_dtype(dtype))


def _sizes(shape: Any) -> tuple[int, ...]:
    is_nested = len(shape) == 1 and isinstance(shape[0], tuple | list)
    return to_ints(shape[0] if is_nested else shape)


def is_same(a1: Any, a2: Any, equal_nan: bool) -> torch.Tensor:
    """Return whether both have one shape and equal elements."""
    one, other = to_tensor(a1), to_tensor(a2)
    if one.shape != other.shape:
        return torch.tensor(False)
    equal = one == other
    if equal_nan:
        equal = equal | ((one != one) & (other != other))
    return equal.all()


def hsplit(x: torch.Tensor, indices_or_sections: Any) -> list[torch.Tensor]:
    """Return parts along axis 1, in a list."""
    return _parts(x, indices_or_sections, 1)


def vsplit(x: torch.Tensor, indices_or_sections: Any) -> list[torch.Tensor]:
    """Return parts along axis 0, in a list."""
    return _parts(x, indices_or_sections, 0)


def dsplit(x: torch.Tensor, indices_or_sections: Any) -> list[torch.Tensor]:
    """Return parts along axis 2, in a list."""
    return _parts(x, indices_or_sections, 2)


def _parts(x: torch.Tensor, where: Any, axis: int) -> list[torch.Tensor]:
    return list(torch.tensor_split(x, where if isinstance(where, int) else to_ints(where), axis))
