"""Members of layers: classes that derive from a layer, questions for types, names of parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
torch = pytest.importorskip("torch", reason="the translation runs on PyTorch")

from opsbridge.mindspore import as_mindspore  # noqa: E402
from opsbridge.port.source.helpers import written_helpers  # noqa: E402
from opsbridge.port.source.result import Target  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402
from opsbridge.tables.port_load import port_cases  # noqa: E402

TARGETS = pytest.mark.parametrize("target", list(Target), ids=lambda target: target.value)
SOURCE = """
from mindspore import nn, ops


class Shared(nn.Conv2d):
    def __init__(self, cin, cout):
        super().__init__(cin, cout, 3, pad_mode="pad", padding=1, group=2, has_bias=True)
        self.convolve = ops.Conv2D(
            self.out_channels, self.kernel_size, 1, self.pad_mode, self.padding, self.stride,
            self.dilation, self.group,
        )

    def construct(self, x):
        y = self.convolve(x, self.weight)
        return ops.bias_add(y, self.bias) if self.has_bias else y


class Counted(nn.Conv2d):
    def construct(self, x):
        return super().construct(x) * getattr(self, "padding", 7)


class Turned(nn.Dense):
    def construct(self, x):
        return ops.matmul(x, self.weight.T) * self.in_channels + self.bias


class Scaled(nn.BatchNorm2d):
    def construct(self, x):
        return (x - self.moving_mean.reshape(1, -1, 1, 1)) * self.gamma.reshape(1, -1, 1, 1)


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.shared = Shared(4, 6)
        self.counted = Counted(6, 6, 3, 2, pad_mode="pad", padding=2)
        self.scaled = Scaled(6)
        self.plain = nn.Conv2d(6, 4, 1, pad_mode="valid", has_bias=True)
        self.norm = nn.BatchNorm2d(4)
        self.turned = Turned(4, 3)

    def construct(self, x):
        x = self.norm(self.plain(self.scaled(self.counted(self.shared(x)))))
        return self.turned(x.mean((2, 3)))

    def kinds(self):
        found = []
        for name, cell in self.cells_and_names():
            if isinstance(cell, (nn.Conv2d, nn.Dense)) and cell.has_bias:
                found.append((name, "biased"))
            if type(cell) is nn.Conv2d or type(cell) in (nn.BatchNorm2d, nn.Dense):
                found.append((name, "plain"))
            if cell.__class__ not in [Net, Scaled, nn.Conv2d] and type(cell) != nn.BatchNorm2d:
                found.append((name, "other"))
            if issubclass(type(cell), nn.Conv2d):
                found.append((name, "convolution"))
        return found

    def grouped(self):
        norms = filter(lambda p: "gamma" in p.name or "beta" in p.name, self.trainable_params())
        others = [p for p in self.get_parameters() if is_bias(p)]
        return [p.name for p in norms], [p.name for p in others]


def is_bias(parameter):
    return parameter.name.endswith("bias")
"""
PYTORCHS = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean"}
PYTORCHS["moving_variance"] = "running_var"


def net_of(source: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(source, "net.py", "exec"), names)
    return names["Net"]()


def values(name: str, shape: tuple[int, ...]) -> Any:
    rng = np.random.default_rng(list(name.encode()))
    return rng.uniform(0.2, 0.9, shape).astype(np.float32)


def seen(net: Any, tensor: Any) -> tuple[Any, Any, Any]:
    """What a network of MindSpore's gives, the kinds of its layers and its groups."""
    for each in net.get_parameters():
        each.set_data(tensor(values(each.name, tuple(each.shape))))
    x = tensor(values("x", (2, 4, 9, 8)))
    return net(x).asnumpy(), net.kinds(), net.grouped()


def on_surface() -> tuple[Any, Any, Any]:
    with as_mindspore() as ms:
        return seen(net_of(SOURCE), ms.Tensor)


@TARGETS
def test_the_translation_gives_the_bits_of_the_surface(target: Target) -> None:
    result, kinds, groups = on_surface()
    source = translate_text(SOURCE, target)
    assert translate_text(source, target) == source
    net = net_of(source).eval()
    state = net.state_dict()
    for name in list(state):
        prefix, _, last = name.rpartition(".")
        before = {theirs: own for own, theirs in PYTORCHS.items()}.get(last, last)
        own = before if prefix in ("norm", "scaled") else last
        state[name].copy_(torch.as_tensor(values(f"{prefix}.{own}", tuple(state[name].shape))))
    with torch.no_grad():
        ours = net(torch.as_tensor(values("x", (2, 4, 9, 8))))
    np.testing.assert_array_equal(torch.Tensor(ours).numpy(), result)
    assert net.kinds() == kinds
    assert net.grouped() == groups


