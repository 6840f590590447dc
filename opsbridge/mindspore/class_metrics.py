"""Measures of how often classes are predicted, true and both, over batches."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.error_metrics import OfPairs, check_shapes
from opsbridge.mindspore.metrics import numbers_of, rearrange_inputs

__all__ = ["F1", "ConfusionMatrix", "Fbeta", "Precision", "Recall"]

_LEAST = sys.float_info.min  # what keeps 0 / 0 at 0


class _Counts(OfPairs):
    """How often each class is predicted, true, and both."""

    _type = "classification"

    def clear(self) -> None:
        """Forget all batches."""
        self._classes = 0
        self._both, self._predicted, self._true = (np.zeros(0) for _ in range(3))

    def _count(self, predicted: Any, true: Any) -> None:
        """Count one-hot rows (samples, classes) in."""
        sums = [each.sum(axis=0) for each in (predicted * true, predicted, true)]
        if len(self._both):
            sums = [old + new for old, new in zip(self._sums, sums, strict=True)]
        self._both, self._predicted, self._true = sums

    @property
    def _sums(self) -> tuple[Any, Any, Any]:
        return self._both, self._predicted, self._true

    def _one_hot(self, scores: Any, labels: Any) -> tuple[Any, Any]:
        """Scores (N, classes, ...) and labels as rows of 0 and 1."""
        labels = numbers_of(scores, labels)
        name, count = type(self).__name__, scores.shape[1]
        if labels.shape != scores.shape[:1] + scores.shape[2:]:
            raise ArgumentError(
                f"{name}: scores are {scores.shape}, labels {labels.shape}; labels must have"
                " the shape of the scores without the axis of classes"
            )
        if labels.max() >= count:
            raise ArgumentError(f"{name}: a label is {labels.max()}; there are {count} classes")
        self._check_classes(count)
        kinds = np.eye(count)
        return kinds[scores.argmax(axis=1).reshape(-1)], kinds[labels.reshape(-1)]

    def _check_classes(self, count: int) -> None:
        if self._classes not in (0, count):
            name = type(self).__name__
            raise ArgumentError(
                f"{name}: there are {count} classes; before there were {self._classes}"
            )
        self._classes = count


class Fbeta(_Counts):
    """(1 + beta ** 2) * both / (beta ** 2 * true + predicted), for each class.

    Args:
        beta: how much more what is true counts than what is predicted.
    """

    def __init__(self, beta: float) -> None:
        super().__init__()
        if beta <= 0:
            raise ArgumentError(f"Fbeta: beta is {beta}; it must be positive")
        self.beta = beta

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Count scores (N, classes, ...) and labels, numbers of classes or one-hot, in."""
        self._count(*self._one_hot(*self.pair(inputs)))

    def eval(self, average: bool = False) -> Any:
        """Return the measure of each class, or their mean."""
        self.check_any(self._classes)
        weight = self.beta**2
        result = (1 + weight) * self._both / (weight * self._true + self._predicted + _LEAST)
        return result.mean() if average else result


class F1(Fbeta):
    """Fbeta for beta 1."""

    def __init__(self) -> None:
        super().__init__(1.0)


class _ShareOfClasses(_Counts):
    """The share of what is both of what is predicted, or of what is true."""

    def __init__(self, eval_type: str = "classification") -> None:
        if eval_type not in ("classification", "multilabel"):
            raise DtypeError(
                f"{type(self).__name__}: eval_type is {eval_type!r};"
                " it must be classification or multilabel"
            )
        self._type = eval_type
        super().__init__()

    def _whole(self) -> Any:
        """What the share is of."""
        raise NotImplementedError

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Count scores and labels in; multilabel, both are 0 or 1 and count for each sample."""
        predicted, true = self.pair(inputs)
        if self._type == "classification":
            self._count(*self._one_hot(predicted, true))
            return
        check_shapes(type(self).__name__, predicted, true)
        if not all(np.isin(each, (0, 1)).all() for each in (predicted, true)):
            raise ArgumentError(f"{type(self).__name__}: multilabel inputs must be 0 or 1")
        count = predicted.shape[1]
        self._check_classes(count)
        rows = [each.swapaxes(1, 0).reshape(count, -1) for each in (predicted, true)]
        sums = [each.sum(axis=0) for each in (rows[0] * rows[1], *rows)]
        self._both, self._predicted, self._true = (
            np.concatenate(pair) for pair in zip(self._sums, sums, strict=True)
        )

    def eval(self, average: bool = False) -> Any:
        """Return the share of each class (multilabel: sample), or their mean."""
        self.check_any(self._classes)
        result = self._both / (self._whole() + _LEAST)
        return result.mean() if average else result


class Precision(_ShareOfClasses):
    """The share of what is predicted that is true."""

    def _whole(self) -> Any:
        return self._predicted


class Recall(_ShareOfClasses):
    """The share of what is true that is predicted."""

    def _whole(self) -> Any:
        return self._true


class ConfusionMatrix(OfPairs):
    """How often a class (row) was taken for another one (column).

    Args:
        num_classes: how many there are.
        normalize: "no_norm" for counts; for shares of what is true "target", of what is predicted
            "prediction", of "all".
        threshold: two classes: scores from it on are class 1.
    """

    def __init__(
        self, num_classes: int, normalize: str = "no_norm", threshold: float = 0.5
    ) -> None:
        if normalize not in ("target", "prediction", "all", "no_norm"):
            raise ArgumentError(
                f"ConfusionMatrix: normalize is {normalize!r};"
                " it must be one of target, prediction, all, no_norm"
            )
        self.num_classes, self.normalize, self.threshold = num_classes, normalize, threshold
        super().__init__()

    def clear(self) -> None:
        """Forget all batches."""
        self.confusion_matrix = np.zeros((self.num_classes, self.num_classes))
        self._has_any = False

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Count predictions in: scores (N, classes, ...), scores of class 1, or class numbers."""
        predicted, true = self.pair(inputs)
        if predicted.ndim not in (true.ndim, true.ndim + 1):
            raise ArgumentError(
                f"ConfusionMatrix: predictions are {predicted.shape}, labels {true.shape};"
                " predictions must have as many dimensions, or one more"
            )
        if predicted.ndim > true.ndim:
            predicted = predicted.argmax(axis=1)
        elif predicted.dtype.kind == "f":
            predicted = predicted >= self.threshold
        places = (true.reshape(-1) * self.num_classes + predicted.reshape(-1)).astype(int)
        counts = np.bincount(places, minlength=self.num_classes**2)
        self.confusion_matrix += counts.reshape(self.num_classes, self.num_classes)
        self._has_any = True

    def eval(self) -> Any:
        """Return the matrix so far."""
        self.check_any(self._has_any)
        counts = self.confusion_matrix
        if self.normalize == "no_norm":
            return counts
        axis = {"target": 1, "prediction": 0, "all": None}[self.normalize]
        total = counts.sum(axis=axis, keepdims=True)
        return np.divide(counts, total, out=np.zeros_like(counts), where=total != 0)
