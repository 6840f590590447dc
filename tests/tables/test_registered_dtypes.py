"""The element types of frameworks that the tests do not have are those of their CPU kernels.

Each line says what a framework's sources register or read: TensorFlow's REGISTER_KERNEL_BUILDER and
op definitions, Paddle's PD_REGISTER_KERNEL, `data_ptr<float>` in mmcv's nms, AT_DISPATCH elsewhere.
What detectron2 hands on is torchvision's.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from opsbridge.tables.load import all_api_identifiers, load_api
from opsbridge.tables.schema import Param

FLOATS = "float16 float32 float64"
NUMBERS = f"uint8 int8 int16 int32 int64 bfloat16 {FLOATS}"
# The first line that fits a parameter holds.
REGISTERED = (
    ("tensorflow/crop_and_resize", "image", f"uint8 uint16 int8 int16 int32 int64 {FLOATS}"),
    ("tensorflow/crop_and_resize", "boxes", "float32"),
    ("tensorflow/*", "box_indices", "int32"),
    ("tensorflow/combined_non_max_suppression", "*", "float32"),
    ("tensorflow/*", "*", "float16 float32"),
    ("paddle/*", "boxes_num", "int32"),
    ("paddle/*", "category_idxs", "int32 int64"),
    ("paddle/*", "*", "float32 float64"),
    ("*/batched_*", "idxs", f"bool {NUMBERS}"),
    ("mmcv/*nms*", "*", "float32"),
    ("mmcv/bbox_overlaps", "*", f"bfloat16 {FLOATS}"),
    ("mmcv/*", "*", FLOATS),
    ("mmdet/nms", "*", "float32 float64"),
    ("mmdet/soft_nms", "*", "float32"),
    ("detectron2/nms", "*", FLOATS),
    ("detectron2/batched_nms", "scores", "float32"),
    ("detectron2/batched_nms", "boxes", NUMBERS),
    ("detectron2/ROIAlign", "rois", NUMBERS),
    ("detectron2/ROIAlign", "input", FLOATS),
    ("detectron2/pairwise_iou", "*", "float32 float64"),
)
FRAMEWORKS = {line[0].partition("/")[0] for line in REGISTERED} - {"*"}
TENSORS = [
    (identifier, param)
    for identifier in all_api_identifiers()
    if identifier.partition("/")[0] in FRAMEWORKS
    for param in load_api(identifier).params
    if param.dtypes
]


@pytest.mark.parametrize(
    ("identifier", "param"), TENSORS, ids=lambda each: getattr(each, "name", each)
)
def test_dtypes_are_those_that_have_a_kernel(identifier: str, param: Param) -> None:
    registered = next(
        dtypes
        for table, name, dtypes in REGISTERED
        if fnmatchcase(identifier, table) and fnmatchcase(param.name, name)
    )
    assert set(param.dtypes) == set(registered.split())
