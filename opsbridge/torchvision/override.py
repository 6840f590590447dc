"""opsbridge's kernels under an unmodified torchvision, through PyTorch's dispatcher.

While installed, `torchvision.ops` and all that is built on it, eager, compiled or scripted, runs
the replaced operators here. torchvision's own autograd, autocast and fake kernels stay as they are.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

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
    pooled = ops.ps_roi_align(input, rois, size, spatial_scale, sampling_ratio)
    return pooled, _channel_of_each_bin(pooled)


def _ps_roi_pool(
    input: Tensor, rois: Tensor, spatial_scale: float, pooled_height: int, pooled_width: int
) -> tuple[Tensor, Tensor]:
    pooled = ops.ps_roi_pool(input, rois, (pooled_height, pooled_width), spatial_scale)
    return pooled, _channel_of_each_bin(pooled)


def _channel_of_each_bin(pooled: Tensor) -> Tensor:
    """The second result of position-sensitive operators, which torchvision's gradients read."""
    channels = torch.arange(math.prod(pooled.shape[1:]), dtype=torch.int32)
    return channels.reshape(pooled.shape[1:]).expand(pooled.shape).contiguous()


# torchvision's operators that are replaced, with what computes them. The gradients of pooling stay:
# they read the second result of the forward pass.
REPLACEMENTS: dict[str, Callable[..., Any]] = {
    "nms": ops.nms,
    "roi_align": _roi_align,
    "_roi_align_backward": _roi_align_backward,
    "roi_pool": _roi_pool,
    "ps_roi_align": _ps_roi_align,
    "ps_roi_pool": _ps_roi_pool,
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
    for name, compute in REPLACEMENTS.items():
        original = torch.library.get_kernel(f"torchvision::{name}", _DEVICE)
        kernel = _kernel(compute, original)
        _library.impl(name, kernel, _DEVICE, with_keyset=True, allow_override=True)


def _restore() -> None:
    global _library
    if _library is not None:
        _library._destroy()
        _library = None


def _kernel(compute: Callable[..., Any], original: Any) -> Callable[..., Any]:
    def kernel(keys: Any, *args: Any) -> Any:
        # Autograd has been through here already; recording again would be double work.
        records = torch.is_grad_enabled()
        if records:
            torch._C._set_grad_enabled(False)  # a tenth of what a context manager costs
        try:
            return compute(*args)
        except (DtypeError, DeviceError):
            return original.call_boxed(keys, *args)
        finally:
            if records:
                torch._C._set_grad_enabled(True)

    return kernel
