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
    "mindspore.ops.NMSWithMask": "test_mindspore_nms_with_mask",
    "mindspore.ops.ROIAlign": "test_mindspore_roi_align",
    "torchvision.ops.roi_pool": "test_torchvision_roi_pool",
    "torchvision.ops.RoIPool": "test_torchvision_roi_pool",
    "torchvision.ops.ps_roi_pool": "test_torchvision_ps_roi_pool",
    "torchvision.ops.PSRoIPool": "test_torchvision_ps_roi_pool",
    "torchvision.ops.ps_roi_align": "test_torchvision_ps_roi_align",
    "torchvision.ops.PSRoIAlign": "test_torchvision_ps_roi_align",
    "mmcv.ops.roi_align": "test_mmcv_roi_align",
    "mmcv.ops.RoIAlign": "test_mmcv_roi_align test_mmcv_roi_align_class",
    "mmcv.ops.roi_pool": "test_mmcv_roi_pool",
    "mmcv.ops.RoIPool": "test_mmcv_roi_pool",
}


def ids_with_a_test(module_names: str) -> set[str]:
    """The identifiers that the test functions of one or more modules are named after."""
    return {
        name.removeprefix("test_").removeprefix("real_").replace("_", "-")
        for module in module_names.split()
        for name, _ in inspect.getmembers(importlib.import_module(module), inspect.isfunction)
        if name.startswith("test_")
    }


@pytest.mark.parametrize("name", all_api_names())
def test_deviations_and_tests_name_each_other(name: str) -> None:
    table = load_api(name)
    declared = {deviation.id for deviation in table.deviations}
    assert declared == ids_with_a_test(MODULES[table.name])
