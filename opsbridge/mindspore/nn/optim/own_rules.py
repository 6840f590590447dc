"""What optimizers of one's own call in `construct`: decay, scale and loops over parameters."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.composite import HyperMap
from opsbridge.mindspore.names import look_up
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.tensors import Tensor


class OwnRules:
    """Members of MindSpore's Optimizer for rules that are written in `construct`."""

    parameters: Any
    is_group: bool
    _decayed: Any
    _centralized: Any
    _scaled: Any
    loss_scale: float
    weight_decay: Any
    dynamic_lr: bool
    _settings: list[Any]
    unique = True
    use_parallel = False
    _target = "CPU"

    @property
    def target(self) -> str:
        """Where sparse gradients are applied; there are none, so it has no effect."""
        return self._target

    @target.setter
    def target(self, value: str) -> None:
        self._set_base_target(value)

    def _set_base_target(self, value: str) -> None:
        if not isinstance(value, str):
            raise DtypeError(f"Optimizer: target is {value!r}; it must be a str")
        if value not in ("CPU", "Ascend", "GPU"):
            raise ArgumentError(f"Optimizer: target is {value!r}; it must be CPU, Ascend or GPU")
        self._target = value

    def _set_up_own_rules(self) -> None:
        self.need_scale = self.loss_scale != 1.0
        self.reciprocal_scale = 1.0 / self.loss_scale
        self.decay_flags = tuple(each.weight_decay > 0 for each in self._settings)
        self.optim_filter = (True,) * len(self._settings)
        self.assignadd = look_up("mindspore.ops.AssignAdd")()
        self.global_step_increase_tensor = as_tensor(torch.ones(1, dtype=torch.int32))
        # The order in which parameters are taken does not matter.
        self.map_ = self.hyper_map = self.map_reverse = HyperMap()

    def get_weight_decay(self) -> Any:
        """Return the decay times the loss scale, for groups one of each parameter."""
        of_each = [each.weight_decay * self.loss_scale for each in self._settings]
        return of_each if self.is_group else self.weight_decay * self.loss_scale

    def decay_weight(self, gradients: Any) -> tuple[Tensor, ...]:
        """Return the gradients with the decay added."""
        return self._each(self._decayed, gradients, self.parameters, self._settings)

    def gradients_centralization(self, gradients: Any) -> tuple[Tensor, ...]:
        """Return the gradients less their means, where a group asks for it."""
        return self._each(self._centralized, gradients, self._settings)

    def scale_grad(self, gradients: Any) -> tuple[Tensor, ...]:
        """Return the gradients over the loss scale."""
        return self._each(self._scaled, gradients)

    def flatten_gradients(self, gradients: Any) -> Any:
        """Return the gradients as they are."""
        return gradients

    def _grad_sparse_indices_deduplicate(self, gradients: Any) -> Any:
        return gradients

    def broadcast_params(self, optim_result: Any) -> Any:
        """Return the result: there is one process."""
        return optim_result

    def _is_dynamic_lr_or_weight_decay(self) -> bool:
        return self.dynamic_lr

    @staticmethod
    def _each(rule: Any, gradients: Any, *others: Any) -> tuple[Tensor, ...]:
        return tuple(
            as_tensor(rule(plain(gradient), *rest))
            for gradient, *rest in zip(gradients, *others, strict=True)
        )
