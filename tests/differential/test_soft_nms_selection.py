"""Soft suppression in every order of selection, precision and form, against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import generator

from opsbridge.core.soft_nms import SoftNmsRule, soft_nms
from opsbridge.errors import DeviceError
from opsbridge.frameworks.numpy import LAYER
from opsbridge.reference.soft_nms import soft_nms as reference

ODD = [np.nan, np.inf, -np.inf, 0.0, 1e-38, 1e-42, -0.25, 0.25, 0.5]


class OnDevice:
    """Arrays of NumPy that say they are in the memory of a GPU."""

    def __getattr__(self, name: str) -> Any:
        return getattr(LAYER, name)

    def device(self, tensor: Any) -> str:
        return "cuda:0"


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("order", ["in_place", "by_index", "queue"])
def test_same_rows_and_scores(order: str, dtype: Any) -> None:
    rng = generator("selections of soft nms", order, dtype.__name__)
    for number in range(60):
        count = int(rng.integers(0, 24))
        boxes = rng.integers(-2, 8, (count, 4)).astype(dtype) * dtype(rng.choice([1, 1.25, 0.3]))
        scores = rng.integers(0, 7, count) / 7
        if number % 3 == 0:
            scores = rng.choice(ODD, count)
        scores = scores.astype(dtype)
        axes: dict[str, Any] = {
            axis: values[rng.integers(len(values))] for axis, values in SoftNmsRule.axes.items()
        }
        axes |= {"selection_order": order}
        limits: dict[str, Any] = {}
        if number % 2:
            limits |= {"max_outputs": int(rng.integers(0, count + 1))}
        if number % 4 < 2:
            limits |= {"shift_limit": 40}
        if number % 5:
            limits |= {"groups": rng.integers(-2, 2, count)}
        sigma = float(rng.choice([0.5, 0.003, 2]))
        settings = float(rng.choice([0.3, 0.0, 0.7])), sigma, float(rng.choice([1e-3, 0.25, 0]))
        kept, rows = soft_nms(LAYER, boxes, scores, *settings, **limits, rule=SoftNmsRule(**axes))
        expected = reference(boxes, scores, *settings, **limits, **axes)
        assert rows.tolist() == expected.keep.tolist(), axes
        np.testing.assert_array_equal(kept, expected.kept_boxes, err_msg=str(axes))


@pytest.mark.parametrize("most", [0, 1, 5, 1000])
def test_the_best_of_many_boxes(most: int) -> None:
    """Blocks of boxes stop early, too."""
    rng = generator("best of soft nms", str(most))
    boxes = np.repeat(rng.uniform(0, 99, (300, 2)), 2, axis=1)[:, [0, 2, 1, 3]]
    boxes[:, 2:] += rng.uniform(5, 30, (300, 2))
    scores = rng.random(300)
    everything, _ = soft_nms(LAYER, boxes, scores, 0.3, 0.5, 0.01, rule=SoftNmsRule())
    best, _ = soft_nms(LAYER, boxes, scores, 0.3, 0.5, 0.01, max_outputs=most, rule=SoftNmsRule())
    np.testing.assert_array_equal(best, everything[:most])


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"rule": SoftNmsRule(selection_order="queue")}, "selection_order = 'queue'"),
        ({"rule": SoftNmsRule(score_type="float32")}, "score_type = 'float32'"),
        ({"rule": SoftNmsRule(), "max_outputs": 3}, "max_outputs"),
    ],
)
def test_what_a_gpu_has_no_kernels_for(
    given: dict[str, Any], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsbridge.core.checks.cuda_library_path", lambda: "there")
    boxes, scores = np.zeros((2, 4)), np.zeros(2)
    with pytest.raises(DeviceError, match=rf"^soft_nms: {named} has kernels for cpu only"):
        soft_nms(OnDevice(), boxes, scores, 0.3, 0.5, 0.01, **given)
