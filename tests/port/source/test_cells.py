"""Cells, their methods and members, containers and constants as modules of PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.files import SourceFile
from opsbridge.port.source.parse import parse
from opsbridge.port.source.result import Outcome, Target
from opsbridge.port.source.translate import translate, translate_text

HEADER = "from mindspore import nn, Tensor, Parameter\nimport numpy as np\n"


def line_of(statement: str, target: Target = Target.OPSBRIDGE) -> str:
    """What a statement in a cell's constructor becomes."""
    source = f"{HEADER}class Net(nn.Cell):\n    def __init__(self, x):\n        {statement}\n"
    result = translate_text(source, target)
    assert translate_text(result, target) == result
    return result.splitlines()[-1].strip()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("x.set_train()", "x.train()"),
        ("x.set_train(False)", "x.train(False)"),
        ("x.insert_child_to_cell('a', y)", "x.add_module('a', y)"),
        ("y = x.trainable_params()", "y = opsbridge.mindspore.nn.Cell.trainable_params(x)"),
        (
            "for y in x.trainable_params(): y.a = 1",
            "for y in [p for p in x.parameters() if p.requires_grad]: y.a = 1",
        ),
        (
            "z = [y for y in x.get_parameters() if 'beta' in y.name]",
            "z = [y for y in opsbridge.mindspore.nn.Cell.get_parameters(x) if 'beta' in y.name]",
        ),
        (
            "for y, z in x.get_parameters(): y.a = z",
            "for y, z in opsbridge.mindspore.nn.Cell.get_parameters(x): y.a = z",
        ),
        ("z = [y for y in x.get_parameters()]", "z = [y for y in x.parameters()]"),
        (
            "for n, y in x.parameters_and_names(): y.name = n; y.x.name = z.name = y.a = n",
            "for n, y in x.named_parameters(): pass; y.x.name = z.name = y.a = n",
        ),
        (
            "for n, y in x.parameters_and_names(): y.name = z.name = n; n.name = y.names = y",
            "for n, y in x.named_parameters(): y.name = z.name = n; n.name = y.names = y",
        ),
        ("y = dict(x.parameters_and_names())", "y = dict(x.named_parameters())"),
        ("y = x.parameters_dict()", "y = dict(x.named_parameters())"),
        ("y = x.set_grad()", "y = x"),
        ("x.weight.set_data(y)", "x.weight.data.copy_(y)"),
        ("y = x.weight.asnumpy()", "y = x.weight.detach().cpu().numpy()"),
        ("self.a = nn.CellList()", "self.a = torch.nn.ModuleList()"),
        ("self.a = nn.CellList([x, x])", "self.a = torch.nn.ModuleList([x, x])"),
        ("self.a = nn.CellList(x, x)", "self.a = torch.nn.ModuleList([x, x])"),
        ("self.a = nn.SequentialCell(x, x)", "self.a = torch.nn.Sequential(x, x)"),
        ("self.a = nn.SequentialCell([x, *y])", "self.a = torch.nn.Sequential(x, *y)"),
        ("self.a = nn.SequentialCell(x)", "self.a = _sequential(x)"),
        ("b = []; self.a = nn.SequentialCell(b)", "b = []; self.a = torch.nn.Sequential(*b)"),
        (
            "self.a = Tensor(np.ones(3), x)",
            "self.a = torch.nn.Buffer(torch.tensor(np.ones(3), dtype=x), persistent=False)",
        ),
        (
            "self.a, self.b = Tensor(1.0), Tensor([2])",
            "self.a, self.b = torch.nn.Buffer(torch.tensor(1.0), persistent=False),"
            " torch.nn.Buffer(torch.tensor([2]), persistent=False)",
        ),
        ("y = Tensor(input_data=x)", "y = torch.tensor(x)"),
        (
            "self.w = Parameter(Tensor(x), name='w', requires_grad=False)",
            "self.w = torch.nn.Parameter(torch.tensor(x), requires_grad=False)",
        ),
        (
            "self.w = Parameter(Tensor(x), 'w', False)",
            "self.w = torch.nn.Parameter(torch.tensor(x), requires_grad=False)",
        ),
        ("self.w = Parameter(x, 'w')", "self.w = opsbridge.mindspore.Parameter(x, 'w')"),
        ("y = isinstance(x, Tensor)", "y = isinstance(x, torch.Tensor)"),
        ("y = isinstance(x, Parameter)", "y = isinstance(x, torch.nn.Parameter)"),
        ("super().__init__(auto_prefix=False)", "super().__init__()"),
    ],
)
def test_statements(statement: str, expected: str) -> None:
    assert line_of(statement) == expected


