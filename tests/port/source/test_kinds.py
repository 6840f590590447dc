"""What the code around a value says of it: a tensor, an array, a number, a tuple, a dtype."""

from __future__ import annotations

import time
from typing import Any

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate_text

HEADER = "import mindspore as ms\nimport numpy as np\nfrom mindspore import nn, ops, Tensor\n"


def function(body: str, target: Target = Target.OPSBRIDGE) -> str:
    """The body of a function of a tensor x and of y and k, translated, on one line each."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    text = translate_text(f"{HEADER}def f(x: Tensor, y, k=0):\n{lines}", target)
    assert translate_text(text, target) == text
    return "\n".join(line.strip() for line in text.partition("def f(")[2].splitlines()[1:])


def in_cell(body: str, setup: str = "pass") -> str:
    """The same of a method construct, whose arguments are values of a graph."""
    lines = ["class Net(nn.Cell):", "    def __init__(self, k, m):", "        super().__init__()"]
    lines += [f"        {line}" for line in setup.splitlines()]
    lines += ["    def construct(self, x, y):", *(f"        {line}" for line in body.splitlines())]
    text = translate_text(HEADER + "\n".join(lines) + "\n")
    assert translate_text(text) == text
    return "\n".join(line.strip() for line in text.partition("def forward(")[2].splitlines()[1:])


@pytest.mark.parametrize(
    "value",
    [
        "x if k else -x",
        "x.T",
        "x + y",
        "(y + 1) * x",
        "x[0]",
        "ops.relu(y)",
        "ops.ReLU()(y)",
        "ms.Parameter(y)",
        "x.init_data()",
        "x.reshape(2, k)",
        "x > 0",
        "0 < y <= x",
        "(x > y) and (x < k)",
    ],
)
def test_a_tensor_tells_its_number_of_elements_by_a_call(value: str) -> None:
    assert function(f"v = {value}\nreturn v.size").endswith("return v.numel()")
    assert function(f"v: Tensor = {value}\nreturn v.size").endswith("return v.numel()")


@pytest.mark.parametrize(
    "value",
    [
        "y",
        "x if k else y",
        "x.asnumpy()",
        "x.asnumpy().T",
        "x.numpy()",
        "np.ones(3)",
        "(y := k)",
        "f",
        "lambda x=(y := k): x",
        "nn.ReLU()",
        "ops.ReLU()",
        "len(x)",
        "x.shape",
        "x.ndim + 1",
        "k.weight",
        "y > 0",
        "x is y",
        "x in k",
        "x.shape == y",
        "(x > 0) or y",
    ],
)
def test_what_may_be_no_tensor_keeps_its_size(value: str) -> None:
    assert function(f"v = {value}\nreturn v.size").endswith("return v.size")


@pytest.mark.parametrize(
    "value",
    [
        "1 + 2",
        "1 < 2",
        "x is None",
        "x.shape == (1, 2)",
        "len(y)",
        "None",
        "x.ndim",
        "(1, 2)",
        "list(y)",
        "x.shape",
        "'a'",
        "y",
        "np.ones(1)",
    ],
)
def test_what_is_not_surely_a_tensor_is_converted_as_the_code_runs(value: str) -> None:
    """PyTorch's maximum takes no number."""
    expected = "return opsbridge.mindspore.ops.maximum(x, v)"
    assert function(f"v = {value}\nreturn ops.maximum(x, v)").endswith(expected)


def test_elements_of_what_is_written_out_may_be_anything() -> None:
    expected = "opsbridge.mindspore.ops.maximum(x, v)"
    assert function("v, w = (1, 2)\nreturn ops.maximum(x, v)").endswith(expected)
    assert function("for v in (1, 2):\n    ops.maximum(x, v)").endswith(expected)
    assert function("return [ops.maximum(x, v) for v in range(3)]").endswith(
        f"[{expected} for v in range(3)]"
    )
    assert function("v, w = x\nreturn ops.maximum(x, v)").endswith("torch.maximum(x, v)")
    assert in_cell("v, w = (x, y)\nreturn ops.maximum(x, v)").endswith("torch.maximum(x, v)")


