"""Arguments that nobody passes by mistake: an error or a right answer, never a dead process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from child_process import python_output
from framework_tensors import framework

from opsbridge.errors import DtypeError, OpsbridgeError
from opsbridge.mindspore.ops import NMSWithMask, ROIAlign
from opsbridge.torchvision.ops import nms, roi_align

BOXES = np.array([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2, 2]], np.float32)
SCORES = np.array([0.8, 0.7, 0.6], np.float32)
FEATURES = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
ROIS = np.array([[0, 0, 0, 2, 2]], np.float32)

# What every attack in a process of its own begins with.
PRELUDE = """
import numpy as np
from numpy.lib.stride_tricks import as_strided
from opsbridge.errors import OpsbridgeError
from opsbridge.mindspore.ops import NMSWithMask, ROIAlign
from opsbridge.torchvision.ops import nms, roi_align

BOXES = np.array([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2, 2]], np.float32)
SCORES = np.array([0.8, 0.7, 0.6], np.float32)
FEATURES = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
ROIS = np.array([[0, 0, 0, 2, 2]], np.float32)
"""


class Liar:
    """Says that it is a tensor in memory it does not own."""

    shape = (3, 4)
    dtype = np.dtype(np.float32)
    __array_interface__ = {"shape": (3, 4), "typestr": "<f4", "data": (64, False), "version": 3}  # noqa: RUF012

    def __dlpack__(self, **options: Any) -> Any:
        raise AssertionError("nobody may ask")

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise AssertionError("nobody may ask")


class Impostor:
    """Says that it comes from NumPy."""

    __module__ = "numpy"


class LyingSubclass(np.ndarray[Any, Any]):
    """An array whose Python side does not tell the truth about its memory."""

    @property
    def __array_interface__(self) -> dict[str, Any]:  # type: ignore[override]
        raise AssertionError("not asked for an ordinary array")

    def __dlpack__(self, **options: Any) -> Any:
        raise BufferError("no capsule")


@pytest.mark.parametrize(
    "value",
    [Liar(), Impostor(), Liar, object(), 3, b"boxes", {}],
    ids=lambda value: type(value).__name__,  # no address: the names are the same in every process
)
def test_only_tensors_are_tensors(value: Any) -> None:
    for call in (
        lambda: nms(value, SCORES, 0.5),
        lambda: nms(BOXES, value, 0.5),
        lambda: NMSWithMask(0.5)(value),
        lambda: roi_align(value, ROIS, 1),
        lambda: roi_align(FEATURES, value, 1),
        lambda: roi_align(FEATURES, [value], 1),
        lambda: ROIAlign(1, 1, 1.0)(FEATURES, value),
    ):
        with pytest.raises(DtypeError, match="expected a tensor"):
            call()


def test_a_subclass_that_refuses_its_capsule_is_an_error_or_right() -> None:
    try:
        keep = nms(BOXES.view(LyingSubclass), SCORES, 0.4)
    except (BufferError, TypeError):
        return
    assert keep.tolist() == [0, 2]


def test_subclasses_of_arrays() -> None:
    matrix = np.asmatrix(BOXES)
    assert nms(matrix, SCORES, 0.4).tolist() == [0, 2]
    assert nms(BOXES.view(np.recarray), SCORES, 0.4).tolist() == [0, 2]


def test_masked_elements_are_not_read_as_numbers() -> None:
    nothing_masked = np.ma.masked_array(BOXES)
    one_masked = np.ma.masked_array(SCORES, mask=[True, False, False])
    with pytest.raises(OpsbridgeError, match="Masked"):
        nms(nothing_masked, one_masked, 0.4)


def test_arrays_in_files(tmp_path: Any) -> None:
    mapped = np.memmap(tmp_path / "boxes", np.float32, "w+", shape=BOXES.shape)
    mapped[:] = BOXES
    assert nms(
        np.memmap(tmp_path / "boxes", np.float32, "r", shape=(3, 4)), SCORES, 0.4
    ).tolist() == [0, 2]


# Each ends well, with an OpsbridgeError or with a MemoryError; a signal fails the test.
IN_A_CHILD: dict[str, str] = {
    "stride of nothing": """
        boxes = as_strided(BOXES, (3000, 4), (0, 0))
        assert nms(boxes, np.zeros(3000, np.float32), 0.5).size == 3000  # areas of 0
    """,
    "features expanded a thousandfold": """
        features = np.broadcast_to(FEATURES, (1000, 1, 4, 4))
        rois = np.array([[999, 0, 0, 2, 2]], np.float32)
        assert np.array_equal(roi_align(features, rois, 2), roi_align(FEATURES, ROIS, 2))
    """,
    "features that claim 2**62 images": """
        features = np.broadcast_to(FEATURES[0], (2**40, 1, 4, 4))
        rois = np.array([[2**39, 0, 0, 2, 2]], np.float32)
        assert np.array_equal(roi_align(features, rois, 2), roi_align(FEATURES, ROIS, 2))
    """,
    "a width of 2**40": """
        features = as_strided(FEATURES, (1, 1, 4, 2**40), (0, 0, 16, 0))
        assert np.isfinite(roi_align(features, ROIS, 2)).all()
        far = np.array([[0, 2**38, 0, 2**39, 2]], np.float32)
        assert np.isfinite(roi_align(features, far, 2, sampling_ratio=2)).all()
    """,
    "no elements and strides that lead nowhere": """
        boxes = as_strided(BOXES, (0, 4), (2**60, 2**60))
        assert nms(boxes, SCORES[:0], 0.5).size == 0
        features = as_strided(FEATURES, (1, 0, 4, 4), (2**60,) * 4)
        assert roi_align(features, ROIS, 2).shape == (1, 0, 2, 2)
    """,
    "regions far outside": """
        for corner in (1e30, -1e30, 3e38, 2.0**63, -(2.0**63), 1e9):
            rois = np.array([[0, corner, 0, corner, 2]], np.float32)
            for ratio in (-1, 1, 2**31 - 1):
                try:
                    roi_align(FEATURES, rois, 1, 1.0, ratio)
                    ROIAlign(1, 1, 1.0, ratio)(FEATURES, rois)
                except OpsbridgeError:
                    pass
    """,
    "batch columns of every kind": """
        for column in (np.nan, np.inf, -np.inf, -1, 1, 2.0**63, -(2.0**63), 1e-45, -1e-45):
            for call in (
                lambda rois: roi_align(FEATURES, rois, 1),
                lambda rois: ROIAlign(1, 1, 1.0)(FEATURES, rois),
            ):
                try:
                    call(np.array([[column, 0, 0, 2, 2]], np.float32))
                except OpsbridgeError:
                    continue
                raise AssertionError(column)
    """,
    "an array that changes during the call": """
        import threading
        boxes = np.random.default_rng(0).uniform(0, 9, (1000, 4)).astype(np.float32)
        scores = np.random.default_rng(1).random(1000).astype(np.float32)
        done = threading.Event()
        def scribble():
            while not done.is_set():
                boxes[:] = np.nan
                scores[:] = scores[::-1].copy()
                scores[::7] = np.nan
        other = threading.Thread(target=scribble)
        other.start()
        try:
            for _ in range(30):
                keep = nms(boxes, scores, 0.5)
                assert keep.size == 0 or 0 <= keep.min() <= keep.max() < 1000
                try:
                    NMSWithMask(0.5)(np.column_stack((boxes, scores)))
                except OpsbridgeError:
                    pass
        finally:
            done.set()
            other.join()
    """,
    "an output larger than memory": """
        try:
            roi_align(FEATURES, np.zeros((1000, 5), np.float32), 2**20)
        except (MemoryError, OpsbridgeError):
            pass
    """,
    "a grid of samples larger than memory": """
        rois = np.array([[0, -20000, -20000, 20000, 20000]], np.float32)  # few lie on the image
        try:
            roi_align(FEATURES, rois, 1, 1.0, 40000)
            ROIAlign(1, 1, 1.0, 46340)(FEATURES, rois)
        except (MemoryError, OpsbridgeError):
            pass
    """,
    "memory of another thing": """
        memory = bytearray(64)
        boxes = np.frombuffer(memory, np.float32).reshape(4, 4)
        assert nms(boxes, np.zeros(4, np.float32), 0.5).size == 4
        frozen = np.frombuffer(bytes(64), np.float32).reshape(4, 4)
        assert nms(frozen, np.zeros(4, np.float32), 0.5).size == 4
    """,
}


@pytest.mark.parametrize("attack", IN_A_CHILD)
def test_the_process_survives(attack: str) -> None:
    python_output(PRELUDE + _flush_left(IN_A_CHILD[attack]), seconds=120)


TORCH_IN_A_CHILD: dict[str, str] = {
    "expanded to 2**40 rows of nothing": """
        features = torch.zeros(1, 1, 4, 4).expand(2**40, 1, 4, 4)
        assert roi_align(features, torch.tensor([[2.0**39, 0, 0, 2, 2]]), 2).abs().sum() == 0
    """,
    "fake tensors": """
        from torch._subclasses import FakeTensorMode
        with FakeTensorMode() as mode:
            fake = mode.from_tensor(torch.ones(3, 4)), mode.from_tensor(torch.ones(3))
        for call in (lambda: nms(*fake, 0.5), lambda: NMSWithMask(0.5)(fake[0].new_empty(3, 5))):
            try:
                call()
            except RuntimeError:
                pass
    """,
    "tensors of other layouts": """
        ones = torch.ones(3, 4)
        for boxes in (
            ones.to_sparse(),
            ones.to_sparse_csr(),
            ones.to_mkldnn(),
            ones.to("meta"),
            torch.quantize_per_tensor(ones, 1.0, 0, torch.quint8),
            torch.nested.nested_tensor([ones, ones[:2]]),
        ):
            try:
                nms(boxes, torch.ones(3), 0.5)
            except (OpsbridgeError, RuntimeError):
                continue
            raise AssertionError(boxes)
    """,
}


@pytest.mark.parametrize("attack", TORCH_IN_A_CHILD)
def test_the_process_survives_torch_tensors(attack: str) -> None:
    framework("torch")
    python_output("import torch\n" + PRELUDE + _flush_left(TORCH_IN_A_CHILD[attack]), seconds=120)


def _flush_left(code: str) -> str:
    return "\n".join(line[8:] for line in code.splitlines())