def test_a_statement_without_counterpart_goes_away() -> None:
    source = f"{HEADER}def f(net):\n    net.set_grad()\n"
    assert translate_text(source).endswith("def f(net):\n    pass\n")
    source = "# mindspore is elsewhere\ndef f(net):\n    net.set_grad()\n"
    assert translate_text(source) == source
    source = f"{HEADER}class Net(nn.Cell):\n    def f(self, net):\n        net.set_grad()\n"
    assert translate_text(source).endswith("def f(self, net):\n        pass\n")


def test_a_constant_that_is_something_else_elsewhere_is_no_buffer() -> None:
    assert line_of("self.a = None; self.a = Tensor(1.0)").endswith("self.a = torch.tensor(1.0)")


def test_a_constant_in_a_tuple_is_reported(tmp_path: object) -> None:
    points = points_of(
        f"{HEADER}class Net(nn.Cell):\n    def f(self):\n        self.a = (Tensor(1),)\n"
    )
    (point,) = (each for each in points if each.name == "mindspore.Tensor")
    assert point.outcome is Outcome.APPROXIMATE
    assert "does not follow its module" in point.reason


def test_the_dtype_of_a_cell() -> None:
    kept = "opsbridge.mindspore.nn.Dense(3, 4).to_float(x)"
    assert line_of("self.a = nn.Dense(3, 4).to_float(x)") == f"self.a = {kept}"
    assert line_of("x.to_float(y)") == "_to_float(x, y)"
    plain = "_to_float(torch.nn.Linear(in_features=3, out_features=4), x)"
    assert line_of("self.a = nn.Dense(3, 4).to_float(x)", Target.TORCHVISION) == f"self.a = {plain}"


def test_a_method_of_a_value_that_may_be_an_array_is_left() -> None:
    points = points_of(
        f"{HEADER}class Net(nn.Cell):\n    def f(self, x):\n        y = np.ones(3).astype(int)\n"
        "        return x.set_train(), y.astype(np.float32)\n"
    )
    assert [p.name for p in points] == ["mindspore.nn.Cell", "mindspore.nn.Cell.set_train"]


def test_a_class_whose_base_is_not_there_is_taken_for_a_cell_and_says_so() -> None:
    source = "from mindspore import ops\nfrom elsewhere import Base\n\n\nclass Net(Base):\n"
    source += "    def construct(self, x):\n        return x\n"
    points = points_of(source)
    assert [(p.name, p.outcome) for p in points] == [
        ("class Net", Outcome.APPROXIMATE),
        ("mindspore.nn.Cell.construct", Outcome.EXACT),
    ]


def test_a_base_class_in_another_file(tmp_path: object) -> None:
    from pathlib import Path, PurePath

    assert isinstance(tmp_path, Path)
    texts = {
        "pkg/base.py": f"{HEADER}from mindspore.ops import operations as P\n\n\n"
        "class Base(nn.Cell):\n    def __init__(self):\n        self.relu = P.ReLU()\n",
        "pkg/net.py": "from .base import Base\n\n\nclass Net(Base):\n"
        "    def construct(self, x):\n        return self.relu(x)\n",
    }
    files = []
    for place, text in texts.items():
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        files.append(SourceFile(path, PurePath(place)))
    base, net = translate(files, Target.OPSBRIDGE)
    assert net.after == (
        "import torch\nfrom .base import Base\n\n\nclass Net(Base):\n"
        "    def forward(self, x):\n        return torch.relu(x)\n"
    )
    assert "ReLU" not in str(base.after)


def points_of(source: str) -> tuple[object, ...]:
    """The points of one file."""
    from pathlib import Path, PurePath

    from opsbridge.port.source.files import Text
    from opsbridge.port.source.translate import Read, _translated

    place = PurePath("net.py")
    read = Read(
        SourceFile(Path("net.py"), place), Text(source, "utf-8", False), parse(source, place)
    )
    (result,) = _translated([read], Target.OPSBRIDGE, lambda place: None)
    return result.points


def test_the_number_of_elements_of_parameters() -> None:
    source = (
        "from mindspore import nn\n"
        "def count(net):\n    return sum(p.size for p in net.get_parameters())\n"
    )
    assert "sum(p.numel() for p in net.parameters())" in translate_text(source)


def test_methods_whose_receiver_may_be_an_array() -> None:
    source = (
        "from mindspore import nn\n"
        "class Head(nn.Cell):\n"
        "    def __init__(self, anchors):\n"
        "        super().__init__()\n"
        "        self.anchors = anchors.reshape((3, 2))\n"
        "        self.flat = anchors.view(-1, 2)\n"
        "        self.sign = anchors.view('uint8')\n"
    )
    text = translate_text(source)
    assert "anchors.reshape((3, 2))" in text
    assert "anchors.reshape(-1, 2)" in text
    assert "anchors.view('uint8')" in text


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("", "[f(x) for f in list(self.a)]"),
        ("self.cell_list = ()", "[f(x) for f in self.a.cell_list]"),
    ],
)
def test_the_cells_of_a_sequential_cell(own: str, expected: str) -> None:
    source = f"{HEADER}\n\nclass Net(nn.Cell):\n    def __init__(self, a):\n"
    source += f"        super().__init__()\n        self.a = nn.SequentialCell(a)\n        {own}\n"
    source += "    def construct(self, x):\n        return [f(x) for f in self.a.cell_list]\n"
    assert translate_text(source, Target.OPSBRIDGE).rstrip().endswith(f"return {expected}")


