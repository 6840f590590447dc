"""`mindspore.numpy` where it is neither PyTorch's function nor one of `mindspore.ops`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from opsbridge.mindspore.converters import (
    to_array_dtype,
    to_axes,
    to_dtype,
    to_int,
    to_ints,
    to_tensor,
)
from opsbridge.mindspore.making import grids as tuple_of_grids
from opsbridge.mindspore.methods import unique as unique_with_places

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
