"""Conversion of a checkpoint from MindSpore to PyTorch or back, with every tensor accounted for."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opsbridge.checkpoints.mindspore_file import read_ckpt, write_ckpt
from opsbridge.checkpoints.network import expected_of
from opsbridge.checkpoints.plan import (
    GOOD,
    Row,
    plan_by_guess,
    plan_by_network,
    plan_by_record,
)
from opsbridge.checkpoints.stored import TYPES, StoredTensor
from opsbridge.errors import ArgumentError, CheckpointError

_RECORD = "opsbridge.names"
_TORCH_SUFFIXES = (".pth", ".pt")


@dataclasses.dataclass(frozen=True)
class Conversion:
    """What a conversion did: one row for every tensor of either side."""

    source: str
    target: str
    based_on: str
    rows: tuple[Row, ...]

    def is_complete(self) -> bool:
        """Whether nothing is missing, unused or misshapen."""
        return all(row.status in GOOD for row in self.rows)


def convert_checkpoint(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    model: str = "",
    keep_optimizer: bool = False,
) -> Conversion:
    """Convert MindSpore's .ckpt or .safetensors to .safetensors or .pth, or those back to .ckpt.

    Names and shapes are those of `model` ("path.py:callable", a Cell on opsbridge's surface or a
    translated network); without one, those that a former conversion recorded in a .safetensors
    file, else a guess. Values and dtypes are never changed. Optimizer slots are left out unless
    `keep_optimizer`. Tensors that do not fit the model are reported, and left out.

    Raises:
        CheckpointError: a file is damaged, or nothing in it fits.
        ArgumentError: a suffix, or a model that cannot be built.
    """
    entries, metadata, from_mindspore = _read(source)
    to_torch = _is_torch(target)
    if from_mindspore != to_torch:
        raise ArgumentError(
            f"{os.fspath(source)} is {'MindSpore' if from_mindspore else 'PyTorch'}'s, and "
            f"{os.fspath(target)} would be, too: nothing is converted"
        )
    if model:
        based_on, rows = model, plan_by_network(entries, expected_of(model), to_torch=to_torch)
    elif not to_torch and _RECORD in metadata:
        based_on, rows = "record", plan_by_record(entries, _record(source, metadata[_RECORD]))
    else:
        based_on, rows = "guess", plan_by_guess(entries, to_torch=to_torch)
    made = _tensors(entries, rows, keep_optimizer)
    if not made:
        raise CheckpointError(f"{os.fspath(source)}: nothing in it fits {model}")
    if to_torch:
        _write_torch(target, made, rows)
    else:
        write_ckpt(target, made)
    return Conversion(os.fspath(source), os.fspath(target), based_on, tuple(rows))


def _is_torch(path: str | os.PathLike[str]) -> bool:
    suffix = Path(path).suffix
    if suffix not in (".ckpt", ".safetensors", *_TORCH_SUFFIXES):
        raise ArgumentError(f"{os.fspath(path)}: write .ckpt, .safetensors, .pth or .pt")
    return suffix != ".ckpt"


def _read(
    path: str | os.PathLike[str],
) -> tuple[dict[str, StoredTensor], Mapping[str, str], bool]:
    """The entries, the metadata, and whether MindSpore has saved them."""
    if not Path(path).is_file():
        raise ArgumentError(f"{os.fspath(path)}: there is no such file")
    if not _is_torch(path):
        return read_ckpt(path), {}, True
    if Path(path).suffix in _TORCH_SUFFIXES:
        return _format("torch").read_pth(path), {}, False
    entries, metadata = _format("safetensors").read_safetensors(path)
    return entries, metadata, metadata.get("format") == "ms"


def _format(name: str) -> Any:
    """The module of a format whose library may be missing."""
    try:
        return importlib.import_module(f"opsbridge.checkpoints.{name}_file")
    except ModuleNotFoundError as error:
        raise ArgumentError(f"this format takes {error.name}: pip install {error.name}") from None


def _record(path: str | os.PathLike[str], text: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    try:
        return {
            key: (str(name), tuple(map(int, shape)))
            for key, (name, shape) in json.loads(text).items()
        }
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise CheckpointError(f"{os.fspath(path)}: its record of names is damaged") from None


def _tensors(
    entries: Mapping[str, StoredTensor], rows: list[Row], keep_optimizer: bool
) -> dict[str, StoredTensor]:
    made: dict[str, StoredTensor] = {}
    for row in rows:
        if row.status in ("matched", "guessed") or (row.status == "slot" and keep_optimizer):
            if row.target in made:
                raise CheckpointError(f"two tensors would be called {row.target!r}")
            made[row.target] = entries[row.source].reshaped(row.target_shape)
    for row in rows:
        if row.status == "tied" and row.source in made:
            made[row.target] = made[row.source]
        elif row.status == "filled" and row.target:
            size = math.prod(row.shape) * TYPES[row.dtype].size
            made[row.target] = StoredTensor(row.dtype, row.shape, (memoryview(bytes(size)),))
    return made


def _write_torch(
    path: str | os.PathLike[str], made: Mapping[str, StoredTensor], rows: list[Row]
) -> None:
    if Path(path).suffix in _TORCH_SUFFIXES:
        _format("torch").write_pth(path, made)
        return
    record = {
        row.target: (row.source, row.shape)
        for row in rows
        if row.target in made and row.status in ("matched", "guessed", "slot")
    }
    metadata = {"format": "pt", _RECORD: json.dumps(record)}
    _format("safetensors").write_safetensors(path, made, metadata)
