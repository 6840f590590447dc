"""Methods and types that are known by their names: each that is, and what has no such name."""

from __future__ import annotations

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
np = pytest.importorskip("numpy")

from test_kinds import function, in_cell  # noqa: E402
from test_members import cell, result_of  # noqa: E402

from opsbridge.port.source.result import Target  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402

SURFACE = "opsbridge.mindspore.Tensor"


def in_constructor(expression: str, target: Target = Target.TORCHVISION) -> str:
    """What an expression of m and k, of which nothing is known, becomes in a constructor."""
    text = translate_text(cell("return x", f"y = {expression}"), target)
    return next(line.strip() for line in text.splitlines() if line.strip().startswith("y = "))[4:]


# A module of PyTorch has the same under these names.
CELL_METHODS = {
    "m.cells()": "m.children()",
    "m.cells_and_names()": "m.named_modules()",
    "m.construct(k)": "m.forward(k)",
    "m.get_parameters()": "m.parameters()",
    "m.insert_child_to_cell('a', k)": "m.add_module('a', k)",
    "m.name_cells()": "dict(m.named_children())",
    "(m or k).name_cells()": "dict((m or k).named_children())",
    "m.parameters_and_names()": "m.named_parameters()",
    "m.parameters_dict()": "dict(m.named_parameters())",
    "m.recompute()": "m",
    "m.set_comm_fusion(1)": "m",
    "m.set_data(k)": "m.data.copy_(k)",
    "m.set_grad(False)": "m",
    "m.set_inputs(k)": "m",
    "m.set_train()": "m.train()",
    "m.to_float(k)": "_to_float(m, k)",
    "m.trainable_params()": "[p for p in m.parameters() if p.requires_grad]",
    "m.untrainable_params()": "[p for p in m.parameters() if not p.requires_grad]",
    "m.update_parameters_name('a')": "m",
    "m.__init__(k)": "m.__init__(k)",
    "super().__init__(k)": "super().__init__()",
    "super(Net, self).__init__(k)": "super(Net, self).__init__()",
    "super().__init__(self, k)": "super().__init__(self, k)",
    "super().__init__(self.k)": "super().__init__(self.k)",
    "nn.Cell.__init__(k)": "torch.nn.Module.__init__(k)",
    "m.asnumpy()": "m.detach().cpu().numpy()",
    "m.asnumpy(k)": "m.asnumpy(k)",
    "m.init_data()": "m",
    "m.init_data(k)": "m.init_data(k)",
    "m.to_tensor()": "m",
}


@pytest.mark.parametrize("call", CELL_METHODS)
def test_a_method_of_a_cell_or_parameter(call: str) -> None:
    assert in_constructor(call) == CELL_METHODS[call]


@pytest.mark.parametrize("call", ["m.construct(k)", "m.cells()", "m.__init__(k)"])
def test_outside_cells_other_objects_have_such_methods(call: str) -> None:
    source = f"import mindspore\ndef f(m, k):\n    return {call}\n"
    assert translate_text(source).endswith(f"return {call}\n")


# What no array has, so that nothing else than a tensor can be meant.
OF_TENSORS = {
    "expand_dims": ("0", "torch.unsqueeze(m, dim=0)"),
    "broadcast_to": ("(2,)", f"{SURFACE}.broadcast_to(m, (2,))"),
    "permute": ("0", f"{SURFACE}.permute(m, 0)"),
    "masked_fill": ("k, 0", f"{SURFACE}.masked_fill(m, k, 0)"),
    "gather_nd": ("k", f"{SURFACE}.gather_nd(m, k)"),
    "gather_elements": ("0, k", f"{SURFACE}.gather_elements(m, 0, k)"),
    "sigmoid": ("", "torch.sigmoid(m)"),
    "softmax": ("", f"{SURFACE}.softmax(m)"),
    "tanh": ("", "torch.tanh(m)"),
    "relu": ("", "torch.relu(m)"),
    "logical_and": ("k", f"{SURFACE}.logical_and(m, k)"),
    "logical_not": ("", "torch.logical_not(m)"),
    "logical_or": ("k", f"{SURFACE}.logical_or(m, k)"),
}


@pytest.mark.parametrize("method", OF_TENSORS)
def test_a_method_that_no_array_has(method: str) -> None:
    arguments, expected = OF_TENSORS[method]
    assert not hasattr(np.ndarray, method)
    assert in_constructor(f"m.{method}({arguments})", Target.OPSBRIDGE) == expected


