"""The example detector: unmodified on real MindSpore and on the surface, with equal results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
pytest.importorskip("mindspore", reason="compares with the real MindSpore")

from two_frameworks import EXAMPLES, fill, fresh, on

STEPS = 10
MODULES = ("config", "detector", "synthetic")


def run(framework: str) -> dict[str, Any]:
    """Detections, then the losses of some training steps, then all values and names."""
    names = [f"small_rcnn.{name}" for name in MODULES]
    with on(framework) as ms, fresh(EXAMPLES / "faster_rcnn", *names) as loaded:
        config_module, detector, synthetic = loaded
        config = config_module.Config()
        net = detector.FasterRCNN(config)
        fill(net, ms.Tensor)
        rows, masks = net.set_train(False)(*synthetic.batch(config, 100))
        step = detector.trainer(config, net, learning_rate=0.002)
        losses = [step(*synthetic.batch(config, seed)) for seed in range(STEPS)]
        parameters = [(path, each) for path, each in step.parameters_and_names()]
        return {
            "rows": rows.asnumpy(),
            "masks": masks.asnumpy(),
            "losses": [float(loss.asnumpy()) for loss in losses],
            "names": [(path, each.name) for path, each in parameters],
            "values": {each.name: each.asnumpy() for _, each in parameters},
        }


@pytest.fixture(scope="module")
def both() -> tuple[dict[str, Any], dict[str, Any]]:
    return run("real"), run("surface")


def test_the_same_boxes_are_kept(both: Any) -> None:
    real, ours = both
    assert real["masks"].sum() > 20
    assert np.array_equal(ours["masks"], real["masks"])
    for one, other, mask in zip(ours["rows"], real["rows"], real["masks"], strict=True):
        np.testing.assert_allclose(one[mask], other[mask], rtol=1e-4, atol=1e-4)


def test_ten_steps_have_equal_losses(both: Any) -> None:
    real, ours = both
    np.testing.assert_allclose(ours["losses"], real["losses"], rtol=1e-5)
    assert len(set(real["losses"])) == STEPS


def test_parameters_have_equal_names_and_end_as_the_real_ones(both: Any) -> None:
    real, ours = both
    assert ours["names"] == real["names"]
    for name, value in real["values"].items():
        scale = np.abs(value).max() + 1e-3
        np.testing.assert_allclose(ours["values"][name], value, rtol=0, atol=1e-3 * scale)
