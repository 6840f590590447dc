"""Measures by their names."""

from __future__ import annotations

from typing import Any

from opsbridge.errors import DtypeError
from opsbridge.mindspore import class_metrics, error_metrics, metrics
from opsbridge.mindspore.metrics import Metric

__all__ = ["get_metric_fn", "get_metrics", "names"]

_MADE: dict[str, type[Metric]] = {
    "F1": class_metrics.F1,
    "acc": metrics.Accuracy,
    "accuracy": metrics.Accuracy,
    "confusion_matrix": class_metrics.ConfusionMatrix,
    "cosine_similarity": error_metrics.CosineSimilarity,
    "dice": error_metrics.Dice,
    "loss": metrics.Loss,
    "mae": error_metrics.MAE,
    "mse": error_metrics.MSE,
    "perplexity": error_metrics.Perplexity,
    "precision": class_metrics.Precision,
    "recall": class_metrics.Recall,
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