@pytest.mark.parametrize("value", ["self.k", "self.k - 1", "-self.k", "2 * (self.k + self.m)"])
def test_what_a_constructor_was_given_may_be_a_number(value: str) -> None:
    """The loss of RetinaFace takes the minimum of a tensor and `self.num_boxes - 1`."""
    setup = "self.k, self.m = k, m\nself.k = k\nself.m = m"
    assert in_cell(f"return ops.minimum(x, {value})", setup) == (
        f"return opsbridge.mindspore.ops.minimum(x, {value})"
    )
    assert in_cell(f"return ops.add(x, {value})", setup) == f"return torch.add(x, {value})"


@pytest.mark.parametrize(
    ("setup", "value"),
    [
        ("self.k = k", "self.k * y"),
        ("self.v = ops.ones((2,), ms.float32)", "self.v"),
        ("self.v = ops.ones((2,), ms.float32)", "self.v - 1"),
        ("self.v: int", "self.v"),
    ],
)
def test_what_has_a_tensor_in_it_is_one(setup: str, value: str) -> None:
    written = in_cell(f"return ops.minimum(x, {value})", setup)
    assert written == f"return torch.minimum(x, {value})"


def test_the_minimum_with_a_setting_computes_what_mindspore_does() -> None:
    torch = pytest.importorskip("torch", reason="runs what is translated")
    mindspore = pytest.importorskip("mindspore", reason="compares with real MindSpore")
    source = (
        f"{HEADER}class Net(nn.Cell):\n    def __init__(self, k):\n        super().__init__()\n"
        "        self.k, self.least = k, ops.Minimum()\n        self.k = k\n"
        "    def construct(self, x):\n        return self.least(x * 3, self.k - 1)\n"
    )
    values = [1.0, 2.0, 0.5]
    theirs: dict[str, Any] = {}
    exec(source, theirs)
    expected = theirs["Net"](5)(mindspore.Tensor(values)).asnumpy()
    for target in Target:
        ours: dict[str, Any] = {}
        exec(translate_text(source, target), ours)
        assert ours["Net"](5)(torch.tensor(values)).tolist() == expected.tolist()


def test_a_comparison_inside_a_graph_gives_no_array() -> None:
    body = "return (y > 0).astype('int32'), (x.shape[0] == y).astype(ms.float32)"
    assert in_cell(body) == "return (y > 0).to(torch.int32), (x.shape[0] == y).to(torch.float32)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("y[:, 1:].copy().astype(ms.float32)", "torch.clone(y[:, 1:]).to(torch.float32)"),
        ("y.copy().sum(0).astype(ms.float32)", "_sum(torch.clone(y), 0).to(torch.float32)"),
        ("y.copy().astype(k)", "y.copy().astype(k)"),
        ("y.copy().T.astype(ms.int32)", "y.copy().T.to(torch.int32)"),
        ("(y.copy() + 1).astype(ms.int32)", "(y.copy() + 1).to(torch.int32)"),
        ("made(y.copy(), ms.int32)", "made(y.copy(), torch.int32)"),
    ],
)
def test_a_method_of_what_a_method_gives_may_say_tensor(before: str, after: str) -> None:
    assert function(f"return {before}", Target.TORCHVISION) == f"return {after}"


def test_a_function_from_elsewhere_gives_anything_but_an_array_inside_a_graph() -> None:
    body = "from elsewhere import made\nv = made(x)\nreturn ops.maximum(x, v)"
    assert function(body).endswith("opsbridge.mindspore.ops.maximum(x, v)")
    assert in_cell(body).endswith("torch.maximum(x, v)")


