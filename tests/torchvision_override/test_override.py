"""torchvision on opsbridge's kernels, while installed and not a moment longer."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from child_process import python_output

torch = pytest.importorskip("torch", reason="tests the override of torchvision")
REASON = "overrides the real torchvision, which is not installed"
torchvision = pytest.importorskip("torchvision", reason=REASON)

from opsbridge.errors import OpsbridgeError  # noqa: E402
from opsbridge.torchvision import install, is_installed, override, uninstall  # noqa: E402

real = torchvision.ops
BOXES = torch.tensor([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2.0, 2], [5, 5, 9, 9]])
SCORES = torch.tensor([0.8, 0.7, 0.6, 0.9])
FEATURES = torch.arange(128.0).reshape(2, 4, 4, 4)
ROIS = torch.tensor([[0, 0, 0, 2.0, 2], [1, 1, 1, 3, 3]])


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    yield
    uninstall()
    assert not is_installed()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the replaced operators, as they run."""
    seen: list[str] = []

    def spied(name: str, compute: Any) -> Any:
        def run(*args: Any) -> Any:
            seen.append(name)
            return compute(*args)

        return run

    spies = {
        name: override.Replacement(spied(name, replacement.compute))
        for name, replacement in override.REPLACEMENTS.items()
    }
    monkeypatch.setattr(override, "REPLACEMENTS", spies)
    return seen


def pooled(features: Any = FEATURES, rois: Any = ROIS) -> Any:
    return real.roi_align(features, rois, 2, 0.5, 2, True)


def test_in_a_block_and_after_it(calls: list[str]) -> None:
    expected = real.nms(BOXES, SCORES, 0.4), pooled()
    assert calls == []
    with install():
        assert is_installed()
        results = real.nms(BOXES, SCORES, 0.4), pooled()
        assert calls == ["nms", "roi_align"]
    assert not is_installed()
    assert torch.equal(real.nms(BOXES, SCORES, 0.4), expected[0])
    assert calls == ["nms", "roi_align"]
    assert all(map(torch.equal, results, expected))


def test_every_replacement_exists_in_torchvision() -> None:
    for name in override.REPLACEMENTS:
        assert torch._C._dispatch_has_kernel_for_dispatch_key(f"torchvision::{name}", "CPU")


def test_installations_nest_and_end_once(calls: list[str]) -> None:
    outer, inner = install(), install()
    inner.uninstall()
    inner.uninstall()
    real.nms(BOXES, SCORES, 0.4)
    assert calls == ["nms"]
    with install():
        pass
    assert is_installed()
    outer.uninstall()
    assert not is_installed()
    install()
    install()
    uninstall()
    assert not is_installed()
    real.nms(BOXES, SCORES, 0.4)
    assert calls == ["nms"]


def test_an_error_in_the_block_ends_it() -> None:
    with pytest.raises(KeyError), install():
        raise KeyError
    assert not is_installed()


def test_many_installations_leave_nothing_behind() -> None:
    def once() -> None:
        with install():
            real.nms(BOXES, SCORES, 0.4)

    once()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(50):
        once()
    gc.collect()
    assert len(gc.get_objects()) - before < 50


def test_threads_install_and_call_at_once() -> None:
    expected = real.nms(BOXES, SCORES, 0.4).tolist()
    wrong: list[Any] = []

    def work() -> None:
        for _ in range(30):
            with install():
                result = real.nms(BOXES, SCORES, 0.4).tolist()
            if result != expected:
                wrong.append(result)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert not is_installed()


def test_gradients_are_torchvisions(calls: list[str]) -> None:
    def gradient() -> Any:
        features = FEATURES.clone().requires_grad_()
        pooled(features).square().sum().backward()
        return features.grad

    expected = gradient()
    with install():
        assert torch.equal(gradient(), expected)
        features = FEATURES[:, :1].double().requires_grad_()
        assert torch.autograd.gradcheck(lambda given: pooled(given, ROIS.double()), (features,))
    assert set(calls) == {"roi_align", "_roi_align_backward"}


def _pools(features: Any, rois: Any) -> list[Any]:
    rois = rois.to(features.dtype)
    return [
        real.roi_pool(features, rois, 2, 0.5),
        real.ps_roi_align(features, rois, 2, 0.5, 2),
        real.ps_roi_align(features, rois, (2, 1), 0.5),
        real.ps_roi_pool(features, rois, 2, 0.5),
    ]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("count", [0, 2])
