"""How frameworks widen the dtype of boxes: for products, for quotients, for centres."""

from __future__ import annotations

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
NUMBERS = (*INTEGERS, *FLOATS)

_NARROW_FLOATS = ("float16", "bfloat16")


def is_integer(dtype: str) -> bool:
    """Whether boxes of this dtype have integer coordinates."""
    return dtype in INTEGERS


def widened(dtype: str) -> str:
    """The dtype of products: 16-bit floats become float32, small integers int32."""
    if dtype in _NARROW_FLOATS:
        return "float32"
    return "int32" if is_integer(dtype) and dtype != "int64" else dtype


def quotient(dtype: str) -> str:
    """The dtype of quotients of products: integers become float32, too."""
    return "float32" if is_integer(dtype) or dtype in _NARROW_FLOATS else dtype
