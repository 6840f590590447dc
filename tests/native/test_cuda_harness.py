"""The harness of `tests/cuda/` without a GPU: it finds what is planted, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import sanitize  # noqa: E402
import sanitized  # noqa: E402
from device_bulk import bits_differ, compare_call, count_differences  # noqa: E402
from device_cases import KINDS, Call, drawn_call  # noqa: E402
from device_on_host import DeviceTensors  # noqa: E402
from device_peers import PEERS, count_peer_differences  # noqa: E402

from opsbridge.core.roi_align import RoiAlignRule  # noqa: E402
from opsbridge.frameworks.torch_tensors import TorchTensors  # noqa: E402


class Changed(TorchTensors):
    """A layer that changes the last element of every result."""

    def finish(self, destination: Any, length: int | None = None) -> Any:
        result = super().finish(destination, length).clone()
        if result.numel():
            last = result[(-1,) * result.dim()]
            last.copy_(1 - last if last.dtype != torch.bool else ~last)
        return result


class Short(TorchTensors):
    """A layer that loses the last kept row."""

    def finish(self, destination: Any, length: int | None = None) -> Any:
        return super().finish(destination, length and length - 1)


@pytest.mark.usefixtures("on_device")
@pytest.mark.parametrize("kind", KINDS)
def test_the_kernels_compiled_for_the_host_have_the_bits_of_the_cpu(kind: str) -> None:
    layer = DeviceTensors(TorchTensors())
    size = 0.01 if kind == "nms large" else 0.2
    count = count_differences(kind, 100, 2.0, "cpu", device_layer=layer, size=size)
    assert count.status in ("same bits", "no kernel")
    assert count.calls == count.without_kernel or count.cases > 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "nms groups"])
def test_one_changed_element_is_one_case(kind: str) -> None:
    size = 0.005 if kind == "nms large" else 0.1
    count = count_differences(kind, 30, 5.0, "cpu", device_layer=Changed(), size=size)
    assert 0 < count.different <= count.calls
    assert count.examples[0].startswith(f"call {kind} ")


def test_one_lost_box_is_one_group() -> None:
    count = count_differences("nms groups", 30, 5.0, "cpu", device_layer=Short(), size=0.02)
    assert 0 < count.different <= count.calls
    assert count.cases > count.calls


def test_one_seed_is_one_call() -> None:
    first, again, other = (drawn_call("roi_align", number) for number in (3, 3, 4))
    assert torch.equal(first.arguments["rois"], again.arguments["rois"])
    assert first.arguments["rule"] != other.arguments["rule"]


class Elsewhere(TorchTensors):
    """A layer that reads other values, and so names others in its messages."""

    def item(self, tensor: Any, *index: int) -> float:
        return super().item(tensor, *index) + 1


def test_a_refusal_is_compared_by_its_message() -> None:
    arguments = drawn_call("roi_align", 0).arguments | {"rule": RoiAlignRule()}
    arguments |= {"rois": torch.tensor([[99.0, 1, 1, 2, 2]]), "batch_indices": None}
    arguments |= {"features": torch.zeros(1, 2, 8, 8)}
    call = Call("roi_align", arguments, case_axes=2)
    for layer, different in ((TorchTensors(), 0), (Elsewhere(), 1)):
        one = compare_call(call, "cpu", (TorchTensors(), layer), "it")
        assert (one.cases, one.different, one.refused) == (1, different, 1 - different)


def test_bits_are_more_than_values() -> None:
    zeros = torch.tensor([0.0, -0.0, float("nan"), 1.0])
    others = torch.tensor([0.0, 0.0, -float("nan"), 1.0 + 2**-23])
    assert bits_differ(zeros, others).tolist() == [False, True, False, True]


@pytest.mark.parametrize("peer", PEERS)
def test_the_harness_agrees_with_torchvision_on_the_cpu(peer: str) -> None:
    pytest.importorskip("torchvision")
    assert count_peer_differences(peer, 20, 5.0, "cpu").status == "same bits"


TOOL = """
import subprocess, sys
tool = sys.argv[sys.argv.index("--tool") + 1]
print("========= COMPUTE-SANITIZER")
print("1 calls, 0 cases differ, no kernel: []")
if tool == "synccheck":
    import time; time.sleep(60)
found = {"memcheck": "ERROR SUMMARY: 0 errors", "initcheck": "ERROR SUMMARY: 2 errors"}
hazards = "RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)"
print("=========", found.get(tool, hazards), flush=True)
sys.exit(99 if tool == "initcheck" else 0)
"""


def test_what_a_tool_says_is_read(tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text(TOOL)
    found = sanitize.run_tools([sys.executable, str(tmp_path / "tool.py")], 3.0)
    clean = {tool: result["clean"] for tool, result in found.items()}
    assert clean == {"memcheck": True, "racecheck": True, "initcheck": False, "synccheck": False}
    assert found["initcheck"]["summary"] == ["ERROR SUMMARY: 2 errors"]
    assert not found["synccheck"]["ended"]


def test_what_the_tools_run_runs() -> None:
    assert sanitized.main(["--device", "cpu", "--calls", "1"]) == 0
