"""Methods and properties of tensors and cells, and the objects that attributes hold."""

from __future__ import annotations

import operator
import warnings
from typing import Any

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.cells import KEPT_IN_FLOAT32, METHODS
from opsbridge.port.source.files import SourceFile, Text
from opsbridge.port.source.parse import parse
from opsbridge.port.source.result import FileResult, Outcome, Target
from opsbridge.port.source.translate import Read, _translated, translate_text

HEADER = "import mindspore as ms\nimport numpy as np\nfrom mindspore import nn, ops, Tensor\n"


def result_of(source: str, target: Target = Target.OPSBRIDGE) -> FileResult:
    """A translated file with its points."""
    from pathlib import Path, PurePath

    file = SourceFile(Path("net.py"), PurePath("net.py"))
    read = Read(file, Text(source, "utf-8", False), parse(source, file.place))
    (result,) = _translated([read], target, lambda place: None)
    return result


def method(expression: str, target: Target = Target.OPSBRIDGE) -> str:
    """What an expression of a tensor x becomes."""
    text = translate_text(f"{HEADER}def f(x: Tensor, k):\n    return {expression}\n", target)
    assert translate_text(text, target) == text
    return text.splitlines()[-1].strip().removeprefix("return ")


def cell(body: str, setup: str = "pass", more: str = "") -> str:
    """The source of a cell."""
    lines = ["class Net(nn.Cell):", "    def __init__(self, k, m):", "        super().__init__()"]
    lines += [f"        {line}" for line in setup.splitlines()]
    lines += ["    def construct(self, x):", *(f"        {line}" for line in body.splitlines())]
    return HEADER + "\n".join([*lines, more]) + "\n"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x.transpose(1, 0, 2)", "x.permute(1, 0, 2)"),
        ("x.transpose((0, 2, 1))", "x.permute((0, 2, 1))"),
        ("x.transpose(0, 1)", "opsbridge.mindspore.Tensor.transpose(x, 0, 1)"),
        ("x.transpose(k)", "opsbridge.mindspore.Tensor.transpose(x, k)"),
        ("x.reshape(k, -1)", "x.reshape(k, -1)"),
        ("x.view(2, 3)", "x.reshape(2, 3)"),
        ("x.reshape(x)", "opsbridge.mindspore.Tensor.reshape(x, x)"),
        ("x.reshape(*k)", "opsbridge.mindspore.Tensor.reshape(x, *k)"),
        ("x.max(*k)", "opsbridge.mindspore.Tensor.max(x, *k)"),
        ("x.reshape(shape=k)", "opsbridge.mindspore.Tensor.reshape(x, shape=k)"),
        ("x.fill(1)", "opsbridge.mindspore.Tensor.fill(x, 1)"),
        ("x.expand_as(k)", "x.expand_as(k)"),
        ("(x.init_data())", "(x)"),
        ("((x).to_tensor())", "(x)"),
        ("(\n        x.to_tensor())", "x)"),
        ("x.size", "x.numel()"),
        ("x[::-1, ::2]", "x[::-1, ::2]"),
        (
            "Tensor(shape=k, dtype=ms.float32, init=k)",
            "opsbridge.mindspore.Tensor(shape=k, dtype=torch.float32, init=k)",
        ),
        ("(x + k).size", "(x + k).numel()"),
    ],
)
def test_a_method_of_a_tensor(expression: str, expected: str) -> None:
    assert method(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x.sum(axis=1)", "_sum(x, axis=1)"),
        ("x.sum(1, keepdims=True)", "_sum(x, 1, keep_dims=True)"),
        ("x.sum(initial=k)", "opsbridge.mindspore.Tensor.sum(x, initial=k)"),
        ("x.repeat(2)", "_repeat(x, 2)"),
        ("x.repeat(2, 1, k)", "_repeat(x, 2, 1, k)"),
        ("x.transpose(0, 1)", "_transposed(x, 0, 1)"),
        ("x.fill(1)", "opsbridge.mindspore.Tensor.fill(x, 1)"),
    ],
)
def test_a_method_that_is_written_out(expression: str, expected: str) -> None:
    assert method(expression, Target.TORCHVISION) == expected


