"""More optimizers, each by its update rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.nn.optim.optimizer import Optimizer
from opsbridge.mindspore.nn.optim.rules import Adam, check_betas
from opsbridge.mindspore.nn.plain import plain
from opsbridge.mindspore.parameter import Parameter, ParameterTuple

__all__ = ["ASGD", "AdaMax", "Adadelta", "Lamb", "LazyAdam", "Rprop"]


class AdaMax(Optimizer):
    """moment1 = beta1 * moment1 + (1 - beta1) * gradient;
    moment2 = max(beta2 * moment2, |gradient|);
    parameter -= rate / (1 - beta1 ** t) * moment1 / (moment2 + eps).
    """

    def __init__(
        self,
        params: Any,
        learning_rate: Any = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        check_betas("AdaMax", beta1, beta2, eps)
        self.beta1, self.beta2, self.eps = np.array([beta1, beta2, eps], np.float32).tolist()
        self.beta1_power = Parameter(np.ones(1, np.float32), name="beta1_power")
        self.moment1 = self.parameters.clone("moment1", init="zeros")
        self.moment2 = self.parameters.clone("moment2", init="zeros")

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        power = plain(self.beta1_power)
        power.mul_(self.beta1)
        for number, (parameter, gradient, rate) in enumerate(
            zip(self.parameters, gradients, rates, strict=True)
        ):
            first, largest = plain(self.moment1[number]), plain(self.moment2[number])
            first.add_((gradient - first) * (1 - self.beta1))
            largest.copy_(torch.maximum(largest * self.beta2, gradient.abs()))
            plain(parameter).sub_(rate / (1 - power) * first / (largest + self.eps))


class Adadelta(Optimizer):
    """accum = rho * accum + (1 - rho) * gradient ** 2, accum_update with steps alike;
    step = sqrt(accum_update + epsilon) / sqrt(accum + epsilon) * gradient;
    parameter -= rate * step.
    """

    def __init__(
        self,
        params: Any,
        learning_rate: Any = 1.0,
        rho: float = 0.9,
        epsilon: float = 1e-6,
        loss_scale: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        if not 0 <= rho <= 1 or epsilon < 0:
            raise ArgumentError(
                f"Adadelta: rho is {rho}, epsilon is {epsilon};"
                " rho must be in [0, 1] and epsilon at least 0"
            )
        self.rho, self.epsilon = rho, epsilon
        self.accum = self.parameters.clone("accum", init="zeros")
        self.accum_update = self.parameters.clone("accum_update", init="zeros")

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        for number, (parameter, gradient, rate) in enumerate(
            zip(self.parameters, gradients, rates, strict=True)
        ):
            squares, steps = plain(self.accum[number]), plain(self.accum_update[number])
            squares.mul_(self.rho).add_(gradient * gradient * (1 - self.rho))
            step = (steps + self.epsilon).sqrt() * (squares + self.epsilon).rsqrt() * gradient
            steps.mul_(self.rho).add_(step * step * (1 - self.rho))
            plain(parameter).sub_(rate * step)


class Lamb(Optimizer):
    """Adam whose step of each parameter has the norm of the parameter, times the rate.

    step = corrected moment1 / (sqrt(corrected moment2) + eps) + weight_decay * parameter;
    parameter -= rate * |parameter| / |step| * step; a norm of 0 leaves the step as it is.
    """

    def __init__(
        self,
        params: Any,
        learning_rate: Any,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay)
        check_betas("Lamb", beta1, beta2, eps)
        self.beta1, self.beta2, self.eps = np.array([beta1, beta2, eps], np.float32).tolist()
        self.moments1 = self.parameters.clone("lamb_m", init="zeros")
        self.moments2 = self.parameters.clone("lamb_v", init="zeros")

    def prepared(self, gradients: Any) -> list[torch.Tensor]:
        """Return the gradients centralised where asked for: the decay is in the rule."""
        return [
            self._centralized(plain(gradient), settings)
            for gradient, settings in zip(gradients, self._settings, strict=True)
        ]

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        count = plain(self.global_step).float()
        corrections = 1 - self.beta1**count, 1 - self.beta2**count
        for number, (parameter, gradient, rate, settings) in enumerate(
            zip(self.parameters, gradients, rates, self._settings, strict=True)
        ):
            first, second = plain(self.moments1[number]), plain(self.moments2[number])
            first.add_((gradient - first) * (1 - self.beta1))
            second.add_((gradient * gradient - second) * (1 - self.beta2))
            values = plain(parameter)
            step = first / corrections[0] / ((second / corrections[1]).sqrt() + self.eps)
            step = step + values * settings.weight_decay
            norms = torch.linalg.vector_norm(values), torch.linalg.vector_norm(step)
            ratio = torch.where((norms[0] > 0) & (norms[1] > 0), norms[0] / norms[1], 1.0)
            values.sub_(rate * ratio * step)


class ASGD(Optimizer):
    """parameter = parameter * (1 - lambd * eta) - eta * gradient; ax is its running mean.

    eta = rate / (1 + lambd * rate * t) ** alpha; ax is the parameter until step t0.
    """

    def __init__(
        self,
        params: Any,
        learning_rate: Any = 0.1,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay)
        self.lambd, self.alpha, self.t0 = lambd, alpha, t0
        self.mu, self.eta = (
            ParameterTuple(
                Parameter(np.array(start, np.float32), name=f"{name}{each.name}")
                for each in self.parameters
            )
            for name, start in (("mu_", 1.0), ("eta_", 0.0))
        )
        self.ax = self.parameters.clone("ax_", init="zeros")

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        count = plain(self.global_step).float().squeeze()
        for number, (parameter, gradient, rate) in enumerate(
            zip(self.parameters, gradients, rates, strict=True)
        ):
            values, mean = plain(parameter), plain(self.ax[number])
            share, eta = plain(self.mu[number]), plain(self.eta[number])
            if count == 1:
                eta.copy_(rate)
            values.copy_(values * (1 - self.lambd * eta) - eta * gradient)
            mean.copy_(torch.where(share == 1, values, mean + (values - mean) * share))
            eta.copy_(rate / (1 + self.lambd * rate * count) ** self.alpha)
            share.copy_(1 / (count - self.t0).clamp(min=1))


class Rprop(Optimizer):
    """parameter -= sign(gradient) * step; a step grows while the gradient keeps its sign.

    Where the sign turned, the step shrinks and the parameter stays.

    Args:
        etas: what a step shrinks and grows by.
        step_sizes: its smallest and largest value.
    """

    def __init__(
        self,
        params: Any,
        learning_rate: Any = 0.1,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay)
        if not 0 < etas[0] < 1 < etas[1] or step_sizes[0] > step_sizes[1]:
            raise ArgumentError(
                f"Rprop: etas is {etas}, step_sizes is {step_sizes}; etas must be below and above"
                " 1, both positive, and step_sizes ascending"
            )
        self.etas, self.step_sizes = etas, step_sizes
        self.prev = self.parameters.clone("prev", init="zeros")
        self.step_size = self.parameters.clone("step_size", init="zeros")

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        is_first = bool(plain(self.global_step) == 1)
        for number, (parameter, gradient, rate) in enumerate(
            zip(self.parameters, gradients, rates, strict=True)
        ):
            before, step = plain(self.prev[number]), plain(self.step_size[number])
            turn = gradient * before
            factor = torch.where(turn > 0, self.etas[1], torch.where(turn < 0, self.etas[0], 1.0))
            size = rate * torch.ones_like(step) if is_first else step
            step.copy_((size * factor).clamp(*self.step_sizes))
            before.copy_(torch.where(turn < 0, 0, gradient))
            plain(parameter).sub_(before.sign() * step)


class LazyAdam(Adam):
    """Adam: it would leave out rows that a sparse gradient lacks, and none is sparse here."""

    def __init__(
        self,
        params: Any,
        learning_rate: Any = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        use_locking: bool = False,
        use_nesterov: bool = False,
        weight_decay: float = 0.0,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(
            params, learning_rate, beta1, beta2, eps, use_locking, use_nesterov, weight_decay,
            loss_scale,
        )  # fmt: skip
        for name in ("beta1_power", "beta2_power"):
            setattr(self, name, Parameter(np.ones(1, np.float32), name=name))
