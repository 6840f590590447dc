"""What the report says of a call, word for word: what it became, why, and what to do about it."""

from __future__ import annotations

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from test_members import HEADER, cell, result_of

from opsbridge.port.source.apply import MARK
from opsbridge.port.source.result import Point, Target

Said = tuple[str, str, str, str, str]
TORCHVISION, OPSBRIDGE = Target.TORCHVISION, Target.OPSBRIDGE
BOTH = (TORCHVISION, OPSBRIDGE)
SURFACE = "opsbridge.mindspore"

NO_NAMES = "the names are those of PyTorch's layers: bn.weight, not bn.gamma"
NO_COUNTERPART = ("PyTorch has no counterpart", "leave it out")
ARRAY = "it is not known whether the value is a tensor or a NumPy array"
STARS = "PyTorch's own is not used: its arguments are unpacked with a star"
AUTOCAST = "autocast decides for each operator whether it computes in the other dtype"
FLOAT32 = "autocast knows by itself what stays in float32"
NEGATIVE = "PyTorch has no slices of negative step"
FUNCTION = "PyTorch's own is not used: PyTorch has no such function"


def names_by(method: str) -> str:
    return f"{SURFACE}.nn.Cell.{method}(module) gives those of MindSpore"


def of_tensor(torchs: str) -> str:
    return f"for a tensor: {torchs}; a NumPy array stays as it is"


def unknown(api: str, keyword: str) -> str:
    what = f"MindSpore's {api} has no parameter {keyword} in 2.10"
    return f"{what}, nor in another version that the tables know"


LAST_BITS = "values differ in the last bits"
POOLED = (
    'stride is 1 by default; torch\'s is kernel_size; pad_mode "same" pads more on the right and'
    ' bottom where the total is odd; the padding of "same" is not counted'
)
LEAVE = "leave the argument out, or give the parameter that was meant"


def said_of(source: str, target: Target, line: int) -> list[Said]:
    """What the points of a line say."""
    points: list[Point] = [each for each in result_of(source, target).points if each.line == line]
    return [(p.name, p.outcome.value, p.became, p.reason, p.suggestion) for p in points]


def remarks(source: str, target: Target) -> list[str]:
    """What the translation says itself, above the lines that are left."""
    lines = str(result_of(source, target).after).splitlines()
    return [line.strip().removeprefix(MARK) for line in lines if MARK in line]


