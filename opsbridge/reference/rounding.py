"""Arithmetic whose rounding NumPy does not offer: std::min, std::max and a fused multiply-add."""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def smaller(a: Array, b: Array) -> Array:
    """``std::min``: the second operand where it is less, so a NaN second operand is never taken."""
    return np.where(b < a, b, a)


def larger(a: Array, b: Array) -> Array:
    """``std::max``: the second operand where it is more, so a NaN second operand is never taken."""
    return np.where(a < b, b, a)


def fused_multiply_add(a: Array, b: Array, c: Array) -> Array:
    """``a * b + c`` rounded once to the dtype of ``a``."""
    dtype = a.dtype
    exact = np.frompyfunc(lambda x, y, z: _fused(float(x), float(y), float(z), dtype), 3, 1)
    with np.errstate(all="ignore"):
        return np.asarray(exact(a, b, c), dtype=dtype)


def _fused(a: float, b: float, c: float, dtype: np.dtype[Any]) -> float:
    if not (math.isfinite(a) and math.isfinite(b)):
        return a * b + c
    if not math.isfinite(c):
        return c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:
        return a * b + c
    return round_fraction(exact, dtype)


def round_fraction(exact: Fraction, dtype: np.dtype[Any]) -> float:
    """The value of ``dtype`` nearest to a fraction, ties to even, too large ones infinite."""
    try:
        nearest = float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf
    if dtype == np.float64:
        return nearest
    return float(dtype.type(_round_to_odd(nearest, exact)))


def _round_to_odd(nearest: float, exact: Fraction) -> float:
    """The float64 neighbour with an odd last bit, unless exact: it can be rounded once more.

    Rounding to nearest twice would be wrong where the first rounding lands on a tie of the second.
    """
    error = exact - Fraction(nearest)
    last_bit_is_odd = np.float64(nearest).view(np.int64) & 1
    if error == 0 or last_bit_is_odd:
        return nearest
    return math.nextafter(nearest, math.inf if error > 0 else -math.inf)


def exponential(value: Any) -> Any:
    """The C library's exponential of a NumPy scalar; NumPy's own float32 one rounds differently."""
    if isinstance(value, np.float64):
        return np.float64(_LIBM.exp(float(value)))
    return type(value)(_LIBM.expf(float(value)))


_LIBM = ctypes.CDLL(ctypes.util.find_library("m"))
_LIBM.exp.argtypes, _LIBM.exp.restype = [ctypes.c_double], ctypes.c_double
_LIBM.expf.argtypes, _LIBM.expf.restype = [ctypes.c_float], ctypes.c_float
