"""Cells around a network: with its loss, with its optimizer."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.gradients import GradOperation, value_and_grad
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.members import given_to, is_cell

__all__ = ["DistributedGradReducer", "TrainOneStepCell", "WithEvalCell", "WithLossCell"]


class WithLossCell(Cell):
    """loss_fn(backbone(data), label); the network's parameters keep their names."""

    def __init__(self, backbone: Any, loss_fn: Any) -> None:
        super().__init__(auto_prefix=False)
        self._backbone = backbone
        self._loss_fn = loss_fn

    def construct(self, data: Any, label: Any) -> Any:
        """Return the loss."""
        return _loss(self._loss_fn, self._backbone(*given_to(self._backbone, (data,))), label)

    @property
    def backbone_network(self) -> Any:
        """The network without the loss."""
        return self._backbone


def _loss(loss_fn: Any, outputs: Any, label: Any) -> Any:
    return loss_fn(*given_to(loss_fn, (outputs, label)))


class WithEvalCell(Cell):
    """The loss, the outputs and the labels, as metrics want them."""

    def __init__(self, network: Any, loss_fn: Any, add_cast_fp32: bool = False) -> None:
        super().__init__(auto_prefix=False)
        self._network = network
        self._loss_fn = loss_fn
        self.add_cast_fp32 = add_cast_fp32

    def construct(self, data: Any, label: Any) -> Any:
        """Return (loss, outputs, label)."""
        outputs = self._network(*given_to(self._network, (data,)))
        if self.add_cast_fp32:
            outputs = outputs.to(torch.float32)
        return _loss(self._loss_fn, outputs, label), outputs, label


class TrainOneStepCell(Cell):
    """Call it with the network's inputs to train one step; it returns the loss before the step.

    Args:
        network: a Cell, or a module of PyTorch, whose output is the loss.
        optimizer: what updates its parameters.
        sens: the gradient of the loss; None for 1.
        return_grad: return (loss, {name: gradient}).
    """

    def __init__(
        self, network: Any, optimizer: Any, sens: float | None = None, return_grad: bool = False
    ) -> None:
        super().__init__(auto_prefix=False)
        if sens == 0:
            raise ArgumentError("TrainOneStepCell: sens is 0; it must not be")
        self.network = network
        if is_cell(network):
            self.network.set_grad()
        self.optimizer = optimizer
        self.weights = self.optimizer.parameters
        self.sens, self.return_grad = sens, return_grad
        # What cells that derive from this one call: of one process, gradients are their mean.
        self.grad = GradOperation(get_by_list=True, sens_param=True)
        self.reducer_flag, self.grad_reducer = False, DistributedGradReducer(self.weights)

    def construct(self, *inputs: Any) -> Any:
        """Train one step."""
        derive = value_and_grad(self.network, None, self.weights)
        if self.sens is None:
            loss, gradients = derive(*inputs)
        else:
            loss, gradients = derive(*inputs)
            gradients = tuple(each * self.sens for each in gradients)
        self.optimizer(gradients)
        if not self.return_grad:
            return loss
        names = [each.name for each in self.weights]
        return loss, dict(zip(names, gradients, strict=True))


class DistributedGradReducer(Cell):
    """The mean of gradients over processes; of one, they are the mean."""

    def __init__(self, parameters: Any, *settings: Any, **more: Any) -> None:
        super().__init__(auto_prefix=False)

    def construct(self, grads: Any) -> Any:
        """Return the gradients."""
        return grads
