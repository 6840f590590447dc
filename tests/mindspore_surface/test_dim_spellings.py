"""MindSpore 2's names of axes (`dim`, `keepdim`, `index`) beside those of MindSpore 1."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
mindspore = pytest.importorskip("mindspore", reason="compares with the real MindSpore")

from opsbridge import mindspore as surface  # noqa: E402
from opsbridge.errors import ArgumentError  # noqa: E402

X = np.array([[0, 1, 4], [9, 16, 2.5]], np.float32)
PLACES = np.array([[2], [1]], np.int64)
CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "argmax": lambda ms, x: x.argmax(dim=1),
    "argmin-keepdim": lambda ms, x: x.argmin(dim=0, keepdim=True),
    "argsort": lambda ms, x: x.argsort(dim=1),
    "sort": lambda ms, x: x.sort(dim=1, descending=True),
    "std": lambda ms, x: x.std(dim=1, keepdim=True),
    "split": lambda ms, x: x.split(2, dim=1),
    "max-axis": lambda ms, x: x.max(axis=1),
    "max-dim": lambda ms, x: x.max(dim=1),
    "min-dim": lambda ms, x: x.min(dim=0, keepdim=True),
    "sum-keepdims-by-place": lambda ms, x: x.sum(1, True),
    "gather-axis": lambda ms, x: x.gather(ms.Tensor(np.array([2, 0], np.int32)), 1),
    "gather-dim": lambda ms, x: x.gather(1, ms.Tensor(PLACES)),
    "gather-dim-by-name": lambda ms, x: x.gather(dim=1, index=ms.Tensor(PLACES)),
    "count_nonzero": lambda ms, x: ms.ops.count_nonzero(x),
    "count_nonzero-axis": lambda ms, x: ms.ops.count_nonzero(x, 1, True),
    "clamp": lambda ms, x: x.clamp(min=1, max=4),
    "clip": lambda ms, x: x.clip(min=1, max=4),
    "split-size": lambda ms, x: x.split(split_size=2, dim=1),
    "chunk": lambda ms, x: x.chunk(2, dim=1),
    "index_select": lambda ms, x: x.index_select(dim=1, index=ms.Tensor(PLACES[:, 0])),
    "any": lambda ms, x: (x > 9).any(dim=0, keepdim=True),
    "any-axis": lambda ms, x: (x > 9).any(axis=0, keep_dims=True),
    "approximate_equal": lambda ms, x: x.approximate_equal(other=x + 5e-6, tolerance=1e-6),
    "fliplr": lambda ms, x: ms.ops.fliplr(x),
    "flipud": lambda ms, x: ms.ops.flipud(x),
    "hstack": lambda ms, x: ms.ops.hstack((x, x)),
    "vstack": lambda ms, x: ms.ops.vstack((x, x)),
    "upsample": lambda ms, x: ms.ops.upsample(
        x[None, None], scale_factor=2.0, mode="nearest", recompute_scale_factor=True
    ),
}

BY_NAME: dict[tuple[str, ...], tuple[str, ...]] = {
    ("dim",): ("all", "argmax", "argmin", "argsort", "cumsum", "max", "mean", "min", "prod", "sort",
               "std", "sum"),
    ("dim", "keepdim"): ("all", "argmax", "argmin", "max", "mean", "min", "prod", "std", "sum"),
    ("axis", "keepdims"): ("amax", "amin", "argmax", "argmin", "max", "min", "std", "sum", "var"),
    ("axis", "keep_dims"): ("all", "count_nonzero", "mean"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "given"), [(name, given) for given, names in BY_NAME.items() for name in names]
)
def test_reductions_by_name(name: str, given: tuple[str, ...]) -> None:
    arguments = dict(zip(given, (1, True), strict=False))
    ours, real = (arrays(getattr(ms.Tensor(X), name)(**arguments)) for ms in (surface, mindspore))
    for mine, theirs in zip(ours, real, strict=True):
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_allclose(mine, theirs, rtol=2e-5)


def arrays(result: Any) -> list[np.ndarray[Any, Any]]:
    """All tensors of a result."""
    each = result if isinstance(result, tuple) else (result,)
    return [tensor.asnumpy() for tensor in each]


@pytest.mark.parametrize("name", CALLS)
def test_as_mindspore(name: str) -> None:
    ours, real = (arrays(CALLS[name](ms, ms.Tensor(X))) for ms in (surface, mindspore))
    assert [(each.shape, each.dtype) for each in ours] == [
        (each.shape, each.dtype) for each in real
    ]
    for mine, theirs in zip(ours, real, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-5)


EXTREMES = [
    *("", "1", "-1", "1, True", "1, keepdims=True", "1, keepdim=True", "None", "axis=None"),
    *("(0, 1)", "axis=(0, 1)", "axis=1", "axis=1, keepdims=True", "dim=1, keepdim=True"),
    *("axis=1, return_indices=True", "1, False, return_indices=True", "axis=0, initial=2.5"),
    "1, False",
]


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("given", EXTREMES)
def test_extremes_of_the_version_asked_for(name: str, given: str) -> None:
    def extreme(ms: Any) -> Any:
        return eval(f"x.{name}({given})", {"x": ms.Tensor(X)})

    with surface.as_mindspore(version="2.10"):
        ours = extreme(surface)
    real = extreme(mindspore)
    assert isinstance(ours, tuple) == isinstance(real, tuple)
    for mine, theirs in zip(arrays(ours), arrays(real), strict=True):
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("version", ["1.9", "2.4.1"])
def test_before_2_5_an_axis_without_a_name_gives_values(
    version: str, recwarn: pytest.WarningsRecorder
) -> None:
    with surface.as_mindspore(version=version):
        found = surface.Tensor(X).max(1, True)
    np.testing.assert_array_equal(found.asnumpy(), [[4], [16]])
    assert not recwarn.list


def test_without_a_version_the_same_and_a_warning_at_the_call() -> None:
    with pytest.warns(UserWarning, match=r"Tensor.min\(1\) is taken for axis=1.*dim=1") as seen:
        found = surface.Tensor(X).min(1)
    np.testing.assert_array_equal(found.asnumpy(), [0, 2.5])
    assert seen[0].filename == __file__


REPEATS: list[tuple[tuple[Any, ...], Any]] = [
    ((2, 3), np.tile(X, (2, 3))),
    ((2, 1, 3), np.tile(X, (2, 1, 3))),
    (((1, 2, 1),), np.tile(X, (1, 2, 1))),
]


@pytest.mark.parametrize(("repeats", "expected"), REPEATS)
def test_repeat_takes_a_number_for_each_axis_since_2_6(
    repeats: tuple[Any, ...], expected: Any
) -> None:
    """MindSpore 2.10 has no kernel of it on CPU; this is what its documentation shows."""
    with surface.as_mindspore(version="2.10"):
        found = surface.Tensor(X).repeat(*repeats)
    np.testing.assert_array_equal(found.asnumpy(), expected)


@pytest.mark.parametrize("version", ["2.5", None])
def test_before_2_6_repeat_takes_numbers_and_an_axis(version: str | None) -> None:
    x = surface.Tensor(X)
    calls = [lambda: x.repeat(2, 1), lambda: x.repeat(3), lambda: x.repeat([1, 2], 0)]
    expected = [np.repeat(X, 2, 1), np.repeat(X, 3), np.repeat(X, [1, 2], 0)]
    with surface.as_mindspore(version=version):
        for call, each in zip(calls, expected, strict=True):
            with contextlib.ExitStack() as block:
                if version is None:
                    block.enter_context(pytest.warns(UserWarning, match="numbers are those of"))
                np.testing.assert_array_equal(call().asnumpy(), each)


def test_what_can_mean_one_thing_only_needs_no_version(recwarn: pytest.WarningsRecorder) -> None:
    x = surface.Tensor(X)
    np.testing.assert_array_equal(x.repeat(2, axis=1).asnumpy(), np.repeat(X, 2, 1))
    np.testing.assert_array_equal(x.repeat(1, 2, 2).asnumpy(), np.tile(X, (1, 2, 2)))
    assert not recwarn.list


def test_without_a_version_repeat_warns_at_the_call() -> None:
    with pytest.warns(UserWarning, match=r"Tensor.repeat\(2, 1\) is taken for NumPy's") as seen:
        surface.Tensor(X).repeat(2, 1)
    assert seen[0].filename == __file__


def test_a_version_is_numbers() -> None:
    with pytest.raises(ArgumentError, match="version is 'two'"), surface.as_mindspore("two"):
        pass


def test_a_summary_takes_its_value_and_gives_nothing() -> None:
    assert surface.ops.ScalarSummary()("loss", surface.Tensor(1.0)) is None


@pytest.mark.parametrize("value", [0.0, -3e38, np.nan, np.inf, -np.inf])
def test_the_status_of_a_tensor_says_whether_all_is_finite(value: float) -> None:
    status = surface.ops.FloatStatus()(surface.Tensor(np.array([[1, value]], np.float32)))
    assert (status.shape, status.dtype) == ((1,), surface.float32)
    assert status.asnumpy()[0] == (not np.isfinite(value))
