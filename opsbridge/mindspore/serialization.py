"""Checkpoints: `load_checkpoint`, `load_param_into_net`, `save_checkpoint`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch

from opsbridge.checkpoints.mindspore_file import read_ckpt, write_ckpt
from opsbridge.checkpoints.stored import StoredTensor
from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.parameter import Parameter

__all__ = ["load_checkpoint", "load_param_into_net", "save_checkpoint"]


def load_checkpoint(
    ckpt_file_name: str | os.PathLike[str],
    net: Cell | None = None,
    strict_load: bool = False,
    filter_prefix: str | Iterable[str] | None = None,
    dec_key: bytes | None = None,
    dec_mode: str = "AES-GCM",
    specify_prefix: str | Iterable[str] | None = None,
    choice_func: Callable[[str], bool] | None = None,
    crc_check: bool = False,
    remove_redundancy: bool = False,
    format: str = "ckpt",
) -> dict[str, Any]:
    """Read a .ckpt file; return parameters, and texts, by name.

    Args:
        ckpt_file_name: the file.
        net: also load them into this Cell.
        strict_load: as in load_param_into_net.
        filter_prefix: leave out names that start with it, or with one of them.
        dec_key: encrypted files are not covered; None.
        dec_mode: ignored.
        specify_prefix: keep only names that start with it, or with one of them.
        choice_func: keep only names for which it returns True.
        crc_check: ignored: a checksum that is there is verified.
        remove_redundancy: ignored.
        format: "ckpt".

    Raises:
        CheckpointError: the file is damaged, encrypted or of another format.
        ArgumentError: an argument is not covered, or no name is left.
    """
    if dec_key is not None or format != "ckpt":
        raise ArgumentError('load_checkpoint: dec_key must be None and format "ckpt"')
    left_out, kept = _prefixes(filter_prefix), _prefixes(specify_prefix)
    found = {
        name: _value(name, stored)
        for name, stored in read_ckpt(ckpt_file_name).items()
        if not name.startswith(left_out)
        and (not kept or name.startswith(kept))
        and (choice_func is None or choice_func(name))
    }
    if not found:
        raise ArgumentError(f"load_checkpoint: no parameter of {ckpt_file_name} is left")
    if net is not None:
        load_param_into_net(net, found, strict_load)
    return found


def load_param_into_net(
    net: Cell,
    parameter_dict: Mapping[str, Any],
    strict_load: bool = False,
    remove_redundancy: bool = False,
) -> tuple[list[str], list[str]]:
    """Set the net's parameters by name; return the names of the net's and the file's left over.

    Without strict_load, a prefix that the names of the file have before the net's is skipped,
    widths of floats are converted, and trailing lengths of 1 are dropped. What is not loaded is
    printed to stderr: a checkpoint of another network loads nothing and raises nothing.

    Raises:
        ArgumentError: a shape or type of the file does not fit.
        DtypeError: `net` is no Cell or a value is no Parameter.
    """
    if not isinstance(net, Cell):
        raise DtypeError(
            f"load_param_into_net: net is a {type(net).__name__}; it must be a Cell"
            " (a translated module takes load_state_dict after opsbridge convert-checkpoint)"
        )
    parameters = {each.name: each for each in net.get_parameters()}
    missing = [name for name in parameters if name not in parameter_dict]
    for name, parameter in parameters.items():
        if name in parameter_dict:
            _set(parameter, parameter_dict[name], strict_load)
    unused = [name for name in parameter_dict if name not in parameters]
    if missing and not strict_load:
        missing, used = _load_with_prefix(parameters, parameter_dict, missing)
        unused = [name for name in unused if name not in used]
    for names, what in ((missing, "not loaded, not in the file"), (unused, "in the file, unused")):
        if names:
            print(f"load_param_into_net: {len(names)} {what}: {', '.join(names)}", file=sys.stderr)
    return missing, unused


def save_checkpoint(
    save_obj: Any,
    ckpt_file_name: str | os.PathLike[str],
    integrated_save: bool = True,
    async_save: bool = False,
    append_dict: Mapping[str, Any] | None = None,
    enc_key: bytes | None = None,
    enc_mode: str = "AES-GCM",
    choice_func: Callable[[str], bool] | None = None,
    crc_check: bool = False,
    format: str = "ckpt",
) -> None:
    """Write a .ckpt file that MindSpore reads.

    Args:
        save_obj: a Cell, a mapping of names to tensors, or a list of {"name": ..., "data": ...}.
        ckpt_file_name: the file; ".ckpt" is added where it is missing.
        integrated_save: ignored.
        async_save: ignored: the file is there on return.
        append_dict: further numbers, texts and tensors by name.
        enc_key: encryption is not covered; None.
        enc_mode: ignored.
        choice_func: write only names for which it returns True.
        crc_check: ignored.
        format: "ckpt".
    """
    if enc_key is not None or format != "ckpt":
        raise ArgumentError('save_checkpoint: enc_key must be None and format "ckpt"')
    values = {**_named(save_obj), **(append_dict or {})}
    path = os.fspath(ckpt_file_name)
    write_ckpt(
        path if path.endswith(".ckpt") else f"{path}.ckpt",
        {
            name: _stored(value)
            for name, value in values.items()
            if choice_func is None or choice_func(name)
        },
    )


def _prefixes(given: str | Iterable[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


def _value(name: str, stored: StoredTensor) -> Any:
    """Return a tensor of the file as a Parameter, a text as it is."""
    if stored.dtype == "str":
        return stored.text()
    tensor = torch.from_numpy(np.array(stored.array()))
    if stored.dtype == "bfloat16":
        tensor = tensor.view(torch.bfloat16)
    return Parameter(tensor, name=name)


def _stored(value: Any) -> StoredTensor:
    if isinstance(value, str):
        return StoredTensor.of(value)
    tensor = torch.as_tensor(value).detach().cpu().as_subclass(torch.Tensor).contiguous()
    if tensor.dtype is torch.bfloat16:
        return StoredTensor.of(tensor.view(torch.uint16).numpy(), "bfloat16")
    return StoredTensor.of(tensor.numpy())


def _named(save_obj: Any) -> dict[str, Any]:
    if isinstance(save_obj, Cell):
        return {each.name: each for each in save_obj.get_parameters()}
    if isinstance(save_obj, Mapping):
        return dict(save_obj)
    if isinstance(save_obj, list) and all(isinstance(each, dict) for each in save_obj):
        return {each["name"]: each["data"] for each in save_obj}
    raise DtypeError(
        f"save_checkpoint: save_obj is a {type(save_obj).__name__};"
        " it must be a Cell, a dict or a list of dicts"
    )


def _load_with_prefix(
    parameters: dict[str, Parameter], values: Mapping[str, Any], missing: list[str]
) -> tuple[list[str], set[str]]:
    """Load parameters whose names in the file have a prefix; return those still missing, and used.

    The prefix is that of the first missing name which the file has with one.
    """
    for wanted in missing:
        for name in values:
            if name.endswith(wanted):
                prefix = name.removesuffix(wanted)
                fitting = [each for each in missing if prefix + each in values]
                for each in fitting:
                    _set(parameters[each], values[prefix + each], strict=False)
                left = [each for each in missing if each not in fitting]
                return left, {prefix + each for each in fitting}
    return missing, set()


def _set(parameter: Parameter, value: Any, strict: bool) -> None:
    if not isinstance(value, torch.Tensor):
        raise DtypeError(
            f"load_param_into_net: {parameter.name} is a {type(value).__name__} in parameter_dict;"
            " it must be a Parameter"
        )
    new = value.detach().as_subclass(torch.Tensor)
    same_kind = new.is_floating_point() and parameter.is_floating_point() and not strict
    if new.dtype != parameter.dtype and not same_kind:
        raise ArgumentError(
            f"load_param_into_net: {parameter.name} is {new.dtype} in parameter_dict and"
            f" {parameter.dtype} in the net"
        )
    if tuple(new.shape) != parameter.shape:
        if _without_ones(new.shape) != _without_ones(parameter.shape):
            raise ArgumentError(
                f"load_param_into_net: {parameter.name} has shape {tuple(new.shape)} in"
                f" parameter_dict and {parameter.shape} in the net"
            )
        new = new.reshape(parameter.shape)
    parameter.set_data(new)


def _without_ones(shape: Iterable[int]) -> tuple[int, ...]:
    lengths = list(shape)
    while lengths and lengths[-1] == 1:
        lengths.pop()
    return tuple(lengths)