def test_written_out_methods_compute_what_mindspore_does() -> None:
    torch = pytest.importorskip("torch", reason="runs what is translated")
    mindspore = pytest.importorskip("mindspore", reason="compares with real MindSpore")
    np = pytest.importorskip("numpy")
    body = "x.sum(axis=1), x.sum(1, keepdims=True), x.transpose(0, 1)"
    body += ", x.transpose((1, 0, 2)), x.reshape(3, -1), x.view(2, 6).expand_dims(1)"
    source = f"from mindspore import Tensor\ndef f(x: Tensor):\n    return {body}\n"
    values = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    theirs: dict[str, Any] = {}
    exec(source, theirs)
    expected = [each.asnumpy() for each in theirs["f"](mindspore.Tensor(values))]
    for target in Target:
        ours: dict[str, Any] = {}
        exec(translate_text(source, target), ours)
        for mine, real in zip(ours["f"](torch.from_numpy(values)), expected, strict=True):
            np.testing.assert_array_equal(mine.numpy(), real)


@pytest.mark.parametrize("target", Target)
def test_repeat_is_written_out_for_numbers_of_the_axes_too(target: Target) -> None:
    torch = pytest.importorskip("torch", reason="runs what is translated")
    body = "x.repeat(2, 1), x.repeat(3, axis=0), x.repeat([1, 2], 0), x.repeat(2, 1, 3)"
    source = f"from mindspore import Tensor\ndef f(x: Tensor):\n    return {body}\n"
    ours: dict[str, Any] = {}
    exec(translate_text(source, target), ours)
    x = torch.arange(6).reshape(2, 3)
    counts = torch.tensor([1, 2])
    expected = x.repeat_interleave(2, 1), x.repeat_interleave(3, 0), x.repeat_interleave(counts, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = ours["f"](x)
    for mine, each in zip(found, (*expected, x.repeat(2, 1, 3)), strict=True):
        torch.testing.assert_close(mine, each)


def test_a_method_that_lists_and_texts_have_is_reported() -> None:
    result = result_of(cell("return x.split(1), x.copy(), x.expand_dims(0)"))
    outcomes = {p.became: (p.outcome, p.reason) for p in result.points if p.line == 9}
    assert outcomes["torch.clone"][0] is outcomes["torch.split"][0] is Outcome.APPROXIMATE
    assert "lists and texts" in outcomes["torch.split"][1]
    assert outcomes["torch.unsqueeze"] == (Outcome.EXACT, "")


def test_methods_of_what_a_constructor_gets() -> None:
    """It may be a tensor or an array: PyTorch has the same methods, or somebody has to look."""
    setup = "self.a = k.expand_as(m)\nself.b = k.int()\nself.c = k.squeeze(0)\n"
    setup += "self.d = k.sum(*m)\nself.e = k.sum(0)\nself.f = Tensor(k.transpose(0, 1))\n"
    setup += "self.g = k.astype(np.float32)\nself.h = print(k.max())"
    result = result_of(cell("return x", setup))
    named = {
        p.name.rpartition(".")[2]: p
        for p in result.points
        if p.name.startswith("mindspore.Tensor.")
    }
    lines = [(p.line, p.outcome) for p in result.points if p.name.startswith("mindspore.Tensor.")]
    assert lines == [
        (9, Outcome.BY_HAND), (10, Outcome.BY_HAND), (11, Outcome.EXACT), (14, Outcome.BY_HAND),
    ]  # fmt: skip
    assert "a NumPy array stays as it is" in named["squeeze"].suggestion
    assert "mean the same" in named["sum"].became
    assert "k.squeeze(0)" in str(result.after)


def test_a_type_in_the_call_shows_a_tensor() -> None:
    text = translate_text(f"{HEADER}def f(y, k):\n    return y.astype(ms.int32), y.astype(k)\n")
    assert text.endswith("return y.to(torch.int32), y.astype(k)\n")


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("m.shard(k)", "PyTorch has no counterpart"),
        ("m.add_flags(fp16=True)", "PyTorch has no counterpart"),
        ("m.add_flags(fp32=False)", "PyTorch has no counterpart"),
        ("m.add_flags(fp32=k)", "PyTorch has no counterpart"),
        ("m.add_flags_recursive(**k)", "PyTorch has no counterpart"),
        ("m.add_flags_recursive()", "PyTorch has no counterpart"),
        ("m.compile_and_run(k)", "a module is called in PyTorch"),
    ],
)
def test_a_method_of_cells_without_counterpart(call: str, reason: str) -> None:
    result = result_of(cell("return x", call))
    (point,) = (p for p in result.points if p.outcome is Outcome.BY_HAND)
    assert point.reason == reason
    assert f"# opsbridge: {point.name}: {reason}\n        {call}\n" in str(result.after)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("self.p = nn.ReLU().add_flags_recursive(fp32=True)", "self.p = torch.nn.ReLU()\n"),
        ("self.p = nn.ReLU()\nself.p.add_flags(fp32=True)", "self.p = torch.nn.ReLU()\n"),
    ],
)
def test_a_flag_that_keeps_float32_is_left_out(call: str, expected: str) -> None:
    result = result_of(cell("return x", call))
    (point,) = (p for p in result.points if "add_flags" in p.name)
    assert (point.outcome, point.reason) == (Outcome.APPROXIMATE, KEPT_IN_FLOAT32)
    assert expected in str(result.after)
    assert "add_flags" not in str(result.after)


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        ("m.recompute()", Outcome.APPROXIMATE),
        ("m.update_parameters_name('head.')", Outcome.APPROXIMATE),
        ("m.set_comm_fusion(2)", Outcome.EXACT),
        ("m.set_inputs(k)", Outcome.EXACT),
    ],
)
def test_a_method_that_changes_no_value_is_left_out(call: str, outcome: Outcome) -> None:
    result = result_of(cell("return x", call))
    method = call.partition("(")[0].removeprefix("m.")
    (point,) = (p for p in result.points if p.name.endswith(f"Cell.{method}"))
    assert (point.outcome, bool(point.reason)) == (outcome, outcome is Outcome.APPROXIMATE)
    assert method not in str(result.after)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "construct"])
