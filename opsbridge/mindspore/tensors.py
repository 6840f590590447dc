"""`Tensor`: a PyTorch tensor that is made, printed and converted as MindSpore's."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import torch
from torch.overrides import get_default_nowrap_functions

from opsbridge.errors import ArgumentError, DtypeError, OpsbridgeError
from opsbridge.mindspore import calls, names
from opsbridge.mindspore.converters import to_dtype
from opsbridge.mindspore.gathering import select
from opsbridge.mindspore.results import no_overrides, plain, results_are, shown
from opsbridge.tables.port_load import port_entries

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
    does, to PyTorch's default device; Python floats become float32, Python integers int64.

    Args:
        input_data: a tensor, NumPy array, (nested) list or tuple, or number.
        dtype: the element type; by default that of the data.
        shape: the shape, with `init` or alone; alone it gives zeros, for values that come later.
        init: an initializer, which then makes the values in place of input_data.

    Raises:
        DtypeError: `input_data` or `dtype` is of another type.

    Example:
        >>> print(Tensor([True, False]))
        [ True False]
    """

    def __new__(
        cls,
        input_data: Any = None,
        dtype: Any = None,
        shape: Any = None,
        init: Any = None,
        **ignored: Any,
    ) -> Tensor:
        if init is not None:
            return _initialised(init, shape, dtype)
        if input_data is None and shape is not None and dtype is not None:
            return _initialised("zeros", shape, dtype)
        if isinstance(dtype, type | np.dtype):
            dtype = to_dtype(dtype)
        if dtype is not None and dtype not in _NAMES:
            allowed = ", ".join(f"mindspore.{name.lower()}" for name in _NAMES.values())
            raise DtypeError(f"Tensor: dtype is {dtype!r}; it must be one of {allowed}")
        tensor: Tensor = _to_torch(input_data, dtype).as_subclass(cls)
        return tensor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Accept what __new__ has used."""
        super().__init__()

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run a function of PyTorch: plain tensors for its Python code, Tensors as results."""
        with no_overrides():
            if type(func) is FunctionType and func.__module__ != "torch._tensor":
                args, kwargs = plain(tuple(args)), plain(kwargs or {})
            result = func(*args, **(kwargs or {}))
            return result if func in _AS_THEY_ARE else shown(result)

    def __getitem__(self, key: Any) -> Tensor:
        with no_overrides():
            return select(plain(self), plain(key)).as_subclass(Tensor)  # type: ignore[no-any-return,unused-ignore]

    def __setitem__(self, key: Any, value: Any) -> None:
        target = plain(self.detach() if self.is_leaf and self.requires_grad else self)
        if not isinstance(value, torch.Tensor | int | float | bool):
            value = torch.as_tensor(value)
        with no_overrides():
            if isinstance(value, torch.Tensor):
                value = plain(value).to(target.dtype)
            target[plain(key)] = value

    @property
    def size(self) -> Any:  # type: ignore[override,unused-ignore]
        """The number of elements."""
        return _Size(self)

    @property
    def T(self) -> Tensor:  # type: ignore[override,unused-ignore]
        """The tensor with its axes reversed."""
        return self.transpose()  # type: ignore[no-any-return,unused-ignore]

    @property
    def itemsize(self) -> int:  # type: ignore[override,unused-ignore]
        """The bytes of one element."""
        return self.element_size()  # type: ignore[no-any-return,unused-ignore]

    @property
    def strides(self) -> tuple[int, ...]:
        """The bytes from one element to the next along each axis."""
        return tuple(step * self.element_size() for step in self.stride())

    def set_dtype(self, dtype: Any) -> Tensor:
        """Return the tensor in another dtype."""
        return self.to(to_dtype(dtype))  # type: ignore[no-any-return,unused-ignore]

    def assign_value(self, value: Any) -> Tensor:
        """Take over the values of a tensor."""
        with torch.no_grad():
            self.copy_(value)
        return self

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override,unused-ignore]
        """The lengths of the dimensions, a plain tuple."""
        with no_overrides():
            return tuple(torch.Tensor.size(self))

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
        names.refuse(f"mindspore.Tensor.{name}")


class _Size(int):
    """The number of elements; PyTorch's own code calls it for the lengths."""

    _tensor: torch.Tensor

    def __new__(cls, tensor: torch.Tensor) -> _Size:
        size = super().__new__(cls, tensor.numel())
        size._tensor = tensor
        return size

    def __call__(self, *axis: Any) -> Any:
        """Return the lengths, as torch.Tensor.size does."""
        with no_overrides():
            return torch.Tensor.size(self._tensor, *axis)


def _initialised(init: Any, shape: Any, dtype: Any) -> Tensor:
    """Return a tensor with the values of an initializer."""
    if shape is None:
        raise ArgumentError("Tensor: init needs a shape")
    from opsbridge.mindspore.initializer import initializer

    return initializer(init, shape, to_dtype(dtype) or torch.float32)


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
        tensor = torch.as_tensor(np.ascontiguousarray(array).reshape(array.shape))
        return tensor if dtype is None else tensor.to(dtype)
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


_AS_THEY_ARE = get_default_nowrap_functions()
"""Getters, whose results are told apart by identity."""
_OTHERS = (torch.Tensor, int, float, bool, complex, np.ndarray, np.generic)


def _operator(function: Callable[..., Any], is_swapped: bool = False) -> Callable[..., Any]:
    """An operator of Python that makes a new Tensor."""

    def operate(self: Tensor, other: Any) -> Any:
        if not isinstance(other, _OTHERS):
            return NotImplemented
        if isinstance(other, np.ndarray | np.generic):
            other = torch.as_tensor(other)
        if is_swapped and not isinstance(other, torch.Tensor):
            other = torch.as_tensor(other)
        with no_overrides():
            result = function(other, self) if is_swapped else function(self, other)
            return result.as_subclass(Tensor)

    return operate


_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "truediv": torch.true_divide,
    "floordiv": torch.floor_divide,
    "mod": torch.remainder,
    "pow": torch.pow,
    "matmul": torch.matmul,
    "and": torch.bitwise_and,
    "or": torch.bitwise_or,
    "xor": torch.bitwise_xor,
}
_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
for _name, _function in _OPERATORS.items():
    setattr(Tensor, f"__{_name}__", _operator(_function))
    setattr(Tensor, f"__r{_name}__", _operator(_function, is_swapped=True))
    # `x += y` makes a new tensor in MindSpore: whoever else holds x keeps the old values.
    setattr(Tensor, f"__i{_name}__", _operator(_function))
for _name in _COMPARISONS:
    setattr(Tensor, f"__{_name}__", _operator(getattr(torch, _name)))
Tensor.__hash__ = torch.Tensor.__hash__  # type: ignore[method-assign,unused-ignore]
results_are(Tensor)
for _entry in port_entries().values():
    if _entry.module == "mindspore.Tensor" and _entry.form == "method":
        setattr(Tensor, _entry.last, calls.make_function(_entry))
