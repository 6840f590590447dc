"""The optimizers, each by its update rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.nn.optim.optimizer import Optimizer
from opsbridge.mindspore.nn.plain import plain
from opsbridge.mindspore.parameter import Parameter

__all__ = ["SGD", "Adagrad", "Adam", "AdamWeightDecay", "Momentum", "RMSProp"]


class Momentum(Optimizer):
    """accum = accum * momentum + gradient; parameter -= rate * accum.

    With use_nesterov, parameter -= rate * gradient + rate * momentum * accum, as documented;
    MindSpore 2.10 ignores use_nesterov on CPU.
    """

    def __init__(
        self,
        params: Any,
        learning_rate: Any,
        momentum: float,
        weight_decay: float = 0.0,
        loss_scale: float = 1.0,
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        if momentum < 0:
            raise ArgumentError(f"Momentum: momentum is {momentum}; it must be at least 0")
        self.momentum = Parameter(np.array(momentum, np.float32), name="momentum")
        self.use_nesterov = use_nesterov
        self.moments = self.parameters.clone("moments", init="zeros")

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        keep = plain(self.momentum)
        for parameter, moment, gradient, rate in zip(
            self.parameters, self.moments, gradients, rates, strict=True
        ):
            accum = plain(moment)
            accum.mul_(keep).add_(gradient)
            if self.use_nesterov:
                plain(parameter).sub_(gradient * rate + accum * keep * rate)
            else:
                plain(parameter).sub_(accum * rate)


class SGD(Optimizer):
    """accum = accum * momentum + (1 - dampening) * gradient; parameter -= rate * accum.

    The first step takes the whole gradient. With nesterov, the step is gradient + momentum * accum.
    """

    def __init__(
        self,
        params: Any,
        learning_rate: Any = 0.1,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        if momentum < 0 or dampening < 0:
            raise ArgumentError("SGD: momentum and dampening must be at least 0")
        if nesterov and (momentum == 0 or dampening != 0):
            raise ArgumentError("SGD: nesterov needs a momentum and no dampening")
        self.momentum = Parameter(np.array(momentum, np.float32), name="momentum")
        self.dampening, self.nesterov = float(dampening), nesterov
        self.accum = self.parameters.clone("accum", init="zeros")
        # 1 until the first step of the parameter.
        self.stat = self.parameters.clone("stat", init="ones")

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        keep = plain(self.momentum)
        for parameter, accum, stat, gradient, rate in zip(
            self.parameters, self.accum, self.stat, gradients, rates, strict=True
        ):
            step = gradient
            if keep > 0:
                total, first = plain(accum), plain(stat)
                damped = total * keep + gradient * (1.0 - self.dampening)
                total.copy_(torch.where(first > 0, gradient, damped))
                first.zero_()
                step = gradient + keep * total if self.nesterov else total
            plain(parameter).sub_(step * rate)


class Adam(Optimizer):
    """Adam with the bias corrections in the rate, so that eps is added to the uncorrected root.

    moment1 = beta1 * moment1 + (1 - beta1) * gradient, moment2 with squares alike;
    parameter -= rate * sqrt(1 - beta2 ** t) / (1 - beta1 ** t) * moment1 / (sqrt(moment2) + eps).
    """

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
        use_amsgrad: bool = False,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        check_betas("Adam", beta1, beta2, eps)
        # Rounded as MindSpore rounds them: its kernels compute in float32.
        self.beta1, self.beta2, self.eps = np.array([beta1, beta2, eps], np.float32).tolist()
        self.use_nesterov, self.use_amsgrad = use_nesterov, use_amsgrad
        self.beta1_power = Parameter(np.ones((), np.float32), name="beta1_power")
        self.beta2_power = Parameter(np.ones((), np.float32), name="beta2_power")
        self.moment1 = self.parameters.clone("moment1", init="zeros")
        self.moment2 = self.parameters.clone("moment2", init="zeros")
        if use_amsgrad:
            self.vhat = self.parameters.clone("vhat", init="zeros")

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        power1, power2 = plain(self.beta1_power), plain(self.beta2_power)
        power1.mul_(self.beta1)
        power2.mul_(self.beta2)
        correction = (1 - power2).sqrt() / (1 - power1)
        for number, (parameter, gradient, rate) in enumerate(
            zip(self.parameters, gradients, rates, strict=True)
        ):
            first, second = plain(self.moment1[number]), plain(self.moment2[number])
            first.add_((gradient - first) * (1 - self.beta1))
            second.add_((gradient * gradient - second) * (1 - self.beta2))
            if self.use_amsgrad:
                largest = plain(self.vhat[number])
                second = largest.copy_(torch.maximum(largest, second))
            step = first
            if self.use_nesterov:
                step = first * self.beta1 + gradient * (1 - self.beta1)
            plain(parameter).sub_(rate * correction * step / (second.sqrt() + self.eps))


class AdamWeightDecay(Optimizer):
    """Adam without bias corrections, with the decay apart from the gradient.

    parameter -= rate * (moment1 / (sqrt(moment2) + eps) + weight_decay * parameter).
    """

    def __init__(
        self,
        params: Any,
        learning_rate: Any = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay)
        check_betas("AdamWeightDecay", beta1, beta2, eps)
        self.beta1, self.beta2, self.eps = np.array([beta1, beta2, eps], np.float32).tolist()
        self.moments1 = self.parameters.clone("adam_m", init="zeros")
        self.moments2 = self.parameters.clone("adam_v", init="zeros")

    def prepared(self, gradients: Any) -> list[torch.Tensor]:
        """Return the gradients as they are: the decay is in the rule."""
        return [plain(gradient) for gradient in gradients]

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        for number, (parameter, gradient, rate, settings) in enumerate(
            zip(self.parameters, gradients, rates, self._settings, strict=True)
        ):
            first, second = plain(self.moments1[number]), plain(self.moments2[number])
            first.add_((gradient - first) * (1 - self.beta1))
            second.add_((gradient * gradient - second) * (1 - self.beta2))
            step = first / (second.sqrt() + self.eps)
            step = step + plain(parameter) * settings.weight_decay
            plain(parameter).sub_(rate * step)


def check_betas(owner: str, beta1: float, beta2: float, eps: float) -> None:
    if not 0 < beta1 < 1 or not 0 < beta2 < 1 or eps <= 0:
        raise ArgumentError(
            f"{owner}: beta1 is {beta1}, beta2 is {beta2}, eps is {eps};"
            " the betas must be in (0, 1) and eps positive"
        )


class RMSProp(Optimizer):
    """mean_square = decay * mean_square + (1 - decay) * gradient ** 2, from 1 on;
    moment = momentum * moment + rate * gradient / sqrt(mean_square + epsilon);
    parameter -= moment. Centered, the square of the mean gradient is taken off mean_square there.
    MindSpore 2.10 adds epsilon behind the root in blocks of eight values, on CPU.
    """

    def __init__(
        self,
        params: Any,
        learning_rate: Any = 0.1,
        decay: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        loss_scale: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        if decay < 0 or momentum < 0 or epsilon <= 0:
            raise ArgumentError(
                f"RMSProp: decay is {decay}, momentum is {momentum}, epsilon is {epsilon};"
                " decay and momentum must be at least 0 and epsilon positive"
            )
        given = np.array([decay, momentum, epsilon], np.float32)
        self.decay, self.momentum, self.epsilon = given.tolist()
        self.centered = centered
        if centered:
            self.mg = self.parameters.clone("mean_grad", init="zeros")
        self.ms = self.parameters.clone("mean_square", init="ones")
        self.moment = self.parameters.clone("moment", init="zeros")

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        for number, (parameter, gradient, rate) in enumerate(
            zip(self.parameters, gradients, rates, strict=True)
        ):
            square, moment = plain(self.ms[number]), plain(self.moment[number])
            square.mul_(self.decay).add_(gradient * gradient * (1 - self.decay))
            spread = square
            if self.centered:
                mean = plain(self.mg[number])
                mean.mul_(self.decay).add_(gradient * (1 - self.decay))
                spread = square - mean * mean
            step = rate * gradient / (spread + self.epsilon).sqrt()
            moment.mul_(self.momentum).add_(step)
            plain(parameter).sub_(moment)


class Adagrad(Optimizer):
    """accum = accum + gradient ** 2; parameter -= rate * gradient / sqrt(accum)."""

    def __init__(
        self,
        params: Any,
        accum: float = 0.1,
        learning_rate: Any = 1e-3,
        update_slots: bool = True,
        loss_scale: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        if accum < 0:
            raise ArgumentError(f"Adagrad: accum is {accum}; it must be at least 0")
        self.update_slots = update_slots
        self.accum = self.parameters.clone("accum", init=accum)

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients."""
        for parameter, accum, gradient, rate in zip(
            self.parameters, self.accum, gradients, rates, strict=True
        ):
            total = plain(accum)
            if self.update_slots:
                total.add_(gradient * gradient)
            plain(parameter).sub_(rate * gradient / total.sqrt())
