"""Whole detectors of torchvision give the same numbers on opsbridge's kernels."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="runs torchvision's detectors")
REASON = "overrides the real torchvision, which is not installed"
detection = pytest.importorskip("torchvision", reason=REASON).models.detection

from opsbridge.torchvision import install, override  # noqa: E402

# Random weights are sure of nothing: a low threshold lets boxes through to every operator.
SURE_OF_NOTHING: dict[str, dict[str, Any]] = {
    "fasterrcnn_resnet50_fpn": {"box_score_thresh": 0.0, "min_size": 96},
    "fasterrcnn_mobilenet_v3_large_320_fpn": {"box_score_thresh": 0.0, "min_size": 96},
    "maskrcnn_resnet50_fpn": {"box_score_thresh": 0.0, "min_size": 96},
    "keypointrcnn_resnet50_fpn": {
        "box_score_thresh": 0.0,
        "min_size": 96,
        "box_detections_per_img": 4,
    },
    "retinanet_resnet50_fpn": {"score_thresh": 0.0, "min_size": 96, "topk_candidates": 50},
    "fcos_resnet50_fpn": {"score_thresh": 0.0, "min_size": 96, "topk_candidates": 50},
    "ssdlite320_mobilenet_v3_large": {},
}


@pytest.fixture(params=SURE_OF_NOTHING)
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(0)
    build = getattr(detection, request.param)
    settings = SURE_OF_NOTHING[request.param]
    if "keypoint" not in request.param:
        settings = settings | {"num_classes": 3}
    return build(weights=None, weights_backbone=None, **settings).eval()


def images() -> list[Any]:
    generator = torch.Generator().manual_seed(1)
    return [torch.rand(3, 96, 128, generator=generator), torch.rand(3, 80, 96, generator=generator)]


def test_detections_are_equal(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    nms = override.REPLACEMENTS["nms"].compute

    def counted(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        return nms(*args)

    monkeypatch.setitem(override.REPLACEMENTS, "nms", override.Replacement(counted))
    with torch.no_grad():
        expected = model(images())
        with install():
            results = model(images())
    assert calls
    assert sum(len(each["boxes"]) for each in expected)
    for result, other in zip(results, expected, strict=True):
        assert result.keys() == other.keys()
        for name in result:
            assert torch.equal(result[name], other[name]), name


def test_training_gradients_are_equal() -> None:
    torch.manual_seed(0)
    build = detection.fasterrcnn_mobilenet_v3_large_320_fpn
    model = build(weights=None, weights_backbone=None, num_classes=3, min_size=96).train()
    model.roi_heads.fg_bg_sampler.positive_fraction = 0.5
    targets = [
        {"boxes": torch.tensor([[8.0, 8, 60, 70]]), "labels": torch.tensor([1])},
        {"boxes": torch.tensor([[4.0, 10, 50, 64]]), "labels": torch.tensor([2])},
    ]

    def gradients() -> list[Any]:
        torch.manual_seed(2)
        model.zero_grad()
        sum(model(images(), targets).values()).backward()
        return [each.grad.clone() for each in model.parameters() if each.grad is not None]

    expected = gradients()
    with install():
        results = gradients()
    assert len(results) > 50
    assert all(map(torch.equal, results, expected))
