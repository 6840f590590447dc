"""Training loops, translated: the losses are those of the same source on MindSpore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
pytest.importorskip("torch", reason="translated code runs on PyTorch")
pytest.importorskip("mindspore", reason="compares with the real MindSpore")

from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate_text

SOURCE = Path(__file__).with_name("training_loops.txt").read_text("utf-8")


@pytest.fixture(scope="module")
def real() -> dict[str, Any]:
    return run(SOURCE)


@pytest.fixture(scope="module", params=Target)
def translated(request: pytest.FixtureRequest) -> dict[str, Any]:
    return run(translate_text(SOURCE, request.param))


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "training_loops"}
    exec(compile(source, "training_loops", "exec"), names)
    return names


@pytest.mark.parametrize(
    "optimizer", ["momentum", "momentum_kw", "sgd", "adam", "adamw", "groups", "listed"]
)
def test_the_losses_are_the_real_ones(
    real: dict[str, Any], translated: dict[str, Any], optimizer: str
) -> None:
    expected = real["functional"](real["MAKE"][optimizer])
    for loop in translated["LOOPS"]:
        assert loop(translated["MAKE"][optimizer]) == pytest.approx(expected, rel=1e-5)
