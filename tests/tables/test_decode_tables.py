"""Decoding: the types of the structs are the grammar, and every problem is reported."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any, get_args

import pytest

from opsbridge.errors import TableError
from opsbridge.tables.decode import decode
from opsbridge.tables.schema import Choice, Converter, ErrorName, Evidence, Param, ValueType
from opsbridge.tables.strings import string_problem

PARAM: dict[str, Any] = {
    "name": "boxes",
    "stage": "call",
    "types": ["tensor"],
    "converter": "same",
    "fills": ["boxes"],
    "required": True,
}
ERRORS = ", ".join(get_args(ErrorName))
FIELDS = [field.name for field in fields(Param)]


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
        (
            {"converter": "eval"},
            f'converter is "eval"; allowed: {", ".join(get_args(Converter))}',
        ),
        ({"stage": 3}, "stage is 3; allowed: init, call"),
        ({"required": 1}, "required is 1; expected true or false"),
        ({"required": "yes"}, 'required is "yes"; expected true or false'),
        ({"types": "tensor"}, 'types is "tensor"; expected a list'),
        (
            {"types": ["tensor", "box"]},
            f'types[1] is "box"; allowed: {", ".join(get_args(ValueType))}',
        ),
        ({"columns": [[0, 4, 5]]}, "columns[0] has 3 values; expected 2"),
        ({"columns": [[0, 4.0]]}, "columns[0][1] is 4.0; expected an integer"),
        ({"shape": ["N", True]}, "shape[1] is true; expected an integer or a string"),
        ({"default": [1]}, "default[0] is 1; expected a float"),
        (
            {"default": {"a": 1}},
            'default is {"a": 1}; expected true or false or an integer or a float or a string',
        ),
        ({"default": 1 << 63}, "default is 9223372036854775808; expected at most 63 bits"),
        ({"errors": [1]}, "errors is [1]; expected a table"),
        ({"errors": {"tipe": "TypeError"}}, "errors.tipe is not a known key; did you mean type?"),
        ({"errors": {"type": "Error"}}, f'errors.type is "Error"; allowed: {ERRORS}'),
        ({"name": "a\nb"}, "name has a hidden character or several lines"),
        ({"minimum": 1}, "minimum is 1; expected a float"),
        ({"name": date(2026, 11, 27)}, 'name is "2026-11-27"; expected a string'),
        ({"choices": [3]}, "choices[0] is 3; expected a table"),
        ({"choices": [{"value": 1}]}, "choices[0].set is missing; it is required"),
        ({"stge": "init"}, "stge is not a known key; did you mean stage?"),
        ({"qqqq": 1}, f"qqqq is not a known key; allowed: {', '.join(FIELDS)}"),
    ],
)
def test_wrong_values_name_the_key_and_what_is_allowed(
    change: dict[str, Any], message: str
) -> None:
    (problem,) = problems(Param, {**PARAM, **change})
    assert problem == f"a/b.toml: {message}"


def test_what_may_be_none_is_where_it_is_left_out() -> None:
    assert decode(Choice, {"set": {}}, "a/b.toml") == Choice(None, {})


def test_numbers_are_not_converted() -> None:
    choice = decode(Choice, {"value": 0, "set": {"half_pixel": 0.0, "flag": False}}, "a/b.toml")
    kinds = [type(value) for value in (choice.value, *choice.set.values())]
    assert kinds == [int, float, bool]


def test_all_problems_are_listed_at_once() -> None:
    found = problems(Evidence, {"kind": "heard", "version": 2, "year": 1})
    assert found == [
        "a/b.toml: year is not a known key; allowed: kind, version, platform, link, date, note",
        'a/b.toml: kind is "heard"; allowed: probed, documented, assumed',
        "a/b.toml: version is 2; expected a string",
    ]


def test_a_flood_of_problems_is_cut() -> None:
    found = problems(Param, {**PARAM, "types": [1] * 5000})
    assert len(found) == 21
    assert found[19].startswith("a/b.toml: types[19] is 1; ")
    assert found[20] == "a/b.toml: 4980 more problems"


def test_twenty_problems_are_all_said() -> None:
    found = problems(Param, {**PARAM, "types": [1] * 20})
    assert [line.partition(" is ")[0] for line in found] == [
        f"a/b.toml: types[{place}]" for place in range(20)
    ]


def test_a_long_wrong_value_is_cut() -> None:
    (problem,) = problems(Param, {**PARAM, "stage": "x" * 59})
    assert problem == f'a/b.toml: stage is "{"x" * 56}...; allowed: init, call'
    (problem,) = problems(Param, {**PARAM, "stage": "x" * 58})
    assert problem == f'a/b.toml: stage is "{"x" * 58}"; allowed: init, call'


def test_a_deep_wrong_value_is_no_crash() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    (problem,) = problems(Param, {**PARAM, "stage": deep})
    assert problem == "a/b.toml: stage is too deeply nested; allowed: init, call"


def test_words_of_other_scripts_are_shown_as_they_are() -> None:
    (problem,) = problems(Param, {**PARAM, "stage": "后"})
    assert problem == 'a/b.toml: stage is "后"; allowed: init, call'


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("text.en", "a `code` word", ""),
        ("text.en", "x <b> y", "has the markup '<b'; expected plain text"),
        ("text.en", "a ```b", "has the markup '```'; expected plain text"),
        *(
            ("text.en", f"a {markup} b", f"has the markup {markup!r}; expected plain text")
            for markup in (
                "<B",
                "<z",
                "<Z",
                "</",
                "<!",
                "<?",
                "](",
                "] (",
                "][",
                "}`",
                "~~~",
                ":::",
            )
        ),
        *(("text.en", f"a {plain} b", "") for plain in ("<1", "< b", "]  (", "``", "~~", "::")),
        ("text.en", "a\nb", "has a hidden character or several lines"),
        ("example", ">>> a[i](0) <b\n:::", ""),
        ("example", "a\n```", "has the markup '```'; expected plain text"),
        ("example", "a\n~~~", "has the markup '~~~'; expected plain text"),
        ("example", "a\x1b[2J", "has a hidden character or several lines"),
        ("cases[0].example", "a\nb", "has a hidden character or several lines"),
        ("evidence.link", "", ""),
        ("evidence.link", "https://a.b/c", ""),
        ("link", "http://a.b/c", ""),
        ("link", "https://a.b/c d", "is no address; expected https://..."),
        ("limits[0].evidence.link", "ftp://a.b", "is no address; expected https://..."),
        ("documentation.en", "a.b", "is no address; expected https://..."),
        ("documentation.zh", "a.b", "is no address; expected https://..."),
        ("documentation.fr", "a.b", ""),
        ("links", "a.b", ""),
        ("evidence.note", "a.b", ""),
    ],
)
def test_strings_are_plain_but_for_examples_and_addresses(path: str, text: str, said: str) -> None:
    assert string_problem(path, text) == said
