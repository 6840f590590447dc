"""The transformer of Vaswani et al. (2017): its layers, stacks of them, and the whole."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.initializer import XavierUniform, initializer
from opsbridge.mindspore.names import look_up
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.containers import CellList
from opsbridge.mindspore.nn.from_table import from_table

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

_ACTIVATIONS = ("relu", "gelu")


class _TransformerLayer(Cell):
    """What both layers are: attentions and two dense layers, each added to what it is given.

    ``norm_first`` normalises what a part is given, and else the sum.
    """

    attentions: tuple[str, ...]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float,
        activation: Any,
        layer_norm_eps: float,
        batch_first: bool,
        norm_first: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        attention, dense, drop, norm = (
            look_up(f"mindspore.nn.{name}")
            for name in ("MultiheadAttention", "Dense", "Dropout", "LayerNorm")
        )
        for name in self.attentions:
            shared = {"dropout": dropout, "batch_first": batch_first, "dtype": dtype}
            setattr(self, name, attention(d_model, nhead, **shared))
        self.dense1 = dense(d_model, dim_feedforward, dtype=dtype)
        self.dropout = drop(p=dropout)
        self.dense2 = dense(dim_feedforward, d_model, dtype=dtype)
        for number in range(1, len(self.attentions) + 2):
            layer = norm((d_model,), epsilon=layer_norm_eps, dtype=dtype)
            setattr(self, f"norm{number}", layer)
            setattr(self, f"dropout{number}", drop(p=dropout))
        self.norm_first = norm_first
        self.activation = _activation(type(self).__name__, activation)

    def _added(self, number: int, x: Any, part: Callable[[Any], Any]) -> Any:
        """Return what a part makes of x, added to x, with the norm and dropout of a number."""
        norm, drop = getattr(self, f"norm{number}"), getattr(self, f"dropout{number}")
        if self.norm_first:
            return x + drop(part(norm(x)))
        return norm(x + drop(part(x)))

    def _forward(self, x: Any) -> Any:
        return self.dense2(self.dropout(self.activation(self.dense1(x))))


def _activation(layer: str, given: Any) -> Callable[[Any], Any]:
    if given in _ACTIVATIONS:
        function: Callable[[Any], Any] = look_up(f"mindspore.ops.{given}")
        return function
    if not callable(given):
        raise ArgumentError(
            f"{layer}: activation is {given!r}; it must be 'relu', 'gelu' or callable"
        )
    return given  # type: ignore[no-any-return]


@from_table
class TransformerEncoderLayer(_TransformerLayer):
    """Attention of the source to itself, and two dense layers.

    The source is (length, batch, d_model), or (batch, length, d_model) with batch_first, or has no
    batch; masks are those of MultiheadAttention.
    """

    attentions = ("self_attn",)

    def construct(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None) -> Any:
        """Return what has the shape of the source."""
        x = self._added(1, src, _look(self.self_attn, None, src_mask, src_key_padding_mask))
        return self._added(2, x, self._forward)


@from_table
class TransformerDecoderLayer(_TransformerLayer):
    """Attention of the target to itself and to the memory, and two dense layers.

    Shapes and masks are those of TransformerEncoderLayer.
    """

    attentions = ("self_attn", "multihead_attn")

    def construct(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
    ) -> Any:
        """Return what has the shape of the target."""
        to_itself = _look(self.self_attn, None, tgt_mask, tgt_key_padding_mask)
        to_memory = _look(self.multihead_attn, memory, memory_mask, memory_key_padding_mask)
        x = self._added(1, tgt, to_itself)
        x = self._added(2, x, to_memory)
        return self._added(3, x, self._forward)


def _look(attention: Cell, memory: Any, mask: Any, padding: Any) -> Callable[[Any], Any]:
    """Return the attention of its argument to a memory, None for itself."""

    def part(x: Any) -> Any:
        seen = x if memory is None else memory
        return attention(
            x, seen, seen, attn_mask=mask, key_padding_mask=padding, need_weights=False
        )[0]

    return part


class _Stack(Cell):
    """Copies of a layer, one after the other, and a norm of what the last gives."""

    def __init__(self, layer: Cell, num_layers: int, norm: Cell | None) -> None:
        super().__init__()
        self.layers = CellList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def _through(self, x: Any, *given: Any) -> Any:
        for layer in self.layers:
            x = layer(x, *given)
        return x if self.norm is None else self.norm(x)


@from_table
class TransformerEncoder(_Stack):
    """Copies of a TransformerEncoderLayer, one after the other."""

    def __init__(self, encoder_layer: Cell, num_layers: int, norm: Cell | None) -> None:
        super().__init__(encoder_layer, num_layers, norm)

    def construct(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None) -> Any:
        """Return what has the shape of the source; every layer gets the masks."""
        return self._through(src, src_mask, src_key_padding_mask)


@from_table
class TransformerDecoder(_Stack):
    """Copies of a TransformerDecoderLayer, one after the other."""

    def __init__(self, decoder_layer: Cell, num_layers: int, norm: Cell | None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def construct(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
    ) -> Any:
        """Return what has the shape of the target; every layer gets the memory and the masks."""
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        return self._through(tgt, memory, *masks)


@from_table
class Transformer(Cell):
    """An encoder of the source, whose result is the memory of a decoder of the target.

    Shapes and masks are those of TransformerEncoderLayer; both ends have a norm. `custom_encoder`
    and `custom_decoder` take their places.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        num_encoder_layers: int,
        num_decoder_layers: int,
        dim_feedforward: int,
        dropout: float,
        activation: Any,
        custom_encoder: Cell | None,
        custom_decoder: Cell | None,
        layer_norm_eps: float,
        batch_first: bool,
        norm_first: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        settings = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)
        more = (batch_first, norm_first, dtype)

        def norm() -> Cell:
            made: Cell = look_up("mindspore.nn.LayerNorm")(
                (d_model,), epsilon=layer_norm_eps, dtype=dtype
            )
            return made

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*settings, *more), num_encoder_layers, norm()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*settings, *more), num_decoder_layers, norm()
        )
        for parameter in self.get_parameters():
            if parameter.ndim > 1:
                drawn = initializer(XavierUniform(), parameter.shape, parameter.dtype)
                parameter.set_data(drawn)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def construct(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
    ) -> Any:
        """Return what has the shape of the target."""
        for name, given in (("src", src), ("tgt", tgt)):
            if given.shape[-1] != self.d_model:
                raise ArgumentError(
                    f"Transformer: {name} has the shape {tuple(given.shape)};"
                    f" the last length must be d_model {self.d_model}"
                )
        memory = self.encoder(src, src_mask, src_key_padding_mask)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask
        )
