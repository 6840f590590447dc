"""Whatever argument of whichever API of torchvision is wrong: what it raises, ours is caught as."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from real_frameworks import TORCHVISION_MISSING
from test_types_of_arguments import GIVEN, Given, name_of, returned

from opsbridge.errors import OpsbridgeError
from opsbridge.tables.schema import Param
from opsbridge.tables.signatures import resolve

torch = pytest.importorskip("torch", reason=TORCHVISION_MISSING)
pytest.importorskip("torchvision", reason=TORCHVISION_MISSING)

OF_TORCHVISION = [each for each in GIVEN if each[0].framework == "torchvision"]


def spoilt(param: Param, value: Any) -> Iterator[Any]:
    """No tensor; of lower rank, with a column or a channel less; no number, no pair, no name."""
    if isinstance(value, np.ndarray):
        yield from ("text", value[0], value[..., :-1])
        if value.ndim == 4:
            yield value[:, :-1]
        if "tensor_list" not in param.types:
            yield [[1.0]]
    else:
        yield from (None, object(), (), (1,), -1)
        if not np.ndim(value):
            yield "text"


def tensors(arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        name: torch.from_numpy(np.ascontiguousarray(value))
        if isinstance(value, np.ndarray)
        else value
        for name, value in arguments.items()
    }


@pytest.mark.parametrize("given", OF_TORCHVISION, ids=name_of)
def test_a_wrong_argument_raises_what_code_for_torchvision_catches(given: Given) -> None:
    api, param, arguments, value = given
    for other in spoilt(param, value):
        wrong = tensors({**arguments, param.name: other})
        try:
            returned(api, resolve(api.name), wrong)
        except Exception as error:
            with pytest.raises(type(error)) as caught:
                returned(api, resolve(f"opsbridge.{api.name}"), wrong)
            assert isinstance(caught.value, OpsbridgeError), other
