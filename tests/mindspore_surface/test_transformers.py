"""Stacks of transformer layers: masks, copies, custom parts, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge import mindspore as surface
from opsbridge.errors import ArgumentError
from opsbridge.mindspore import nn

RANDOM = np.random.default_rng(17)
SOURCE, TARGET = (RANDOM.normal(size=(n, 3, 8)).astype(np.float32) for n in (5, 4))
LATER = np.triu(np.ones((4, 4), bool), 1)
PADDED = np.arange(5) >= np.array([[5], [3], [4]])
HIDDEN = np.where(PADDED, -np.inf, 0).astype(np.float32)
FAR = np.where(RANDOM.random((4, 5)) < 0.4, -np.inf, 0).astype(np.float32)
FAR[:, 0] = 0

STACKS: dict[str, Callable[[Any, Any], Any]] = {
    "encoder-padding": lambda nn, t: filled(
        nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0), 3), t
    )(t(SOURCE), src_key_padding_mask=t(PADDED)),
    "encoder-mask-norm": lambda nn, t: filled(
        nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0), 2, nn.LayerNorm((8,))), t
    )(t(TARGET), t(LATER)),
    "decoder": lambda nn, t: filled(
        nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, 0.0), 2, nn.LayerNorm((8,))), t
    )(t(TARGET), t(SOURCE), t(LATER), t(FAR), None, t(HIDDEN)),
    "whole": lambda nn, t: filled(nn.Transformer(8, 2, 1, 2, 16, 0.0), t)(
        t(SOURCE), t(TARGET), tgt_mask=t(LATER), src_key_padding_mask=t(PADDED),
        memory_key_padding_mask=t(PADDED),
    ),
}  # fmt: skip


def filled(layer: Any, tensor: Any) -> Any:
    """The layer with values of its parameters that depend on their names only."""
    for parameter in layer.get_parameters():
        rng = np.random.default_rng(sum(map(ord, parameter.name)))
        parameter.set_data(tensor(rng.normal(0, 0.5, parameter.shape).astype(np.float32)))
    return layer.set_train(False)


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_computes_as_the_real_one(name: str) -> None:
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    ours, real = (STACKS[name](each.nn, each.Tensor).asnumpy() for each in (surface, ms))
    assert (ours.shape, ours.dtype) == (real.shape, real.dtype)
    assert np.ptp(real) > 0.1
    np.testing.assert_allclose(ours, real, rtol=2e-5, atol=2e-6)


def test_activations_of_the_user() -> None:
    """MindSpore 2.10 takes its own two functions only, and no Cell."""
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    results = [
        filled(each.nn.TransformerEncoderLayer(8, 2, 16, 0.0, activation=activation), each.Tensor)(
            each.Tensor(SOURCE)
        ).asnumpy()
        for each, activation in (
            (ms, ms.ops.gelu), (surface, surface.ops.gelu), (surface, nn.GELU(approximate=False)),
        )
    ]  # fmt: skip
    for one in results[1:]:
        np.testing.assert_allclose(one, results[0], rtol=2e-5, atol=2e-5)


def test_padding_hides_beside_numbers_that_are_added() -> None:
    """MindSpore 2.10 adds 1 to the scores of padded keys there."""
    attention = filled(nn.MultiheadAttention(8, 2), surface.Tensor)
    given = [surface.Tensor(each) for each in (TARGET, SOURCE, SOURCE)]
    _, mixed = attention(
        *given, attn_mask=surface.Tensor(FAR), key_padding_mask=surface.Tensor(PADDED)
    )
    _, plain = attention(
        *given, attn_mask=surface.Tensor(np.isinf(FAR)), key_padding_mask=surface.Tensor(PADDED)
    )
    assert not mixed.asnumpy()[np.broadcast_to(PADDED[:, None], (3, 4, 5))].any()
    np.testing.assert_array_equal(mixed.asnumpy(), plain.asnumpy())


def decoded(ms: Any, dtype: Any) -> Any:
    """What a decoder layer gives in a dtype, with two masks of truth values."""
    layer = filled(ms.nn.TransformerDecoderLayer(8, 2, 16, 0.0, dtype=dtype), ms.Tensor)
    given = [ms.Tensor(each).astype(dtype) for each in (TARGET, SOURCE)]
    found = layer(*given, ms.Tensor(LATER), None, None, ms.Tensor(PADDED))
    assert found.dtype == dtype
    return found.astype(ms.float32).asnumpy()


def test_masks_go_with_float16() -> None:
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    ours, real = (decoded(each, each.float16) for each in (surface, ms))
    np.testing.assert_allclose(ours, real, rtol=2e-3, atol=2e-3)


def test_masks_go_with_bfloat16() -> None:
    """MindSpore 2.10 multiplies no matrices of bfloat16 on CPU: beside float32."""
    ours, wide = (decoded(surface, each) for each in (surface.bfloat16, surface.float32))
    np.testing.assert_allclose(ours, wide, rtol=0.15, atol=0.15)


def test_bytes_mask_as_truth_does() -> None:
    attention = filled(nn.MultiheadAttention(8, 2), surface.Tensor)
    given = [surface.Tensor(each) for each in (TARGET, SOURCE, SOURCE)]
    both = [
        attention(*given, key_padding_mask=surface.Tensor(PADDED.astype(dtype)))[0].asnumpy()
        for dtype in (bool, np.uint8)
    ]
    np.testing.assert_array_equal(*both)


def test_without_weights_there_is_one_result() -> None:
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    for each in (surface, ms):
        given = [each.Tensor(SOURCE)] * 3
        assert len(each.nn.MultiheadAttention(8, 2)(*given, need_weights=False)) == 1


def test_the_layers_of_a_stack_are_copies() -> None:
    stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
    names = [parameter.name for parameter in stack.get_parameters()]
    assert len(set(names)) == 24
    assert names[0] == "layers.0.self_attn.in_proj_weight"
    first, second = stack.layers
    first.dense1.weight.set_data(surface.Tensor(np.zeros((16, 8), np.float32)))
    assert np.abs(second.dense1.weight.asnumpy()).max() > 0


def test_own_encoders_and_decoders() -> None:
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, 0.0), 1)
    whole = nn.Transformer(8, 2, custom_encoder=Plain(), custom_decoder=decoder)
    filled(whole, surface.Tensor)
    alone = decoder(surface.Tensor(TARGET), surface.Tensor(2 * SOURCE))
    assert whole(surface.Tensor(SOURCE), surface.Tensor(TARGET)).asnumpy().tolist() == (
        alone.asnumpy().tolist()
    )


class Plain(nn.Cell):  # type: ignore[misc,name-defined]
    """An encoder of one rule."""

    def construct(self, src: Any, mask: Any, padding: Any) -> Any:
        return 2 * src


def test_what_is_refused() -> None:
    with pytest.raises(ArgumentError, match="activation is 'tanh'; it must be 'relu', 'gelu' or"):
        nn.TransformerEncoderLayer(8, 2, activation="tanh")
    with pytest.raises(ArgumentError, match="embed_dim is 8; it must be a multiple of num_heads 3"):
        nn.TransformerDecoderLayer(8, 3)
    whole = nn.Transformer(8, 2, 1, 1, 16)
    with pytest.raises(ArgumentError, match=r"tgt has the shape \(4, 3, 7\); the last length"):
        whole(surface.Tensor(SOURCE), surface.Tensor(TARGET[..., :7]))
