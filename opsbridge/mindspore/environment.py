"""The context, seeds and decorators: what code asks of MindSpore itself, not of a tensor."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

GRAPH_MODE = 0
PYNATIVE_MODE = 1
VERSION = "2.10.0"
"""The MindSpore whose behaviour the surface has; its names are those of 1.x, too."""


class ParallelMode:
    """How work is spread over devices: always over one here."""

    STAND_ALONE = "stand_alone"
    DATA_PARALLEL = "data_parallel"
    HYBRID_PARALLEL = "hybrid_parallel"
    SEMI_AUTO_PARALLEL = "semi_auto_parallel"
    AUTO_PARALLEL = "auto_parallel"
    MODE_LIST = (STAND_ALONE, DATA_PARALLEL, HYBRID_PARALLEL, SEMI_AUTO_PARALLEL, AUTO_PARALLEL)


_parallel = {"parallel_mode": ParallelMode.STAND_ALONE, "device_num": 1, "global_rank": 0}
_parallel["gradients_mean"] = False
_seed: int | None = None
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
    global _seed
    _seed = seed
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)


def get_seed() -> int | None:
    """Return the seed that was set, else None."""
    return _seed


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


def get_auto_parallel_context(attr_key: str) -> Any:
    """Return a setting of how work is spread over devices: over one."""
    return _parallel.get(attr_key)


def parallel_mode() -> str:
    """Return how work is spread over devices: over one."""
    return ParallelMode.STAND_ALONE


def unset() -> bool:
    """Return False: the answer to what only work over devices may switch on."""
    return False


def rank(*args: Any, **settings: Any) -> int:
    """Return the number of this process among those that work together: 0."""
    return 0


def group_size(*args: Any, **settings: Any) -> int:
    """Return the number of processes that work together: 1."""
    return 1


def unchanged_value(input_data: Any, *args: Any, **options: Any) -> Any:
    """Return data as it is."""
    return input_data


def ignored(*args: Any, **settings: Any) -> None:
    """Accept settings that spread one model over devices; there is one here."""
