"""`as_torch()`: code that imports torch and torchvision gets opsbridge instead, for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import ModuleType

from opsbridge.alias import shown_by, standing_in
from opsbridge.core.native import cpu_level

_MODULES = {
    "torch": ("opsbridge.torch", ""),
    "torchvision": ("opsbridge.torch.vision", ""),
    "torchvision.ops": ("opsbridge.torch.vision", "ops"),
}


@contextlib.contextmanager
def as_torch() -> Iterator[ModuleType]:
    """Let `import torch` mean opsbridge.torch within the block, and torchvision its operators.

    A real PyTorch, loaded or not, is set aside untouched and is back after the block. Names that
    opsbridge does not cover raise NotCoveredImport or NotCoveredAttribute with their full name.

    Example:
        >>> with as_torch():
        ...     from torchvision import ops
        ...     print(ops.__name__)
        torchvision.ops
    """
    cpu_level()  # loads the kernels: tvm-ffi imports PyTorch where it is installed, the real one
    with standing_in(shown_by(_MODULES)) as modules:
        yield modules["torch"]
