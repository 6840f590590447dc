"""Whose API is called and whose tensors come are independent: all fifteen pairs agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from api_calls import APIS, SCORED_BOXES
from cases import BATCH, BOXES, ROIS, SCORES, Array, assert_same_bits, features, generator
from framework_tensors import FRAMEWORKS, framework_of, to_array

from opsbridge.mindspore.ops import NMSWithMask
from opsbridge.torchvision.ops import nms


def arrays_for(api: str, seed: int) -> dict[str, Array]:
    """Random tensors for an API."""
    rng = generator("any api", seed)
    if api in ("nms", "NMSWithMask"):
        boxes, scores = (
            BOXES["clustered"](rng, 60, np.float32),
            SCORES["distinct"](rng, 60, np.float32),
        )
        if api == "nms":
            return {"boxes": boxes, "scores": scores}
        return {"bboxes": np.column_stack((boxes, scores))}
    rois = ROIS["outside"](rng, 9, np.float32)
    assert rois[:, 0].max() < BATCH
    return dict(zip(APIS[api].tensors, (features(rng, np.float32), rois), strict=True))


def as_arrays(results: Any) -> list[Array]:
    """One result or several, as arrays."""
    return [to_array(each) for each in (results if isinstance(results, tuple) else (results,))]


@pytest.mark.parametrize("name", FRAMEWORKS[1:])
@pytest.mark.parametrize("api", APIS)
def test_every_framework_gives_what_numpy_gives(api: str, name: str) -> None:
    for seed in range(5):
        given = arrays_for(api, seed)
        ours, numpys = APIS[api](name, **given), APIS[api]("numpy", **given)
        for each in ours if isinstance(ours, tuple) else (ours,):
            assert framework_of(each) == name
        for result, expected in zip(as_arrays(ours), as_arrays(numpys), strict=True):
            if expected.dtype.kind == "f":
                assert_same_bits(result, expected)
            else:
                assert result.dtype == expected.dtype
                np.testing.assert_array_equal(result, expected)


def test_both_suppressions_keep_the_same_boxes() -> None:
    given = arrays_for("NMSWithMask", 0)["bboxes"]
    sorted_boxes, positions, selected = NMSWithMask(0.5)(given)
    keep = nms(given[:, :4], given[:, 4], 0.5)
    np.testing.assert_array_equal(sorted_boxes[selected], given[keep])
    assert positions.tolist() == list(range(len(given)))


def test_both_region_aligns_agree_where_their_conventions_do() -> None:
    rng = generator("any api", "mode 0")
    image, rois = features(rng, np.float32), ROIS["inside"](rng, 20, np.float32) + np.float32(0)
    rois[:, 1:] += 1
    theirs = APIS["ROIAlign"](
        "numpy", features=image, rois=rois, sample_num=2, roi_end_mode=0, spatial_scale=0.5
    )
    ours = APIS["roi_align"]("numpy", input=image, boxes=rois, sampling_ratio=2, spatial_scale=0.5)
    assert_same_bits(theirs, ours)


def test_a_class_can_be_called_again_and_with_other_tensors() -> None:
    operator = NMSWithMask(0.4)
    once = [each.tolist() for each in operator(SCORED_BOXES)]
    operator(SCORED_BOXES[:1])
    assert [each.tolist() for each in operator(SCORED_BOXES)] == once
