"""Checkpoints that lie: each is refused with a clear error, in bounded memory and time."""

from __future__ import annotations

import struct
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from opsbridge.checkpoints import mindspore_file
from opsbridge.checkpoints.mindspore_file import read_ckpt, write_ckpt
from opsbridge.checkpoints.stored import StoredTensor
from opsbridge.checkpoints.wire import field, header
from opsbridge.errors import CheckpointError

ONE = struct.pack("<f", 1)


def value(tag: bytes, dims: bytes, kind: bytes = b"Float32", contents: bytes = ONE) -> bytes:
    """A value of a file, whatever its parts say."""
    return field(1, field(1, tag) + field(2, dims + field(2, kind) + field(3, contents)))


DIM = field(1, 1)
NESTED = b"\xff"
for _ in range(3000):
    NESTED = field(1, NESTED)
HOSTILE = {
    "empty": (b"", "the file is empty"),
    "zeros": (bytes(64), "field of number 0"),
    "noise": (bytes(range(127, 27, -1)), "wire type 7"),
    "endless integer": (b"\xff" * 40, "longer than 64 bits"),
    "half an integer": (b"\x0a\xff", "end within an integer"),
    "huge value": (b"\x0a" + b"\xff" * 8 + b"\x7f", "declares 9223372036854775807 bytes"),
    "huge tag": (field(1, header(1, 1 << 40)), "declares 1099511627776 bytes"),
    "huge contents": (
        field(1, field(1, b"w") + field(2, DIM + field(2, b"Float32") + header(3, 1 << 62))),
        "parameter 'w': a field",
    ),
    "huge dim": (value(b"w", field(1, (1 << 63) - 1)), "'w': 4 bytes, but float32 of shape"),
    "huge product": (value(b"w", field(1, 1 << 62) * 30), "'w': 4 bytes, but"),
    "zero times huge": (value(b"w", field(1, 0) + field(1, 1 << 62)), "takes 0"),
    "negative dim": (value(b"w", field(1, (1 << 64) - 1)), "negative length"),
    "many dims": (value(b"w", DIM * 33), "more than 32 dimensions"),
    "packed dims": (value(b"w", field(1, b"\x01" * 33)), "more than 32 dimensions"),
    "short contents": (value(b"w", DIM, contents=b"123"), "3 bytes, but float32"),
    "long contents": (value(b"w", DIM, contents=bytes(8)), "8 bytes, but float32"),
    "unknown type": (value(b"w", DIM, b"Complex64"), "'w': type 'Complex64' is none of Bool"),
    "unprintable type": (value(b"w", DIM, b"\xff"), "not UTF-8"),
    "unprintable name": (value(b"\xff", DIM), "not UTF-8"),
    "bad text": (
        value(b"w", field(1, 0), b"str", b"\xff\xff\xff\xff"),
        "'w': a text is not UTF-32",
    ),
    "group": (b"\x0b" * 5000, "wire type 3"),
    "nested": (NESTED, "not UTF-8"),
    "no tag": (field(1, field(2, DIM + field(2, b"Float32") + field(3, ONE))), "without a name"),
    "no tensor": (field(1, field(1, b"w")), "without a tensor"),
    "two tensors": (field(1, field(1, b"w") + field(2, b"") + field(2, b"")), "two tensors"),
    "no type": (field(1, field(1, b"w") + field(2, field(3, ONE))), "'w': no type"),
    "no contents": (field(1, field(1, b"w") + field(2, field(2, b"Int8"))), "'w': no contents"),
    "number for a type": (field(1, field(1, b"w") + field(2, field(2, 1))), "must be bytes"),
    "number for a tag": (field(1, field(1, 1)), "field 1 of a value is not bytes"),
    "number for a value": (field(1, 1), "a value is not a message"),
    "map": (field(1, field(1, b"w") + field(3, b"")), "parameter 'w' is a map"),
    "twice": (value(b"w", DIM) + value(b"v", DIM) + value(b"w", DIM), "'w' comes twice"),
    "slices of two types": (
        value(b"w", DIM) + value(b"w", DIM, b"Int32"),
        "slices of parameter 'w' differ",
    ),
    "too many slices": (value(b"w", DIM) * 2, "'w': 8 bytes"),
    "wrong checksum": (value(b"w", DIM) + b"crc_num" + bytes(10), "the file says 0"),
    "zip": (b"PK\x03\x04" + bytes(60), "torch.save"),
    "safetensors": (struct.pack("<Q", 10) + b'{"a":{}}  ', "safetensors"),
    "unknown fields only": (field(9, b"x") + field(8, 3), "holds no parameter"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_lies_is_refused(name: str, tmp_path: Path) -> None:
    contents, said = HOSTILE[name]
    path = tmp_path / "hostile.ckpt"
    path.write_bytes(contents)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError) as refused:
            read_ckpt(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)


def test_a_file_cut_anywhere_is_refused_or_ends_at_a_parameter(tmp_path: Path) -> None:
    stored = {
        "weight": StoredTensor.of(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "note": StoredTensor.of("text"),
        "step": StoredTensor.of(np.array(3)),
    }
    path = tmp_path / "model.ckpt"
    boundaries = []
    for count in range(1, 4):
        write_ckpt(path, dict(list(stored.items())[:count]))
        boundaries.append(path.stat().st_size)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length in boundaries:
            assert list(read_ckpt(path)) == list(stored)[: boundaries.index(length) + 1]
        else:
            with pytest.raises(CheckpointError):
                read_ckpt(path)


def test_a_changed_byte_never_crashes(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    write_ckpt(path, {"w": StoredTensor.of(np.arange(2.0)), "n": StoredTensor.of("text")})
    whole = path.read_bytes()
    for at in range(len(whole)):
        for bits in (0x01, 0x80, 0xFF):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ bits]) + whole[at + 1 :])
            try:
                read = read_ckpt(path)
            except CheckpointError:
                continue
            for tensor in read.values():
                assert tensor.nbytes <= len(whole)


def test_values_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mindspore_file, "MAX_VALUES", 3)
    path = tmp_path / "many.ckpt"
    path.write_bytes(b"".join(value(b"%d" % n, DIM) for n in range(4)))
    with pytest.raises(CheckpointError, match="more than 3 values"):
        read_ckpt(path)


def test_reading_and_writing_take_no_memory_for_contents(tmp_path: Path) -> None:
    """Contents stay in the file until they are asked for, and are passed on in views of it."""
    large = np.zeros(1 << 22, np.float32)
    write_ckpt(tmp_path / "large.ckpt", {f"w{n}": StoredTensor.of(large) for n in range(3)})
    tracemalloc.start()
    try:
        read = read_ckpt(tmp_path / "large.ckpt")
        write_ckpt(tmp_path / "again.ckpt", read)
        assert read["w2"].array()[-1] == 0
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert sys.getsizeof(read) < 1 << 10
