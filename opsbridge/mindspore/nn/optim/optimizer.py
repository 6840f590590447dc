"""`Optimizer`: parameter groups, learning rates, weight decay and loss scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.optim.own_rules import OwnRules
from opsbridge.mindspore.nn.optim.schedule import LearningRateSchedule
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter, ParameterTuple, named
from opsbridge.mindspore.tensors import Tensor

__all__ = ["Optimizer"]

_GROUP_KEYS = ("params", "lr", "weight_decay", "order_params", "grad_centralization")


@dataclass
class _Settings:
    """What one parameter is trained with."""

    learning_rate: Any
    weight_decay: float
    centralize: bool = False


class Optimizer(OwnRules, Cell):
    """The base of all optimizers: calling it with gradients updates the parameters.

    Args:
        learning_rate: a number; a list or 1-D tensor, one for each step; or a schedule.
        parameters: parameters, or groups as dictionaries with `params` and, if they differ, `lr`,
            `weight_decay`, `grad_centralization`; a group `order_params` gives the order. Those of
            modules of PyTorch come from `Cell.trainable_params(module)`, which names them.
        weight_decay: share of the parameter added to its gradient. Without groups, parameters named
            *beta* or *gamma* are left out.
        loss_scale: gradients are divided by it.

    Raises:
        ArgumentError: no parameters, an unknown key in a group, or a negative value.
        DtypeError: an element is neither a Parameter nor a group, or a decay asks for the name of
            one that has none.
    """

    def __init__(
        self,
        learning_rate: Any,
        parameters: Iterable[Any],
        weight_decay: Any = 0.0,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(auto_prefix=False)
        given = list(parameters)
        if not given:
            raise ArgumentError(f"{self.cls_name}: parameters is empty")
        if loss_scale <= 0:
            raise ArgumentError(f"{self.cls_name}: loss_scale is {loss_scale}; it must be positive")
        self.loss_scale = float(loss_scale)
        self.global_step = Parameter(np.zeros(1, np.int32), name="global_step")
        self.is_group = isinstance(given[0], dict)
        default = self._rate(learning_rate, "learning_rate")
        self.dynamic_lr = isinstance(default, Cell)
        decay = self._decay(weight_decay)
        if self.is_group:
            chosen, settings = self._from_groups(given, default, decay)
        else:
            chosen = given
            settings = [_Settings(default, self._decay_of(each, decay)) for each in given]
            self.learning_rate = default
        self.is_group_lr = any(each.learning_rate is not default for each in settings)
        self.parameters = ParameterTuple(chosen)
        self._settings = settings
        self.weight_decay = weight_decay
        self._set_up_own_rules()

    def _decay(self, weight_decay: Any) -> float:
        if isinstance(weight_decay, bool) or not isinstance(weight_decay, int | float):
            raise DtypeError(
                f"{self.cls_name}: weight_decay is a {type(weight_decay).__name__};"
                " it must be a number"
            )
        if weight_decay < 0:
            raise ArgumentError(f"{self.cls_name}: weight_decay is {weight_decay}; at least 0")
        return float(weight_decay)

    def _decay_of(self, parameter: Any, decay: float) -> float:
        """Return the decay without groups: none for those of normalisations, told by name."""
        if not isinstance(parameter, torch.nn.Parameter):
            kind = type(parameter)
            raise DtypeError(
                f"{self.cls_name}: an element of parameters is a {kind.__module__}.{kind.__name__};"
                " all must be Parameters, or all groups"
            )
        if decay and named(parameter).has_generated_name:
            raise DtypeError(
                f"{self.cls_name}: weight_decay leaves out normalisations, which names tell, but a"
                " parameter has no name; give opsbridge.mindspore.nn.Cell.trainable_params(module)"
            )
        is_left_out = decay and ("beta" in parameter.name or "gamma" in parameter.name)
        return 0.0 if is_left_out else decay

    def _rate(self, learning_rate: Any, name: str) -> Any:
        """Return a learning rate as a parameter, or as a schedule of the step."""
        if isinstance(learning_rate, LearningRateSchedule):
            return learning_rate
        values = np.asarray(
            learning_rate.asnumpy() if isinstance(learning_rate, Tensor) else learning_rate,
            np.float32,
        )
        if values.ndim > 1 or (values < 0).any():
            raise ArgumentError(
                f"{self.cls_name}: learning_rate must be one number or a list, not negative"
            )
        return Parameter(values, name) if values.ndim == 0 else _Listed(values, name)

    def _from_groups(
        self, groups: list[Any], default: Any, decay: float
    ) -> tuple[list[Parameter], list[_Settings]]:
        found: dict[Parameter, _Settings] = {}
        order: list[Parameter] | None = None
        for number, group in enumerate(groups):
            if unknown := set(group) - set(_GROUP_KEYS):
                raise ArgumentError(f"{self.cls_name}: group {number} has unknown {unknown}")
            if "order_params" in group:
                order = list(group["order_params"])
                continue
            rate = default
            if "lr" in group:
                rate = self._rate(group["lr"], f"learning_rate_group_{number}")
                setattr(self, f"learning_rate_group_{number}", rate)
            else:
                self.learning_rate = default
            of_group = self._decay(group.get("weight_decay", decay))
            for parameter in group["params"]:
                if parameter in found:
                    raise ArgumentError(f"{self.cls_name}: {parameter.name} is in two groups")
                centralize = bool(group.get("grad_centralization", False))
                found[parameter] = _Settings(rate, of_group, centralize)
        parameters = order or list(found)
        return parameters, [found[each] for each in parameters]

    def get_lr(self) -> Any:
        """Return this step's learning rate; a tuple, one for each parameter, if groups differ."""
        rates = [self._rate_now(each) for each in self._settings]
        return tuple(rates) if self.is_group_lr else rates[0]

    def _rate_now(self, settings: _Settings) -> Tensor:
        rate = settings.learning_rate
        return as_tensor(
            plain(rate(self.global_step)).reshape(())
            if isinstance(rate, Cell)
            else plain(rate).detach()
        )

    def prepared(self, gradients: Any) -> list[torch.Tensor]:
        """Return gradients after decay, centralisation and scale, in this order."""
        return [
            self._scaled(self._centralized(self._decayed(plain(gradient), parameter, each), each))
            for gradient, parameter, each in zip(
                gradients, self.parameters, self._settings, strict=True
            )
        ]

    def _decayed(
        self, gradient: torch.Tensor, parameter: Parameter, settings: _Settings
    ) -> torch.Tensor:
        if settings.weight_decay <= 0:
            return gradient
        # The scale is taken out of the sum later, so the decay gets it first.
        return gradient + plain(parameter) * (settings.weight_decay * self.loss_scale)

    def _centralized(self, gradient: torch.Tensor, settings: _Settings) -> torch.Tensor:
        # MindSpore leaves out weights whose second length is no multiple of 16.
        if not settings.centralize or gradient.dim() < 2 or gradient.shape[1] % 16:
            return gradient
        return gradient - gradient.mean(tuple(range(1, gradient.dim())), keepdim=True)

    def _scaled(self, gradient: torch.Tensor) -> torch.Tensor:
        return gradient if self.loss_scale == 1.0 else gradient * (1.0 / self.loss_scale)

    def construct(self, gradients: Any) -> tuple[bool, ...]:
        """Update all parameters by their gradients."""
        with torch.no_grad():
            rates = [plain(self._rate_now(each)) for each in self._settings]
            plain(self.global_step).add_(1)
            self.update(self.prepared(gradients), rates)
        return (True,) * len(self.parameters)

    def update(self, gradients: list[torch.Tensor], rates: list[torch.Tensor]) -> None:
        """Update all parameters by prepared gradients; every optimizer defines its own rule."""
        raise NotImplementedError(f"{self.cls_name} defines no update")


class _Listed(LearningRateSchedule):
    """One learning rate for each step; the last one goes on."""

    def __init__(self, values: Any, name: str) -> None:
        super().__init__()
        self.learning_rate = Parameter(values, name)

    def construct(self, global_step: Any) -> Tensor:
        """Return the rate of the step."""
        rates = plain(self.learning_rate).detach()
        return as_tensor(rates[plain(global_step).long().clamp(max=len(rates) - 1)])
