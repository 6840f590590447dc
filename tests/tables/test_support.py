"""Every cell of the support matrix is true: its calls run, and what it lacks is refused.

Cells of a GPU run where there is one; everywhere, a call for a GPU gets as far as its kernels if,
and only if, the matrix has the cell.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from case_calls import Call, call_for
from direct_calls import forget_direct_calls
from framework_tensors import framework, to_array, to_tensor

from opsbridge.core import OPERATORS, checks, device
from opsbridge.core.native import cuda_library_path
from opsbridge.errors import DerivativeError, DeviceError
from opsbridge.frameworks.gradients import differentiable
from opsbridge.frameworks.numpy import NumpyLayer
from opsbridge.tables.load import all_api_names, load_api, load_core
from opsbridge.tables.schema import ApiTable
from opsbridge.tables.support import (
    Cell,
    CudaSupport,
    Support,
    TensorSupport,
    cells,
    has_cuda,
    support,
)

# A table of what an API does for some argument, and of no API that can be called by itself.
PARTS = {"mmcv.batched.batched_soft_nms"}
APIS = [name for name in all_api_names() if name not in PARTS]
# Graphs and gradients are made per operator, so its last API stands for the others.
FIRST = {load_api(name).core: name for name in APIS}
# Boxes that are returned are rows of the input, whose gradient PyTorch itself knows.
PICKS_ROWS = {"nms"}


def call_of(api: ApiTable) -> Call | None:
    """The first case that the API can run; None where no case of the tables fits it."""
    core = load_core(api.core)
    found = (
        call_for(api, core, case, expectation)
        for case in core.cases
        for expectation in case.expect
        if not expectation.refused and case.dtype == "float32"
    )
    return next((call for call in found if call is not None), None)


CELLS = [
    cell for name in APIS if call_of(load_api(name)) is not None for cell in cells(load_api(name))
]
ON_TORCH = [cell for cell in CELLS if cell.tensors == "torch" and cell.api in FIRST.values()]
ON_NUMPY = [cell for cell in CELLS if cell.tensors == "numpy"]


def prepared(cell: Cell, dtype: str) -> tuple[Callable[..., Any], list[Any], dict[str, Any]]:
    """The configured API, inputs by position as tensors in a dtype of the cell, and keywords."""
    api = load_api(cell.api)
    call = call_of(api)
    assert call is not None
    target = getattr(
        importlib.import_module(f"opsbridge.{api.name.rpartition('.')[0]}"), short(api)
    )
    if api.form == "class":
        target = target(*call.init)
    main = next(param for param in api.params if "tensor" in param.types)
    same = {param.name for param in api.params if param.dtypes == main.dtypes}
    names = [param.name for param in api.params if param.stage == "call"]
    inputs = [
        tensor(cell, value, dtype if name in same else "")
        for name, value in zip(names, call.call, strict=False)
    ]
    keywords = {name: tensor(cell, value, "") for name, value in call.keywords.items()}
    return target, inputs, keywords


def short(api: ApiTable) -> str:
    return api.name.rpartition(".")[2]


def tensor(cell: Cell, value: Any, dtype: str) -> Any:
    """An array as a tensor of the cell's framework; everything else as it is."""
    if not isinstance(value, np.ndarray):
        return value
    if cell.device == "cuda":
        return tensor(replace(cell, device="cpu"), value, dtype).cuda()
    if not dtype:
        return to_tensor(cell.tensors, value)
    if cell.tensors == "numpy":
        return value.astype(dtype)
    made = to_tensor(cell.tensors, value)
    kind = getattr(framework(cell.tensors), dtype)
    return made.to(kind) if cell.tensors == "torch" else made.astype(kind)


def need(cell: Cell) -> None:
    """Skip where the framework of a cell is not installed, or its device or kernels are lacking."""
    module = framework(cell.tensors)
    if cell.device == "cuda" and not (cuda_library_path() and module.cuda.is_available()):
        pytest.skip("no CUDA device, or a build without CUDA kernels")