def test_the_report_has_the_names_of_mindspores_methods(method: str) -> None:
    call = "super().__init__(k)" if method == "__init__" else f"y = m.{method}(k)\ny.sort()"
    points = result_of(cell("return x", call)).points
    (name,) = {p.name for p in points if p.name.endswith(f".{method}")}
    mindspore = pytest.importorskip("mindspore", reason="has the methods")
    assert operator.attrgetter(name.removeprefix("mindspore."))(mindspore)


def test_a_text_that_is_split_is_no_tensor() -> None:
    source = cell("return x", "self.p = [int(each) for each in k.split('-')]")
    assert translate_text(source).count("k.split('-')") == 1
    assert all(point.name != "mindspore.Tensor.split" for point in result_of(source).points)


def test_a_class_with_a_method_forward_keeps_construct() -> None:
    source = cell("return x", more="    def forward(self, x):\n        return x\n")
    result = result_of(source)
    assert "    # opsbridge: construct is not renamed" in str(result.after)
    assert "def construct(self, x):" in str(result.after)
    assert [p.suggestion for p in result.points if p.outcome is Outcome.BY_HAND] == [
        "rename that one"
    ]


def test_constructors_of_base_classes_are_called_as_they_are() -> None:
    source = f"{HEADER}class Base(nn.Cell):\n    def __init__(self, k):\n"
    source += "        super().__init__(auto_prefix=False)\n"
    source += "class Net(Base):\n    def __init__(self, k):\n        super().__init__(k)\n"
    source += "class Last(Net):\n    def __init__(self, k):\n        Net.__init__(self, k)\n"
    text = translate_text(source)
    for call in ("super().__init__()", "super().__init__(k)", "Net.__init__(self, k)"):
        assert f"        {call}\n" in text


def test_construct_as_a_value_is_forward() -> None:
    assert "self.f = self.forward" in translate_text(cell("return x", "self.f = self.construct"))


