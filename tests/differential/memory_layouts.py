"""The same numbers in odd memory, and the way back from a tensor of a known framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from framework_tensors import Array, framework, framework_of, to_array, to_tensor


def array_of(name: str, tensor: Any) -> Array:
    """The numbers of a tensor, once its class is found to be that of its framework."""
    assert framework_of(tensor) == name
    return to_array(tensor)


def _numpy_read_only(array: Array) -> Array:
    copy = np.array(array)
    copy.setflags(write=False)
    return copy


def _numpy_strided(array: Array) -> Array:
    wide = np.full([2 * size for size in array.shape], 77, array.dtype)
    view = wide[tuple(slice(0, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def _numpy_reversed(array: Array) -> Array:
    flip = tuple(slice(None, None, -1) for _ in array.shape)
    return np.array(array[flip])[flip]


def _numpy_unaligned(array: Array) -> Array:
    record = np.zeros(array.shape, np.dtype([("pad", "i1"), ("value", array.dtype)]))
    record["value"] = array
    return record["value"]


def _torch_column_major(array: Array) -> Any:
    return framework("torch").from_numpy(np.asfortranarray(array))


def _torch_strided(array: Array) -> Any:
    return framework("torch").from_numpy(_numpy_strided(array))


def _torch_part(array: Array) -> Any:
    return to_tensor("torch", np.concatenate([array, array]))[len(array) :]


def _mindspore_part(array: Array) -> Any:
    return to_tensor("mindspore", np.concatenate([array, array]))[len(array) :]


def _mindspore_transposed(array: Array) -> Any:
    axes = tuple(reversed(range(array.ndim)))
    return to_tensor("mindspore", array.transpose(axes)).transpose(axes)


MEMORY: dict[str, tuple[str, Callable[[Array], Any]]] = {
    "numpy column-major": ("numpy", np.asfortranarray),
    "numpy read-only": ("numpy", _numpy_read_only),
    "numpy strided": ("numpy", _numpy_strided),
    "numpy reversed": ("numpy", _numpy_reversed),
    "numpy unaligned": ("numpy", _numpy_unaligned),
    "torch column-major": ("torch", _torch_column_major),
    "torch strided": ("torch", _torch_strided),
    "torch part of a tensor": ("torch", _torch_part),
    "mindspore part of a tensor": ("mindspore", _mindspore_part),
    "mindspore transposed": ("mindspore", _mindspore_transposed),
}
"""Ways to lay out an array in memory that is not simply its own, each with its framework."""
