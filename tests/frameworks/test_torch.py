"""PyTorch's ways of running: eager, without gradients, faked, compiled, exported."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from child_process import python_output

from opsbridge.core import OPERATORS
from opsbridge.core.checks import Caller
from opsbridge.core.nms import NmsRule
from opsbridge.core.roi_align import RoiAlignRule
from opsbridge.errors import OpsbridgeError
from opsbridge.frameworks import layer_of
from opsbridge.mindspore.ops import NMSWithMask, ROIAlign
from opsbridge.torchvision.ops import RoIAlign, nms, roi_align

torch = pytest.importorskip("torch", reason="tests the layer of torch tensors")

KEEP = [0, 2]


@pytest.fixture
def boxes() -> Any:
    return torch.tensor([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2.0, 2]])


@pytest.fixture
def scores() -> Any:
    return torch.tensor([0.8, 0.7, 0.6])


@pytest.fixture
def features() -> Any:
    return torch.arange(32.0).reshape(1, 2, 4, 4)


@pytest.fixture
def rois() -> Any:
    return torch.tensor([[0, 0, 0, 2.0, 2], [0, 1, 1, 3, 3]])


def test_indices_have_no_gradient(boxes: Any, scores: Any) -> None:
    keep = nms(boxes.requires_grad_(), scores.requires_grad_(), 0.4)
    assert keep.tolist() == KEEP
    assert not keep.requires_grad


def test_a_gradient_is_right_or_refused_and_never_cut(features: Any, rois: Any) -> None:
    features = features.double().requires_grad_()
    pooled = roi_align(features, rois.double(), 2, sampling_ratio=2, aligned=True)
    assert pooled.requires_grad
    if OPERATORS["roi_align"].backward is None:
        with pytest.raises(OpsbridgeError, match="there is no gradient"):
            pooled.sum().backward()
        return
    assert torch.autograd.gradcheck(
        lambda given: roi_align(given, rois.double(), 2, sampling_ratio=2), (features,)
    )


@pytest.mark.parametrize("transform", ["grad", "vjp", "jacrev", "jacfwd", "jvp"])
def test_function_transforms_never_give_a_zero_gradient(
    transform: str, features: Any, rois: Any
) -> None:
    def pool(given: Any) -> Any:
        return roi_align(given, rois, 2, sampling_ratio=2).sum()

    def derive() -> Any:
        if transform == "vjp":
            return torch.func.vjp(pool, features)[1](torch.tensor(1.0))[0]
        if transform == "jvp":
            return torch.func.jvp(pool, (features,), (torch.ones_like(features),))[1]
        return getattr(torch.func, transform)(pool)(features)

    try:
        derived = derive()
    except (RuntimeError, NotImplementedError, OpsbridgeError):
        return  # said plainly
    assert derived.abs().sum() > 0


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_modes_without_gradients(
    mode: Any, boxes: Any, scores: Any, features: Any, rois: Any
) -> None:
    with mode():
        assert nms(boxes, scores, 0.4).tolist() == KEEP
        assert not roi_align(features.requires_grad_(), rois, 2).requires_grad
        made_inside = features * 1
        assert roi_align(made_inside, rois * 1, 2).shape == (2, 2, 2, 2)


def test_tensors_made_in_inference_mode(features: Any, rois: Any) -> None:
    with torch.inference_mode():
        inside = features * 1
    assert torch.equal(roi_align(inside, rois, 2), roi_align(features, rois, 2))


class Subclass(torch.Tensor):
    """A tensor of the user's own class."""


def test_subclasses_and_parameters(boxes: Any, scores: Any, features: Any, rois: Any) -> None:
    assert nms(torch.nn.Parameter(boxes), scores, 0.4).tolist() == KEEP
    assert nms(boxes.as_subclass(Subclass), scores, 0.4).tolist() == KEEP
    pooled = roi_align(features.as_subclass(Subclass), rois, 2)
    assert torch.equal(torch.Tensor(pooled), roi_align(features, rois, 2))
    assert layer_of(boxes.as_subclass(Subclass)) is layer_of(boxes)


def test_lazily_negated_and_conjugated_tensors(boxes: Any, scores: Any) -> None:
    negated = torch.complex(torch.zeros_like(boxes), boxes).conj().imag
    assert negated.is_neg()
    assert nms(negated, scores, 0.4).tolist() == nms(negated.clone(), scores, 0.4).tolist()
    other = torch.complex(torch.zeros_like(boxes), -boxes).conj().imag
    assert torch.equal(other, boxes)
    assert nms(other, scores, 0.4).tolist() == KEEP


def test_sparse_and_complex_tensors_are_refused(boxes: Any, scores: Any) -> None:
    with pytest.raises(OpsbridgeError, match=r"^nms: boxes is complex64; allowed: float"):
        nms(boxes.to(torch.complex64), scores, 0.4)
    with pytest.raises(OpsbridgeError, match=r"^nms: boxes is .*sparse"):
        nms(boxes.to_sparse(), scores, 0.4)


def test_autocast_changes_nothing(features: Any, rois: Any) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        pooled = roi_align(features, rois, 2)
    assert torch.equal(pooled, roi_align(features, rois, 2))


