"""What is measured, as data: operators, shapes, and who competes; the first peer is the base."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks import box_cases, region_cases
from benchmarks.case import OPSBRIDGE, Case

PARALLEL = ("torchvision", OPSBRIDGE, "onnxruntime")
"""Who may use a second core."""

TYPES = {
    "nms": ("float64", "float16", "bfloat16"),
    "batched_nms": ("float64",),
    "box_iou": ("float64", "float16", "bfloat16"),
    "roi_align": ("float64", "float16", "bfloat16"),
    "roi_align_backward": ("float64", "float16"),
    "roi_pool": ("float64", "float16"),
    "roi_pool_backward": ("float64", "float16"),
}
"""The types that an operator takes beside float32, where torchvision does or not."""


def _dtypes() -> Iterator[Case]:
    """The other types against float32, which stands first; all called in the same form."""
    for case in (
        *box_cases.nms(),
        *box_cases.batched_nms(),
        *box_cases.box_iou(),
        *region_cases.regions(),
    ):
        chosen = {
            "nms": case.variant in ("rpn", "sparse") and case.size in (1_000, 20_000),
            "batched_nms": case.variant == "rpn" and case.size == 10_000,
            "box_iou": case.size == 1_000_000,
        }.get(case.operator, case.operator.startswith("roi_") and case.variant in ("P2", "small"))
        if chosen:
            yield replace(
                case,
                variant=f"types {case.variant}",
                peers=tuple(f"{OPSBRIDGE} {name}" for name in ("float32", *TYPES[case.operator])),
                compared=False,
                memory=(),
                quick=case.quick and case.operator in ("nms", "roi_align"),
            )


def _two_threads() -> Iterator[Case]:
    """What may use a second core, by wall-clock time."""
    for case in (
        *box_cases.nms(),
        *box_cases.batched_nms(),
        *box_cases.box_iou(),
        *region_cases.regions(),
    ):
        chosen = {
            "nms": case.size == 100_000 and case.variant in ("rpn", "uniform"),
            "batched_nms": case.size == 100_000,
            "box_iou": case.size == 16_000_000,
            "roi_align": case.variant != "small",
        }.get(case.operator, case.variant in ("P2", "P2 adaptive", "C4", "P5"))
        quick = case.quick and case.variant == "small" and case.operator == "roi_align"
        if (chosen or quick) and case.clock == "cpu":
            peers = tuple(p for p in case.peers if p in PARALLEL)
            yield replace(case, threads=2, clock="wall", peers=peers, memory=(), quick=quick)


def all_cases() -> tuple[Case, ...]:
    """Every case, curves in growing order, MindSpore's own operators last.

    Its threads wait actively, which takes a core from whatever is measured beside them.
    """
    return (
        *box_cases.calls(),
        *region_cases.one_region(),
        *box_cases.nms(),
        *box_cases.batched_nms(),
        *box_cases.soft_nms(),
        *box_cases.box_iou(),
        *region_cases.regions(),
        *region_cases.region_curves(),
        *_dtypes(),
        *_two_threads(),
        *box_cases.nms_with_mask(),
        *region_cases.mindspore_regions(),
    )
