"""The rows of `benchmarks/cuda.py`: what is called, on which inputs, and what the goal is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from opsbridge import ops as canonical
from opsbridge.torchvision import ops as shaped

Call = Callable[[], Any]
ROTATED = 5  # inputs, so that no call finds its own in the cache
QUICK = 100  # a try-out has so many times fewer boxes
WEIGHTS = (10.0, 10.0, 5.0, 5.0)  # of torchvision's box coder


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `ours` and `theirs` make, of one input, the call that is timed. `goal` is the ratio to reach;
    `limits` are bounds of figures of ours, by their names in the JSON file.
    """

    operator: str
    name: str
    inputs: Callable[[], list[tuple[Any, ...]]]
    ours: Callable[..., Call]
    theirs: Callable[..., Call] | None = None
    goal: float | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    capturable: bool = False

    def calls(self) -> dict[str, list[Call]]:
        """The calls of both on the same inputs; without a peer, ours only."""
        inputs = self.inputs()
        makers = {"ours": self.ours, "theirs": self.theirs}
        return {name: [make(*each) for each in inputs] for name, make in makers.items() if make}


def rows(torch: Any, device: str, quick: bool) -> Iterator[Row]:
    """All rows, in the order of the goals of the project."""
    import torchvision.ops as theirs

    draw = Inputs(torch, device, QUICK if quick else 1)
    yield from _suppression(draw, theirs)
    yield from _alignment(draw, theirs)
    yield from _pooling(draw, theirs)
    yield from _boxes(draw, theirs)
    yield Row(
        "crop_and_resize",
        "crop_and_resize 256 crops of 14 x 14",
        draw.crops,
        lambda images, boxes, of: lambda: canonical.crop_and_resize(images, boxes, of, 14, 14),
        capturable=True,
    )


