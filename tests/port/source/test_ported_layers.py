"""PyTorch's own layers where the tables say that they do the same: the same bits as the surface."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
torch = pytest.importorskip("torch", reason="runs what is translated")

from opsbridge.mindspore import nn  # noqa: E402
from opsbridge.port.source.hub_call import torch_defaults  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402
from opsbridge.tables.port_load import port_cases  # noqa: E402

IMAGES = (2, 6, 9, 11)
LAYERS = [
    ("Conv2d(6, 4, 3, pad_mode='valid', has_bias=True)", IMAGES),
    ("Conv2d(6, 4, 3, 2, 'valid', group=2)", IMAGES),
    ("Conv2d(6, 4, 3)", IMAGES),
    ("Conv2d(6, 4, (4, 2), pad_mode='same', has_bias=True)", IMAGES),
    ("Conv2d(6, 4, 3, pad_mode='same', dilation=2)", IMAGES),
    ("Conv2d(6, 4, kernel_size=7, stride=2, pad_mode='pad', padding=3)", IMAGES),
    ("Conv3d(6, 4, 2, pad_mode='valid')", (2, 6, 4, 5, 6)),
    ("Dense(6, 4)", (5, 6)),
    ("Dense(6, 4, has_bias=False)", (5, 6)),
    ("BatchNorm2d(6)", IMAGES),
    ("BatchNorm2d(6, eps=1e-3, momentum=0.1)", IMAGES),
    ("BatchNorm1d(6, momentum=0.99)", (7, 6)),
    ("MaxPool2d(3)", IMAGES),
    ("MaxPool2d(kernel_size=(2, 3), stride=2)", IMAGES),
    ("AvgPool2d(3, 2)", IMAGES),
    ("Upsample(scale_factor=2.0, recompute_scale_factor=True)", IMAGES),
    ("Upsample((5, 20), mode='bilinear', align_corners=True)", IMAGES),
    ("Upsample((5, 20), mode='area')", IMAGES),
    ("Dropout(p=0.3)", IMAGES),
    ("Dropout(0.9)", IMAGES),
]
PLAIN = [
    ("ReLU()", IMAGES),
    ("Sigmoid()", IMAGES),
    ("Softmax(axis=1)", IMAGES),
    ("Softmax()", IMAGES),
    ("Flatten()", IMAGES),
]
RENAMED = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean"}
RENAMED["moving_variance"] = "running_var"


def ported(layer: str) -> Any:
    """The translated layer, made."""
    source = translate_text(f"from mindspore import nn\nlayer = nn.{layer}\n")
    assert "opsbridge" not in source
    scope: dict[str, Any] = {}
    exec(source, scope)
    return scope["layer"]


@pytest.mark.parametrize(("layer", "shape"), LAYERS + PLAIN)
def test_the_layer_gives_the_same_bits(layer: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(3)
    ours, theirs = eval(f"nn.{layer}", {"nn": nn}), ported(layer)
    state = theirs.state_dict()
    for name, value in ours.named_parameters():
        torch.nn.init.uniform_(value, 0.2, 0.8)
        state[RENAMED.get(name, name)].copy_(value)
    modes = (False,) if "Dropout" in layer else (False, True)
    for mode in modes:
        x = torch.randn(shape)
        results = [each.train(mode)(x) for each in (ours, theirs)]
        assert torch.equal(results[0].as_subclass(torch.Tensor), results[1])
    for name, value in ours.named_parameters():
        assert torch.equal(state[RENAMED.get(name, name)], value.as_subclass(torch.Tensor))


def test_every_case_of_the_tables_is_here() -> None:
    tried = {f"mindspore.nn.{layer.partition('(')[0]}" for layer, _ in LAYERS}
    assert tried == {name for name in port_cases() if name.startswith("mindspore.nn.")}


@pytest.mark.parametrize(
    "layer",
    [
        "LayerNorm((11,))",
        "Conv2d(6, 4, 3, stride=2, pad_mode='same')",
        "Conv2d(6, 4, 3, pad_mode=mode)",
        "Conv2d(6, 4, 3, pad_mode='pad', padding=(1, 2, 0, 1))",
        "Conv2d(6, 4, 3, pad_mode='valid', weight_init='ones')",
        "Dense(6, 4, activation='relu')",
        "BatchNorm2d(6, affine=False)",
        "BatchNorm2d(6, use_batch_statistics=True)",
        "MaxPool2d(3, pad_mode='same')",
        "Upsample((5, 20), mode='bicubic')",
        "Upsample((5, 20), mode=mode)",
    ],
)
def test_others_stay_layers_with_the_arguments_of_mindspore(layer: str) -> None:
    source = translate_text(f"from mindspore import nn\nlayer = nn.{layer}\n")
    assert source == f"import opsbridge.mindspore\nlayer = opsbridge.mindspore.nn.{layer}\n"


def test_a_member_that_pytorch_calls_otherwise_keeps_the_layer() -> None:
    source = (
        "from mindspore import nn\nlayer = nn.BatchNorm2d(6)\nlayer.gamma.requires_grad = False\n"
    )
    assert "opsbridge.mindspore.nn.BatchNorm2d(6)" in translate_text(source)


def test_defaults_that_are_not_written_out_are_those_of_pytorch() -> None:
    for name, defaults in torch_defaults().items():
        signature = inspect.signature(eval(name, {"torch": torch})) if ".nn." in name else None
        for argument, value in defaults.items() if signature else ():
            assert signature.parameters[argument].default == value


@pytest.mark.parametrize("keyword", ["keepdim", "dim", "sorted", "descending", "largest"])
def test_defaults_of_functions_are_those_of_pytorch(keyword: str) -> None:
    x = torch.tensor([[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]])
    others = {"max": (1,), "min": (1,), "mean": (1,), "sum": (1,), "argmax": (1,), "topk": (2,)}
    tried = 0
    for name, defaults in torch_defaults().items():
        if ".nn." in name or keyword not in defaults:
            continue
        last = name.rpartition(".")[2]
        arguments = ((x, x), *others.get(last, ())) if last in ("cat", "stack") else (
            (x, *others.get(last, ()))
        )  # fmt: skip
        function = getattr(torch, last)
        for ours, theirs in zip(
            function(*arguments), function(*arguments, **{keyword: defaults[keyword]}), strict=True
        ):
            assert torch.equal(ours, theirs)
        tried += 1
    assert tried
