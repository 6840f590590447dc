"""Argument checks with one message format: operator, argument, place, what came, what may."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import NoReturn

from opsbridge.core.box_dtypes import FLOATS
from opsbridge.core.native import cuda_library_path
from opsbridge.core.tensors import Tensor, TensorLayer
from opsbridge.errors import ArgumentError, DeviceError, DtypeError, OpsbridgeError, imitating

# As in csrc/include/opsbridge/tensor.h.
MAX_RANK = 8


@dataclass(frozen=True)
class Caller:
    """How the user spells the operator and its arguments, so that messages speak their language.

    `list_lengths` are those of regions given as one tensor per image; () where they are unknown.
    `errors` names the built-in exceptions of the imitated API, by argument ("" for any) and check
    (type, dtype, rank, shape, value). `text` is the caller as a string, which a recorded graph can
    hold.
    """

    operator: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, int] = field(default_factory=dict)
    list_lengths: Sequence[int] | None = None
    errors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = [getattr(self, each.name) for each in fields(self) if each.init]
        object.__setattr__(self, "text", json.dumps(known))

    @classmethod
    def from_text(cls, text: str) -> Caller:
        """The caller that `text` came from."""
        return cls(*json.loads(text))

    def argument(self, slot: str) -> str:
        """The user's name of a slot."""
        return self.arguments.get(slot, slot)

    def place(self, slot: str, *index: int) -> str:
        """One element of a slot, where the user gave it: `bboxes[3][4]`."""
        name = self.argument(slot)
        first_column = self.columns.get(slot)
        if first_column is not None:
            row, *column = index
            index = (row, first_column + (column[0] if column else 0))
        elif self.list_lengths and slot == "rois":
            index = self._place_in_list(*index)
        elif self.list_lengths is not None and slot == "rois":
            name = f"cat({name})"
            row, *column = index
            index = (row,) if column == [0] else (row, *(c - 1 for c in column))
        return name + "".join(f"[{i}]" for i in index)

    def _place_in_list(self, row: int, *column: int) -> tuple[int, ...]:
        """Regions given as one tensor per image have no batch column: it stands for the tensor."""
        for image, length in enumerate(self.list_lengths or ()):
            if row < length:
                return (image,) if column == (0,) else (image, row, *(c - 1 for c in column))
            row -= length
        raise IndexError(row)

    def refuse(self, text: str, slot: str = "", check: str = "value") -> NoReturn:
        """Raise an ArgumentError about this call."""
        raise self.error(ArgumentError, check, slot)(f"{self.operator}: {text}")

    def error(self, kind: type[OpsbridgeError], check: str, slot: str = "") -> type[OpsbridgeError]:
        """`kind`, as what the imitated API raises when `slot` fails a check."""
        if not self.errors:
            return kind
        everywhere = self.errors.get("", {})
        real = self.errors.get(self.argument(slot), everywhere).get(check, everywhere.get(check))
        return kind if real is None else imitating(kind, real)


def fits_shape(shape: Sequence[int], expected: Sequence[int | str]) -> bool:
    """Whether a shape has the expected rank and fixed sizes; a leading "..." is any axes."""
    if expected and expected[0] == "...":
        expected = expected[1:]
        shape = shape[max(len(shape) - len(expected), 0) :]
    return len(shape) == len(expected) and all(
        not isinstance(size, int) or size == actual
        for size, actual in zip(expected, shape, strict=True)
    )


def check_shape(
    layer: TensorLayer,
    caller: Caller,
    slot: str,
    tensor: Tensor,
    expected: Sequence[int | str],
    hint: str = "",
) -> tuple[int, ...]:
    """The shape of `tensor`, if it has the expected rank and fixed sizes."""
    shape = layer.shape(tensor)
    if fits_shape(shape, expected):
        return shape
    wanted = "(" + ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "") + ")"
    caller.refuse(
        f"{caller.argument(slot)} has shape {tuple(shape)}; expected {wanted}{hint}",
        slot,
        "shape" if len(shape) == len(expected) else "rank",
    )


def check_same_length(
    caller: Caller, slot: str, length: int, other: str, other_length: int
) -> None:
    """Two arguments have one entry per box each."""
    if length != other_length:
        caller.refuse(
            f"{caller.argument(slot)} has {length} entries, "
            f"but {caller.argument(other)} has {other_length}; they must be equal",
            slot,
            "shape",
        )


def check_dtype(
    layer: TensorLayer, caller: Caller, slot: str, tensor: Tensor, allowed: Sequence[str]
) -> str:
    """The dtype of `tensor`, if it is an allowed one."""
    dtype = layer.dtype(tensor)
    if dtype not in allowed:
        raise caller.error(DtypeError, "dtype", slot)(
            f"{caller.operator}: {caller.argument(slot)} is {dtype}; allowed: {', '.join(allowed)}"
        )
    return dtype


