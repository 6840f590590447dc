"""Losses, with MindSpore's reductions."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.mindspore.losses import binary_cross_entropy
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.lengths import check_one_of
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.tensors import Tensor

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CrossEntropyLoss",
    "KLDivLoss",
    "LossBase",
    "MAELoss",
    "NLLLoss",
    "RMSELoss",
    "SoftmaxCrossEntropyWithLogits",
]


class LossBase(Cell):
    """The base of losses of one's own: `get_loss` weights and reduces.

    Args:
        reduction: "mean", "sum" or "none".
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        check_one_of(self.cls_name, "reduction", reduction, ("mean", "sum", "none"))
        self.reduction = reduction
        self.reduce, self.average = reduction != "none", reduction != "sum"

    def get_axis(self, x: Any) -> tuple[int, ...]:
        """Return the numbers of all axes."""
        return tuple(range(plain(x).dim()))

    def get_loss(self, x: Any, weights: Any = 1.0) -> Tensor:
        """Return x * weights, reduced in float32, as x's type."""
        values = plain(x)
        loss = values.float() * torch.as_tensor(plain(weights), device=values.device).float()
        if self.reduce:
            loss = loss.mean() if self.average else loss.sum()
        return as_tensor(loss.to(values.dtype))


class MAELoss(LossBase):
    """|logits - label|, reduced."""

    def construct(self, logits: Any, label: Any) -> Tensor:
        """Return the loss."""
        return self.get_loss(as_tensor((plain(logits) - plain(label)).abs()))


class RMSELoss(LossBase):
    """The root of the mean squared error."""

    def __init__(self) -> None:
        super().__init__()

    def construct(self, logits: Any, label: Any) -> Tensor:
        """Return the loss."""
        return as_tensor(functional.mse_loss(plain(logits), plain(label)).sqrt())


class SoftmaxCrossEntropyWithLogits(LossBase):
    """The cross entropy of softmax(logits) (N, C).

    Args:
        sparse: whether labels are class numbers (N,); else they are distributions (N, C).
        reduction: "none" by default.
    """

    def __init__(self, sparse: bool = False, reduction: str = "none") -> None:
        super().__init__(reduction)
        self.sparse = sparse

    def construct(self, logits: Any, labels: Any) -> Tensor:
        """Return the loss of each row, reduced."""
        values, targets = plain(logits), plain(labels)
        if self.sparse:
            # A label outside the classes has no class: its row is all zeros.
            classes = torch.arange(values.shape[-1], device=targets.device)
            targets = (targets.unsqueeze(-1) == classes).to(values.dtype)
        return self.get_loss(as_tensor(cross_entropy_rows(values, targets.detach())))


def cross_entropy_rows(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return -sum(targets * log_softmax(logits)) of each row, with MindSpore's gradient.

    That is softmax(logits) - targets, also where the targets of a row do not add up to 1.
    """
    loss = -(targets * functional.log_softmax(logits.detach(), -1)).sum(-1)
    slope = torch.logsumexp(logits, -1) - (targets * logits).sum(-1)
    return loss + (slope - slope.detach())


class _Weighted(Cell):
    """A loss whose weights are constants of the Cell."""

    def __init__(self, reduction: str, **constants: Any) -> None:
        super().__init__()
        self.reduction = reduction
        for name, value in constants.items():
            setattr(self, name, value)


class BCELoss(_Weighted):
    """The binary cross entropy of shares."""

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(_checked("BCELoss", reduction), weight=weight)

    def construct(self, logits: Any, labels: Any) -> Tensor:
        """Return the loss."""
        return as_tensor(
            binary_cross_entropy(plain(logits), plain(labels), plain(self.weight), self.reduction)
        )


class BCEWithLogitsLoss(_Weighted):
    """The binary cross entropy of sigmoid(input)."""

    def __init__(self, reduction: str = "mean", weight: Any = None, pos_weight: Any = None) -> None:
        checked = _checked("BCEWithLogitsLoss", reduction)
        super().__init__(checked, weight=weight, pos_weight=pos_weight)

    def construct(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return as_tensor(
            functional.binary_cross_entropy_with_logits(
                plain(input),
                plain(target),
                plain(self.weight),
                reduction=self.reduction,
                pos_weight=plain(self.pos_weight),
            )
        )


class CrossEntropyLoss(_Weighted):
    """The cross entropy of softmax(logits) with class numbers or distributions."""

    def __init__(
        self,
        weight: Any = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(_checked("CrossEntropyLoss", reduction), weight=weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def construct(self, logits: Any, labels: Any) -> Tensor:
        """Return the loss."""
        return as_tensor(
            functional.cross_entropy(
                plain(logits),
                _class_numbers(labels),
                plain(self.weight),
                ignore_index=self.ignore_index,
                reduction=self.reduction,
                label_smoothing=self.label_smoothing,
            )
        )


class NLLLoss(_Weighted):
    """The negative log likelihood of class numbers."""

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(_checked("NLLLoss", reduction), weight=weight)
        self.ignore_index = ignore_index

    def construct(self, logits: Any, labels: Any) -> Tensor:
        """Return the loss."""
        return as_tensor(
            functional.nll_loss(
                plain(logits),
                _class_numbers(labels),
                plain(self.weight),
                ignore_index=self.ignore_index,
                reduction=self.reduction,
            )
        )


class KLDivLoss(Cell):
    """The divergence of log shares from shares; "batchmean" divides by the batch only."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = check_one_of(
            "KLDivLoss", "reduction", reduction, ("mean", "sum", "none", "batchmean")
        )

    def construct(self, logits: Any, labels: Any) -> Tensor:
        """Return the loss."""
        values = plain(logits)
        loss = functional.kl_div(values, plain(labels), reduction="none")
        if self.reduction == "none":
            return as_tensor(loss)
        if self.reduction == "mean":
            return as_tensor(loss.mean())
        total = loss.sum()
        return as_tensor(total / values.shape[0] if self.reduction == "batchmean" else total)


def _checked(owner: str, reduction: str) -> str:
    checked: str = check_one_of(owner, "reduction", reduction, ("mean", "sum", "none"))
    return checked


def _class_numbers(labels: Any) -> torch.Tensor:
    """Return int32 class numbers as the int64 that PyTorch wants; distributions as they are."""
    targets: torch.Tensor = plain(labels)
    return targets if targets.is_floating_point() else targets.long()


class CTCLoss(LossBase):
    """Connectionist temporal classification of log_probs (steps, N, classes), or of one sequence.

    `blank` is the class of no label; with zero_infinity impossible sequences cost 0.
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def construct(
        self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any
    ) -> Tensor:
        """Return the loss for targets (N, longest) of their lengths."""
        values, labels = plain(log_probs), plain(targets)
        steps, longs = (
            torch.as_tensor(plain(each)).reshape(labels.shape[:-1])
            for each in (input_lengths, target_lengths)
        )
        return as_tensor(
            functional.ctc_loss(
                values, labels, steps, longs, self.blank, self.reduction, self.zero_infinity
            )
        )
