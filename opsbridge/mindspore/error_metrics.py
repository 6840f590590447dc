"""Measures of errors, overlap and likeness over batches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.metrics import Metric, rearrange_inputs

__all__ = ["MAE", "MSE", "CosineSimilarity", "Dice", "OfPairs", "Perplexity"]


class OfPairs(Metric):
    """A measure of predictions and what is true."""

    def __init__(self) -> None:
        super().__init__()
        self.clear()

    def pair(self, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
        if len(inputs) != 2:
            raise ArgumentError(
                f"{type(self).__name__}: got {len(inputs)} inputs; it must be 2: what is predicted"
                " and what is true"
            )
        predicted, true = map(self._convert_data, inputs)
        return predicted, true

    def check_any(self, count: Any) -> None:
        if not np.any(count):
            raise RuntimeError(f"{type(self).__name__}: there are no samples yet")


class _MeanError(OfPairs):
    """The sum of errors by the number of samples."""

    _error: Callable[[Any], Any]

    def clear(self) -> None:
        """Forget all batches."""
        self._sum = self._count = 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Count predictions and what is true, of as many elements, in."""
        predicted, true = self.pair(inputs)
        self._sum += type(self)._error(true.reshape(predicted.shape) - predicted).sum()
        self._count += len(true)

    def eval(self) -> Any:
        """Return the sum of the errors of all elements by the number of samples so far."""
        self.check_any(self._count)
        return self._sum / self._count


class MAE(_MeanError):
    """The absolute errors, by the number of samples."""

    _error = staticmethod(np.abs)


class MSE(_MeanError):
    """The squared errors, by the number of samples."""

    _error = staticmethod(np.square)


class Dice(OfPairs):
    """The sum over batches of 2 * sum(a * b) / (sum(a ** 2) + sum(b ** 2) + smooth), by the number
    of samples.
    """

    def __init__(self, smooth: float = 1e-5) -> None:
        super().__init__()
        if smooth <= 0:
            raise ArgumentError(f"Dice: smooth is {smooth}; it must be positive")
        self.smooth = smooth

    def clear(self) -> None:
        """Forget all batches."""
        self._sum, self._count = 0.0, 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Count maps of one shape in."""
        predicted, true = self.pair(inputs)
        check_shapes("Dice", predicted, true)
        one, other = predicted.reshape(-1), true.reshape(-1)
        squares = np.dot(one, one) + np.dot(other, other)
        self._sum += 2 * float(np.dot(one, other)) / float(squares + self.smooth)
        self._count += len(true)

    def eval(self) -> Any:
        """Return the mean so far."""
        self.check_any(self._count)
        return self._sum / self._count


class Perplexity(OfPairs):
    """exp of the mean of -log of the share that was predicted for each label.

    Args:
        ignore_label: the label that does not count.
    """

    def __init__(self, ignore_label: int | None = None) -> None:
        super().__init__()
        self.ignore_label = ignore_label

    def clear(self) -> None:
        """Forget all batches."""
        self._sum, self._count = 0.0, 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Count shares (N, classes) and labels (N,) in."""
        shares, labels = self.pair(inputs)
        if labels.size * shares.shape[-1] != shares.size:
            raise RuntimeError(
                f"Perplexity: shares are {shares.shape}, labels {labels.shape}; there must be one"
                " label for each row"
            )
        labels = labels.reshape(-1).astype(int)
        chosen = shares.reshape(labels.size, -1)[np.arange(labels.size), labels]
        if self.ignore_label is not None:
            chosen = chosen[labels != self.ignore_label]
        self._sum -= np.log(np.maximum(1e-10, chosen)).sum()
        self._count += chosen.size

    def eval(self) -> Any:
        """Return the perplexity so far."""
        self.check_any(self._count)
        return math.exp(self._sum / self._count)


class CosineSimilarity(Metric):
    """The products of all pairs of rows of the last batch.

    Args:
        similarity: "cosine" of rows of length 1, "dot" of rows as they are.
        reduction: "none", or "sum" or "mean" of each row.
        zero_diagonal: whether a row counts 0 with itself.
    """

    def __init__(
        self, similarity: str = "cosine", reduction: str = "none", zero_diagonal: bool = True
    ) -> None:
        super().__init__()
        if similarity not in ("cosine", "dot") or reduction not in ("none", "sum", "mean"):
            raise ArgumentError(
                f"CosineSimilarity: similarity is {similarity!r}, reduction is {reduction!r}; they"
                " must be of cosine, dot and of none, sum, mean"
            )
        self.similarity, self.reduction = similarity, reduction
        self.zero_diagonal = zero_diagonal
        self.clear()

    def clear(self) -> None:
        """Forget the batch."""
        self._products: Any = None

    @rearrange_inputs
    def update(self, inputs: Any) -> None:
        """Take rows (N, length) in place of those before."""
        rows = self._convert_data(inputs)
        if self.similarity == "cosine":
            rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        self._products = rows @ rows.T

    def eval(self) -> Any:
        """Return the products, reduced."""
        if self._products is None:
            raise RuntimeError("CosineSimilarity: there are no samples yet")
        found = self._products.copy()
        if self.zero_diagonal:
            np.fill_diagonal(found, 0)
        return {"sum": found.sum, "mean": found.mean}.get(self.reduction, lambda axis: found)(
            axis=-1
        )


def check_shapes(owner: str, predicted: Any, true: Any) -> None:
    if predicted.shape != true.shape:
        raise ArgumentError(
            f"{owner}: predictions are {predicted.shape}, labels {true.shape}; must be equal"
        )
