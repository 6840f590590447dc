"""The same callables inside MindSpore's graphs: `ms.jit` functions and GRAPH_MODE cells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from child_process import python_output

import opsbridge.mindspore.ops as ms_ops
import opsbridge.mmcv.ops as mmcv_ops
import opsbridge.torchvision.ops as tv_ops
from opsbridge.errors import ArgumentError

mindspore = pytest.importorskip("mindspore", reason="tests graphs of MindSpore")
nn, ops = mindspore.nn, mindspore.ops


@pytest.fixture
def graph_mode() -> Iterator[None]:
    """MindSpore in GRAPH_MODE for one test."""
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    yield
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE)


def inputs(images: int = 2, count: int = 6, dtype: Any = np.float32) -> list[Any]:
    """Features, regions, boxes and scores, always the same."""
    rng = np.random.default_rng(images * 100 + count)
    features = rng.standard_normal((images, 8, 14, 12)).astype(dtype)
    corners = rng.uniform(0, 6, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(1, 6, (count, 2))], 1)
    rois = np.concatenate([np.arange(count)[:, None] % images, boxes], 1)
    arrays = (features, rois, boxes, rng.random(count))
    return [mindspore.Tensor(array.astype(dtype)) for array in arrays]


def assert_same(results: tuple[Any, ...], wanted: tuple[Any, ...]) -> None:
    """Equal dtypes, shapes and bits."""
    assert len(results) == len(wanted)
    for place, (result, expected) in enumerate(zip(results, wanted, strict=True)):
        assert (result.dtype, result.shape) == (expected.dtype, expected.shape), place
        np.testing.assert_array_equal(result.asnumpy(), expected.asnumpy(), str(place))


class EveryApi(nn.Cell):  # type: ignore[misc]
    """One call or two of everything that fits floating tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.align = ms_ops.ROIAlign(2, 3, 0.5, 2, 1)
        self.suppress = ms_ops.NMSWithMask(0.3)
        self.iou, self.iof = ms_ops.IOU(), ms_ops.IOU("iof")
        self.encode, self.decode = ms_ops.BoundingBoxEncode(), ms_ops.BoundingBoxDecode((14, 12))
        self.crop, self.valid = ms_ops.CropAndResize(), ms_ops.CheckValid()
        self.pool = tv_ops.RoIPool(2, 1.0)
        self.image = mindspore.Tensor(np.array([9, 8, 1], np.float32))

    def construct(self, features: Any, rois: Any, boxes: Any, scores: Any) -> Any:
        columns = ops.concat((boxes, ops.expand_dims(scores, 1)), 1)
        sorted_boxes, positions, mask = self.suppress(columns)
        offsets = self.encode(boxes, boxes + 1)
        images = ops.transpose(features, (0, 2, 3, 1))
        indices = (scores > 0.5).astype(mindspore.int32)
        scored, kept = mmcv_ops.nms(boxes, scores, 0.3)
        return (
            self.align(features, rois),
            sorted_boxes,
            positions,
            mask,
            self.iou(boxes, boxes + 1),
            self.iof(boxes, boxes + 1),
            ms_ops.iou(boxes, boxes + 2),
            offsets,
            self.decode(boxes, offsets),
            ms_ops.bounding_box_encode(boxes, boxes + 1),
            ms_ops.bounding_box_decode(boxes, offsets, (14, 12)),
            self.crop(images, boxes / 14, indices, (3, 2)),
            ms_ops.crop_and_resize(images, boxes / 14, indices, (2, 2), "nearest"),
            self.valid(boxes, self.image),
            ms_ops.check_valid(boxes, self.image),
            tv_ops.nms(boxes, scores, 0.3),
            tv_ops.nms(boxes, scores, iou_threshold=0.1),
            tv_ops.batched_nms(boxes, scores, indices, 0.3),
            tv_ops.roi_align(features, rois, (2, 1), spatial_scale=0.5, aligned=True),
            tv_ops.roi_align(features, [boxes, boxes + 1], 2),
            tv_ops.roi_pool(features, rois, 2),
            self.pool(features, rois),
            tv_ops.ps_roi_align(features, rois, 2, 0.5),
            tv_ops.ps_roi_pool(features, rois, 2),
            tv_ops.box_iou(boxes, boxes + 1),
            tv_ops.generalized_box_iou(boxes, boxes + 1),
            tv_ops.box_area(boxes),
            tv_ops.box_convert(boxes, "xyxy", "cxcywh"),
            tv_ops.clip_boxes_to_image(boxes, (6, 5)),
            tv_ops.remove_small_boxes(boxes, 2.0),
            scored,
            kept,
        )


