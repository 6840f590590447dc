"""Losses of pairs and classes that are apart by a margin, and of how likely values are."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional

from opsbridge.mindspore.nn.lengths import check_one_of


def hinge_embedding(
    inputs: torch.Tensor, targets: torch.Tensor, margin: float, reduction: str
) -> torch.Tensor:
    """Return inputs where targets are positive, max(0, margin - inputs) where negative, reduced."""
    far = targets < 0
    loss = (targets > 0) * inputs + (margin * far - far * inputs).clamp(min=0)
    return reduced("hinge_embedding_loss", loss, reduction)


def multilabel_margin(
    reduction: str, x: torch.Tensor, target: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of labels up to the first negative one, and which classes are labels."""
    check_one_of("MultilabelMarginLoss", "reduction", reduction, ("none", "mean", "sum"))
    labels = target.long()
    loss = functional.multilabel_margin_loss(x, labels, reduction=reduction)
    listed = (labels >= 0).cumprod(-1).bool()
    places = torch.where(listed, labels, x.shape[-1])
    marks = target.new_zeros((*target.shape[:-1], x.shape[-1] + 1)).scatter(-1, places, 1)
    return loss, marks[..., :-1]


def multilabel_soft_margin(
    input: torch.Tensor, target: torch.Tensor, weight: Any, reduction: str
) -> torch.Tensor:
    """Return the mean over classes of log(1 + exp(-input)) of labels, log(1 + exp(input)) else."""
    loss = target * ((-input).exp() + 1).log() + (1 - target) * (input.exp() + 1).log()
    loss = loss if weight is None else loss * weight
    return reduced("multilabel_soft_margin_loss", loss.sum(-1) / input.shape[-1], reduction)


def gaussian_nll(
    x: torch.Tensor,
    target: torch.Tensor,
    var: torch.Tensor,
    full: bool,
    eps: float,
    reduction: str,
) -> torch.Tensor:
    """Return -log of how likely target is around x with a variance of at least eps, reduced."""
    if x.shape != var.shape and x.shape[:-1] == var.shape:
        var = var.unsqueeze(-1)
    spread = torch.maximum(var, torch.full_like(var, eps))
    constant = 0.5 * math.log(2 * math.pi) if full else 0
    loss = 0.5 * (spread.log() + (x - target).square() / spread) + constant
    return reduced("gaussian_nll_loss", loss, reduction)


def reduced(owner: str, loss: torch.Tensor, reduction: str) -> torch.Tensor:
    """Return a loss as it is, its mean or its sum."""
    check_one_of(owner, "reduction", reduction, ("none", "mean", "sum"))
    return {"mean": loss.mean, "sum": loss.sum}.get(reduction, lambda: loss)()
