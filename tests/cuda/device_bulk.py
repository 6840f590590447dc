"""Runs drawn calls on the CPU and on a device and counts the cases whose bits differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import torch
from cases import Array
from device_cases import KINDS, Call, drawn_call

from opsbridge.core import OPERATORS
from opsbridge.core.native import cuda_function
from opsbridge.cuda import check_values
from opsbridge.errors import ArgumentError, DeviceError, NativeLibraryError
from opsbridge.frameworks.torch_tensors import TorchTensors

WORKERS = 2
EXAMPLES = 5


@dataclass
class Count:
    """What came out of many calls. `refused` ones raise the same on both sides, one case each."""

    case: str
    cases: int = 0
    different: int = 0
    calls: int = 0
    refused: int = 0
    without_kernel: int = 0
    seconds: float = 0.0
    ran_out_of_time: bool = False
    examples: list[str] = field(default_factory=list)

    def add(self, other: Count) -> None:
        for name in ("cases", "different", "calls", "refused", "without_kernel"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.examples = (self.examples + other.examples)[:EXAMPLES]

    @property
    def status(self) -> str:
        if self.different:
            return f"{self.different} of {self.cases} cases differ: {self.examples}"
        if not self.cases:
            return "no kernel" if self.without_kernel else "nothing ran"
        return "same bits"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "status": self.status}


def count_differences(
    name: str,
    cases: int,
    seconds: float,
    device: str,
    first_call: int = 0,
    device_layer: Any = None,
    size: float = 1.0,
) -> Count:
    """Compare calls of a kind until there were so many cases, or the time is up."""
    layers = TorchTensors(), device_layer or TorchTensors()

    def judge(number: int) -> Count:
        return compare_call(drawn_call(name, number, size), device, layers, f"{name} {number}")

    return counted(KINDS[name].case, judge, cases, seconds, first_call)


def counted(
    case: str, judge: Callable[[int], Count], cases: int, seconds: float, first_call: int
) -> Count:
    """The sum over calls, two at a time; without a kernel for any of the first, no further ones."""
    total, start = Count(case), time.monotonic()
    numbers = iter(range(first_call, 1 << 62))
    with raising_at_once(), ThreadPoolExecutor(WORKERS) as pool:
        while total.cases < cases and not _lacks_kernel(total):
            if time.monotonic() - start > seconds:
                total.ran_out_of_time = True
                break
            for one in pool.map(judge, islice(numbers, 2 * WORKERS)):
                total.add(one)
    total.seconds = round(time.monotonic() - start, 2)
    return total


def _lacks_kernel(total: Count) -> bool:
    return total.without_kernel >= 8 and total.without_kernel == total.calls - total.refused


@contextmanager
def raising_at_once() -> Iterator[None]:
    """Values that are refused raise in the call that has them, and one kernel has one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    check_values("sync")
    try:
        yield
    finally:
        check_values("deferred")
        torch.set_num_threads(threads)


def compare_call(call: Call, device: str, layers: tuple[Any, Any], name: str) -> Count:
    """Both sides of one call: equal bits, or the same refusal."""
    if not _has_kernel(call.operator, layers[1], device):
        return Count("", calls=1, without_kernel=1)
    expected = _outcome(call, layers[0], call.arguments)
    given = {key: _moved(value, device) for key, value in call.arguments.items()}
    result = _outcome(call, layers[1], given)
    one = Count("", calls=1)
    if isinstance(result, DeviceError):
        one.without_kernel = 1
    elif isinstance(expected, str) or isinstance(result, str):
        one.cases, one.different = 1, int(_text(expected) != _text(result))
        one.refused = 1 - one.different
    else:
        roundings = 0 if device == "cpu" else call.roundings
        one.cases, one.different = _differing(call, expected, result, layers[0], roundings)
    if one.different:
        one.examples = [f"call {name}: {one.different} of {one.cases}"]
    return one


def _has_kernel(operator: str, layer: Any, device: str) -> bool:
    """Asked first: a kernel of the CPU that is given memory of a GPU ends the process."""
    if layer.device(torch.empty(0, device=device)) == "cpu":
        return True
    try:
        cuda_function(operator)
    except (AttributeError, NativeLibraryError):
        return False
    return True


def _outcome(call: Call, layer: Any, arguments: Any) -> Any:
    """The results on the host, the message of a refusal, or that there is no kernel."""
    try:
        results = OPERATORS[call.operator].run(layer, **arguments)
    except ArgumentError as error:
        return str(error)
    except DeviceError as error:
        return error
    return [result.cpu() for result in results]


def _text(outcome: Any) -> str:
    return outcome if isinstance(outcome, str) else "results"


def _moved(value: Any, device: str) -> Any:
    return value.to(device) if isinstance(value, torch.Tensor) else value


def _differing(
    call: Call, expected: Any, result: Any, layer: Any, roundings: int
) -> tuple[int, int]:
    """How many cases there are, and how many of them differ."""
    if call.groups_are_cases:
        return _differing_groups(call, expected[0], result[0], layer)
    cases = expected[0].shape[: call.case_axes]
    differs = torch.zeros(cases, dtype=torch.bool)
    for ours, theirs in zip(result, expected, strict=True):
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            return max(differs.numel(), 1), max(differs.numel(), 1)
        each = bits_differ(ours, theirs)
        if roundings:
            each &= _are_apart(ours, theirs, roundings)
        while each.dim() > call.case_axes:
            each = each.any(-1)
        differs |= each
    return differs.numel(), int(differs.sum())


def _are_apart(ours: Any, theirs: Any, roundings: int) -> Any:
    """Where numbers are further apart than so many roundings of the largest of them."""
    largest = theirs.double().nan_to_num(0.0, 0.0, 0.0).abs().amax() if theirs.numel() else 0.0
    most = roundings * torch.finfo(theirs.dtype).eps * max(float(largest), 1.0)
    return ~((ours.double() - theirs.double()).abs() <= most)


def _differing_groups(call: Call, expected: Any, result: Any, layer: Any) -> tuple[int, int]:
    """Every group of both results, and the same boxes alone."""
    arguments = dict(call.arguments)
    groups = arguments.pop("groups").numpy()
    boxes, scores = arguments.pop("boxes"), arguments.pop("scores")
    every_row = np.argsort(groups, kind="stable")
    boxes, scores = boxes[every_row], scores[every_row]
    of_cpu, of_device, rows = (
        _by_group(each, groups) for each in (expected.numpy(), result.numpy(), every_row)
    )
    different = start = 0
    for kept, kept_there, mine in zip(of_cpu, of_device, rows, strict=True):
        part = slice(start, start + len(mine))
        (alone,) = OPERATORS[call.operator].run(layer, boxes[part], scores[part], **arguments)
        start += len(mine)
        same = np.array_equal(kept, kept_there) and np.array_equal(kept, mine[alone.numpy()])
        different += not same
    return len(rows), different


def _by_group(rows: Array, groups: Array) -> list[Array]:
    """The rows of each group, in their order."""
    of = groups[rows]
    ends = np.cumsum(np.bincount(of, minlength=int(groups.max()) + 1))
    return np.split(rows[np.argsort(of, kind="stable")], ends[:-1])


def bits_differ(ours: Any, theirs: Any) -> Any:
    """Where two tensors of one shape and dtype differ in a bit, the payload of NaN aside."""
    if not ours.dtype.is_floating_point:
        return ours != theirs
    bits = {2: torch.int16, 4: torch.int32, 8: torch.int64}[ours.element_size()]
    differs = ours.contiguous().view(bits) != theirs.contiguous().view(bits)
    return differs & ~(ours.isnan() & theirs.isnan())
