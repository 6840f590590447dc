"""More conventions that one table alone gives a framework of the user's."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from framework_tensors import FRAMEWORKS, to_array, to_tensor

from opsbridge import ops
from opsbridge.tables.lint import lint_tables

HEAD = """
name = "queerframe.ops.{name}"
framework = "queerframe"
framework_name = "Queerframe"
core = "{core}"
form = "{form}"
source = "https://example.org/queerframe"
example = '''
>>> from opsbridge.queerframe.ops import {name}
>>> {name}.__name__
'{name}'
'''

[text]
en = "An operator of a made-up framework."
zh = "虚构框架的算子。"

[documentation]
en = "https://example.org/queerframe"
zh = "https://example.org/queerframe"
"""
# Labels first, thresholds in percent, boxes as centre and size.
LABELLED = """
[[params]]
name = "dets"
stage = "call"
types = ["tensor"]
converter = "columns"
fills = ["groups", "scores", "boxes"]
required = true
shape = ["N", 6]
dtypes = ["float32", "float64"]
columns = [[0, 1], [1, 2], [2, 6]]

[[params]]
name = "percent"
stage = "call"
types = ["number"]
converter = "number"
fills = ["iou_threshold"]
default = 50
times = 0.01

[[returns]]
name = "kept"
output = "keep"
dtype = "int64"

[[behaviour]]
evidence = { kind = "assumed", note = "made up" }
[behaviour.set]
layout = "cxcywh"
corner_order = "given"
box_offset = 0
accumulate = "same"
union = "separate"
comparison = "greater"
guard = "none"
nan_overlap = "keep"
threshold_type = "float64"
order = "stable"
nan_score = "first"
group_rule = "per_group"
kept_order = "rank"
"""
# Sorted boxes of a fixed number and their count, in a class whose boxes come after the scores.
SORTED = """
[[params]]
name = "limit"
stage = "init"
types = ["number"]
converter = "number"
fills = ["iou_threshold"]
default = 0.5

[[params]]
name = "scores"
stage = "call"
types = ["tensor"]
converter = "same"
fills = ["scores"]
required = true
shape = ["N"]
dtypes = ["float32", "float64"]

[[params]]
name = "boxes"
stage = "call"
types = ["tensor"]
converter = "same"
fills = ["boxes"]
required = true
shape = ["N", 4]
dtypes = ["float32", "float64"]

[[params]]
name = "room"
stage = "call"
types = ["integer"]
converter = "integer"
fills = ["max_outputs"]
required = true

[[returns]]
name = "kept"
output = "kept_boxes"
dtype = "same"
columns = [0, 1, 2, 3]
padded_to = "room"

[[returns]]
name = "count"
output = "keep"
dtype = "int64"
part = "count"
"""
_CONVENTIONS = LABELLED[LABELLED.index("[[behaviour]]") :].replace('group_rule = "per_group"\n', "")
SORTED += _CONVENTIONS.replace("cxcywh", "yxyx").replace('"given"', '"sorted"')
TABLES = {
    "labelled": HEAD.format(name="labelled", core="nms", form="function") + LABELLED,
    "Sorted": HEAD.format(name="Sorted", core="nms", form="class") + SORTED,
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "queerframe").mkdir()
    for name, text in TABLES.items():
        (tmp_path / "queerframe" / f"{name}.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("OPSBRIDGE_MAPPINGS", str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.startswith("opsbridge.queerframe")]:
        del sys.modules[name]


def made(name: str) -> Any:
    return getattr(importlib.import_module("opsbridge.queerframe.ops"), name)


def boxes_and_scores(count: int) -> Any:
    rng = np.random.default_rng(count)
    boxes = rng.integers(1, 9, (count, 4)).astype(np.float32)
    return boxes, rng.permutation(count).astype(np.float32) / 64


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
            kept = made("labelled")(to_tensor(kind, dets), percent)
            assert to_array(kept).tolist() == wanted.tolist()
        assert to_array(made("labelled")(to_tensor(kind, dets))).tolist() == wanted.tolist()


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_sorted_boxes_with_their_count(kind: str) -> None:
    boxes, scores = boxes_and_scores(40)
    kept, count = made("Sorted")(0.25)(to_tensor(kind, scores), to_tensor(kind, boxes), 9)
    options = {"layout": "yxyx", "corner_order": "sorted", "max_outputs": 9}
    wanted = boxes[ops.nms(boxes, scores, 0.25, **options)]
    assert to_array(count) == len(wanted)
    padded = np.concatenate([wanted, np.zeros((9 - len(wanted), 4), np.float32)])
    np.testing.assert_array_equal(to_array(kept), padded)
