"""`Tensor`: a MindSpore tensor that is made, printed and converted as PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import mindspore
import numpy as np

from opsbridge.alias import NotCoveredAttribute
from opsbridge.errors import DtypeError
from opsbridge.torch.dtypes import DTYPES, Dtype
from opsbridge.torch.text import tensor_text

_OPERATORS = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor",
    "radd", "rsub", "rmul", "rtruediv", "neg", "abs", "invert", "lt", "le", "gt", "ge",
    "getitem", "setitem", "iter", "float", "int", "bool", "array",
)  # fmt: skip


class Size(tuple[int, ...]):
    """The lengths of the dimensions of a tensor."""

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def numel(self) -> int:
        """Return the number of elements."""
        return int(np.prod(self, dtype=np.int64))


class Tensor:
    """A MindSpore tensor with PyTorch's constructor and printed form.

    What it does not offer raises NotCoveredAttribute with the full name, operators included.

    Args:
        data: (nested) list or tuple, number, or NumPy array; the elements become float32.

    Example:
        >>> print(tensor([True, False]))
        tensor([ True, False])
    """

    def __init__(self, data: Any = ()) -> None:
        self.held = mindspore.Tensor.from_numpy(np.array(data, np.float32))

    @classmethod
    def holding(cls, held: Any) -> Tensor:
        """Return the tensor that shows a MindSpore tensor, whose storage it shares."""
        shown = cls.__new__(cls)
        shown.held = held
        return shown

    @property
    def shape(self) -> Size:
        """The lengths of the dimensions."""
        return Size(self.held.shape)

    @property
    def dtype(self) -> Dtype:
        """The element type."""
        return DTYPES[self.numpy().dtype.name]

    def size(self, dim: int | None = None) -> Size | int:
        """Return the lengths of the dimensions, or one of them."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """Return the number of dimensions."""
        return len(self.shape)

    def numel(self) -> int:
        """Return the number of elements."""
        return self.shape.numel()

    def detach(self) -> Tensor:
        """Return the tensor: it records nothing."""
        return self

    def cpu(self) -> Tensor:
        """Return the tensor, which is on the CPU."""
        return self

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return the values as a NumPy array."""
        array: np.ndarray[Any, Any] = self.held.asnumpy()
        return array

    def tolist(self) -> Any:
        """Return the values as (nested) lists, or as a number."""
        return self.numpy().tolist()

    def item(self) -> Any:
        """Return the only element as a number."""
        return self.numpy().item()

    def __len__(self) -> int:
        return len(self.numpy())

    def __repr__(self) -> str:
        return tensor_text(self.numpy())

    def __getattr__(self, name: str) -> NoReturn:
        raise NotCoveredAttribute(f"torch.Tensor.{name} is not covered by opsbridge")


def _refuse(name: str) -> Callable[..., NoReturn]:
    def refused(*_: Any) -> NoReturn:
        raise NotCoveredAttribute(f"torch.Tensor.{name} is not covered by opsbridge")

    return refused


for _name in _OPERATORS:
    setattr(Tensor, f"__{_name}__", _refuse(f"__{_name}__"))


def tensor(data: Any, dtype: Dtype | None = None) -> Tensor:
    """Return a tensor with a copy of the data.

    Args:
        data: (nested) list or tuple, number, NumPy array or tensor.
        dtype: the element type; by default that of the data, Python floats become float32.

    Raises:
        DtypeError: the elements are of no type that a tensor can have.
    """
    array = np.array(data.numpy() if isinstance(data, Tensor) else data)
    if dtype is not None:
        array = array.astype(dtype.numpy)
    elif array.dtype == np.float64 and not isinstance(data, np.ndarray | np.generic):
        array = array.astype(np.float32)
    return from_numpy(array)


def from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    """Return a tensor with the elements of an array, whose memory it shares.

    Raises:
        DtypeError: `array` is something else, or its elements are of a type that tensors have not.
    """
    if not isinstance(array, np.ndarray):
        raise DtypeError(f"from_numpy: expects an ndarray, got a {type(array).__name__}")
    if array.dtype.name not in DTYPES:
        raise DtypeError(f"from_numpy: elements of type {array.dtype} have no place in a tensor")
    return Tensor.holding(mindspore.Tensor.from_numpy(np.ascontiguousarray(array)))