def test_every_api_gives_the_bits_of_pynative_mode(graph_mode: None) -> None:
    given = inputs()
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
    wanted = EveryApi()(*given)
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    assert_same(EveryApi()(*given), wanted)


def test_shapes_may_be_known_only_when_the_graph_runs(graph_mode: None) -> None:
    net = EveryApi()
    shapes = ((None, 8, None, None), (None, 5), (None, 4), (None,))
    net.set_inputs(*(mindspore.Tensor(shape=s, dtype=mindspore.float32) for s in shapes))
    for images, count in ((2, 6), (3, 9), (2, 0)):
        given = inputs(images, count)
        mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
        wanted = EveryApi()(*given)
        mindspore.set_context(mode=mindspore.GRAPH_MODE)
        assert_same(net(*given), wanted)


def loss(features: Any, rois: Any, boxes: Any, scores: Any) -> Any:
    """Differentiable operators after one that is not."""
    kept = tv_ops.nms(boxes, scores, 0.3)
    pooled = tv_ops.roi_align(features, rois, 2, 0.5, 2, True) + tv_ops.roi_pool(features, rois, 2)
    return (pooled * pooled).sum() + tv_ops.box_iou(boxes[kept], boxes).sum()


@pytest.mark.parametrize(
    ("dtype", "settings"),
    [
        (np.float32, {"capture_mode": "ast", "jit_level": "O0"}),
        (np.float64, {"capture_mode": "ast", "jit_level": "O1"}),
        (np.float32, {"capture_mode": "bytecode"}),
    ],
    ids=str,
)
def test_gradients_are_those_of_pynative_mode(dtype: Any, settings: dict[str, str]) -> None:
    given = inputs(dtype=dtype)
    value, wanted = mindspore.value_and_grad(loss, (0, 1, 2))(*given)
    assert wanted[0].asnumpy().any()
    assert wanted[2].asnumpy().any()
    compiled = mindspore.value_and_grad(loss, (0, 1, 2))
    got, gradients = mindspore.jit(compiled, **settings)(*given)
    assert_same((got, *gradients), (value, *wanted))
    of_compiled = mindspore.grad(mindspore.jit(loss, **settings), (0, 1, 2))
    assert_same(of_compiled(*given), wanted)


def half_precision(features: Any, rois: Any) -> Any:
    """Results of inputs that are not contiguous, and of none."""
    turned = ops.transpose(features, (0, 1, 3, 2))
    return ms_ops.ROIAlign(2, 2, 1.0)(turned, rois[::2]), tv_ops.roi_pool(features, rois[:0], 2)


def test_float16_strides_and_empty_regions() -> None:
    given = inputs(dtype=np.float16)[:2]
    assert_same(mindspore.jit(half_precision)(*given), half_precision(*given))


class Detector(nn.Cell):  # type: ignore[misc]
    """A small head: features, suppression of proposals, pooled features of the rest, scores."""

    def __init__(self) -> None:
        super().__init__()
        weight = np.random.default_rng(8).standard_normal((8, 1, 1)).astype(np.float32)
        self.scale = mindspore.Parameter(weight, name="scale")
        self.weights = mindspore.Parameter(np.linspace(-1, 1, 32, dtype=np.float32), name="w")
        self.align = ms_ops.ROIAlign(2, 2, 1.0, 2)

    def construct(self, features: Any, boxes: Any, scores: Any, target: Any) -> Any:
        kept = tv_ops.nms(boxes, scores, 0.3)
        chosen = boxes[kept]
        rois = ops.concat((ops.zeros_like(chosen[:, :1]), chosen), 1)
        pooled = self.align(features * self.scale, rois)
        logits = (pooled.reshape((-1, 32)) * self.weights).sum(1)
        overlap = tv_ops.box_iou(chosen, target).sum(1)
        return ((logits - overlap) ** 2).sum()


def train(steps: int) -> tuple[list[float], list[Any]]:
    """The losses of a few steps and the parameters after them."""
    features, _, boxes, scores = inputs()
    target = boxes[:2] + 0.5
    head = Detector()
    optimizer = nn.SGD(head.trainable_params(), 0.01)
    step = mindspore.value_and_grad(head, None, optimizer.parameters)
    losses = []
    for _ in range(steps):
        value, gradients = step(features, boxes, scores, target)
        optimizer(gradients)
        losses.append(float(value.asnumpy()))
    return losses, [parameter.asnumpy().copy() for parameter in head.trainable_params()]


