"""safetensors files, checked and written by their own library; contents stay in the mapped file."""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping

import numpy as np
import safetensors

from opsbridge.checkpoints.stored import StoredTensor
from opsbridge.errors import CheckpointError

_CODES = {
    "BOOL": "bool", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
    "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64",
    "BF16": "bfloat16", "F16": "float16", "F32": "float32", "F64": "float64",
}  # fmt: skip
# The format has no texts and no 4-bit integers of MindSpore's kind; its metadata takes texts.
_TEXT = "opsbridge.text."
_INT4 = "Int4"


def read_safetensors(
    path: str | os.PathLike[str],
) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    """The tensors by name in the file's order, and the metadata.

    Raises CheckpointError for a file that is damaged or holds a type that MindSpore has not.
    """
    try:
        with safetensors.safe_open(path, framework="numpy") as checked:
            metadata = dict(checked.metadata() or {})
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{os.fspath(path)}: {error}") from None
    with open(path, "rb") as file:
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    start = 8 + int.from_bytes(view[:8], "little")
    header = json.loads(bytes(view[8:start]))
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        code = entry["dtype"]
        if code not in _CODES:
            raise CheckpointError(f"{os.fspath(path)}: tensor {name!r} has type {code}")
        dtype = "int4" if metadata.get(name) == _INT4 else _CODES[code]
        first, last = entry["data_offsets"]
        contents = view[start + first : start + last]
        tensors[name] = StoredTensor(dtype, tuple(entry["shape"]), (contents,))
    for key in [key for key in metadata if key.startswith(_TEXT)]:
        tensors[key.removeprefix(_TEXT)] = StoredTensor.of(metadata.pop(key))
    return tensors, {key: value for key, value in metadata.items() if value != _INT4}


def write_safetensors(
    path: str | os.PathLike[str],
    tensors: Mapping[str, StoredTensor],
    metadata: Mapping[str, str],
) -> None:
    """Write a file; texts and the mark of 4-bit integers go into its metadata."""
    kept = dict(metadata)
    alive, specs = [], {}
    for name, tensor in tensors.items():
        if tensor.dtype == "str":
            kept[_TEXT + name] = tensor.text()
            continue
        if tensor.dtype == "int4":
            kept[name] = _INT4
        contents = np.frombuffer(tensor.contents(), np.uint8)
        alive.append(contents)
        specs[name] = safetensors.TensorSpec(
            dtype="int8" if tensor.dtype == "int4" else tensor.dtype,
            shape=tensor.shape,
            data_ptr=contents.ctypes.data,
            data_len=contents.nbytes,
        )
    safetensors.serialize_file(specs, path, metadata=kept)
