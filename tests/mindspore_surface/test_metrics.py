"""Measures over batches give what the real MindSpore's give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

torch = pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge import mindspore as surface  # noqa: E402
from opsbridge.errors import ArgumentError, DtypeError  # noqa: E402

RANDOM = np.random.default_rng(4)
SCORES = [RANDOM.normal(size=(7, 9)).astype(np.float32) for _ in range(2)]
LABELS = [RANDOM.integers(0, 9, 7).astype(np.int32) for _ in range(2)]
ONE_HOT = [np.eye(9, dtype=np.float32)[each] for each in LABELS]
BITS = [(each > 0).astype(np.float32)[:, :2] for each in SCORES]
IMAGES = [RANDOM.normal(size=(2, 3, 4)).astype(np.float32) for _ in range(2)]
SHARES = [np.exp(each) / np.exp(each).sum(1, keepdims=True) for each in SCORES]
MAPS = [(each > 0).astype(np.float32) for each in IMAGES]
CLASSES = [RANDOM.integers(0, 3, (2, 4)).astype(np.int32) for _ in range(2)]

CASES: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "accuracy": (lambda ms: ms.nn.Accuracy(), [SCORES, LABELS]),
    "accuracy-one-hot": (lambda ms: ms.train.Accuracy("classification"), [SCORES, ONE_HOT]),
    "accuracy-pixels": (lambda ms: ms.nn.Accuracy(), [IMAGES, CLASSES]),
    "accuracy-multilabel": (lambda ms: ms.nn.Accuracy(eval_type="multilabel"), [BITS, BITS[::-1]]),
    "top1": (lambda ms: ms.nn.Top1CategoricalAccuracy(), [SCORES, LABELS]),
    "top5": (lambda ms: ms.nn.Top5CategoricalAccuracy(), [SCORES, ONE_HOT]),
    "top2": (lambda ms: ms.train.TopKCategoricalAccuracy(2), [SCORES, LABELS]),
    "loss": (lambda ms: ms.nn.Loss(), [[each[:, 0] for each in SCORES]]),
    "loss-of-batch": (lambda ms: ms.nn.Loss(), [[each[0, 0] for each in SCORES]]),
    "mae": (lambda ms: ms.nn.MAE(), [IMAGES, [each[::-1] for each in IMAGES]]),
    "mse": (lambda ms: ms.train.MSE(), [SCORES, [each.reshape(9, 7) for each in SCORES]]),
    "dice": (lambda ms: ms.nn.Dice(), [BITS, BITS[::-1]]),
    "dice-smooth": (lambda ms: ms.nn.Dice(0.5), [SCORES, SCORES[::-1]]),
    "f1": (lambda ms: ms.nn.F1(), [SCORES, LABELS]),
    "fbeta-one-hot": (lambda ms: ms.train.Fbeta(0.5), [SCORES, ONE_HOT]),
    "fbeta-pixels": (lambda ms: ms.nn.Fbeta(2), [IMAGES, CLASSES]),
    "precision": (lambda ms: ms.nn.Precision(), [SCORES, LABELS]),
    "precision-one-hot": (lambda ms: ms.nn.Precision("classification"), [SCORES, ONE_HOT]),
    "precision-multilabel": (lambda ms: ms.nn.Precision("multilabel"), [BITS, BITS[::-1]]),
    "recall": (lambda ms: ms.nn.Recall(), [IMAGES, CLASSES]),
    "recall-multilabel": (lambda ms: ms.train.Recall("multilabel"), [MAPS, MAPS[::-1]]),
    "confusion": (lambda ms: ms.nn.ConfusionMatrix(9), [SCORES, LABELS]),
    "confusion-target": (lambda ms: ms.nn.ConfusionMatrix(9, "target"), [LABELS, LABELS[::-1]]),
    "confusion-predicted": (
        lambda ms: ms.train.ConfusionMatrix(9, normalize="prediction"),
        [SCORES, LABELS],
    ),
    "confusion-all": (
        lambda ms: ms.nn.ConfusionMatrix(2, "all", 0.3),
        [[each[:, 0] for each in SCORES], [each[:, 0] for each in BITS]],
    ),
    "perplexity": (lambda ms: ms.nn.Perplexity(), [SHARES, LABELS]),
    "perplexity-without": (lambda ms: ms.train.Perplexity(ignore_label=3), [SHARES, LABELS]),
    "cosine": (lambda ms: ms.train.CosineSimilarity(), [SCORES]),
    "dot": (lambda ms: ms.train.CosineSimilarity("dot", "sum", False), [SCORES]),
    "cosine-mean": (lambda ms: ms.train.CosineSimilarity(reduction="mean"), [SCORES]),
    "by-name": (lambda ms: ms.nn.get_metric_fn("topk", k=2), [SCORES, LABELS]),
    "chosen": (lambda ms: ms.nn.Accuracy().set_indexes([2, 0]), [LABELS, BITS, SCORES]),
}


@pytest.mark.parametrize("case", CASES)
def test_measure(case: str) -> None:
    make, given = CASES[case]
    found = []
    for ms in (surface, pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)):
        measure = make(ms)
        for batch in zip(*given, strict=True):
            measure.update(*map(ms.Tensor, batch))
        found.append((measure.eval(), measure(*(ms.Tensor(each[0]) for each in given))))
    for one, other in zip(*found, strict=True):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["F1", "Precision", "Recall"])
def test_mean_over_classes(name: str) -> None:
    found = []
    for ms in (surface, pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)):
        measure = getattr(ms.nn, name)()
        measure.update(ms.Tensor(SCORES[0]), ms.Tensor(LABELS[0]))
        found.append(measure.eval(average=True))
    assert found[0] == pytest.approx(found[1])


def test_measures_by_name() -> None:
    nn = surface.nn
    assert set(nn.get_metrics({"loss", "mae"})) == {"loss", "mae"}
    own = {"mine": nn.MAE()}
    assert nn.get_metrics(own) is own
    assert nn.get_metrics(None) is None
    assert {type(nn.get_metric_fn(name)) for name in ("acc", "accuracy")} == {nn.Accuracy}
    assert "mse" in nn.names()
    with pytest.raises(KeyError, match="name is 'roc'; it must be one of"):
        nn.get_metric_fn("roc")


def test_a_measure_of_ones_own() -> None:
    class Largest(surface.nn.Metric):
        def clear(self) -> None:
            self.value = -np.inf

        @surface.nn.rearrange_inputs
        def update(self, *inputs: Any) -> None:
            self.value = max(self.value, self._convert_data(inputs[0]).max())

        def eval(self) -> Any:
            return self.value

    assert Largest()([1, 5, 2]) == 5
    assert Largest().set_indexes([1])(surface.Tensor([9.0]), np.ones(2)) == 1
    with pytest.raises(TypeError, match="abstract"):
        surface.nn.Metric()


def _twice(measure: Any) -> None:
    measure.update(SCORES[0], LABELS[0])
    measure.update(SCORES[0][:, :4], LABELS[0] % 4)


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda nn: nn.Accuracy("x"), DtypeError, "eval_type is 'x'"),
        (lambda nn: nn.Accuracy().eval(), RuntimeError, "Accuracy: there are no samples"),
        (lambda nn: nn.Accuracy()(SCORES[0]), ArgumentError, "got 1 inputs; it must be 2"),
        (lambda nn: nn.Accuracy()(SCORES[0], LABELS[0][1:]), ArgumentError, "labels must have"),
        (lambda nn: nn.Accuracy("multilabel")(BITS[0], LABELS[0]), ArgumentError, "must be equal"),
        (lambda nn: nn.Accuracy().set_indexes((0, 1)), ArgumentError, "must be a list of ints"),
        (lambda nn: nn.TopKCategoricalAccuracy(0), ArgumentError, "k is 0; it must be at least 1"),
        (lambda nn: nn.TopKCategoricalAccuracy(1.5), DtypeError, "k is 1.5; it must be an int"),
        (lambda nn: nn.Top1CategoricalAccuracy()(3, 4), DtypeError, "got int; it must be a tensor"),
        (lambda nn: nn.Loss()(SCORES[0]), ArgumentError, "has 2 dimensions"),
        (lambda nn: nn.Loss()(1, 2), ArgumentError, "got 2 inputs; it must be 1"),
        (lambda nn: nn.MAE().eval(), RuntimeError, "MAE: there are no samples"),
        (lambda nn: nn.MSE()(SCORES[0]), ArgumentError, "MSE: got 1 inputs; it must be 2"),
        (lambda nn: nn.Dice(0), ArgumentError, "smooth is 0"),
        (lambda nn: nn.Dice()(SCORES[0], BITS[0]), ArgumentError, "Dice: predictions are"),
        (lambda nn: nn.Fbeta(-1), ArgumentError, "beta is -1"),
        (lambda nn: nn.F1().eval(), RuntimeError, "F1: there are no samples"),
        (lambda nn: nn.F1()(SCORES[0], LABELS[0][1:]), ArgumentError, "labels must have"),
        (lambda nn: nn.F1()(SCORES[0], LABELS[0] + 9), ArgumentError, "there are 9 classes"),
        (lambda nn: _twice(nn.F1()), ArgumentError, "there are 4 classes; before there were 9"),
        (lambda nn: nn.Recall("x"), DtypeError, "Recall: eval_type is 'x'"),
        (lambda nn: nn.Recall("multilabel")(SCORES[0], SCORES[0]), ArgumentError, "be 0 or 1"),
        (lambda nn: nn.ConfusionMatrix(2, "x"), ArgumentError, "normalize is 'x'"),
        (lambda nn: nn.ConfusionMatrix(2).eval(), RuntimeError, "there are no samples"),
        (lambda nn: nn.ConfusionMatrix(2)(LABELS[0], SCORES[0]), ArgumentError, "or one more"),
        (lambda nn: nn.Perplexity()(SHARES[0], LABELS[0][1:]), RuntimeError, "one label for each"),
        (lambda nn: surface.train.CosineSimilarity("x"), ArgumentError, "similarity is 'x'"),
        (lambda nn: surface.train.CosineSimilarity().eval(), RuntimeError, "no samples"),
        (lambda nn: nn.get_metrics(["mae"]), DtypeError, "must be None, a set of names"),
        (lambda nn: nn.Loss().eval(), RuntimeError, "Loss: there are no samples"),
    ],
)
def test_what_is_refused(use: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        use(surface.nn)
