"""Function and class form of torchvision's pooling operators, ours and the real ones, on ramps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from real_frameworks import TORCHVISION_MISSING, torch_tensor, torchvision_ops
from real_in_child import run_real

from opsbridge.torchvision import ops

Call = Callable[..., Any]
CHANNELS = 4  # one per bin of a 2 x 2 grid


def ramp(batch: int = 2) -> Any:
    """Feature maps without two equal pixels."""
    shape = batch, CHANNELS, 8, 8
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def shapes_of(function: str, kind: str, *defaults: Any) -> dict[str, Call]:
    """The function and the class, by name, called alike."""

    def of_function(features: Any, rois: Any, *settings: Any) -> Any:
        given = settings + defaults[len(settings) :]
        return getattr(ops, function)(features, np.array(rois, np.float32), *given)

    def of_class(features: Any, rois: Any, *settings: Any) -> Any:
        given = settings + defaults[len(settings) :]
        return getattr(ops, kind)(*given)(features, np.array(rois, np.float32))

    return {function: of_function, kind: of_class}


def both_shapes(function: str, kind: str, *defaults: Any) -> Any:
    """Runs a test on the function and on the class."""
    shapes = shapes_of(function, kind, *defaults)
    return pytest.mark.parametrize("call", shapes.values(), ids=shapes)


def real(function: str, rois: Any, *settings: Any) -> Any:
    """The real operator on the ramp."""
    call = getattr(torchvision_ops(), function)
    return call(torch_tensor(ramp()), torch_tensor(np.array(rois, np.float32)), *settings).numpy()


def died_of(call: str) -> str | None:
    """The signal that a real call ends its process with; `features` has one channel per bin."""
    pytest.importorskip("torchvision", reason=TORCHVISION_MISSING)
    code = f"""
        from math import inf, nan
        from torchvision import ops
        features = torch.ones(1, {CHANNELS}, 8, 8)
        print({call})
    """
    return run_real("torchvision", code).signal_name
