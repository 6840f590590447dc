"""Every API in PyTorch's graphs: compiled, exported, traced, scripted, batched, differentiated."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from api_calls import APIS, BOXES, FEATURES, ROIS, SCORES, ApiCall
from child_process import python_output
from direct_calls import forget_direct_calls

from opsbridge.errors import OpsbridgeError
from opsbridge.mindspore.ops import NMSWithMask
from opsbridge.mmcv.ops import bbox_overlaps
from opsbridge.torchvision import ops
from opsbridge.torchvision.ops import RoIAlign, nms, roi_align

torch = pytest.importorskip("torch", reason="tests graphs of PyTorch")

REGIONS = ("roi_align", "RoIAlign", "ROIAlign")


def tensors(called: ApiCall) -> dict[str, Any]:
    """The API's tensors as PyTorch's."""
    return {name: torch.from_numpy(array.copy()) for name, array in called.tensors.items()}


def same(one: Any, other: Any) -> bool:
    """Equal tensors, or tuples of them."""
    if isinstance(one, torch.Tensor):
        return bool(torch.equal(one, other))
    return all(map(same, one, other))


@pytest.mark.parametrize("name", APIS)
def test_registered_operators_keep_their_promises(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opsbridge.frameworks import torch as layer

    forget_direct_calls()
    monkeypatch.setattr(layer, "_is_recorded", lambda tensors: True)
    monkeypatch.setattr(layer, "run_recorded", check := OperatorCheck())
    APIS[name].call(**tensors(APIS[name]), **APIS[name].settings)
    assert check.calls == 1


class OperatorCheck:
    """In place of a recorded call: `opcheck` on the operator with the call's arguments."""

    calls = 0

    def __call__(self, operator: Any, arguments: dict[str, Any]) -> tuple[Any, ...]:
        outputs = arguments.pop("outputs")
        travelling = {
            "rule": arguments.pop("rule").word,
            "caller": arguments.pop("caller").text,
            "outputs": [name for name, _ in outputs],
            "dtypes": [dtype for _, dtype in outputs],
        }
        packet = getattr(torch.ops.opsbridge, operator.name)
        names = [each.name for each in packet.default._schema.arguments if not each.kwarg_only]
        given = tuple(arguments.get(name) for name in names)
        torch.library.opcheck(packet.default, given, travelling)
        self.calls += 1
        return tuple(packet(*given, **travelling))


@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
@pytest.mark.parametrize("name", APIS)
def test_one_graph_serves_every_number_of_boxes(name: str, backend: str) -> None:
    torch._dynamo.reset()
    called = APIS[name]
    rows = [each for each in called.tensors if each in ("boxes", "bboxes", "rois")]
    compiles = 0

    def counting(graph: Any, inputs: Any) -> Any:
        nonlocal compiles
        compiles += 1
        return torch._dynamo.lookup_backend(backend)(graph, inputs)

    def call(**given: Any) -> Any:
        return called.call(**given, **called.settings)

    given = tensors(called)
    call(**given)  # the first call of a process loads things, which a graph would notice
    compiled = torch.compile(call, fullgraph=True, backend=counting, dynamic=True)
    counted = []
    for times in (3, 5, 8):  # no size of the first call is another one's by chance
        more = given | {each: given[each].repeat(times, 1) for each in rows}
        if name == "nms":
            more["scores"] = given["scores"].repeat(times)
        assert same(compiled(**more), call(**more))
        counted.append(compiles)
    assert len(set(counted)) == 1


@pytest.mark.parametrize("name", REGIONS[:2])
def test_lists_of_boxes_are_compiled(name: str) -> None:
    torch._dynamo.reset()
    features = torch.from_numpy(FEATURES.copy())
    boxes = [torch.from_numpy(ROIS[:1, 1:].copy()), torch.from_numpy(ROIS[1:, 1:].copy())]
    call = (lambda f, b: roi_align(f, b, 2)) if name == "roi_align" else RoIAlign(2, 1.0, -1)
    compiled = torch.compile(call, fullgraph=True, backend="aot_eager", dynamic=True)
    assert same(compiled(features, boxes), call(features, boxes))
    longer = [boxes[0].repeat(3, 1), boxes[1]]
    assert same(compiled(features, longer), call(features, longer))


