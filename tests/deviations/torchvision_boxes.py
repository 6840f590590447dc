"""What the tests of box functions share: tensors, the real functions, and the refused call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from real_frameworks import torchvision_ops

from opsbridge.errors import ArgumentError, OpsbridgeError
from opsbridge.torchvision import ops as ours

torch: Any = pytest.importorskip("torch", reason="compares with torchvision on torch tensors")


def boxes(*rows: Any, dtype: str = "float32") -> Any:
    """Rows of numbers as a torch tensor."""
    return torch.tensor(rows, dtype=getattr(torch, dtype))


def real(name: str, *arguments: Any) -> list[Any]:
    """What the real function gives, as lists."""
    result: list[Any] = getattr(torchvision_ops(), name)(*arguments).tolist()
    return result


def bridged(name: str, *arguments: Any) -> list[Any]:
    """What our function gives, as lists."""
    result: list[Any] = getattr(ours, name)(*arguments).tolist()
    return result


def check_refused(
    name: str, *arguments: Any, match: str, kind: type[OpsbridgeError] = ArgumentError
) -> None:
    """Our function raises, in the one format."""
    with pytest.raises(kind, match=f"^{name}: .*{match}"):
        getattr(ours, name)(*arguments)


def check_wraps_only_there(name: str, first: Any, second: Any) -> None:
    """The real function differs from ours on small integers, and not on the same in int64."""
    exact = real(name, first.long(), second.long())
    assert bridged(name, first, second) == exact
    assert real(name, first, second) != exact


def check_integer_overflow(name: str) -> None:
    """Areas beyond int32 spoil the real result; ours is that of float64, or refused."""
    large = boxes([0, 0, 60000, 60000], dtype="int32")
    other = boxes([0, 0, 30000, 60000], dtype="int32")
    exact = real(name, large.double(), other.double())
    np.testing.assert_allclose(bridged(name, large, other), exact, rtol=1e-6)
    assert not np.allclose(real(name, large, other), exact)
    beyond = boxes([0, 0, 2**30, 5], dtype="int32")
    check_refused(name, other, beyond, match=r"boxes2\[0\] is \(0, 0, 1073741824, 5\); integer")


def check_mixed_dtypes(name: str) -> None:
    """The real function promotes; ours says which two dtypes came."""
    from opsbridge.errors import DtypeError

    pair = boxes([0, 0, 4, 4]), boxes([0, 0, 4, 4], dtype="float64")
    assert real(name, *pair) == [[1.0]]
    check_refused(name, *pair, match="boxes2 is float64, but boxes1 is float32", kind=DtypeError)


def check_one_box_without_rows(name: str) -> None:
    """The real function adds a row axis; ours asks for it."""
    one = boxes([0, 0, 4, 4])
    assert real(name, one[0], one) == [[1.0]]
    check_refused(name, one[0], one, match=r"boxes1 has shape \(4,\); expected \(..., N, [4K]\)")


def check_bool_boxes(name: str, *arguments: Any) -> None:
    """The real function accepts bool; ours does not."""
    from opsbridge.errors import DtypeError

    flags = boxes([0, 0, 1, 1], dtype="bool")
    assert len(real(name, flags, *arguments)) == 1
    check_refused(name, flags, *arguments, match="boxes is bool; allowed", kind=DtypeError)


def check_extra_columns(name: str, *arguments: Any, columns: int = 5) -> None:
    """The real function accepts wider boxes; ours does not."""
    wide = torch.ones(2, columns)
    assert isinstance(real(name, wide, *arguments), list)
    check_refused(name, wide, *arguments, match=rf"boxes has shape \(2, {columns}\); expected")


def check_bool_pairs(name: str) -> None:
    """The real function accepts two sets of bool and of complex numbers; ours does not."""
    from opsbridge.errors import DtypeError

    for dtype in ("bool", "complex64"):
        odd = boxes([0, 0, 1, 1], dtype=dtype)
        assert len(real(name, odd, odd)) == 1
        check_refused(name, odd, odd, match=f"boxes1 is {dtype}; allowed", kind=DtypeError)
