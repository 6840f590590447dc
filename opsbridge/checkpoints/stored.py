"""What a checkpoint holds under one name: a type, a shape and bytes, whatever the file's format."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from opsbridge.errors import CheckpointError


@dataclasses.dataclass(frozen=True)
class StoredType:
    """A type of values: its name in MindSpore's files, and how its bytes look to NumPy."""

    mindspore: str
    layout: str

    @property
    def size(self) -> int:
        """Bytes of one value."""
        return np.dtype(self.layout).itemsize


# NumPy has no bfloat16; a 4-bit integer takes a byte in memory and in files; text is UTF-32.
TYPES: Mapping[str, StoredType] = {
    "bool": StoredType("Bool", "?"),
    "int4": StoredType("Int4", "<i1"),
    "int8": StoredType("Int8", "<i1"),
    "int16": StoredType("Int16", "<i2"),
    "int32": StoredType("Int32", "<i4"),
    "int64": StoredType("Int64", "<i8"),
    "uint8": StoredType("UInt8", "<u1"),
    "uint16": StoredType("UInt16", "<u2"),
    "uint32": StoredType("UInt32", "<u4"),
    "uint64": StoredType("UInt64", "<u8"),
    "bfloat16": StoredType("BFloat16", "<u2"),
    "float16": StoredType("Float16", "<f2"),
    "float32": StoredType("Float32", "<f4"),
    "float64": StoredType("Float64", "<f8"),
    "str": StoredType("str", "<u4"),
}
# More than any framework's tensors have; NumPy's own limit.
MAX_RANK = 32

Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class StoredTensor:
    """A tensor (or a text, of dtype `str`) of a checkpoint; its bytes may still lie in the file.

    `dtype` is a key of `TYPES`, `parts` are the little-endian bytes in C order, in one piece or
    several. Raises CheckpointError where they do not add up to the shape.

    >>> StoredTensor.of(np.arange(3, dtype=np.float32)).dtype
    'float32'
    """

    dtype: str
    shape: tuple[int, ...]
    parts: tuple[memoryview, ...] = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        if len(self.shape) > MAX_RANK:
            raise CheckpointError(f"{len(self.shape)} dimensions; at most {MAX_RANK} are allowed")
        if min(self.shape, default=0) < 0:
            raise CheckpointError(f"shape {list(self.shape)} has a negative length")
        wanted = math.prod(self.shape) * TYPES[self.dtype].size
        if self.dtype == "str":
            _decoded(self)
        elif self.nbytes != wanted:
            raise CheckpointError(
                f"{self.nbytes} bytes, but {self.dtype} of shape {list(self.shape)} takes {wanted}"
            )

    @classmethod
    def of(cls, value: Array | str, dtype: str = "") -> StoredTensor:
        """Something in memory; `dtype` says what an array's bytes mean, if not its own type."""
        if isinstance(value, str):
            return cls("str", (), (_bytes_of(value.encode("utf-32-le", "surrogatepass")),))
        dtype = dtype or value.dtype.name
        if dtype not in TYPES or dtype == "str":
            raise CheckpointError(f"values of type {dtype} are not stored in checkpoints")
        little = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        return cls(dtype, value.shape, (_bytes_of(little),))

    @property
    def nbytes(self) -> int:
        """Bytes of the contents."""
        return sum(part.nbytes for part in self.parts)

    def contents(self) -> memoryview:
        """The bytes in one piece: as they lie in the file, or copied together from the parts."""
        if len(self.parts) == 1:
            return self.parts[0]
        whole = memoryview(bytearray(self.nbytes))
        at = 0
        for part in self.parts:
            whole[at : at + part.nbytes] = part
            at += part.nbytes
        return whole

    def array(self) -> Array:
        """The values, not to be written; bfloat16 comes as uint16 with the same bits, int4 as int8.

        Raises CheckpointError for a text; see `text`.
        """
        if self.dtype == "str":
            raise CheckpointError("this entry is a text, not a tensor")
        values: Array = np.frombuffer(self.contents(), TYPES[self.dtype].layout)
        return values.reshape(self.shape)

    def text(self) -> str:
        """The text of an entry of dtype `str`; CheckpointError for any other."""
        if self.dtype != "str":
            raise CheckpointError(f"this entry is a tensor of {self.dtype}, not a text")
        return _decoded(self)

    def reshaped(self, shape: Sequence[int]) -> StoredTensor:
        """The same values in another shape of as many."""
        return dataclasses.replace(self, shape=tuple(shape))

    def chunks(self, size: int) -> Iterator[memoryview]:
        """The bytes in order, in pieces of at most `size`."""
        for part in self.parts:
            for at in range(0, part.nbytes, size):
                yield part[at : at + size]


def _bytes_of(value: bytes | Array) -> memoryview:
    if isinstance(value, bytes):
        return memoryview(value)
    return value.reshape(-1).view(np.uint8).data.toreadonly()


def _decoded(text: StoredTensor) -> str:
    """NumPy, which MindSpore writes texts with, pads them with zeros."""
    try:
        return str(text.contents(), "utf-32-le", "surrogatepass").rstrip("\0")
    except UnicodeDecodeError as error:
        raise CheckpointError(f"a text is not UTF-32: {error.reason}") from None
