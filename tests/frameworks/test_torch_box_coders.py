"""Gradients of encoding and decoding boxes, against PyTorch's own of the same formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import generator

from opsbridge import ops

torch: Any = pytest.importorskip("torch", reason="tests gradients of PyTorch")

MEANS, DEVIATIONS = (0.1, -0.2, 0.05, 0.0), (0.1, 0.2, 0.25, 0.5)


def boxes(seed: str, count: int = 40) -> Any:
    """Boxes in an image of 60 x 80 and beyond it."""
    corners = generator("coder gradients", seed).uniform(-10, 90, (count, 2, 2))
    corners.sort(axis=1)
    return torch.from_numpy(corners.reshape(count, 4) + np.array([0, 0, 1, 1]))


def spans(corners: Any, offset: int) -> tuple[Any, Any]:
    """Centres and sides."""
    return (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2] + offset


def encoded(anchors: Any, targets: Any, offset: int) -> Any:
    """What box_encode computes, for PyTorch to differentiate."""
    (from_centre, from_side), (to_centre, to_side) = spans(anchors, offset), spans(targets, offset)
    plain = torch.cat([(to_centre - from_centre) / from_side, (to_side / from_side).log()], 1)
    return (plain - torch.tensor(MEANS)) / torch.tensor(DEVIATIONS)


def decoded(anchors: Any, offsets: Any, offset: int, clip: float) -> Any:
    """What box_decode computes."""
    centre, side = spans(anchors, offset)
    plain = offsets * torch.tensor(DEVIATIONS) + torch.tensor(MEANS)
    bound = abs(np.log(np.float32(clip)))
    centre = plain[:, :2] * side + centre
    reach = plain[:, 2:].clamp(-bound, bound).exp() * side / 2 - offset / 2
    size = torch.tensor([80.0, 60.0])
    corners = (torch.minimum(each, size).clamp(min=0) for each in (centre - reach, centre + reach))
    return torch.cat(list(corners), 1)


def gradients(function: Any, *leaves: Any) -> list[Any]:
    """The gradients of both tensors, for one random gradient of the result."""
    leaves = tuple(leaf.clone().requires_grad_() for leaf in leaves)
    result = function(*leaves)
    incoming = torch.from_numpy(generator("incoming").standard_normal(tuple(result.shape)))
    result.backward(incoming.to(result.dtype))
    return [leaf.grad for leaf in leaves]


@pytest.mark.parametrize("offset", [0, 1])
def test_encoding(offset: int) -> None:
    given = boxes("anchors"), boxes("targets")
    expected = gradients(lambda a, t: encoded(a, t, offset), *given)
    ours = gradients(
        lambda a, t: ops.box_encode(a, t, MEANS, DEVIATIONS, box_offset=offset), *given
    )
    for one, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("clip", [0.016, 0.7])
@pytest.mark.parametrize("offset", [0, 1])
def test_decoding(offset: int, clip: float) -> None:
    offsets = generator("offsets").standard_normal((40, 4)) * 2
    given = boxes("anchors"), torch.from_numpy(offsets)
    expected = gradients(lambda a, o: decoded(a, o, offset, clip), *given)
    ours = gradients(
        lambda a, o: ops.box_decode(
            a, o, 60, 80, MEANS, DEVIATIONS, ratio_clip=clip, box_offset=offset
        ),
        *given,
    )
    for one, other in zip(ours, expected, strict=True):
        assert (other == 0).any() == (one == 0).any()
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


def test_pairs_add_their_gradients_up() -> None:
    anchors, targets = boxes("anchors", 6), boxes("targets", 4)
    own = torch.from_numpy(generator("own deviations").uniform(0.1, 2, (6, 4)))

    def pairs(a: Any, t: Any) -> Any:
        return ops.box_encode(a, t, anchor_deviations=own, pairing="every_pair", box_offset=0)

    def singles(a: Any, t: Any) -> Any:
        rows = (t[i : i + 1].expand(6, 4) for i in range(4))
        encoded_rows = [ops.box_encode(a, each, box_offset=0) / own for each in rows]
        return torch.stack(encoded_rows)

    for one, other in zip(
        gradients(pairs, anchors, targets), gradients(singles, anchors, targets), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("along", ["first_axis", "second_axis"])
def test_anchors_along_an_axis_add_their_gradients_up(along: str) -> None:
    anchors = boxes("anchors", 6)
    offsets = torch.from_numpy(generator("offsets").standard_normal((6, 4, 4)))

    def whole(a: Any, o: Any) -> Any:
        turned = o if along == "first_axis" else o.transpose(0, 1)
        made = ops.box_decode(
            a, turned, anchors_along=along, anchor_centre="low_and_half_side", taken_off="high"
        )
        return made if along == "first_axis" else made.transpose(0, 1)

    def columns(a: Any, o: Any) -> Any:
        """An anchor one pixel wider, and its boxes that pixel smaller at the high corner."""
        wider = a + torch.tensor([0.0, 0, 1, 1])
        made = [ops.box_decode(wider, o[:, i], ratio_clip=None, box_offset=0) for i in range(4)]
        return torch.stack(made, 1) - torch.tensor([0.0, 0, 1, 1])

    ours, expected = whole(anchors, offsets), columns(anchors, offsets)
    torch.testing.assert_close(ours[..., :2], expected[..., :2])
    for one, other in zip(
        gradients(whole, anchors, offsets), gradients(columns, anchors, offsets), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_narrow_gradients_are_the_wide_ones_rounded(dtype: str) -> None:
    kind = getattr(torch, dtype)
    given = boxes("anchors").to(kind), boxes("targets").to(kind)
    narrow = gradients(lambda a, t: ops.box_encode(a, t, MEANS, DEVIATIONS), *given)
    wide = gradients(
        lambda a, t: ops.box_encode(a, t, MEANS, DEVIATIONS), *(each.float() for each in given)
    )
    for one, other in zip(narrow, wide, strict=True):
        torch.testing.assert_close(one.float(), other, rtol=2e-2, atol=1e-3)
        assert one.dtype == kind


def test_gradients_reach_compiled_functions() -> None:
    given = boxes("anchors", 5), boxes("targets", 5)

    def encode(anchors: Any, targets: Any) -> Any:
        return ops.box_encode(anchors, targets, MEANS, DEVIATIONS)

    compiled = torch.compile(encode, backend="aot_eager", fullgraph=True)
    for one, other in zip(gradients(compiled, *given), gradients(encode, *given), strict=True):
        assert torch.equal(one, other)
