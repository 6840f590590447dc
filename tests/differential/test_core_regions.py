"""Pooling and both gradients: the kernels against the reference over all values of all axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import BATCH, DTYPES, ROIS, assert_same_bits, features, generator

from opsbridge import reference
from opsbridge.core.roi_align import RoiAlignRule, roi_align, roi_align_backward
from opsbridge.core.roi_pool import RoiPoolRule, roi_pool, roi_pool_backward
from opsbridge.core.rules import Rule
from opsbridge.errors import ArgumentError
from opsbridge.frameworks.numpy import LAYER

FORWARD = {"roi_align": roi_align, "roi_pool": roi_pool}
BACKWARD = {"roi_align": roi_align_backward, "roi_pool": roi_pool_backward}
RULES: dict[str, type[Rule]] = {"roi_align": RoiAlignRule, "roi_pool": RoiPoolRule}
HALF_AND_UP = (np.float16, *DTYPES)


def drawn_axes(rng: np.random.Generator, rule: type[Rule]) -> dict[str, Any]:
    """One value of every axis."""
    return {axis: values[int(rng.integers(len(values)))] for axis, values in rule.axes.items()}


def drawn_call(rng: np.random.Generator, name: str, family: str, axes: Any) -> tuple[Any, Any]:
    """Arguments and batch indices of one call that suit the axes."""
    dtype = HALF_AND_UP[int(rng.integers(len(HALF_AND_UP)))]
    size = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    channels = 2 * size[0] * size[1] if axes["channel_map"] == "position_sensitive" else 2
    image = features(rng, dtype, (BATCH, channels, 7, 9))
    if rng.random() < 0.3:
        image = np.rint(image)  # equal pixels: the first one counts
    rois, indices = ROIS[family](rng, int(rng.integers(4)), dtype), None
    if axes["batch_rule"] in ("given", "counts"):
        images = rois[:, 0].astype(np.int64)
        indices = images if axes["batch_rule"] == "given" else np.bincount(images, minlength=BATCH)
        rois = np.ascontiguousarray(rois[:, 1:])
    scale = float(rng.choice([1.0, 0.25, 1 / 3, 1.7, -1.0, 0.0]))
    ratio = (int(rng.integers(-1, 4)),) if name == "roi_align" else ()
    return (image, rois, *size, scale, *ratio), indices


def check(rng: np.random.Generator, name: str, family: str, axes: dict[str, Any]) -> bool:
    """Both give equal bits, forward and backward, or both refuse; whether they gave any."""
    arguments, indices = drawn_call(rng, name, family, axes)
    rule = RULES[name](**axes)
    try:
        expected = getattr(reference, name)(*arguments, batch_indices=indices, **axes)
    except ArgumentError:
        with pytest.raises(ArgumentError):
            FORWARD[name](LAYER, *arguments, batch_indices=indices, rule=rule)
        return False
    (pooled,) = FORWARD[name](LAYER, *arguments, batch_indices=indices, rule=rule)
    assert_same_bits(pooled, expected)
    given = rng.standard_normal(pooled.shape).astype(pooled.dtype)
    (gradient,) = BACKWARD[name](LAYER, given, *arguments, batch_indices=indices, rule=rule)
    backward = getattr(reference, f"{name}_backward")
    assert_same_bits(gradient, backward(given, *arguments, batch_indices=indices, **axes))
    return True


@pytest.mark.parametrize("family", ROIS)
@pytest.mark.parametrize("name", RULES)
def test_all_axes_together(name: str, family: str) -> None:
    rng = generator("regions together", name, family)
    rounds = 80
    gave = sum(check(rng, name, family, drawn_axes(rng, RULES[name])) for _ in range(rounds))
    assert gave > rounds // 4


def each_value(name: str) -> list[Any]:
    """Each value of each axis once, the other axes at their defaults."""
    rule = RULES[name]()
    defaults = {axis: getattr(rule, axis) for axis in rule.axes}
    return [
        pytest.param(name, defaults | {axis: value}, id=f"{name}-{axis}-{value}")
        for axis, values in rule.axes.items()
        for value in values
    ]


@pytest.mark.parametrize(("name", "axes"), [*each_value("roi_align"), *each_value("roi_pool")])
def test_each_axis_value_alone(name: str, axes: dict[str, Any]) -> None:
    rng = generator("regions alone", name, str(axes))
    assert sum(check(rng, name, family, axes) for family in ROIS for _ in range(2)) > 0


@pytest.mark.parametrize("reduction", ["maximum", "maximum_weighted_corner"])
def test_a_maximum_among_samples_outside_the_features(reduction: str) -> None:
    # Samples outside count as zero: features without a positive value lose against them, those
    # with zeros win or lose by who comes first.
    rng = generator("outside maximum")
    for _ in range(60):
        image = -np.abs(np.rint(features(rng, np.float32, (BATCH, 2, 5, 6))))
        rois = ROIS["outside"](rng, 4, np.float32)
        axes = {"reduction": reduction, "unusable_sample": "skip", "negative_size": "allow"}
        settings = image, rois, 2, 2, 0.5, 3
        (pooled,) = roi_align(LAYER, *settings, rule=RoiAlignRule(**axes))
        given = np.ones_like(pooled)
        (gradient,) = roi_align_backward(LAYER, given, *settings, rule=RoiAlignRule(**axes))
        assert_same_bits(pooled, reference.roi_align(*settings, **axes))
        assert_same_bits(gradient, reference.roi_align_backward(given, *settings, **axes))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("change", ["shape", "dtype"])
def test_a_gradient_unlike_the_result_is_refused(name: str, change: str) -> None:
    rng = generator("wrong gradient")
    image, rois = features(rng, np.float32), ROIS["inside"](rng, 3, np.float32)
    ratio = (2,) if name == "roi_align" else ()
    given = np.ones((3, 3, 2, 2) if change == "dtype" else (3, 3, 2, 3), np.float64)
    if change == "shape":
        given = given.astype(np.float32)
    with pytest.raises((ValueError, TypeError), match=f"^{name}: gradient"):
        BACKWARD[name](LAYER, given, image, rois, 2, 2, 1.0, *ratio, rule=RULES[name]())


@pytest.mark.parametrize("channels", [2, 19])  # planes, and blocks of channels
@pytest.mark.parametrize("name", BACKWARD)
def test_the_given_gradient_may_have_any_strides(name: str, channels: int) -> None:
    rng = generator("strided gradient", name, channels)
    image = features(rng, np.float32, (BATCH, channels, 7, 9))
    rois = ROIS["inside"](rng, 5, np.float32)
    arguments = (image, rois, 3, 2, 1.0, *((2,) if name == "roi_align" else ()))
    packed = rng.standard_normal((5, channels, 3, 2)).astype(np.float32)
    turned = np.ascontiguousarray(packed.transpose(3, 0, 2, 1)).transpose(1, 3, 2, 0)
    wide = np.repeat(np.repeat(packed, 2, axis=3), 3, axis=2)[:, :, ::3, ::2]
    (expected,) = BACKWARD[name](LAYER, packed, *arguments, rule=RULES[name]())
    for strided in (turned, wide):
        assert not strided.flags.c_contiguous
        (gradient,) = BACKWARD[name](LAYER, strided, *arguments, rule=RULES[name]())
        assert_same_bits(gradient, expected)


@pytest.mark.parametrize(("name", "axes"), [*each_value("roi_align"), *each_value("roi_pool")])
def test_the_features_may_have_any_strides(name: str, axes: dict[str, Any]) -> None:
    rng = generator("strided features", name, str(axes))
    (packed, *others), indices = drawn_call(rng, name, "inside", axes)
    channels_last = np.ascontiguousarray(packed.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    turned = np.ascontiguousarray(packed.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)
    wide = np.repeat(np.repeat(packed, 2, axis=3), 3, axis=2)[:, :, ::3, ::2]
    given, rule = {"batch_indices": indices}, RULES[name](**axes)
    (expected,) = FORWARD[name](LAYER, packed, *others, **given, rule=rule)
    for strided in (channels_last, turned, wide):
        (pooled,) = FORWARD[name](LAYER, strided, *others, **given, rule=rule)
        assert_same_bits(pooled, expected)
