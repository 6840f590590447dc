"""Sees what memory the native functions get, without keeping them from running."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from direct_calls import forget_direct_calls, modules_that_call

from opsbridge.core import OPERATORS
from opsbridge.core.native import native_function


def address_of(native: Any) -> int:
    """Where the first element of an argument of a native function lies."""
    if isinstance(native, np.ndarray):
        return int(native.__array_interface__["data"][0])
    if hasattr(native, "data_ptr"):
        return int(native.data_ptr())
    return int(np.from_dlpack(native).__array_interface__["data"][0])


class Spy:
    """Records the addresses of the tensors of every native call that an operator makes.

    That is the first call of each API from now on; those that follow are direct.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.addresses: list[int] = []
        forget_direct_calls()
        for module in modules_that_call(OPERATORS.values()):
            monkeypatch.setattr(module, "native_function", self._watched)

    def _watched(self, name: str) -> Any:
        function = native_function(name)

        def call(*arguments: Any) -> int:
            self.addresses += [
                address_of(argument)
                for argument in arguments
                if argument is not None and not isinstance(argument, (int, float))
            ]
            return function(*arguments)

        return call
