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
    "torchvision.ops.roi_pool": "test_torchvision_roi_pool test_torchvision_pooling",
    "torchvision.ops.RoIPool": "test_torchvision_roi_pool test_torchvision_pooling",
    "torchvision.ops.ps_roi_pool": "test_torchvision_ps_roi_pool test_torchvision_pooling",
    "torchvision.ops.PSRoIPool": "test_torchvision_ps_roi_pool test_torchvision_pooling",
    "torchvision.ops.ps_roi_align": "test_torchvision_ps_roi_align",
    "torchvision.ops.PSRoIAlign": "test_torchvision_ps_roi_align",
    "mmcv.ops.roi_align": "test_mmcv_roi_align",
    "mmcv.ops.RoIAlign": "test_mmcv_roi_align test_mmcv_roi_align_class",
    "mmcv.ops.roi_pool": "test_mmcv_roi_pool",
    "mmcv.ops.RoIPool": "test_mmcv_roi_pool",
    "mindspore.ops.BoundingBoxDecode": "test_mindspore_box_decode",
    "mindspore.ops.CropAndResize": "test_mindspore_crop_and_resize",
    "mindspore.ops.IOU": "test_mindspore_iou",
    "mindspore.ops.bounding_box_decode": "test_mindspore_box_decode",
    "mindspore.ops.crop_and_resize": "test_mindspore_crop_and_resize",
    "mindspore.ops.iou": "test_mindspore_iou",
    "mmcv.ops.bbox_overlaps": "test_mmcv_bbox_overlaps",
    "onnx.MaxRoiPool": "test_onnx_max_roi_pool",
    "onnx.NonMaxSuppression": "test_onnx_non_max_suppression",
    "opencv.dnn.NMSBoxes": "test_opencv_nms_boxes",
    "opencv.dnn.NMSBoxesBatched": "test_opencv_nms_boxes",
    "opencv.dnn.softNMSBoxes": "test_opencv_soft_nms_boxes",
    "paddle.vision.box_coder_decode": "test_paddle_box_coder",
    "paddle.vision.ops.box_coder": "test_paddle_box_coder",
    "paddle.vision.ops.nms": "test_paddle_nms test_paddle_nms_ties",
    "paddle.vision.nms_by_score": "test_paddle_nms",
    "paddle.vision.nms_in_order": "test_paddle_nms",
    "paddle.vision.ops.roi_align": "test_paddle_roi_align",
    "paddle.vision.ops.RoIAlign": "test_paddle_roi_align",
    "paddle.vision.ops.roi_pool": "test_paddle_roi_pool",
    "paddle.vision.ops.RoIPool": "test_paddle_roi_pool",
    "paddle.vision.ops.psroi_pool": "test_paddle_psroi_pool",
    "paddle.vision.ops.PSRoIPool": "test_paddle_psroi_pool",
    "tensorflow.soft_non_max_suppression": "test_tensorflow_with_scores",
    "tensorflow.image.non_max_suppression": "test_tensorflow_nms",
    "tensorflow.image.non_max_suppression_with_scores": "test_tensorflow_nms",
    "tensorflow.image.non_max_suppression_padded": "test_tensorflow_padded",
    "tensorflow.image.combined_non_max_suppression": "test_tensorflow_combined",
    "detectron2.layers.nms": "test_detectron2_nms",
    "detectron2.layers.batched_nms": "test_detectron2_nms test_detectron2_batched_nms",
    "detectron2.layers.ROIAlign": "test_detectron2_roi_align",
    "detectron2.structures.pairwise_iou": "test_detectron2_pairwise_iou",
    "torchvision.ops.box_area": "test_torchvision_box_area",
    "torchvision.ops.box_convert": "test_torchvision_box_convert",
    "torchvision.ops.box_iou": "test_torchvision_box_iou",
    "torchvision.ops.clip_boxes_to_image": "test_torchvision_clip_boxes_to_image",
    "torchvision.ops.complete_box_iou": "test_torchvision_complete_box_iou",
    "torchvision.ops.distance_box_iou": "test_torchvision_distance_box_iou",
    "torchvision.ops.generalized_box_iou": "test_torchvision_generalized_box_iou",
    "torchvision.ops.masks_to_boxes": "test_torchvision_masks_to_boxes",
    "torchvision.ops.remove_small_boxes": "test_torchvision_remove_small_boxes",
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
    tested = ids_with_a_test(MODULES[table.name]) if table.name in MODULES else set()
    assert declared == tested
