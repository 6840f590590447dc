"""Learning rates that depend on the step, and lists of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.tensors import Tensor

__all__ = [
    "CosineDecayLR",
    "ExponentialDecayLR",
    "InverseDecayLR",
    "LearningRateSchedule",
    "NaturalExpDecayLR",
    "PolynomialDecayLR",
    "WarmUpLR",
    "cosine_decay_lr",
    "exponential_decay_lr",
    "inverse_decay_lr",
    "natural_exp_decay_lr",
    "piecewise_constant_lr",
    "polynomial_decay_lr",
    "warmup_lr",
]


class LearningRateSchedule(Cell):
    """The base of learning rates that are computed from the step."""

    def construct(self, global_step: Any) -> Any:
        """Return the rate of a step; every schedule defines its own."""
        raise NotImplementedError(f"{self.cls_name} defines no construct")


class _Decay(LearningRateSchedule):
    """A start value that falls by a rate every `decay_steps`; in stairs if `is_stair`."""

    def __init__(
        self, learning_rate: float, decay_rate: float, decay_steps: int, is_stair: bool = False
    ) -> None:
        super().__init__()
        self.learning_rate, self.decay_rate = learning_rate, decay_rate
        self.decay_steps, self.is_stair = decay_steps, is_stair

    def _periods(self, global_step: Any) -> torch.Tensor:
        periods: torch.Tensor = plain(global_step).float() / self.decay_steps
        return periods.floor() if self.is_stair else periods


class ExponentialDecayLR(_Decay):
    """learning_rate * decay_rate ** (step / decay_steps)."""

    def construct(self, global_step: Any) -> Tensor:
        """Return the rate of the step."""
        return as_tensor(self.learning_rate * self.decay_rate ** self._periods(global_step))


class NaturalExpDecayLR(_Decay):
    """learning_rate * e ** (-decay_rate * step), the step in multiples of decay_steps if stairs."""

    def construct(self, global_step: Any) -> Tensor:
        """Return the rate of the step."""
        step = plain(global_step).float()
        if self.is_stair:
            step = (step / self.decay_steps).floor() * self.decay_steps
        return as_tensor(self.learning_rate * torch.exp(-self.decay_rate * step))


class InverseDecayLR(_Decay):
    """learning_rate / (1 + decay_rate * step / decay_steps)."""

    def construct(self, global_step: Any) -> Tensor:
        """Return the rate of the step."""
        return as_tensor(self.learning_rate / (1 + self.decay_rate * self._periods(global_step)))


class CosineDecayLR(LearningRateSchedule):
    """From max_lr to min_lr along half a cosine."""

    def __init__(self, min_lr: float, max_lr: float, decay_steps: int) -> None:
        super().__init__()
        if min_lr >= max_lr:
            raise ArgumentError(f"CosineDecayLR: min_lr {min_lr} must be below max_lr {max_lr}")
        self.min_lr, self.max_lr, self.decay_steps = min_lr, max_lr, decay_steps

    def construct(self, global_step: Any) -> Tensor:
        """Return the rate of the step."""
        part = plain(global_step).clamp(max=self.decay_steps).float() / self.decay_steps
        wave = 1.0 + torch.sin(math.pi * (part + 0.5))
        return as_tensor(self.min_lr + 0.5 * (self.max_lr - self.min_lr) * wave)


class PolynomialDecayLR(LearningRateSchedule):
    """From learning_rate to end_learning_rate along a power of the part that is left."""

    def __init__(
        self,
        learning_rate: float,
        end_learning_rate: float,
        decay_steps: int,
        power: float,
        update_decay_steps: bool = False,
    ) -> None:
        super().__init__()
        self.start, self.end = learning_rate, end_learning_rate
        self.decay_steps, self.power = decay_steps, power
        self.update_decay_steps = update_decay_steps

    def construct(self, global_step: Any) -> Tensor:
        """Return the rate of the step."""
        step = plain(global_step).float()
        if self.update_decay_steps:
            part = step / (self.decay_steps * (step / self.decay_steps).ceil().clamp(min=1))
        else:
            part = step.clamp(max=self.decay_steps) / self.decay_steps
        return as_tensor((self.start - self.end) * (1.0 - part) ** self.power + self.end)


class WarmUpLR(LearningRateSchedule):
    """From 0 to learning_rate in warmup_steps."""

    def __init__(self, learning_rate: float, warmup_steps: int) -> None:
        super().__init__()
        self.learning_rate, self.warmup_steps = learning_rate, warmup_steps

    def construct(self, global_step: Any) -> Tensor:
        """Return the rate of the step."""
        step = plain(global_step).clamp(max=self.warmup_steps).float()
        return as_tensor(self.learning_rate * (step / self.warmup_steps))


def piecewise_constant_lr(milestone: list[int], learning_rates: list[float]) -> list[float]:
    """Return learning_rates[i] for each step before milestone[i]."""
    if len(milestone) != len(learning_rates):
        raise ArgumentError(
            f"piecewise_constant_lr: milestone has {len(milestone)} elements,"
            f" but learning_rates has {len(learning_rates)}"
        )
    rates: list[float] = []
    for end, rate in zip(milestone, learning_rates, strict=True):
        if end < len(rates):
            raise ArgumentError(f"piecewise_constant_lr: milestone is {milestone}; it must rise")
        rates += [rate] * (end - len(rates))
    return rates


def _by_epoch(total_step: int, step_per_epoch: int, rate: Callable[[int], float]) -> list[float]:
    return [rate(step // step_per_epoch) for step in range(total_step)]


def exponential_decay_lr(
    learning_rate: float,
    decay_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    is_stair: bool = False,
) -> list[float]:
    """Return learning_rate * decay_rate ** (epoch / decay_epoch) of each step."""

    def rate(epoch: int) -> float:
        power = math.floor(epoch / decay_epoch) if is_stair else epoch / decay_epoch
        return float(learning_rate * decay_rate**power)

    return _by_epoch(total_step, step_per_epoch, rate)


def natural_exp_decay_lr(
    learning_rate: float,
    decay_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    is_stair: bool = False,
) -> list[float]:
    """Return learning_rate * e ** (-decay_rate * epoch) of each step."""

    def rate(epoch: int) -> float:
        counted = epoch // decay_epoch * decay_epoch if is_stair else epoch
        return float(learning_rate * math.e ** (-decay_rate * counted))

    return _by_epoch(total_step, step_per_epoch, rate)


def inverse_decay_lr(
    learning_rate: float,
    decay_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    is_stair: bool = False,
) -> list[float]:
    """Return learning_rate / (1 + decay_rate * epoch / decay_epoch) of each step."""

    def rate(epoch: int) -> float:
        if is_stair:
            return learning_rate / (1 + decay_rate * (epoch // decay_epoch))
        return learning_rate / (1 + decay_rate * epoch / decay_epoch)

    return _by_epoch(total_step, step_per_epoch, rate)


def cosine_decay_lr(
    min_lr: float, max_lr: float, total_step: int, step_per_epoch: int, decay_epoch: int
) -> list[float]:
    """Return rates from max_lr to min_lr along half a cosine over decay_epoch."""
    if min_lr >= max_lr:
        raise ArgumentError(f"cosine_decay_lr: min_lr {min_lr} must be below max_lr {max_lr}")

    def rate(epoch: int) -> float:
        wave = 1 + math.cos(math.pi * min(epoch, decay_epoch) / decay_epoch)
        return min_lr + 0.5 * (max_lr - min_lr) * wave

    return _by_epoch(total_step, step_per_epoch, rate)


def polynomial_decay_lr(
    learning_rate: float,
    end_learning_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    power: float,
    update_decay_epoch: bool = False,
) -> list[float]:
    """Return rates from learning_rate to end_learning_rate along a power of what is left."""

    def rate(epoch: int) -> float:
        whole = decay_epoch
        if update_decay_epoch:
            whole *= max(math.ceil(epoch / decay_epoch), 1)
        part = min(epoch, whole) / whole
        return float((learning_rate - end_learning_rate) * (1 - part) ** power + end_learning_rate)

    return _by_epoch(total_step, step_per_epoch, rate)


def warmup_lr(
    learning_rate: float, total_step: int, step_per_epoch: int, warmup_epoch: int
) -> list[float]:
    """Return rates from 0 to learning_rate in warmup_epoch."""
    return _by_epoch(
        total_step,
        step_per_epoch,
        lambda epoch: learning_rate * min(epoch, warmup_epoch) / warmup_epoch,
    )