def test_the_surface_computes_what_mindspore_does() -> None:
    ms = pytest.importorskip("mindspore", reason="compares with the real MindSpore")
    real, real_kinds, real_groups = seen(net_of(SOURCE), ms.Tensor)
    ours, kinds, groups = on_surface()
    np.testing.assert_allclose(ours, real, rtol=1e-4)
    assert kinds == real_kinds
    assert groups == real_groups


CONVOLVED = {"pad_mode": "pad", "padding": 1, "has_bias": True}
LAYERS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "AvgPool2d": ((3, 2), {}),
    "BCELoss": ((), {}),
    "BatchNorm1d": ((4,), {}),
    "BatchNorm2d": ((4,), {}),
    "Conv1d": ((4, 6, 3), CONVOLVED),
    "Conv2d": ((4, 6, 3), CONVOLVED),
    "Conv2dTranspose": ((4, 6, 3), CONVOLVED),
    "Conv3d": ((4, 6, 3), CONVOLVED),
    "CrossEntropyLoss": ((), {}),
    "Dense": ((3, 4), {}),
    "Dropout": ((), {"p": 0.3}),
    "MaxPool2d": ((3, 2), {}),
    "NLLLoss": ((), {}),
    "Pad": ((((0, 0), (1, 2)),), {}),
    "Range": ((0, 3), {}),
    "SoftmaxCrossEntropyWithLogits": ((), {}),
    "Upsample": ((), {"size": (4, 4)}),
}
# What the difference of a written layer says, and members that are given to no constructor.
SAID = {("Conv1d", "weight")}


def shown(value: Any) -> Any:
    """A member, as far as it can be compared."""
    if hasattr(value, "shape"):
        return tuple(value.shape)
    plain = (int, float, str, tuple, list, type(None))
    return value if isinstance(value, plain) else type(value).__name__


@pytest.mark.parametrize("name", LAYERS)
def test_members_that_differ_are_named(name: str) -> None:
    """What MindSpore's layer has, PyTorch's and the written one have, or the tables say not."""
    from opsbridge.mindspore import nn

    real = pytest.importorskip("mindspore", reason="compares with the real MindSpore").nn
    args, settings = LAYERS[name]
    surface, theirs = getattr(nn, name)(*args, **settings), getattr(real, name)(*args, **settings)
    members = [
        each
        for each in {*vars(theirs), *(p.name for p in theirs.get_parameters())}
        if not each.startswith("_") and not hasattr(real.Cell(), each) and hasattr(surface, each)
    ]
    full = f"mindspore.nn.{name}"
    if full in written_helpers():
        helper = written_helpers()[full]
        scope: dict[str, Any] = {"torch": torch}
        exec(helper.source, scope)
        check(name, surface, scope[helper.name](*args, **settings), members, helper.lacks)
    if full in port_cases():
        text = ", ".join([*map(repr, args), *(f"{k}={v!r}" for k, v in settings.items())])
        source = translate_text(f"from mindspore import nn\nlayer = nn.{name}({text})\n")
        scope = {}
        exec(source, scope)
        other = {each for case in port_cases()[full] for each in case.members}
        check(name, surface, scope["layer"], members, other)


def check(name: str, surface: Any, layer: Any, members: list[str], other: Any) -> None:
    missing = object()
    for member in members:
        value = getattr(layer, member, missing)
        is_same = value is not missing and shown(value) == shown(getattr(surface, member))
        assert is_same or member in other or (name, member) in SAID, (type(layer).__name__, member)


def test_every_written_layer_is_here() -> None:
    written = {
        full for full, each in written_helpers().items() if f"class {each.name}" in each.source
    }
    layers = {full.rpartition(".")[2] for full in {*written, *port_cases()} if ".nn." in full}
    assert layers - {"ResizeBilinear"} == set(LAYERS)


