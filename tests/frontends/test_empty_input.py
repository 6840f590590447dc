"""Empty tensors give empty results of the right dtype and shape, in every API and framework."""

from __future__ import annotations

import numpy as np
import pytest
from api_calls import APIS, FEATURES, ROIS
from framework_tensors import FRAMEWORKS, framework_of, to_array

ROI_APIS = {"roi_align": ("input", "boxes"), "RoIAlign": ("input", "rois"),
            "ROIAlign": ("features", "rois")}  # fmt: skip


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_boxes(name: str, dtype: str) -> None:
    boxes, scores = np.zeros((0, 4), dtype), np.zeros(0, dtype)
    keep = APIS["nms"](name, boxes=boxes, scores=scores)
    assert framework_of(keep) == name
    assert (to_array(keep).dtype.name, to_array(keep).shape) == ("int64", (0,))


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_no_scored_boxes(name: str) -> None:
    results = APIS["NMSWithMask"](name, bboxes=np.zeros((0, 5), np.float32))
    assert [framework_of(result) for result in results] == [name] * 3
    assert [(to_array(result).dtype.name, to_array(result).shape) for result in results] == [
        ("float32", (0, 5)),
        ("int32", (0,)),
        ("bool", (0,)),
    ]


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("api", ROI_APIS)
@pytest.mark.parametrize(
    ("images", "channels", "regions"), [(2, 2, 0), (0, 2, 0), (2, 0, 2), (2, 0, 0), (0, 0, 0)]
)
def test_no_regions_images_or_channels(
    images: int, channels: int, regions: int, api: str, name: str
) -> None:
    features, rois = ROI_APIS[api]
    changes = {features: FEATURES[:images, :channels], rois: ROIS[:regions]}
    pooled = APIS[api](name, **changes)
    assert framework_of(pooled) == name
    array = to_array(pooled)
    assert (array.dtype.name, array.shape) == ("float32", (regions, channels, 2, 2))


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("api", ROI_APIS)
@pytest.mark.parametrize("shape", [(2, 2, 0, 4), (2, 2, 4, 0)])
def test_images_without_pixels_give_what_lies_outside_every_image(
    shape: tuple[int, int, int, int], api: str, name: str
) -> None:
    features, _ = ROI_APIS[api]
    pooled = to_array(APIS[api](name, **{features: np.zeros(shape, np.float32)}))
    assert pooled.shape == (2, 2, 2, 2)
    assert not pooled.any()


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("api", ROI_APIS)
def test_a_region_of_no_image_is_refused(api: str, name: str) -> None:
    features, rois = ROI_APIS[api]
    with pytest.raises(ValueError, match=rf"^{api}: {rois}\[0\]\[0\] is 0, but {features} has "):
        APIS[api](name, **{features: FEATURES[:0]})
