"""`--target torchvision`: functions in the file in place of opsbridge's operators."""

from __future__ import annotations

import builtins
import symtable
from typing import Any

import numpy
import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
torch = pytest.importorskip("torch", reason="runs what is translated")
pytest.importorskip("torchvision", reason="the functions call torchvision")

from opsbridge.mindspore import nn, ops  # noqa: E402
from opsbridge.mindspore import numpy as surface_numpy  # noqa: E402
from opsbridge.port.source.helpers import Helper  # noqa: E402
from opsbridge.port.source.result import Target  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402
from opsbridge.port.source.vendored import helper_of  # noqa: E402
from opsbridge.tables.port_load import port_entries  # noqa: E402

# Each function that the translator writes into a file.
HELPERS = {
    helper.name: helper for helper, _ in filter(None, map(helper_of, port_entries().values()))
}.values()


def ported(expression: str, **names: Any) -> Any:
    """What an expression of MindSpore's operators becomes without opsbridge."""
    source = f"from mindspore import ops\nresult = {expression}\n"
    text = translate_text(source, Target.TORCHVISION)
    assert "opsbridge" not in text.replace("# opsbridge", "")
    assert translate_text(text, Target.TORCHVISION) == text
    exec(text, names)
    return names["result"]


def boxes(count: int, seed: int) -> Any:
    """Boxes in an image of 64 x 64."""
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand((count, 2), generator=generator) * 50 + 1
    return torch.cat((corners, corners + 1 + 12 * torch.rand((count, 2), generator=generator)), 1)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.7])
@pytest.mark.parametrize("count", [1, 7, 64, 200])
def test_nms_with_mask(threshold: float, count: int) -> None:
    scores = torch.randperm(count).float() / count
    scored = torch.cat((boxes(count, count), scores[:, None]), 1)
    expected = ops.NMSWithMask(threshold)(scored)
    results = ported("ops.NMSWithMask(threshold)", threshold=threshold)(scored)
    for ours, theirs in zip(results, expected, strict=True):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize(("scale", "samples"), [(1.0, 2), (0.25, 2), (0.5, 3)])
def test_roi_align(mode: int, scale: float, samples: int) -> None:
    features = torch.randn((2, 3, 64, 64), generator=torch.Generator().manual_seed(1))
    rois = torch.cat((torch.arange(20).float()[:, None] % 2, boxes(20, 5)), 1)
    arguments = f"5, 7, {scale}, {samples}, roi_end_mode={mode}"
    expected = eval(f"ops.ROIAlign({arguments})", {"ops": ops})(features, rois)
    result = ported(f"ops.ROIAlign({arguments})")(features, rois)
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", [0, 1])
def test_roi_align_of_regions_without_width_at_the_left_edge(mode: int) -> None:
    features = torch.arange(1.0, 65.0).reshape(1, 1, 8, 8)
    rois = torch.tensor([[0, x1, 1, x2, 6] for x1, x2 in ((0, 0), (0.0009, -0.0009), (0, 0.001))])
    result = ported(f"ops.ROIAlign(2, 2, 1.0, 2, {mode})")(features, rois)
    assert [bool(row.any()) for row in result] == [False, False, True]
    torch.testing.assert_close(result, ops.ROIAlign(2, 2, 1.0, 2, mode)(features, rois))


