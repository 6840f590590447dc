"""How a row of `benchmarks/cuda.py` is measured: events, wall, host, kernels, memory, replays.

Both functions run one after the other on the same inputs, which rotate so that no call finds its
own in the cache; every figure is a median. On the processor only the clock on the wall runs.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks.cuda_rows import Row
from opsbridge.errors import DeviceError

Call = Callable[[], Any]
LEAST_TURNS, MOST_TURNS = 3, 60
HOST_CALLS = 10
SLOW_MICROSECONDS = 50_000  # such a call is not repeated for the figures beside its time
NO_KERNEL = "no kernel"


class Clock:
    """What can be measured of a call on one device."""

    def __init__(self, torch: Any, device: str) -> None:
        self._torch, self.is_gpu = torch, device == "cuda"
        if self.is_gpu:
            self._profiled(lambda: torch.ones(8, device=device) + 1)  # the first one loses events

    def versions(self) -> dict[str, Any]:
        import torchvision

        torch = self._torch
        versions = {"torch": torch.__version__, "torchvision": torchvision.__version__}
        if not self.is_gpu:
            return {"device": "cpu", **versions}
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        try:
            driver = subprocess.run(query, capture_output=True, text=True, timeout=20).stdout
        except (OSError, subprocess.TimeoutExpired):
            driver = "unknown"
        device = torch.cuda.get_device_name()
        return {"device": device, "driver": driver.strip(), "cuda": torch.version.cuda, **versions}

    def synchronize(self) -> None:
        if self.is_gpu:
            self._torch.cuda.synchronize()

    def timed(self, call: Call) -> tuple[float, float]:
        """Microseconds of one call between events, and on the wall until its result is there."""
        start = time.perf_counter()
        if not self.is_gpu:
            call()
            wall = 1e6 * (time.perf_counter() - start)
            return wall, wall
        begin, end = (self._torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        call()
        end.record()
        end.synchronize()
        wall = 1e6 * (time.perf_counter() - start)
        return 1000 * begin.elapsed_time(end), wall

    def host(self, calls: list[Call]) -> float:
        """Microseconds until a call returns, while nobody waits for its results."""
        self.synchronize()
        times = []
        for turn in range(HOST_CALLS):
            start = time.perf_counter()
            calls[turn % len(calls)]()
            times.append(1e6 * (time.perf_counter() - start))
        self.synchronize()
        return statistics.median(times)

    def peak(self, call: Call) -> tuple[Any, int | None]:
        """The result of a call, and the bytes that it needed at most, those of the result too."""
        if not self.is_gpu:
            return call(), None
        cuda = self._torch.cuda
        cuda.synchronize()
        cuda.reset_peak_memory_stats()
        before = cuda.memory_allocated()
        result = call()
        cuda.synchronize()
        return result, cuda.max_memory_allocated() - before

    def kernels(self, calls: list[Call]) -> dict[str, Any]:
        """What runs on the GPU in one call: how long in all, how many launches, and which."""
        if not self.is_gpu:
            return {}
        found: dict[str, list[float]] = defaultdict(list)
        for call in calls:
            for event in self._profiled(call):
                found[event.name].append(event.self_device_time_total)
        each = {
            name: {"count": len(times) / len(calls), "us": sum(times) / len(calls)}
            for name, times in sorted(found.items(), key=lambda item: -sum(item[1]))
        }
        return {
            "gpu_us": sum(kernel["us"] for kernel in each.values()),
            "launches": sum(kernel["count"] for kernel in each.values()),
            "kernels": {name[:120]: kernel for name, kernel in each.items()},
        }

    def _profiled(self, call: Call) -> list[Any]:
        profiler, torch = self._torch.profiler, self._torch
        with profiler.profile(activities=[profiler.ProfilerActivity.CUDA]) as profile:
            call()
            torch.cuda.synchronize()
        return [
            event
            for event in profile.events()
            if event.device_type == torch.autograd.DeviceType.CUDA and event.self_device_time_total
        ]

    def graphs(self, calls: list[Call]) -> list[Call]:
        """Each call as the replay of a graph that holds it."""
        cuda = self._torch.cuda
        replays: list[Call] = []
        for call in calls:
            graph, stream = cuda.CUDAGraph(), cuda.Stream()
            stream.wait_stream(cuda.current_stream())
            with cuda.stream(stream):
                call()
            cuda.synchronize()
            with cuda.graph(graph, stream=stream):
                call()
            replays.append(graph.replay)
        return replays


def measured(clock: Clock, row: Row, seconds: float) -> dict[str, Any]:
    """All figures of a row; one that cannot be measured says why in `status`."""
    entry: dict[str, Any] = {"row": row.name, "operator": row.operator, "goal": row.goal}
    try:
        calls = row.calls()
        results = {name: clock.peak(each[0]) for name, each in calls.items()}
        entry["agreement"] = _agreement(*(result for result, _ in results.values()))
        peaks = {name: peak for name, (_, peak) in results.items()}
        del results
        times = _medians(clock, calls, seconds)
        for name, each in calls.items():
            entry[name] = {**times[name], **_beside(clock, each, times[name]["us"])}
            if peaks[name] is not None:
                entry[name]["peak_bytes"] = peaks[name]
    except Exception as error:
        if isinstance(error, DeviceError):
            return entry | {"status": NO_KERNEL}
        return entry | {"status": f"failed: {type(error).__name__}: {error}"}
    if "theirs" in entry:
        entry["ratio"] = entry["theirs"]["us"] / entry["ours"]["us"]
    entry["limits"] = {
        name: {"limit": limit, "met": entry["ours"][name] <= limit}
        for name, limit in row.limits.items()
        if name in entry["ours"]
    }
    return entry | {"status": "measured"}


def replayed(clock: Clock, row: Row, name: str, seconds: float) -> float | str | None:
    """Microseconds of the replay of a graph of each call, without the host's part of it; or why."""
    if not clock.is_gpu:
        return None
    try:
        return _medians(clock, {name: clock.graphs(row.calls()[name])}, seconds / 2)[name]["us"]  # type: ignore[no-any-return]
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}".splitlines()[0]


