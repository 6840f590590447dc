"""`as_torch()`: PyTorch-shaped code on MindSpore tensors, and no trace afterwards."""

from __future__ import annotations

import sys

import numpy as np
import pytest

pytest.importorskip("mindspore", reason="the tensors of this surface hold MindSpore's")

from opsbridge.alias import NotCovered
from opsbridge.torch import as_torch
from opsbridge.torchvision import ops as bridged

BOXES = [[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2, 2], [0, 0, 1, 1]]


def test_operators_take_and_give_tensors_of_the_surface() -> None:
    with as_torch() as torch:
        from torchvision.ops import nms, roi_align

        boxes, scores = torch.tensor(BOXES, dtype=torch.float32), torch.tensor([0.8, 0.7, 0.6, 0.5])
        assert repr(nms(boxes, scores, 0.4)) == "tensor([0, 2, 3])"
        features = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
        regions = np.array([[0, 0, 0, 3, 3]], np.float32)
        found = roi_align(torch.from_numpy(features), torch.from_numpy(regions), 2, 0.5)
        assert found.shape == (1, 1, 2, 2)
        assert repr(found.shape) == "torch.Size([1, 1, 2, 2])"
        np.testing.assert_array_equal(found.numpy(), bridged.roi_align(features, regions, 2, 0.5))


def test_arrays_are_shared_and_lists_copied() -> None:
    with as_torch() as torch:
        array = np.zeros(2, np.float32)
        shared, copied = torch.from_numpy(array), torch.tensor(array)
        array[0] = 1
        assert shared.tolist() == [1, 0]
        assert copied.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        ([1, 2], "int64"),
        ([1.5], "float32"),
        ([True], "bool"),
        (np.zeros(1), "float64"),
        (2, "int64"),
    ],
)
def test_the_dtype_is_that_of_the_data(data: object, dtype: str) -> None:
    with as_torch() as torch:
        assert repr(torch.tensor(data).dtype) == f"torch.{dtype}"
        assert repr(torch.Tensor(data).dtype) == "torch.float32"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import torch.nn", "torch.nn"),
        ("import torch\ntorch.randn", "torch.randn"),
        ("import torch\ntorch.tensor([1]) + 1", "torch.Tensor.__add__"),
        ("import torch\ntorch.tensor([1])[0]", "torch.Tensor.__getitem__"),
        ("import torch\ntorch.tensor([1]).backward()", "torch.Tensor.backward"),
        ("import torchvision\ntorchvision.models", "torchvision.models"),
        ("import torchvision\ntorchvision.ops.RoIAlign", "torchvision.ops.RoIAlign"),
        ("from torchvision.ops import deform_conv2d", "torchvision.ops.deform_conv2d"),
        ("from torchvision import transforms", "torchvision.transforms"),
    ],
)
def test_what_is_not_covered_is_named_in_full(statement: str, name: str) -> None:
    with as_torch(), pytest.raises(NotCovered, match=rf"^{name} is not covered by opsbridge$"):
        exec(statement, {})


def test_the_real_one_is_back_afterwards() -> None:
    before = {name: module for name, module in sys.modules.items() if name.startswith("torch")}
    with as_torch() as torch:
        assert sys.modules["torch"] is torch
    after = {name: module for name, module in sys.modules.items() if name.startswith("torch")}
    assert before.items() <= after.items()
    assert torch not in after.values()
