"""NumPy arrays for the results of direct calls, whichever framework the arguments are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from opsbridge.core.direct import Direct, Output

Array = np.ndarray[Any, Any]
ArrayMaker = Callable[[tuple[Any, ...]], Array]

NUMPY_DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "uint8", "uint16", "int8", "int16", "int32", "int64"),
        *("float16", "float32", "float64"),
    )
}


def array_makers(direct: Direct, dtypes: Mapping[str, Any]) -> list[ArrayMaker]:
    """What makes the array of each output from the arguments of a call.

    `dtypes` are the framework's, by name. A call with another dtype raises KeyError.
    """
    return [_array_maker(direct, output, dtypes) for output in direct.outputs]


def _array_maker(direct: Direct, output: Output, dtypes: Mapping[str, Any]) -> ArrayMaker:
    shape_of, main = direct.shape_getter(output), direct.main
    made = {
        dtypes[name]: NUMPY_DTYPES[result]
        for name, result in zip(direct.dtypes, output.dtypes, strict=True)
        if name in dtypes and result in NUMPY_DTYPES
    }
    if len(set(output.dtypes)) == 1:
        only = NUMPY_DTYPES[output.dtypes[0]]
        return lambda values: np.empty(shape_of(values), only)
    return lambda values: np.empty(shape_of(values), made[values[main].dtype])


def cut(arrays: Sequence[Array], is_cut: Sequence[bool], count: int) -> Any:
    """The results of a call whose native function returned `count`."""
    if len(arrays) == 1:
        return arrays[0][:count] if is_cut[0] else arrays[0]
    return tuple(
        array[:count] if is_shorter else array
        for array, is_shorter in zip(arrays, is_cut, strict=True)
    )
