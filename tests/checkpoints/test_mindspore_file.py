"""MindSpore's .ckpt files: real MindSpore's are read, and it loads what is written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from child_process import python_output
from hypothesis import given, settings
from stored_strategies import checkpoints, same

from opsbridge.checkpoints import mindspore_file
from opsbridge.checkpoints.mindspore_file import read_ckpt, write_ckpt
from opsbridge.checkpoints.stored import StoredTensor
from opsbridge.errors import CheckpointError


@settings(deadline=None, max_examples=60)
@given(checkpoints())
def test_a_round_trip_keeps_every_bit(stored: dict[str, StoredTensor]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.ckpt")
        write_ckpt(path, stored)
        assert same(read_ckpt(path), stored)


def test_a_large_parameter_is_cut_into_consecutive_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mindspore_file, "_SLICE", 16)
    stored = {"w": StoredTensor.of(np.arange(11, dtype=np.float32)), "b": StoredTensor.of("hello")}
    write_ckpt(tmp_path / "model.ckpt", stored)
    read = read_ckpt(tmp_path / "model.ckpt")
    assert [len(tensor.parts) for tensor in read.values()] == [3, 2]
    assert same(read, stored)
    np.testing.assert_array_equal(read["w"].array(), np.arange(11))


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    write_ckpt(path, {"a": StoredTensor.of(np.zeros(2))})
    path.chmod(0o400)
    before = path.read_bytes()
    broken = StoredTensor.of(np.ones(2))
    object.__setattr__(broken, "dtype", "no such type")
    with pytest.raises(KeyError):
        write_ckpt(path, {"a": StoredTensor.of(np.ones(2)), "b": broken})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    write_ckpt(path, {"a": StoredTensor.of(np.ones(2))})
    assert read_ckpt(path)["a"].array().tolist() == [1, 1]


def test_nothing_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no parameter to write"):
        write_ckpt(tmp_path / "model.ckpt", {})


SAVED_BY_MINDSPORE = """
import sys
import mindspore as ms, numpy as np
from mindspore import Tensor
folder = sys.argv[1]
values = {str(kind): Tensor(np.arange(6).reshape(2, 3), kind) for kind in (
    ms.int8, ms.int16, ms.int32, ms.int64, ms.uint8, ms.uint16, ms.uint32, ms.uint64,
    ms.float16, ms.float32, ms.float64, ms.bfloat16)}
values["Bool"] = Tensor(np.array([True, False]))
values["Int4"] = Tensor(np.array([[1, -2]], np.int8), dtype=ms.qint4x2)
values["scalar"] = Tensor(2.5, ms.float32)
saved = [{"name": name, "data": value} for name, value in values.items()]
extra = {"epoch": 3, "lr": 0.5, "done": True, "note": "h\\u00e9llo"}
ms.save_checkpoint(saved, folder + "/all.ckpt", append_dict=extra)
ms.save_checkpoint(saved, folder + "/checked.ckpt", append_dict=extra, crc_check=True)
for mode in ("AES-GCM", "AES-CBC", "SM4-CBC"):
    ms.save_checkpoint(saved, f"{folder}/{mode}.ckpt", enc_key=b"0123456789ABCDEF", enc_mode=mode)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with checkpoints that real MindSpore has saved."""
    pytest.importorskip("mindspore")
    folder = tmp_path_factory.mktemp("saved")
    python_output(SAVED_BY_MINDSPORE, str(folder))
    return folder


@pytest.mark.parametrize("name", ["all.ckpt", "checked.ckpt"])
def test_what_mindspore_saves_is_read(saved: Path, name: str) -> None:
    read = read_ckpt(saved / name)
    for dtype in ("int8", "int64", "uint16", "uint64", "float16", "float32", "float64"):
        tensor = read[{"u": "UInt", "i": "Int", "f": "Float"}[dtype[0]] + dtype.lstrip("uintfloa")]
        assert tensor.dtype == dtype
        np.testing.assert_array_equal(tensor.array(), np.arange(6, dtype=dtype).reshape(2, 3))
    assert read["BFloat16"].array().tolist() == [[0, 0x3F80, 0x4000], [0x4040, 0x4080, 0x40A0]]
    assert (read["Int4"].dtype, read["Int4"].array().tolist()) == ("int4", [[1, -2]])
    assert read["Bool"].array().tolist() == [True, False]
    assert (read["scalar"].shape, read["scalar"].array().item()) == ((), 2.5)
    assert [read[key].array().item() for key in ("epoch", "lr", "done")] == [3, 0.5, True]
    assert read["note"].text() == "héllo"


def test_what_mindspore_saves_is_written_byte_by_byte(saved: Path, tmp_path: Path) -> None:
    write_ckpt(tmp_path / "again.ckpt", read_ckpt(saved / "all.ckpt"))
    assert (tmp_path / "again.ckpt").read_bytes() == (saved / "all.ckpt").read_bytes()


@pytest.mark.parametrize("mode", ["AES-GCM", "AES-CBC", "SM4-CBC"])
def test_an_encrypted_file_is_refused_by_name(saved: Path, mode: str) -> None:
    with pytest.raises(CheckpointError, match=rf"{mode}\.ckpt: the file is encrypted \({mode}\)"):
        read_ckpt(saved / f"{mode}.ckpt")


LOADED_BY_MINDSPORE = """
import sys
import mindspore as ms
for name, value in ms.load_checkpoint(sys.argv[1]).items():
    if isinstance(value, str):
        print(name, "str", (), value)
    else:
        shown = value.float() if value.dtype == ms.bfloat16 else value
        print(name, value.dtype, value.shape, shown.asnumpy().tolist())
"""


def test_mindspore_loads_what_is_written(tmp_path: Path) -> None:
    pytest.importorskip("mindspore")
    path = tmp_path / "ours.ckpt"
    stored = {
        "half": StoredTensor.of(np.array([[1, 2]], np.float16)),
        "brain": StoredTensor.of(np.array([0x3F80], np.uint16), "bfloat16"),
        "none": StoredTensor.of(np.zeros((0, 3), np.float32)),
        "one": StoredTensor.of(np.array(7, np.int64)),
        "note": StoredTensor.of("héllo"),
    }
    write_ckpt(path, stored)
    assert python_output(LOADED_BY_MINDSPORE, str(path)).splitlines() == [
        "half Float16 (1, 2) [[1.0, 2.0]]",
        "brain BFloat16 (1,) [1.0]",
        "none Float32 (0, 3) []",
        "one Int64 () 7",
        "note str () héllo",
    ]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: StoredTensor.of(np.zeros(2, complex)), "values of type complex128"),
        (lambda: StoredTensor("float32", (3,), (memoryview(b"1234"),)), "takes 12"),
        (lambda: StoredTensor("float32", (-1, -1), (memoryview(b"1234"),)), "negative"),
        (lambda: StoredTensor("str", (), (memoryview(b"123"),)), "not UTF-32"),
        (lambda: StoredTensor.of("text").array(), "a text, not a tensor"),
        (lambda: StoredTensor.of(np.zeros(2)).text(), "a tensor of float64"),
    ],
)
def test_what_does_not_add_up_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(CheckpointError, match=said):
        make()