def _medians(
    clock: Clock, calls: dict[str, list[Call]], seconds: float
) -> dict[str, dict[str, Any]]:
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for each in calls.values():
        each[1 % len(each)]()
    clock.synchronize()
    end = time.monotonic() + seconds
    for turn in range(MOST_TURNS):
        for name, each in calls.items():
            samples[name].append(clock.timed(each[turn % len(each)]))
        if turn + 1 >= LEAST_TURNS and time.monotonic() > end:
            break
    return {
        name: {
            "us": statistics.median(device for device, _ in each),
            "fastest_us": min(device for device, _ in each),
            "wall_us": statistics.median(wall for _, wall in each),
            "calls": len(each),
        }
        for name, each in samples.items()
    }


def _beside(clock: Clock, calls: list[Call], microseconds: float) -> dict[str, Any]:
    """The figures beside the time of a call."""
    if microseconds > SLOW_MICROSECONDS:
        return {"host_us": microseconds}
    return {"host_us": clock.host(calls), **clock.kernels(calls[:3])}


def _agreement(ours: Any, theirs: Any = None) -> str:
    """Whether both results are the same, or how far they are apart."""
    if theirs is None:
        return "no peer"
    if ours.shape != theirs.shape:
        return f"shapes {tuple(ours.shape)} and {tuple(theirs.shape)}"
    if bool((ours == theirs).all()):
        return "same"
    if not ours.dtype.is_floating_point:
        return f"{int((ours != theirs).sum())} of {ours.numel()} differ"
    distance = float((ours.double() - theirs.double()).abs().max())
    return f"within {distance:.1e} of {float(theirs.double().abs().max()):.1e}"
