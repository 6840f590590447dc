"""The element types of a table are those that the installed framework has kernels for on a CPU."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from test_types_of_arguments import GIVEN, Given, name_of, returned

from opsbridge.tables.schema import Dtype
from opsbridge.tables.signatures import resolve

# PyTorch does take boxes of these for some of its arithmetic, with which no box can be meant.
NO_COORDINATES = {"bool", "uint16"}
# MindSpore has no kernel for numbers of images of this dtype on a CPU; opsbridge takes them, too.
TAKEN_BESIDES = {("mindspore", "box_index"): {"int64"}, ("mindspore", "box_indices"): {"int64"}}
TENSORS = [
    each
    for each in GIVEN
    if each[0].framework in ("torchvision", "mindspore") and isinstance(each[3], np.ndarray)
]


def tensor(framework: str, array: Any, dtype: str) -> Any:
    """As a tensor of the real framework; NumPy lacks some of the dtypes."""
    if framework == "torchvision":
        torch = pytest.importorskip("torch")
        return torch.from_numpy(array.astype(np.float64)).to(getattr(torch, dtype))
    ms = pytest.importorskip("mindspore")
    return ms.Tensor(array.astype(np.float64)).astype(getattr(ms, dtype.replace("bool", "bool_")))


def is_taken(given: Given, dtype: str) -> bool:
    """Whether the real API computes with a dtype for all tensors that may have the same ones."""
    api, param, arguments, _ = given
    alike = {each.name for each in api.params if each.dtypes == param.dtypes}
    real = {
        name: tensor(api.framework, value, dtype if name in alike else str(value.dtype))
        if isinstance(value, np.ndarray)
        else value
        for name, value in arguments.items()
    }
    try:
        str(returned(api, resolve(api.real or api.name), real))  # MindSpore computes when it has to
    except (TypeError, RuntimeError, ValueError, NotImplementedError):
        return False
    return True


@pytest.mark.parametrize("given", TENSORS, ids=name_of)
def test_dtypes_are_those_of_the_framework(given: Given) -> None:
    api, param, _, _ = given
    pytest.importorskip(api.framework, reason="compares with the real framework")
    taken = {dtype for dtype in get_args(Dtype) if is_taken(given, dtype)}
    allowed = set(param.dtypes_on.get("cpu", param.dtypes))
    besides = TAKEN_BESIDES.get((api.framework, param.name), set())
    assert allowed - taken == besides
    assert taken - allowed <= (NO_COORDINATES if api.framework == "torchvision" else set())
