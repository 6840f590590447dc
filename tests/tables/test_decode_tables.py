"""Decoding: the types of the structs are the grammar, and every problem is reported."""

from __future__ import annotations

from typing import Any

import pytest

from opsbridge.errors import TableError
from opsbridge.tables.decode import decode
from opsbridge.tables.schema import Choice, Evidence, Param

PARAM: dict[str, Any] = {
    "name": "boxes",
    "stage": "call",
    "types": ["tensor"],
    "converter": "same",
    "fills": ["boxes"],
    "required": True,
}


def problems(struct: type[Any], data: dict[str, Any]) -> list[str]:
    with pytest.raises(TableError) as caught:
        decode(struct, data, "a/b.toml")
    return str(caught.value).splitlines()


def test_a_sound_table_becomes_its_struct() -> None:
    param = decode(Param, {**PARAM, "shape": ["N", 4], "columns": [[0, 4], [4, 5]]}, "a/b.toml")
    assert param.shape == ("N", 4)
    assert param.columns == ((0, 4), (4, 5))
    assert param.default is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stage": "late"}, 'stage is "late"; allowed: init, call'),
        ({"converter": "eval"}, 'converter is "eval"; allowed: same, number,'),
        ({"stage": 3}, "stage is 3; allowed: init, call"),
        ({"required": 1}, "required is 1; expected true or false"),
        ({"required": "yes"}, 'required is "yes"; expected true or false'),
        ({"types": "tensor"}, 'types is "tensor"; expected a list'),
        ({"types": ["tensor", "box"]}, 'types[1] is "box"; allowed: tensor,'),
        ({"columns": [[0, 4, 5]]}, "columns[0] has 3 values; expected 2"),
        ({"columns": [[0, 4.0]]}, "columns[0][1] is 4.0; expected an integer"),
        ({"shape": ["N", True]}, "shape[1] is true; expected an integer or a string"),
        ({"default": [1]}, "default is [1]; expected"),
        ({"choices": [3]}, "choices[0] is 3; expected a table"),
        ({"choices": [{"value": 1}]}, "choices[0].set is missing; it is required"),
        ({"stge": "init"}, "stge is not a known key; did you mean stage?"),
        ({"qqqq": 1}, "qqqq is not a known key; allowed: name, stage,"),
    ],
)
def test_wrong_values_name_the_key_and_what_is_allowed(
    change: dict[str, Any], message: str
) -> None:
    (problem,) = problems(Param, {**PARAM, **change})
    assert problem.startswith(f"a/b.toml: {message}")


def test_numbers_are_not_converted() -> None:
    choice = decode(Choice, {"value": 0, "set": {"half_pixel": 0.0, "flag": False}}, "a/b.toml")
    kinds = [type(value) for value in (choice.value, *choice.set.values())]
    assert kinds == [int, float, bool]


def test_all_problems_are_listed_at_once() -> None:
    found = problems(Evidence, {"kind": "heard", "version": 2, "year": 1})
    assert len(found) == 3
    assert {line.split(": ")[1].split()[0] for line in found} == {"kind", "version", "year"}


def test_a_flood_of_problems_is_cut() -> None:
    found = problems(Param, {**PARAM, "types": [1] * 5000})
    assert len(found) == 21
    assert found[-1] == "a/b.toml: 4980 more problems"


def test_a_long_wrong_value_is_cut() -> None:
    (problem,) = problems(Param, {**PARAM, "stage": "x" * 10_000})
    assert len(problem) < 150


def test_a_deep_wrong_value_is_no_crash() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    (problem,) = problems(Param, {**PARAM, "stage": deep})
    assert "too deeply nested" in problem
