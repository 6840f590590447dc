"""Regions pooled from a pyramid, against the real MultiScaleRoIAlign."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from cases import assert_same_bits, generator
from framework_tensors import framework_of, to_tensor
from real_frameworks import torch_tensor, torchvision_ops

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.torchvision import multiscale
from opsbridge.torchvision.ops import MultiScaleRoIAlign

SETTINGS = (["0", "3", "2", "1"], (3, 5), 2)
IMAGES = [(256, 300), (200, 320)]


def pyramid(rng: np.random.Generator, levels: int = 4, dtype: Any = np.float32) -> dict[str, Any]:
    """Features of several levels, and one that is not asked for."""
    named = {
        str(i): rng.standard_normal((2, 3, 64 >> i, 80 >> i)).astype(dtype) for i in range(levels)
    }
    return named | {"pool": np.zeros((2, 3, 2, 2), dtype)}


def boxes(rng: np.random.Generator, count: int, dtype: Any = np.float32) -> Any:
    """Boxes of every level: sizes spread over powers of two, some exactly at a border."""
    corner = rng.uniform(0, 200, (count, 2))
    size = np.exp2(rng.uniform(0, 9, (count, 2)))
    size[::4] = 112 * 2.0 ** rng.integers(0, 3, (len(size[::4]), 1))
    return np.concatenate([corner, corner + size], axis=1).astype(dtype)


def tensors(value: Any) -> Any:
    """The same as torch tensors."""
    if isinstance(value, dict):
        return {name: torch_tensor(array) for name, array in value.items()}
    return [torch_tensor(array) for array in value]


def check(levels: Any, regions: Any, settings: Any = SETTINGS, **keywords: Any) -> Any:
    """Both frameworks' results have the bits of the real one, at the first and a later call."""
    real = torchvision_ops().MultiScaleRoIAlign(*settings, **keywords)
    ours = MultiScaleRoIAlign(*settings, **keywords)
    for images in (IMAGES, [(64, 64)]):
        expected = real(tensors(levels), tensors(regions), images).numpy()
        assert_same_bits(ours(tensors(levels), tensors(regions), images).numpy(), expected)
        again = MultiScaleRoIAlign(*settings, **keywords)
        again.scales = ours.scales
        assert_same_bits(again(levels, regions, images), expected)
    return expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("counts", [(17, 9), (0, 5), (0, 0)], ids=str)
def test_regions_of_all_sizes(counts: tuple[int, int], dtype: Any) -> None:
    rng = generator("pyramid", str((counts, dtype)))
    check(pyramid(rng, dtype=dtype), [boxes(rng, count, dtype) for count in counts])


def test_half_precision() -> None:
    rng = generator("pyramid half")
    check(pyramid(rng, dtype=np.float16), [boxes(rng, 20, np.float16), boxes(rng, 3, np.float16)])


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_fewer_levels(levels: int) -> None:
    rng = generator("levels", levels)
    check(pyramid(rng, levels), [boxes(rng, 12), boxes(rng, 3)])


def test_other_canonical_sizes() -> None:
    rng = generator("canonical")
    given = pyramid(rng), [boxes(rng, 20), boxes(rng, 20)]
    assert (check(*given) != check(*given, canonical_level=5)).any()


def test_regions_without_size() -> None:
    rng = generator("no size")
    regions = boxes(rng, 4)
    regions[0, 2:] = regions[0, :2]  # empty: the lowest level
    regions[1, 2] = regions[1, 0] - 5  # inverted in one axis: no level
    pooled = check(pyramid(rng), [regions, boxes(rng, 2)])
    assert pooled[0].any()
    assert not pooled[1].any()


def test_gradients_are_the_real_ones() -> None:
    rng = generator("pyramid gradient")
    levels, regions = pyramid(rng), [boxes(rng, 20), boxes(rng, 4)]
    gradients = []
    for kind in (MultiScaleRoIAlign, torchvision_ops().MultiScaleRoIAlign):
        leaves = tensors(levels)
        for leaf in leaves.values():
            leaf.requires_grad_()
        kind(*SETTINGS)(leaves, tensors(regions), IMAGES).square().sum().backward()
        gradients.append([leaf.grad for leaf in leaves.values()])
    for ours, theirs in zip(*gradients, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert_same_bits(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("levels", [1, 4])
@pytest.mark.parametrize("counts", [(17, 9), (0, 5), (0, 0)], ids=str)
def test_mindspore_tensors(counts: tuple[int, int], levels: int) -> None:
    rng = generator("pyramid of MindSpore", str(counts))
    given, regions = pyramid(rng, levels), [boxes(rng, count) for count in counts]
    if counts[0]:
        regions[0][1, 2] = regions[0][1, 0] - 5  # inverted in one axis: no level
        if levels == 1:
            regions[0] = regions[0][2:]
    expected = MultiScaleRoIAlign(*SETTINGS)(given, regions, IMAGES)
    made = {name: to_tensor("mindspore", array) for name, array in given.items()}
    pooled = MultiScaleRoIAlign(*SETTINGS)(
        made, [to_tensor("mindspore", each) for each in regions], IMAGES
    )
    assert framework_of(pooled) == "mindspore"
    assert_same_bits(pooled.asnumpy(), expected)


def test_it_is_shown_as_the_real_one() -> None:
    for settings in (SETTINGS, (["a"], 7, 2), (["a"], [7, 6], 2)):
        real = torchvision_ops().MultiScaleRoIAlign(*settings)
        assert repr(MultiScaleRoIAlign(*settings)) == repr(real)


def test_the_example_runs() -> None:
    assert doctest.testmod(multiscale).attempted > 0
    assert doctest.testmod(multiscale).failed == 0


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"image_shapes": []}, ArgumentError, "image_shapes is an empty list"),
        ({"boxes": []}, ArgumentError, "boxes is an empty list"),
        ({"boxes": [np.zeros((1, 5), np.float32)]}, ArgumentError, r"boxes\[0\] has shape \(1, 5"),
        ({"boxes": [[[0, 0, 1, 1]]]}, DtypeError, r"boxes\[0\] is a list, but x holds a ndarray"),
        ({"x": {"other": np.zeros((1, 1, 4, 4))}}, ArgumentError, "x has the features other"),
        ({"x": {"0": 1, "1": 2}}, DtypeError, "x holds a int; expected torch.Tensor, numpy"),
    ],
)
def test_bad_input_is_refused(changes: Any, kind: type[Exception], message: str) -> None:
    rng = generator("refused")
    given = {"x": pyramid(rng), "boxes": [boxes(rng, 2)], "image_shapes": IMAGES} | changes
    with pytest.raises(kind, match=message):
        MultiScaleRoIAlign(*SETTINGS)(**given)
