"""Losses of segmentation: of how much maps overlap, and of classes that are rare."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.nn.activation import get_activation
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.loss import LossBase
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.tensors import Tensor

__all__ = ["DiceLoss", "FocalLoss", "MultiClassDiceLoss"]

_ACTIVATIONS = ("softmax", "logsoftmax", "relu", "relu6", "tanh", "sigmoid")


class DiceLoss(LossBase):
    """1 - 2 * sum(logits * label) / (sum(logits ** 2) + sum(label ** 2) + smooth)."""

    def __init__(self, smooth: float = 1e-5) -> None:
        super().__init__()
        if smooth <= 0:
            raise ArgumentError(f"DiceLoss: smooth is {smooth}; it must be positive")
        self.smooth = smooth

    def construct(self, logits: Any, label: Any) -> Tensor:
        """Return the loss of maps of one shape."""
        values, wanted = plain(logits), plain(label)
        _check_shapes(self.cls_name, values, wanted)
        both = (values * wanted).sum()
        total = (values * values).sum() + (wanted * wanted).sum()
        return as_tensor(1 - 2 * both / (total + self.smooth))


class MultiClassDiceLoss(LossBase):
    """The sum of the DiceLoss of each class, by the number of classes.

    Args:
        weights: (classes, 1) or wider: the loss of a class is multiplied by its row.
        ignore_indiex: the class that does not count.
        activation: what logits go through: a name, a Cell, or None.
    """

    def __init__(
        self, weights: Any = None, ignore_indiex: int | None = None, activation: Any = "softmax"
    ) -> None:
        super().__init__()
        if weights is not None and plain(weights).dim() != 2:
            dimensions = plain(weights).dim()
            raise ArgumentError(
                f"MultiClassDiceLoss: weights has {dimensions} dimensions; it must have 2"
            )
        if isinstance(activation, str):
            if activation not in _ACTIVATIONS:
                raise ArgumentError(
                    f"MultiClassDiceLoss: activation is {activation!r}; it must be one of"
                    f" {list(_ACTIVATIONS)}"
                )
            activation = get_activation(activation)
        if activation is not None and not isinstance(activation, Cell):
            kind = type(activation).__name__
            raise DtypeError(f"MultiClassDiceLoss: activation is a {kind}; it must be a Cell")
        self.binarydiceloss = DiceLoss()
        self.weights, self.ignore_indiex, self.activation = weights, ignore_indiex, activation

    def construct(self, logits: Any, label: Any) -> Tensor:
        """Return the loss of maps (N, classes, ...) of one shape."""
        _check_shapes(self.cls_name, plain(logits), plain(label))
        values = logits if self.activation is None else self.activation(logits)
        count = label.shape[1]
        if self.weights is not None and len(self.weights) != count:
            raise ArgumentError(
                f"MultiClassDiceLoss: weights has {len(self.weights)} rows, label {count} classes"
            )
        total: Any = 0
        for number in range(count):
            if number != self.ignore_indiex:
                loss = self.binarydiceloss(values[:, number], label[:, number])
                total = total + (loss if self.weights is None else loss * self.weights[number])
        return total / count  # type: ignore[no-any-return,unused-ignore]


class FocalLoss(LossBase):
    """-(1 - share) ** gamma * log(share) of softmax(logits), the mean over all but the batch.

    Args:
        weight: one for each class.
        gamma: how much less the classes count whose share is near 1.
        reduction: "mean", "sum" or "none"; "none" gives one loss for each of the batch, or one for
            each of the batch and class if labels are one-hot.
    """

    def __init__(self, weight: Any = None, gamma: float = 2.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        if not isinstance(gamma, float):
            raise DtypeError(f"FocalLoss: gamma is {gamma!r}; it must be a float")
        if weight is not None and plain(weight).dim() != 1:
            dimensions = plain(weight).dim()
            raise ArgumentError(f"FocalLoss: weight has {dimensions} dimensions; it must have 1")
        self.weight, self.gamma = weight, gamma

    def construct(self, logits: Any, labels: Any) -> Tensor:
        """Return the loss of logits (N, C, ...); labels are numbers (N, 1, ...), or one-hot."""
        values, wanted = plain(logits), plain(labels)
        if values.dim() != wanted.dim() or wanted.shape[1] not in (1, values.shape[1]):
            raise ArgumentError(
                f"FocalLoss: logits are {tuple(values.shape)}, labels {tuple(wanted.shape)};"
                " labels must have 1 class or as many, and as many dimensions"
            )
        values, wanted = (each.flatten(2) if each.dim() > 2 else each[..., None] for each in
                          (values, wanted))  # fmt: skip
        is_number = wanted.shape[1] == 1
        logarithm = torch.log_softmax(values, 1)
        weights = None if self.weight is None else plain(self.weight)[None, :, None]
        if is_number:
            places = wanted.long()
            logarithm = logarithm.gather(1, places).squeeze(1)
            if weights is not None:
                weights = weights.expand_as(values).gather(1, places).squeeze(1)
        share = logarithm.exp()
        weighted = logarithm if weights is None else logarithm * weights
        loss = -((1 - share) ** self.gamma) * weighted
        mean = loss.mean(1) if is_number else (loss * wanted).mean(-1)
        return self.get_loss(as_tensor(mean))


def _check_shapes(owner: str, values: torch.Tensor, wanted: torch.Tensor) -> None:
    if values.shape != wanted.shape:
        raise ArgumentError(
            f"{owner}: logits are {tuple(values.shape)}, label {tuple(wanted.shape)};"
            " the shapes must be equal"
        )
