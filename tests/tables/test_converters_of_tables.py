"""Converters of the shipped tables take what a parameter may be, and make what a slot is for."""

from __future__ import annotations

import pytest

from opsbridge.tables.load import all_api_names, load_api, load_core

NUMBERS = ("number", "float32_number", "above_number", "positive_number")
INTEGERS = ("integer", "count", "positive_integer", "element_limit")
TAKES: dict[str, set[str]] = {
    **{name: {"number", "single"} for name in NUMBERS},
    **{name: {"integer", "single"} for name in INTEGERS},
    "same": {"tensor", "rows", "holder", "float", "int"},
    "plain_number": {"number"},
    "number_pair": {"number_pair"},
    "pair": {"integer", "int_pair"},
    "floats": {"float_tuple"},
    "columns": {"tensor"},
    "ids": {"tensor", "rows"},
    "rois": {"tensor", "tensor_list"},
    "choice": {"bool", "int", "integer", "string"},
}
# The fields of a return that name a parameter.
HANDED = ("at_most", "padded_to", "padded_if", "bounded_if", "clipped_if", "among")
MAKES: dict[str, set[str]] = {
    **{name: {"float"} for name in NUMBERS},
    **{name: {"int"} for name in (*INTEGERS, "pair")},
    **{name: {"number"} for name in ("plain_number", "number_pair")},
    **{name: {"tensor"} for name in ("columns", "ids", "rois")},
    "same": {"tensor", "float", "int"},
    "floats": {"floats"},
}


@pytest.mark.parametrize("name", all_api_names())
def test_a_converter_fits_its_parameter(name: str) -> None:
    api = load_api(name)
    handed = {getattr(each, field) for each in api.returns for field in HANDED}
    kinds = {slot.name: slot.kind for slot in load_core(api.core).slots}
    for param in api.params:
        assert set(param.types) <= TAKES.get(param.converter, set(param.types)), param.name
        assert param.converter != "rois" or "tensor_list" in param.types
        is_of_results = param.name in handed and not param.fills
        assert (param.converter == "result") == is_of_results, param.name
        made = {kinds[slot] for slot in param.fills}
        assert made <= MAKES.get(param.converter, made), param.name
        # Ids are widened, so that equal ones stay equal; those in a column are read as they are.
        is_of_groups = "groups" in param.fills and param.converter != "columns"
        assert is_of_groups == (param.converter == "ids"), param.name
