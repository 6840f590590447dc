"""`Embedding`: rows of a table by number."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.initializer import initializer
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter
from opsbridge.mindspore.tensors import Tensor

__all__ = ["Embedding"]


class Embedding(Cell):
    """Look rows up in `embedding_table` (vocab_size, embedding_size).

    Args:
        vocab_size: number of rows.
        embedding_size: their length.
        use_one_hot: another way to the same result; ignored.
        embedding_table: rule or tensor for the table.
        dtype: its type.
        padding_idx: a row that starts as zeros.
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_size: int,
        use_one_hot: bool = False,
        embedding_table: Any = "normal",
        dtype: torch.dtype = torch.float32,
        padding_idx: int | None = None,
    ) -> None:
        super().__init__()
        self.vocab_size, self.embedding_size = vocab_size, embedding_size
        self.use_one_hot, self.padding_idx = use_one_hot, padding_idx
        if padding_idx is not None and not 0 <= padding_idx < vocab_size:
            raise ArgumentError(
                f"Embedding: padding_idx is {padding_idx}; it must be in [0, {vocab_size})"
            )
        table = initializer(embedding_table, [vocab_size, embedding_size], dtype)
        self.embedding_table = Parameter(table, name="embedding_table")
        if padding_idx is not None:
            with torch.no_grad():
                plain(self.embedding_table)[padding_idx] = 0

    def construct(self, ids: Any) -> Tensor:
        """Return the rows of ids (any shape) as one more axis."""
        return as_tensor(functional.embedding(plain(ids).long(), plain(self.embedding_table)))
