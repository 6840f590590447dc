"""Calls of the PyTorch API in the place of MindSpore's, where they give the same."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from opsbridge.port.source.binding import Given, plain_value, written
from opsbridge.port.source.conversion import Inexpressible, Known, writer_of
from opsbridge.tables.port_schema import PortArgument, PortCase, PortEntry

# What PyTorch calls the first parameters of its functions; they are given by position, as long as
# no other one stands between them.
FIRST = ("input", "tensors", "condition", "self", "other", "shape", "dims", "size")

# What ends the name that a table gives the function of an attribute: `torch.Tensor.dtype.__get__`.
GETTER = ".__get__"

# Functions of PyTorch whose second operand may be a number, with the result of a tensor of it.
TAKE_NUMBERS = {
    *("torch.add", "torch.bitwise_and", "torch.bitwise_left_shift", "torch.bitwise_or"),
    *("torch.bitwise_right_shift", "torch.bitwise_xor", "torch.copysign", "torch.div", "torch.eq"),
    *("torch.floor_divide", "torch.fmod", "torch.ge", "torch.greater_equal", "torch.gt"),
    *("torch.le", "torch.lt", "torch.mul", "torch.ne", "torch.not_equal", "torch.remainder"),
    *("torch.sub", "torch.true_divide", "torch.xlogy"),
}


@dataclass(frozen=True)
class HubCall:
    """A call of PyTorch: arguments in the order they are written; "" is no keyword."""

    function: str
    receiver: PortArgument | None
    arguments: tuple[tuple[str, PortArgument, str], ...]
    """Keyword, source, and how the source's expression is written: what writer_of gives."""


def in_case(
    entry: PortEntry, case: PortCase, given: Mapping[str, Given]
) -> tuple[PortEntry, dict[str, Given]]:
    """Return the entry and the arguments as they are in a case of it.

    Raises:
        Inexpressible: the case does not hold.
    """
    defaults = {param.name: param.default for param in entry.params}
    for param, wanted in case.when.items():
        value = plain_value(given[param].value) if param in given else defaults[param]
        if value != wanted:
            raise Inexpressible(f"{param} is not {wanted!r}")
    rest = {
        name: each
        for name, each in given.items()
        if name not in case.when or name in _sources(case.arguments)
    }
    arguments = {**entry.arguments, **case.arguments}
    torch = case.torch or entry.torch
    in_this = replace(entry, torch=torch, arguments=arguments, equality="exact", differences=())
    return in_this, rest


def check_members(cases: Sequence[PortCase], asked: Collection[str]) -> None:
    """Raise Inexpressible if the code asks for a member that PyTorch's object has otherwise."""
    for member in (each for case in cases for each in case.members):
        if member in asked:
            raise Inexpressible(f"the code uses .{member}, which PyTorch calls otherwise")


def _sources(arguments: Mapping[str, PortArgument]) -> set[str]:
    return {argument.param for argument in arguments.values()}


def hub_call(entry: PortEntry, given: Mapping[str, Given], known: Known) -> HubCall:
    """Plan the call that stands for `entry` with the arguments that a call gives.

    Raises:
        Inexpressible: with the reason.
    """
    if not entry.torch:
        raise Inexpressible("PyTorch has no such function")
    used = _sources(entry.arguments)
    for name, each in given.items():
        if name not in used:
            raise Inexpressible(f"PyTorch has no argument for {each.param.name}")
    defaults = {param.name: param.default for param in entry.params}
    passing = {param.name for param in entry.params if param.none_passes}
    arguments = []
    by_position = positional(entry)
    for key, argument in entry.arguments.items():
        keyword = "" if key in by_position else key
        value = given[argument.param].value if argument.param in given else None
        if value is None and argument.param and defaults.get(argument.param) is None:
            by_position = set()  # nothing stands behind a gap
            continue
        if value is not None and argument.param in passing and known.may_be_none(value):
            raise Inexpressible(f"{argument.param} is None in a call of the source")
        if value is None:
            default = defaults[argument.param] if argument.param else argument.value
            if argument.convert != "one_minus" and _is_torchs(entry.torch, keyword, default):
                continue
            value = written(default)
        may_be_number = key == "other" and entry.torch in TAKE_NUMBERS
        needs_tensor = key == "other" and argument.convert == "tensor" and not may_be_number
        if needs_tensor and known.is_of_settings(value):
            raise Inexpressible(f"{argument.param} may be a number that the constructor was given")
        may_be_open = may_be_number or (key != "other" and not _is_method(entry))
        writer = writer_of(argument, value, known, may_be_number, may_be_open)
        if writer != "omitted":
            arguments.append((keyword, argument, writer))
    receiver = arguments.pop(0)[1] if _is_method(entry) else None
    return HubCall(entry.torch, receiver, tuple(arguments))


def _is_method(entry: PortEntry) -> bool:
    return entry.torch.removeprefix("torch.").startswith("Tensor.")


def _is_torchs(function: str, keyword: str, value: object) -> bool:
    """Whether PyTorch takes a value for an argument that is not given."""
    defaults = torch_defaults().get(function, {})
    return (
        keyword in defaults
        and defaults[keyword] == value
        and isinstance(value, bool) == isinstance(defaults[keyword], bool)
    )


@lru_cache(maxsize=1)
def torch_defaults() -> dict[str, dict[str, object]]:
    """Functions of PyTorch and their defaults, as far as it matters."""
    return tomllib.loads(Path(__file__).with_name("torch_defaults.toml").read_text("utf-8"))


def positional(entry: PortEntry) -> set[str]:
    """Keys of the arguments that are written without a keyword."""
    leading = itertools.takewhile(lambda key: key.isdigit() or key in FIRST, entry.arguments)
    return set(leading)