class Inputs:
    """Seeded inputs on the device; those of a row are the same for both functions."""

    def __init__(self, torch: Any, device: str, shrink: int) -> None:
        self.torch, self.device, self._shrink = torch, device, shrink
        self._random = torch.Generator(device=device).manual_seed(0)

    def uniform(self, *shape: int) -> Any:
        return self.torch.rand(shape, generator=self._random, device=self.device)

    def boxes(self, count: int, spread: float, repeat: int = ROTATED) -> list[tuple[Any, ...]]:
        """Boxes of 4 to 64 pixels within `spread`, and scores."""
        return [self._scored(count // self._shrink, spread) for _ in range(repeat)]

    def grouped(self, count: int, classes: int) -> list[tuple[Any, ...]]:
        count //= self._shrink
        return [
            (*self._scored(count, 1000.0), (self.uniform(count) * classes).long())
            for _ in range(ROTATED)
        ]

    def pairs(self, count: int) -> list[tuple[Any, ...]]:
        count //= self._shrink
        return [
            (self._scored(count, 1000.0)[0], self._scored(count, 1000.0)[0]) for _ in range(ROTATED)
        ]

    def offsets(self, count: int) -> list[tuple[Any, ...]]:
        """Anchors, and offsets of up to half a side."""
        return [(boxes, self.uniform(len(boxes), 4) - 0.5) for boxes, _ in self.boxes(count, 1e3)]

    def regions(self, channels: int, dtype: str, layout: str) -> list[tuple[Any, ...]]:
        """A map of 200 x 304 at a quarter of the image's size, and 1000 regions."""
        count, kind = 1000 // self._shrink, getattr(self.torch, dtype)
        height, width = (200, 304) if self._shrink == 1 else (20, 30)
        layout = getattr(self.torch, layout)
        return [
            (
                self._normal(1, channels, height, width).to(kind).contiguous(memory_format=layout),
                self._rois(count).to(kind),
            )
            for _ in range(ROTATED)
        ]

    def crops(self) -> list[tuple[Any, ...]]:
        count, size = 256, 512 if self._shrink == 1 else 32
        made = []
        for _ in range(ROTATED):
            start = self.uniform(count, 2) * 0.7
            boxes = self.torch.cat((start, start + 0.05 + 0.25 * self.uniform(count, 2)), dim=1)
            images = self.uniform(4, size, size, 16)
            made.append((images, boxes, (self.uniform(count) * 4).int()))
        return made

    def masks(self) -> list[tuple[Any, ...]]:
        """Masks with a rectangle each."""
        count, height, width = (100, 800, 1200) if self._shrink == 1 else (3, 20, 30)
        made = []
        for _ in range(2):
            start, size = self.uniform(2, count, 1) * 0.6, self.uniform(2, count, 1) * 0.3 + 0.05
            rows, columns = (
                (place > begin) & (place < begin + length)
                for place, begin, length in zip(
                    (self._fractions(height), self._fractions(width)), start, size, strict=True
                )
            )
            made.append((rows[:, :, None] & columns[:, None, :],))
        return made

    def _fractions(self, count: int) -> Any:
        return self.torch.arange(count, device=self.device) / count

    def _normal(self, *shape: int) -> Any:
        return self.torch.randn(shape, generator=self._random, device=self.device)

    def _scored(self, count: int, spread: float) -> tuple[Any, Any]:
        corners = self.uniform(count, 2) * spread
        boxes = self.torch.cat((corners, corners + self.uniform(count, 2) * 60 + 4), dim=1)
        return boxes, self.uniform(count)

    def _rois(self, count: int) -> Any:
        corners = self.uniform(count, 2) * 700
        sizes = self.uniform(count, 2) * 300 + 10
        image = self.torch.zeros(count, 1, device=self.device)
        return self.torch.cat((image, corners, corners + sizes), dim=1)


def _suppression(draw: Inputs, theirs: Any) -> Iterator[Row]:
    goals = {"few": (5, 6, 80), "most": (10, 50, 1000), "classes": (12, 15, 120)}
    microseconds = (35, 70, 250)
    for place, count in enumerate((1000, 10_000, 100_000)):
        spreads = {"few": 20.0, "most": 300.0 * count**0.5}
        for kept, spread in spreads.items():
            limits = {"us": microseconds[place]} if kept == "few" else {}
            if count == 100_000:
                limits["peak_bytes"] = 16e6
            yield Row(
                "nms",
                f"nms {count} {kept} kept",
                lambda count=count, spread=spread: draw.boxes(count, spread),
                lambda boxes, scores: lambda: shaped.nms(boxes, scores, 0.5),
                lambda boxes, scores: lambda: theirs.nms(boxes, scores, 0.5),
                goals[kept][place],
                limits,
            )
        yield Row(
            "nms",
            f"batched_nms {count}, 80 classes",
            lambda count=count: draw.grouped(count, 80),
            lambda *given: lambda: shaped.batched_nms(*given, 0.5),
            lambda *given: lambda: theirs.batched_nms(*given, 0.5),
            goals["classes"][place],
        )
    yield from _padded(draw)
    # torchvision's kernels index with 32 bits and write beyond their memory at this size.
    yield Row(
        "nms",
        "nms 1000000",
        lambda: draw.boxes(1_000_000, 20_000.0, repeat=2),
        lambda boxes, scores: lambda: shaped.nms(boxes, scores, 0.5),
        limits={"peak_bytes": (64 << 20) + 64e6},
    )
    for count in (1000, 5000):
        yield Row(
            "soft_nms",
            f"soft_nms {count}",
            lambda count=count: draw.boxes(count, 1000.0),
            lambda boxes, scores: lambda: canonical.soft_nms(boxes, scores, 0.3, 0.5, 0.05)[0],
        )


def _padded(draw: Inputs) -> Iterator[Row]:
    """The form that nobody waits for: what the host spends on a call, and how many launches."""
    for count in (1000, 10_000):
        yield Row(
            "padded_nms",
            f"padded nms {count}",
            lambda count=count: draw.boxes(count, 1000.0),
            lambda boxes, scores: lambda: canonical.padded_nms(boxes, scores, 0.5)[0],
            limits={"host_us": 15, "launches": 3},
            capturable=True,
        )


def _alignment(draw: Inputs, theirs: Any) -> Iterator[Row]:
    kinds = (
        ("float32", "contiguous_format", "", 3),
        ("float32", "channels_last", " channels-last", 4),
        ("float16", "contiguous_format", "", 4),
    )
    for dtype, layout, note, goal in kinds:
        yield Row(
            "roi_align",
            f"roi_align {dtype}{note}",
            lambda dtype=dtype, layout=layout: draw.regions(256, dtype, layout),
            _aligned(shaped),
            _aligned(theirs),
            goal,
            {"host_us": 15, "launches": 3},
            capturable=True,
        )
    yield Row(
        "roi_align",
        "roi_align float32, adaptive samples",
        lambda: draw.regions(256, "float32", "contiguous_format"),
        lambda features, rois: lambda: shaped.roi_align(features, rois, 7, 0.25, -1, True),
        lambda features, rois: lambda: theirs.roi_align(features, rois, 7, 0.25, -1, True),
    )
    for dtype in ("float32", "float16"):
        yield Row(
            "roi_align",
            f"roi_align backward {dtype}",
            lambda dtype=dtype: draw.regions(256, dtype, "contiguous_format"),
            _gradient(draw.torch, _aligned(shaped)),
            _gradient(draw.torch, _aligned(theirs)),
            5,
        )
    yield Row(
        "roi_align",
        "ps_roi_align float32",
        lambda: draw.regions(10 * 49, "float32", "contiguous_format"),
        lambda features, rois: lambda: shaped.ps_roi_align(features, rois, 7, 0.25, 2),
        lambda features, rois: lambda: theirs.ps_roi_align(features, rois, 7, 0.25, 2),
        capturable=True,
    )
    yield Row(
        "roi_align",
        "ps_roi_align backward float32",
        lambda: draw.regions(10 * 49, "float32", "contiguous_format"),
        _gradient(draw.torch, lambda *given: lambda: shaped.ps_roi_align(*given, 7, 0.25, 2)),
        _gradient(draw.torch, lambda *given: lambda: theirs.ps_roi_align(*given, 7, 0.25, 2)),
    )


def _aligned(ops: Any) -> Callable[..., Call]:
    return lambda features, rois: lambda: ops.roi_align(features, rois, 7, 0.25, 2, True)


def _gradient(torch: Any, forward: Callable[..., Call]) -> Callable[..., Call]:
    """The backward pass alone, of a graph that is kept."""

    def make(features: Any, rois: Any) -> Call:
        leaf = features.detach().requires_grad_()
        pooled = forward(leaf, rois)()
        gradient = torch.ones_like(pooled)
        return lambda: torch.autograd.grad(pooled, leaf, gradient, retain_graph=True)[0]

    return make


def _pooling(draw: Inputs, theirs: Any) -> Iterator[Row]:
    def pooled(ops: Any) -> Callable[..., Call]:
        return lambda features, rois: lambda: ops.roi_pool(features, rois, 7, 0.25)

    def regions() -> list[tuple[Any, ...]]:
        return draw.regions(256, "float32", "contiguous_format")

    yield Row(
        "roi_pool",
        "roi_pool float32",
        regions,
        pooled(shaped),
        pooled(theirs),
        3,
        capturable=True,
    )
    yield Row(
        "roi_pool",
        "roi_pool backward float32",
        regions,
        _gradient(draw.torch, pooled(shaped)),
        _gradient(draw.torch, pooled(theirs)),
        3,
    )
    yield Row(
        "roi_pool",
        "ps_roi_pool float32",
        lambda: draw.regions(10 * 49, "float32", "contiguous_format"),
        lambda features, rois: lambda: shaped.ps_roi_pool(features, rois, 7, 0.25),
        lambda features, rois: lambda: theirs.ps_roi_pool(features, rois, 7, 0.25),
        capturable=True,
    )


def _boxes(draw: Inputs, theirs: Any) -> Iterator[Row]:
    from torchvision.models.detection._utils import BoxCoder

    for count in (1000, 4000):
        yield Row(
            "box_iou",
            f"box_iou {count} x {count}",
            lambda count=count: draw.pairs(count),
            lambda boxes, others: lambda: shaped.box_iou(boxes, others),
            lambda boxes, others: lambda: theirs.box_iou(boxes, others),
            5,
            capturable=True,
        )
    yield Row(
        "masks_to_boxes",
        "masks_to_boxes 100 of 800 x 1200",
        draw.masks,
        lambda masks: lambda: shaped.masks_to_boxes(masks),
        lambda masks: lambda: theirs.masks_to_boxes(masks),
    )
    coder, settings = BoxCoder(WEIGHTS), {"deviations": tuple(1 / each for each in WEIGHTS)}
    yield Row(
        "box_encode",
        "box_encode 100000, torchvision's composition",
        lambda: draw.pairs(100_000),
        lambda anchors, boxes: (
            lambda: canonical.box_encode(anchors, boxes, box_offset=0, **settings)
        ),
        lambda anchors, boxes: lambda: coder.encode_single(boxes, anchors),
        capturable=True,
    )
    yield Row(
        "box_decode",
        "box_decode 100000, torchvision's composition",
        lambda: draw.offsets(100_000),
        lambda anchors, offsets: (
            lambda: canonical.box_decode(
                anchors, offsets, height=800, width=1200, box_offset=0, **settings
            )
        ),
        lambda anchors, offsets: (
            lambda: theirs.clip_boxes_to_image(coder.decode_single(offsets, anchors), (800, 1200))
        ),
        capturable=True,
    )
