"""More measures over batches: errors, counts of classes, overlap; measures by name."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore import metrics
from opsbridge.mindspore.metrics import Metric, numbers_of, rearrange_inputs

__all__ = [
    "F1",
    "MAE",
    "MSE",
    "ConfusionMatrix",
    "CosineSimilarity",
    "Dice",
    "Fbeta",
    "Perplexity",
    "Precision",
    "Recall",
    "get_metric_fn",
    "get_metrics",
    "names",
]

_LEAST = sys.float_info.min  # what keeps 0 / 0 at 0


class _OfPairs(Metric):
    """A measure of predictions and what is true."""

    def __init__(self) -> None:
        super().__init__()
        self.clear()

    def _pair(self, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
        if len(inputs) != 2:
            raise ArgumentError(
                f"{type(self).__name__}: got {len(inputs)} inputs; it must be 2: what is predicted"
                " and what is true"
            )
        predicted, true = map(self._convert_data, inputs)
        return predicted, true

    def _check_any(self, count: Any) -> None:
        if not np.any(count):
            raise RuntimeError(f"{type(self).__name__}: there are no samples yet")


class _MeanError(_OfPairs):
    """The sum of errors by the number of samples."""

    _error: Callable[[Any], Any]

    def clear(self) -> None:
        """Forget all batches."""
        self._sum = self._count = 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Count predictions and what is true, of as many elements, in."""
        predicted, true = self._pair(inputs)
        self._sum += type(self)._error(true.reshape(predicted.shape) - predicted).sum()
        self._count += len(true)

    def eval(self) -> Any:
        """Return the sum of the errors of all elements by the number of samples so far."""
        self._check_any(self._count)
        return self._sum / self._count


class MAE(_MeanError):
    """The absolute errors, by the number of samples."""

    _error = staticmethod(np.abs)


class MSE(_MeanError):
    """The squared errors, by the number of samples."""

    _error = staticmethod(np.square)


class Dice(_OfPairs):
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
        predicted, true = self._pair(inputs)
        _check_shapes("Dice", predicted, true)
        one, other = predicted.reshape(-1), true.reshape(-1)
        squares = np.dot(one, one) + np.dot(other, other)
        self._sum += 2 * float(np.dot(one, other)) / float(squares + self.smooth)
        self._count += len(true)

    def eval(self) -> Any:
        """Return the mean so far."""
        self._check_any(self._count)
        return self._sum / self._count


class _Counts(_OfPairs):
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
        self._count(*self._one_hot(*self._pair(inputs)))

    def eval(self, average: bool = False) -> Any:
        """Return the measure of each class, or their mean."""
        self._check_any(self._classes)
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
        predicted, true = self._pair(inputs)
        if self._type == "classification":
            self._count(*self._one_hot(predicted, true))
            return
        _check_shapes(type(self).__name__, predicted, true)
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
        self._check_any(self._classes)
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


class ConfusionMatrix(_OfPairs):
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
        predicted, true = self._pair(inputs)
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
        self._check_any(self._has_any)
        counts = self.confusion_matrix
        if self.normalize == "no_norm":
            return counts
        axis = {"target": 1, "prediction": 0, "all": None}[self.normalize]
        total = counts.sum(axis=axis, keepdims=True)
        return np.divide(counts, total, out=np.zeros_like(counts), where=total != 0)


class Perplexity(_OfPairs):
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
        shares, labels = self._pair(inputs)
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
        self._check_any(self._count)
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


_MADE: dict[str, type[Metric]] = {
    "F1": F1,
    "acc": metrics.Accuracy,
    "accuracy": metrics.Accuracy,
    "confusion_matrix": ConfusionMatrix,
    "cosine_similarity": CosineSimilarity,
    "dice": Dice,
    "loss": metrics.Loss,
    "mae": MAE,
    "mse": MSE,
    "perplexity": Perplexity,
    "precision": Precision,
    "recall": Recall,
    "top_1_accuracy": metrics.Top1CategoricalAccuracy,
    "top_5_accuracy": metrics.Top5CategoricalAccuracy,
    "topk": metrics.TopKCategoricalAccuracy,
}


def names() -> list[str]:
    """Return the names that get_metric_fn takes."""
    return sorted(_MADE)


def get_metric_fn(name: str, *args: Any, **kwargs: Any) -> Metric:
    """Return a new measure by its name, made with the arguments.

    Raises:
        KeyError: no measure that is covered has the name.
    """
    if name not in _MADE:
        raise KeyError(f"get_metric_fn: name is {name!r}; it must be one of {names()}")
    return _MADE[name](*args, **kwargs)


def get_metrics(metrics: Any) -> Any:
    """Return measures by their names: a set of names becomes a dictionary.

    Raises:
        DtypeError: metrics is no set, or no dictionary of measures by names.
    """
    if metrics is None:
        return None
    if isinstance(metrics, set):
        return {name: get_metric_fn(name) for name in metrics}
    if not isinstance(metrics, dict) or not all(
        isinstance(name, str) and isinstance(each, Metric) for name, each in metrics.items()
    ):
        raise DtypeError(
            "get_metrics: metrics must be None, a set of names, or a dictionary of measures by name"
        )
    return metrics


def _check_shapes(owner: str, predicted: Any, true: Any) -> None:
    if predicted.shape != true.shape:
        raise ArgumentError(
            f"{owner}: predictions are {predicted.shape}, labels {true.shape}; must be equal"
        )
