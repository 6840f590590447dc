"""Where our MindSpore-shaped RoIAlign leaves the real one on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING, mindspore, mindspore_roi_align
from real_in_child import run_real

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.ops import ROIAlign

FIXED, ADAPTIVE = 2, 0


def ramp(batch: int = 2) -> Any:
    """Feature maps without two equal pixels."""
    return np.arange(1, batch * 64 + 1, dtype=np.float32).reshape(batch, 1, 8, 8)


def ours(rois: Any, sample_num: int = FIXED, end_mode: int = 0, scale: float = 1.0) -> Any:
    """Our operator on the ramp."""
    return ROIAlign(2, 2, scale, sample_num, end_mode)(ramp(), np.array(rois, np.float32))


def real(rois: Any, sample_num: int = FIXED, end_mode: int = 0, scale: float = 1.0) -> Any:
    """The real operator on the ramp."""
    rois = np.array(rois, np.float32)
    return mindspore_roi_align(ramp(), rois, 2, 2, scale, sample_num, end_mode)


def test_near_zero_row() -> None:
    pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    rois = [[0, 0, 1, 0.0009, 5], [0, 0.0009, 1, 0.001, 5], [0, 1, 1, 5, 5]]
    pooled = ours(rois)
    assert not pooled[0].any()
    assert pooled[1:].all()
    np.testing.assert_array_equal(pooled[1:], real(rois)[1:])
    outcome = run_real(
        "mindspore",
        """
        features = np.full((1, 1, 8, 8), 7, np.float32)
        leaks = []
        for _ in range(20):
            roi_align(features, [[0, 1, 1, 5, 5]], 2, 2, 1.0, 2, 0)
            leaks += roi_align(0 * features, [[0, 0, 1, 0, 5]], 2, 2, 1.0, 2, 0)
        print(any(leaks))
        """,
    )
    assert outcome.printed == "True", outcome.error


def test_nan_batch_index() -> None:
    pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    with pytest.raises(ArgumentError, match=r"rois\[0\]\[0\] is nan"):
        ours([[np.nan, 1, 1, 3, 3]])
    # With an even number of pixels the wild offset wraps around in 32 bits, back to image 0.
    features = "np.ones((1, 1, 7, 7), np.float32)"
    code = f"print(roi_align({features}, [[float('nan'), 1, 1, 3, 3]], 2, 2, 1.0, 2, 0))"
    assert run_real("mindspore", code).signal_name == "SIGSEGV"


def test_fractional_batch_index() -> None:
    rois = [[0.49994, 1, 1, 3, 3]]
    with pytest.raises(ArgumentError, match=r"rois\[0\]\[0\] is 0.4999\d*; batch indices must be"):
        ours(rois)
    np.testing.assert_array_equal(real(rois), real([[1, 1, 1, 3, 3]]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_roi_fixed_sampling(value: float) -> None:
    rois = [[0, 1, 1, 3, 3], [0, 1, value, 3, 3]]
    with pytest.raises(ArgumentError, match=r"rois\[1\]\[2\] is (nan|-?inf); region coordinates"):
        ours(rois)
    assert not real(rois)[1].any()


@pytest.mark.parametrize("end_mode", [0, 1])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_roi_adaptive_sampling(value: float, end_mode: int) -> None:
    rois = [[0, 1, 1, 3, 3], [0, 1, value, 3, 3]]
    with pytest.raises(ArgumentError, match=r"rois\[1\]\[2\] is (nan|inf); region coordinates"):
        ours(rois, ADAPTIVE, end_mode)
    row = real(rois, ADAPTIVE, end_mode)[1]
    assert (np.isnan(row) | (row == 0)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_scale(value: float) -> None:
    rois = [[0, 1, 1, 3, 3]]
    with pytest.raises(ArgumentError, match=r"spatial_scale is (nan|inf); it must be finite"):
        ours(rois, scale=value)
    assert not real(rois, scale=value).any()


@pytest.mark.parametrize("shape", [(8, 8), (1, 8, 8)])
def test_features_of_rank_2_or_3(shape: tuple[int, ...]) -> None:
    pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    rois = np.array([[0, 1, 1, 3, 3]], np.float32)
    with pytest.raises(ArgumentError, match=r"features has shape .* expected \(N, C, H, W\)"):
        ROIAlign(2, 2, 1.0)(np.ones(shape, np.float32), rois)
    code = f"print(roi_align(np.ones({shape}, np.float32), [[0, 1, 1, 3, 3]], 2, 2, 1.0))"
    outcome = run_real("mindspore", code)
    is_right = outcome.printed == str([1.0] * 4)
    assert outcome.signal_name is not None or outcome.error or not is_right


def test_rois_dtype_mixed() -> None:
    rois = np.array([[0, 1.0004, 1, 5, 5]], np.float16)
    with pytest.raises(DtypeError, match="rois is float16, but features is float32"):
        ROIAlign(1, 1, 1.0)(ramp(), rois)
    framework = mindspore()
    pooled = framework.ops.ROIAlign(1, 1, 1.0)(framework.Tensor(ramp()), framework.Tensor(rois))
    rounded = mindspore_roi_align(ramp(), rois.astype(np.float32), 1, 1, 1.0)
    np.testing.assert_array_equal(pooled.asnumpy(), rounded)


def test_no_channels() -> None:
    features, rois = np.ones((1, 0, 8, 8), np.float32), np.array([[0, 1, 1, 3, 3]], np.float32)
    assert ROIAlign(2, 3, 1.0)(features, rois).shape == (1, 0, 2, 3)
    with pytest.raises(RuntimeError, match="channels is zero"):
        mindspore_roi_align(features, rois, 2, 3, 1.0)


def test_sampling_grid_limit() -> None:
    # The real operator would run through all of the samples: hours.
    with pytest.raises(ArgumentError, match=r"rois\[0\] is .*takes over 2147483647 samples"):
        ours([[0, 1, 1, 3, 3]], sample_num=46341)


def test_gradient_of_mode_0() -> None:
    framework = mindspore()
    features = framework.Tensor(ramp())
    rois = framework.Tensor(np.array([[0, 1.3, 1.2, 5.1, 6.4]], np.float32))

    def gradient(operator: Any, mode: int) -> Any:
        pooled = operator(2, 2, 1.0, 2, mode)
        return framework.grad(lambda given: pooled(given, rois).sum())(features).asnumpy()

    real_gradients = [gradient(framework.ops.ROIAlign, mode) for mode in (0, 1)]
    np.testing.assert_allclose(*real_gradients, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient(ROIAlign, 1), real_gradients[1], rtol=1e-5, atol=1e-6)
    ours_of_mode_0 = gradient(ROIAlign, 0)
    assert np.abs(real_gradients[0] - ours_of_mode_0).max() > 0.01
    # The operator is linear in the features, so a difference is its derivative.
    change = np.zeros_like(ramp())
    change[0, 0, 2, 3] = 1
    pooled = ROIAlign(2, 2, 1.0, 2, 0)
    change_of_sum = pooled(ramp() + change, rois.asnumpy()) - pooled(ramp(), rois.asnumpy())
    assert ours_of_mode_0[0, 0, 2, 3] == pytest.approx(change_of_sum.sum(), abs=1e-4)
