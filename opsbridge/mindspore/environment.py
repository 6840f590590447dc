"""The context, seeds and decorators: what code asks of MindSpore itself, not of a tensor."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

GRAPH_MODE = 0
PYNATIVE_MODE = 1
_settings: dict[str, Any] = {"mode": GRAPH_MODE, "device_id": 0, "save_graphs": False}


def set_context(mode: Any = None, **settings: Any) -> None:
    """Remember settings; none changes how PyTorch computes, which is always step by step."""
    _settings.update(settings if mode is None else {"mode": mode, **settings})


def get_context(attr_key: str) -> Any:
    """Return a setting; device_target is "GPU" after that was set, else "CPU", never "Ascend"."""
    if attr_key == "device_target":
        return "GPU" if _settings.get(attr_key) == "GPU" and torch.cuda.is_available() else "CPU"
    return _settings.get(attr_key)


def set_device(device_target: str, device_id: Any = None) -> None:
    """Remember the device; tensors stay where they are."""
    _settings.update(device_target=device_target, device_id=device_id or 0)


def set_seed(seed: int) -> None:
    """Seed PyTorch and NumPy; their streams are not MindSpore's."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)


def get_seed() -> int:
    """Return the seed of PyTorch."""
    return int(torch.initial_seed())


def unchanged(function: Any = None, **options: Any) -> Any:
    """Return a function as it is, as a decorator with or without options."""
    return function if callable(function) else lambda decorated: decorated


def constexpr(fn: Any = None, get_instance: bool = True, name: Any = None, **options: Any) -> Any:
    """Return a function whose results count as constants."""
    if fn is None:
        return functools.partial(constexpr, get_instance=get_instance, name=name)

    @functools.wraps(fn)
    def constant(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    return constant


def print_values(*values: Any) -> tuple[Any, ...]:
    """Print the values and return them."""
    print(*values)
    return values


def dtype_to_nptype(dtype: Any) -> Any:
    """Return the NumPy type of a dtype."""
    return np.dtype(str(dtype).removeprefix("torch.")).type


def pytype_to_dtype(kind: Callable[..., Any]) -> Any:
    """Return the dtype of a Python type."""
    return {bool: torch.bool, int: torch.int64, float: torch.float64}.get(kind)  # type: ignore[call-overload]


def dtype_to_pytype(dtype: torch.dtype) -> type:
    """Return the Python type of a dtype."""
    if dtype is torch.bool:
        return bool
    return float if dtype.is_floating_point else int


def ignored(*args: Any, **settings: Any) -> None:
    """Accept settings that spread one model over devices; there is one here."""