def test_a_refusal_in_a_compiled_call_names_the_row_of_the_joined_lists() -> None:
    torch._dynamo.reset()
    features = torch.from_numpy(FEATURES.copy())
    boxes = torch.from_numpy(ROIS[:, 1:].copy())
    wrong = boxes.clone()
    wrong[1, 2] = torch.nan
    compiled = torch.compile(
        lambda f, a, b: roi_align(f, [a, b], 2), fullgraph=True, backend="eager"
    )
    with pytest.raises(OpsbridgeError, match=r"^roi_align: cat\(boxes\)\[3\]\[2\] is nan"):
        compiled(features, boxes, wrong)


def test_an_exported_program_is_saved_with_a_free_number_of_boxes() -> None:
    class Suppress(torch.nn.Module):
        def forward(self, boxes: Any, scores: Any, features: Any, rois: Any) -> Any:
            keep = nms(boxes, scores, 0.4)
            return boxes[keep], roi_align(features, rois, 2)

    given = [torch.from_numpy(array.copy()) for array in (BOXES, SCORES, FEATURES, ROIS)]
    count, regions = torch.export.Dim("count", min=2), torch.export.Dim("regions", min=2)
    shapes = ({0: count}, {0: count}, None, {0: regions})
    program = torch.export.export(Suppress(), tuple(given), dynamic_shapes=shapes)
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    loaded = torch.export.load(file).module()
    more = [given[0].repeat(3, 1), torch.rand(9), given[2], given[3].repeat(4, 1)]
    for arguments in (given, more):
        assert same(loaded(*arguments), Suppress()(*arguments))


class Head(torch.nn.Module):
    """A model that holds a configured operator and calls a function."""

    def __init__(self) -> None:
        super().__init__()
        self.align = RoIAlign(output_size=[2, 2], spatial_scale=0.5, sampling_ratio=2)

    def forward(self, features: Any, rois: Any, boxes: Any, scores: Any) -> Any:
        return self.align(features, rois), nms(boxes, scores, 0.4), roi_align(features, rois, 2)


HEAD_INPUTS = [torch.from_numpy(array.copy()) for array in (FEATURES, ROIS, BOXES, SCORES)]


def test_fx_keeps_calls_whole() -> None:
    graph = torch.fx.symbolic_trace(Head())
    calls = [(node.op, node.target) for node in graph.graph.nodes if node.op.startswith("call")]
    assert calls == [
        ("call_module", "align"),
        ("call_function", nms),
        ("call_function", roi_align),
    ]
    assert same(graph(*HEAD_INPUTS), Head()(*HEAD_INPUTS))


def test_fx_traces_a_configured_operator_by_itself() -> None:
    operator = RoIAlign((2, 1), 0.5, 2, aligned=True)
    graph = torch.fx.symbolic_trace(operator)
    assert [node.name for node in graph.graph.nodes][:2] == ["input_1", "rois"]
    assert len(graph.graph.nodes) == 4
    assert same(graph(*HEAD_INPUTS[:2]), operator(*HEAD_INPUTS[:2]))


def test_fx_traces_a_function_by_itself() -> None:
    graph = torch.fx.symbolic_trace(nms, concrete_args={"iou_threshold": 0.4})
    assert graph(*HEAD_INPUTS[2:], 0.4).tolist() == [0, 2]


def test_scripted_modules_take_tensors_and_lists() -> None:
    operator = RoIAlign(2, 0.5, 2)
    scripted = torch.jit.script(operator)
    features, rois = HEAD_INPUTS[:2]
    assert same(scripted(features, rois), operator(features, rois))
    listed = [rois[:1, 1:], rois[1:, 1:]]
    assert same(scripted(features, listed), operator(features, listed))


