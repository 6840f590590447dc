"""The CUDA kernels, compiled for the host, give the bits of the CPU kernels."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from device_on_host import CSRC, DeviceTensors, device_library

from opsbridge.core import OPERATORS, device, native
from opsbridge.core.nms import NmsRule
from opsbridge.core.roi_align import RoiAlignRule
from opsbridge.errors import ArgumentError, DeviceError

torch = pytest.importorskip("torch")

DTYPES = ("float32", "float64", "float16", "bfloat16")


@pytest.fixture(autouse=True)
def on_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    library = device_library()
    monkeypatch.setattr(native, "cuda_library_path", lambda: library)
    monkeypatch.setattr("opsbridge.core.checks.cuda_library_path", lambda: library)
    native.cuda_function.cache_clear()
    yield
    device._unread.clear()
    native.cuda_function.cache_clear()


def both(operator: str, *args: Any, **kwargs: Any) -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    layer, run = TorchTensors(), OPERATORS[operator].run
    expected = run(layer, *args, **kwargs)
    result = run(DeviceTensors(layer), *args, **kwargs)
    for ours, theirs in zip(result, expected, strict=True):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours.isnan(), theirs.isnan())
        there = ~theirs.isnan()
        same = ours[there] == theirs[there]
        assert bool(same.all())
        if ours.dtype.is_floating_point:  # zeros have signs
            assert torch.equal(ours[there].signbit(), theirs[there].signbit())


def scored_boxes(count: int, dtype: str, seed: int, width: float) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 300, (count, 2))
    sizes = random.gamma(2, width, (count, 2))
    boxes = np.concatenate((corners, corners + sizes), axis=1)
    scores = random.choice(np.linspace(0, 1, 97), count)
    groups = random.integers(-2, 3, count)
    kind = getattr(torch, dtype)
    return torch.tensor(boxes).to(kind), torch.tensor(scores).to(kind), torch.tensor(groups)


RULES = {
    "torchvision": NmsRule(),
    "torchvision-cuda": NmsRule(
        accumulate="float32", union="fused_second_area", threshold_type="float32"
    ),
    "mmcv-cuda": NmsRule(box_offset=1, comparison="multiplied"),
    "guarded": NmsRule(guard="positive_areas", corner_order="sorted", layout="yxyx"),
    "equal": NmsRule(comparison="greater_equal", nan_overlap="drop", kept_order="index"),
    "given": NmsRule(order="given", nan_score="drop", comparison="one_minus"),
}


@pytest.mark.parametrize(("name", "dtype"), list(product(RULES, DTYPES)))
def test_nms(name: str, dtype: str) -> None:
    names = ("keep", "keep_mask", "kept_boxes", "sorted_boxes", "sorted_keep_mask")
    kinds = ("int64", "bool", "same", "same", "bool")
    outputs = tuple(zip(names, kinds, strict=True))
    for seed, (count, width) in enumerate(product((0, 1, 33, 700), (4.0, 40.0))):
        boxes, scores, _ = scored_boxes(count, dtype, seed, width)
        if count == 33:
            boxes[3, 1], scores[5] = float("nan"), float("nan")
        both("nms", boxes, scores, 0.5, rule=RULES[name], outputs=outputs)


@pytest.mark.parametrize("group_rule", ["per_group", "shifted", "per_group_on_shifted"])
def test_grouped_nms(group_rule: str) -> None:
    for dtype, limit in product(DTYPES, (None, 100)):
        boxes, scores, groups = scored_boxes(500, dtype, 7, 30.0)
        rule = NmsRule(group_rule=group_rule)
        both("nms", boxes, scores, 0.4, groups=groups, shift_limit=limit, rule=rule)
        both("nms", boxes.t().contiguous().t(), scores, 0.4, groups=groups.double(), rule=rule)


def test_filtered_and_cut_nms() -> None:
    boxes, scores, groups = scored_boxes(600, "float32", 3, 20.0)
    for top, most, threshold in product((None, 0, 50), (None, 0, 7), (None, 0.4)):
        limits = {"pre_top_k": top, "max_outputs": most, "score_threshold": threshold}
        both("nms", boxes, scores, 0.5, groups=groups, rule=NmsRule(), **limits)


def test_nms_refuses_as_on_the_cpu() -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    boxes, scores, _ = scored_boxes(10, "float32", 0, 20.0)
    scores[4] = float("nan")
    layer = DeviceTensors(TorchTensors())
    with pytest.raises(ArgumentError, match=r"nms: scores\[4\] is nan"):
        OPERATORS["nms"].run(layer, boxes, scores, 0.5, rule=NmsRule(nan_score="refuse"))
    with pytest.raises(DeviceError, match="'bitonic' has kernels for cpu only"):
        OPERATORS["nms"].run(layer, boxes, scores, 0.5, rule=NmsRule(order="bitonic"))


def regions(dtype: str, seed: int, channels: int) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    kind = getattr(torch, dtype)
    features = torch.tensor(random.normal(size=(3, channels, 19, 37))).to(kind)
    corners = random.uniform(-8, 40, (290, 2))
    rois = np.concatenate(
        (random.integers(0, 3, (290, 1)), corners, corners + random.gamma(2, 6, (290, 2))), axis=1
    )
    rois[:4, 1:] = [[-90, -90, 200, 200], [500, 500, 600, 600], [3, 3, 3, 3], [0, 0, 37, 19]]
    return features, torch.tensor(rois).to(kind)


ALIGN_RULES = {
    "torchvision": RoiAlignRule(),
    "torchvision-cuda": RoiAlignRule(
        unusable_sample="skip", half_pixel=0.5, min_size="none", accumulate="float32"
    ),
    "maximum": RoiAlignRule(reduction="maximum"),
    "corner": RoiAlignRule(reduction="maximum_weighted_corner", count="product", grid="floor"),
    "position-sensitive": RoiAlignRule(channel_map="position_sensitive"),
    "near-zero": RoiAlignRule(near_zero_row="zero", end_offset=1),
}


@pytest.mark.parametrize(("name", "dtype"), list(product(ALIGN_RULES, DTYPES)))
def test_roi_align_and_its_gradient(name: str, dtype: str) -> None:
    rule = ALIGN_RULES[name]
    size, channels = ((3, 2), 12) if name == "position-sensitive" else ((3, 4), 11)
    features, rois = regions(dtype, 11, channels)
    pooled_channels = 2 if name == "position-sensitive" else channels
    gradient = torch.randn(
        (290, pooled_channels, *size), generator=torch.Generator().manual_seed(5)
    ).to(features.dtype)
    for ratio in (2, 0):
        both("roi_align", features, rois, *size, 0.5, ratio, rule=rule)
        both("roi_align_backward", gradient, features, rois, *size, 0.5, ratio, rule=rule)


def test_strided_regions_and_counts() -> None:
    features, rois = regions("float32", 2, 9)
    last = features.to(memory_format=torch.channels_last)
    both("roi_align", last, rois, 2, 2, 1.0, 2, rule=RoiAlignRule())
    counts = torch.tensor([100, 0, 190])
    rule = RoiAlignRule(batch_rule="counts")
    both("roi_align", last, rois[:, 1:], 2, 2, 1.0, 2, batch_indices=counts, rule=rule)


def test_a_refused_region_is_nan_and_told_by_the_next_call() -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    features, rois = regions("float32", 2, 9)
    bad = rois.clone()
    bad[17, 0] = 3
    layer, run = DeviceTensors(TorchTensors()), OPERATORS["roi_align"].run
    message = r"roi_align: rois\[17\]\[0\] is 3, but features has batch size 3"
    (pooled,) = run(layer, features, bad, 2, 2, 1.0, 2, rule=RoiAlignRule())
    assert pooled[17].isnan().all()
    assert not pooled[16].isnan().any()
    with pytest.raises(ArgumentError, match=message):
        run(layer, features, rois, 2, 2, 1.0, 2, rule=RoiAlignRule())
    run(layer, features, bad, 2, 2, 1.0, 2, rule=RoiAlignRule())
    with pytest.raises(ArgumentError, match=message):
        device.raise_refused()
    device.check_values("sync")
    try:
        with pytest.raises(ArgumentError, match=message):
            run(layer, features, bad, 2, 2, 1.0, 2, rule=RoiAlignRule())
    finally:
        device.check_values("deferred")


LAUNCHES = """
#include <initializer_list>
#include "cuda/launch.h"
using namespace opsbridge;
static_assert(kThreadsPerBlock == 256, "");
int main() {
  const int64_t large = int64_t(1) << 40;
  bool holds = shape_of_launch(1).blocks == 1 && shape_of_launch(256).blocks == 1;
  holds = holds && shape_of_launch(257).blocks == 2;
  holds = holds && shape_of_launch(int64_t(1) << 31).blocks == 1u << 23;
  holds = holds && shape_of_launch(large).blocks == kMostBlocks;
  holds = holds && shape_of_warps(9, 132).blocks == 2 && shape_of_warps(large, 132).blocks == 1056;
  for (int64_t value : {int64_t(0), int64_t(7), (int64_t(1) << 31) + 5, large + 12345}) {
    for (int64_t by : {int64_t(1), int64_t(49), (int64_t(1) << 32) + 3}) {
      const Division d = divided(value, by);
      holds = holds && d.quotient == value / by && d.remainder == value % by;
    }
  }
  return holds ? 0 : 1;
}
"""


def test_launches_of_any_size(tmp_path: Path) -> None:
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    source = tmp_path / "launches.cc"
    source.write_text(LAUNCHES)
    include = (f"-I{CSRC}", f"-I{CSRC / 'include'}")
    subprocess.run([compiler, "-std=c++17", *include, source, "-o", tmp_path / "run"], check=True)
    assert subprocess.run([tmp_path / "run"]).returncode == 0
