"""Times the CUDA kernels beside torchvision's on one GPU: `python benchmarks/cuda.py`.

Prints a table and writes benchmarks/results/cuda.json after every case, so that a run that is cut
short leaves what it has. Nothing is written on a machine without a GPU.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "cuda.json"
ROTATED = 5  # inputs, so that no call finds its own in the cache


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="no case starts after these")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        print("no CUDA device")
        return 0
    import torchvision

    record: dict[str, Any] = {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "cuda": torch.version.cuda,
        "cases": [],
    }
    start = time.monotonic()
    print(f"{'case':44} {'ours us':>10} {'torchvision us':>15} {'ratio':>7} {'same':>5}")
    for name, inputs, ours, theirs in cases(torch):
        if time.monotonic() - start > options.seconds:
            print(f"{name}: not started, out of time")
            continue
        record["cases"].append(measured(torch, name, inputs, ours, theirs))
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(record, indent=2) + "\n")
    return 0


def measured(
    torch: Any, name: str, inputs: list[Any], ours: Callable[..., Any], theirs: Callable[..., Any]
) -> dict[str, Any]:
    """The medians of both on the same inputs, one after the other."""
    same = all(torch.equal(ours(*each), theirs(*each)) for each in inputs[:1])
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for turn in range(4 * ROTATED):
        for key, call in (("ours", ours), ("theirs", theirs)):
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            call(*inputs[turn % len(inputs)])
            end.record()
            end.synchronize()
            if turn >= ROTATED:
                times[key].append(1000 * begin.elapsed_time(end))
    medians = {key: statistics.median(each) for key, each in times.items()}
    ratio = medians["theirs"] / medians["ours"]
    print(
        f"{name:44} {medians['ours']:10.1f} {medians['theirs']:15.1f} {ratio:7.2f} {same!s:>5}",
        flush=True,
    )
    return {"case": name, "same": same, "ratio": ratio, **medians}


def cases(torch: Any) -> Iterator[tuple[str, list[Any], Any, Any]]:
    """Name, rotated inputs, and both functions."""
    import torchvision.ops as theirs

    from opsbridge.torchvision import ops as ours

    for count in (1000, 10_000, 100_000):
        for label, spread in (("few kept", 20.0), ("most kept", 300.0 * count**0.5)):
            inputs = [(*_boxes(torch, count, spread), 0.5) for _ in range(ROTATED)]
            yield f"nms {count} {label}", inputs, ours.nms, theirs.nms
        classes = [
            (*_boxes(torch, count, 1000.0), torch.randint(80, (count,), device="cuda"), 0.5)
            for _ in range(ROTATED)
        ]
        yield f"batched_nms {count}, 80 classes", classes, ours.batched_nms, theirs.batched_nms
    for label, dtype, layout in (
        ("float32", torch.float32, torch.contiguous_format),
        ("float32 channels-last", torch.float32, torch.channels_last),
        ("float16", torch.float16, torch.contiguous_format),
    ):
        inputs = [_regions(torch, dtype, layout) for _ in range(ROTATED)]
        yield f"roi_align {label}", inputs, _align(ours), _align(theirs)
    inputs = [_regions(torch, torch.float32, torch.contiguous_format) for _ in range(ROTATED)]
    yield "roi_align forward and backward", inputs, _gradient(torch, ours), _gradient(torch, theirs)


def _boxes(torch: Any, count: int, spread: float) -> tuple[Any, Any]:
    corners = torch.rand(count, 2, device="cuda") * spread
    sizes = torch.rand(count, 2, device="cuda") * 60 + 4
    return torch.cat((corners, corners + sizes), dim=1), torch.rand(count, device="cuda")


def _regions(torch: Any, dtype: Any, layout: Any) -> tuple[Any, Any]:
    features = torch.randn(1, 256, 200, 304, device="cuda").to(dtype)
    corners = torch.rand(1000, 2, device="cuda") * 700
    sizes = torch.rand(1000, 2, device="cuda") * 300 + 10
    image = torch.zeros(1000, 1, device="cuda")
    rois = torch.cat((image, corners, corners + sizes), dim=1).to(dtype)
    return features.contiguous(memory_format=layout), rois


def _align(ops: Any) -> Callable[..., Any]:
    return lambda features, rois: ops.roi_align(features, rois, 7, 0.25, 2, True)


def _gradient(torch: Any, ops: Any) -> Callable[..., Any]:
    align = _align(ops)

    def run(features: Any, rois: Any) -> Any:
        leaf = features.detach().requires_grad_()
        return torch.autograd.grad(align(leaf, rois).sum(), leaf)[0]

    return run


if __name__ == "__main__":
    sys.exit(main())
