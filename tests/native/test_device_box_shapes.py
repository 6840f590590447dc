"""The CUDA kernels of boxes one by one, compiled for the host: refusals, strides, empty inputs.

`test_cuda_harness.py` compares their bits with the CPU kernels under drawn rules.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from device_on_host import DTYPES, DeviceTensors, both

from opsbridge.core import OPERATORS, device
from opsbridge.core.box_area import BoxAreaRule
from opsbridge.core.box_convert import BoxConvertRule
from opsbridge.core.clip_boxes import ClipBoxesRule
from opsbridge.core.crop_and_resize import CropAndResizeRule
from opsbridge.core.masks_to_boxes import MasksToBoxesRule
from opsbridge.core.small_boxes import SmallBoxesRule
from opsbridge.errors import ArgumentError, DeviceError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("on_device")

INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
LAYOUTS = ("xyxy", "yxyx", "xywh", "cxcywh")


def boxes(*shape: int, dtype: str = "float32") -> Any:
    generator = torch.Generator().manual_seed(len(shape))
    low = torch.rand(*shape, 2, generator=generator) * 30
    high = low + torch.rand(*shape, 2, generator=generator) * 20
    return torch.cat((low, high), dim=-1).to(getattr(torch, dtype))


def run(operator: str, *args: Any, **kwargs: Any) -> Any:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    (result,) = OPERATORS[operator].run(DeviceTensors(TorchTensors()), *args, **kwargs)
    return result


def refusal(operator: str, *args: Any, **kwargs: Any) -> str:
    """What the CPU says."""
    from opsbridge.frameworks.torch_tensors import TorchTensors

    try:
        OPERATORS[operator].run(TorchTensors(), *args, **kwargs)
    except ArgumentError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("dtype", DTYPES + INTEGERS)
def test_every_dtype_shape_and_stride(dtype: str) -> None:
    whole = boxes(3, 5, 7, dtype=dtype)
    turned = whole.transpose(0, 2).contiguous().transpose(0, 2)
    for given in (
        whole,
        turned,
        whole[:, 1, ::2],
        whole[0, 0, 0],
        whole[:0],
        whole[:1].expand(4, 5, 7, 4),
    ):
        both("box_area", given, rule=BoxAreaRule())
        both("box_convert", given, rule=BoxConvertRule(target_layout="cxcywh"))
        both("clip_boxes", given, 12, 17, rule=ClipBoxesRule())
        both("clip_boxes", given, 12.5, 17.25, rule=ClipBoxesRule(box_offset=1))
    for limit in (3, 3.5):
        both("small_boxes", turned[0, 0], limit, rule=SmallBoxesRule())
        both("small_boxes", whole[0, 0, :0], limit, rule=SmallBoxesRule())


@pytest.mark.parametrize("source", LAYOUTS)
def test_integers_that_leave_their_dtype_are_told(source: str) -> None:
    given = torch.tensor([[1, 2, 30, 40], [100, 100, 90, 90]], dtype=torch.int8)
    for target in LAYOUTS:
        rule = BoxConvertRule(source_layout=source, target_layout=target)
        said = refusal("box_convert", given, rule=rule)
        if said:
            result = run("box_convert", given, rule=rule)
            assert not result[1].any()
            with pytest.raises(ArgumentError, match=f"^{re.escape(said)}$"):
                device.raise_refused()
        else:
            both("box_convert", given, rule=rule)
    large = torch.tensor([[0, 0, 3, 3], [-(2**61), 0, 2**61, 9]])
    for operator, rule in (("box_area", BoxAreaRule()), ("clip_boxes", ClipBoxesRule())):
        more = (5, 6) if operator == "clip_boxes" else ()
        run(operator, large[:1], *more, rule=rule)
        run(operator, large * 2, *more, rule=rule)
        with pytest.raises(ArgumentError, match=rf"{operator}: boxes\[1\] is \(-4611686"):
            device.raise_refused()
    with pytest.raises(ArgumentError, match=r"small_boxes: boxes\[1\] is .* must fit int64"):
        run("small_boxes", large * 2, 5, rule=SmallBoxesRule())


@pytest.mark.parametrize("dtype", ["bool", "int16", *DTYPES, *INTEGERS])
def test_masks(dtype: str) -> None:
    generator = torch.Generator().manual_seed(0)
    for shape in ((5, 9, 13), (3, 200, 300), (2, 1, 700), (4, 500, 1), (0, 3, 3), (2, 0, 3)):
        masks = (torch.rand(shape, generator=generator) > 0.99).to(getattr(torch, dtype))
        both("masks_to_boxes", masks, rule=MasksToBoxesRule())
        both("masks_to_boxes", masks.transpose(1, 2), rule=MasksToBoxesRule(end_offset=1))
    if masks.is_floating_point():
        odd = torch.zeros(3, 4, 4, dtype=masks.dtype)
        odd[0, 1, 2], odd[1, 2, 1], odd[2, 3, 3] = -0.0, float("nan"), 1e-7
        both("masks_to_boxes", odd, rule=MasksToBoxesRule())


@pytest.mark.parametrize("method", ["bilinear", "nearest", "bilinear_v2"])
def test_crops(method: str) -> None:
    images = torch.rand(2, 6, 7, 3)
    fractions = torch.tensor([[0.0, 0, 1, 1], [0.2, -0.3, 0.7, 1.4], [0.9, 0.8, 0.1, 0.2]])
    of, rule = torch.tensor([0, 1, 1]), CropAndResizeRule(method=method)
    for given in (images, images.transpose(1, 2), images[:, :0], images[..., :0], images.half()):
        both("crop_and_resize", given, fractions, of, 3, 1, -2.5, rule=rule)
    refused = fractions.clone()
    refused[2, 3] = float("inf")
    for given in (images, images[..., :0]):
        crops = run("crop_and_resize", given, refused, of, 2, 2, 0.0, rule=rule)
        assert crops[2].isnan().all()
        with pytest.raises(ArgumentError, match=r"boxes\[2\] is .* must be finite"):
            device.raise_refused()
        run("crop_and_resize", given, fractions, of + 1, 2, 2, 0.0, rule=rule)
        with pytest.raises(ArgumentError, match=r"batch_indices\[1\] is 2"):
            device.raise_refused()


def test_rotated_boxes_are_for_the_cpu() -> None:
    rule = BoxConvertRule(source_layout="cxcywhr", target_layout="xywhr")
    with pytest.raises(DeviceError, match="kernels for cpu only"):
        run("box_convert", torch.zeros(2, 5), rule=rule)
    with pytest.raises(DeviceError, match="kernels for cpu only"):
        run("box_convert_gradient", torch.zeros(2, 5), torch.zeros(2, 5), rule=rule)
