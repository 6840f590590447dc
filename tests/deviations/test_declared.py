"""Every deviation that a table declares has a test of its name, and no test lacks a declaration."""

from __future__ import annotations

import importlib
import inspect

import pytest

from opsbridge.tables.load import all_api_names, load_api

MODULES = {
    "torchvision.ops.nms": "test_torchvision_nms",
    "torchvision.ops.roi_align": "test_torchvision_roi_align",
    "torchvision.ops.RoIAlign": "test_torchvision_roi_align",
    "torchvision.ops.batched_nms": "test_torchvision_batched_nms",
    "mmcv.ops.nms": "test_mmcv_nms",
    "mmcv.ops.nms_match": "test_mmcv_nms_match",
    "mmcv.ops.batched_nms": "test_mmcv_batched_nms",
    "mmcv.batched.batched_soft_nms": "test_mmcv_batched_soft_nms",
    "mmcv.ops.soft_nms": "test_mmcv_soft_nms",
    "mmdet.ops.nms": "test_mmdet_nms",
    "mmdet.ops.soft_nms": "test_mmdet_soft_nms",
    "mindspore.ops.NMSWithMask": "test_mindspore_nms_with_mask",
    "mindspore.ops.ROIAlign": "test_mindspore_roi_align",
}


def ids_with_a_test(module_name: str) -> set[str]:
    """The identifiers that the test functions of a module are named after."""
    members = inspect.getmembers(importlib.import_module(module_name), inspect.isfunction)
    return {
        name.removeprefix("test_").removeprefix("real_").replace("_", "-")
        for name, _ in members
        if name.startswith("test_")
    }


@pytest.mark.parametrize("name", all_api_names())
def test_deviations_and_tests_name_each_other(name: str) -> None:
    table = load_api(name)
    declared = {deviation.id for deviation in table.deviations}
    assert declared == ids_with_a_test(MODULES[table.name])
