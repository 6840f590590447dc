"""NumPy arrays for the results of direct calls, whichever framework the arguments are of."""

from __future__ import annotations

from typing import Any

import numpy as np

from opsbridge.core.direct import DTYPES

# Single objects: NumPy gives them to every array of a plain dtype.
_DTYPES = tuple(None if name == "bfloat16" else np.dtype(name) for name in DTYPES)
_HEADER_BYTES = object.__basicsize__

ARRAY_SETTINGS: tuple[Any, ...] = (np.ndarray, _HEADER_BYTES, _DTYPES, np.empty)
"""How csrc/binding/object_tensors.cc reads arrays and makes new ones."""
