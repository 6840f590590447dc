""".pth files of PyTorch, read without running anything that is pickled in them."""

from __future__ import annotations

import os
import pickle
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch

from opsbridge.checkpoints.stored import TYPES, StoredTensor
from opsbridge.errors import CheckpointError


def read_pth(path: str | os.PathLike[str]) -> dict[str, StoredTensor]:
    """The tensors (and texts) of a state_dict by name; it may lie under `state_dict` or `model`.

    Read with `weights_only=True`. Raises CheckpointError for a file that is damaged, that holds
    anything but a state_dict, or a type that MindSpore has not.
    """
    try:
        found = torch.load(
            path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
        )
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, KeyError) as error:
        first = str(error).partition("\n")[0]
        raise CheckpointError(f"{os.fspath(path)}: torch.load refuses the file: {first}") from None
    for key in ("state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not found:
        raise CheckpointError(f"{os.fspath(path)}: the file holds no state_dict")
    return {str(name): _stored(path, str(name), value) for name, value in found.items()}


def _stored(path: str | os.PathLike[str], name: str, value: Any) -> StoredTensor:
    if isinstance(value, str):
        return StoredTensor.of(value)
    if not isinstance(value, torch.Tensor) or value.layout != torch.strided:
        raise CheckpointError(f"{os.fspath(path)}: {name!r} is a {type(value).__name__}")
    dtype = str(value.dtype).removeprefix("torch.")
    if dtype not in TYPES:
        raise CheckpointError(f"{os.fspath(path)}: tensor {name!r} has type {dtype}")
    flat = value.detach().contiguous().reshape(-1)
    contents = flat.view(torch.uint8).numpy() if flat.numel() else b""
    return StoredTensor(dtype, tuple(value.shape), (memoryview(contents).cast("B").toreadonly(),))


def write_pth(path: str | os.PathLike[str], tensors: Mapping[str, StoredTensor]) -> None:
    """Write a state_dict; 4-bit integers become int8, texts stay texts."""
    torch.save(OrderedDict((name, _value(tensor)) for name, tensor in tensors.items()), path)


def _value(tensor: StoredTensor) -> Any:
    if tensor.dtype == "str":
        return tensor.text()
    dtype = torch.int8 if tensor.dtype == "int4" else getattr(torch, tensor.dtype)
    if not tensor.nbytes:
        return torch.empty(tensor.shape, dtype=dtype)
    with warnings.catch_warnings():
        # Nothing writes to the tensor, which lies in a read-only file.
        warnings.filterwarnings("ignore", message=".*not writable.*")
        return torch.frombuffer(tensor.contents(), dtype=dtype).reshape(tensor.shape)
