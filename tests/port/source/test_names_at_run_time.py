"""Names that only the running code knows: modules that are passed on, text given to eval."""

from __future__ import annotations

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate_text

BY_NAME = """\
import mindspore.nn as nn


def layer(name):
    return getattr(nn, name)()
"""
BY_TEXT = """\
import mindspore as ms
from mindspore import Tensor, nn
from mindspore.ops import operations as P


def layer(text):
    return eval(text)


def block():
    return nn.SequentialCell([layer("nn.MaxPool2d(2, 2)"), nn.ReLU()])
"""
TARGETS = pytest.mark.parametrize("target", list(Target), ids=lambda target: target.value)


@TARGETS
def test_a_module_that_is_passed_on_is_the_surfaces(target: Target) -> None:
    after = translate_text(BY_NAME, target)
    assert "getattr(opsbridge.mindspore.nn, name)()" in after
    assert "import mindspore" not in after
    assert translate_text(after, target) == after


@TARGETS
def test_text_that_is_run_as_code_finds_its_names(target: Target) -> None:
    after = translate_text(BY_TEXT, target)
    for line in (
        "ms = opsbridge.mindspore",
        "nn = opsbridge.mindspore.nn",
        "Tensor = opsbridge.mindspore.Tensor",
        "P = opsbridge.mindspore.ops",
    ):
        assert line in after.splitlines()
    assert translate_text(after, target) == after


def test_names_for_such_text_come_at_once_below_the_imports() -> None:
    lines = translate_text(BY_TEXT).splitlines()
    last = max(place for place, line in enumerate(lines) if line.startswith("import "))
    assert [line.partition(" = ")[0] for line in lines[last + 1 : last + 5]] == [
        *("P", "Tensor", "ms", "nn"),
    ]
    nested = "def layer(text):\n    from mindspore import nn\n    return eval(text)\n"
    assert translate_text(nested).startswith(
        "import opsbridge.mindspore\nnn = opsbridge.mindspore.nn\ndef layer(text):\n"
    )


def test_without_such_text_the_imports_go() -> None:
    assert "nn = opsbridge" not in translate_text(BY_TEXT.replace("eval(text)", "text"))


def test_the_translation_runs() -> None:
    torch = pytest.importorskip("torch")
    module: dict[str, object] = {}
    exec(translate_text(BY_TEXT), module)
    block = module["block"]()  # type: ignore[operator]
    assert block(torch.ones(1, 1, 4, 4)).shape == (1, 1, 2, 2)