CELL = "mindspore.nn.Cell"
IN_CONSTRUCTOR: list[tuple[str, tuple[Target, ...], tuple[str, str, str, str, str]]] = [
    ("super().__init__(1)", BOTH, (f"{CELL}.__init__", "exact", "", "", "")),
    ("m.set_train()", BOTH, (f"{CELL}.set_train", "exact", "train", "", "")),
    (
        "m.add_flags(fp32=True)",
        BOTH,
        (f"{CELL}.add_flags", "approximate", "nothing", FLOAT32, ""),
    ),
    ("m.add_flags(True)", BOTH, (f"{CELL}.add_flags", "by hand", "", *NO_COUNTERPART)),
    (
        "m.add_flags(fp32=True, fp16=True)",
        BOTH,
        (f"{CELL}.add_flags", "by hand", "", *NO_COUNTERPART),
    ),
    (
        "m.add_flags_recursive()",
        BOTH,
        (f"{CELL}.add_flags_recursive", "by hand", "", *NO_COUNTERPART),
    ),
    ("m.shard(k)", BOTH, (f"{CELL}.shard", "by hand", "", *NO_COUNTERPART)),
    (
        "m.compile_and_run()",
        BOTH,
        (
            f"{CELL}.compile_and_run",
            "by hand",
            "",
            "a module is called in PyTorch",
            "call the module",
        ),
    ),
    (
        "m.recompute()",
        BOTH,
        (
            f"{CELL}.recompute",
            "approximate",
            "nothing",
            "memory is not saved: checkpointing is a call in PyTorch",
            "",
        ),
    ),
    (
        "m.update_parameters_name(k)",
        BOTH,
        (
            f"{CELL}.update_parameters_name",
            "approximate",
            "nothing",
            "PyTorch names parameters by their place",
            "",
        ),
    ),
    ("m.set_grad()", BOTH, (f"{CELL}.set_grad", "exact", "nothing: PyTorch needs none", "", "")),
    (
        "y = m.trainable_params()",
        (TORCHVISION,),
        (
            f"{CELL}.trainable_params",
            "exact",
            "[p for p in module.parameters() if p.requires_grad]",
            "",
            "",
        ),
    ),
    (
        "y = m.trainable_params()",
        (OPSBRIDGE,),
        (f"{CELL}.trainable_params", "exact", f"{SURFACE}.nn.Cell.trainable_params", "", ""),
    ),
    (
        "y = m.parameters_and_names()",
        BOTH,
        (
            f"{CELL}.parameters_and_names",
            "approximate",
            "named_parameters",
            NO_NAMES,
            names_by("parameters_and_names"),
        ),
    ),
    (
        "y = m.parameters_dict()",
        BOTH,
        (
            f"{CELL}.parameters_dict",
            "approximate",
            "dict(module.named_parameters())",
            NO_NAMES,
            names_by("parameters_dict"),
        ),
    ),
    (
        "for _, p in m.parameters_and_names(): pass",
        BOTH,
        (f"{CELL}.parameters_and_names", "exact", "named_parameters", "", ""),
    ),
    (
        "y = m.name_cells()",
        BOTH,
        (f"{CELL}.name_cells", "exact", "dict(module.named_children())", "", ""),
    ),
    ("m.to_float(k)", BOTH, (f"{CELL}.to_float", "approximate", "_to_float", AUTOCAST, "")),
    (
        "k.set_data(m)",
        BOTH,
        ("mindspore.Parameter.set_data", "exact", ".data.copy_", "", ""),
    ),
    (
        "y = k.init_data()",
        BOTH,
        ("mindspore.Tensor.init_data", "exact", "nothing: tensors always have values", "", ""),
    ),
    (
        "y = k.to_tensor()",
        BOTH,
        ("mindspore.Tensor.to_tensor", "exact", "nothing: tensors always have values", "", ""),
    ),
    (
        "y = k.asnumpy()",
        BOTH,
        ("mindspore.Tensor.asnumpy", "exact", "x.detach().cpu().numpy()", "", ""),
    ),
    (
        "y = m.cell_list",
        BOTH,
        ("mindspore.nn.SequentialCell.cell_list", "exact", "list(modules)", "", ""),
    ),
    (
        "self.a = nn.CellList([m])",
        BOTH,
        ("mindspore.nn.CellList", "exact", "torch.nn.ModuleList", "", ""),
    ),
    (
        "self.a = nn.SequentialCell(m)",
        BOTH,
        ("mindspore.nn.SequentialCell", "exact", "_sequential", "", ""),
    ),
    (
        "self.a = nn.SequentialCell(m, k)",
        BOTH,
        ("mindspore.nn.SequentialCell", "exact", "torch.nn.Sequential", "", ""),
    ),
    (
        "self.a = [Tensor(1)]",
        BOTH,
        (
            "mindspore.Tensor",
            "approximate",
            "torch.tensor",
            "a tensor in a tuple or list does not follow its module to another device",
            "register_buffer for each of them",
        ),
    ),
    (
        "self.a = Tensor(1)",
        BOTH,
        ("mindspore.Tensor", "exact", "torch.nn.Buffer(torch.tensor(...))", "", ""),
    ),
    ("a = Tensor(1)", BOTH, ("mindspore.Tensor", "exact", "torch.tensor", "", "")),
    (
        "self.a = Tensor(init=1)",
        BOTH,
        (
            "mindspore.Tensor",
            "exact",
            f"{SURFACE}.Tensor",
            "PyTorch's own is not used: the values come from an initializer",
            "",
        ),
    ),
    (
        "self.a = ms.Parameter(k)",
        BOTH,
        (
            "mindspore.Parameter",
            "exact",
            f"{SURFACE}.Parameter",
            "PyTorch's own is not used: its values are not known to be a tensor",
            "",
        ),
    ),
    (
        "self.a = k.sum(0)",
        BOTH,
        (
            "mindspore.Tensor.sum",
            "exact",
            ".sum: PyTorch, NumPy and MindSpore mean the same",
            "",
            "",
        ),
    ),
    (
        "self.a = k.squeeze(0)",
        BOTH,
        (
            "mindspore.Tensor.squeeze",
            "by hand",
            "",
            ARRAY,
            of_tensor(f"{SURFACE}.Tensor.squeeze"),
        ),
    ),
    (
        "self.a = k.sum(*m)",
        BOTH,
        ("mindspore.Tensor.sum", "by hand", "", ARRAY, of_tensor(f"{SURFACE}.Tensor.sum")),
    ),
    (
        "self.a = k.abs()",
        BOTH,
        ("mindspore.Tensor.abs", "by hand", "", ARRAY, of_tensor("torch.abs")),
    ),
]
IN_CONSTRUCT: list[tuple[str, tuple[Target, ...], tuple[str, str, str, str, str]]] = [
    (
        "x.expand_dims(0)",
        BOTH,
        ("mindspore.Tensor.expand_dims", "exact", "torch.unsqueeze", "", ""),
    ),
    (
        "x.split(1)",
        BOTH,
        (
            "mindspore.Tensor.split",
            "approximate",
            "torch.split",
            "the value is taken for a tensor: lists and texts have such a method, too",
            "",
        ),
    ),
    ("x.reshape(2, 3)", BOTH, ("mindspore.Tensor.reshape", "exact", ".reshape", "", "")),
    ("x.view(2, 3)", BOTH, ("mindspore.Tensor.view", "exact", ".reshape", "", "")),
    ("x.transpose(2, 1, 0)", BOTH, ("mindspore.Tensor.transpose", "exact", ".permute", "", "")),
    (
        "x.sum(0)",
        (TORCHVISION,),
        ("mindspore.Tensor.sum", "approximate", "_sum", "the sum of booleans is no boolean", ""),
    ),
    (
        "x.sum(0)",
        (OPSBRIDGE,),
        ("mindspore.Tensor.sum", "exact", f"{SURFACE}.Tensor.sum", FUNCTION, ""),
    ),
    (
        "x.transpose(0, 1)",
        (TORCHVISION,),
        ("mindspore.Tensor.transpose", "exact", "_transposed", "", ""),
    ),
    (
        "x.squeeze(unknown=1)",
        BOTH,
        ("mindspore.Tensor.squeeze", "by hand", "", unknown("squeeze", "unknown"), LEAVE),
    ),
    (
        "x[0, ::-1]",
        BOTH,
        (
            "slice of negative step",
            "by hand",
            "",
            NEGATIVE,
            "torch.flip, then a slice of positive step",
        ),
    ),
    ("x[:, ::-1]", BOTH, ("slice of negative step", "exact", "torch.flip", "", "")),
    (
        "x.max(0)",
        BOTH,
        (
            "mindspore.Tensor.max",
            "approximate",
            f"{SURFACE}.Tensor.max(axis=)",
            "taken for the values, as before MindSpore 2.5; since then it gives indices, too",
            "if the code is for MindSpore 2.5 or later: dim= instead of axis=",
        ),
    ),
    (
        "x.max(0)[1]",
        BOTH,
        (
            "mindspore.Tensor.max",
            "approximate",
            f"{SURFACE}.Tensor.max(dim=)",
            "taken for one of (values, indices); before MindSpore 2.5 it is a row of the values",
            "if the code is for MindSpore before 2.5: axis= instead of dim=",
        ),
    ),
    (
        "x.max(0) + 1",
        BOTH,
        (
            "mindspore.Tensor.max",
            "exact",
            f"{SURFACE}.Tensor.max(axis=)",
            "taken for values, as the code around it does",
            "",
        ),
    ),
    (
        "x.min(0, keepdim=True)",
        BOTH,
        (
            "mindspore.Tensor.min",
            "exact",
            f"{SURFACE}.Tensor.min(dim=)",
            "taken for (values, indices), as the code around it does",
            "",
        ),
    ),
    (
        "isinstance(x, nn.Dense)",
        (TORCHVISION,),
        ("mindspore.nn.Dense", "exact", "torch.nn.Linear", "", ""),
    ),
    (
        "isinstance(x, nn.Dense)",
        (OPSBRIDGE,),
        ("mindspore.nn.Dense", "exact", f"torch.nn.Linear, {SURFACE}.nn.Dense", "", ""),
    ),
    (
        "type(x) is nn.Dense",
        (TORCHVISION,),
        ("mindspore.nn.Dense", "exact", "torch.nn.Linear, _Dense", "", ""),
    ),
    (
        "type(x) is nn.ReLU",
        (TORCHVISION,),
        (
            "mindspore.nn.ReLU",
            "approximate",
            "torch.nn.ReLU",
            "layers of opsbridge do not count",
            "",
        ),
    ),
    (
        "type(x) is nn.ReLU",
        (OPSBRIDGE,),
        ("mindspore.nn.ReLU", "exact", f"torch.nn.ReLU, {SURFACE}.nn.ReLU", "", ""),
    ),
    ("ops.relu(y=1)", BOTH, ("mindspore.ops.relu", "by hand", "", unknown("relu", "y"), LEAVE)),
    ("ops.ReLU()(y=1)", BOTH, ("mindspore.ops.ReLU", "by hand", "", unknown("ReLU", "y"), LEAVE)),
    ("ops.Sqrt(k=1)", BOTH, ("mindspore.ops.Sqrt", "by hand", "", unknown("Sqrt", "k"), LEAVE)),
    ("ops.relu(*x)", BOTH, ("mindspore.ops.relu", "exact", f"{SURFACE}.ops.relu", STARS, "")),
    (
        "ops.ROIAlign(*x)(x)",
        BOTH,
        ("mindspore.ops.ROIAlign", "exact", f"{SURFACE}.ops.ROIAlign", STARS, ""),
    ),
    (
        "ops",
        BOTH,
        (
            "mindspore.ops",
            "approximate",
            f"{SURFACE}.ops",
            "its names are looked up as the code runs, on opsbridge's surface",
            "",
        ),
    ),
    (
        "nn.Dense",
        (TORCHVISION,),
        (
            "mindspore.nn.Dense",
            "approximate",
            "_Dense",
            "initial weights are PyTorch's, unless a tensor, a number or a rule is given",
            "",
        ),
    ),
    ("nn.Dense", (OPSBRIDGE,), ("mindspore.nn.Dense", "exact", f"{SURFACE}.nn.Dense", "", "")),
    (
        "ops.softmax(x)",
        BOTH,
        ("mindspore.ops.softmax", "approximate", "torch.softmax", LAST_BITS, ""),
    ),
    (
        "ops.gumbel_softmax(x)",
        BOTH,
        (
            "mindspore.ops.gumbel_softmax",
            "approximate",
            "torch.nn.functional.gumbel_softmax",
            "random numbers are PyTorch's",
            "",
        ),
    ),
    (
        "nn.AvgPool1d(2)",
        (TORCHVISION,),
        ("mindspore.nn.AvgPool1d", "approximate", "torch.nn.AvgPool1d", POOLED, ""),
    ),
    (
        "nn.AvgPool1d(2)",
        (OPSBRIDGE,),
        (
            "mindspore.nn.AvgPool1d",
            "exact",
            f"{SURFACE}.nn.AvgPool1d",
            f"PyTorch's own is not used: {POOLED}",
            "",
        ),
    ),
    (
        "nn.GaussianNLLLoss()",
        (OPSBRIDGE,),
        (
            "mindspore.nn.GaussianNLLLoss",
            "exact",
            f"{SURFACE}.nn.GaussianNLLLoss",
            "PyTorch's own is not used: its results differ",
            "",
        ),
    ),
    (
        "nn.BatchNorm2d(3).gamma",
        (OPSBRIDGE,),
        (
            "mindspore.nn.BatchNorm2d",
            "exact",
            f"{SURFACE}.nn.BatchNorm2d",
            "PyTorch's own is not used: the code uses .gamma, which PyTorch calls otherwise",
            "",
        ),
    ),
    ("ops.dtype(x)", BOTH, ("mindspore.ops.dtype", "exact", ".dtype", "", "")),
    ("ops.DType()(x)", BOTH, ("mindspore.ops.DType", "exact", ".dtype", "", "")),
    ("ms.float32", BOTH, ("mindspore.dtype.float32", "exact", "torch.float32", "", "")),
    ("nn.Cell", BOTH, ("mindspore.nn.Cell", "exact", "torch.nn.Module", "", "")),
    (
        "ms.dataset.Some(x)",
        BOTH,
        (
            "mindspore.dataset.Some",
            "by hand",
            "",
            "opsbridge does not cover this module: it fails when it is used",
            "add an entry to mappings/mindspore",
        ),
    ),
    (
        "ms.nothing.x(x)",
        BOTH,
        (
            "mindspore.nothing.x",
            "by hand",
            "",
            "no table has this name",
            "add an entry to mappings/mindspore",
        ),
    ),
]
LEFT = {
    "m.add_flags(True)": f"{CELL}.add_flags: PyTorch has no counterpart",
    "m.add_flags(fp32=True, fp16=True)": f"{CELL}.add_flags: PyTorch has no counterpart",
    "m.add_flags_recursive()": f"{CELL}.add_flags_recursive: PyTorch has no counterpart",
    "m.shard(k)": f"{CELL}.shard: PyTorch has no counterpart",
    "m.compile_and_run()": f"{CELL}.compile_and_run: a module is called in PyTorch",
    "x.squeeze(unknown=1)": "mindspore.Tensor.squeeze is not translated: "
    + unknown("squeeze", "unknown"),
    "x[0, ::-1]": f"slice of negative step: {NEGATIVE}",
    "ops.relu(y=1)": f"mindspore.ops.relu is not translated: {unknown('relu', 'y')}",
    "ops.ReLU()(y=1)": f"mindspore.ops.ReLU is not translated: {unknown('ReLU', 'y')}",
    "ops.Sqrt(k=1)": f"mindspore.ops.Sqrt is not translated: {unknown('Sqrt', 'k')}",
    "ms.dataset.Some(x)": "mindspore.dataset.Some is not translated: "
    "opsbridge does not cover this module: it fails when it is used",
    "ms.nothing.x(x)": "mindspore.nothing.x is not translated: no table has this name",
}


