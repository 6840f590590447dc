"""NumPy arrays for the results of direct calls, whichever framework the arguments are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from opsbridge.core.direct import Direct

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
    direct: Direct,
    call: Callable[..., Any],
    dtypes: Mapping[str, Any],
    dtype_of: Callable[[Any], Any] = attrgetter("dtype"),
) -> Callable[[Values], Any]:
    """A native function that fills arrays given after its arguments, as one that makes results.

    `dtypes` are the framework's, by name, as `dtype_of` gives that of a tensor. A call with a dtype
    that is none of them raises KeyError.
    """
    cut = [place for place, output in enumerate(direct.outputs) if output.is_cut]

    def fill(values: Values) -> Any:
        arrays = make(values)
        count = call(*values, *arrays)
        if count is None:
            return None
        for place in cut:
            arrays[place] = arrays[place][:count]
        return tuple(arrays)

    def fill_one(values: Values) -> Any:
        array = make_one(values)
        count = call(*values, array)
        if count is None:
            return None
        return array[:count] if cut else array

    if len(direct.outputs) > 1:
        make = _array_maker(direct, dtypes, dtype_of)
        return fill
    make_one = _one_array_maker(direct, dtypes, dtype_of)
    return fill_one


def _dtypes_of_results(direct: Direct, dtypes: Mapping[str, Any]) -> dict[Any, list[Any]]:
    """The dtypes of the outputs, by that of the main tensor, as far as NumPy has them."""
    return {
        dtypes[name]: [NUMPY_DTYPES[output.dtypes[row]] for output in direct.outputs]
        for row, name in enumerate(direct.dtypes)
        if name in dtypes and all(output.dtypes[row] in NUMPY_DTYPES for output in direct.outputs)
    }


def _one_array_maker(
    direct: Direct, dtypes: Mapping[str, Any], dtype_of: Callable[[Any], Any]
) -> Callable[[Values], Array]:
    shape_of, main, empty = direct.shape_getter(direct.outputs[0].shape), direct.main, np.empty
    made = {dtype: only for dtype, (only,) in _dtypes_of_results(direct, dtypes).items()}
    first = next(iter(made.values()))
    if all(dtype == first for dtype in made.values()):
        return lambda values: empty(shape_of(values), first)
    return lambda values: empty(shape_of(values), made[dtype_of(values[main])])


def _array_maker(
    direct: Direct, dtypes: Mapping[str, Any], dtype_of: Callable[[Any], Any]
) -> Callable[[Values], list[Array]]:
    main, empty = direct.main, np.empty
    shapes = [output.shape for output in direct.outputs]
    rows = shapes[0][0]
    tails = [[size for size in shape[1:] if isinstance(size, int)] for shape in shapes]
    made = _dtypes_of_results(direct, dtypes)
    if all(shape == (rows, *tail) for shape, tail in zip(shapes, tails, strict=True)):
        count_rows = direct.shape_getter((rows,))
        tailed = {dtype: list(zip(tails, each, strict=True)) for dtype, each in made.items()}

        def make_rows(values: Values) -> list[Array]:
            rows = count_rows(values)
            return [empty((rows, *tail), dtype) for tail, dtype in tailed[dtype_of(values[main])]]

        return make_rows
    getters = [direct.shape_getter(shape) for shape in shapes]
    shaped = {dtype: list(zip(getters, each, strict=True)) for dtype, each in made.items()}

    def make(values: Values) -> list[Array]:
        return [empty(get(values), dtype) for get, dtype in shaped[dtype_of(values[main])]]

    return make
