"""The tables of general names against the installed MindSpore: names, forms, places, defaults."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from real_frameworks import MINDSPORE_MISSING

from opsbridge.tables.port_lint import lint_port_table
from opsbridge.tables.port_load import (
    all_port_tables,
    load_port_table,
    module_aliases,
    port_entries,
)
from opsbridge.tables.port_schema import PortEntry
from opsbridge.tables.signatures import resolve

pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)

# Of versions before 2.10, which lacks them; their last version is not known.
GONE = {
    "mindspore.Tensor.relu", "mindspore._checkparam.Validator", "mindspore.ms_class",
    "mindspore.ms_function", "mindspore.ops.Acos", "mindspore.ops.rint",
    *(f"mindspore.parallel._transformer.layers.{name}" for name in (
        "_args_type_validator_check", "_valid_type_checks", "_valid_value_checks")),
}  # fmt: skip
GONE_MODULES = {
    "mindspore.nn.layer.flash_attention", "mindspore.nn.layer.quant", "mindspore.ops.C",
    "mindspore.ops.F", "mindspore.ops._checkparam",
    "mindspore.ops._inner_ops", "mindspore.ops.composite.array_ops",
    "mindspore.ops.composite.clip_ops",
}  # fmt: skip
CELLS_TO_DERIVE_FROM_OR_TO_FILL = {"Cell", "CellDict", "CellList", "LossBase", "Optimizer",
                                   "SequentialCell"}  # fmt: skip
PRIMITIVES_TO_DERIVE_FROM_OR_WITHOUT_RESULT = {
    "DynamicRNN", "HistogramSummary", "ImageSummary", "Primitive", "Print", "ScalarSummary",
    "TensorSummary",
}  # fmt: skip
DECORATORS = {
    "_LogActionOnce", "_args_type_validator_check", "_no_recursive", "_primexpr", "add_flags",
    "cell_attr_register", "constexpr", "jit", "jit_class", "lazy_inline", "ms_class",
    "ms_function", "opt_init_args_register", "prim_attr_register", "rearrange_inputs",
}  # fmt: skip


def entries() -> list[PortEntry]:
    named = port_entries().items()
    return [each for name, each in named if name == each.name and name.startswith("mindspore.")]


def paths(name: str) -> list[str]:
    """A full name, and where else MindSpore may have it by the aliases of its module."""
    module, _, last = name.rpartition(".")
    others = [other for other, same in module_aliases().items() if same == module]
    return [f"{each}.{last}" for each in (module, *others)]


def is_there(name: str) -> bool:
    try:
        resolve(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("path", all_port_tables(), ids=lambda path: path.stem)
def test_forms_places_and_defaults_are_those_of_mindspore(path: Path) -> None:
    found = [f"{each.key} {each.message}" for each in lint_port_table(load_port_table(path))]
    assert found == []


def test_every_name_is_one_of_mindspore() -> None:
    missing = {each.name for each in entries() if not any(map(is_there, paths(each.name)))}
    assert missing - GONE == {each.name for each in entries() if each.until} & missing
    assert missing >= GONE


def test_modules_and_those_they_stand_for_are_of_mindspore() -> None:
    aliases = module_aliases()
    assert {name for name in aliases if not is_there(name)} == GONE_MODULES
    tables = [load_port_table(path) for path in all_port_tables()]
    placeholders = {name for table in tables for name in table.placeholders}
    assert {name for name in placeholders if not is_there(name)} == {"mindspore.hub"}
    modules = {table.module for table in tables}
    assert all(map(is_there, modules | set(aliases.values())))


def test_a_class_is_no_layer_or_primitive_only_if_nobody_calls_it_on_tensors() -> None:
    reals = {each.last: resolve(each.name) for each in entries() if is_class(each)}
    for base, allowed in (
        ("mindspore.nn.Cell", CELLS_TO_DERIVE_FROM_OR_TO_FILL),
        ("mindspore.ops.Primitive", PRIMITIVES_TO_DERIVE_FROM_OR_WITHOUT_RESULT),
    ):
        assert {last for last, real in reals.items() if issubclass(real, resolve(base))} == allowed


def test_what_is_made_of_a_plain_class_and_called_is_a_primitive() -> None:
    plain = [
        each
        for each in entries()
        if each.form != "class" and is_there(each.name) and is_plain_class(resolve(each.name))
    ]
    assert {(each.last, each.form) for each in plain} == {
        ("GradOperation", "primitive"), ("HyperMap", "primitive"), ("Map", "primitive"),
        ("ParallelMode", "value"), ("ReduceOp", "value"), ("Type", "value"),
        ("_LogActionOnce", "decorator"),
    }  # fmt: skip


def is_plain_class(target: object) -> bool:
    bases = inspect.getmro(target) if inspect.isclass(target) else ()
    return bool(bases) and {"Cell", "Primitive"}.isdisjoint(base.__name__ for base in bases)


def is_class(entry: PortEntry) -> bool:
    return entry.form == "class" and is_there(entry.name)


def test_decorators_are_told_from_functions() -> None:
    assert {each.last for each in entries() if each.form == "decorator"} == DECORATORS


def test_what_mindspore_has_as_none_and_refuses_is_required() -> None:
    found = {
        (each.name, param.name)
        for each in entries()
        if each.form == "function" and is_there(each.name)
        for param in each.params
        if param.is_required and default_of(each, param.name) is None
    }
    assert found == {("mindspore.numpy.where", "x"), ("mindspore.numpy.where", "y")}
    ms = pytest.importorskip("mindspore")
    with pytest.raises(TypeError, match="array like"):
        ms.numpy.where(ms.Tensor([True]))


def default_of(entry: PortEntry, name: str) -> object:
    try:
        parameters = inspect.signature(resolve(entry.name)).parameters
    except (TypeError, ValueError):  # built-in functions have no signature
        return inspect.Parameter.empty
    return parameters[name].default if name in parameters else inspect.Parameter.empty
