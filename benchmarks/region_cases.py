"""The operators on regions of feature maps, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from benchmarks import inputs
from benchmarks.case import CALL_PEERS, OPSBRIDGE, Case


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
ADAPTIVE = {"P2 adaptive", "C4 adaptive"}
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
        tolerance=2e-6,
        clock="wall" if operator == "ROIAlign" else "cpu",
        quick=variant == "small",
    )
    return replace(case, **changes)


def regions() -> Iterator[Case]:
    for operator in ("roi_align", "roi_align_backward", "roi_pool", "roi_pool_backward"):
        for variant, level in LEVELS.items():
            if "pool" in operator and variant in ADAPTIVE:
                continue
            measured = ("torchvision", OPSBRIDGE) if variant == "P2" else ()
            yield _region(operator, variant, level, memory=measured)
    for operator in ("ps_roi_align", "ps_roi_pool"):
        # 49 channel groups: one for each cell of the grid.
        yield _region(operator, "C4", Level((1, 490, 50, 76), 1 / 16, (32, 512), 300, 7, 2))
        yield _region(operator, "small", Level((2, 98, 50, 76), 1 / 16, (32, 512), 100, 7, 2))


def mindspore_regions() -> Iterator[Case]:
    for variant in ("P2", "C4", "P5", "small"):
        yield _region("ROIAlign", variant, LEVELS[variant])


def region_curves() -> Iterator[Case]:
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


def one_region() -> Iterator[Case]:
    """The cost of the call itself."""
    one = Level((1, 16, 25, 38), 1 / 32, (200, 800), 1, 7, 2)
    yield _region("roi_align", "call", one, peers=CALL_PEERS, quick=True)