def test_a_class_that_asks_for_what_pytorch_lacks_derives_from_opsbridges() -> None:
    source = "from mindspore import nn\n\n\nclass Net(nn.Conv2d):\n    def f(self):\n"
    plain = translate_text(f"{source}        return self.stride\n", Target.TORCHVISION)
    assert "class Net(_Conv2d):" in plain
    asked = translate_text(f"{source}        return self.padding\n", Target.TORCHVISION)
    assert "class Net(opsbridge.mindspore.nn.Conv2d):" in asked


HEADER = "from mindspore import nn\n\n\ndef f(x, k):\n    return "
QUESTIONS = [
    ("type(x) is nn.Dense", "type(x) in (torch.nn.Linear, {})"),
    ("type(x) is not nn.Dense", "type(x) not in (torch.nn.Linear, {})"),
    ("type(x) == nn.Dense", "type(x) in (torch.nn.Linear, {})"),
    ("type(x) in [k, nn.Dense]", "type(x) in [k, *(torch.nn.Linear, {})]"),
    ("x.__class__ != nn.Dense", "x.__class__ not in (torch.nn.Linear, {})"),
]


@TARGETS
@pytest.mark.parametrize(("before", "after"), QUESTIONS)
def test_a_type_is_one_of_those_that_a_layer_may_become(
    before: str, after: str, target: Target
) -> None:
    own = "_Dense" if target is Target.TORCHVISION else "opsbridge.mindspore.nn.Dense"
    text = translate_text(f"{HEADER}{before}\n", target)
    assert text.rstrip().endswith(f"return {after.format(own)}")
    assert translate_text(text, target) == text


def test_layers_of_opsbridge_count_where_the_source_needs_them() -> None:
    text = translate_text(f"{HEADER}isinstance(x, nn.Conv2d) and x.padding\n", Target.TORCHVISION)
    assert "isinstance(x, (torch.nn.Conv2d, opsbridge.mindspore.nn.Conv2d))" in text


@TARGETS
@pytest.mark.parametrize("before", ["k is nn.Dense", "type(x) is nn.Dense is k"])
def test_a_class_that_is_passed_on_is_compared_as_it_is(before: str, target: Target) -> None:
    own = "_Dense" if target is Target.TORCHVISION else "opsbridge.mindspore.nn.Dense"
    text = translate_text(f"{HEADER}{before}\n", target)
    assert text.rstrip().endswith(before.replace("nn.Dense", own))


def test_a_type_without_a_written_layer_is_pytorchs() -> None:
    text = translate_text(f"{HEADER}type(x) is nn.ReLU\n", Target.TORCHVISION)
    assert text.rstrip().endswith("return type(x) in (torch.nn.ReLU,)")
    text = translate_text(f"{HEADER}type(x) > nn.ReLU\n", Target.TORCHVISION)
    assert text.rstrip().endswith("return type(x) > (torch.nn.ReLU,)")


@TARGETS
def test_what_a_question_for_a_type_asks_for_is_imported(target: Target) -> None:
    asked = {
        Target.TORCHVISION: "import torch\n\n\ndef f(x, k):\n"
        "    return isinstance(x, torch.nn.ReLU)\n",
        Target.OPSBRIDGE: "import opsbridge.mindspore\nimport torch\n\n\ndef f(x, k):\n"
        "    return isinstance(x, (torch.nn.ReLU, opsbridge.mindspore.nn.ReLU))\n",
    }
    assert translate_text(f"{HEADER}isinstance(x, nn.ReLU)\n", target) == asked[target]


@TARGETS
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("issubclass(k, nn.Dense)", "issubclass(k, {})"),
        ("isinstance(x, (k, nn.Dense))", "isinstance(x, (k, {}))"),
        ("isinstance(nn.Dense, k)", "isinstance({own}, k)"),
        ("k.isinstance(x, nn.Dense)", "k.isinstance(x, {own})"),
        ("f(x, nn.Dense)", "f(x, {own})"),
    ],
)
def test_where_subclasses_count(before: str, after: str, target: Target) -> None:
    both = "(torch.nn.Linear, opsbridge.mindspore.nn.Dense)"
    classes, own = "torch.nn.Linear", "_Dense"
    if target is Target.OPSBRIDGE:
        classes, own = both, "opsbridge.mindspore.nn.Dense"
    text = translate_text(f"{HEADER}{before}\n", target)
    assert text.rstrip().endswith(f"return {after.format(classes, own=own)}")
