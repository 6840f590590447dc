"""The line of a parameter in a docstring names everything that a reader has to know of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opsbridge.tables.describe import describe
from opsbridge.tables.load import load_api


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "iou_threshold: number"),
        ({"default": 0.5, "required": False}, "iou_threshold: number; default 0.5"),
        ({"optional": True}, "iou_threshold: number or None"),
        ({"inside": "cfg"}, 'cfg["iou_threshold"]: number'),
        ({"types": ("single", "number")}, "iou_threshold: single or number"),
        ({"shape": ("N", 4)}, "iou_threshold: number of shape (N, 4)"),
        ({"dtypes": ("int32", "int64")}, "iou_threshold: number, int32 or int64"),
        ({"extension": True}, "iou_threshold: number (not in the real API)"),
        ({"aliases": ("iou_thr",)}, "iou_threshold: number (iou_thr is an older name)"),
        (
            {"extension": True, "aliases": ("a", "b")},
            "iou_threshold: number (not in the real API; a is an older name; b is an older name)",
        ),
    ],
)
def test_the_line_of_a_parameter(changes: dict[str, Any], line: str) -> None:
    api = load_api("torchvision/nms")
    params = (*api.params[:2], replace(api.params[2], **changes))
    assert line in describe(replace(api, params=params)).splitlines()


def test_what_follows_the_parameters() -> None:
    api = load_api("torchvision/nms")
    head, _, rest = describe(api).partition("iou_threshold: number\n")
    assert head.startswith(f"{api.text.en}\n\nboxes: ")
    differs = [f"Differs from the real one on purpose: {each.ours.en}" for each in api.deviations]
    assert differs
    assert rest.splitlines() == [
        "",
        "Returns indices (int64).",
        "Raises ArgumentError, DtypeError or DeviceError before anything is computed.",
        *differs,
        "",
        f"Source: {api.source}",
        "",
        *api.example.strip().splitlines(),
    ]
    assert rest.endswith("\n")
    two = replace(api, returns=api.returns * 2)
    assert "Returns indices (int64), indices (int64)." in describe(two).splitlines()