class ScriptedHead(Head):
    """The model with the types that TorchScript wants."""

    def forward(
        self,
        features: torch.Tensor,
        rois: torch.Tensor,
        boxes: torch.Tensor,
        scores: torch.Tensor,
    ) -> Any:
        return self.align(features, rois), nms(boxes, scores, 0.4), roi_align(features, rois, 2)


def test_scripted_models_are_saved_and_loaded(tmp_path: Any) -> None:
    scripted = torch.jit.script(ScriptedHead())
    assert same(scripted(*HEAD_INPUTS), Head()(*HEAD_INPUTS))
    file = tmp_path / "head.pt"
    scripted.save(file)
    assert same(torch.jit.load(file)(*HEAD_INPUTS), Head()(*HEAD_INPUTS))
    assert python_output(LOAD_ELSEWHERE, str(file)) == "[0, 2]"


LOAD_ELSEWHERE = """
    import sys
    import torch
    import opsbridge.torchvision.scripted

    boxes = torch.tensor([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2.0, 2]])
    scores = torch.tensor([0.8, 0.7, 0.6])
    head = torch.jit.load(sys.argv[1])
    print(head(torch.zeros(1, 1, 4, 4), torch.zeros(2, 5), boxes, scores)[1].tolist())
"""

SCRIPTED_BEFORE_TORCH = """
    from opsbridge.torchvision.ops import nms
    import torch

    boxes = torch.tensor([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2.0, 2]])
    print(torch.jit.script(nms)(boxes, torch.tensor([0.8, 0.7, 0.6]), 0.4).tolist())
"""


def test_functions_are_scripted_whatever_was_imported_first() -> None:
    assert python_output(SCRIPTED_BEFORE_TORCH) == "[0, 2]"


@pytest.mark.parametrize("name", [each for each in ops.__all__ if each.islower()])
def test_scripted_functions_have_the_signature_of_the_table(name: str) -> None:
    function = getattr(ops, name)
    schema = torch.jit.script(function).schema
    parameters = function.__signature__.parameters.values()
    real = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert [argument.name for argument in schema.arguments] == [each.name for each in real]
    for argument, parameter in zip(schema.arguments, real, strict=True):
        assert argument.has_default_value() == (parameter.default is not parameter.empty)
        if argument.has_default_value():
            assert argument.default_value == parameter.default


SCRIPTED_BOXES = {
    "batched_nms": (*HEAD_INPUTS[2:], torch.tensor([0, 1, 0]), 0.4),
    "box_area": (HEAD_INPUTS[2], "cxcywh"),
    "box_convert": (HEAD_INPUTS[2], "cxcywh", "xywh"),
    "box_iou": (HEAD_INPUTS[2], HEAD_INPUTS[2] + 1, "xywh"),
    "clip_boxes_to_image": (HEAD_INPUTS[2], (2, 3)),
    "complete_box_iou": (HEAD_INPUTS[2], HEAD_INPUTS[2] + 1, 1e-3),
    "distance_box_iou": (HEAD_INPUTS[2], HEAD_INPUTS[2] + 1),
    "generalized_box_iou": (HEAD_INPUTS[2], HEAD_INPUTS[2] + 1),
    "masks_to_boxes": (HEAD_INPUTS[0][0] > 0,),
    "remove_small_boxes": (HEAD_INPUTS[2], 3.0),
}


@pytest.mark.parametrize("name", SCRIPTED_BOXES)
def test_scripted_box_functions_are_the_eager_ones(name: str) -> None:
    function, given = getattr(ops, name), SCRIPTED_BOXES[name]
    assert same(torch.jit.script(function)(*given), function(*given))
    if name != "masks_to_boxes":  # the real one has no scripted form
        assert same(torch.jit.script(getattr(torchvision_ops(), name))(*given), function(*given))