def test_few_apis_have_no_case() -> None:
    """Tensors of mixed dtypes, constants that no case has, other shapes, and results in parts."""
    own = {name for name in APIS if load_api(name).each or load_api(name).own_tensors}
    missing = {name for name in APIS if call_of(load_api(name)) is None} - own
    cores = {load_api(name).core for name in missing - {"mmcv.ops.nms_match"}}
    assert cores <= {"box_decode", "box_encode", "crop_and_resize"}


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: f"{c.api}-{c.tensors}-{c.device}")
def test_a_cell_runs_in_each_of_its_dtypes(cell: Cell) -> None:
    need(cell)
    assert cell.dtypes
    for dtype in cell.dtypes:
        target, inputs, keywords = prepared(cell, dtype)
        assert target(*inputs, **keywords) is not None


def test_declared_gradients_are_those_of_the_operators() -> None:
    assert {op: set(slots) for op, slots in support().gradients.items()} == {
        op: set(differentiable(OPERATORS[op])) for op in FIRST if OPERATORS[op].backward
    }


class ReachedError(Exception):
    """A call has come to the kernels of a GPU."""


@pytest.mark.parametrize("cell", ON_NUMPY, ids=lambda c: c.api)
def test_calls_come_to_kernels_of_a_gpu_where_the_matrix_has_the_cell(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(name: str) -> Any:
        raise ReachedError(name)

    forget_direct_calls()
    monkeypatch.setattr(NumpyLayer, "device", lambda self, tensor: "cuda:0")
    monkeypatch.setattr(checks, "cuda_library_path", lambda: "a library with kernels")
    monkeypatch.setattr(device, "cuda_function", reached)
    target, inputs, keywords = prepared(cell, "float32")
    with pytest.raises(ReachedError if has_cuda(load_api(cell.api)) else DeviceError):
        target(*inputs, **keywords)


@pytest.mark.parametrize("cell", ON_TORCH, ids=lambda c: f"{c.api}-{c.device}")
def test_gradients_reach_the_inputs_that_the_matrix_names(cell: Cell) -> None:
    need(cell)
    torch = framework("torch")
    target, inputs, keywords = prepared(cell, "float32")
    names = [param.name for param in load_api(cell.api).params if param.stage == "call"]
    floating = [
        place
        for place, value in enumerate(inputs)
        if isinstance(value, torch.Tensor) and value.is_floating_point()
    ]
    for place in floating:
        inputs[place].requires_grad_()
    result = target(*inputs, **keywords)
    results = result if isinstance(result, tuple) else (result,)
    recorded = [each for each in results if isinstance(each, torch.Tensor) and each.requires_grad]
    for each in recorded:
        if cell.gradients or load_api(cell.api).core in PICKS_ROWS:
            each.sum().backward()
        else:
            with pytest.raises(DerivativeError):
                each.sum().backward()
    reached = {names[place] for place in floating if inputs[place].grad is not None}
    assert set(cell.gradients) <= reached


COMPILED = [cell for cell in ON_TORCH if "torch.compile" in cell.graphs]


def test_every_operator_is_part_of_a_compiled_graph_on_a_cpu() -> None:
    assert [cell for cell in COMPILED if cell.device == "cpu"] == [
        cell for cell in ON_TORCH if cell.device == "cpu"
    ]


@pytest.mark.parametrize("cell", COMPILED, ids=lambda c: f"{c.api}-{c.device}")
def test_a_call_is_part_of_a_compiled_graph(cell: Cell) -> None:
    need(cell)
    torch = framework("torch")
    torch.compiler.reset()
    target, inputs, keywords = prepared(cell, "float32")
    compiled = torch.compile(target, backend="eager", fullgraph=True)
    assert_equal(compiled(*inputs, **keywords), target(*inputs, **keywords))


CAPTURED = [cell for cell in CELLS if "torch.cuda.graph" in cell.graphs]


def test_cells_of_a_gpu_are_captured_where_the_result_has_a_length_that_is_known() -> None:
    """tests/cuda/test_calls.py captures a call of each of these operators, and sees others fail."""
    assert {cell.device for cell in CAPTURED} == {"cuda"}
    found = [cell for name in APIS for cell in cells(load_api(name)) if cell.device == "cuda"]
    operators = {load_api(cell.api).core for cell in found if cell.graphs}
    assert operators == set(support().cuda.graphs["torch.cuda.graph"])
    assert not operators & {"nms", "small_boxes", "soft_nms"}


@pytest.mark.parametrize("cell", CAPTURED, ids=lambda c: c.api)
def test_a_call_goes_into_a_graph_of_a_gpu(cell: Cell) -> None:
    need(cell)
    torch = framework("torch")
    target, inputs, keywords = prepared(cell, "float32")
    stream, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
    with torch.cuda.stream(stream):
        wanted = target(*inputs, **keywords)
    torch.cuda.synchronize()
    with torch.cuda.graph(graph, stream=stream):
        result = target(*inputs, **keywords)
    graph.replay()
    torch.cuda.synchronize()
    assert_equal(result, wanted)


def assert_equal(result: Any, wanted: Any) -> None:
    """The same bits, in every result of several."""
    if isinstance(wanted, tuple | list):
        for first, second in zip(result, wanted, strict=True):
            assert_equal(first, second)
    else:
        np.testing.assert_array_equal(to_array(result), to_array(wanted))


def test_a_gpu_has_the_gradients_that_its_kernels_have(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = support()
    without = replace(facts, cuda=replace(facts.cuda, gradients=()))
    monkeypatch.setattr("opsbridge.tables.support.support", lambda: without)
    found = [cell for cell in cells(load_api("torchvision/roi_align")) if cell.tensors == "torch"]
    assert {cell.device: cell.gradients for cell in found} == {"cpu": ("input",), "cuda": ()}


MADE = Support(
    tensors={
        "numpy": TensorSupport(("cpu",), without_dtypes=("float16",)),
        "torch": TensorSupport(
            ("cpu", "cuda"), gradients=True, graphs=("whole", "traced"), without_parts=("traced",)
        ),
    },
    cuda=CudaSupport(
        operators=("roi_align", "nms"),
        gradients=("roi_align",),
        graphs={"captured": ("roi_align",), "other": ("nms",)},
        without_outputs=("matched",),
        without={"order": ("bitonic",)},
    ),
    gradients={"roi_align": ("features",)},
)
ALL, WIDE = ("float16", "float32", "float64"), ("float32", "float64")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (
            "torchvision.ops.roi_align",
            [
                ("numpy", "cpu", WIDE, (), ()),
                ("torch", "cpu", ALL, ("input",), ("whole", "traced")),
                ("torch", "cuda", ALL, ("input",), ("captured",)),
            ],
        ),
        (
            "torchvision.ops.nms",
            [
                ("numpy", "cpu", WIDE, (), ()),
                ("torch", "cpu", WIDE, (), ("whole", "traced")),
                ("torch", "cuda", ALL, (), ("other",)),
            ],
        ),
        (
            "mindspore.ops.NMSWithMask",
            [
                ("numpy", "cpu", ("float32",), (), ()),
                ("torch", "cpu", ("float16", "float32"), (), ("whole", "traced")),
            ],
        ),
        (
            "mmcv.ops.nms_match",
            [
                ("numpy", "cpu", ("float32",), (), ()),
                ("torch", "cpu", ("float32",), (), ("whole",)),
            ],
        ),
        (
            "torchvision.ops.roi_pool",
            [
                ("numpy", "cpu", WIDE, (), ()),
                ("torch", "cpu", ALL, (), ("whole", "traced")),
            ],
        ),
    ],
)
def test_cells_follow_from_the_declarations(
    name: str, found: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsbridge.tables.support.support", lambda: MADE)
    assert cells(load_api(name)) == [Cell(name, *each) for each in found]


def test_tensors_of_their_own_are_in_no_graph_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsbridge.tables.support.support", lambda: MADE)
    api = replace(load_api("torchvision.ops.roi_align"), own_tensors=True)
    assert [cell.graphs for cell in cells(api)] == [(), ("whole", "traced"), ()]
