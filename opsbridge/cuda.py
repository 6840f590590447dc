"""When the CUDA kernels raise about values: `check_values`, `raise_refused`.

>>> from opsbridge.cuda import check_values
>>> check_values("deferred")
"""

from __future__ import annotations

from opsbridge.core.device import check_values, raise_refused

__all__ = ["check_values", "raise_refused"]
