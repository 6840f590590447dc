"""The same weights for both sides: of a checkpoint, or random by the parameter's name."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from opsbridge.checkpoints.mindspore_file import read_ckpt
from opsbridge.errors import CheckpointError

Array = npt.NDArray[Any]
Weights = Callable[[str, tuple[int, ...]], Array]


def weights_of(checkpoint: str, seed: int) -> Weights:
    """MindSpore's name and shape of a parameter -> its float32 values.

    Random ones are small and, for what is called a variance, near one. Raises CheckpointError where
    the checkpoint lacks the name or has another shape.
    """
    if not checkpoint:
        return lambda name, shape: _random(name, shape, seed)
    stored = read_ckpt(checkpoint)

    def value(name: str, shape: tuple[int, ...]) -> Array:
        if name not in stored or stored[name].shape != shape:
            raise CheckpointError(f"{checkpoint}: no parameter {name!r} of shape {list(shape)}")
        return np.array(stored[name].array())

    return value


def _random(name: str, shape: tuple[int, ...], seed: int) -> Array:
    draws = np.random.default_rng([zlib.crc32(name.encode()), seed])
    if name.endswith(("variance", "gamma")):
        return draws.uniform(0.5, 1.5, shape).astype(np.float32)
    spread = max(math.prod(shape[1:]), 1) ** -0.5 if len(shape) > 1 else 0.1
    return (draws.standard_normal(shape) * spread).astype(np.float32)
