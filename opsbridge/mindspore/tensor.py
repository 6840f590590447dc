"""`Tensor`: a PyTorch tensor that is made, printed and converted as MindSpore's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from opsbridge.alias import NotCoveredAttribute
from opsbridge.errors import DtypeError, OpsbridgeError

_NAMES = {
    torch.bool: "Bool",
    torch.uint8: "UInt8",
    torch.int8: "Int8",
    torch.int16: "Int16",
    torch.int32: "Int32",
    torch.int64: "Int64",
    torch.float16: "Float16",
    torch.bfloat16: "BFloat16",
    torch.float32: "Float32",
    torch.float64: "Float64",
    torch.complex64: "Complex64",
    torch.complex128: "Complex128",
}
_DATA = (torch.Tensor, np.ndarray, np.generic, list, tuple, bool, int, float, complex)


class Tensor(torch.Tensor):  # type: ignore[misc,unused-ignore]
    """A tensor with MindSpore's constructor and printed form, on PyTorch's storage.

    Results of PyTorch operators on it are of this class again. NumPy data is copied, as MindSpore
    does; Python floats become float32, Python integers int64.

    Args:
        input_data: a tensor, NumPy array, (nested) list or tuple, or number.
        dtype: the element type; by default that of the data.
        shape: with `init` only, which is not covered; None.

    Raises:
        DtypeError: `input_data` or `dtype` is of another type.

    Example:
        >>> print(Tensor([True, False]))
        [ True False]
    """

    def __new__(
        cls,
        input_data: Any = None,
        dtype: torch.dtype | None = None,
        shape: Any = None,
        init: Any = None,
    ) -> Tensor:
        if shape is not None or init is not None:
            raise NotCoveredAttribute("mindspore.Tensor(shape, init) is not covered by opsbridge")
        if dtype is not None and dtype not in _NAMES:
            allowed = ", ".join(f"mindspore.{name.lower()}" for name in _NAMES.values())
            raise DtypeError(f"Tensor: dtype is {dtype!r}; it must be one of {allowed}")
        tensor: Tensor = _to_torch(input_data, dtype).as_subclass(cls)
        return tensor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Accept what __new__ has used."""
        super().__init__()

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override,unused-ignore]
        """The lengths of the dimensions, a plain tuple."""
        return tuple(super().shape)

    def asnumpy(self) -> np.ndarray[Any, Any]:
        """Return the values as a NumPy array that shares the storage where the device allows.

        NumPy has no bfloat16; such a tensor comes as a float32 copy.
        """
        plain = self.detach().cpu().as_subclass(torch.Tensor).resolve_conj().resolve_neg()
        array: np.ndarray[Any, Any] = (
            plain.float() if plain.dtype is torch.bfloat16 else plain
        ).numpy()
        return array

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) not in memo:
            memo[id(self)] = self.detach().clone()
        return memo[id(self)]  # type: ignore[no-any-return]

    def __str__(self) -> str:
        if self.dtype is torch.bfloat16:
            array = self.asnumpy()
            if array.ndim == 0:
                return f"{array[()]:.6f}"
            return np.array2string(array, formatter={"float_kind": "{:.6f}".format})
        return str(self.asnumpy())

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        value = _value_text(self.asnumpy(), self.dtype)
        break_line = "\n" if self.dim() > 1 else " "
        shape = list(self.shape)
        return f"Tensor(shape={shape}, dtype={_NAMES[self.dtype]}, value={break_line}{value})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __getattr__(self, name: str) -> Any:
        raise NotCoveredAttribute(f"mindspore.Tensor.{name} is not covered by opsbridge")


def _to_torch(data: Any, dtype: torch.dtype | None) -> torch.Tensor:
    """Return a new plain tensor with the values of `data`."""
    if not isinstance(data, _DATA):
        raise DtypeError(
            f"Tensor: input_data is a {type(data).__name__}; it must be a tensor, NumPy array,"
            " list, tuple or number"
        )
    if isinstance(data, torch.Tensor):
        return data.detach().as_subclass(torch.Tensor).to(dtype or data.dtype, copy=True)
    array = np.array(data)
    is_numpy = isinstance(data, np.ndarray | np.generic)
    if array.dtype == np.float64 and not is_numpy:
        array = array.astype(np.float32 if dtype is None else np.float64)
    try:
        return torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape)).to(
            dtype or torch.from_numpy(array.reshape(-1)[:0]).dtype
        )
    except TypeError as error:
        raise DtypeError(
            f"Tensor: input_data has elements of type {array.dtype}; they must be numbers"
        ) from OpsbridgeError(str(error))


def _value_text(array: np.ndarray[Any, Any], dtype: torch.dtype) -> str:
    """Return the elements as MindSpore's repr does: scientific, aligned, comma-separated."""
    if array.ndim == 0:
        return f"{array[()]:g}" if array.dtype.kind == "f" else str(array)
    if array.size == 0:
        return ""
    show = _float_format(array, dtype)
    text = np.array2string(
        array, separator=", ", formatter={"float_kind": show}, max_line_width=1 << 30
    )
    # MindSpore writes no comma around the dots and no blank line between matrices.
    while "\n\n" in text:
        text = text.replace("\n\n", "\n")
    return text.replace(", ..., ", " ... ").replace(",\n ...,\n", ",\n ...\n")


def _float_format(array: np.ndarray[Any, Any], dtype: torch.dtype) -> Callable[[Any], str]:
    if dtype is torch.bfloat16:
        width = max(len(f"{value:g}") for value in array.flat)
        return lambda value: f"{value:g}".rjust(width)
    digits = 4 if dtype is torch.float16 else 8
    return lambda value: f"{value: .{digits}e}".rjust(digits + 7)
