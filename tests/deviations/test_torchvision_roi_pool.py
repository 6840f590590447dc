"""Where our torchvision-shaped RoI pooling leaves the real one on purpose."""

from __future__ import annotations

from typing import Any

import pytest
from pooling_calls import Call, both_shapes, ramp, real

from opsbridge.errors import ArgumentError

both = both_shapes("roi_pool", "RoIPool", 2, 1.0)


@both
@pytest.mark.parametrize("size", [0, (2, 0)])
def test_output_size_zero(size: Any, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"output_size.* is 0"):
        call(ramp(), [[0, 1, 1, 6, 7]], size)
    assert real("roi_pool", [[0, 1, 1, 6, 7]], size).size == 0
