"""The two mini detectors on real MindSpore and on the surface: names, outputs, training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
pytest.importorskip("mindspore", reason="compares with the real MindSpore")

from two_frameworks import fill, fresh, on

MINIS = {
    "two_stage": ("TwoStage", (1, 3, 32, 48)),
    "single_stage": ("SingleStage", (2, 3, 3, 8, 8)),
}
STEPS = 3


def run(framework: str, module: str) -> dict[str, Any]:
    """Names, outputs in evaluation mode, losses of equal steps, then trained values."""
    name, shape = MINIS[module]
    with (
        on(framework) as ms,
        fresh(Path(__file__).parent, f"mini_detectors.{module}") as (loaded,),
    ):
        net = getattr(loaded, name)()
        fill(net, ms.Tensor)
        image = ms.Tensor(np.random.default_rng(3).normal(size=shape).astype(np.float32))
        names = [(path, each.name) for path, each in net.parameters_and_names()]
        outputs = [each.asnumpy() for each in net.set_train(False)(image)]
        net.set_train()
        same = [float(net(image).asnumpy()) for _ in range(STEPS)]
        step = ms.nn.TrainOneStepCell(net, ms.nn.Adam(net.trainable_params(), 0.01)).set_train()
        losses = [float(step(image).asnumpy()) for _ in range(STEPS)]
        return {
            "names": names,
            "wrapped": [each.name for each in step.get_parameters()],
            "outputs": outputs,
            "same": same,
            "losses": losses,
        }


@pytest.fixture(scope="module", params=list(MINIS))
def both(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    return run("real", request.param), run("surface", request.param)


def test_names_are_the_real_ones(both: Any) -> None:
    real, ours = both
    assert ours["names"] == real["names"]
    assert ours["wrapped"] == real["wrapped"]


def test_outputs_are_the_real_ones(both: Any) -> None:
    real, ours = both
    for one, other in zip(ours["outputs"], real["outputs"], strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_a_loss_that_is_added_to_a_constant_does_not_grow(both: Any) -> None:
    real, ours = both
    np.testing.assert_allclose(ours["same"], real["same"], rtol=1e-5)
    np.testing.assert_allclose(ours["same"], ours["same"][0], rtol=1e-6)


def test_training_losses_are_the_real_ones(both: Any) -> None:
    real, ours = both
    np.testing.assert_allclose(ours["losses"], real["losses"], rtol=1e-5)
    assert len(set(ours["losses"])) == STEPS


@pytest.mark.parametrize("module", MINIS)
def test_constants_follow_the_net(module: str) -> None:
    import torch

    name, _ = MINIS[module]
    with on("surface"), fresh(Path(__file__).parent, f"mini_detectors.{module}") as (loaded,):
        net = getattr(loaded, name)().to(torch.float64)
    held = net.anchors if module == "two_stage" else net.grid
    assert [each.dtype for each in held] == [torch.float64] * len(held)
