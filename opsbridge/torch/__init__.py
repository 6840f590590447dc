"""The PyTorch-shaped surface of opsbridge: Tensor and torchvision's operators on MindSpore tensors.

Importing this module imports no framework; MindSpore comes with the first tensor that is made.
`as_torch()` lets code that says `import torch` and `import torchvision` run on it unchanged.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from opsbridge.torch.alias import as_torch

if TYPE_CHECKING:
    from opsbridge.torch.tensors import Size, Tensor, from_numpy, tensor

_DTYPES = (
    "float16", "half", "float32", "float", "float64", "double",
    "uint8", "int8", "int16", "short", "int32", "int", "int64", "long", "bool",
)  # fmt: skip

__all__ = ["Size", "Tensor", "as_torch", "from_numpy", "tensor", *_DTYPES]


def __getattr__(name: str) -> Any:
    if name in _DTYPES:
        return importlib.import_module("opsbridge.torch.dtypes").DTYPES[name]
    if name in __all__:
        return getattr(importlib.import_module("opsbridge.torch.tensors"), name)
    raise AttributeError(f"torch.{name} is not covered by opsbridge")


def __dir__() -> list[str]:
    return sorted(__all__)
