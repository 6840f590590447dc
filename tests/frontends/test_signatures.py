"""A front-end is called, shown and documented as the real API is."""

from __future__ import annotations

import doctest
import inspect
from typing import Any

import pytest
from framework_tensors import FRAMEWORKS
from real_frameworks import mindspore, torchvision_ops

import opsbridge.detectron2.layers
import opsbridge.detectron2.structures
import opsbridge.mindspore.ops
import opsbridge.mmcv.ops
import opsbridge.mmdet.ops
import opsbridge.onnx
import opsbridge.opencv.dnn
import opsbridge.paddle.vision.ops
import opsbridge.tensorflow.image
import opsbridge.torchvision.ops
from opsbridge.tables.describe import describe
from opsbridge.tables.load import all_api_names, load_api
from opsbridge.tables.signatures import compare_with_installed

# Made of other operators, so they have no table; tests/differential compares them.
COMPOSED = {"MultiScaleRoIAlign"}

MODULES = (
    opsbridge.torchvision.ops,
    opsbridge.mindspore.ops,
    opsbridge.mmcv.ops,
    opsbridge.mmdet.ops,
    opsbridge.onnx,
    opsbridge.opencv.dnn,
    opsbridge.paddle.vision.ops,
    opsbridge.tensorflow.image,
    opsbridge.detectron2.layers,
    opsbridge.detectron2.structures,
)
FRONT_ENDS: dict[str, Any] = {
    f"{module.__name__.removeprefix('opsbridge.')}.{name}": getattr(module, name)
    for module in MODULES
    for name in module.__all__
    if name not in COMPOSED
}
# Frameworks whose callables show a signature that front-ends copy to the letter.
SHOWN = [
    name
    for name in FRONT_ENDS
    if name.partition(".")[0] in ("torchvision", "mindspore", "mmcv", "mmdet")
]
# Tables of what an API does for some argument, and of no API that can be imported.
PARTS = {
    "mmcv.batched.batched_soft_nms",
    "paddle.vision.box_coder_decode",
    "paddle.vision.nms_by_score",
    "paddle.vision.nms_in_order",
    "tensorflow.soft_non_max_suppression",
}


def bare(signature: inspect.Signature) -> list[tuple[str, Any, Any]]:
    """Names, kinds and defaults, without annotations, `self` and what only opsbridge has."""
    return [
        (parameter.name, parameter.kind, parameter.default)
        for parameter in signature.parameters.values()
        if parameter.name != "self" and parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    ]


def real(name: str) -> Any:
    """The real API; the test is skipped where it is not installed."""
    framework, _, rest = name.partition(".ops.")
    if framework in ("mmcv", "mmdet"):
        reason = f"compares with the real {framework}, which is not installed"
        return getattr(pytest.importorskip(f"{framework}.ops", reason=reason), rest)
    ops = torchvision_ops() if framework == "torchvision" else mindspore().ops
    return getattr(ops, rest)


def test_every_table_has_its_front_end() -> None:
    assert sorted(FRONT_ENDS) == sorted(set(all_api_names()) - PARTS)


@pytest.mark.parametrize("name", SHOWN)
def test_the_signature_is_the_real_one(name: str) -> None:
    assert bare(inspect.signature(FRONT_ENDS[name])) == bare(inspect.signature(real(name)))


@pytest.mark.parametrize("name", sorted(FRONT_ENDS.keys() - set(SHOWN)))
def test_the_signature_is_what_the_real_one_says_of_it(name: str) -> None:
    """Schemas, and documentation of builtins, say less than a signature does."""
    table = load_api(name)
    real_name = table.schema or table.real or table.name
    package = real_name.partition(".")[0]
    pytest.importorskip(package, reason=f"compares with the real {package}, which is not installed")
    report = compare_with_installed(table)
    assert not report.reason
    assert report.facts
    assert not report.findings


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_class_is_called_with_is_the_real_one(name: str) -> None:
    if load_api(name).form == "function":
        assert not inspect.isclass(FRONT_ENDS[name])
        return
    inputs = [param for param in load_api(name).params if param.stage == "call"]
    if not name.startswith("mindspore"):
        forward = inspect.signature(real(name).forward)
        assert [param.name for param in inputs] == [each[0] for each in bare(forward)]
        assert not any(param.positional_only for param in inputs)
    else:
        # A primitive's call is (*args): names of inputs cannot be used.
        real_call = inspect.signature(real(name).__call__)
        assert [each[1] for each in bare(real_call)] == [inspect.Parameter.VAR_POSITIONAL]
        assert all(param.positional_only for param in inputs)


@pytest.mark.parametrize(
    "arguments",
    [(2, 1.0, 2), ((2, 3), 1, -1), ([2, 3], 0.25, 2, True), (7, 0.5, 0, False)],
    ids=str,
)
def test_a_region_align_is_shown_as_the_real_one(arguments: tuple[Any, ...]) -> None:
    ours, theirs = opsbridge.torchvision.ops.RoIAlign, real("torchvision.ops.RoIAlign")
    assert repr(ours(*arguments)) == repr(theirs(*arguments))


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (opsbridge.mindspore.ops.NMSWithMask(0.3), "NMSWithMask(iou_threshold=0.3)"),
        (
            opsbridge.mindspore.ops.ROIAlign(7, 5, 0.25),
            "ROIAlign(pooled_height=7, pooled_width=5, spatial_scale=0.25, sample_num=2, "
            "roi_end_mode=1)",
        ),
    ],
)
def test_settings_are_shown_and_readable(shown: Any, text: str) -> None:
    assert repr(shown) == text
    names = inspect.signature(type(shown)).parameters
    assert text == f"{type(shown).__name__}({', '.join(f'{n}={getattr(shown, n)}' for n in names)})"


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_names_lead_back_to_the_module(name: str) -> None:
    front_end = FRONT_ENDS[name]
    assert f"{front_end.__module__}.{front_end.__name__}" == f"opsbridge.{name}"
    assert front_end.__qualname__ == front_end.__name__


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_docstrings_say_what_the_table_says_and_their_examples_run(name: str) -> None:
    table, text = load_api(name), inspect.getdoc(FRONT_ENDS[name])
    assert text == inspect.cleandoc(describe(table))
    assert text.splitlines()[0] == table.text.en
    for param in table.params:
        shown = f'{param.inside}["{param.name}"]' if param.inside else param.name
        assert f"\n{shown}: " in text
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    assert example.examples
    report: list[str] = []
    doctest.DocTestRunner().run(example, out=report.append)
    assert report == []


def test_the_frameworks_of_these_tests_are_all_there_are() -> None:
    assert {name.partition(".")[0] for name in FRONT_ENDS} == {
        *("torchvision", "mindspore", "mmcv", "mmdet", "onnx", "opencv"),
        *("paddle", "tensorflow", "detectron2"),
    }
    assert set(FRAMEWORKS) == {"numpy", "torch", "mindspore"}
