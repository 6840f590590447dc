"""Calls of the CUDA kernels: on the caller's stream, in memory of the caller's framework.

Rows that a call refuses are found on the device. What has to wait for its results anyway raises at
once; of other calls the next one that finds them finished raises, or `raise_refused`, or each call
itself after `check_values("sync")`. Their results hold NaN in the rows that were refused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Literal, cast

from opsbridge.core.native import cuda_function, native_function
from opsbridge.core.tensors import DeviceLayer, Tensor, TensorLayer
from opsbridge.errors import DeviceError

# Refusals that are told last have this bit, which is no part of the row.
_LATER = 1 << 62
_REPORT = (2,)  # the refused row or -1, and how many rows a result has

_mode: Literal["deferred", "sync"] = "deferred"
_unread: deque[tuple[Any, Callable[[], list[int]], Callable[[int], None]]] = deque()


def check_values(mode: Literal["deferred", "sync"]) -> None:
    """Say when values that kernels refuse on a GPU raise: later, without waiting, or at once."""
    global _mode
    if mode not in ("deferred", "sync"):
        raise ValueError(f"check_values: mode is {mode!r}; allowed: deferred, sync")
    _mode = mode


def raise_refused() -> None:
    """Wait for the calls that were not looked at yet, and raise what the first refused one says."""
    while _unread:
        _, read, refuse = _unread.popleft()
        _judge(read()[0], refuse)


def native_call(
    layer: TensorLayer,
    name: str,
    main: Tensor,
    refuse: Callable[[int], None],
    waits: bool = False,
) -> Callable[..., int]:
    """The native function for tensors where `main` is; `refuse` raises about row * 16 + reason.

    On a GPU it returns how long the results are if it `waits`, else 0.
    """
    if layer.device(main) == "cpu":
        return native_function(name)
    return _device_call(cast(DeviceLayer, layer), name, main, refuse, waits)


def _device_call(
    layer: DeviceLayer, name: str, main: Tensor, refuse: Callable[[int], None], waits: bool
) -> Callable[..., int]:
    def call(*arguments: Any) -> int:
        is_captured = layer.is_capturing()
        if is_captured and waits:
            raise DeviceError(
                f"{name}: the length of the result depends on data, which nothing can wait for while "
                "a CUDA graph is captured; outputs of fixed size can be captured"
            )
        if not is_captured:  # to ask for an event would end the capture
            _raise_finished()
        function, stream = cuda_function(name), layer.stream(main)
        report = layer.empty(_REPORT, "int64", main)
        size = function(stream, None, report, *arguments)
        workspace = layer.empty((max(size, 1),), "uint8", main)
        function(stream, workspace, report, *arguments)
        if is_captured:
            return 0
        if waits or _mode == "sync":
            refused, count = layer.read(report)
            _judge(refused, refuse)
            return count
        _unread.append((layer.record_event(main), lambda: layer.read(report), refuse))
        return 0

    return call


def _raise_finished() -> None:
    while _unread and _unread[0][0].query():
        _, read, refuse = _unread.popleft()
        _judge(read()[0], refuse)


def _judge(refused: int, refuse: Callable[[int], None]) -> None:
    if refused >= 0:
        refuse(refused & ~_LATER)
