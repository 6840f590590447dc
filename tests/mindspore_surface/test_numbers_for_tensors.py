"""Where MindSpore makes a tensor of a number or a list, so does the surface: values and dtypes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
mindspore = pytest.importorskip("mindspore", reason="compares with the real MindSpore")

from ops_cases import FUNCTIONS, NUMPY, PRIMITIVES  # noqa: E402
from test_ops import compare, run  # noqa: E402

from opsbridge import mindspore as surface  # noqa: E402

# Some of MindSpore's functions take lists, and its identity anything; those of the surface do not.
TENSORS_ONLY = {
    ("ops", "identity"),
    *(("numpy", name) for name in ("clip", "mean", "repeat", "sum")),
}


def plain(array: Any) -> Iterator[Any]:
    """What may stand for a tensor in its place: a number, and its rows as lists."""
    yield array.ravel()[0].item()
    yield array.tolist()


def calls() -> Iterator[tuple[str, str, tuple[Any, ...] | None, tuple[Any, ...], dict[str, Any]]]:
    """Module, name, settings of a primitive, inputs of which one is no tensor, and others."""
    cases = [("ops", name, None, inputs, more) for name, inputs, more in FUNCTIONS]
    cases += [("ops", name, settings, inputs, {}) for name, settings, inputs in PRIMITIVES]
    cases += [("numpy", name, None, inputs, more) for name, inputs, more in NUMPY]
    seen = set()
    for module, name, settings, inputs, more in cases:
        for place, value in enumerate(inputs):
            key = (module, name, settings is None, place)
            if isinstance(value, np.ndarray) and value.size and key not in seen:
                seen.add(key)
                for other in plain(value):
                    changed = (*inputs[:place], other, *inputs[place + 1 :])
                    yield module, name, settings, changed, more


def result(framework: Any, call: Any) -> list[Any]:
    module, name, settings, inputs, more = call
    if module == "ops":
        owner = framework.ops
    else:
        owner = (
            surface.numpy if framework is surface else importlib.import_module("mindspore.numpy")
        )
    function = getattr(owner, name)
    return run(framework, function if settings is None else function(*settings), inputs, more)


def test_what_mindspore_takes_gives_the_same() -> None:
    taken = 0
    for call in calls():
        if call[:2] in TENSORS_ONLY:
            continue
        try:
            real = result(mindspore, call)
        except Exception:  # it wants a tensor, and says so in as many ways as it has operators
            continue
        taken += 1
        try:
            compare(result(surface, call), real)
        except Exception as error:
            raise AssertionError(f"{call[0]}.{call[1]} of {call[3]}") from error
    assert taken > 100
