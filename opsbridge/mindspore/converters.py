"""The converters that the tables of general names may use, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from opsbridge.errors import DtypeError

_PYTHON = {bool: torch.bool, int: torch.int64, float: torch.float32}
_OTHER_NAMES = {"bool_": "bool", "float": "float32", "int": "int32", "double": "float64"}


def to_dtype(value: Any) -> torch.dtype | None:
    """Return the dtype that a dtype of MindSpore or NumPy, a Python type or a name means.

    Raises:
        DtypeError: it means none.
    """
    if value is None or isinstance(value, torch.dtype):
        return value
    if isinstance(value, type) and value in _PYTHON:
        return _PYTHON[value]
    name = value.lower() if isinstance(value, str) else np.dtype(value).name
    dtype = getattr(torch, _OTHER_NAMES.get(name, name), None)
    if not isinstance(dtype, torch.dtype):
        raise DtypeError(f"dtype is {value!r}; it must be a dtype of mindspore or NumPy")
    return dtype


def to_array_dtype(value: Any) -> torch.dtype | None:
    """Return what `mindspore.numpy` takes a dtype for: Python's int is int32 there."""
    return torch.int32 if value is int else to_dtype(value)


def to_int(value: Any) -> int:
    """Return a number or one-element tensor as an int."""
    return value if type(value) is int else int(value)


def to_ints(value: Any) -> tuple[int, ...]:
    """Return an integer, a sequence of them or a tensor as a tuple of ints."""
    if isinstance(value, torch.Tensor | np.ndarray):
        value = value.reshape(-1).tolist()
    return tuple(map(to_int, value)) if isinstance(value, tuple | list) else (to_int(value),)


def to_size(parts: Sequence[Any]) -> tuple[int, ...]:
    """Return what was given for a size, integers or one sequence of them, as a tuple of ints."""
    return to_ints(parts[0] if len(parts) == 1 else parts)


def to_axes(value: Any) -> Any:
    """Return one axis as an int, several as a tuple, all as None."""
    if value is None or (isinstance(value, tuple | list) and not value):
        return None
    return to_ints(value) if isinstance(value, tuple | list) else to_int(value)


def to_number(value: Any) -> Any:
    """Return a number or one-element tensor as a number."""
    return value.item() if isinstance(value, torch.Tensor | np.ndarray) else value


def to_tensor(value: Any) -> Any:
    """Return a tensor as it is; a number or sequence becomes one."""
    if isinstance(value, torch.Tensor) or value is None:
        return value
    if isinstance(value, tuple | list) and any(isinstance(each, torch.Tensor) for each in value):
        return torch.stack([torch.as_tensor(each) for each in value])
    return torch.as_tensor(value)


def to_index(value: Any) -> Any:
    """Return an integer tensor as int64, by which torch indexes."""
    return to_tensor(value).long()


def to_truth(value: Any) -> torch.Tensor:
    """Return where a tensor is not 0; a number or sequence becomes one."""
    return to_tensor(value).bool()


def _same(value: Any) -> Any:
    return value


CONVERTERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "same": _same,
        "dtype": to_dtype,
        "array_dtype": to_array_dtype,
        "axes": to_axes,
        "axis_list": lambda value: to_ints(value),
        "ints": to_ints,
        "int": to_int,
        "number": to_number,
        "tensor": to_tensor,
        "index": to_index,
        "truth": to_truth,
        "one_minus": lambda value: 1 - value,
        "pair": lambda value: tuple(value) if isinstance(value, tuple | list) else (value, value),
    }
)
