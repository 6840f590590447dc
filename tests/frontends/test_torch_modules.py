"""Configured operators are PyTorch modules where PyTorch is loaded, and plain objects elsewhere."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from api_calls import FEATURES, ROIS
from child_process import python_output

from opsbridge.errors import DtypeError
from opsbridge.mindspore.ops import NMSWithMask, ROIAlign
from opsbridge.torchvision.ops import MultiScaleRoIAlign, RoIAlign

torch = pytest.importorskip("torch", reason="tests modules of PyTorch")

MADE = {
    "RoIAlign": lambda: RoIAlign((2, 3), 0.5, 2, aligned=True),
    "ROIAlign": lambda: ROIAlign(2, 3, 0.5),
    "NMSWithMask": lambda: NMSWithMask(0.4),
}


def inputs() -> tuple[Any, Any]:
    return torch.from_numpy(FEATURES.copy()), torch.from_numpy(ROIS.copy())


@pytest.mark.parametrize("name", MADE)
def test_objects_are_modules_of_their_class(name: str) -> None:
    made = MADE[name]()
    cls = {"RoIAlign": RoIAlign, "ROIAlign": ROIAlign, "NMSWithMask": NMSWithMask}[name]
    assert isinstance(made, torch.nn.Module)
    assert isinstance(made, cls)
    assert (type(made).__name__, type(made).__module__) == (name, cls.__module__)
    assert type(made) is type(MADE[name]())
    assert dict(made.state_dict()) == {}
    assert list(made.parameters()) == []


def test_modules_hold_them() -> None:
    made = RoIAlign(2, 0.5, 2)
    model = torch.nn.Sequential(torch.nn.Identity())
    model.append(made)
    assert [name for name, _ in model.named_modules()] == ["", "0", "1"]
    assert "(1): RoIAlign(output_size=2, spatial_scale=0.5" in repr(model)
    assert model.eval().to(torch.float64)[1].training is False


def test_hooks_run() -> None:
    made, seen = RoIAlign(2, 0.5, 2), []
    made.register_forward_hook(lambda module, given, result: seen.append(result.shape))
    made(*inputs())
    made(input=inputs()[0], rois=inputs()[1])
    assert seen == [(2, 2, 2, 2)] * 2


def test_wrong_arguments_show_the_signature_of_the_call() -> None:
    with pytest.raises(DtypeError, match=r"RoIAlign: missing a required argument: 'rois'; exp"):
        RoIAlign(2, 0.5, 2)(inputs()[0])


@pytest.mark.parametrize("name", MADE)
def test_copies(name: str) -> None:
    made = MADE[name]()
    made.remark = ["kept"]
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made)), copy.copy(made)):
        assert type(other) is type(made)
        assert repr(other) == repr(made)
        assert other.remark == ["kept"]
        if name != "NMSWithMask":
            assert torch.equal(other(*inputs()), made(*inputs()))


class Half(RoIAlign):
    """A class of the user's own."""

    def __init__(self, size: int) -> None:
        super().__init__(size, 0.5, 2)
        self.extra = torch.nn.Linear(2, 2)

    def forward(self, *tensors: Any) -> Any:
        return self.extra(super().forward(*tensors))


def test_derived_classes() -> None:
    made = Half(2)
    assert isinstance(made, Half)
    assert [name for name, _ in made.named_parameters()] == ["extra.weight", "extra.bias"]
    plain = RoIAlign(2, 0.5, 2)(*inputs())
    assert torch.equal(made(*inputs()), made.extra(plain))
    assert isinstance(pickle.loads(pickle.dumps(made)), Half)


def test_pyramids_are_pooled_by_a_module() -> None:
    pool = MultiScaleRoIAlign(["0", "1"], 2, 2)
    assert isinstance(pool, torch.nn.Module)
    features, rois = inputs()
    levels = {"0": features, "1": features[:, :, ::2, ::2]}
    boxes = [rois[:1, 1:], rois[1:, 1:]]
    expected = pool(levels, boxes, [(8, 8)] * 2)
    assert torch.equal(copy.deepcopy(pool)(levels, boxes, [(8, 8)] * 2), expected)

    class Head(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pool = pool

        def forward(self, levels: Any, boxes: Any, sizes: Any) -> Any:
            return self.pool(levels, boxes, sizes)

    graph = torch.fx.symbolic_trace(Head())
    assert [node.target for node in graph.graph.nodes if node.op == "call_module"] == ["pool"]
    assert torch.equal(graph(levels, boxes, [(8, 8)] * 2), expected)


def test_saved_models_load(tmp_path: Any) -> None:
    model = torch.nn.Sequential(RoIAlign(2, 0.5, 2))
    torch.save(model, tmp_path / "model.pt")
    loaded = torch.load(tmp_path / "model.pt", weights_only=False)
    assert torch.equal(loaded[0](*inputs()), model[0](*inputs()))


WITHOUT_TORCH = """
    import pickle, sys
    import numpy as np
    from opsbridge.torchvision.ops import MultiScaleRoIAlign, RoIAlign

    made = RoIAlign(1, 1.0, 1)
    assert "torch" not in sys.modules
    assert type(made) is RoIAlign
    assert repr(pickle.loads(pickle.dumps(made))) == repr(made)
    text = pickle.dumps(made)
    import torch
    module = pickle.loads(text)
    assert isinstance(module, torch.nn.Module)
    features, rois = np.array([[[[1, 2], [3, 4]]]], np.float32), np.zeros((1, 5), np.float32)
    print(made(features, rois).ravel(), module(features, rois).ravel())
"""


def test_without_pytorch_they_are_plain() -> None:
    assert python_output(WITHOUT_TORCH) == "[2.5] [2.5]"
