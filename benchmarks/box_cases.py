"""The operators on boxes: suppression and pairs."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import inputs
from benchmarks.case import CALL_PEERS, OPSBRIDGE, Case

NMS_PEERS = (
    "torchvision",
    OPSBRIDGE,
    "opsbridge numpy",
    "powerboxes",
    "powerboxes rtree",
    "lsnms",
    "onnxruntime",
    "paddle",
    "opencv",
    "mmcv",
)
NMS_SIZES = {
    "rpn": (100, 1_000, 5_000, 20_000, 100_000),
    "sparse": (100, 1_000, 5_000, 20_000, 100_000),
    "uniform": (100, 1_000, 5_000, 20_000, 100_000),
    "adv": (100, 1_000, 5_000, 20_000),
    "same": (100, 1_000, 5_000, 20_000, 100_000),
}


def nms() -> Iterator[Case]:
    for distribution, sizes in NMS_SIZES.items():
        for size in sizes:
            yield Case(
                "nms",
                distribution,
                size,
                "boxes",
                lambda rng, d=distribution, n=size: inputs.scored_boxes(rng, d, n),
                {"iou_threshold": inputs.IOU_THRESHOLDS[distribution]},
                NMS_PEERS,
                quick=size <= 1_000,
                memory=("torchvision", OPSBRIDGE) if size >= 20_000 else (),
            )


def batched_nms() -> Iterator[Case]:
    for distribution in ("rpn", "uniform"):
        for size in (1_000, 10_000, 100_000):
            yield Case(
                "batched_nms",
                distribution,
                size,
                "boxes",
                lambda rng, d=distribution, n=size: inputs.class_boxes(rng, d, n),
                {"iou_threshold": inputs.IOU_THRESHOLDS[distribution], "classes": 80},
                ("torchvision", OPSBRIDGE, "opsbridge numpy", "onnxruntime", "paddle", "opencv"),
                quick=size == 1_000,
            )


def soft_nms() -> Iterator[Case]:
    for method in ("linear", "gaussian"):
        for distribution in ("rpn", "uniform", "sparse"):
            for size in (100, 1_000, 5_000, 20_000):
                yield Case(
                    "soft_nms",
                    f"{method} {distribution}",
                    size,
                    "boxes",
                    lambda rng, d=distribution, n=size: inputs.scored_boxes(rng, d, n),
                    {"iou_threshold": 0.3, "sigma": 0.5, "min_score": 1e-3, "method": method},
                    ("mmcv", OPSBRIDGE, "opsbridge numpy", "ensemble_boxes"),
                    tolerance=2e-6,
                    quick=size <= 1_000 and distribution == "rpn",
                )


def nms_with_mask() -> Iterator[Case]:
    for size in (100, 1_000, 5_000, 20_000):
        yield Case(
            "NMSWithMask",
            "rpn",
            size,
            "boxes",
            lambda rng, n=size: inputs.scored_boxes(rng, "rpn", n),
            {"iou_threshold": 0.7},
            ("mindspore", "opsbridge mindspore"),
            clock="wall",
            quick=size <= 1_000,
        )


def box_iou() -> Iterator[Case]:
    for size, others in ((100, 100), (1_000, 1_000), (4_000, 4_000), (20, 20_000)):
        yield Case(
            "box_iou",
            "square" if size == others else "wide",
            size * others,
            "pairs",
            lambda rng, n=size, m=others: inputs.box_pairs(rng, n, m),
            {},
            ("torchvision", OPSBRIDGE, "opsbridge numpy", "powerboxes"),
            tolerance=1e-6,
            quick=size <= 1_000,
        )


def calls() -> Iterator[Case]:
    """Ten boxes: the cost of the call itself."""
    scored = {
        "nms": (*CALL_PEERS, "powerboxes", "opencv"),
        "batched_nms": CALL_PEERS,
    }
    for operator, peers in scored.items():
        yield Case(
            operator,
            "call",
            10,
            "boxes",
            lambda rng: inputs.class_boxes(rng, "uniform", 10),
            {"iou_threshold": 0.5, "classes": 80},
            peers,
            quick=True,
        )
    yield Case(
        "box_iou",
        "call",
        100,
        "pairs",
        lambda rng: inputs.box_pairs(rng, 10, 10),
        {},
        (*CALL_PEERS, "powerboxes"),
        tolerance=1e-6,
        quick=True,
    )
