"""A native call can be taken down instead of being made, once, with anything for its tensors."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from opsbridge.core.native import native_function


def test_the_next_call_is_taken_down_and_only_that() -> None:
    rows = np.zeros((8, 2), np.int64)
    native_function("record_next_call")(rows)
    assert native_function("box_area")(ctypes.c_void_p(7), None, 5, 0.5) == 0
    assert rows[0, 0] == 4
    tags = rows[1:5, 0].tolist()
    assert len(set(tags)) == 4
    assert rows[1, 1] == 7
    assert rows[3, 1] == 5
    assert rows[4:5, 1].view(np.float64)[0] == 0.5
    with pytest.raises(TypeError, match="argument 0 must be a tensor"):
        native_function("box_area")(5)


def test_a_call_that_is_too_long_is_an_error() -> None:
    native_function("record_next_call")(np.zeros((2, 2), np.int64))
    with pytest.raises(TypeError, match="too many arguments to take down"):
        native_function("box_area")(1, 2)
    with pytest.raises(TypeError, match="too few arguments"):
        native_function("box_area")()