@pytest.mark.parametrize(
    "shape", ["tuple(y)", "x.shape", "[1, k]", "(k,) + x.shape[1:]", "[1] * 2"]
)
def test_a_shape_that_is_a_sequence(shape: str) -> None:
    assert function(f"return ops.reshape(x, {shape})") == f"return torch.reshape(x, {shape})"


@pytest.mark.parametrize("shape", ["y", "len(y)", "x"])
def test_a_shape_that_may_be_none(shape: str) -> None:
    expected = f"return opsbridge.mindspore.ops.reshape(x, {shape})"
    assert function(f"return ops.reshape(x, {shape})") == expected


@pytest.mark.parametrize(
    ("before", "dtype"),
    [
        ("d = ms.float32", "d"),
        ("d = ms.float32 if k else ms.float16", "d"),
        ("", "x.dtype"),
        ("", "x.dtype if k else ms.float16"),
    ],
)
def test_a_dtype(before: str, dtype: str) -> None:
    expected = f"return x.to({dtype.replace('ms.', 'torch.')})"
    assert function(f"{before or 'pass'}\nreturn ops.cast(x, {dtype})").endswith(expected)


@pytest.mark.parametrize(
    ("before", "dtype"),
    [
        ("d = ms.float32\nd = y", "d"),
        ("for d in y: pass", "d"),
        ("", "y.dtype"),
        ("", "k"),
        ("", "ms.float32 if k else y"),
        ("", "ms.Tensor"),
    ],
)
def test_what_may_be_no_dtype(before: str, dtype: str) -> None:
    body = function(f"{before or 'pass'}\nreturn ops.cast(x, {dtype})")
    assert "return opsbridge.mindspore.ops.cast(x, " in body


@pytest.mark.parametrize(
    ("setup", "expected"),
    [
        ("self.d = ms.float32", "x.to(self.d)"),
        ("self.d = ms.float32 if k else ms.float16", "x.to(self.d)"),
        ("self.d = k", "opsbridge.mindspore.ops.cast(x, self.d)"),
        ("self.d = ms.float32 if k else m", "opsbridge.mindspore.ops.cast(x, self.d)"),
        ("self.d = ms.float32\nself.d += m", "opsbridge.mindspore.ops.cast(x, self.d)"),
        ("k.d = ms.float32", "opsbridge.mindspore.ops.cast(x, self.d)"),
    ],
)
def test_a_dtype_of_the_cell(setup: str, expected: str) -> None:
    assert in_cell("return ops.cast(x, self.d)", setup) == f"return {expected}"


@pytest.mark.parametrize(
    ("setup", "expected"),
    [
        ("self.a: Tensor = Tensor(1.0)", "self.a.numel()"),
        ("self.a = Tensor(1.0) if k else Tensor(2.0)", "self.a.numel()"),
        ("self.a = Tensor(1.0)\nself.a = m", "self.a.size"),
        ("self.a = Tensor(1.0)\nfor self.a in m: pass", "self.a.size"),
        ("k.a = Tensor(1.0)", "self.a.size"),
        ("self.b = Tensor(1.0)", "self.a.size"),
    ],
)
def test_a_tensor_of_the_cell(setup: str, expected: str) -> None:
    assert in_cell("return self.a.size", setup) == f"return {expected}"


def test_what_an_attribute_of_several_operators_gives_is_a_value_of_a_graph() -> None:
    several = "if k:\n    self.op = ops.ReLU()\nelse:\n    self.op = ops.Split(1, 2)"
    assert in_cell("return self.op(x).size", several) == "return self.op(x).size"
    assert (
        in_cell("return self.op(x).size", "self.op = ops.ReLU()") == "return torch.relu(x).numel()"
    )


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("v = x\nwhile k:\n    v = v.T", "v.numel()"),
        ("v = x\nif k:\n    v = -x", "v.numel()"),
        ("v = x\nif k:\n    v = y", "v.size"),
        ("v = k(x)", "v.size"),
        ("v = k()(x)", "v.size"),
    ],
)
def test_a_value_that_several_statements_make(before: str, expected: str) -> None:
    """Every assignment that may reach the use counts, but one that needs itself adds nothing."""
    assert function(f"{before}\nreturn v.size").endswith(f"return {expected}")


