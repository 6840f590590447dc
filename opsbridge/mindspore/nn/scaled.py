"""Training steps with a scaled loss: `TrainOneStepWithLossScaleCell` and what changes its scale."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.composite import HyperMap
from opsbridge.mindspore.loss_scale import all_finite, plain_scale
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.members import given_to
from opsbridge.mindspore.nn.wrap import TrainOneStepCell
from opsbridge.mindspore.parameter import Parameter
from opsbridge.mindspore.tensors import Tensor

__all__ = [
    "DynamicLossScaleUpdateCell",
    "FixedLossScaleUpdateCell",
    "TrainOneStepWithLossScaleCell",
]


class FixedLossScaleUpdateCell(Cell):
    """Leave the scale as it is."""

    def __init__(self, loss_scale_value: float) -> None:
        super().__init__()
        self.loss_scale_value = loss_scale_value

    def get_loss_scale(self) -> float:
        """Return the scale."""
        return self.loss_scale_value

    def construct(self, _: Any, overflow: Any) -> Any:
        """Return whether there was an overflow."""
        return overflow


class DynamicLossScaleUpdateCell(Cell):
    """Divide the scale after an overflow, multiply it after `scale_window` steps without one."""

    def __init__(self, loss_scale_value: float, scale_factor: int, scale_window: int) -> None:
        super().__init__()
        if loss_scale_value <= 0 or scale_factor <= 0 or scale_window <= 0:
            raise ArgumentError(f"{self.cls_name}: all arguments must be positive")
        self.loss_scale_value = loss_scale_value
        self.scale_factor, self.scale_window = float(scale_factor), scale_window
        self.cur_iter = Parameter(Tensor(1, torch.int32), name="current_iterator_step")
        self.last_overflow_iter = Parameter(
            Tensor(0, torch.int32), name="last_overflow_iterator_step"
        )

    def get_loss_scale(self) -> float:
        """Return the scale at the start."""
        return self.loss_scale_value

    def construct(self, loss_scale: Any, overflow: Any) -> Any:
        """Change the scale in place and return whether there was an overflow."""
        scale, step = float(loss_scale.detach()), int(self.cur_iter)
        is_due = self.scale_window <= step - int(self.last_overflow_iter)
        if bool(overflow):
            scale = max(scale / self.scale_factor, 1.0)
        elif is_due:
            scale *= self.scale_factor
        if bool(overflow) or is_due:
            self.last_overflow_iter.set_data(step)
        loss_scale.set_data(scale)
        self.cur_iter.set_data(step + 1)
        return overflow


class TrainOneStepWithLossScaleCell(TrainOneStepCell):
    """Train one step with a scaled loss; a step whose gradients overflow changes no parameter.

    Args:
        network: a Cell whose output is the loss.
        optimizer: what updates its parameters.
        scale_sense: the scale, a Tensor, or a Cell that changes it.
    """

    def __init__(self, network: Any, optimizer: Any, scale_sense: Any) -> None:
        super().__init__(network, optimizer, sens=None)
        self.hyper_map = HyperMap()
        self.loss_scaling_manager: Any = None
        if isinstance(scale_sense, Cell):
            self.loss_scaling_manager = scale_sense
            scale_sense = Tensor(scale_sense.get_loss_scale(), torch.float32)  # type: ignore[operator,unused-ignore]
        if not isinstance(scale_sense, torch.Tensor):
            raise DtypeError(
                f"{self.cls_name}: scale_sense is a {type(scale_sense).__name__};"
                " it must be a Cell or Tensor"
            )
        if scale_sense.numel() != 1 or scale_sense.dim() > 1:
            raise ArgumentError(
                f"{self.cls_name}: scale_sense has shape {tuple(scale_sense.shape)}; (1,) or ()"
            )
        self.scale_sense = Parameter(scale_sense, name="scale_sense")

    def construct(self, *inputs: Any) -> Any:
        """Return (loss, whether there was an overflow, the scale as it is then)."""
        loss = self.network(*given_to(self.network, inputs))
        scale = Tensor(self.scale_sense)
        status, scale = self.start_overflow_check(loss, scale)
        filled = torch.ones_like(loss) * plain_scale(scale, loss)
        gradients = self.grad(self.network, self.weights)(*inputs, filled)
        gradients = tuple(each * plain_scale(1 / scale, each) for each in gradients)
        overflow = self.get_overflow_status(status, self.grad_reducer(gradients))
        if not bool(self.process_loss_scale(overflow)):
            self.optimizer(gradients)
        return loss.detach(), overflow, self.scale_sense

    def set_sense_scale(self, sens: Any) -> None:
        """Give the scale another value."""
        self.scale_sense.set_data(sens)

    def start_overflow_check(self, pre_cond: Any, compute_input: Any) -> tuple[Any, Any]:
        """Return an empty state and `compute_input`: only devices of another kind need a start."""
        return Tensor([0] * 8, torch.int32), compute_input

    def get_overflow_status(self, status: Any, compute_output: Any) -> Any:
        """Return whether gradients have infinity or NaN."""
        return Tensor(not bool(all_finite(compute_output)))

    def process_loss_scale(self, overflow: Any) -> Any:
        """Change the scale, and return whether the step is to be left out."""
        if self.loss_scaling_manager is None:
            return overflow
        return self.loss_scaling_manager(self.scale_sense, overflow)