def test_fake_tensors_give_fake_results(boxes: Any, scores: Any, features: Any, rois: Any) -> None:
    from torch._subclasses import FakeTensor, FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    with FakeTensorMode(shape_env=ShapeEnv()) as mode:
        fake = [mode.from_tensor(tensor) for tensor in (boxes, scores, features, rois)]
        keep = nms(fake[0], fake[1], 0.4)
        pooled = roi_align(fake[2], fake[3], (2, 1))
    outside = roi_align(fake[2], fake[3], (2, 1))
    for result in (keep, pooled, outside):
        assert isinstance(result, FakeTensor)
    assert (keep.dtype, keep.dim()) == (torch.int64, 1)
    assert (pooled.dtype, tuple(pooled.shape)) == (torch.float32, (2, 2, 2, 1))
    masks = NMSWithMask(0.4)(fake[0].new_empty(7, 5))
    assert [(result.dtype, tuple(result.shape)) for result in masks] == [
        (torch.float32, (7, 5)),
        (torch.int32, (7,)),
        (torch.bool, (7,)),
    ]


NMS_CALL = {
    "rule": NmsRule().word,
    "outputs": ["keep"],
    "dtypes": ["int64"],
    "caller": Caller("nms").text,
}
ROI_ALIGN_CALL = {
    "rule": RoiAlignRule().word,
    "outputs": ["pooled"],
    "dtypes": ["same"],
    "caller": Caller("roi_align").text,
}


def test_registered_operators_keep_their_promises(
    boxes: Any, scores: Any, features: Any, rois: Any
) -> None:
    nms(boxes, scores, 0.4)  # registers them
    operators = torch.ops.opsbridge
    torch.library.opcheck(operators.nms.default, (boxes, scores, 0.4), NMS_CALL)
    torch.library.opcheck(
        operators.roi_align.default, (features, rois, 2, 2, 1.0, 2), ROI_ALIGN_CALL
    )


REGION_ALIGN, REGION_ALIGN_MINDSPORE = RoIAlign(2, 0.5, 2), ROIAlign(2, 2, 1.0)
SUPPRESSION_MASK = NMSWithMask(0.4)

CALLS: dict[str, Any] = {
    "nms": lambda boxes, scores, features, rois: nms(boxes, scores, 0.4),
    "roi_align": lambda boxes, scores, features, rois: roi_align(features, rois, 2),
    "RoIAlign": lambda boxes, scores, features, rois: REGION_ALIGN(features, rois),
    "NMSWithMask": lambda boxes, scores, features, rois: SUPPRESSION_MASK(
        torch.cat([boxes, scores[:, None]], dim=1)
    ),
    "ROIAlign": lambda boxes, scores, features, rois: REGION_ALIGN_MINDSPORE(features, rois),
}


def same(one: Any, other: Any) -> bool:
    """Equal tensors, or tuples of them."""
    if isinstance(one, torch.Tensor):
        return bool(torch.equal(one, other))
    return all(torch.equal(*pair) for pair in zip(one, other, strict=True))


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.parametrize("call", CALLS)
def test_compiled_whole(
    call: str, backend: str, boxes: Any, scores: Any, features: Any, rois: Any
) -> None:
    torch._dynamo.reset()
    given = (boxes, scores, features, rois)
    expected = CALLS[call](*given)
    compiled = torch.compile(CALLS[call], fullgraph=True, backend=backend)
    assert same(compiled(*given), expected)


FIRST_CALL = """
    import sys
    import torch
    from opsbridge.mindspore.ops import NMSWithMask
    from opsbridge.torchvision.ops import nms, roi_align

    mask = NMSWithMask(0.4)
    calls = {
        "nms": lambda: nms(torch.zeros(3, 4), torch.zeros(3), 0.4),
        "roi_align": lambda: roi_align(torch.zeros(1, 1, 4, 4), torch.zeros(2, 5), 2),
        "NMSWithMask": lambda: mask(torch.zeros(3, 5)),
    }
    torch.compile(calls[sys.argv[1]], fullgraph=True, backend="eager")()
"""


@pytest.mark.parametrize("call", ["nms", "roi_align", "NMSWithMask"])
def test_compiled_before_anything_was_called(call: str) -> None:
    python_output(FIRST_CALL, call)


def test_exported_programs_run_with_another_number_of_boxes(boxes: Any, scores: Any) -> None:
    class Suppress(torch.nn.Module):
        def forward(self, boxes: Any, scores: Any) -> Any:
            return nms(boxes, scores, 0.4)

    count = torch.export.Dim("count", min=2)
    shapes = {"boxes": {0: count}, "scores": {0: count}}
    program = torch.export.export(Suppress(), (boxes, scores), dynamic_shapes=shapes)
    more = torch.cat([boxes, boxes + 10]), torch.cat([scores, scores / 2])
    assert program.module()(*more).tolist() == nms(*more, 0.4).tolist()


def test_vmap_gives_what_a_loop_gives_or_says_that_it_cannot(features: Any, rois: Any) -> None:
    batch = torch.stack([features, features * 2])
    try:
        pooled = torch.func.vmap(lambda each: roi_align(each, rois, 2))(batch)
    except RuntimeError:
        return
    assert torch.equal(pooled, torch.stack([roi_align(each, rois, 2) for each in batch]))


def test_modules_can_be_pickled_and_copied() -> None:
    operator = RoIAlign((2, 3), 0.5, 2, aligned=True)
    for other in (pickle.loads(pickle.dumps(operator)), copy.deepcopy(operator)):
        assert repr(other) == repr(operator)


@pytest.mark.parametrize("word", [15, -1, 2**63 - 1])
def test_a_rule_word_that_no_rule_has_is_an_error(word: int, boxes: Any, scores: Any) -> None:
    nms(boxes, scores, 0.4)
    with pytest.raises((IndexError, OpsbridgeError)):
        torch.ops.opsbridge.nms(boxes, scores, 0.4, **NMS_CALL | {"rule": word})