def test_every_pooling_and_its_gradient(dtype: Any, count: int, calls: list[str]) -> None:
    def both() -> list[Any]:
        features = FEATURES.to(dtype).requires_grad_()
        pools = _pools(features, ROIS[:count])
        gradients = [torch.autograd.grad(each.square().sum(), features)[0] for each in pools]
        return [*pools, *gradients]

    expected = both()
    with install():
        results = both()
    assert set(calls) == {"roi_pool", "ps_roi_align", "ps_roi_pool"}
    for result, other in zip(results, expected, strict=True):
        assert result.dtype == other.dtype
        assert torch.equal(result, other)


def test_declined_dtypes_reach_torchvision() -> None:
    with pytest.raises(RuntimeError) as expected:
        real.nms(BOXES.half(), SCORES.half(), 0.4)
    with install():
        with pytest.raises(RuntimeError) as caught:
            real.nms(BOXES.half(), SCORES.half(), 0.4)
        with pytest.raises(RuntimeError, match="meta"):
            real.nms(BOXES, SCORES.to("meta"), 0.4)
    assert str(caught.value) == str(expected.value)
    assert not isinstance(caught.value, OpsbridgeError)


def test_refused_values_raise_what_torchvision_raises() -> None:
    rois = ROIS.clone()
    rois[1, 0] = 2
    with install():
        with pytest.raises(RuntimeError, match=r"batch indices must be in \[0, 2\)") as caught:
            pooled(rois=rois)
        with pytest.raises(RuntimeError):
            real.nms(BOXES[0], SCORES, 0.4)
    assert isinstance(caught.value, OpsbridgeError)


def test_half_precision_and_autocast() -> None:
    given = FEATURES.half(), ROIS.half()
    expected = pooled(*given)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        widened = pooled(FEATURES.bfloat16(), ROIS)
        kept = real.nms(BOXES.bfloat16(), SCORES, 0.4)
    with install():
        assert torch.equal(pooled(*given), expected)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(pooled(FEATURES.bfloat16(), ROIS), widened)
            assert torch.equal(real.nms(BOXES.bfloat16(), SCORES, 0.4), kept)


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
def test_compiled(backend: str, calls: list[str]) -> None:
    torch._dynamo.reset()

    def call(boxes: Any, scores: Any, features: Any, rois: Any) -> Any:
        return real.nms(boxes, scores, 0.4), pooled(features, rois)

    expected = call(BOXES, SCORES, FEATURES, ROIS)
    compiled = torch.compile(call, fullgraph=True, backend=backend)
    with install():
        results = compiled(BOXES, SCORES, FEATURES, ROIS)
    assert calls == ["nms", "roi_align"]
    assert all(map(torch.equal, results, expected))
    assert all(map(torch.equal, compiled(BOXES, SCORES, FEATURES, ROIS), expected))
    assert calls == ["nms", "roi_align"]


def test_scripted(calls: list[str]) -> None:
    scripted = torch.jit.script(real.RoIAlign(2, 0.5, 2, True))
    expected = scripted(FEATURES, ROIS)
    with install():
        assert torch.equal(scripted(FEATURES, ROIS), expected)
    assert calls == ["roi_align"]


def test_batched_nms_and_pyramids(calls: list[str]) -> None:
    groups = torch.tensor([0, 0, 1, 1])
    pool = real.MultiScaleRoIAlign(["0", "1"], 2, 2)
    pyramid = {"0": FEATURES, "1": FEATURES[:, :, ::2, ::2]}
    boxes = [BOXES, BOXES / 2]
    expected = real.batched_nms(BOXES, SCORES, groups, 0.4), pool(pyramid, boxes, [(16, 16)] * 2)
    with install():
        kept = real.batched_nms(BOXES, SCORES, groups, 0.4)
        levels = pool(pyramid, boxes, [(16, 16)] * 2)
    assert torch.equal(kept, expected[0])
    assert torch.equal(levels, expected[1])
    assert set(calls) == {"nms", "roi_align"}


IMPORTED_ONLY = """
    import torch, torchvision
    import opsbridge.torchvision.ops
    boxes, scores = torch.tensor([[0, 0, 4.0, 4]]), torch.tensor([0.8])
    opsbridge.torchvision.ops.nms(boxes, scores, 0.4)
    from opsbridge.torchvision import is_installed
    print(is_installed(), torchvision.ops.nms(boxes, scores, 0.4).tolist())
"""


def test_nothing_changes_without_installing() -> None:
    assert python_output(IMPORTED_ONLY) == "False [0]"