@pytest.mark.parametrize(
    "call",
    [
        *("reshape(2, 3)", "sum(0)", "prod()", "flatten()", "ravel()", "all(0)", "any()"),
        *("argmax(1)", "swapaxes(0, 1)"),
    ],
)
def test_a_method_that_means_the_same_on_an_array(call: str) -> None:
    method = call.partition("(")[0]
    torch = pytest.importorskip("torch", reason="has the methods, too")
    array = np.arange(6).reshape(2, 3)
    ours, theirs = (eval(f"x.{call}", {"x": x}) for x in (torch.from_numpy(array), array))
    np.testing.assert_array_equal(np.asarray(ours), theirs)
    points = [p for p in result_of(cell("return x", f"y = m.{call}")).points if p.line == 7]
    assert [(p.name, p.outcome.value, p.became) for p in points] == [
        (
            f"mindspore.Tensor.{method}", "exact",
            f".{method}: PyTorch, NumPy and MindSpore mean the same",
        )
    ]  # fmt: skip
    assert in_constructor(f"m.{call}") == f"m.{call}"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("m.view(2, k)", "m.reshape(2, k)"),
        ("m.view()", "m.view()"),
        ("m.view(np.uint8)", "m.view(np.uint8)"),
        ("m.view('uint8')", "m.view('uint8')"),
        ("m.squeeze()", "m.squeeze()"),
        ("m.astype(ms.float16)", "m.to(torch.float16)"),
        ("m.astype(k)", "m.astype(k)"),
        ("m.astype(k.dtype)", "m.astype(k.dtype)"),
        ("Tensor(m.squeeze())", "torch.tensor(m.squeeze())"),
    ],
)
def test_a_method_that_may_be_an_arrays(call: str, expected: str) -> None:
    assert in_constructor(call, Target.OPSBRIDGE) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("bool", "bool_", "uint8", "int8", "int16", "int32", "int64"),
        *("float16", "float32", "float64"),
    ],
)
def test_a_type_of_numpy_that_pytorch_has(name: str) -> None:
    torchs = f"torch.{name.removesuffix('_')}"
    assert function(f"return ops.cast(x, np.{name})") == f"return x.to({torchs})"
    assert function(f"return x.astype('{name}')") == f"return x.to({torchs})"
    torch = pytest.importorskip("torch", reason="has the dtypes, too")
    if name in vars(np):
        array = np.ones(1, getattr(np, name))
        assert torch.from_numpy(array).dtype is getattr(torch, name.removesuffix("_"))


@pytest.mark.parametrize("name", ["np.str_", "np.intp", "'float'", "other.float32", "float32"])
def test_another_type(name: str) -> None:
    expected = f"return opsbridge.mindspore.ops.cast(x, {name})"
    assert function(f"return ops.cast(x, {name})") == expected


NOT_SURE = "return opsbridge.mindspore.ops.maximum(x, v)"
SURE = "return torch.maximum(x, v)"


@pytest.mark.parametrize("name", ["len", "int", "float", "min", "max", "round"])
def test_a_function_of_python_that_gives_a_number(name: str) -> None:
    """In a graph everything else may be a tensor."""
    assert in_cell(f"v = {name}(y)\nreturn ops.maximum(x, v)").endswith(NOT_SURE)


@pytest.mark.parametrize("name", ["list", "tuple", "dict", "str", "range", "zip"])
def test_a_function_of_python_that_gives_a_sequence(name: str) -> None:
    assert in_cell(f"v = {name}(y)\nreturn ops.maximum(x, v)").endswith(NOT_SURE)
    assert function(f"return ops.reshape(x, {name}(y))") == f"return torch.reshape(x, {name}(y))"


@pytest.mark.parametrize("name", ["shape", "ndim", "dtype", "itemsize"])
def test_an_attribute_that_is_no_tensor(name: str) -> None:
    assert in_cell(f"v = y.{name}\nreturn ops.maximum(x, v)").endswith(NOT_SURE)


@pytest.mark.parametrize("value", ["y.T", "y.other", "sum(y)", "y.len(y)", "other(y)", "abs(y)"])
def test_what_may_be_a_tensor_of_a_graph(value: str) -> None:
    assert in_cell(f"v = {value}\nreturn ops.maximum(x, v)").endswith(SURE)


@pytest.mark.parametrize(
    ("value", "is_tensor"),
    [("get_parameters", True), ("trainable_params", True), ("untrainable_params", True),
     ("cells", False), ("parameters_dict", False)],
)  # fmt: skip
def test_methods_that_give_tensors(value: str, is_tensor: bool) -> None:
    line = "p.numel()" if is_tensor else "p.size"
    assert function(f"for p in y.{value}():\n    p.size").endswith(line)


@pytest.mark.parametrize("root", ["numpy", "cv2"])
def test_packages_that_give_arrays(root: str) -> None:
    """An array is no tensor even in a graph, where methods of other values are tensors'."""
    body = f"import {root}\nv = {root}.made(y)\nreturn v.sum(0), ops.maximum(x, v)"
    assert in_cell(body).endswith("return v.sum(0), opsbridge.mindspore.ops.maximum(x, v)")
    body = body.replace(root, "other")
    assert in_cell(body).endswith(f"return {SURFACE}.sum(v, 0), torch.maximum(x, v)")


def test_a_method_that_is_not_called_stays() -> None:
    assert function("return x.abs, x.exp, x.size") == "return x.abs, x.exp, x.numel()"
    assert function("return x.size()") == "return x.size()"
