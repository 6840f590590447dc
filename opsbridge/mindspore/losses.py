"""Losses that no call of PyTorch gives with these results."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError


def softmax_cross_entropy(
    logits: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of each row for labels as distributions, and its gradient."""
    loss = -(labels * functional.log_softmax(logits, -1)).sum(-1)
    return loss, functional.softmax(logits, -1) - labels


def nll_loss(
    logits: torch.Tensor, labels: torch.Tensor, weight: Any, reduction: str, ignore_index: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss and the sum of the weights that it is over."""
    loss = functional.nll_loss(
        logits, labels.long(), weight, reduction=reduction, ignore_index=ignore_index
    )
    counted = (labels != ignore_index).to(logits.dtype)
    return loss, (counted * weight[labels.long().clamp(min=0)]).sum()


def binary_cross_entropy(
    logits: torch.Tensor, labels: torch.Tensor, weight: Any, reduction: str
) -> torch.Tensor:
    """Return -(labels * log(logits) + (1 - labels) * log(1 - logits)), times weight, reduced.

    Labels may be any numbers; logarithms are of what is 1e-12 larger. PyTorch's own refuses labels
    outside [0, 1], and has no logarithm below -100.
    """
    if bool(((logits < 0) | (logits > 1)).any()):
        raise ArgumentError("binary_cross_entropy: logits has values outside [0, 1]")
    loss = -(labels * (logits + 1e-12).log() + (1 - labels) * (1 - logits + 1e-12).log())
    if weight is not None:
        loss = loss * weight
    return {"mean": loss.mean, "sum": loss.sum}.get(reduction, lambda: loss)()


def binary_cross_entropy_primitive(
    reduction: str, input: torch.Tensor, target: torch.Tensor, weight: Any
) -> torch.Tensor:
    """Return what binary_cross_entropy does, as the operator BinaryCrossEntropy is set up."""
    return binary_cross_entropy(input, target, weight, reduction)


def half_squares(input_x: torch.Tensor) -> torch.Tensor:
    """Return half the sum of squares."""
    return (input_x * input_x).sum() / 2


def kl_divergence(logits: Any, labels: torch.Tensor, reduction: str) -> torch.Tensor:
    """Return labels * (log(labels) - logits), reduced."""
    return functional.kl_div(logits, labels, reduction=reduction)


def cross_entropy(
    input: torch.Tensor,
    target: torch.Tensor,
    weight: Any,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> torch.Tensor:
    """Return the cross entropy of classes, or of distributions over them."""
    labels = target if target.is_floating_point() else target.long()
    return functional.cross_entropy(
        input, labels, weight, ignore_index=ignore_index, reduction=reduction,
        label_smoothing=label_smoothing,
    )  # fmt: skip


def nll(
    inputs: torch.Tensor,
    target: torch.Tensor,
    weight: Any,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> torch.Tensor:
    """Return the loss of log-probabilities, mixed with that of all classes for smoothed labels."""
    labels = target.long()
    loss = functional.nll_loss(
        inputs, labels, weight, ignore_index=ignore_index, reduction=reduction
    )
    if not label_smoothing:
        return loss
    over_all = -(inputs if weight is None else inputs * weight).sum(1)
    over_all = over_all.masked_fill(labels == ignore_index, 0)
    if reduction == "mean":
        counted = labels != ignore_index
        shares = counted if weight is None else weight[labels.clamp(min=0)] * counted
        over_all = over_all.sum() / shares.sum()
    elif reduction == "sum":
        over_all = over_all.sum()
    return (1 - label_smoothing) * loss + label_smoothing / inputs.shape[1] * over_all


def ctc_loss(
    x: torch.Tensor,
    labels_indices: torch.Tensor,
    labels_values: torch.Tensor,
    sequence_length: torch.Tensor,
    preprocess_collapse_repeated: bool,
    ctc_merge_repeated: bool,
    ignore_longer_outputs_than_inputs: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of scores (steps, N, classes) for sparse labels, and its gradient.

    The last class is the blank.
    """
    if preprocess_collapse_repeated or not ctc_merge_repeated:
        raise ArgumentError(
            "CTCLoss: preprocess_collapse_repeated must be False and ctc_merge_repeated True"
        )
    rows, count = labels_indices[:, 0].long(), x.shape[1]
    lengths = torch.bincount(rows, minlength=count)
    given = sequence_length.long()
    if ignore_longer_outputs_than_inputs:
        lengths = torch.where(lengths > given, 0, lengths)
    labels = torch.zeros((count, int(lengths.max())), dtype=torch.int64, device=x.device)
    kept = lengths[rows] > 0
    labels[rows[kept], labels_indices[kept, 1].long()] = labels_values[kept].long()
    with torch.enable_grad():
        scores = x if x.requires_grad else x.detach().requires_grad_()
        loss = functional.ctc_loss(
            functional.log_softmax(scores, -1), labels, given, lengths,
            blank=x.shape[2] - 1, reduction="none",
        )  # fmt: skip
        (gradient,) = torch.autograd.grad(loss.sum(), scores, retain_graph=x.requires_grad)
    return (loss if x.requires_grad else loss.detach()), gradient


def ctc_loss_of_padded(
    log_probs: torch.Tensor,
    targets: torch.Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int,
    reduction: str,
    zero_infinity: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of log_probs (steps, N, classes) for targets (N, longest).

    The second result holds the logarithm of how likely each start of the targets is at each step.
    """
    steps, longs = (torch.as_tensor(each).long() for each in (input_lengths, target_lengths))
    loss = functional.ctc_loss(log_probs, targets, steps, longs, blank, reduction, zero_infinity)
    _, starts = torch.ops.aten._ctc_loss(log_probs.detach(), targets, steps, longs, blank)
    return loss, starts


def ctc_greedy_decoder(
    inputs: torch.Tensor, sequence_length: torch.Tensor, merge_repeated: bool
) -> tuple[torch.Tensor, ...]:
    """Return the best class of every step (steps, N, classes), blanks left out.

    The results are the places (sequence, number in it) and the classes of what is left, the number
    of sequences and of classes in the longest, and minus the sum of the best scores of each.
    """
    steps, count, classes = inputs.shape
    if bool((sequence_length > steps).any()):
        raise ArgumentError(
            f"ctc_greedy_decoder: sequence_length is {sequence_length.tolist()};"
            f" all must be at most {steps}, the steps of the inputs"
        )
    scores, best = inputs.max(-1)
    is_inside = torch.arange(steps, device=inputs.device)[:, None] < sequence_length
    is_left = is_inside & (best != classes - 1)
    if merge_repeated:
        is_left[1:] &= best[1:] != best[:-1]
    sequences, times = is_left.T.nonzero(as_tuple=True)
    numbers = (is_left.cumsum(0) - 1)[times, sequences]
    shape = torch.stack([torch.tensor(count, device=inputs.device), is_left.sum(0).max()])
    likelihood = -(scores * is_inside).sum(0)[:, None]
    return torch.stack([sequences, numbers], 1), best[times, sequences], shape, likelihood


def sparse_softmax_cross_entropy(
    logits: torch.Tensor, labels: torch.Tensor, is_grad: bool
) -> torch.Tensor:
    """Return the mean loss of labels as classes, or with is_grad its gradient."""
    if not is_grad:
        return functional.cross_entropy(logits, labels.long())
    wanted = functional.one_hot(labels.long(), logits.shape[-1])
    return (functional.softmax(logits, -1) - wanted) / labels.numel()
