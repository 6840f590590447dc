"""opsbridge's kernels under an unmodified torchvision, through PyTorch's dispatcher.

While installed, `torchvision.ops` and all that is built on it, eager, compiled or scripted, runs
the replaced operators here. torchvision's own autograd, autocast and fake kernels stay as they are.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import itemgetter
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
import torchvision
from torch import Tensor

from opsbridge.errors import DeviceError, DtypeError
from opsbridge.frontend import make_api
from opsbridge.tables.load import load_api
from opsbridge.tables.schema import Return
from opsbridge.torchvision import ops


def _roi_align(
    input: Tensor,
    rois: Tensor,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    size = (pooled_height, pooled_width)
    return ops.roi_align(input, rois, size, spatial_scale, sampling_ratio, aligned)


def _roi_align_backward(
    grad: Tensor,
    rois: Tensor,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    batch_size: int,
    channels: int,
    height: int,
    width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    # Only the shape of the features counts.
    features = grad.new_empty(()).expand(batch_size, channels, height, width)
    size = (pooled_height, pooled_width)
    values = (features, rois, size, spatial_scale, sampling_ratio, aligned)
    return ops.roi_align.operator.backward(grad, values)


_roi_pool_with_argmax = make_api(
    replace(
        load_api("torchvision/roi_pool"),
        returns=(Return("Tensor", "pooled", "same"), Return("argmax", "argmax", "int32")),
    ),
    __name__,
)


def _roi_pool(
    input: Tensor, rois: Tensor, spatial_scale: float, pooled_height: int, pooled_width: int
) -> tuple[Tensor, Tensor]:
    size = (pooled_height, pooled_width)
    pooled, argmax = _roi_pool_with_argmax(input, rois, size, spatial_scale)
    return pooled, argmax


def _ps_roi_align(
    input: Tensor,
    rois: Tensor,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    sampling_ratio: int,
) -> tuple[Tensor, Tensor]:
    size = (pooled_height, pooled_width)
    return _with_channels(ops.ps_roi_align(input, rois, size, spatial_scale, sampling_ratio))


def _ps_roi_pool(
    input: Tensor, rois: Tensor, spatial_scale: float, pooled_height: int, pooled_width: int
) -> tuple[Tensor, Tensor]:
    return _with_channels(
        ops.ps_roi_pool(input, rois, (pooled_height, pooled_width), spatial_scale)
    )


def _with_channels(pooled: Tensor) -> tuple[Tensor, Tensor]:
    """The second result of position-sensitive operators is the channel that each bin has read.

    torchvision's gradients read it.
    """
    count, *bins = pooled.shape
    channels = np.empty((count, math.prod(bins)), np.int32)
    channels[:] = _numbers(channels.shape[1])
    return pooled, torch.from_numpy(channels.reshape(pooled.shape))


@lru_cache(maxsize=64)
def _numbers(count: int) -> np.ndarray[Any, Any]:
    return np.arange(count, dtype=np.int32)


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Replacement:
    """What computes an operator of torchvision: `compute`.

    Where `api` has direct calls, these come first: `values` makes theirs of the operator's
    arguments, and `returned` what the operator returns.
    """

    compute: Callable[..., Any]
    api: Any = None
    values: Callable[[tuple[Any, ...]], tuple[Any, ...]] = _as_it_is
    returned: Callable[[Any], Any] = _as_it_is


# Height and width come before the scale in direct calls.
_POOL_VALUES = itemgetter(0, 1, 3, 4, 2)
_PS_ALIGN_VALUES = itemgetter(0, 1, 3, 4, 2, 5)
_ALIGN_VALUES = itemgetter(0, 1, 3, 4, 2, 5, 6)

# torchvision's operators that are replaced. The gradients of pooling stay: they read the second
# result of the forward pass.
REPLACEMENTS = {
    "nms": Replacement(ops.nms, ops.nms),
    "roi_align": Replacement(_roi_align, ops.roi_align, _ALIGN_VALUES),
    "_roi_align_backward": Replacement(_roi_align_backward),
    "roi_pool": Replacement(_roi_pool, _roi_pool_with_argmax, _POOL_VALUES),
    "ps_roi_align": Replacement(_ps_roi_align, ops.ps_roi_align, _PS_ALIGN_VALUES, _with_channels),
    "ps_roi_pool": Replacement(_ps_roi_pool, ops.ps_roi_pool, _POOL_VALUES, _with_channels),
}
_DEVICE = "CPU"

_lock = threading.RLock()
_installations: set[Installation] = set()
_library: torch.library.Library | None = None


class Installation:
    """One use of the override; the override lasts until every use of it has ended."""

    def uninstall(self) -> None:
        """End this use; further calls do nothing."""
        with _lock:
            _installations.discard(self)
            if not _installations:
                _restore()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.uninstall()


def install() -> Installation:
    """Let torchvision compute with opsbridge's kernels, until `uninstall` or for a `with` block.

    Tensors that opsbridge declines, by dtype or device, go to torchvision's own kernels. Refused
    values raise opsbridge's errors, which are torchvision's, too (mostly RuntimeError), where
    torchvision might crash. Installations nest, may be made in any thread and hold for all threads.

    >>> import torch, torchvision
    >>> from opsbridge.torchvision import install
    >>> with install():
    ...     torchvision.ops.nms(torch.tensor([[0.0, 0, 4, 4]]), torch.tensor([0.8]), 0.4)
    tensor([0])
    """
    installation = Installation()
    with _lock:
        if _library is None:
            _replace()
        _installations.add(installation)
    return installation


def uninstall() -> None:
    """End every installation: torchvision is as it was."""
    with _lock:
        _installations.clear()
        _restore()


def is_installed() -> bool:
    """Whether torchvision computes with opsbridge's kernels now."""
    return _library is not None


def _replace() -> None:
    global _library
    torchvision.extension._assert_has_ops()
    _library = torch.library.Library("torchvision", "IMPL")
    for name, replacement in REPLACEMENTS.items():
        original = torch.library.get_kernel(f"torchvision::{name}", _DEVICE)
        kernel = _kernel(replacement, original)
        _library.impl(name, kernel, _DEVICE, with_keyset=True, allow_override=True)


def _restore() -> None:
    global _library
    if _library is not None:
        _library._destroy()
        _library = None


def _kernel(replacement: Replacement, original: Any) -> Callable[..., Any]:
    compute, values, returned = replacement.compute, replacement.values, replacement.returned
    roads = {} if replacement.api is None else replacement.api.operator.prepared_roads

    def kernel(keys: Any, *args: Any) -> Any:
        # Autograd has been through here already; recording again would be double work.
        records = is_grad_enabled()
        if records:
            set_grad_enabled(False)  # a tenth of what a context manager costs
        try:
            road = roads.get(type(args[0]))
            if road is not None:
                result = road(values(args))
                if result is not None:
                    return returned(result)
            return compute(*args)
        except (DtypeError, DeviceError):
            return original.call_boxed(keys, *args)
        finally:
            if records:
                set_grad_enabled(True)

    is_grad_enabled, set_grad_enabled = torch.is_grad_enabled, torch._C._set_grad_enabled
    return kernel
