"""`strict()`: calls that MindSpore refuses and PyTorch takes are refused, too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.strictness import refusing


@contextlib.contextmanager
def strict() -> Iterator[None]:
    """Within the block, refuse mixed dtypes and negative indices where MindSpore does.

    Raises (the operators in it):
        DtypeError: tensors that must have one dtype have several.
        ArgumentError: an index is negative.

    Example:
        >>> from opsbridge.mindspore import Tensor, ops, strict
        >>> with strict():
        ...     ops.Concat()((Tensor([1]), Tensor([1.0])))
        Traceback (most recent call last):
        ...
        opsbridge.errors.DtypeError: Concat: tensors have the dtypes float32, int64; ...
    """
    with refusing():
        yield


def check_strictly(
    owner: str, rules: Mapping[Any, tuple[str, ...]], given: Mapping[str, Any]
) -> None:
    """Raise if the arguments of a call break a rule of its table."""
    for rule, names in rules.items():
        tensors = [each for name in names for each in _tensors(given[name])]
        if rule == "one_dtype":
            dtypes = {str(each.dtype).removeprefix("torch.") for each in tensors}
            if len(dtypes) > 1:
                raise DtypeError(
                    f"{owner}: {', '.join(names)} have the dtypes {', '.join(sorted(dtypes))};"
                    " MindSpore takes one"
                )
        elif any(bool((each < 0).any()) for each in tensors):
            raise ArgumentError(
                f"{owner}: {', '.join(names)} have a negative index; MindSpore takes none"
            )


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value.as_subclass(torch.Tensor)]
    if isinstance(value, tuple | list):
        return [tensor for each in value for tensor in _tensors(each)]
    return []
