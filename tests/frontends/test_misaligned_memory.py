"""Elements between the addresses where processors like them: from files, say, or records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from api_calls import APIS, BOXES
from framework_tensors import FRAMEWORKS, Array, framework, to_array, to_tensor

from opsbridge import ops
from opsbridge.errors import ArgumentError


def shifted(name: str, array: Array) -> Any:
    """The same numbers as a tensor of a framework, one byte behind where they belong."""
    memory = np.zeros(array.nbytes + 1, np.uint8)[1:]
    odd = memory.view(array.dtype).reshape(array.shape)
    odd[...] = array
    if name == "torch":
        odd = framework("torch").from_numpy(odd)
        assert odd.data_ptr() % odd.element_size()
    elif name == "mindspore":
        odd = framework("mindspore").Tensor.from_numpy(odd)
        assert odd.data_ptr() % odd.itemsize
    else:
        assert not odd.flags.aligned
    return odd


def arrays_of(results: Any) -> list[Array]:
    return [to_array(each) for each in (results if isinstance(results, tuple) else (results,))]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("framework_name", FRAMEWORKS)
def test_inputs(framework_name: str, api: str, dtype: Any) -> None:
    call = APIS[api]
    if api in ("NMSWithMask", "ROIAlign") and dtype is np.float64:
        dtype = np.float16  # MindSpore's operators have no float64
    tensors = {name: array.astype(dtype) for name, array in call.tensors.items()}
    wanted = arrays_of(call(framework_name, **tensors))
    for odd in tensors:
        given = {
            name: (shifted if name == odd else to_tensor)(framework_name, array)
            for name, array in tensors.items()
        }
        for _ in range(2):  # the second call of a kind may go straight to native code
            found = arrays_of(call(framework_name, **given))
            for one, other in zip(found, wanted, strict=True):
                np.testing.assert_array_equal(one, other, err_msg=odd)


@pytest.mark.parametrize("framework_name", FRAMEWORKS)
def test_a_result_is_not_written_there(framework_name: str) -> None:
    out = shifted(framework_name, np.zeros(3, np.float32))
    with pytest.raises(
        ArgumentError, match="box_area: out begins at an address that is no multiple of its"
    ):
        ops.box_area(to_tensor(framework_name, BOXES), out=out)
    assert not to_array(out).any()


def test_gradients_of_torch() -> None:
    torch = framework("torch")
    boxes, others = (to_tensor("torch", BOXES + shift).requires_grad_() for shift in (0.0, 1.0))
    odd = shifted("torch", BOXES).requires_grad_()
    gradient = shifted("torch", np.arange(9, dtype=np.float32).reshape(3, 3))
    wanted = torch.autograd.grad(ops.box_iou(boxes, others), (boxes, others), gradient.clone())
    found = torch.autograd.grad(ops.box_iou(odd, others), (odd, others), gradient)
    for one, other in zip(found, wanted, strict=True):
        assert torch.equal(one, other)
