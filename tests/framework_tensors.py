"""The same numbers as a tensor of each framework; tests of a missing framework are skipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

Array = npt.NDArray[Any]

FRAMEWORKS = ("numpy", "torch", "mindspore")


def framework(name: str) -> Any:
    """The module of a framework, or a skipped test where it is not installed."""
    return pytest.importorskip(name, reason=f"runs on {name} tensors; {name} is not installed")


def to_tensor(name: str, array: Any) -> Any:
    """A tensor of its own memory."""
    if name == "torch":
        return framework("torch").from_numpy(np.array(array))
    if name == "mindspore":
        return framework("mindspore").Tensor(np.array(array))
    return np.array(array)


def to_array(tensor: Any) -> Array:
    """The numbers of a tensor of any framework, on any device."""
    if framework_of(tensor) == "torch":
        tensor = tensor.cpu()
    for method in ("asnumpy", "numpy"):
        if hasattr(tensor, method):
            return np.asarray(getattr(tensor, method)())
    return np.asarray(tensor)


def framework_of(tensor: Any) -> str:
    """The name of the framework that a tensor's class comes from."""
    return type(tensor).__module__.partition(".")[0]