@pytest.mark.parametrize(("call", "targets", "said"), IN_CONSTRUCTOR)
def test_a_call_in_a_constructor(call: str, targets: tuple[Target, ...], said: Said) -> None:
    for target in targets:
        assert said_of(cell("return x", call), target, 7) == [said]
        assert remarks(cell("return x", call), target) == ([LEFT[call]] if call in LEFT else [])


@pytest.mark.parametrize(("call", "targets", "said"), IN_CONSTRUCT)
def test_a_call_in_construct(call: str, targets: tuple[Target, ...], said: Said) -> None:
    for target in targets:
        assert said_of(cell(f"return {call}"), target, 9) == [said]
        assert remarks(cell(f"return {call}"), target) == ([LEFT[call]] if call in LEFT else [])


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        ("self.a = nn.ReLU()", "stays an object: it is a layer"),
        (
            "self.a = ops.Softmax(k)",
            "stays an object: the constructor's arguments are no literals",
        ),
        (
            "self.a = m; self.a = ops.ReLU()",
            "stays an object: self.a is something else in another place",
        ),
        (
            "self.a = ops.Exp(); self.a = ops.ReLU()",
            "stays an object: self.a is set in several ways",
        ),
    ],
)
def test_a_call_of_an_object(setup: str, said: str) -> None:
    for target in Target:
        ((_, *found),) = said_of(cell("return self.a(x)", setup), target, 9)
        assert found == ["exact", "self.a", said, ""]


