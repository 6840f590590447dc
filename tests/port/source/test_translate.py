"""Source in, source out: one snippet per rule of the translator."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path, PurePath

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.files import SourceFile
from opsbridge.port.source.result import Outcome, Target
from opsbridge.port.source.translate import translate, translate_text

NOT_USED = "PyTorch's own is not used: "
HEADER = "import mindspore.ops as ops\nfrom mindspore import nn, Tensor\n"


def cell(setup: str, body: str, parameters: str = "x") -> str:
    """The source of a cell."""
    lines = ["class Net(nn.Cell):", "    def __init__(self):", "        super().__init__()"]
    lines += [f"        {line}" for line in setup.splitlines()]
    lines += [f"    def construct(self, {parameters}):"]
    lines += [f"        {line}" for line in body.splitlines()]
    return HEADER + "\n".join(lines) + "\n"


def translated(source: str, target: Target = Target.OPSBRIDGE) -> str:
    """The translation, which must not change when it is translated again."""
    result = translate_text(source, target)
    assert translate_text(result, target) == result
    return result


def body_of(source: str) -> list[str]:
    """The lines of the class without their indentation, and without what all classes have."""
    lines = [line.strip() for line in source.partition("super().__init__()")[2].splitlines()]
    return [line for line in lines if line]


@pytest.mark.parametrize(
    ("setup", "body", "expected"),
    [
        pytest.param(
            "self.concat = ops.Concat(axis=1)",
            "return self.concat((x, x))",
            "return torch.cat((x, x), dim=1)",
            id="constructor-argument-moves-to-the-call",
        ),
        pytest.param(
            "self.relu = ops.ReLU()",
            "y = self.relu(x)\nz = y[::-1]\nreturn z + y[..., ::-1, :], x.shape[::-1], x[:, ::-1]",
            "y = torch.relu(x)\nz = torch.flip(y, (0,))\n"
            "return z + torch.flip(y, (-2,)), x.shape[::-1], torch.flip(x, (1,))",
            id="a-slice-backwards-is-a-flip",
        ),
        pytest.param(
            "self.relu = ops.ReLU()",
            "return self.relu(x)[5:1:-2]",
            "# opsbridge: slice of negative step: PyTorch has no slices of negative step\n"
            "return torch.relu(x)[5:1:-2]",
            id="other-slices-backwards-are-left",
        ),
        pytest.param(
            "pass",
            "return ops.zeros_like(x), ops.dtype(x)",
            "pass\nreturn torch.zeros_like(x), x.dtype",
            id="the-function-of-an-attribute-is-the-attribute",
        ),
        pytest.param(
            "self.softmax = ops.Softmax()\nself.concat = ops.Concat()",
            "return self.softmax(self.concat((x, x)))",
            "return torch.softmax(torch.cat((x, x)), dim=-1)",
            id="a-default-that-differs-is-explicit",
        ),
        pytest.param(
            "self.concat = ops.Concat(1)",
            "return self.concat(tensors=(x, x))",
            "return torch.cat((x, x), dim=1)",
            id="positional-and-keyword",
        ),
        pytest.param(
            "self.best = ops.ArgMaxWithValue(axis=1)",
            "index, value = self.best(x)\nreturn index, value",
            "value, index = torch.max(x, dim=1)\nreturn index, value",
            id="results-change-places",
        ),
        pytest.param(
            "self.topk = ops.TopK(sorted=True)",
            "values, _ = self.topk(x, 3)\nreturn values",
            "values, _ = torch.topk(x, k=3, sorted=True)\nreturn values",
            id="dtype-of-an-unused-result",
        ),
        pytest.param(
            "self.act = ops.relu",
            "return self.act(x).max(1).sqrt()",
            "return torch.sqrt(opsbridge.mindspore.Tensor.max(torch.relu(x), axis=1))",
            id="an-attribute-that-is-a-function",
        ),
        pytest.param(
            "", "return ops.ReLU()(x)", "return torch.relu(x)", id="made-and-called-at-once"
        ),
        pytest.param(
            "",
            "return ops.Split(axis=1, output_num=self.n)(x)",
            "return torch.chunk(x, chunks=self.n, dim=1)",
            id="made-and-called-at-once-with-any-argument",
        ),
        pytest.param(
            "self.n = 3",
            "return ops.interpolate(x, scale_factor=2.0, mode='bilinear')",
            "self.n = 3\n"
            "return torch.nn.functional.interpolate(x, scale_factor=2.0, mode='bilinear')",
            id="behind-an-argument-that-is-left-out-stand-keywords",
        ),
        pytest.param(
            "self.total = Tensor(0.0)",
            "total = self.total\ntotal += x\nreturn total",
            "self.total = torch.nn.Buffer(torch.tensor(0.0), persistent=False)\n"
            "total = self.total\ntotal = total + x\nreturn total",
            id="sums-make-new-tensors",
        ),
        pytest.param(
            "self.n = 3",
            "out = ()\nn = 0\nfor i in range(self.n):\n    out += (x,)\n    n += 1\nreturn out",
            "self.n = 3\nout = ()\nn = 0\nfor i in range(self.n):\nout += (x,)\nn += 1\nreturn out",
            id="sums-of-tuples-and-numbers-stay",
        ),
    ],
)
def test_rules(setup: str, body: str, expected: str) -> None:
    lines = body_of(translated(cell(setup, body)))
    assert [line for line in lines if not line.startswith("def ")] == expected.splitlines()


def test_a_cell_becomes_a_module_and_comments_stay() -> None:
    source = textwrap.dedent("""\
        # A licence.
        \"\"\"A model.\"\"\"
        import numpy as np
        from mindspore.ops import operations as P
        import mindspore.nn as nn


        class Net(nn.Cell):  # the network
            # above
            def __init__(self):
                super(Net, self).__init__()
                self.relu = P.ReLU()  # gone with its operator
                self.reshape = P.Reshape()

            def construct(self, x):
                y = self.relu(x)  # behind
                return self.reshape(y,
                                    (-1, 4))
        """)
    assert translated(source) == textwrap.dedent("""\
        # A licence.
        \"\"\"A model.\"\"\"
        import numpy as np
        import torch


        class Net(torch.nn.Module):  # the network
            # above
            def __init__(self):
                super(Net, self).__init__()

            def forward(self, x):
                y = torch.relu(x)  # behind
                return torch.reshape(y,
                                    (-1, 4))
        """)


@pytest.mark.parametrize(
    "spelling",
    [
        "from mindspore.ops import operations as P\nf = P.ReLU()(x)",
        "from mindspore.ops import functional as F\nf = F.ReLU()(x)",
        "import mindspore.ops.operations as P\nf = P.ReLU()(x)",
        "from mindspore import ops\nf = ops.ReLU()(x)",
        "import mindspore\nf = mindspore.ops.ReLU()(x)",
        "import mindspore as ms\nf = ms.ops.operations.ReLU()(x)",
        "from mindspore.ops import ReLU\nf = ReLU()(x)",
        "from mindspore.ops.operations import ReLU as R\nf = R()(x)",
        "from mindspore.ops import *\nf = ReLU()(x)",
    ],
)
def test_every_spelling_of_a_name(spelling: str) -> None:
    assert translated(spelling + "\n").splitlines()[-1] == "f = torch.relu(x)"


@pytest.mark.parametrize(
    "source",
    [
        "import relu\nf = relu.ReLU()(x)\n",
        "def f(P):\n    return P.ReLU()(1)\n",
        "from mindspore.ops import operations as P\n\n\ndef f(P):\n    return P.ReLU()(1)\n",
        "# mindspore\nclass A:\n    def construct(self):\n        return 1\n",
    ],
)
def test_other_names_are_left_alone(source: str) -> None:
    assert translate_text(source).splitlines()[1:] == source.splitlines()[1:] or (
        "def f(P)" in translate_text(source)
    )


def test_an_operator_with_a_changing_argument_stays_an_object() -> None:
    source = cell(
        "self.threshold = 0.5\nself.nms = ops.NMSWithMask(self.threshold)", "return self.nms(x)"
    )
    lines = body_of(translated(source))
    assert "self.nms = opsbridge.mindspore.ops.NMSWithMask(self.threshold)" in lines
    assert "return self.nms(x)" in lines


def test_an_operator_that_a_subclass_uses_is_written_at_its_calls_too() -> None:
    source = cell("self.concat = ops.Concat(axis=1)", "return x") + textwrap.dedent("""\


        class Sub(Net):
            def construct(self, x):
                return self.concat((x, x))
        """)
    result = translated(source)
    assert "return torch.cat((x, x), dim=1)" in result
    assert "Concat" not in result


def test_an_operator_that_other_code_uses_stays() -> None:
    source = cell("self.concat = ops.Concat(axis=1)", "return self.concat((x, x))")
    result = translated(source + "\n\ndef use(net, x):\n    return net.concat(x)\n")
    assert "self.concat = opsbridge.mindspore.ops.Concat(axis=1)" in result


def test_an_operator_that_is_set_twice_stays_an_object() -> None:
    setup = "if x:\n    self.act = ops.Sigmoid()\nelse:\n    self.act = ops.Softmax(axis=1)"
    lines = body_of(translated(cell(setup, "return self.act(x)")))
    assert "return self.act(x)" in lines
    assert "self.act = opsbridge.mindspore.ops.Softmax(axis=1)" in lines


def test_mode_and_sampling_of_roi_align_are_explicit() -> None:
    result = translated(cell("self.align = ops.ROIAlign(7, 7, 0.25)", "return x"))
    assert "ops.ROIAlign(7, 7, 0.25, sample_num=2, roi_end_mode=1)" in result


def test_what_no_table_has_is_left_and_marked_once() -> None:
    source = "from mindspore import nn\nfrom mindspore import ops\ny = nn.Unheard(ops.ReLU()(x))\n"
    assert translated(source) == (
        "import torch\n"
        "from mindspore import nn\n"
        "# opsbridge: mindspore.nn.Unheard is not translated: no table has this name\n"
        "y = nn.Unheard(torch.relu(x))\n"
    )


def test_outcomes_name_what_happened() -> None:
    assert {outcome.value for outcome in Outcome} == {"exact", "approximate", "by hand"}


@pytest.mark.parametrize(
    ("body", "expected", "outcome"),
    [
        ("v, i = ops.relu(x).max(1)", "v, i = {}.max(torch.relu(x), dim=1)", Outcome.EXACT),
        ("v, i = x.max(1, True)", "v, i = {}.max(x, dim=1, keepdim=True)", Outcome.EXACT),
        ("v = x.max(1, keepdim=True)", "v = {}.max(x, dim=1, keepdim=True)", Outcome.EXACT),
        ("v = x.min(-1, True) < 2", "v = {}.min(x, axis=-1, keepdims=True) < 2", Outcome.EXACT),
        ("v = x.max(1).sqrt()", "v = torch.sqrt({}.max(x, axis=1))", Outcome.EXACT),
        ("v = x.max(1)", "v = {}.max(x, axis=1)", Outcome.APPROXIMATE),
        ("v = x.max(1)[0]", "v = {}.max(x, dim=1)[0]", Outcome.APPROXIMATE),
        ("v = x.min(1, True)[1]", "v = {}.min(x, dim=1, keepdim=True)[1]", Outcome.APPROXIMATE),
        ("v = x.max(1)[2]", "v = {}.max(x, axis=1)[2]", Outcome.APPROXIMATE),
        ("v = x.max(1)[:1]", "v = {}.max(x, axis=1)[:1]", Outcome.APPROXIMATE),
        ("v = x.max(1)[0, 1]", "v = {}.max(x, axis=1)[0, 1]", Outcome.APPROXIMATE),
        ("v = x.max(axis)", "v = {}.max(x, axis=axis)", Outcome.APPROXIMATE),
        ("v = x.max(None)", "v = {}.max(x, None)", Outcome.EXACT),
        ("v = x.max((1, 2))", "v = {}.max(x, (1, 2))", Outcome.EXACT),
        ("v = x.max([1, 2])", "v = {}.max(x, [1, 2])", Outcome.EXACT),
        ("v = x.max()", "v = {}.max(x)", Outcome.EXACT),
        ("v = x.max(axis=1)", "v = {}.max(x, axis=1)", Outcome.EXACT),
        ("v = x.max(*axis)", "v = {}.max(x, *axis)", Outcome.EXACT),
        ("v = x.max(1, *axis)", "v = {}.max(x, 1, *axis)", Outcome.EXACT),
        ("v = x.max(1, False, 0)", "v = {}.max(x, 1, False, 0)", Outcome.EXACT),
        ("v = x.max(1, initial=0)", "v = {}.max(x, 1, initial=0)", Outcome.EXACT),
        ("v = x.max(1, where=x)", "v = {}.max(x, 1, where=x)", Outcome.EXACT),
        (
            "v = x.max(1, return_indices=True)",
            "v = {}.max(x, 1, return_indices=True)",
            Outcome.EXACT,
        ),
        ("v = -x.max(1)", "v = -{}.max(x, axis=1)", Outcome.EXACT),
        ("v = 1 - x.max(1)", "v = 1 - {}.max(x, axis=1)", Outcome.EXACT),
        ("v = 2 < x.max(1)", "v = 2 < {}.max(x, axis=1)", Outcome.EXACT),
        ("v, *i = x.max(1)", "v, *i = {}.max(x, axis=1)", Outcome.APPROXIMATE),
        ("v, i, j = x.max(1)", "v, i, j = {}.max(x, axis=1)", Outcome.APPROXIMATE),
        ("v = i = x.max(1)", "v = i = {}.max(x, axis=1)", Outcome.APPROXIMATE),
        ("v = x.max(1)[-1]", "v = {}.max(x, axis=1)[-1]", Outcome.APPROXIMATE),
        ("v = x.max(1, keepdims=True)", "v = {}.max(x, 1, keepdims=True)", Outcome.EXACT),
    ],
)
def test_an_extreme_along_an_axis_without_a_name_gets_the_name_that_is_meant(
    body: str, expected: str, outcome: Outcome, tmp_path: Path
) -> None:
    source = cell("", f"x = ops.relu(x)\n{body}")
    assert body_of(translated(source))[-1] == expected.format("opsbridge.mindspore.Tensor")
    path = tmp_path / "net.py"
    path.write_text(source, "utf-8")
    (result,) = translate([SourceFile(path, PurePath("net.py"))], Target.OPSBRIDGE)
    (point,) = [each for each in result.points if each.name.startswith("mindspore.Tensor.m")]
    assert point.outcome is outcome


@pytest.mark.parametrize(
    ("setup", "body", "refused"),
    [
        ("self.a = nn.Conv3d(1, 2, 3, bias=False, groups=1)", "return x", "Conv3d has no .* bias"),
        ("self.a = ops.Softmax(dim=1)", "return self.a(x)", "Softmax has no parameter dim"),
        ("self.a = ops.ReLU()", "return self.a(x, alpha=1)", "ReLU has no parameter alpha"),
        ("", "return ops.ReLU(inplace=True)(x)", "ReLU has no parameter inplace"),
        ("", "return ops.softmax(x, kdim=1)", "softmax has no parameter kdim"),
        ("", "return ops.relu(x).mean(kdim=1)", "mean has no parameter kdim"),
    ],
)
def test_a_keyword_that_mindspore_does_not_have_is_left_by_hand(
    setup: str, body: str, refused: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.py"
    path.write_text(cell(setup, body), "utf-8")
    (result,) = translate([SourceFile(path, PurePath("net.py"))], Target.OPSBRIDGE)
    left = [each for each in result.points if each.outcome is Outcome.BY_HAND]
    assert left
    assert all(re.search(f"MindSpore's {refused}", each.reason) for each in left)
    assert re.search(f"# opsbridge: .*{refused}", translated(cell(setup, body)))


@pytest.mark.parametrize(
    ("head", "place"),
    [
        ('"""A text."""\n', 1),
        ('("A text " "in two parts.")\n', 1),
        ('"""A text."""\nfrom __future__ import annotations\n', 2),
        ("from __future__ import annotations\n", 1),
        ("size = 1\n'no text of the module'\n", 0),
        ("1\n", 0),
        ("", 0),
    ],
)
def test_imports_come_behind_the_text_of_the_module(head: str, place: int) -> None:
    source = "def relu(x):\n    from mindspore import ops\n    return ops.relu(x)\n"
    lines = translated(head + source).splitlines()
    assert lines[place] == "import torch"
    assert [line for line in lines if line][-1] == "    return torch.relu(x)"
    assert "\n".join(lines[:place]) == "\n".join(head.splitlines()[:place])


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("nn.CellList()", "torch.nn.ModuleList()"),
        ("nn.SequentialCell([x])", "torch.nn.Sequential(x)"),
        ("mindspore.Tensor([1])", "torch.tensor([1])"),
        ("mindspore.Parameter(mindspore.Tensor([1]))", "torch.nn.Parameter(torch.tensor([1]))"),
    ],
)
def test_what_is_made_of_pytorch_alone_imports_it(made: str, expected: str) -> None:
    source = f"import mindspore\nfrom mindspore import nn\n\na = {made}\n"
    assert translated(source) == f"import torch\n\na = {expected}\n"


def test_a_block_of_imports_that_go_stays_one() -> None:
    source = (
        "if x:\n    from mindspore import ops\nelse: from mindspore import ops\ny = ops.exp(x)\n"
    )
    result = translated(source)
    assert result == "import torch\nif x:\n    pass\nelse: pass\ny = torch.exp(x)\n"


@pytest.mark.parametrize("lookup", ["getattr(*pair)", "hasattr(*pair)"])
def test_a_look_up_of_unpacked_arguments_names_nothing(lookup: str) -> None:
    assert lookup in translated(cell("self.act = ops.ReLU()", f"return self.act(x), {lookup}"))


def test_a_text_that_is_split_is_no_tensor() -> None:
    lines = body_of(translated(cell("", "a, b = x.split('/'), ops.relu(x).split(2)\nreturn a, b")))
    assert lines[1].startswith("a, b = x.split('/'), torch.split(")


@pytest.mark.parametrize("decorator", ["constexpr", "constexpr()", "ops.constexpr(get_instance=0)"])
def test_a_function_for_constants_sees_no_tensors(decorator: str) -> None:
    function = f"\n\n@{decorator}\ndef shape(y):\n    return y.mean(1)\n"
    imported = "from mindspore.ops import constexpr\n"
    for text, expected in (
        (function, "    return y.mean(1)"),
        (
            function.replace(f"@{decorator}\n", ""),
            "    return opsbridge.mindspore.Tensor.mean(y, 1)",
        ),
    ):
        source = imported + cell("", "return shape(x)") + text
        assert translated(source).splitlines()[-1] == expected


def test_why_an_object_stays_names_the_argument(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        cell("", "w = Parameter(x, 'w')\nreturn ops.cast(x, y)").replace("Tensor", "Parameter"),
        "utf-8",
    )
    (result,) = translate([SourceFile(path, PurePath("net.py"))], Target.OPSBRIDGE)
    reasons = {each.name: each.reason for each in result.points if each.reason}
    assert reasons == {
        "mindspore.Parameter": f"{NOT_USED}its values are not known to be a tensor",
        "mindspore.ops.cast": f"{NOT_USED}dtype is not known to be a dtype",
    }