@pytest.mark.parametrize(
    ("setup", "use", "stays"),
    [
        ("self.op = ops.ReLU()", "self.op(x)", False),
        ("self.op = ops.Softmax(-1)", "self.op(x)", False),
        ("self.op = ops.Softmax(1 - 1)", "self.op(x)", False),
        ("self.op = ops.ReduceMean(False)", "self.op(x, 0)", False),
        ("self.op = ops.ReduceMean(keep_dims=True)", "self.op(x, 0)", False),
        ("self.op = ops.NanToNum(0.5, None)", "self.op(x)", False),
        ("self.op = ops.ReLU()", "self.op(x), [self.op]", True),
        ("self.op = ops.ReLU()", "self.op(x), getattr(self, 'op')", True),
        ("self.op = ops.ReLU()", "self.op(x), x.op(x)", True),
        ("k = self.op = ops.ReLU()", "self.op(x)", True),
        ("self.exp = ops.Exp()", "self.exp(x), x.exp()", False),
        ("self.exp = ops.Exp()", "self.exp(x), x.exp", True),
    ],
)
def test_an_operator_stays_an_object_where_something_else_uses_it(
    setup: str, use: str, stays: bool
) -> None:
    text = translate_text(cell(f"return {use}", setup))
    assert "return torch." in text
    assert ("opsbridge.mindspore.ops." in text) is stays


@pytest.mark.parametrize(
    ("user", "stays"),
    [
        ("class Other:\n    def f(self):\n        return [self.op]", False),
        ("class Other(nn.Cell):\n    def f(self):\n        return [self.op]", False),
        ("class Other(Net):\n    def f(self):\n        return [self.op]", True),
        ("class Other:\n    def f(self, net):\n        return [net.op]", True),
        ("class Other:\n    def f(self):\n        return [self.net.op]", True),
        ("def f(self):\n    return [self.op]", True),
        ("def f(net):\n    return [net.op]", True),
        ("f = 'op'", True),
        ("f = 'another'", False),
    ],
)
def test_an_operator_stays_an_object_where_code_outside_its_class_may_use_it(
    user: str, stays: bool
) -> None:
    text = translate_text(cell("return self.op(x)", "self.op = ops.ReLU()", f"\n\n{user}"))
    assert "return torch.relu(x)" in text
    assert ("self.op = opsbridge.mindspore.ops.ReLU()" in text) is stays


@pytest.mark.parametrize(
    ("setup", "call", "reason"),
    [
        ("self.op = nn.ReLU()", "self.op()", "it is a layer"),
        ("self.op = nn.ReLU()", "self.op(x)", "it is a layer"),
        ("self.op = ops.ReLU()\nself.op = m", "self.op(x)", "something else in another place"),
        ("self.op = ops.ReLU()\nself.op = ops.Exp()", "self.op(x)", "set in several ways"),
        (
            "self.op = ops.Split(axis=2)\nself.op = ops.Split(output_num=2)",
            "self.op(x)",
            "set in several ways",
        ),
        ("self.op = ops.Concat(k)", "self.op((x, x))", "are no literals"),
        ("self.op = ops.Softmax((*k,))", "self.op(x)", "are no literals"),
        ("self.op = ops.Softmax(k())", "self.op(x)", "are no literals"),
        ("self.op = ops.Softmax(k - 1)", "self.op(x)", "are no literals"),
        ("self.op = ops.Softmax(1 - k)", "self.op(x)", "are no literals"),
        ("self.op = ops.Softmax(+1)", "self.op(x)", "are no literals"),
        ("self.op = ops.ROIAlign(*k)", "self.op(x, x)", "unpacked with a star"),
    ],
)
def test_an_operator_that_stays_an_object(setup: str, call: str, reason: str) -> None:
    result = result_of(cell(f"return {call}", setup))
    assert f"return {call}" in str(result.after)
    (point,) = (p for p in result.points if p.became == "self.op")
    assert reason in point.reason


def test_an_operator_of_the_class() -> None:
    source = f"{HEADER}class Net(nn.Cell):\n    relu = ops.ReLU()\n    @staticmethod\n"
    source += "    def other(self):\n        self.relu = None\n"
    source += "    def construct(self, x):\n        return self.relu(x)\n"
    text = translate_text(source)
    assert text.endswith("return torch.relu(x)\n")
    assert "ReLU" not in text