def test_a_constructor_whose_calls_are_written_out() -> None:
    source = cell("return self.a(x)", "self.a = ops.ReLU()")
    for target in Target:
        assert said_of(source, target, 7) == [
            ("mindspore.ops.ReLU", "exact", "written at its calls", "", "")
        ]
        assert said_of(source, target, 9) == [("mindspore.ops.ReLU", "exact", "torch.relu", "", "")]


def test_names_given_to_parameters() -> None:
    source = cell("return x", "for n, p in m.parameters_and_names(): p.name = n")
    assert said_of(source, OPSBRIDGE, 7)[1:] == [
        (
            "mindspore.Parameter.name",
            "approximate",
            "pass",
            "PyTorch's parameters have no names but those of their attributes",
            "",
        )
    ]


def test_the_float_of_a_layer() -> None:
    source = cell("return x", "self.a = nn.Dense(3, 4).to_float(k)")
    assert said_of(source, OPSBRIDGE, 7) == [
        (f"{CELL}.to_float", "exact", "to_float of opsbridge's layer", "", ""),
        (
            "mindspore.nn.Dense",
            "exact",
            f"{SURFACE}.nn.Dense",
            "PyTorch's own is not used: it computes in another dtype than its weights",
            "",
        ),
    ]


def test_a_property_of_a_tensor() -> None:
    assert said_of(cell("return ops.relu(x).size"), OPSBRIDGE, 9) == [
        ("mindspore.Tensor.size", "exact", ".numel", "", ""),
        ("mindspore.ops.relu", "exact", "torch.relu", "", ""),
    ]