def torchvision_ops() -> Any:
    return pytest.importorskip("torchvision", reason="compares with the real torchvision").ops


def test_scripted_gradients_and_errors() -> None:
    scripted = torch.jit.script(RoIAlign(2, 1.0, 2))
    features, rois = HEAD_INPUTS[:2]
    assert scripted(features.clone().requires_grad_(), rois).requires_grad
    with pytest.raises(RuntimeError, match=r"RoIAlign: rois has shape \(2, 4\); expected"):
        scripted(features, rois[:, 1:])


def test_what_has_no_scripted_form_says_so() -> None:
    with pytest.raises(OpsbridgeError, match="NMSWithMask: TorchScript has no form of it"):
        torch.jit.script(NMSWithMask(0.5))
    with pytest.raises(OpsbridgeError, match="bbox_overlaps: TorchScript has no form of it"):
        torch.jit.script(bbox_overlaps)


@pytest.mark.parametrize("name", APIS)
def test_vmap_is_a_loop(name: str) -> None:
    called = APIS[name]
    given = tensors(called)
    moved = next(iter(given))
    values = torch.stack([given[moved], given[moved] / 2])

    def call(value: Any) -> Any:
        return called.call(**given | {moved: value}, **called.settings)

    batched = torch.func.vmap(call)(values)
    one_by_one = [call(value) for value in values]
    if isinstance(batched, torch.Tensor):
        assert same(batched, torch.stack(one_by_one))
    else:
        assert same(batched, [torch.stack(each) for each in zip(*one_by_one, strict=True)])


def test_vmap_refuses_results_of_different_lengths() -> None:
    apart = torch.from_numpy(BOXES + np.arange(3, dtype=np.float32)[:, None] * 10)
    values = torch.stack([torch.from_numpy(BOXES.copy()), apart])
    with pytest.raises(OpsbridgeError, match=r"^nms: keep has 2 to 3 entries within one batch"):
        torch.func.vmap(lambda boxes: nms(boxes, torch.from_numpy(SCORES.copy()), 0.4))(values)


def _pool(features: Any) -> Any:
    return roi_align(features, torch.from_numpy(ROIS.copy()), 2, sampling_ratio=2).sum()


FORWARD_MODE = {
    "jvp": lambda f: torch.func.jvp(_pool, (f,), (f,)),
    "jacfwd": lambda f: torch.func.jacfwd(_pool)(f),
    "jvp of vmap": lambda f: torch.func.jvp(
        torch.func.vmap(_pool), (torch.stack([f, f]),), (torch.stack([f, f]),)
    ),
    "dual numbers": lambda f: _dual(f),
}


def _dual(features: Any) -> Any:
    from torch.autograd import forward_ad

    with forward_ad.dual_level():
        return _pool(forward_ad.make_dual(features, features))


@pytest.mark.parametrize("mode", FORWARD_MODE)
def test_forward_mode_derivatives_are_refused_not_zero(mode: str) -> None:
    with pytest.raises(OpsbridgeError, match=r"^roi_align: there is no forward-mode derivative"):
        FORWARD_MODE[mode](torch.from_numpy(FEATURES.copy()))


def test_second_derivatives_are_refused_in_the_words_of_torchs_errors() -> None:
    features = torch.from_numpy(FEATURES.copy()).requires_grad_()
    (gradient,) = torch.autograd.grad(_pool(features) ** 2, features, create_graph=True)
    with pytest.raises(RuntimeError, match=r"^roi_align: there is no second derivative$"):
        torch.autograd.grad(gradient.sum(), features)


def test_indices_have_no_derivative_to_refuse() -> None:
    boxes, scores = torch.from_numpy(BOXES.copy()), torch.from_numpy(SCORES.copy())
    keep, tangent = torch.func.jvp(lambda b: nms(b, scores, 0.4) * 1.0, (boxes,), (boxes,))
    assert keep.tolist() == [0, 2]
    assert not tangent.any()