def check_same_dtype(caller: Caller, slot: str, dtype: str, other: str, other_dtype: str) -> None:
    """Two arguments have one dtype."""
    if dtype != other_dtype:
        raise caller.error(DtypeError, "dtype", slot)(
            f"{caller.operator}: {caller.argument(slot)} is {dtype}, "
            f"but {caller.argument(other)} is {other_dtype}; they must be equal"
        )


def check_on_host(
    layer: TensorLayer, caller: Caller, tensors: Mapping[str, Tensor], has_cuda: bool = False
) -> None:
    """All tensors are on one device, and there are kernels for it; `has_cuda`: for a GPU, too."""
    (first, tensor), *others = tensors.items()
    device = layer.device(tensor)
    for slot, other in others:
        if layer.device(other) != device:
            raise DeviceError(
                f"{caller.operator}: {caller.argument(slot)} is on {layer.device(other)}, "
                f"but {caller.argument(first)} is on {device}; they must be on one device"
            )
    if has_cuda and device.startswith("cuda") and cuda_library_path() is not None:
        return
    if device != "cpu":
        raise DeviceError(
            f"{caller.operator}: {caller.argument(first)} is on {device}, "
            "but this build has kernels for cpu only"
        )


def row_index(shape: Sequence[int], row: int) -> tuple[int, ...]:
    """The index of a row of a tensor of any rank; rows count in the order of the leading axes."""
    index: tuple[int, ...] = ()
    for size in reversed(shape[:-1]):
        row, place = divmod(row, size)
        index = (place, *index)
    return index


def row_place(caller: Caller, slot: str, shape: Sequence[int], row: int) -> str:
    """Where the user gave a row: `boxes[0][3]`."""
    return caller.place(slot, *row_index(shape, row))


def row_values(
    layer: TensorLayer, tensor: Tensor, shape: Sequence[int], row: int
) -> tuple[int, ...]:
    """The numbers of a row of integers."""
    index = row_index(shape, row)
    return tuple(int(layer.item(tensor, *index, column)) for column in range(shape[-1]))


def check_rank(caller: Caller, slot: str, shape: Sequence[int]) -> None:
    """A tensor has no more axes than the kernels can follow."""
    if len(shape) > MAX_RANK:
        caller.refuse(
            f"{caller.argument(slot)} has {len(shape)} axes; at most {MAX_RANK} are allowed"
        )


def check_number(caller: Caller, slot: str, value: float) -> None:
    """A threshold is anything but NaN."""
    if math.isnan(value):
        caller.refuse(f"{caller.argument(slot)} is nan; it must be a number", slot)


def check_finite(caller: Caller, slot: str, value: float) -> None:
    """A factor is neither NaN nor infinite."""
    if not math.isfinite(value):
        caller.refuse(f"{caller.argument(slot)} is {value}; it must be finite", slot)


def check_at_least(caller: Caller, slot: str, value: int, least: int) -> None:
    """A size or count is not too small."""
    if value < least:
        caller.refuse(f"{caller.argument(slot)} is {value}; it must be at least {least}", slot)


def check_int32(caller: Caller, slot: str, value: int) -> None:
    """A count fits the 32 bits that the frameworks hold it in."""
    if not -(2**31) <= value < 2**31:
        caller.refuse(f"{caller.argument(slot)} is {value}; it must fit in 32 bits", slot)


def check_int64(caller: Caller, slot: str, value: float) -> None:
    """An integer is one that kernels can hold; a float always is."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        caller.refuse(f"{caller.argument(slot)} is {value}; it must fit in 64 bits")


def check_four(caller: Caller, slot: str, values: Sequence[float]) -> None:
    """One number per coordinate of a box."""
    if len(values) != 4:
        caller.refuse(f"{caller.argument(slot)} has {len(values)} numbers; it must have 4")


def check_pair_of_boxes(
    layer: TensorLayer, caller: Caller, slot: str, boxes: Tensor, other: str, others: Tensor
) -> tuple[int, str]:
    """How many rows two (N, 4) tensors of one floating dtype have, and that dtype."""
    count = check_shape(layer, caller, slot, boxes, ("N", 4))[0]
    rows = check_shape(layer, caller, other, others, ("N", 4))[0]
    check_same_length(caller, other, rows, slot, count)
    dtype = check_dtype(layer, caller, slot, boxes, FLOATS)
    check_same_dtype(caller, other, layer.dtype(others), slot, dtype)
    check_on_host(layer, caller, {slot: boxes, other: others}, has_cuda=True)
    return count, dtype


# No machine addresses more bytes; allocators of the frameworks fail in their own words beyond.
_MAX_ELEMENTS = 2**47


def check_addressable(caller: Caller, slot: str, shape: Sequence[int]) -> None:
    """A result of this shape could exist; `slot` is the argument that makes it large."""
    if math.prod(shape) > _MAX_ELEMENTS:
        caller.refuse(
            f"{caller.argument(slot)} asks for a result of shape {tuple(shape)}; "
            f"it must have at most {_MAX_ELEMENTS} elements",
            slot,
        )
