"""Names of a folder: by every spelling, by other names of their modules, by likeness."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbridge.errors import TableError
from opsbridge.tables.port_load import (
    all_port_tables,
    canonical_name,
    find_port_entry,
    load_port_table,
    module_aliases,
    nearest_names,
    port_cases,
    port_entries,
)
from opsbridge.tables.port_schema import PortArgument

OPS = """module = "m.ops"
[aliases]
"m.operations" = "m.ops"
"m.ops.old.array" = "m.ops"

[[entries]]
name = "m.ops.Concat"
form = "primitive"
torch = "torch.cat"
spellings = ["m.P.Concat", "m.ops.cat", "m.layers.cat"]
params = [{ name = "axis", default = 0 }, { name = "x" }]
[entries.arguments]
tensors = "x"
dim = { from = "axis", as = "int" }
out = { value = 1 }

[[entries]]
name = "m.ops.Conjugate"
form = "function"
torch = "torch.conj"

[[cases]]
name = "m.ops.Concat"
when = { axis = 1 }
arguments = { dim = "axis" }

[[cases]]
name = "m.ops.Concat"
torch = "torch.stack"
"""
NN = """module = "m.nn"
aliases = { "m.layers" = "m.nn" }

[[entries]]
name = "m.nn.CONCAT"
form = "layer"
torch = "torch.nn.Concat"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with two tables, of names that no shipped one has."""
    folder = tmp_path / "mappings"
    for name, text in (("m/ops", OPS), ("m/nn", NN), ("m/api", 'name = "m.api"\n')):
        path = folder / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_tables_of_a_folder_are_those_of_modules(root: Path) -> None:
    assert all_port_tables(root) == (root / "m/nn.toml", root / "m/ops.toml")


def test_an_entry_is_found_by_each_spelling(root: Path) -> None:
    entries = port_entries(root)
    assert list(entries) == [
        *("m.nn.CONCAT", "m.ops.Concat", "m.P.Concat", "m.ops.cat", "m.layers.cat"),
        "m.ops.Conjugate",
    ]
    assert entries["m.ops.cat"] is entries["m.P.Concat"] is entries["m.ops.Concat"]
    for name in (
        *("m.ops.Concat", "m.P.Concat", "m.operations.Concat", "m.ops.old.array.cat"),
        "m.layers.cat",
    ):
        assert find_port_entry(name, root) is entries["m.ops.Concat"]
    assert find_port_entry("m.layers.CONCAT", root) is entries["m.nn.CONCAT"]
    assert find_port_entry("m.layers.Concat", root) is None
    assert find_port_entry("mindspore.ops.Concat", root) is None


def test_short_forms_of_arguments_are_written_out(root: Path) -> None:
    assert port_entries(root)["m.ops.Concat"].arguments == {
        "tensors": PortArgument(param="x"),
        "dim": PortArgument(param="axis", convert="int"),
        "out": PortArgument(value=1),
    }


def test_cases_are_together_by_name_in_their_order(root: Path) -> None:
    cases = port_cases(root)
    assert list(cases) == ["m.ops.Concat"]
    first, second = cases["m.ops.Concat"]
    assert (first.when, first.arguments) == ({"axis": 1}, {"dim": PortArgument(param="axis")})
    assert second.torch == "torch.stack"


def test_the_longest_other_name_of_a_module_counts(root: Path) -> None:
    assert module_aliases(root) == {
        "m.layers": "m.nn",
        "m.operations": "m.ops",
        "m.ops.old.array": "m.ops",
    }
    for name, wanted in (
        ("m.operations.Concat", "m.ops.Concat"),
        ("m.operations.Concat.init", "m.ops.Concat.init"),
        ("m.ops.old.array.Concat", "m.ops.Concat"),
        ("m.ops.old.Concat", "m.ops.old.Concat"),
        ("m.operations", "m.ops"),
        ("mindspore.ops.operations.Concat", "mindspore.ops.operations.Concat"),
        ("", ""),
    ):
        assert canonical_name(name, root) == wanted


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("m.ops.concat", ("m.nn.CONCAT", "m.ops.Concat", "m.P.Concat")),
        ("m.operations.CONCAT", ("m.nn.CONCAT", "m.ops.Concat", "m.P.Concat")),
        ("m.operations.Conjugat", ("m.ops.Conjugate", "m.ops.Concat", "m.ops.cat")),
        ("m.ops.Konkat", ("m.ops.Concat", "m.ops.cat", "m.ops.Conjugate")),
        ("m.other.Konkat", ()),
        ("qqqq", ()),
    ],
)
def test_names_that_look_like_one(root: Path, name: str, names: tuple[str, ...]) -> None:
    assert nearest_names(name, root) == names


def test_a_name_of_two_tables_is_refused_with_the_second(root: Path) -> None:
    (root / "m/two.toml").write_text(
        'module = "m"\n[[entries]]\nname = "m.ops.cat"\nform = "function"\ntorch = "torch.cat"\n'
    )
    with pytest.raises(TableError) as caught:
        port_entries(root)
    assert str(caught.value) == "mappings/m/two.toml: m.ops.cat is in the tables twice"


def test_every_contradiction_of_a_table_is_said(root: Path) -> None:
    path = root / "m/wrong.toml"
    path.write_text(
        """module = "m.wrong"
[[entries]]
name = "m.ops.f"
form = "function"
params = [{ name = "x" }, { name = "x" }]
arguments = { "0" = "x", dim = "y", out = { value = 1 } }

[[entries]]
name = "m.wrong.Tensor.f"
form = "method"
ours = "methods.f"
"""
    )
    with pytest.raises(TableError) as caught:
        load_port_table(path)
    assert str(caught.value).splitlines() == [
        "mappings/m/wrong.toml: m.ops.f is not of the module m.wrong",
        "mappings/m/wrong.toml: m.ops.f has neither torch nor ours",
        "mappings/m/wrong.toml: m.ops.f: arguments.dim is from y, no parameter",
        "mappings/m/wrong.toml: m.ops.f has two parameters of one name",
    ]


@pytest.mark.parametrize(
    ("line", "problems"),
    [
        ("entries = 5", ["entries is 5; expected a list"]),
        ("entries = [5]", ["entries[0] is 5; expected a table"]),
        ("cases = 5", ["cases is 5; expected a list"]),
        (
            'cases = [{ name = "m.f", arguments = { x = 5 } }]',
            ["cases[0].arguments.x is 5; expected a table"],
        ),
        (
            'cases = [{ name = "m.f", arguments = 5 }]',
            ["cases[0].arguments is 5; expected a table"],
        ),
        (
            'cases = [{ name = "m.f", arguments = { x = { from = "y", in = 1 } } }]',
            [
                "cases[0].arguments.x.in is not a known key; allowed: param, convert, value",
            ],
        ),
    ],
)
def test_what_is_no_argument_is_said_where_it_lies(
    root: Path, line: str, problems: list[str]
) -> None:
    path = root / "m/wrong.toml"
    path.write_text(f'module = "m"\n{line}\n')
    with pytest.raises(TableError) as caught:
        load_port_table(path)
    assert str(caught.value).splitlines() == [f"mappings/m/wrong.toml: {each}" for each in problems]
