"""Front-ends hold no convention: another value in a copied table is another behaviour."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opsbridge.errors import DtypeError, TableError
from opsbridge.frontend import make_api
from opsbridge.tables.load import load_api, table_root

FLOAT = np.float32
FEATURES = np.arange(64, dtype=FLOAT).reshape(1, 1, 8, 8)
REGION = np.array([[0, 1, 1, 4.5, 4.5]], FLOAT)
HALF_PIXEL_REGION = np.array([[0, 1, 1, 1.5, 1.5]], FLOAT)

Edit = Callable[[str, str, str], Any]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Makes an API from a copied table in which one piece of text was replaced."""

    def make(identifier: str, old: str, new: str) -> Any:
        root = tmp_path / "mappings"
        shutil.copytree(table_root(), root, dirs_exist_ok=True)
        path = root / f"{identifier}.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return make_api(load_api(identifier, root=root), "test")

    return make


@pytest.fixture
def shipped() -> Callable[[str], Any]:
    """Makes an API from the table as it is."""
    return lambda identifier: make_api(load_api(identifier), "test")


def boxes_of_heights(*heights: float) -> tuple[Any, Any]:
    """Boxes [0, 0, 10, h]: the overlap with the first, of height 10, is h / 10."""
    boxes = np.array([[0, 0, 10, height] for height in heights], FLOAT)
    return boxes, np.linspace(1, 0.5, len(heights), dtype=FLOAT)


# identifier, text in the table, its replacement, call, result before, result after
CONVENTIONS: dict[str, tuple[str, str, str, Callable[[Any], Any], Any, Any]] = {
    "comparison": (
        "torchvision/nms", 'comparison = "greater"', 'comparison = "greater_equal"',
        lambda nms: nms(*boxes_of_heights(10, 5), 0.5).tolist(), [0, 1], [0],
    ),
    "threshold type": (
        "torchvision/nms", 'threshold_type = "float64"', 'threshold_type = "float32"',
        lambda nms: nms(*boxes_of_heights(10, 1), 0.1).tolist(), [0], [0, 1],
    ),
    "candidate order": (
        "torchvision/nms", 'order = "stable"', 'order = "bitonic"',
        lambda nms: nms(np.ones((5, 4), FLOAT), np.ones(5, FLOAT), -0.5).tolist(),
        [0, 1, 2, 3, 4], [4, 3, 2, 1, 0],
    ),
    "candidate order of a class": (
        "mindspore/NMSWithMask", 'order = "bitonic"', 'order = "stable"',
        lambda nms: nms(0.5)(np.array([[0, 0, 1, 1, 0.5], [5, 5, 6, 6, 0.5]], FLOAT))[0][0][0],
        5, 0,
    ),
    "box offset": (
        "torchvision/nms", "box_offset = 0", "box_offset = 1",
        lambda nms: nms(*boxes_of_heights(10, 5), 0.5).tolist(), [0, 1], [0],
    ),
    "default of aligned": (
        "torchvision/roi_align", "default = false", "default = true",
        lambda roi_align: roi_align(FEATURES, REGION, 1, sampling_ratio=1).item(),
        9 * 2.75, 9 * 2.25,
    ),
    "adaptive grid": (
        "torchvision/roi_align", 'grid = "ceil"', 'grid = "floor"',
        lambda roi_align: roi_align(FEATURES, HALF_PIXEL_REGION, 1, aligned=True).item(),
        9 * 0.75, 0,
    ),
    "default of roi_end_mode": (
        "mindspore/ROIAlign", "default = 1", "default = 0",
        lambda roi_align: roi_align(1, 1, 1.0, 1)(FEATURES, REGION).item(), 9 * 3.25, 9 * 2.75,
    ),
    "default of sample_num": (
        "mindspore/ROIAlign", "default = 2", "default = 1",
        lambda roi_align: roi_align(1, 1, 1.0).sample_num,
        2, 1,
    ),
    "half pixel of a choice": (
        "torchvision/roi_align", "half_pixel = 0.5", "half_pixel = 0.0",
        lambda roi_align: roi_align(FEATURES, REGION, 1, 1.0, 1, True).item(), 9 * 2.25, 9 * 2.75,
    ),
    "returned output": (
        "torchvision/nms", '"keep"\ndtype = "int64"', '"keep_mask"\ndtype = "bool"',
        lambda nms: nms(*boxes_of_heights(10, 9, 1), 0.5).tolist(), [0, 2], [True, False, True],
    ),
    "dtype of an output": (
        "mindspore/NMSWithMask", 'dtype = "int32"', 'dtype = "int64"',
        lambda nms: nms(0.5)(np.ones((1, 5), FLOAT))[1].dtype.name, "int32", "int64",
    ),
}  # fmt: skip


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_value_in_the_table_is_the_behaviour(
    convention: str, edited: Edit, shipped: Callable[[str], Any]
) -> None:
    identifier, old, new, call, before, after = CONVENTIONS[convention]
    assert call(shipped(identifier)) == before
    assert call(edited(identifier, old, new)) == after


