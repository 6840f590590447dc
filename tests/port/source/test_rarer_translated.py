"""Rarer operators and functions, translated: the bits of the surface, for both targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rarer_calls import CALLS, names, plain
from rarest_calls import GROUPS

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
torch = pytest.importorskip("torch", reason="the translation runs on PyTorch")

from opsbridge import mindspore as surface  # noqa: E402
from opsbridge.port.source.result import Target  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402

HEADER = "import mindspore as ms\nfrom mindspore import nn, ops\n"
WITHOUT_OURS = ["rot90", "diff", "diagonal", "moveaxis", "mm", "inner", "ravel", "frac", "dist"]


@pytest.mark.parametrize("target", list(Target), ids=lambda target: target.value)
@pytest.mark.parametrize("call", CALLS)
def test_call(call: str, target: Target) -> None:
    given = {"ms": surface, "ops": surface.ops, "nn": surface.nn, **names(surface.Tensor)}
    expected = plain(eval(call, given))
    text = translate_text(f"{HEADER}result = {call}\n", target)
    assert translate_text(text, target) == text
    assert "# opsbridge:" not in text
    scope: dict[str, Any] = names(torch.as_tensor)
    exec(text, scope)
    for one, other in zip(plain(scope["result"]), expected, strict=True):
        np.testing.assert_array_equal(one, other)
        assert getattr(one, "dtype", None) == getattr(other, "dtype", None)


@pytest.mark.parametrize("target", list(Target), ids=lambda target: target.value)
@pytest.mark.parametrize("group", GROUPS)
def test_many_calls_of_a_file(group: str, target: Target) -> None:
    calls = GROUPS[group]
    text = translate_text(
        HEADER + "".join(f"r{n} = {call}\n" for n, call in enumerate(calls)), target
    )
    assert translate_text(text, target) == text
    assert "# opsbridge:" not in text
    scope: dict[str, Any] = names(torch.as_tensor)
    exec(text, scope)
    for number, call in enumerate(calls):
        given = {"ms": surface, "ops": surface.ops, "nn": surface.nn, **names(surface.Tensor)}
        expected = plain(eval(call, given))
        for one, other in zip(plain(scope[f"r{number}"]), expected, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=call)
            assert getattr(one, "dtype", None) == getattr(other, "dtype", None)


@pytest.mark.parametrize("name", WITHOUT_OURS)
def test_what_pytorch_has_is_pytorchs(name: str) -> None:
    call = next(each for each in CALLS if each.startswith(f"ops.{name}("))
    assert "opsbridge" not in translate_text(f"{HEADER}result = {call}\n")


@pytest.mark.parametrize("name", ["cummax", "median"])
def test_results_that_are_unpacked_are_pytorchs(name: str) -> None:
    text = translate_text(f"{HEADER}a, b = ops.{name}(x, axis=1)\n")
    assert f"torch.{name}(x, dim=1" in text
    assert "opsbridge" not in text
