"""Losses of pairs and classes that are apart by a margin, and of how likely values are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.converters import to_number
from opsbridge.mindspore.margins import (
    gaussian_nll,
    hinge_embedding,
    multilabel_margin,
    multilabel_soft_margin,
)
from opsbridge.mindspore.nn.loss import LossBase
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.tensors import Tensor

__all__ = [
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "MultilabelMarginLoss",
    "PoissonNLLLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class HingeEmbeddingLoss(LossBase):
    """logits where labels are positive, max(0, margin - logits) where they are negative."""

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def construct(self, logits: Any, labels: Any) -> Tensor:
        """Return the loss."""
        return as_tensor(hinge_embedding(plain(logits), plain(labels), self.margin, self.reduction))


class TripletMarginLoss(LossBase):
    """max(0, distance of x and positive - distance of x and negative + margin).

    Args:
        p: the norm of the distance.
        swap: whether the distance of positive and negative counts where it is the smaller one.
        eps: added to the differences.
        reduction: "mean", "sum" or "none".
        margin: where it is 1, the one that the call gives is taken.
    """

    def __init__(
        self,
        p: int = 2,
        swap: bool = False,
        eps: float = 1e-6,
        reduction: str = "mean",
        margin: Any = 1.0,
    ) -> None:
        super().__init__(reduction)
        self.p, self.swap, self.eps, self.margin = p, swap, eps, margin

    def construct(self, x: Any, positive: Any, negative: Any, margin: Any = 1.0) -> Tensor:
        """Return the loss."""
        own = to_number(plain(self.margin))
        apart = to_number(plain(margin)) if own == 1.0 else own
        three = (plain(x), plain(positive), plain(negative))
        return as_tensor(
            functional.triplet_margin_loss(
                *three, apart, self.p, self.eps, self.swap, reduction=self.reduction
            )
        )


class TripletMarginWithDistanceLoss(LossBase):
    """TripletMarginLoss with a distance of one's own; the Euclidean one by default."""

    def __init__(
        self,
        distance_function: Callable[[Any, Any], Any] | None = None,
        swap: bool = False,
        reduction: str = "mean",
        margin: float = 1.0,
    ) -> None:
        super().__init__(reduction)
        self.distance_function = distance_function or _distance
        self.swap, self.margin = swap, margin

    def construct(self, x: Any, positive: Any, negative: Any) -> Tensor:
        """Return the loss."""
        near = plain(self.distance_function(x, positive))
        far = plain(self.distance_function(x, negative))
        if self.swap:
            far = torch.minimum(far, plain(self.distance_function(positive, negative)))
        apart = near - far + self.margin
        return self.get_loss(as_tensor(torch.maximum(apart, torch.zeros_like(apart))))


def _distance(x: Any, y: Any) -> Tensor:
    return as_tensor(torch.linalg.vector_norm(plain(x) - plain(y), dim=1))


class MultiMarginLoss(LossBase):
    """The mean over the other classes of max(0, margin - x[target] + x) ** p.

    Args:
        p: 1 or 2.
        margin, reduction: as its names say.
        weight: one for each class; the call may give it instead.
    """

    def __init__(
        self, p: int = 1, margin: float = 1.0, reduction: str = "mean", weight: Any = None
    ) -> None:
        super().__init__(reduction)
        self.p, self.margin, self.weight = p, margin, weight

    def construct(self, x: Any, target: Any, weight: Any = None) -> Tensor:
        """Return the loss of x (N, C) and class numbers (N,)."""
        chosen = weight if self.weight is None else self.weight
        values, classes = plain(x), plain(target).long()
        return as_tensor(
            functional.multi_margin_loss(
                values, classes, self.p, self.margin, plain(chosen), reduction=self.reduction
            )
        )


class MultilabelMarginLoss(LossBase):
    """The sum of max(0, 1 - x[label] + x[other]) over labels and others, by the classes' number.

    Labels of a row end before the first negative one.
    """

    def construct(self, x: Any, target: Any) -> Tensor:
        """Return the loss."""
        return as_tensor(multilabel_margin(self.reduction, plain(x), plain(target))[0])


class MultiLabelSoftMarginLoss(LossBase):
    """The mean over classes of log(1 + exp(-x)) for labels, log(1 + exp(x)) for others."""

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = weight

    def construct(self, x: Any, target: Any) -> Tensor:
        """Return the loss."""
        given = (plain(x), plain(target), plain(self.weight))
        return as_tensor(multilabel_soft_margin(*given, self.reduction))


class PoissonNLLLoss(LossBase):
    """exp(input) - target * input; without log_input, input - target * log(input + eps).

    With full, Stirling's term of targets above 1 is added.
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        eps: float = 1e-8,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def construct(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        values = plain(input)
        wanted = plain(target).to(values.dtype)
        if self.log_input:
            loss = values.exp() - wanted * values
        else:
            loss = values - wanted * (values + self.eps).log()
        if self.full:
            count = wanted.clamp(min=self.eps)
            term = (count + 0.5) * count.log() - count + 0.5 * math.log(2 * math.pi)
            loss = loss + term * (count > 1)
        return self.get_loss(as_tensor(loss))


class GaussianNLLLoss(LossBase):
    """-log of how likely labels are around logits with a variance of at least eps."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        if eps <= 0:
            raise ArgumentError(f"GaussianNLLLoss: eps is {eps}; it must be positive")
        self.full, self.eps = full, eps

    def construct(self, logits: Any, labels: Any, var: Any) -> Tensor:
        """Return the loss."""
        given = (plain(logits), plain(labels), plain(var))
        return as_tensor(gaussian_nll(*given, self.full, self.eps, self.reduction))