@pytest.mark.parametrize("others", ["float16", "float32"])
@pytest.mark.parametrize("anchors", ["float16", "float32"])
@pytest.mark.parametrize("made", ["ops.BoundingBoxDecode((48, 64))", "ops.BoundingBoxEncode()"])
def test_boxes_of_two_precisions(made: str, anchors: str, others: str) -> None:
    other = boxes(9, 5) if "Encode" in made else torch.linspace(-1, 1, 36).reshape(9, 4)
    arguments = boxes(9, 4).to(getattr(torch, anchors)), other.to(getattr(torch, others))
    expected = eval(made, {"ops": ops})(*arguments)
    result = ported(made)(*arguments)
    assert result.dtype == expected.dtype
    torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("made", "arguments"),
    [
        ("ops.IOU()", (boxes(7, 1), boxes(5, 2))),
        ("ops.IOU(mode='iof')", (boxes(7, 1), boxes(5, 2))),
        ("ops.CheckValid()", (boxes(30, 3), torch.tensor([60.0, 55.0, 1.0]))),
        ("ops.BoundingBoxEncode(stds=(0.1, 0.1, 0.2, 0.2))", (boxes(9, 4), boxes(9, 5))),
        (
            "ops.BoundingBoxDecode((48, 64), (0.1, 0.0, 0.2, 0.0), (0.5, 0.5, 9.0, 0.5))",
            (boxes(9, 6), torch.randn((9, 4), generator=torch.Generator().manual_seed(2))),
        ),
    ],
)
def test_operators_on_boxes(made: str, arguments: tuple[Any, ...]) -> None:
    expected = eval(made, {"ops": ops})(*arguments)
    result = ported(made)(*arguments)
    assert result.dtype == expected.dtype
    torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        "Conv2d(3, 4, 3, pad_mode=mode, stride=2)",
        "Conv2d(3, 4, (4, 3), 3, mode, has_bias=True)",
        "Conv2d(3, 4, 3, pad_mode='pad', padding=(1, 2, 0, 3), dilation=2)",
        "BatchNorm2d(3, momentum=0.3, use_batch_statistics=False)",
        "BatchNorm2d(3, affine=False, moving_mean_init=mean)",
    ],
)
def test_layers_whose_arguments_are_no_literals(layer: str) -> None:
    names = {"mode": "same", "mean": torch.tensor([1.0, 2.0, 3.0])}
    theirs = eval(f"nn.{layer}", {"nn": nn, **names})
    text = translate_text(f"from mindspore import nn\nours = nn.{layer}\n", Target.TORCHVISION)
    assert "opsbridge" not in text
    scope: dict[str, Any] = dict(names)
    exec(text, scope)
    ours = scope["ours"]
    if "Conv" in layer:
        ours.load_state_dict(theirs.state_dict())
    for size in ((9, 11), (10, 8)):
        for training in (False, True):
            x = torch.randn((2, 3, *size), generator=torch.Generator().manual_seed(4))
            result, expected = (each.train(training)(x) for each in (ours, theirs))
            torch.testing.assert_close(result, expected.as_subclass(torch.Tensor))


def test_a_rule_for_initial_values() -> None:
    source = "from mindspore.common.initializer import Normal, initializer\n"
    source += "result = initializer(Normal(sigma=0.0, mean=0.5), shape=(2, 3))\n"
    space: dict[str, Any] = {}
    exec(translate_text(source, Target.TORCHVISION), space)
    assert torch.equal(space["result"], torch.full((2, 3), 0.5))


def test_a_rule_that_a_layer_of_opsbridge_takes() -> None:
    source = "from mindspore import nn\nfrom mindspore.common.initializer import Constant, Normal\n"
    source += "layer = nn.Conv2d(2, 3, 1, has_bias=True, weight_init=Normal(sigma=0.0, mean=0.5),"
    source += " bias_init=Constant(2))\n"
    space: dict[str, Any] = {}
    exec(translate_text(source, Target.TORCHVISION), space)
    assert set(space["layer"].weight.asnumpy().ravel()) == {0.5}
    assert space["layer"].bias.asnumpy().tolist() == [2, 2, 2]


def test_the_parameters_of_a_norm_by_their_old_names() -> None:
    source = "from mindspore import nn\nlayer = nn.BatchNorm2d(2)\n"
    source += "found = layer.gamma, layer.moving_mean\n"
    space: dict[str, Any] = {}
    exec(translate_text(source, Target.TORCHVISION), space)
    assert space["found"][0] is space["layer"].weight
    assert space["found"][1] is space["layer"].running_mean


def test_cross_entropy_of_labels_outside_0_and_1() -> None:
    shares, labels = torch.tensor([0.0, 0.3, 1.0]), torch.tensor([-1.0, 2.5, 1.0])
    for reduction in ("none", "mean", "sum"):
        source = f"from mindspore import nn\nlayer = nn.BCELoss(reduction={reduction!r})\n"
        space: dict[str, Any] = {}
        exec(translate_text(source, Target.TORCHVISION), space)
        expected = nn.BCELoss(reduction=reduction)(shares, labels)
        assert torch.equal(space["layer"](shares, labels), expected.as_subclass(torch.Tensor))