SEQUENTIAL = """
from mindspore import nn


class Listed(nn.SequentialCell):
    def __init__(self, count):
        layers = [nn.ReLU() for _ in range(count)]
        super().__init__(layers)


class Given(nn.SequentialCell):
    pass


def made():
    return [Listed(2), Given((nn.ReLU(), nn.Tanh())), Given(nn.ReLU()), Given(Given([nn.Tanh()]))]
"""


@pytest.mark.parametrize("target", Target)
def test_what_derives_from_a_sequential_cell_takes_a_list(target: Target) -> None:
    torch = pytest.importorskip("torch")
    text = translate_text(SEQUENTIAL, target)
    assert translate_text(text, target) == text
    assert "opsbridge" not in text
    found: dict[str, Any] = {}
    exec(text, found)
    made = found["made"]()
    assert [len(each) for each in made] == [2, 2, 1, 1]
    assert all(isinstance(each, torch.nn.Sequential) for each in made)
    assert made[1](torch.tensor([-1.0, 1.0])).tolist() == torch.tensor([0.0, 1.0]).tanh().tolist()
    assert len(made[1][:1]) == 1


def test_a_sequential_cell_that_no_class_derives_from_stays_plain() -> None:
    source = "from mindspore import nn\nclass A(nn.Cell):\n    kind = nn.SequentialCell\n"
    expected = "import torch\nclass A(torch.nn.Module):\n    kind = torch.nn.Sequential\n"
    assert translate_text(source) == expected


LAYERS_BY_TYPE = """
from mindspore import nn


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.plain = nn.Conv2d(3, 4, 3, pad_mode="valid")
        self.same = nn.Conv2d(4, 4, 3, stride=2)
        self.norm = nn.BatchNorm2d(4)

    def found(self):
        convs = [n for n, each in self.cells_and_names() if isinstance(each, nn.Conv2d)]
        kinds = self.cells_and_names()
        others = [n for n, each in kinds if isinstance(each, (nn.Dense, nn.BatchNorm2d))]
        return convs, others
"""


@pytest.mark.parametrize("target", Target)
def test_layers_are_found_by_their_type(target: Target) -> None:
    scope: dict[str, object] = {}
    exec(translate_text(LAYERS_BY_TYPE, target), scope)
    assert scope["Net"]().found() == (["plain", "same"], ["norm"])  # type: ignore[operator]


@pytest.mark.parametrize(
    "name",
    [
        *("train", "eval", "children", "named_children", "modules", "named_modules"),
        *("parameters", "named_parameters", "buffers", "named_buffers"),
        *("state_dict", "load_state_dict"),
    ],
)
def test_a_method_that_pytorch_calls_for_its_own_is_reported(name: str) -> None:
    methods = f"    def {name}(self):\n        pass\n\n    def {name}s(self):\n        pass\n"
    points = points_of(f"{HEADER}class Net(nn.Cell):\n{methods}")
    (point,) = (each for each in points if name in each.name)
    assert (point.name, point.outcome) == (
        f"mindspore.nn.Cell with a method {name}",
        Outcome.APPROXIMATE,
    )
    assert point.reason == (f"PyTorch has a method {name} of its own and calls this one for it")
    assert point.suggestion == "rename it, unless it does what PyTorch's does"


def test_a_shape_is_no_tensor_where_its_name_gets_one() -> None:
    statement = "y = x.shape[1:3]; y = Tensor(y[::-1])"
    assert line_of(statement) == "y = x.shape[1:3]; y = torch.tensor(y[::-1])"


def test_what_has_to_do_with_mindspore_is_the_file_or_a_cell_that_was_read() -> None:
    source = f"{HEADER}class A: pass\ndef f(x): return x.set_train()\n"
    assert translate_text(source) == (
        "import numpy as np\nclass A: pass\ndef f(x): return x.train()\n"
    )
    source = (
        "from elsewhere import Base\ndef f(x): return x.set_train()\nclass Net(Base):\n"
        "    def construct(self, x): return x.set_train()\nclass A: pass\n"
        "def g(x): return x.set_train()\n"
    )
    assert translate_text(source) == (
        "from elsewhere import Base\ndef f(x): return x.set_train()\nclass Net(Base):\n"
        "    def forward(self, x): return x.train()\nclass A: pass\n"
        "def g(x): return x.train()\n"
    )
