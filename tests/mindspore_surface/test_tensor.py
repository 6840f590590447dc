"""`opsbridge.mindspore.Tensor` is made and printed as MindSpore's."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

pytest.importorskip("torch", reason="opsbridge.mindspore.Tensor is a PyTorch tensor")

import torch

import opsbridge.mindspore as ms
from opsbridge.errors import DtypeError
from opsbridge.mindspore import Tensor

RANDOM = np.random.RandomState(0)

# Data and dtype name; with MindSpore installed each is printed by both.
MADE: list[tuple[Any, str | None]] = [
    ([True, False, True, True], None),
    ([1, 2, 3], None),
    ((1, 2), None),
    ([1.5, 2.0333333], None),
    ([[1, 2.5]], None),
    ([1, True], None),
    ([np.float64(1.5)], None),
    ([], None),
    (3, None),
    (True, None),
    (2.5, None),
    (1e10, None),
    (np.float64(2.5), None),
    (np.float16(2.5), None),
    (np.int32(2), None),
    (np.array(2.5), None),
    (np.zeros((0, 4), np.float32), None),
    (np.zeros((2, 0)), None),
    (np.arange(6, dtype=np.int32).reshape(2, 3), None),
    (np.ones((2, 2, 2), np.int32), None),
    (RANDOM.rand(2, 3, 2).astype(np.float32), None),
    (RANDOM.rand(600, 2).astype(np.float32), None),
    (np.arange(2000), None),
    ([-np.inf, 0.1, 123456.7, np.nan], None),
    ([1e-9, 1e5, 3], None),
    ([1.0, -2.0], "float16"),
    ([0.1], "float64"),
    (0.1, "float32"),
    ([1.0, 2.0], "bfloat16"),
    ([[1.5, -2.25], [100, 1e9]], "bfloat16"),
    (1.5, "bfloat16"),
    ([1, 2], "uint8"),
    ([2.7, -1.2], "int32"),
    ([0, 3], "bool_"),
]


def made(module: Any, data: Any, dtype: str | None) -> Any:
    return module.Tensor(data, getattr(module, dtype) if dtype else None)


@pytest.mark.parametrize(("data", "dtype"), MADE)
def test_prints_are_those_of_the_real_mindspore(data: Any, dtype: str | None) -> None:
    mindspore = pytest.importorskip("mindspore", reason="the real MindSpore prints the same data")
    real, ours = made(mindspore, data, dtype), made(ms, data, dtype)
    assert (str(ours), repr(ours), ours.shape) == (str(real), repr(real), real.shape)


@pytest.mark.parametrize(
    ("data", "dtype", "text", "value"),
    [
        (
            [True, False],
            None,
            "[ True False]",
            "Tensor(shape=[2], dtype=Bool, value= [ True, False])",
        ),
        ([1, 2], None, "[1 2]", "Tensor(shape=[2], dtype=Int64, value= [1, 2])"),
        (
            [1.5, 2.0333333],
            None,
            "[1.5       2.0333333]",
            "Tensor(shape=[2], dtype=Float32, value= [ 1.50000000e+00,  2.03333330e+00])",
        ),
        (2.5, None, "2.5", "Tensor(shape=[], dtype=Float32, value= 2.5)"),
        ([], None, "[]", "Tensor(shape=[0], dtype=Float32, value= )"),
        (
            [[1, 2], [3, 4]],
            "int32",
            "[[1 2]\n [3 4]]",
            "Tensor(shape=[2, 2], dtype=Int32, value=\n[[1, 2],\n [3, 4]])",
        ),
        (1.5, "bfloat16", "1.500000", "Tensor(shape=[], dtype=BFloat16, value= 1.5)"),
    ],
)
def test_prints(data: Any, dtype: str | None, text: str, value: str) -> None:
    tensor = made(ms, data, dtype)
    assert (str(tensor), repr(tensor)) == (text, value)


def test_numpy_data_is_copied() -> None:
    array = np.ones(3, np.float32)
    tensor = Tensor(array)
    array[0] = 5
    assert str(tensor) == "[1. 1. 1.]"


def test_tensors_are_copied_and_converted() -> None:
    source = torch.ones(2)
    tensor = Tensor(source, ms.int32)
    source[0] = 5
    assert (str(tensor), tensor.dtype) == ("[1 1]", torch.int32)
    assert str(Tensor(Tensor([1, 2]))) == "[1 2]"


def test_non_contiguous_and_read_only_data() -> None:
    array = np.arange(6).reshape(2, 3).T[::-1]
    array.flags.writeable = False
    np.testing.assert_array_equal(Tensor(array).asnumpy(), array)


def test_results_are_of_the_same_class() -> None:
    tensor = Tensor([1, 2])
    for result in (tensor + 1, tensor == tensor, tensor[0], tensor.max(), tensor.reshape(2, 1)):
        assert type(result) is Tensor


def test_asnumpy_shares_the_storage() -> None:
    tensor = Tensor([1.0, 2.0])
    tensor.asnumpy()[0] = 9
    assert str(tensor) == "[9. 2.]"


def test_asnumpy_of_a_tensor_that_requires_grad() -> None:
    tensor = Tensor([1.0, 2.0]).requires_grad_()
    np.testing.assert_array_equal((tensor * 2).asnumpy(), np.array([2.0, 4.0], np.float32))


def test_shape_is_a_plain_tuple() -> None:
    assert type(Tensor([[1]]).shape) is tuple


def test_format() -> None:
    assert f"{Tensor([1, 2])}" == "[1 2]"
    assert f"{Tensor(0.5):.2f}" == "0.50"


def test_what_is_missing_is_named() -> None:
    with pytest.raises(AttributeError, match=r"mindspore\.Tensor\.foo is not covered by opsbridge"):
        _ = Tensor([1]).foo
    with pytest.raises(AttributeError, match=r"mindspore\.nowhere is not covered by opsbridge"):
        _ = ms.nowhere


@pytest.mark.parametrize(
    ("data", "dtype", "message"),
    [
        ("x", None, "Tensor: input_data is a str; it must be a tensor, NumPy array, list"),
        (None, None, "Tensor: input_data is a NoneType"),
        ([object()], None, "Tensor: input_data has elements of type object; they must be numbers"),
        (["a"], None, "Tensor: input_data has elements of type <U1; they must be numbers"),
        ([1], "float32", "Tensor: dtype is 'float32'; it must be one of mindspore.bool"),
    ],
)
def test_wrong_arguments(data: Any, dtype: Any, message: str) -> None:
    with pytest.raises(DtypeError, match=message):
        Tensor(data, dtype)


def test_importing_the_surface_imports_no_framework() -> None:
    code = (
        "import sys, opsbridge.mindspore\n"
        "assert not {'torch', 'mindspore', 'numpy'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("dtype", [float, int, bool, "float", "int", "bool", "float16", np.int8])
def test_astype_takes_the_types_of_python_as_numpy_does(dtype: Any) -> None:
    ours = Tensor([1.5, 0.0]).astype(dtype)
    assert ours.asnumpy().dtype == np.array([1.5, 0.0], np.float32).astype(dtype).dtype
    mindspore = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    real = mindspore.Tensor([1.5, 0.0]).astype(dtype)
    np.testing.assert_array_equal(ours.asnumpy(), real.asnumpy(), strict=True)


@pytest.mark.parametrize("shape", [(2, 3), 3, ()])
def test_a_shape_without_values_has_those_that_come_later(shape: Any) -> None:
    real = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    mine, theirs = (
        Tensor(shape=shape, dtype=ms.float16),
        real.Tensor(shape=shape, dtype=real.float16),
    )
    assert (mine.shape, mine.asnumpy().dtype) == (theirs.shape, theirs.asnumpy().dtype)
    assert not mine.asnumpy().any()


def test_a_shape_alone_makes_no_tensor() -> None:
    with pytest.raises(DtypeError, match="input_data is a NoneType"):
        Tensor(shape=(2, 3))
