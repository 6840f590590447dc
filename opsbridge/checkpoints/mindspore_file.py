"""MindSpore's .ckpt files: protocol buffers, read and written without MindSpore and protobuf.

A file is a row of values {1: tag, 2: tensor {1: dims, 2: type, 3: contents}}; a large tensor is cut
into consecutive values of one tag, each with all dims. A checksum may follow.
"""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from opsbridge.checkpoints import wire
from opsbridge.checkpoints.stored import MAX_RANK, TYPES, StoredTensor
from opsbridge.errors import CheckpointError

_FROM_MINDSPORE = {kind.mindspore: name for name, kind in TYPES.items()}
# Encrypted files start with one of these.
_CIPHERS = {
    0x7F3A5ED8: "AES-GCM",
    0x7F3A5ED9: "AES-CBC",
    0x7F3A5EDA: "SM4-CBC",
}
_CRC_MARK = b"crc_num"
_CRC_TAIL = len(_CRC_MARK) + 10
# The longest piece that MindSpore puts into one value.
_SLICE = 512 * 1024 * 1024
# Each costs some hundred bytes of memory, which a hostile file of tiny values would multiply.
MAX_VALUES = 1 << 18
_CHECKSUM_STEP = 1 << 24


def read_ckpt(path: str | os.PathLike[str]) -> dict[str, StoredTensor]:
    """The parameters of a .ckpt file by name, in the file's order; contents stay in the file.

    The file is mapped, not read: memory is taken for names and shapes only until a tensor's
    contents are asked for. Scalars have shape (); texts have dtype `str`. A checksum at the end is
    verified. Raises CheckpointError, naming the file and the parameter, for a file that is
    truncated, damaged, encrypted, of another format, or holds a type or map that MindSpore's
    loader does not know; OSError where the file cannot be opened.
    """
    view = _mapped(path)
    try:
        _refuse_other_formats(view)
        return _joined(_values(_without_checksum(view)))
    except CheckpointError as error:
        raise CheckpointError(f"{os.fspath(path)}: {error}") from None


def _mapped(path: str | os.PathLike[str]) -> memoryview:
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise CheckpointError(f"{os.fspath(path)}: the file is empty")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _refuse_other_formats(view: memoryview) -> None:
    cipher = _CIPHERS.get(int.from_bytes(view[:4], "little"))
    if cipher:
        raise CheckpointError(
            f"the file is encrypted ({cipher}); load it with MindSpore and its key, and save it "
            "without enc_key"
        )
    if bytes(view[:2]) == b"PK":
        raise CheckpointError("the file is a ZIP archive, as torch.save writes, not a .ckpt")
    if bytes(view[4:9]) == b"\0\0\0\0{":
        raise CheckpointError("the file looks like safetensors, not like a .ckpt")


def _without_checksum(view: memoryview) -> memoryview:
    if bytes(view[-_CRC_TAIL:-10]) != _CRC_MARK:
        return view
    body, stored = view[:-_CRC_TAIL], int.from_bytes(view[-10:], "big")
    checksum = 0
    for at in range(0, body.nbytes, _CHECKSUM_STEP):
        checksum = zlib.crc32(body[at : at + _CHECKSUM_STEP], checksum)
    if checksum != stored:
        raise CheckpointError(f"the checksum is {checksum}, but the file says {stored}")
    return body


def _values(view: memoryview) -> Iterator[tuple[str, str, tuple[int, ...], memoryview]]:
    """Name, type, shape and contents of each value of the file."""
    count = 0
    for number, kind, value in wire.fields(view):
        if number != 1:
            continue
        if kind != wire.BYTES or not isinstance(value, memoryview):
            raise CheckpointError("a value is not a message; this is no .ckpt file")
        count += 1
        if count > MAX_VALUES:
            raise CheckpointError(f"more than {MAX_VALUES} values")
        yield _value(value)


def _value(message: memoryview) -> tuple[str, str, tuple[int, ...], memoryview]:
    tag: str | None = None
    tensor: memoryview | None = None
    for number, kind, value in wire.fields(message):
        if number > 3:
            continue
        if kind != wire.BYTES or not isinstance(value, memoryview):
            raise CheckpointError(f"field {number} of a value is not bytes; this is no .ckpt file")
        if number == 1:
            tag = _text(value, "a parameter's name")
        elif number == 2 and tensor is None:
            tensor = value
        elif number == 2:
            raise CheckpointError(f"parameter {tag!r}: a value with two tensors")
        else:
            raise CheckpointError(
                f"parameter {tag!r} is a map (a hash table of embeddings), which is not supported"
            )
    if tag is None or tensor is None:
        raise CheckpointError(f"a value without a {'name' if tag is None else 'tensor'}")
    try:
        return (tag, *_tensor(tensor))
    except CheckpointError as error:
        raise CheckpointError(f"parameter {tag!r}: {error}") from None


