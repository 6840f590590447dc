"""`Dropout`: by the share to keep (MindSpore 1) or to drop (2)."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.plain import as_tensor, plain

__all__ = ["Dropout"]


class Dropout(Cell):
    """Zero values at random in training and scale the rest up; the input itself otherwise.

    Args:
        keep_prob: the share to keep, in (0, 1]; counts where `p` is None.
        p: the share to drop, in [0, 1).
        dtype: ignored.
    """

    def __init__(
        self, keep_prob: float = 0.5, p: float | None = None, dtype: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        if p is None and not 0 < keep_prob <= 1:
            raise ArgumentError(f"Dropout: keep_prob is {keep_prob}; it must be in (0, 1]")
        if p is not None and not 0 <= p < 1:
            raise ArgumentError(f"Dropout: p is {p}; it must be in [0, 1)")
        self.keep_prob, self.p = keep_prob, p

    def construct(self, x: Any) -> Any:
        """Return x with a share of its values zeroed."""
        share = 1 - self.keep_prob if self.p is None else self.p
        if not self.training or share == 0:
            return x
        return as_tensor(functional.dropout(plain(x), share))