def test_a_norm_trains_on_one_value_a_channel() -> None:
    source = "from mindspore import nn\nlayer = nn.BatchNorm2d(2, use_batch_statistics=None)\n"
    space: dict[str, Any] = {}
    exec(translate_text(source, Target.TORCHVISION), space)
    assert space["layer"](torch.ones(1, 2, 1, 1)).tolist() == [[[[0.0]], [[0.0]]]]


def test_images_of_half_precision_are_rounded_once() -> None:
    images = torch.randn((1, 2, 7, 9), generator=torch.Generator().manual_seed(2)).half()
    resize = ported("ops.ResizeBilinear(size)", size=(14, 5))
    assert torch.equal(resize(images), resize(images.float()).half())


@pytest.mark.parametrize("dtype", [numpy.float32, numpy.bool_, numpy.dtype("int32"), "float16"])
@pytest.mark.parametrize("name", ["ones", "zeros"])
def test_a_dtype_of_numpy(name: str, dtype: Any) -> None:
    source = f"import mindspore as ms\nresult = ms.numpy.{name}((2, 1), dtype)\n"
    space: dict[str, Any] = {"dtype": dtype}
    exec(translate_text(source, Target.TORCHVISION), space)
    expected = getattr(surface_numpy, name)((2, 1), dtype).as_subclass(torch.Tensor)
    assert space["result"].dtype == expected.dtype
    assert torch.equal(space["result"], expected)


def test_an_operator_of_several_results() -> None:
    values, indices = ported("ops.TopK(sorted=True)")(torch.tensor([1.0, 3.0, 2.0]), 2)
    assert values.tolist() == [3, 2]
    assert indices.dtype == torch.int32
    assert indices.tolist() == [1, 2]


def test_arguments_of_the_constructor_are_those_of_its_time() -> None:
    names = {"count": 2}
    split = ported("ops.Split(axis=1, output_num=count)", **names)
    assert [tuple(part.shape) for part in split(torch.zeros(2, 4))] == [(2, 2), (2, 2)]


def test_no_two_functions_have_one_name() -> None:
    seen: dict[str, str] = {}
    for entry in port_entries().values():
        if found := helper_of(entry):
            helper = found[0]
            assert seen.setdefault(helper.name, helper.source) == helper.source, entry.name


@pytest.mark.parametrize("helper", HELPERS, ids=lambda helper: helper.name)
def test_a_function_names_nothing_but_what_it_imports(helper: Helper) -> None:
    known = {*vars(builtins), *(each.partition(".")[0] for each in helper.imports), helper.name}
    scopes = [symtable.symtable(helper.source, helper.name, "exec")]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        assert {each.get_name() for each in scope.get_symbols() if each.is_global()} <= known


def test_a_printer_is_an_object_that_prints(capsys: pytest.CaptureFixture[str]) -> None:
    source = (
        "from mindspore import nn, ops\n\n\nclass Net(nn.Cell):\n"
        "    def __init__(self):\n        super().__init__()\n        self.show = ops.Print()\n\n"
        "    def construct(self, x):\n        self.show('sum', x)\n        return ops.Print()(x)\n"
    )
    scope: dict[str, Any] = {}
    exec(translate_text(source, Target.TORCHVISION), scope)
    assert scope["Net"]()(7) == (7,)
    assert capsys.readouterr().out == "sum 7\n7\n"


