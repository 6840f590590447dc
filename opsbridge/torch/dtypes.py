"""PyTorch's dtypes by name, each with the NumPy dtype that MindSpore tensors are made with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dtype:
    """A dtype that prints as PyTorch's does."""

    name: str

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The NumPy dtype of the same name."""
        return np.dtype(self.name)


_NAMES = ("float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool")
_OTHER_NAMES = {
    "half": "float16",
    "float": "float32",
    "double": "float64",
    "short": "int16",
    "int": "int32",
    "long": "int64",
}
DTYPES = {name: Dtype(name) for name in _NAMES}
DTYPES |= {name: DTYPES[real] for name, real in _OTHER_NAMES.items()}