def test_a_detector_head_learns_the_same_in_both_modes(graph_mode: None) -> None:
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
    losses, parameters = train(2)
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    in_graph, parameters_in_graph = train(2)
    assert losses[1] < losses[0]
    np.testing.assert_allclose(in_graph, losses, rtol=1e-5)
    for ours, wanted in zip(parameters_in_graph, parameters, strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-6)


def pool(features: Any, rois: Any) -> Any:
    return tv_ops.roi_align(features, rois, 2)


def suppress(boxes: Any, scores: Any) -> Any:
    return tv_ops.nms(boxes, scores, 0.5)


def test_a_refused_region_is_named_as_in_pynative_mode() -> None:
    features, rois, _, _ = inputs()
    for place, value in ((0, 7), (3, np.nan)):
        rois = rois.asnumpy().copy()
        rois[1, place] = value
        rois = mindspore.Tensor(rois)
        with pytest.raises(ArgumentError) as eager:
            pool(features, rois)
        with pytest.raises(RuntimeError) as in_graph:
            mindspore.jit(pool)(features, rois)
        assert str(eager.value) in str(in_graph.value)


def test_shapes_that_do_not_fit_are_refused_when_the_graph_is_compiled() -> None:
    _, _, boxes, scores = inputs()
    with pytest.raises(ArgumentError, match="nms: scores has 3 entries, but boxes has 6"):
        mindspore.jit(suppress)(boxes, scores[:3])


def test_dynamic_shapes_that_do_not_fit_are_refused_when_the_graph_runs(graph_mode: None) -> None:
    class Suppress(nn.Cell):  # type: ignore[misc]
        def construct(self, boxes: Any, scores: Any) -> Any:
            return tv_ops.nms(boxes, scores, 0.5)

    net = Suppress()
    shapes = ((None, 4), (None,))
    net.set_inputs(*(mindspore.Tensor(shape=s, dtype=mindspore.float32) for s in shapes))
    _, _, boxes, scores = inputs()
    with pytest.raises(RuntimeError, match="nms: scores has 3 entries, but boxes has 6"):
        net(boxes, mindspore.Tensor(scores.asnumpy()[:3]))


def position_sensitive(features: Any, rois: Any) -> Any:
    return tv_ops.ps_roi_align(features, rois, 2)


def test_sizes_that_a_graph_must_know_are_named(graph_mode: None) -> None:
    class Pool(nn.Cell):  # type: ignore[misc]
        def construct(self, features: Any, rois: Any) -> Any:
            return tv_ops.ps_roi_align(features, rois, 2)

    net = Pool()
    shapes = ((None, None, None, None), (None, 5))
    net.set_inputs(*(mindspore.Tensor(shape=s, dtype=mindspore.float32) for s in shapes))
    with pytest.raises(Exception, match="number of channels of position-sensitive features"):
        net(*inputs()[:2])


def sum_of_indices(boxes: Any, scores: Any) -> Any:
    return tv_ops.nms(boxes, scores, 0.5).sum()


def gradient_of_pool(features: Any, rois: Any) -> Any:
    return mindspore.grad(pool)(features, rois).sum()


def test_gradients_that_are_not_there_are_refused() -> None:
    features, rois, boxes, scores = inputs()
    with pytest.raises(RuntimeError, match="nms: there is no gradient of keep"):
        mindspore.jit(mindspore.grad(sum_of_indices))(boxes, scores).asnumpy()
    with pytest.raises(RuntimeError, match="there is no second derivative"):
        mindspore.jit(mindspore.grad(gradient_of_pool))(features, rois)


def test_a_graph_may_come_before_every_other_call() -> None:
    script = Path(__file__).with_name("graph_before_calls.py")
    assert python_output(script) == "no gradient in the graph, [[0.5, 0.5, -0.5, -0.5]] outside"


def test_the_way_into_graphs_imports_no_framework() -> None:
    loaded = python_output(
        """
        import sys
        from opsbridge.mindspore.ops import ROIAlign
        from opsbridge.torchvision.ops import nms
        configured = ROIAlign(2, 2, 1.0)
        assert not hasattr(configured, "mindspore_cell"), "made without MindSpore"
        assert not hasattr(ROIAlign, "__parse_method__")
        for name in dir(configured):
            getattr(configured, name, None)
        print("mindspore" in sys.modules, "torch" in sys.modules)
        """
    )
    assert loaded.split() == ["False", "False"]
