"""MultiheadAttention."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.initializer import XavierNormal, XavierUniform, Zero, initializer
from opsbridge.mindspore.names import look_up
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.from_table import from_table
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter

__all__ = ["MultiheadAttention"]


@from_table
class MultiheadAttention(Cell):
    """Attention of several heads; the parameters have PyTorch's names.

    Inputs are query, key and value (length, batch, features), or (batch, length, features) with
    batch_first; masks are True, or minus infinity, where nothing is looked at.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float,
        has_bias: bool,
        add_bias_kv: bool,
        add_zero_attn: bool,
        kdim: int | None,
        vdim: int | None,
        batch_first: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        if embed_dim % num_heads:
            raise ArgumentError(
                f"MultiheadAttention: embed_dim is {embed_dim};"
                f" it must be a multiple of num_heads {num_heads}"
            )
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.batch_first, self.add_zero_attn = batch_first, add_zero_attn
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim

        def weight(*shape: int) -> Parameter:
            return Parameter(initializer(XavierUniform(), shape, dtype))

        if self._qkv_same_embed_dim:
            self.in_proj_weight = weight(3 * embed_dim, embed_dim)
        else:
            self.q_proj_weight = weight(embed_dim, embed_dim)
            self.k_proj_weight = weight(embed_dim, self.kdim)
            self.v_proj_weight = weight(embed_dim, self.vdim)
        self.in_proj_bias: Any = None
        if has_bias:
            self.in_proj_bias = Parameter(initializer(Zero(), (3 * embed_dim,), dtype))
        dense = look_up("mindspore.nn.Dense")
        self.out_proj = dense(embed_dim, embed_dim, has_bias=has_bias, dtype=dtype)
        self.bias_k: Any = None
        self.bias_v: Any = None
        if add_bias_kv:
            shape = (1, 1, embed_dim)
            self.bias_k = Parameter(initializer(XavierNormal(), shape, dtype))
            self.bias_v = Parameter(initializer(XavierNormal(), shape, dtype))

    def construct(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
    ) -> Any:
        """Return a tuple: the attended values and, with need_weights, the weights."""
        turns = self.batch_first and len(query.shape) == 3
        query, key, value = map(plain, (query, key, value))
        if turns:
            query, key, value = (each.transpose(0, 1) for each in (query, key, value))
        separate = {
            f"{name}_proj_weight": plain(getattr(self, f"{name}_proj_weight", None))
            for name in "qkv"
        }
        output, weights = functional.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            plain(getattr(self, "in_proj_weight", None)),
            plain(self.in_proj_bias),
            plain(self.bias_k),
            plain(self.bias_v),
            self.add_zero_attn,
            self.dropout,
            plain(self.out_proj.weight),
            plain(self.out_proj.bias),
            training=self.training,
            key_padding_mask=_added(plain(key_padding_mask), query.dtype),
            need_weights=need_weights,
            attn_mask=_added(plain(attn_mask), query.dtype),
            average_attn_weights=average_attn_weights,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            **separate,
        )
        shown = as_tensor(output.transpose(0, 1) if turns else output)
        return (shown,) if weights is None else (shown, as_tensor(weights))


def _added(mask: Any, dtype: torch.dtype) -> Any:
    """Return a mask as what is added to scores of a dtype, so that masks of two kinds go together.

    Numbers but bytes are left as they are.
    """
    if mask is None or mask.dtype not in (torch.bool, torch.uint8):
        return mask
    zeros = torch.zeros(mask.shape, dtype=dtype, device=mask.device)
    return zeros.masked_fill(mask.bool(), -torch.inf)
