"""Tables of general names: what is wrong with one is found, and MindSpore's own defaults count."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from opsbridge.errors import TableError
from opsbridge.tables import port_lint
from opsbridge.tables.load import is_port_table
from opsbridge.tables.port_lint import lint_port_table
from opsbridge.tables.port_load import load_port_table, port_entries
from opsbridge.tables.port_schema import OPERATOR_MODULES, PortForm, PortTable

SOUND = '[[entries]]\nname = "m.f"\nform = "function"\ntorch = "torch.f"\n'
MODULE = 'module = "m"\n'


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], PortTable]:
    """A function that loads a table of some entries."""

    numbers = itertools.count()

    def loaded(entries: str) -> PortTable:
        path = tmp_path / str(next(numbers)) / "mappings" / "m" / "made.toml"
        path.parent.mkdir(parents=True)
        path.write_text(MODULE + entries, encoding="utf-8")
        return load_port_table(path)

    return loaded


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (SOUND.replace("m.f", "other.f"), "other.f is not of the module m"),
        (SOUND.replace('torch = "torch.f"\n', ""), "m.f has neither torch nor ours"),
        (SOUND + 'arguments = { x = "y" }\n', "m.f: arguments.x is from y, no parameter"),
        (
            SOUND + 'params = [{ name = "x" }, { name = "x" }]\n',
            "m.f has two parameters of one name",
        ),
        (SOUND + "arguments = { x = 1 }\n", "expected a table"),
    ],
)
def test_contradictions(load: Callable[[str], PortTable], entries: str, said: str) -> None:
    with pytest.raises(TableError, match=r"^mappings/m/made\.toml: ") as caught:
        load(entries)
    assert said in str(caught.value)


def test_a_name_is_there_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = tmp_path / "mindspore" / f"{name}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(MODULE + SOUND)
    with pytest.raises(TableError, match=r"two\.toml: m\.f is in the tables twice$"):
        port_entries(tmp_path)


def test_what_cannot_be_opened_is_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "made.toml"
    path.write_text(MODULE)
    assert is_port_table(path)

    def refused(self: Path, *arguments: Any) -> Any:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refused)
    assert not is_port_table(path)


PARAMS = 'params = [{ name = "x" }, { name = "axis", default = 0, aliases = ["dim"] }]\n'


def findings(table: PortTable, real: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is found where MindSpore has `real` by that name."""
    monkeypatch.setattr(port_lint, "check_importable", lambda name: None)
    monkeypatch.setattr(port_lint, "resolve", lambda name: real)
    return [f"{each.key} {each.message}" for each in lint_port_table(table)]