def test_the_name_of_a_parameter(edited: Edit) -> None:
    nms = edited("torchvision/nms", 'name = "scores"', 'name = "confidence"')
    boxes, scores = boxes_of_heights(10, 9)
    assert nms(boxes, confidence=scores, iou_threshold=0.5).tolist() == [0]
    with pytest.raises(DtypeError, match=r"^nms: missing a required argument: 'confidence'"):
        nms(boxes, scores=scores, iou_threshold=0.5)
    with pytest.raises(ValueError, match=r"^nms: confidence has 1 entries, but boxes has 2"):
        nms(boxes, scores[:1], 0.5)


def test_the_order_of_the_parameters(tmp_path: Path) -> None:
    root = tmp_path / "mappings"
    shutil.copytree(table_root(), root)
    path = root / "torchvision" / "nms.toml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index('[[params]]\nname = "boxes"'), text.index('[[params]]\nname = "scores"')
    boxes_first, rest = text[start:end], text[end:]
    cut = rest.index("[[params]]", 1)
    path.write_text(text[:start] + rest[:cut] + boxes_first + rest[cut:], encoding="utf-8")
    nms = make_api(load_api("torchvision/nms", root=root), "test")
    assert list(inspect.signature(nms).parameters) == ["scores", "boxes", "iou_threshold"]
    boxes, scores = boxes_of_heights(10, 9)
    assert nms(scores, boxes, 0.5).tolist() == [0]


def test_a_required_parameter(edited: Edit) -> None:
    roi_align = edited("torchvision/roi_align", "default = 1.0", "required = true")
    with pytest.raises(
        DtypeError, match=r"^roi_align: missing a required argument: 'spatial_scale'"
    ):
        roi_align(FEATURES, REGION, 1)


def test_an_allowed_type(edited: Edit) -> None:
    nms = edited("mindspore/NMSWithMask", 'types = ["float"]', 'types = ["number"]')
    edited_number = nms(1)
    assert repr(edited_number) == "NMSWithMask(iou_threshold=1)"


def test_an_allowed_dtype(edited: Edit) -> None:
    nms = edited("mindspore/NMSWithMask", 'dtypes = ["float16", "float32"]', 'dtypes = ["float64"]')
    with pytest.raises(DtypeError, match=r"^NMSWithMask: bboxes is float32; allowed: float64$"):
        nms(0.5)(np.ones((1, 5), FLOAT))
    assert nms(0.5)(np.ones((1, 5)))[2].tolist() == [True]


def test_the_name_of_the_operator_and_its_text(edited: Edit) -> None:
    nms = edited("torchvision/nms", "Keep the boxes", "Hold the boxes")
    assert nms.__doc__.startswith("Hold the boxes")


def test_a_value_that_the_vocabulary_lacks_makes_no_api(edited: Edit) -> None:
    with pytest.raises(TableError, match=r"torchvision/nms\.toml"):
        edited("torchvision/nms", 'comparison = "greater"', 'comparison = "more"')
