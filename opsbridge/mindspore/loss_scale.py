"""Scales of the loss, which keep small gradients of half precision above zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.parameter import Parameter
from opsbridge.mindspore.tensors import Tensor

__all__ = [
    "DynamicLossScaleManager",
    "DynamicLossScaler",
    "FixedLossScaleManager",
    "LossScaleManager",
    "LossScaler",
    "StaticLossScaler",
    "all_finite",
]


class LossScaleManager:
    """The base of what gives a Model its scale."""

    def get_loss_scale(self) -> float:
        """Return the scale."""
        raise NotImplementedError

    def update_loss_scale(self, overflow: bool) -> None:
        """Take note of a step."""

    def get_update_cell(self) -> Any:
        """Return the Cell that changes the scale in training; None for none."""


class FixedLossScaleManager(LossScaleManager):
    """One scale for ever; with drop_overflow_update, steps that overflow are left out."""

    def __init__(self, loss_scale: float = 128.0, drop_overflow_update: bool = True) -> None:
        if loss_scale < 1:
            raise ArgumentError(f"FixedLossScaleManager: loss_scale is {loss_scale}; at least 1")
        self._loss_scale, self._drop = float(loss_scale), drop_overflow_update

    def get_loss_scale(self) -> float:
        """Return the scale."""
        return self._loss_scale

    def get_drop_overflow_update(self) -> bool:
        """Return whether steps that overflow are left out."""
        return self._drop

    def get_update_cell(self) -> Any:
        """Return the Cell that finds overflows, if steps are left out."""
        from opsbridge.mindspore.nn.scaled import FixedLossScaleUpdateCell

        return FixedLossScaleUpdateCell(self._loss_scale) if self._drop else None


class DynamicLossScaleManager(LossScaleManager):
    """A scale that falls by a factor with each overflow and rises after a window without one."""

    def __init__(
        self, init_loss_scale: float = 2**24, scale_factor: int = 2, scale_window: int = 2000
    ) -> None:
        if init_loss_scale < 1 or scale_factor <= 0 or scale_window <= 0:
            raise ArgumentError(
                f"DynamicLossScaleManager: init_loss_scale, scale_factor, scale_window are"
                f" {init_loss_scale}, {scale_factor}, {scale_window}; all must be positive"
            )
        self.loss_scale, self.scale_window = init_loss_scale, scale_window
        self.increase_ratio, self.decrease_ratio = scale_factor, 1 / scale_factor
        self.scale_factor, self.cur_iter, self.last_overflow_iter = scale_factor, 1, 0

    def get_loss_scale(self) -> float:
        """Return the scale."""
        return self.loss_scale

    def update_loss_scale(self, overflow: bool) -> None:
        """Lower the scale after an overflow, else raise it where a window has passed."""
        if overflow:
            self.loss_scale = max(self.loss_scale * self.decrease_ratio, 1)
            self.last_overflow_iter = self.cur_iter
        elif (self.cur_iter - self.last_overflow_iter) % self.scale_window == 0:
            self.loss_scale *= self.increase_ratio
        self.cur_iter += 1

    def get_drop_overflow_update(self) -> bool:
        """Return True: steps that overflow are left out."""
        return True

    def get_update_cell(self) -> Any:
        """Return the Cell that changes the scale in training."""
        from opsbridge.mindspore.nn.scaled import DynamicLossScaleUpdateCell

        return DynamicLossScaleUpdateCell(self.loss_scale, self.scale_factor, self.scale_window)


class LossScaler:
    """The base of scalers that a training loop calls itself."""

    scale_value: Any

    def scale(self, inputs: Any) -> Any:
        """Return the loss, or gradients, times the scale."""
        return _each(inputs, lambda x: x * plain_scale(self.scale_value, x))

    def unscale(self, inputs: Any) -> Any:
        """Return gradients divided by the scale."""
        return _each(inputs, lambda x: x * plain_scale(1 / self.scale_value, x))

    def adjust(self, grads_finite: Any) -> Any:
        """Take note of a step."""
        raise NotImplementedError


class StaticLossScaler(LossScaler):
    """One scale for ever."""

    def __init__(self, scale_value: float) -> None:
        self.scale_value = _scale_parameter(scale_value)

    def adjust(self, grads_finite: Any) -> bool:
        """Return False: nothing changes."""
        return False


class DynamicLossScaler(LossScaler):
    """A scale that falls by a factor with each overflow and rises after a window without one."""

    def __init__(self, scale_value: float, scale_factor: int, scale_window: int) -> None:
        if scale_factor <= 0 or scale_window <= 0:
            raise ArgumentError("DynamicLossScaler: scale_factor and scale_window must be positive")
        self.scale_value = _scale_parameter(scale_value)
        self.counter = Parameter(Tensor(0, torch.int32), name="counter")
        self.scale_factor, self.scale_window = scale_factor, scale_window

    def adjust(self, grads_finite: Any) -> bool:
        """Change the scale by whether the gradients were finite."""
        scale, count = float(self.scale_value.detach()), int(self.counter)
        if not bool(grads_finite):
            scale, count = max(1.0, scale / self.scale_factor), -1
        elif count == self.scale_window - 1:
            larger = np.float32(scale * self.scale_factor)
            scale = float(larger) if np.isfinite(larger) else scale
        self.scale_value.set_data(scale)
        self.counter.set_data((count + 1) % self.scale_window)
        return True


def all_finite(inputs: Any) -> Tensor:
    """Return whether no tensor of nested tuples has infinity or NaN.

    >>> print(all_finite((Tensor([1.0]), Tensor([float("inf")]))))
    False
    """
    tensors = list(_tensors(inputs))
    finite = all(bool(torch.isfinite(each.detach()).all()) for each in tensors)
    return Tensor(finite)


def plain_scale(scale: Any, like: torch.Tensor) -> torch.Tensor:
    """Return a scale as a tensor without gradient, of the dtype of another one."""
    return torch.as_tensor(scale).detach().to(like.device, like.dtype)


def _scale_parameter(scale: float) -> Parameter:
    if isinstance(scale, bool) or not isinstance(scale, int | float) or scale < 1:
        raise ArgumentError(
            f"LossScaler: scale_value is {scale!r}; it must be a number, at least 1"
        )
    return Parameter(Tensor(scale, torch.float32), name="scale_value")


def _each(value: Any, function: Any) -> Any:
    if isinstance(value, tuple | list):
        return tuple(_each(each, function) for each in value)
    return function(value)


def _tensors(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _tensors(each)
