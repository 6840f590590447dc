"""Measures over many batches: what `Model.eval` clears, updates and evaluates."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from opsbridge.errors import ArgumentError, DtypeError

__all__ = [
    "Accuracy",
    "Loss",
    "Metric",
    "Top1CategoricalAccuracy",
    "Top5CategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "rearrange_inputs",
]


def rearrange_inputs(update: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method `update` get the inputs that `set_indexes` chose, in that order."""

    @functools.wraps(update)
    def chosen(self: Any, *inputs: Any) -> Any:
        if self.indexes:
            inputs = tuple(inputs[index] for index in self.indexes)
        return update(self, *inputs)

    return chosen


class Metric(ABC):
    """The base of measures of one's own: `clear`, then `update` for each batch, then `eval`."""

    def __init__(self) -> None:
        self._indexes: list[int] | None = None

    @property
    def indexes(self) -> list[int] | None:
        """Which inputs `update` takes."""
        return getattr(self, "_indexes", None)

    def set_indexes(self, indexes: list[int]) -> Metric:
        """Say which inputs `update` takes, and in which order."""
        if not isinstance(indexes, list) or not all(isinstance(each, int) for each in indexes):
            raise ArgumentError(f"set_indexes: indexes is {indexes!r}; it must be a list of ints")
        self._indexes = indexes
        return self

    def __call__(self, *inputs: Any) -> Any:
        """Return the measure of one batch alone."""
        self.clear()
        self.update(*inputs)
        return self.eval()

    def _convert_data(self, data: Any) -> Any:
        """Return a tensor, list or array as an array."""
        if isinstance(data, torch.Tensor):
            return data.detach().as_subclass(torch.Tensor).cpu().numpy()
        if isinstance(data, list | np.ndarray):
            return np.asarray(data)
        name = type(data).__name__
        raise DtypeError(f"Metric: got {name}; it must be a tensor, list or NumPy array")

    @abstractmethod
    def clear(self) -> None:
        """Forget all batches."""

    @abstractmethod
    def update(self, *inputs: Any) -> None:
        """Count a batch in."""

    @abstractmethod
    def eval(self) -> Any:
        """Return the measure of all batches."""


class _Share(Metric):
    """The share of samples that are right."""

    def __init__(self) -> None:
        super().__init__()
        self.clear()

    def clear(self) -> None:
        """Forget all batches."""
        self._right = self._all = 0

    def eval(self) -> Any:
        """Return the share of all samples so far."""
        if not self._all:
            raise RuntimeError(f"{type(self).__name__}: there are no samples yet")
        return self._right / self._all

    def _pair(self, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
        if len(inputs) != 2:
            raise ArgumentError(
                f"{type(self).__name__}: got {len(inputs)} inputs; it must be 2: scores and labels"
            )
        scores, labels = map(self._convert_data, inputs)
        return scores, labels

    def _count(self, right: Any) -> None:
        self._right += right.sum()
        self._all += right.size


class Accuracy(_Share):
    """The share of samples whose highest score is of their class; or, multilabel, all of them.

    Labels are numbers of classes, or one-hot; multilabel, scores and labels are 0 or 1.
    """

    def __init__(self, eval_type: str = "classification") -> None:
        if eval_type not in ("classification", "multilabel"):
            raise DtypeError(
                f"Accuracy: eval_type is {eval_type!r}; it must be classification or multilabel"
            )
        super().__init__()
        self._type = eval_type

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Count scores (N, classes, ...) and labels in."""
        scores, labels = self._pair(inputs)
        if self._type == "multilabel":
            if scores.shape != labels.shape:
                raise ArgumentError(
                    f"Accuracy: scores are {scores.shape}, labels {labels.shape}; must be equal"
                )
            self._count((scores == labels).all(axis=1))
            return
        labels = numbers_of(scores, labels)
        if labels.shape != scores.shape[:1] + scores.shape[2:]:
            raise ArgumentError(
                f"Accuracy: scores are {scores.shape}, labels {labels.shape}; labels must have"
                " the shape of the scores without the axis of classes"
            )
        self._count(scores.argmax(axis=1) == labels)


class TopKCategoricalAccuracy(_Share):
    """The share of samples whose class is among those of the k highest scores."""

    def __init__(self, k: int) -> None:
        if not isinstance(k, int):
            raise DtypeError(f"TopKCategoricalAccuracy: k is {k!r}; it must be an int")
        if k < 1:
            raise ArgumentError(f"TopKCategoricalAccuracy: k is {k}; it must be at least 1")
        super().__init__()
        self.k = k

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Count scores (N, classes) and labels, numbers of classes or one-hot, in."""
        scores, labels = self._pair(inputs)
        best = np.argsort(-scores, axis=1)[:, : self.k]
        self._count((best == numbers_of(scores, labels).reshape(-1, 1)).any(axis=1))


class Top1CategoricalAccuracy(TopKCategoricalAccuracy):
    """The share of samples whose class has the highest score."""

    def __init__(self) -> None:
        super().__init__(1)


class Top5CategoricalAccuracy(TopKCategoricalAccuracy):
    """The share of samples whose class is among those of the five highest scores."""

    def __init__(self) -> None:
        super().__init__(5)


class Loss(Metric):
    """The mean of the losses of all batches."""

    def __init__(self) -> None:
        super().__init__()
        self.clear()

    def clear(self) -> None:
        """Forget all batches."""
        self._losses: list[Any] = []

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Count a loss in: one number, or one per sample."""
        if len(inputs) != 1:
            raise ArgumentError(f"Loss: got {len(inputs)} inputs; it must be 1: the loss")
        loss = self._convert_data(inputs[0])
        if loss.ndim > 1:
            raise ArgumentError(f"Loss: the loss has {loss.ndim} dimensions; it must have 0 or 1")
        self._losses.append(loss.mean())

    def eval(self) -> Any:
        """Return the mean of all losses so far."""
        if not self._losses:
            raise RuntimeError("Loss: there are no samples yet")
        return sum(self._losses) / len(self._losses)


def numbers_of(scores: Any, labels: Any) -> Any:
    """Labels as numbers of classes, if they are one-hot."""
    is_one_hot = (
        labels.ndim == scores.ndim > 1
        and np.isin(labels, (0, 1)).all()
        and (labels.sum(axis=1) == 1).all()
    )
    return labels.argmax(axis=1) if is_one_hot else labels
