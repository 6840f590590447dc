"""The linter compares what a table says of a call with the real signature, fact by fact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from opsbridge.errors import TableError
from opsbridge.tables import signatures
from opsbridge.tables.load import load_api
from opsbridge.tables.schema import ApiTable
from opsbridge.tables.signatures import check_importable, compare_with_installed, resolve

Install = Callable[[object], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """A function that makes an object the real API of every table."""

    def installed(target: object) -> None:
        monkeypatch.setattr(signatures, "resolve", lambda name: target)

    return installed


def compared(api: ApiTable) -> tuple[int, list[str]]:
    """How many facts were compared, and which do not agree."""
    report = compare_with_installed(api)
    assert report.reason == ""
    return report.facts, [f"{each.key} {each.message}" for each in report.findings]


def fewer(boxes: object, scores: object, /) -> None: ...


def more(boxes: object, scores: object, iou_threshold: float, *, top: int = 1) -> None: ...


def other(boxes: object, points: object, iou_threshold: float = 0.5) -> None: ...


@pytest.mark.parametrize(
    ("real", "facts", "found"),
    [
        (
            fewer,
            7,
            [
                "params[0].positional_only differs; the real parameter is POSITIONAL_ONLY",
                "params[1].positional_only differs; the real parameter is POSITIONAL_ONLY",
                "params[2].name is iou_threshold; the real API ends before it",
            ],
        ),
        (more, 10, ["params lack top, which the real API has"]),
        (
            other,
            9,
            [
                "params[1].name is scores; the real API has points there",
                "params[2].default is none (required); the real API has 0.5",
            ],
        ),
        (
            lambda *args: None,
            3,
            [
                f"params[{index}].positional_only is false; the real API takes *args"
                for index in range(3)
            ],
        ),
        (
            len,
            0,
            ["ValueError: no signature in the documentation of len"],
        ),
    ],
)
def test_a_function_is_compared_parameter_by_parameter(
    install: Install, real: object, facts: int, found: list[str]
) -> None:
    install(real)
    api = load_api("torchvision.ops.nms")
    if facts:
        assert compared(api) == (facts, found)
    else:
        assert [compare_with_installed(api).reason] == found


@pytest.mark.parametrize(
    ("default", "said"),
    [
        (1, "params[2].default is 1.0; the real API has 1"),
        (True, "params[2].default is 1.0; the real API has true"),
        (2.0, "params[2].default is 1.0; the real API has 2.0"),
        (None, "params[2].default is 1.0; the real API has none (required)"),
        (1.0, ""),
    ],
)
def test_a_default_agrees_in_value_and_type(install: Install, default: object, said: str) -> None:
    def nms(boxes: object, scores: object, iou_threshold: object = default) -> None: ...

    install(nms)
    api = load_api("torchvision.ops.nms")
    given = replace(api.params[2], required=False, default=1.0)
    facts, found = compared(replace(api, params=(*api.params[:2], given)))
    assert (facts, found) == (9, [said] * bool(said))


class Mask:
    """An operator that is called by the method whose name tells most."""

    def __init__(self, iou_threshold: float = 0.5) -> None: ...

    def construct(self, *boxes: object) -> None: ...

    def __call__(self, wrong: object, number: object) -> None: ...


class Module(Mask):
    def forward(self, bboxes: object, /) -> None: ...


class Operator:
    def __init__(self, iou_threshold: float) -> None: ...

    def __call__(self, bboxes: object) -> None: ...


@pytest.mark.parametrize(
    ("real", "facts", "found"),
    [
        (Mask, 4, []),
        (Module, 6, []),
        (
            Operator,
            6,
            [
                "params[0].default is 0.5; the real API has none (required)",
                "params[1].positional_only differs; the real parameter is POSITIONAL_OR_KEYWORD",
            ],
        ),
    ],
)
def test_a_class_is_compared_as_it_is_made_and_called(
    install: Install, real: object, facts: int, found: list[str]
) -> None:
    install(real)
    assert compared(load_api("mindspore.ops.NMSWithMask")) == (facts, found)


def test_what_is_not_in_the_real_api_is_not_compared(install: Install) -> None:
    api = load_api("torchvision.ops.batched_nms")
    assert any(param.extension for param in api.params)

    def batched_nms(boxes: Any, scores: Any, idxs: Any, iou_threshold: float) -> None: ...

    install(batched_nms)
    assert compared(api) == (12, [])


def test_entries_of_a_dictionary_are_one_parameter(install: Install) -> None:
    def batched_nms(
        boxes: Any, scores: Any, idxs: Any, nms_cfg: Any, class_agnostic: bool = False
    ) -> None: ...

    install(batched_nms)
    assert compared(load_api("mmcv.ops.batched_nms")) == (15, [])


def test_a_schema_is_asked_for_by_name_and_first_version(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def get_schema(name: str, version: int) -> SimpleNamespace:
        asked.append((name, version))
        inputs = [SimpleNamespace(name=each, option="Single") for each in ("X", "rois")]
        return SimpleNamespace(inputs=inputs, attributes={})

    install(get_schema)
    for name, version in (("onnx.MaxRoiPool", 1), ("onnx.RoiAlign_10", 10), ("onnx.RoiAlign", 16)):
        api = load_api(name)
        compare_with_installed(api)
        assert asked.pop() == (name.removeprefix("onnx.").partition("_")[0], version)
    compare_with_installed(replace(api, versions=()))
    assert asked == [("RoiAlign", 1)]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (
            {"name": "evil.nms"},
            "TableError: only frameworks of the shipped tables are imported, not evil.nms",
        ),
        (
            {"real": "evil.f"},
            "TableError: only frameworks of the shipped tables are imported, not evil.f",
        ),
        (
            {"real": "torchvision.__builtins__.exec"},
            "TableError: only frameworks of the shipped tables are imported, "
            "not torchvision.__builtins__.exec",
        ),
        (
            {"schema": "onnx.defs.register_schema"},
            "TableError: only functions of the shipped tables give a schema, "
            "not onnx.defs.register_schema",
        ),
    ],
)
def test_what_is_not_looked_up_says_why(
    install: Install, facts: dict[str, str], reason: str
) -> None:
    install(fewer)
    report = compare_with_installed(replace(load_api("torchvision.ops.nms"), **facts))  # type: ignore[arg-type]
    assert (report.facts, report.findings, report.reason) == (0, (), reason)


def test_names_of_frameworks_are_importable_and_hidden_ones_are_not() -> None:
    for name in ("torchvision.ops.nms", "onnx.defs.get_schema", "cv2.dnn"):
        check_importable(name)
    for name in ("torch.nms", "torchvision.__init__", "torchvision.ops.__dict__.x", ""):
        with pytest.raises(TableError) as caught:
            check_importable(name)
        assert str(caught.value) == (
            f"only frameworks of the shipped tables are imported, not {name}"
        )


def test_modules_are_imported_as_far_as_a_name_needs_them() -> None:
    assert resolve("xml.etree.ElementTree.parse").__name__ == "parse"
    assert resolve("json").__name__ == "json"
    for name in ("os.no_such", "no_such_package.f"):
        with pytest.raises(ImportError):
            resolve(name)
