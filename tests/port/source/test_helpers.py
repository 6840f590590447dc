"""Functions that are written into a file: the report says of each what its table says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from test_members import result_of

from opsbridge.port.source import helpers
from opsbridge.port.source.result import Outcome, Target

FILES = sorted(Path(helpers.__file__).parent.glob("helpers*.toml"))
TABLES: list[dict[str, Any]] = [
    each for path in FILES for each in tomllib.loads(path.read_text("utf-8"))["helpers"]
]
LAYERS = {
    each["stands_for"]: each
    for each in TABLES
    if str(each.get("stands_for", "")).startswith("mindspore.nn.")
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_exact_unless_its_table_names_a_difference(name: str) -> None:
    source = f"import mindspore\nlayer = {name}\n"
    (point,) = (each for each in result_of(source, Target.TORCHVISION).points if each.name == name)
    difference = LAYERS[name].get("difference", "")
    outcome = Outcome.APPROXIMATE if difference else Outcome.EXACT
    assert (point.outcome, point.became) == (outcome, LAYERS[name]["name"])
    assert point.reason == difference


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["name"])
def test_a_function_differs_and_lacks_and_stands_for_what_its_table_says(
    table: dict[str, Any],
) -> None:
    helper = helpers.all_helpers()[table["name"]]
    stands_for = table.get("stands_for", [])
    names = [stands_for] if isinstance(stands_for, str) else stands_for
    assert list(helper.stands_for) == names
    assert helper.difference == table.get("difference", "")
    assert sorted(helper.lacks) == sorted(table.get("lacks", []))
    assert list(helper.imports) == table["imports"]