def _tensor(message: memoryview) -> tuple[str, tuple[int, ...], memoryview]:
    dims: list[int] = []
    dtype: str | None = None
    contents: memoryview | None = None
    for number, _, value in wire.fields(message):
        if number == 1:
            # Other writers may pack repeated integers; MindSpore does not.
            dims += [wire.signed(length) for length in _integers(value)]
            if len(dims) > MAX_RANK:
                raise CheckpointError(f"more than {MAX_RANK} dimensions")
        elif number > 3:
            continue
        elif isinstance(value, int):
            raise CheckpointError("type and contents must be bytes")
        elif number == 2:
            name = _text(value, "a type")
            if name not in _FROM_MINDSPORE:
                raise CheckpointError(f"type {name!r} is none of {', '.join(_FROM_MINDSPORE)}")
            dtype = _FROM_MINDSPORE[name]
        else:
            contents = value
    if dtype is None or contents is None:
        raise CheckpointError(f"no {'type' if dtype is None else 'contents'}")
    # A scalar has no dims; older files say [0], and all do for texts.
    scalar = dtype == "str" or (dims == [0] and contents.nbytes > 0)
    return dtype, () if scalar else tuple(dims), contents


def _integers(value: int | memoryview) -> Iterator[int]:
    if isinstance(value, int):
        yield value
        return
    at = 0
    while at < value.nbytes:
        integer, at = wire.varint(value, at)
        yield integer


def _text(value: memoryview, what: str) -> str:
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError:
        raise CheckpointError(f"{what} is not UTF-8; this is no .ckpt file") from None


def _joined(
    values: Iterable[tuple[str, str, tuple[int, ...], memoryview]],
) -> dict[str, StoredTensor]:
    """Tensors from their slices."""
    slices: dict[str, tuple[str, tuple[int, ...], list[memoryview]]] = {}
    last = None
    for name, dtype, shape, contents in values:
        known = slices.get(name)
        if known is None:
            slices[name] = (dtype, shape, [contents])
        elif name != last:
            raise CheckpointError(f"parameter {name!r} comes twice")
        elif known[:2] != (dtype, shape):
            raise CheckpointError(f"the slices of parameter {name!r} differ in type or shape")
        else:
            known[2].append(contents)
        last = name
    if not slices:
        raise CheckpointError("the file holds no parameter")
    tensors = {}
    for name, (dtype, shape, parts) in slices.items():
        try:
            tensors[name] = StoredTensor(dtype, shape, tuple(parts))
        except CheckpointError as error:
            raise CheckpointError(f"parameter {name!r}: {error}") from None
    return tensors


def write_ckpt(path: str | os.PathLike[str], tensors: Mapping[str, StoredTensor]) -> None:
    """Write a .ckpt file that MindSpore loads, in the mapping's order.

    The file appears whole or not at all; one that is there is replaced. Contents are passed on in
    pieces of at most 512 MiB, as MindSpore cuts them. Raises CheckpointError where there is nothing
    to write.
    """
    if not tensors:
        raise CheckpointError(f"{os.fspath(path)}: there is no parameter to write")
    target = Path(path)
    growing = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with growing.open("xb") as file:
            for name, tensor in tensors.items():
                _write_tensor(file, name, tensor)
        growing.replace(target)
    finally:
        growing.unlink(missing_ok=True)


def _write_tensor(file: BinaryIO, name: str, tensor: StoredTensor) -> None:
    dims = (0,) if tensor.dtype == "str" else tensor.shape
    head = b"".join(wire.field(1, length) for length in dims)
    head += wire.field(2, TYPES[tensor.dtype].mindspore.encode())
    tag = wire.field(1, name.encode())
    for contents in tensor.chunks(_SLICE) if tensor.nbytes else [memoryview(b"")]:
        message = head + wire.header(3, contents.nbytes)
        before = tag + wire.header(2, len(message) + contents.nbytes) + message
        file.write(wire.header(1, len(before) + contents.nbytes) + before)
        file.write(contents)
