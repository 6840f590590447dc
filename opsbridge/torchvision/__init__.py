"""torchvision's operators, for any framework's tensors, and their kernels for torchvision itself.

Importing this module imports no framework; `install` brings PyTorch and torchvision.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opsbridge.torchvision.override import install, is_installed, uninstall

__all__ = ["install", "is_installed", "uninstall"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("opsbridge.torchvision.override"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