def test_what_is_translated_exactly_needs_no_reason() -> None:
    point = result_of(cell("return ops.relu(x)")).points[-1]
    assert (point.outcome, point.reason, point.suggestion) == (Outcome.EXACT, "", "")


@pytest.mark.parametrize("constant", ["constexpr", "_constexpr", "_primexpr"])
def test_functions_that_cells_call_are_of_the_graph(constant: str) -> None:
    """There a value is no array, so that its method may be PyTorch's."""
    source = cell("return again(helper(x)), unheard(x)") + (
        "def helper(x):\n    return again(x.sum(0))\n"
        "def again(x):\n    return helper(x.tile((2,)))\n"
        f"from mindspore.ops import {constant}\n@{constant}\ndef unheard(x):\n    return x.sum(0)\n"
        "def plain(x):\n    return x.sum(0)\n"
    )
    text = translate_text(source)
    assert "return again(opsbridge.mindspore.Tensor.sum(x, 0))" in text
    assert "return helper(opsbridge.mindspore.Tensor.tile(x, (2,)))" in text
    assert text.count("return x.sum(0)") == 2


@pytest.mark.parametrize("decorator", ["k[0]", "k()()", "k.made(3)", "made"])
def test_a_function_that_another_one_takes_is_of_the_graph(decorator: str) -> None:
    source = cell("return helper(x)") + f"@{decorator}\ndef helper(x):\n    return x.sum(0)\n"
    text = translate_text(source)
    assert text.endswith(
        f"@{decorator}\ndef helper(x):\n    return opsbridge.mindspore.Tensor.sum(x, 0)\n"
    )


def test_functions_of_other_files_are_of_the_graph(tmp_path: Any) -> None:
    from pathlib import PurePath

    from opsbridge.port.source.translate import translate

    texts = {
        "pkg/helpers.py": "import mindspore\ndef helper(x):\n    return x.sum(0)\n",
        "pkg/others.py": "import mindspore\ndef helper(x):\n    return x.sum(0)\n",
        "pkg/net.py": "from .helpers import helper, other\nfrom mindspore import nn\n"
        "class Net(nn.Cell):\n    def construct(self, x):\n        return helper(other(x))\n",
    }
    files = []
    for place, text in texts.items():
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        files.append(SourceFile(path, PurePath(place)))
    helpers, others, _ = (each.after for each in translate(files, Target.OPSBRIDGE))
    assert "Tensor.sum(x, 0)" in str(helpers)
    assert "x.sum(0)" in str(others)


def test_a_layer_whose_weights_are_named_stays_opsbridges() -> None:
    """PyTorch calls the weights of its own otherwise."""
    setup = "self.bn = nn.BatchNorm1d(3)"
    assert "self.bn = torch.nn.BatchNorm1d(" in translate_text(cell("return self.bn(x)", setup))
    text = translate_text(cell("return self.bn(x) + self.bn.gamma", setup))
    assert "self.bn = opsbridge.mindspore.nn.BatchNorm1d(3)" in text


def test_methods_that_call_each_other_are_of_the_graph() -> None:
    more = "    def other(self, x):\n        return self.another(x.sum(0))\n"
    more += "    def another(self, x):\n        return self.other(x)\n"
    text = translate_text(cell("return self.other(x)", more=more))
    assert "return self.another(opsbridge.mindspore.Tensor.sum(x, 0))" in text


def test_a_licence_stays_above_the_import_of_what_a_base_class_needs(tmp_path: Any) -> None:
    from pathlib import PurePath

    from opsbridge.port.source.translate import translate

    base = "from mindspore import nn, ops\nclass Base(nn.Cell):\n    def __init__(self):\n"
    base += "        self.relu = ops.ReLU()\n"
    net = (
        "# A licence.\nclass Net(Base):\n    def construct(self, x):\n        return self.relu(x)\n"
    )
    files = []
    for name, text in {"a.py": base, "b.py": net.replace("(Base)", "(a.Base)")}.items():
        (tmp_path / name).write_text(text)
        files.append(SourceFile(tmp_path / name, PurePath(name)))
    after = str(translate(files, Target.OPSBRIDGE)[1].after)
    assert after.startswith("# A licence.\n\nimport torch\n")
    assert after.endswith("return torch.relu(x)\n")
