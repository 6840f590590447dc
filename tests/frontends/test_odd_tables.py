"""Conventions of many kinds that one table alone gives a framework of the user's."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from framework_tensors import FRAMEWORKS, framework, to_array, to_tensor
from own_tables import conventions, in_folder, number, returned, table, tensor

from opsbridge import cli, ops
from opsbridge.docgen.examples import pair_examples
from opsbridge.onnx import RoiAlign
from opsbridge.tables.lint import lint_tables
from opsbridge.tables.load import load_api, load_core
from opsbridge.torchvision.ops import roi_align

PLAIN = {"threshold_type": "float64", "order": "stable", "nan_score": "first"}
PIXELS = {
    **{"layout": "yxyx", "corner_order": "sorted", "box_offset": 1},
    **{"comparison": "greater_equal", "threshold_type": "same"},
}
INDEX = {"dtypes": ["int32", "int64"], "converter": "ids"}
TABLES = {
    # Labels first, the threshold in percent, boxes as centre and size.
    "odd.ops.labelled": table(
        "odd.ops.labelled",
        "nms",
        tensor(
            "dets", "groups scores boxes", ["N", 6],
            converter="columns", columns=[[0, 1], [1, 2], [2, 6]],
        ),
        number("percent", "iou_threshold", 50, times=0.01),
        returned("kept", "keep", "int64"),
        conventions("torchvision/nms", layout="cxcywh", group_rule="per_group"),
    ),
    # Sorted boxes of a fixed number and their count, in a class whose boxes come after the scores.
    "odd.ops.Sorted": table(
        "odd.ops.Sorted",
        "nms",
        number("limit", "iou_threshold", 0.5, stage="init"),
        tensor("scores", "scores", ["N"]),
        tensor("boxes", "boxes", ["N", 4]),
        number("room", "max_outputs", 9),
        returned("kept", "kept_boxes", "same", columns=[0, 1, 2, 3], padded_to="room"),
        returned("count", "keep", "int64", part="count"),
        conventions("torchvision/nms", layout="yxyx", corner_order="sorted"),
        form="class",
    ),
    # Whole rows and labels are returned, filled up with -1, and places that count from 1.
    "odd.ops.rows": table(
        "odd.ops.rows",
        "nms",
        tensor("labels", "groups", ["N"], **INDEX),
        tensor(
            "dets", "scores boxes", ["N", 5], converter="columns", columns=[[0, 1], [1, 5]]
        ),
        number("limit", "iou_threshold", 0.5),
        number("room", "max_outputs", 8),
        returned("rows", "keep", "same", padded_to="room", fill=-1, rows_of="dets"),
        returned("of", "keep", "int64", padded_to="room", fill=-1, rows_of="labels"),
        returned("places", "keep", "int64", plus=1),
        returned("count", "keep", "int32", part="count"),
        conventions("torchvision/nms", **PIXELS, group_rule="per_group"),
    ),
    # A batch with costs for scores, a distance for a threshold, and 1 for what is dropped.
    "odd.ops.marks": table(
        "odd.ops.marks",
        "nms",
        tensor("boxes", "boxes", ["B", 4, "N"]),
        tensor("costs", "scores", ["B", "N"], times=-1),
        number("distance", "iou_threshold", 0.5, times=-1, plus=1),
        returned("dropped", "keep_mask", "uint8", times=-1, plus=1),
        conventions("torchvision/nms", **PIXELS),
        each=["B"],
    ),
    # Channels last on both sides; images count from 1, corners are shares of the map.
    "odd.ops.pooled": table(
        "odd.ops.pooled",
        "roi_align",
        tensor("maps", "features", ["N", "H", "W", "C"]),
        tensor(
            "regions", "rois", ["K", 5],
            times=[1, "H", "W - 1", "H", "W - 1"], plus=[-1, 0, 0, 0, 0], order=[0, 2, 1, 4, 3],
        ),
        number("rows", "pooled_height", 2),
        number("columns", "pooled_width", 3),
        number("scale", "spatial_scale", 1.0),
        number("samples", "sampling_ratio", 2),
        returned("out", "pooled", "same", shape=["K", "pooled_height", "pooled_width", "C"]),
        conventions("torchvision/roi_align"),
    ),
    # A class with one size as (width, height); regions as corner and size, pixels from 1.
    "odd.ops.Grid": table(
        "odd.ops.Grid",
        "roi_align",
        number(
            "size", "pooled_width pooled_height", 2,
            stage="init", types=["integer", "int_pair"], converter="pair",
        ),
        number("scale", "spatial_scale", 0.25, stage="init"),
        number("samples", "sampling_ratio", 2, stage="init"),
        tensor("regions", "rois", ["K", 4], plus=-1, layout="xywh"),
        tensor("image", "batch_indices", ["K"], dtypes=["int32"], casts=["int64"], plus=-1),
        tensor("maps", "features", ["N", "C", "H", "W"]),
        returned("out", "pooled", "same"),
        conventions("onnx/RoiAlign"),
        form="class",
    ),
    # Boxes are columns, overlaps are percent.
    "odd.ops.overlap": table(
        "odd.ops.overlap",
        "box_iou",
        tensor("first", "boxes", [4, "N"]),
        tensor("second", "other_boxes", [4, "M"]),
        returned("percent", "overlaps", "same", times=100),
        conventions(
            "torchvision/box_iou", layout="cxcywh", result_order="second_by_first", widening="none"
        ),
    ),
    # Vertical before horizontal, on both sides of a coder.
    "odd.ops.encode": table(
        "odd.ops.encode",
        "box_encode",
        tensor("priors", "anchors", ["N", 4], order=[1, 0, 3, 2]),
        tensor("truths", "targets", ["N or M", 4], order=[1, 0, 3, 2]),
        returned("offsets", "offsets", "same"),
        conventions("mindspore/BoundingBoxEncode"),
    ),
    # Scores in percent, in and out, that better boxes lower.
    "odd.ops.soften": table(
        "odd.ops.soften",
        "soft_nms",
        tensor("boxes", "boxes", ["N", 4], dtypes=["float32"]),
        tensor("scores", "scores", ["N"], dtypes=["float32"], times=0.01),
        number("sigma", "sigma", 0.5),
        number("floor", "min_score", 1, times=0.01),
        number("limit", "iou_threshold", 30, times=0.01),
        returned("places", "keep", "int32", plus=1),
        returned("percent", "kept_boxes", "same", columns=[4], times=100),
        conventions("mmcv/soft_nms", layout="yxyx", method="linear"),
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with in_folder(tmp_path, TABLES, monkeypatch):
        yield


def made(name: str) -> Any:
    return getattr(importlib.import_module("opsbridge.odd.ops"), name)


def boxes_and_scores(count: int) -> Any:
    rng = np.random.default_rng(count)
    boxes = rng.integers(1, 9, (count, 4)).astype(np.float32)
    return boxes, rng.permutation(count).astype(np.float32) / 64


def called(kind: str, target: Any, *given: Any) -> Any:
    """What a call on tensors of a framework returns, as arrays."""
    results = target(*(to_tensor(kind, g) if isinstance(g, np.ndarray) else g for g in given))
    several = isinstance(results, tuple)
    return tuple(map(to_array, results)) if several else to_array(results)


def test_the_linter_takes_them(tmp_path: Path) -> None:
    assert lint_tables(tmp_path).messages == []


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_labels_first_and_percent(kind: str) -> None:
    for count in (0, 1, 40):
        boxes, scores = boxes_and_scores(count)
        labels = np.arange(count) % 3
        dets = np.column_stack([labels, scores, boxes]).astype(np.float32)
        for percent in (25, 50.0):
            wanted = ops.nms(boxes, scores, percent * 0.01, groups=labels, layout="cxcywh")
            kept = called(kind, made("labelled"), dets, percent)
            assert kept.tolist() == wanted.tolist()
        assert called(kind, made("labelled"), dets).tolist() == wanted.tolist()


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_sorted_boxes_with_their_count(kind: str) -> None:
    boxes, scores = boxes_and_scores(40)
    kept, count = called(kind, made("Sorted")(0.25), scores, boxes, 9)
    options = {"layout": "yxyx", "corner_order": "sorted", "max_outputs": 9}
    wanted = boxes[ops.nms(boxes, scores, 0.25, **options)]
    assert count == len(wanted)
    padded = np.concatenate([wanted, np.zeros((9 - len(wanted), 4), np.float32)])
    np.testing.assert_array_equal(kept, padded)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_rows_of_an_argument_and_places_from_one(kind: str) -> None:
    for count in (0, 30):
        boxes, scores = boxes_and_scores(count)
        labels = (np.arange(count) % 3).astype(np.int32)
        dets = np.column_stack([scores, boxes]).astype(np.float32)
        keep = ops.nms(boxes, scores, 0.5, groups=labels, max_outputs=8, **PIXELS)
        rows, of, places, number_of_rows = called(kind, made("rows"), labels, dets)
        filled = np.full((8 - len(keep), 5), -1, np.float32)
        np.testing.assert_array_equal(rows, np.concatenate([dets[keep], filled]))
        assert of.tolist() == [*labels[keep].tolist(), *[-1] * len(filled)]
        assert places.tolist() == (keep + 1).tolist()
        assert number_of_rows == len(keep)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_a_batch_of_inverted_masks(kind: str) -> None:
    boxes, scores = boxes_and_scores(36)
    for images in (3, 0):
        some, costs = boxes.reshape(3, 12, 4)[:images], -scores.reshape(3, 12)[:images]
        wanted = np.ones((images, 12), np.uint8)
        for i in range(images):
            wanted[i, ops.nms(some[i], -costs[i], 0.25, **PIXELS)] = 0
        dropped = called(
            kind, made("marks"), np.ascontiguousarray(some.transpose(0, 2, 1)), costs, 0.75
        )
        assert dropped.dtype == np.uint8
        np.testing.assert_array_equal(dropped, wanted)


def regions_of_shares() -> Any:
    rng = np.random.default_rng(1)
    maps = rng.normal(size=(2, 5, 9, 3)).astype(np.float32)
    corners = np.sort(rng.integers(0, 9, (6, 2, 2)) / 8, axis=1).reshape(6, 4)
    regions = np.column_stack([rng.integers(1, 3, 6), corners]).astype(np.float32)
    slot = regions[:, [0, 2, 1, 4, 3]] * [1, 8, 5, 8, 5] - [1, 0, 0, 0, 0]
    pooled = roi_align(maps.transpose(0, 3, 1, 2), slot.astype(np.float32), (2, 3), 1.0, 2)
    return maps, regions, pooled.transpose(0, 2, 3, 1)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_channels_last_and_shares_of_the_map(kind: str) -> None:
    maps, regions, wanted = regions_of_shares()
    np.testing.assert_array_equal(called(kind, made("pooled"), maps, regions), wanted)
    assert called(kind, made("pooled"), maps, regions[:0]).shape == (0, 2, 3, 3)


def test_gradients_and_graphs_go_on() -> None:
    torch = framework("torch")
    maps, regions, wanted = regions_of_shares()
    tensors = to_tensor("torch", maps).requires_grad_(), to_tensor("torch", regions)
    made("pooled")(*tensors).sum().backward()
    assert tensors[0].grad.shape == maps.shape
    assert tensors[0].grad.sum() == pytest.approx(wanted.size, rel=1e-5)
    compiled = torch.compile(made("pooled"), backend="eager", fullgraph=True)
    np.testing.assert_array_equal(to_array(compiled(*tensors).detach()), wanted)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_regions_as_corner_and_size(kind: str) -> None:
    rng = np.random.default_rng(2)
    maps = rng.normal(size=(2, 3, 5, 7)).astype(np.float32)
    regions = rng.integers(2, 16, (6, 4)).astype(np.float32)
    images = rng.integers(1, 3, 6).astype(np.int32)
    corner = regions[:, :2] - 1
    corners = np.concatenate([corner, corner + regions[:, 2:] - 1], axis=1)
    wanted = RoiAlign(
        maps, corners, images.astype(np.int64) - 1,
        output_height=2, output_width=3, sampling_ratio=2, spatial_scale=0.25,
    )  # fmt: skip
    np.testing.assert_array_equal(called(kind, made("Grid")((3, 2)), regions, images, maps), wanted)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_overlaps_of_columns_in_percent(kind: str) -> None:
    first, second = boxes_and_scores(5)[0], boxes_and_scores(7)[0]
    percent = called(
        kind, made("overlap"), np.ascontiguousarray(first.T), np.ascontiguousarray(second.T)
    )
    wanted = ops.box_iou(first, second, layout="cxcywh").T * 100
    np.testing.assert_allclose(percent, wanted, rtol=1e-6)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_a_coder_with_the_vertical_first(kind: str) -> None:
    priors = boxes_and_scores(6)[0]
    priors[:, 2:] += priors[:, :2]
    turned = [1, 0, 3, 2]
    wanted = ops.box_encode(
        priors[:, turned], priors[:, turned] + 1, box_offset=1, pairing="aligned"
    )
    np.testing.assert_array_equal(called(kind, made("encode"), priors, priors + 1), wanted)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_lowered_scores_in_percent(kind: str) -> None:
    boxes, scores = boxes_and_scores(9)
    places, percent = called(kind, made("soften"), boxes, 10 + 100 * scores)
    assert places.dtype == np.int32
    assert places.min() == 1
    assert percent[0] == pytest.approx(10 + 100 * scores.max())


def test_pages_tell_the_forms(capsys: pytest.CaptureFixture[str]) -> None:
    for name, other in (
        ("pooled", "mindspore.ops.ROIAlign"),
        ("overlap", "torchvision.ops.box_iou"),
        ("labelled", "torchvision.ops.batched_nms"),
    ):
        for language in ("en", "zh"):
            assert cli.main(["diff", f"odd.ops.{name}", other, "--lang", language]) == 0
            assert cli.main(["explain", f"odd.ops.{name}", "--lang", language]) == 0
    printed = capsys.readouterr().out
    for said in ("axes (N, H, W, C)", "times (1, H, W - 1, H, W - 1)", "columns 0, 2, 1, 4, 3"):
        assert said in printed
    assert "各轴为 (K, pooled_height, pooled_width, C)" in printed
    assert "乘以 0.01" in printed


def test_examples_of_pairs_are_in_the_form_of_the_framework() -> None:
    framework("torch")  # the tensors of the examples
    api, core = load_api("odd.ops.pooled"), load_core("roi_align")
    examples = pair_examples(api, load_api("torchvision.ops.roi_align"), core)
    for example in examples:
        ours: dict[str, Any] = {}
        exec(example.bridged.code, ours)  # the tables' own cases
        wanted = np.array(example.before.outputs["pooled"]).transpose(0, 2, 3, 1)
        np.testing.assert_allclose(to_array(ours["out"]), wanted, rtol=1e-5, equal_nan=True)
    assert examples


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"H", "W - 1", "H"', '"H", "V", "H"', "has V; axes of shapes: 5, C, H, K, N, W"),
        ("order = [0, 2, 1, 4, 3]", "order = [0, 2, 1, 4, 4]", "must name each column once"),
        ("plus = [-1, 0, 0, 0, 0]", "plus = [-1, 0]", "has 2 values; shape ends in 5"),
        ('"pooled_width", "C"]', '"pooled_width", "D"]', "must have the axes K, C, pooled_height"),
    ],
)
def test_wrong_forms_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    path = tmp_path / "odd" / "pooled.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert cli.main(["tables", "lint", str(tmp_path)]) != 0
    assert message in capsys.readouterr().out
