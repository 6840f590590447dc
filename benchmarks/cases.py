"""What is measured, as data: operators, shapes, and who competes; the first peer is the base."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks import inputs

OPSBRIDGE = "opsbridge torch"
PARALLEL = ("torchvision", OPSBRIDGE, "onnxruntime")


@dataclass(frozen=True)
class Case:
    """One row: an operator on inputs of one size, by several peers."""

    operator: str
    variant: str
    """Distribution or shape; cases that differ in `size` alone form a curve."""
    size: int
    unit: str
    make: Callable[[inputs.Generator], inputs.Inputs]
    options: Mapping[str, Any]
    peers: tuple[str, ...]
    threads: int = 1
    clock: str = "cpu"
    """`cpu`: medians of the calling thread's CPU time; `wall`: minima of wall-clock time."""
    tolerance: float = 0.0
    """Largest difference from the base, relative to its largest value, that counts as agreement."""
    compared: bool = True
    quick: bool = False
    memory: tuple[str, ...] = field(default=())
    """Peers whose extra memory is measured too."""

    @property
    def name(self) -> str:
        threads = "" if self.threads == 1 else f", {self.threads} threads"
        return f"{self.operator} {self.variant} {self.size:,} {self.unit}{threads}"


# --- suppression -------------------------------------------------------------------------------

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


def _nms() -> Iterator[Case]:
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


def _batched_nms() -> Iterator[Case]:
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


def _soft_nms() -> Iterator[Case]:
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


def _nms_with_mask() -> Iterator[Case]:
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


# --- pairs -------------------------------------------------------------------------------------


def _box_iou() -> Iterator[Case]:
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


# --- regions -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Level:
    """A feature map, its scale, the sides of its regions in pixels of the image, the grid."""

    shape: tuple[int, int, int, int]
    scale: float
    sides: tuple[float, float]
    count: int
    output_size: int
    sampling_ratio: int


P2 = Level((1, 256, 200, 304), 1 / 4, (16, 256), 1_000, 7, 2)
LEVELS = {
    "P2": P2,
    "P2 adaptive": replace(P2, sampling_ratio=0),
    "mask": replace(P2, count=100, output_size=14),
    "C4": Level((1, 1024, 50, 76), 1 / 16, (32, 512), 300, 7, 2),
    "C4 adaptive": Level((1, 1024, 50, 76), 1 / 16, (32, 512), 300, 14, 0),
    "P5": Level((2, 256, 25, 38), 1 / 32, (200, 800), 1_000, 7, 2),
    "small": Level((2, 32, 50, 76), 1 / 16, (32, 512), 100, 7, 2),
}
RESTS = {"P2 adaptive", "C4 adaptive"}
TOLERANCES = {"roi_align": 1e-4, "roi_align_backward": 1e-4}
REGION_PEERS = {
    "roi_align": ("torchvision", OPSBRIDGE, "opsbridge numpy", "onnxruntime", "paddle"),
    "roi_align_backward": ("torchvision", OPSBRIDGE),
    "roi_pool": ("torchvision", OPSBRIDGE, "opsbridge numpy", "paddle"),
    "roi_pool_backward": ("torchvision", OPSBRIDGE),
    "ps_roi_align": ("torchvision", OPSBRIDGE),
    "ps_roi_pool": ("torchvision", OPSBRIDGE),
    "ROIAlign": ("mindspore", "opsbridge mindspore"),
}


def _region(operator: str, variant: str, level: Level, **changes: Any) -> Case:
    case = Case(
        operator,
        variant,
        level.count,
        "RoIs",
        lambda rng: inputs.regions(rng, level.shape, level.count, level.scale, level.sides),
        {
            "output_size": level.output_size,
            "spatial_scale": level.scale,
            "sampling_ratio": level.sampling_ratio,
        },
        REGION_PEERS[operator],
        tolerance=TOLERANCES.get(operator, 2e-6),
        clock="wall" if operator == "ROIAlign" else "cpu",
        quick=variant == "small",
    )
    return replace(case, **changes)


