"""Where tensors of the surface are made, and the mini detectors on a GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the surface computes with PyTorch")

from two_frameworks import fill, fresh, on  # noqa: E402

from opsbridge.core.native import cuda_library_path  # noqa: E402
from opsbridge.mindspore import Tensor, float16, ops  # noqa: E402

MINIS = {
    "two_stage": ("TwoStage", (1, 3, 32, 48)),
    "single_stage": ("SingleStage", (2, 3, 3, 8, 8)),
}


@pytest.mark.parametrize("data", [np.ones((2, 3), np.float32), [1, 2, 3], 2.5, True, np.float64(1)])
def test_new_tensors_are_on_the_default_device(data: Any) -> None:
    with torch.device("meta"):  # a device like any other, on every machine
        assert Tensor(data).device.type == "meta"
        assert Tensor(data, float16).device.type == "meta"
        assert (Tensor(data) + ops.zeros((2, 3), float16)).device.type == "meta"
    assert Tensor(data).device.type == "cpu"


def test_a_copy_is_where_its_tensor_is() -> None:
    given = Tensor([1.0, 2.0])
    with torch.device("meta"):
        assert Tensor(given).device.type == "cpu"


def outputs_and_losses(module: str, device: str, is_moved: bool) -> list[Any]:
    """What a mini detector gives on a device, moved there or built there, then three losses."""
    name, shape = MINIS[module]
    with on("surface") as ms, fresh(Path(__file__).parent, f"mini_detectors.{module}") as (loaded,):
        with torch.device("cpu" if is_moved else device):
            net = getattr(loaded, name)()
            fill(net, ms.Tensor)
        with torch.device(device):
            net.to(device)
            image = ms.Tensor(np.random.default_rng(3).normal(size=shape).astype(np.float32))
            results = list(net.set_train(False)(image))
            step = ms.nn.TrainOneStepCell(net, ms.nn.Adam(net.trainable_params(), 0.01))
            results += [step.set_train()(image) for _ in range(3)]
        assert {each.device.type for each in results} == {torch.device(device).type}
        return [each.asnumpy() for each in results]


@pytest.mark.parametrize("is_moved", [True, False], ids=["moved", "built"])
@pytest.mark.parametrize("module", MINIS)
def test_a_detector_gives_the_same_on_a_gpu(
    module: str, is_moved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not torch.cuda.is_available() or cuda_library_path() is None:
        pytest.skip("no CUDA device, or no CUDA kernels in this build")
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    there = outputs_and_losses(module, "cuda", is_moved)
    here = outputs_and_losses(module, "cpu", is_moved)
    for one, other in zip(there, here, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
