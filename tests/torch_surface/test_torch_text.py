"""Tensors print as PyTorch prints them."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.torch.text import tensor_text

DTYPES = ("float32", "float64", "float16", "int64", "int32", "uint8", "bool")


def arrays(dtype: str) -> list[np.ndarray]:  # type: ignore[type-arg]
    rng = np.random.default_rng(len(dtype))
    shapes = [tuple(rng.integers(0, 5, rng.integers(0, 5))) for _ in range(40)]
    shapes += [(1,), (), (0,), (2, 0), (17,), (3, 39), (1000,), (1001,), (4, 7, 50), (2, 3, 4, 60)]
    made = []
    for number, shape in enumerate(shapes):
        array = np.asarray(rng.normal(size=shape) * 10.0 ** rng.integers(-6, 10))
        if number % 3 == 0:
            array = np.round(array)
        if number % 5 == 0 and array.size:
            array.reshape(-1)[0] = (np.inf, np.nan, -np.inf, 0.0)[number % 4]
        with np.errstate(all="ignore"):
            made.append(np.asarray(array.astype(dtype)))
    return made


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_printed_form_is_that_of_pytorch(dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch says what is right")
    for array in arrays(dtype):
        assert tensor_text(array) == str(torch.from_numpy(array))