def _regions() -> Iterator[Case]:
    for operator in ("roi_align", "roi_align_backward", "roi_pool", "roi_pool_backward"):
        for variant, level in LEVELS.items():
            if "pool" in operator and variant in RESTS:
                continue
            measured = ("torchvision", OPSBRIDGE) if variant == "P2" else ()
            yield _region(operator, variant, level, memory=measured)
    for operator in ("ps_roi_align", "ps_roi_pool"):
        # 49 channel groups: one for each cell of the grid.
        yield _region(operator, "C4", Level((1, 490, 50, 76), 1 / 16, (32, 512), 300, 7, 2))
        yield _region(operator, "small", Level((2, 98, 50, 76), 1 / 16, (32, 512), 100, 7, 2))


def _mindspore_regions() -> Iterator[Case]:
    for variant in ("P2", "C4", "P5", "small"):
        yield _region("ROIAlign", variant, LEVELS[variant])


def _region_curves() -> Iterator[Case]:
    """Time against regions and against channels, on a map of a moderate size."""
    middle = Level((1, 64, 100, 152), 1 / 8, (24, 384), 300, 7, 2)
    for operator in ("roi_align", "roi_align_backward", "roi_pool"):
        peers = ("torchvision", OPSBRIDGE)
        for count in (10, 30, 100, 300, 1_000, 3_000):
            level = replace(middle, count=count)
            yield _region(operator, "by RoIs", level, peers=peers)
        for channels in (16, 64, 256, 1_024):
            level = replace(middle, shape=(1, channels, 100, 152))
            yield _region(
                operator, "by channels", level, peers=peers, size=channels, unit="channels"
            )


# --- calls, types, threads ---------------------------------------------------------------------

CALL_PEERS = ("torchvision", OPSBRIDGE, "opsbridge numpy", "opsbridge mindspore")


def _calls() -> Iterator[Case]:
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
    one = Level((1, 16, 25, 38), 1 / 32, (200, 800), 1, 7, 2)
    yield _region("roi_align", "call", one, peers=CALL_PEERS, quick=True)


TYPES = {
    "nms": ("float64", "float16", "bfloat16"),
    "batched_nms": ("float64",),
    "box_iou": ("float64", "float16", "bfloat16"),
    "roi_align": ("float64", "float16", "bfloat16"),
    "roi_align_backward": ("float64", "float16"),
    "roi_pool": ("float64", "float16"),
    "roi_pool_backward": ("float64", "float16"),
}
"""The types that an operator takes beside float32, in torchvision's form or in its own."""


def _dtypes() -> Iterator[Case]:
    """The other types against float32, which stands first."""
    for case in (*_nms(), *_batched_nms(), *_box_iou(), *_regions()):
        chosen = {
            "nms": case.variant in ("rpn", "sparse") and case.size in (1_000, 20_000),
            "batched_nms": case.variant == "rpn" and case.size == 10_000,
            "box_iou": case.size == 1_000_000,
        }.get(case.operator, case.operator.startswith("roi_") and case.variant in ("P2", "small"))
        if chosen:
            yield replace(
                case,
                variant=f"types {case.variant}",
                peers=(OPSBRIDGE, *(f"{OPSBRIDGE} {name}" for name in TYPES[case.operator])),
                compared=False,
                memory=(),
                quick=case.quick and case.operator in ("nms", "roi_align"),
            )


def _two_threads() -> Iterator[Case]:
    """What may use a second core, by wall-clock time."""
    for case in (*_nms(), *_batched_nms(), *_box_iou(), *_regions()):
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
        *_calls(),
        *_nms(),
        *_batched_nms(),
        *_soft_nms(),
        *_box_iou(),
        *_regions(),
        *_region_curves(),
        *_dtypes(),
        *_two_threads(),
        *_nms_with_mask(),
        *_mindspore_regions(),
    )


def select(cases: tuple[Case, ...], quick: bool, threads: set[int], pattern: str) -> list[Case]:
    """The cases of a run; `pattern` is words that must all occur in a name."""
    words = pattern.lower().split()
    return [
        case
        for case in cases
        if (case.quick or not quick)
        and case.threads in threads
        and all(word in case.name.lower() for word in words)
    ]