def test_a_difference_from_a_tensor_is_taken_as_a_whole() -> None:
    body = "t = self.t\nt -= x + 1\nreturn t"
    assert in_cell(body, "self.t = Tensor(0.0)").splitlines()[1] == "t = t - (x + 1)"


def test_of_what_is_nested_too_deeply_nothing_is_known() -> None:
    assert function(f"return ({'-' * 20}x).size").endswith(".numel()")
    assert function(f"return ({'-' * 40}x).size").endswith(".size")


@pytest.mark.parametrize("made", ["ops.topk(x, 2)", "ops.TopK()(x, 2)", "ops.split(x, 2)"])
def test_of_several_results_each_is_a_tensor(made: str) -> None:
    assert function(f"v = {made}\nreturn v[0].size").endswith("return v[0].numel()")
    assert function(f"v, w = {made}\nreturn w.size").endswith("return w.numel()")
    assert function(f"for v in {made}:\n    v.size").endswith("v.numel()")
    assert function(f"v = {made}[1:]\nreturn v[0].size").endswith("return v[0].numel()")
    assert function(f"v = {made} + {made}\nreturn v[0].size").endswith("return v[0].numel()")
    for kept in ("v.size", "v[::-1]", "v[:1].size", "(v == w).size", "(k or v)[::-1]"):
        assert function(f"v = w = {made}\nreturn {kept}").endswith(f"return {kept}")
    assert in_cell(f"y = {made}\ny += (x,)\nreturn y").startswith("y = ")
    assert "\ny += (x,)\n" in in_cell(f"y = {made}\ny += (x,)\nreturn y")
    assert "\ny += y\n" in in_cell(f"y = {made}\ny += y\nreturn y")


def test_what_is_one_of_several_kinds_may_be_a_value_of_a_graph() -> None:
    body = "z = ops.topk(x, 2) if y else y\nreturn z.mean(1)"
    assert in_cell(body).endswith("return opsbridge.mindspore.Tensor.mean(z, 1)")


@pytest.mark.parametrize(
    ("start", "step", "is_tensor"),
    [
        ("x", "v = v + y", True),
        ("x", "v = y + v", True),
        ("x", "v += y", True),
        ("x", "v = v * 2", True),
        ("x", "v = v.reshape(-1)", True),
        ("x", "v, w = w, v", False),
        ("x", "v = y", False),
        ("x", "v = v.asnumpy()", False),
        ("x", "v = len(v)", False),
        ("0", "v = v + x", False),
        ("0", "v = v + 1", False),
        ("y", "v = v + y", False),
        ("np.ones(3)", "v = v + y", False),
    ],
)
def test_what_a_loop_makes_of_its_own_value(start: str, step: str, is_tensor: bool) -> None:
    body = f"v = {start}\nw = y\nfor i in range(k):\n    {step}\nreturn v.size"
    assert function(body).endswith("return v.numel()" if is_tensor else "return v.size")


@pytest.mark.parametrize(
    ("step", "count"),
    [("v = v + y", 14), ("v += y", 14), ("v = ops.relu(v) + y", 14), ("v = w; w = v + y", 6)],
)
def test_loops_of_many_steps_take_no_longer(step: str, count: int) -> None:
    steps = f"    {step}\n" * count
    start = time.perf_counter()
    body = f"v = x\nw = x\nfor i in range(k):\n{steps}return v.size"
    assert function(body).endswith("return v.numel()")
    assert time.perf_counter() - start < 20


def test_what_was_added_to_is_what_it_was() -> None:
    assert function("v = x\nv += 1\nreturn v.size").endswith("return v.numel()")
    assert function("v = y\nv += 1\nreturn v.size").endswith("return v.size")
    assert function("v = 0\nv += x\nreturn v.size").endswith("return v.numel()")
