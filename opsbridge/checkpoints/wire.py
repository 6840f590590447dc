"""Protocol buffers' wire format, as much of it as checkpoints use, over bytes that may lie."""

from __future__ import annotations

from collections.abc import Iterator

from opsbridge.errors import CheckpointError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
_LONGEST_VARINT = 10


def fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """The fields of a message in order: number, wire type, and integer or bytes.

    Nothing is copied, and nothing but the bytes at hand decides how much is read: a length that
    goes beyond the end raises CheckpointError. So do groups, which no checkpoint has, and field 0.
    """
    at, end = 0, message.nbytes
    while at < end:
        start = at
        key, at = varint(message, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise CheckpointError(f"byte {start} of a message starts a field of number 0")
        if kind == VARINT:
            value, at = varint(message, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, at = varint(message, at)
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            raise CheckpointError(f"byte {start} of a message has wire type {kind}, unknown here")
        if length > end - at:
            raise CheckpointError(
                f"a field at byte {start} declares {length} bytes where {end - at} are left"
            )
        yield number, kind, message[at : at + length]
        at += length


def varint(message: memoryview, at: int) -> tuple[int, int]:
    """An unsigned integer of up to 64 bits, and the place after it."""
    value = 0
    for place, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            if value >> 64:
                break
            return value, at + place + 1
    if message.nbytes - at < _LONGEST_VARINT:
        raise CheckpointError("the bytes end within an integer")
    raise CheckpointError(f"an integer at byte {at} of a message is longer than 64 bits")


def signed(value: int) -> int:
    """The int64 that an unsigned one of 64 bits stands for."""
    return value - (1 << 64) if value >> 63 else value


def field(number: int, value: int | bytes) -> bytes:
    """A field as it is written, except for contents that follow on their own."""
    if isinstance(value, int):
        return _varint(number << 3 | VARINT) + _varint(value)
    return header(number, len(value)) + value


def header(number: int, length: int) -> bytes:
    """What stands before the contents of a field of bytes."""
    return _varint(number << 3 | BYTES) + _varint(length)


def _varint(value: int) -> bytes:
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