# How an operator whose object is kept is written: the function's parameters are MindSpore's, those
# of the call first, and their defaults are MindSpore's; what they mean is said by PyTorch's names.
WRITTEN = {
    "Abs": ("input", "return torch.abs(torch.as_tensor(input))"),
    "DType": ("x", "return x.dtype"),
    "ExpandDims": ("input_x, axis", "return torch.unsqueeze(torch.as_tensor(input_x), dim=axis)"),
    "Flatten": ("input_x", "return torch.flatten(input_x, start_dim=1)"),
    "LogSoftmax": ("logits, axis=-1", "return torch.log_softmax(logits, dim=axis)"),
    "Reshape": (
        "input, shape",
        "return torch.reshape(input, (shape,) if isinstance(shape, int) else tuple(shape))",
    ),
    "ReverseV2": (
        "input, axis",
        "return torch.flip(input, (axis,) if isinstance(axis, int) else tuple(axis))",
    ),
    "SquaredDifference": (
        "x, y",
        "return torch.nn.functional.mse_loss(torch.as_tensor(x), target=torch.as_tensor(y),"
        " reduction='none')",
    ),
    "TopK": (
        "input_x, k, sorted=True",
        "results = torch.topk(input_x, k=k, sorted=sorted)\n"
        "    return results[0], results[1].to(torch.int32)",
    ),
    "ArgMaxWithValue": (
        "input, axis=0, keep_dims=False",
        "results = torch.max(input, dim=axis, keepdim=keep_dims)\n"
        "    return results[1], results[0]",
    ),
    "ReduceStd": (
        "input_x, axis=(), unbiased=True, keep_dims=False",
        "results = torch.std_mean(input_x, dim=None if axis == () else axis, unbiased=unbiased,"
        " keepdim=keep_dims)\n    return results[0], results[1]",
    ),
    "TrilIndices": (
        "row, col, offset=0, dtype=torch.int32",
        "return torch.tril_indices(row=row, col=col, offset=offset, dtype=dtype)",
    ),
}
NAMES = {
    **{name: f"_{name.lower()}" for name in ("Abs", "Flatten", "Reshape")},
    "ArgMaxWithValue": "_arg_max_with_value", "DType": "_d_type", "ExpandDims": "_expand_dims",
    "LogSoftmax": "_log_softmax", "ReduceStd": "_reduce_std", "ReverseV2": "_reverse_v2",
    "SquaredDifference": "_squared_difference", "TopK": "_top_k", "TrilIndices": "_tril_indices",
}  # fmt: skip


GIVEN = {"ReverseV2": {"axis": 0}, "TrilIndices": {"row": 2, "col": 3}}


@pytest.mark.parametrize("operator", WRITTEN)
def test_an_operator_is_a_function_of_the_file(operator: str) -> None:
    given = GIVEN.get(operator, {})
    arguments = ", ".join(f"{key}={value}" for key, value in given.items())
    source = f"from mindspore import ops\nmade = [ops.{operator}({arguments})]\n"
    (parameters, body), name = WRITTEN[operator], NAMES[operator]
    made = f"functools.partial({name}, {arguments})" if given else name
    assert (
        translate_text(source, Target.TORCHVISION)
        == (
            f"{'import functools' * bool(given)}\nimport torch\n\n\ndef {name}({parameters}):\n"
            f'    """Do what mindspore.ops.{operator} does."""\n    {body}\nmade = [{made}]\n'
        ).lstrip()
    )


def test_the_dtype_of_what_an_object_is_called_with() -> None:
    x = torch.zeros(2, dtype=torch.float16)
    assert ported("ops.DType()")(x) is ops.DType()(x) is torch.float16


@pytest.mark.parametrize(
    "given",
    [
        (torch.tensor([1.5, 2.0, 0.1]), 2),
        (torch.tensor([1.5, 2.0, 0.1]), -0.5),
        (2.5, torch.tensor([0.5, -1.0, 3.0])),
        (torch.tensor([2, 3]), torch.tensor([3, 2])),
        (torch.tensor([1.5, 2.0], dtype=torch.float16), 3),
        (2, 3),
    ],
    ids=str,
)
def test_powers_that_are_made_before_they_are_called(given: tuple[Any, Any]) -> None:
    ours, surface = ported("ops.Pow()")(*given), ops.Pow()(*given)
    assert ours.dtype == surface.dtype
    assert torch.equal(ours, torch.as_tensor(surface))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("ops.TopK(sorted=False)", "functools.partial(_top_k, sorted=False)"),
        ("ops.TopK(False)", "functools.partial(_top_k, sorted=False)"),
        ("ops.LogSoftmax(k)", "functools.partial(_log_softmax, axis=k)"),
        ("ops.clamp(x, min=1, max=k)", "_clip(x, low=1, high=k)"),
        ("ops.clamp(input=x, min=1)", "_clip(x=x, low=1)"),
        ("ops.topk(x, 2, sorted=k)", "_largest(x, 2, sorted=k)"),
        ("ops.zeros(size=k)", "_zeros(shape=k)"),
    ],
)
def test_a_call_of_a_function_of_the_file(call: str, expected: str) -> None:
    source = f"from mindspore import ops\n\n\ndef f(x, k):\n    return [{call}]\n"
    text = translate_text(source, Target.TORCHVISION)
    assert text.splitlines()[-1] == f"    return [{expected}]"
    assert ("import functools\n" in text) == ("functools" in expected)