def test_a_difference_of_a_tensor() -> None:
    assert said_of(cell("x -= x\nreturn x"), OPSBRIDGE, 9) == [
        ("-= on a tensor", "exact", "an assignment of a new tensor", "", "")
    ]


def test_classes_that_may_be_cells() -> None:
    source = f"{HEADER}from a import B\nclass Net(B):\n    def construct(self, x):\n"
    source += "        return x\n    def train(self): pass\n    def forward(self): pass\n"
    source += "class Some(nn.Cell):\n    def construct(self, x): return x\n"
    has_one = "the class has a method forward already"
    points = result_of(source).points
    assert [(p.name, p.outcome.value, p.became, p.reason, p.suggestion) for p in points] == [
        (
            "class Net",
            "approximate",
            "",
            "its base class is not among the files; it is taken for a cell",
            "",
        ),
        (f"{CELL}.construct", "by hand", "", has_one, "rename that one"),
        (
            f"{CELL} with a method train",
            "approximate",
            "train",
            "PyTorch has a method train of its own and calls this one for it",
            "rename it, unless it does what PyTorch's does",
        ),
        (CELL, "exact", "torch.nn.Module", "", ""),
        (f"{CELL}.construct", "exact", "forward", "", ""),
    ]
    assert remarks(source, OPSBRIDGE) == [f"construct is not renamed: {has_one}"]
