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
    assert found[0] == pytest.approx(found[1], rel=1e-6)


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
        (lambda nn: nn.Loss().eval(), RuntimeError, "Loss: there are no samples"),
    ],
)
def test_what_is_refused(use: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        use(surface.nn)
