"""Calls of the CUDA kernels: on the caller's stream, in memory of the caller's framework.

Rows that a call refuses are found on the device. What has to wait for its results anyway raises at
once; of other calls the next one that finds them finished raises, or `raise_refused`, or each call
itself after `check_values("sync")`. Their results hold NaN in the rows that were refused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Literal, NoReturn

from opsbridge.core.native import cuda_function, native_function
from opsbridge.core.tensors import Tensor, TensorLayer
from opsbridge.errors import DeviceError

_mode: Literal["deferred", "sync"] = "deferred"
# Tickets of calls that nobody looked at yet, each with what raises about row * 16 + reason.
_unread: deque[tuple[int, Callable[[int], None]]] = deque()


def check_values(mode: Literal["deferred", "sync"]) -> None:
    """Say when values that kernels refuse on a GPU raise: later, without waiting, or at once."""
    global _mode
    if mode not in ("deferred", "sync"):
        raise ValueError(f"check_values: mode is {mode!r}; allowed: deferred, sync")
    _mode = mode


def raise_refused() -> None:
    """Wait for the calls that were not looked at yet, and raise what the first refused one says."""
    while _unread:
        ticket, refuse = _unread.popleft()
        _judged(cuda_function("outcome")(ticket, True), refuse)


def _refuse_nothing(word: int) -> NoReturn:
    raise AssertionError(f"a kernel that refuses nothing refused {word}")


def native_call(
    layer: TensorLayer,
    name: str,
    main: Tensor,
    refuse: Callable[[int], None] = _refuse_nothing,
    waits: bool = False,
) -> Callable[..., int]:
    """The native function for tensors where `main` is; `refuse` raises about row * 16 + reason.

    Without that nothing can be refused. On a GPU it returns how long the results are if it `waits`,
    else 0.
    """
    if layer.device(main) == "cpu":
        return native_function(name)
    return _device_call(name, refuse, waits)


def _device_call(name: str, refuse: Callable[[int], None], waits: bool) -> Callable[..., int]:
    def call(*arguments: Any) -> int:
        raise_finished()
        ticket = cuda_function(name)(*arguments)
        if not waits:
            leave(ticket, refuse)
            return 0
        if ticket < 0:
            raise DeviceError(
                f"{name}: the length of the result depends on data, which nothing can wait for "
                "while a CUDA graph is captured; outputs of fixed size can be captured"
            )
        return _judged(cuda_function("outcome")(ticket, True), refuse)

    return call


def leave(ticket: int, refuse: Callable[[int], None]) -> None:
    """What became of a call is looked at later, or at once where that was asked for."""
    if ticket < 0:  # inside a CUDA graph nobody looks
        return
    if _mode == "sync":
        _judged(cuda_function("outcome")(ticket, True), refuse)
    else:
        _unread.append((ticket, refuse))


def raise_finished() -> None:
    """Raise what the first refused one of the calls says that are known to be finished."""
    while _unread:
        # Off the queue while it is looked at, so that no other thread does.
        ticket, refuse = _unread.popleft()
        answer = cuda_function("outcome")(ticket, False)
        if answer is None:
            _unread.appendleft((ticket, refuse))
            return
        _judged(answer, refuse)


def _judged(answer: int, refuse: Callable[[int], None]) -> int:
    if answer < 0:
        refuse(-1 - answer)
    return answer