def test_defaults_are_those_of_the_installed_one(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = load(SOUND + PARAMS)
    assert findings(table, lambda x, axis=0: x, monkeypatch) == []
    for real, said in (
        (lambda x, axis=1: x, "axis; MindSpore: 1"),
        (lambda x, dim=True: x, "dim; MindSpore: True"),
        (lambda x, axis=0.0: x, "axis; MindSpore: 0.0"),
        (lambda x, axis="0": x, "axis; MindSpore: 0"),
    ):
        assert findings(table, real, monkeypatch) == [f"m.f has the default 0 for {said}"]
    (found,) = findings(table, lambda x, axis=None: x, monkeypatch)
    assert found == "m.f has the default 0 for axis; MindSpore: None"
    (found,) = findings(table, lambda x, axis: x, monkeypatch)
    assert found == "m.f has the default 0 for axis; MindSpore: nothing"
    (found,) = findings(table, lambda x=1, axis=0: x, monkeypatch)
    assert found == "m.f has the default nothing for x; MindSpore: 1"


def test_what_mindspore_has_as_none_may_be_required(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert findings(load(SOUND + PARAMS), lambda x=None, axis=0: x, monkeypatch) == []


def test_what_goes_by_position_has_its_place(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = load(SOUND + PARAMS)
    assert findings(table, lambda x, dim=0, more=1: x, monkeypatch) == []
    for real, shown in (
        (lambda x: x, "x"),
        (lambda x, more=1, axis=0: x, "x, more=1, axis=0"),
        (lambda x, *, axis=0: x, "x, axis=0"),
        (lambda x, axes=0: x, "x, axes=0"),
    ):
        (found,) = findings(table, real, monkeypatch)
        assert found == f"m.f has axis at place 1; MindSpore: {shown}"
    assert findings(table, lambda *args: args, monkeypatch) == []


def test_what_goes_by_name_has_no_place(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = load(SOUND + PARAMS.replace("aliases", "keyword_only = true, aliases"))
    assert findings(table, lambda x, more=1, dim=0: x, monkeypatch) == []
    assert findings(table, lambda x, *, axis=0: x, monkeypatch) == []
    assert findings(table, lambda x, more=1: x, monkeypatch) == [
        "m.f has axis at place 1; MindSpore: x, more=1"
    ]


def test_what_takes_the_rest_takes_it_in_mindspore(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    any_number = load(SOUND + 'params = [{ name = "x", variadic = true }, { name = "y" }]\n')
    assert findings(any_number, lambda *rest: rest, monkeypatch) == []
    found = findings(any_number, lambda x, y=3: x, monkeypatch)
    assert found == ["m.f has x as any number; MindSpore: one"]
    one = load(SOUND + 'params = [{ name = "x" }, { name = "y" }]\n')
    found = findings(one, lambda x, *y: x, monkeypatch)
    assert found == ["m.f has y as one; MindSpore: any number"]


class Cell:
    """What MindSpore's layers are made of, by its name."""

    def construct(self, x: Any, axis: int = 5) -> None: ...


class Primitive:
    """What MindSpore's operators are made of, by its name."""


class Layer(Cell):
    @property
    def width(self) -> int:
        return 1


class Both(Primitive, Layer): ...


@pytest.mark.parametrize(
    ("real", "forms"),
    [
        (Layer, ["layer", "class"]),
        (Primitive, ["primitive", "class"]),
        (Both, ["primitive", "class"]),
        (Path, ["class", "value", "decorator", "primitive"]),
        (len, ["function", "decorator"]),
        (1.5, ["value"]),
    ],
)
def test_a_form_is_one_of_what_mindspore_has(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch, real: Any, forms: list[str]
) -> None:
    monkeypatch.setattr(port_lint, "check_importable", lambda name: None)
    monkeypatch.setattr(port_lint, "resolve", {"m": inspect, "m.f": real}.get)
    for form in get_args(PortForm):
        table = load(SOUND.replace('"function"', f'"{form}"'))
        found = [each.message for each in lint_port_table(table)]
        said = f"has the form {form}; MindSpore: {' or '.join(forms)}"
        assert found[:1] == ([] if form in forms else [said])


def test_what_a_class_has_is_a_method_or_a_property(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_lint, "check_importable", lambda name: None)
    for last, form, other in (("width", "property", "method"), ("construct", "method", "property")):
        reals = {"m": Layer, f"m.{last}": getattr(Layer, last)}
        monkeypatch.setattr(port_lint, "resolve", reals.get)
        text = SOUND.replace("m.f", f"m.{last}")
        assert not list(lint_port_table(load(text.replace("function", form))))
        for wrong in (other, "function"):
            (found,) = lint_port_table(load(text.replace("function", wrong)))
            assert found.message == f"has the form {wrong}; MindSpore: {form}"


def test_a_layer_is_called_as_it_constructs(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = SOUND.replace('"function"', '"layer"')
    assert findings(load(layer + PARAMS.replace("= 0", "= 5")), Layer, monkeypatch) == []
    (found,) = findings(load(layer + PARAMS), Layer, monkeypatch)
    assert found == "m.f has the default 0 for axis; MindSpore: 5"


def test_a_dtype_agrees_by_its_name(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dtype:
        def __str__(self) -> str:
            return "Float32"

    float32 = Dtype()
    table = load(SOUND + 'params = [{ name = "dtype", default = "float32" }]\n')
    assert findings(table, lambda dtype=float32: None, monkeypatch) == []
    assert findings(table, lambda dtype="float32": None, monkeypatch) == []
    assert findings(table, lambda dtype="float16": None, monkeypatch) == [
        'm.f has the default "float32" for dtype; MindSpore: float16'
    ]
    float32_ = load(SOUND + 'params = [{ name = "dtype", default = "float32_" }]\n')
    assert findings(float32_, lambda dtype=float32: None, monkeypatch) == []


def test_a_list_agrees_with_the_array_of_a_table(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = load(SOUND + 'params = [{ name = "axis", default = [] }]\n')
    for real in (lambda axis=[]: None, lambda axis=(): None):
        assert findings(table, real, monkeypatch) == []
    assert findings(table, lambda axis=[1]: None, monkeypatch) == [
        "m.f has the default [] for axis; MindSpore: [1]"
    ]


def test_a_class_is_configured_and_called(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Layer:
        def __init__(self, axis: int = 1) -> None: ...

        def __call__(self, axis: int = 2) -> None: ...

    for stage, default in (("init", 1), ("call", 2)):
        params = f'params = [{{ name = "axis", default = {default}, stage = "{stage}" }}]\n'
        made = SOUND.replace('"function"', '"class"')
        assert findings(load(made + params), Layer, monkeypatch) == []
        other = params.replace(f"= {default}", "= 7")
        assert findings(load(made + other), Layer, monkeypatch) == [
            f"m.f has the default 7 for axis; MindSpore: {default}"
        ]


def test_what_has_no_signature_is_not_compared(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="no signature"):
        inspect.signature(getattr)
    assert findings(load(SOUND + PARAMS), getattr, monkeypatch) == []


def test_what_is_not_installed_is_not_compared(load: Callable[[str], PortTable]) -> None:
    assert list(lint_port_table(load(SOUND + PARAMS))) == []


def test_the_modules_of_functions_on_plain_tensors_are_those_that_tables_name() -> None:
    entries = [entry for entry in port_entries().values() if entry.ours and not entry.is_whole]
    assert {entry.ours.rpartition(".")[0] for entry in entries} == set(OPERATOR_MODULES)


def test_a_difference_has_a_code_and_both_languages(load: Callable[[str], PortTable]) -> None:
    for missing in ("code", "en", "zh"):
        texts = {"code": "ties", "en": "Ties differ.", "zh": "并列不同。"} | {missing: ""}
        written = ", ".join(f'{key} = "{value}"' for key, value in texts.items())
        table = load(f"{SOUND}differences = [{{ {written} }}]\n")
        (found,) = lint_port_table(table)
        assert (found.key, found.message) == ("m.f", "has a difference without code or text")


def test_what_pytorch_has_nothing_for_equals_nothing(load: Callable[[str], PortTable]) -> None:
    ours = SOUND.replace('torch = "torch.f"', 'ours = "regions.Crop"')
    for equality in ("exact", "approximate"):
        (found,) = lint_port_table(load(f'{ours}equality = "{equality}"\n'))
        assert found.message == f"is {equality}, but equals no call of PyTorch: by_hand"
    for sound in (
        f'{ours}equality = "by_hand"\n',
        f'{ours}torch = "torch.f"\n',
        ours.replace('"function"', '"layer"'),
        ours.replace("regions.Crop", "pooling.max_pool"),
    ):
        assert not list(lint_port_table(load(sound)))


@pytest.mark.parametrize(
    ("ours", "is_whole"), [("", False), ("pooling.max_pool", False), ("regions.Crop", True)]
)
def test_what_takes_a_name_s_place_is_an_object_or_a_function_of_parameters(
    load: Callable[[str], PortTable], ours: str, is_whole: bool
) -> None:
    (entry,) = load(f'{SOUND}ours = "{ours}"\n').entries
    assert entry.is_whole is is_whole


class Unsigned(int):
    """What built-in code makes: nobody knows from what."""

    def construct(self, x: int) -> None: ...


def test_what_makes_an_object_may_have_no_signature() -> None:
    found = port_lint._real_parameters(Unsigned)
    assert {stage: [each.name for each in found[stage]] for stage in found} == {"call": ["x"]}


def test_every_entry_is_compared_and_each_fault_is_said(
    load: Callable[[str], PortTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    reals = {"m": inspect, "m.f": lambda x, axes=0, more=True: x, "m.h": lambda axis=0, x=None: x}

    def resolved(name: str) -> Any:
        if name == "m.g":
            raise ImportError(name)
        return reals[name]

    monkeypatch.setattr(port_lint, "check_importable", lambda name: None)
    monkeypatch.setattr(port_lint, "resolve", resolved)
    texts = 'differences = [{ code = "ties", en = " ", zh = "a" }]\n'
    table = load(
        SOUND.replace("function", "value") + PARAMS + texts
        + SOUND.replace("m.f", "m.g") + texts
        + SOUND.replace("m.f", "m.h") + PARAMS
    )  # fmt: skip
    assert [f"{each.key} {each.message}" for each in lint_port_table(table)] == [
        "m.f has a difference without code or text",
        "m.f has the form value; MindSpore: function or decorator",
        "m.f has axis at place 1; MindSpore: x, axes=0, more=True",
        "m.g has a difference without code or text",
        "m.h has x at place 0; MindSpore: axis=0, x=None",
        "m.h has axis at place 1; MindSpore: axis=0, x=None",
    ]
