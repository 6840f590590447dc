"""NumPy arrays for the results of direct calls, whichever framework the arguments are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from opsbridge.core.direct import Direct, Output

Values = tuple[Any, ...]
Array = np.ndarray[Any, Any]

NUMPY_DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "uint8", "uint16", "int8", "int16", "int32", "int64"),
        *("float16", "float32", "float64"),
    )
}


def with_arrays(
    direct: Direct, call: Callable[..., Any], dtypes: Mapping[str, Any]
) -> Callable[[Values], Any]:
    """A native function that fills arrays given after its arguments, as one that makes results.

    `dtypes` are the framework's, by name. A call with a dtype that is none of them raises KeyError.
    """
    makers = [_array_maker(direct, output, dtypes) for output in direct.outputs]
    is_cut = [output.is_cut for output in direct.outputs]
    if len(makers) > 1:
        return lambda values: _several(values, call, makers, is_cut)
    make, one_is_cut = makers[0], is_cut[0]

    def one(values: Values) -> Any:
        array = make(values)
        count = call(*values, array)
        if count is None:
            return None
        return array[:count] if one_is_cut else array

    return one


def _several(
    values: Values,
    call: Callable[..., Any],
    makers: list[Callable[[Values], Array]],
    is_cut: list[bool],
) -> tuple[Array, ...] | None:
    arrays = [make(values) for make in makers]
    count = call(*values, *arrays)
    if count is None:
        return None
    return tuple(
        array[:count] if is_shorter else array
        for array, is_shorter in zip(arrays, is_cut, strict=True)
    )


def _array_maker(
    direct: Direct, output: Output, dtypes: Mapping[str, Any]
) -> Callable[[Values], Array]:
    shape_of, main, empty = direct.shape_getter(output), direct.main, np.empty
    if len(set(output.dtypes)) == 1:
        only = NUMPY_DTYPES[output.dtypes[0]]
        return lambda values: empty(shape_of(values), only)
    made = {
        dtypes[name]: NUMPY_DTYPES[result]
        for name, result in zip(direct.dtypes, output.dtypes, strict=True)
        if name in dtypes and result in NUMPY_DTYPES
    }
    return lambda values: empty(shape_of(values), made[values[main].dtype])
