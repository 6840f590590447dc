"""The tool that plants mutants: it makes changes of every kind, and tells which are noticed."""

from __future__ import annotations

import importlib
import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from header_mutants import header_mutants
from mutant import ROOT, Lines, Mutant, changed_lines, sample
from plan import PARTS, equivalents, files_of, groups
from reach import Chosen, Reach, see
from small_package import SOURCE
from trial import run_tests
from typed import Types

BOX = "opsbridge/csrc/include/opsbridge/box.h"
PICK = "opsbridge/pick.py"
DECODE = "opsbridge/tables/decode.py"
NMS = "mappings/torchvision/nms.toml"


def is_killed(package: Path, old: str, new: str) -> bool:
    path = package / "opsbridge" / "pick.py"
    path.write_text(SOURCE.replace(old, new), encoding="utf-8")
    outcome = run_tests(package, [str(package / "test_of_the_mutation_tool.py")], 60)
    assert outcome.code in (0, 1, None)
    return outcome.is_killed


def test_a_mutant_is_killed_by_a_failing_test(package: Path) -> None:
    assert is_killed(package, "a > b", "a < b")


def test_a_mutant_survives_that_no_test_notices(package: Path) -> None:
    assert not is_killed(package, "a > b", "a >= b")


def test_a_mutant_that_hangs_is_killed(package: Path) -> None:
    path = package / "opsbridge" / "pick.py"
    path.write_text("def larger(a, b):\n    while True: pass\n", encoding="utf-8")
    outcome = run_tests(package, [str(package / "test_of_the_mutation_tool.py")], 3)
    assert (outcome.code, outcome.is_killed) == (None, True)


PICKS = """
LIMIT = 3

def larger(a, b):
    if (
        a > b
    ):
        return a
    return b

def limited(a):
    return min(a, LIMIT)
"""
TESTS_OF_PICKS = """
import time
from opsbridge.pick import larger, limited

def test_slowly():
    time.sleep(0.2)
    assert larger(2, 1) == 2

def test_both():
    assert larger(limited(4), 5) == 5

def test_wrongly():
    assert limited(4) == 4
"""


@pytest.fixture
def reach(package: Path, monkeypatch: pytest.MonkeyPatch) -> Reach:
    """What three tests run, one of which fails."""
    pytest.importorskip("coverage", reason="notes the lines that a test runs")
    monkeypatch.setattr("reach.ROOT", package)
    (package / "opsbridge" / "pick.py").write_text(PICKS, encoding="utf-8")
    (package / "test_of_picks.py").write_text(TESTS_OF_PICKS, encoding="utf-8")
    see(package, [PICK], [str(package / "test_of_picks.py")], package / "reach.json")
    return Reach(package / "reach.json")


def names(tests: tuple[str, ...]) -> list[str]:
    return [test.rpartition("::")[2] for test in tests]


def line_of(text: str) -> int:
    return PICKS.split("\n").index(text) + 1


@pytest.mark.parametrize(
    ("line", "tests"),
    [
        ("        return a", ["test_slowly"]),
        ("    return b", ["test_both"]),
        ("        a > b", ["test_both", "test_slowly"]),
        ("    ):", ["test_both", "test_slowly"]),
        ("    return min(a, LIMIT)", ["test_both"]),
        ("LIMIT = 3", []),
        ("def limited(a):", []),
    ],
)
def test_a_line_has_the_passing_tests_that_run_its_statement(
    reach: Reach, line: str, tests: list[str]
) -> None:
    assert names(reach.tests_of(PICK, line_of(line))) == tests


REMEMBERING = """
import functools

def keeping(function):
    kept = {}

    @functools.wraps(function)
    def looked_up(a):
        if a not in kept:
            kept[a] = function(a)
        return kept[a]

    return looked_up

@functools.lru_cache
def twice(a):
    return 2 * a

@keeping
def thrice(a):
    return 3 * a
"""
TESTS_OF_REMEMBERING = """
from opsbridge.tables.remembering import thrice, twice

def test_one():
    assert (twice(1), thrice(1)) == (2, 3)

def test_other():
    assert (twice(1), thrice(1)) == (2, 3)
"""


@pytest.mark.parametrize("line", ["    return 2 * a", "    return 3 * a"])
def test_what_remembers_is_run_by_all_that_use_it(
    package: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    pytest.importorskip("coverage", reason="notes the lines that a test runs")
    monkeypatch.setattr("reach.ROOT", package)
    file, tests = "opsbridge/tables/remembering.py", package / "test_of_remembering.py"
    (package / file).parent.mkdir()
    (package / file).with_name("__init__.py").touch()
    (package / file).write_text(REMEMBERING, encoding="utf-8")
    tests.write_text(TESTS_OF_REMEMBERING, encoding="utf-8")
    see(package, [file], [str(tests)], package / "reach.json")
    running = Reach(package / "reach.json").tests_of(file, REMEMBERING.split("\n").index(line) + 1)
    assert sorted(names(running)) == ["test_one", "test_other"]


def test_types_are_checked_however_quickly_a_file_changes(package: Path) -> None:
    pytest.importorskip("mypy", reason="the check is mypy's")
    path, types = package / PICK, Types(PICK)
    for value, found in (("10", ""), ("''", "types: opsbridge/pick.py:2: error: "), ("20", "")):
        path.write_text(f"def number() -> int:\n    return {value}\n", encoding="utf-8")
        outcome = types.check(package)
        assert outcome.failed.startswith(found)
        assert (outcome.code, outcome.is_killed) == ((1, True) if found else (0, False))


def test_chosen_tests_run_alone_whatever_their_names(package: Path) -> None:
    source = "import pytest\n\n@pytest.mark.parametrize('name', ['a - b', 'c::d[', '\\n', ' '])\n"
    source += "def test_it(name): assert name != 'c::d['\n\ndef test_other(): assert False\n"
    path = package / "test_of_odd_names.py"
    path.write_text(source, encoding="utf-8")
    watched = package / "reach.json"
    see(package, [], [str(path)], watched)
    passing = json.loads(watched.read_text(encoding="utf-8"))["tests"]
    assert len(passing) == 3
    chosen = Chosen(passing)
    assert run_tests(package, [str(path)], 60).is_killed
    assert run_tests(package, [str(path)], 60, chosen).code == 0
    assert "3 passed" in (package / "output.txt").read_text(encoding="utf-8")


def test_a_killer_that_the_sound_copy_fails_ends_everything(package: Path) -> None:
    pytest.importorskip("mutmut", reason="the whole tool needs it")
    pytest.importorskip("tomlkit", reason="the whole tool needs it")
    check_sound = importlib.import_module("mutate").check_sound
    shop = SimpleNamespace(folder=package)
    path = package / "test_of_soundness.py"
    path.write_text("def test_a(): pass\n\ndef test_b(): assert False\n", encoding="utf-8")
    check_sound(shop, (f"{path}::test_a",), ())
    check_sound(shop, (f"{path}::test_that_the_mutant_had",), ())
    check_sound(shop, (str(path),), ())  # it can be collected: that was what the mutant could not
    for killers, tests in (((f"{path}::test_b",), ()), ((), (str(path),))):
        with pytest.raises(SystemExit, match="without a mutant: exit code 1 FAILED"):
            check_sound(shop, killers, tests)
    path = package / "test_of_imports.py"
    path.write_text("import nothing_of_this_name\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="without a mutant: exit code 2 ERROR"):
        check_sound(shop, (str(path),), ())


def test_nothing_is_known_of_a_changed_file(reach: Reach, package: Path) -> None:
    line = line_of("    return b")
    assert reach.tests_of(PICK, line)
    assert names(reach.tests_of_file(PICK)) == ["test_both", "test_slowly"]
    (package / PICK).write_text(PICKS + "\n", encoding="utf-8")
    assert reach.tests_of(PICK, line) == reach.tests_of_file(PICK) == ()


def test_nothing_is_known_without_a_run(tmp_path: Path) -> None:
    reach = Reach(tmp_path / "reach.json")
    assert reach.tests_of(NMS, 9) == reach.tests_of_file(NMS) == ()


def lines_of(header: str) -> list[Lines]:
    """The lines that the mutants of a header change."""
    text = (ROOT / header).read_text(encoding="utf-8")
    return [changed_lines(text, mutant.planted(text)) for mutant in header_mutants(header)]


def changes(mutants: list[Mutant], file: str) -> set[tuple[str, str]]:
    """The lines before and after, of all mutants."""
    text = (ROOT / file).read_text(encoding="utf-8")
    found = [changed_lines(text, mutant.planted(text)) for mutant in mutants]
    return {(lines.before, lines.after) for lines in found}


def test_headers_change_operators_numbers_names_conditions_and_statements() -> None:
    found = changes(list(header_mutants(BOX)), BOX)
    line = "if (high < low) {"
    assert {(line, "if (high <= low) {"), (line, "if (high > low) {")} < found
    assert (line, "if (!high < low) {") not in found
    # Of the four of this switch two do nothing: before `default: break;` and in it.
    assert [lines.before for lines in lines_of(BOX) if lines.after == ";"] == ["break;"] * 2
    assert (line, "if (!(high < low)) {") in found
    assert ("return width * height;", "return width / height;") in found
    assert ("low = high;", "") in found
    assert not any(before.startswith(("//", "#", "template")) for before, _ in found)


def test_tables_change_conventions_and_no_sentence() -> None:
    pytest.importorskip("tomlkit", reason="edits tables")
    found = changes(list(importlib.import_module("table_mutants").table_mutants(NMS)), NMS)
    assert ('order = "stable"', 'order = "bitonic"') in found
    assert ("required = true", "required = false") in found
    assert ('shape = ["N", 4]', 'shape = ["N", 5]') in found
    assert not any(before.startswith(("en =", "zh =", "source =")) for before, _ in found)


def test_modules_change_anything_but_sentences_and_type_variables() -> None:
    pytest.importorskip("mutmut", reason="makes the mutants of modules")
    mutants = importlib.import_module("python_mutants").python_mutants(DECODE)
    found = changes(list(mutants), DECODE)
    assert found
    assert all(before != after for before, after in found)
    assert not any("TypeVar" in before or '"""' in before for before, _ in found)


def test_lengths_that_zip_is_told_are_no_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("mutmut", reason="makes the mutants of modules")
    tool = importlib.import_module("python_mutants")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    text = "pairs = zip(a, b, strict=True)\n"
    (tmp_path / "pairs.py").write_text(text, encoding="utf-8")
    assert {mutant.planted(text) for mutant in tool.python_mutants("pairs.py")} == {
        "pairs = zip(None, b, strict=True)\n",
        "pairs = zip(a, None, strict=True)\n",
        "pairs = zip(b, strict=True)\n",
        "pairs = zip(a, strict=True)\n",
        "pairs = None\n",
    }


def test_a_sample_begins_with_one_of_each_file() -> None:
    def make(file: str) -> list[Mutant]:
        return [Mutant(file, kind, str) for kind in "xxyyz"]

    mutants = list(sample("abc", make, 3))
    assert len(mutants) == 15
    assert {mutant.file for mutant in mutants[:3]} == set("abc")
    assert {mutant.kind for mutant in mutants if mutant.file == "a"} == set("xyz")
    assert {mutant.kind for mutant in [m for m in mutants if m.file == "b"][:3]} == set("xyz")
    assert mutants == list(sample("abc", make, 3)) != list(sample("abc", make, 4))


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_files_and_tests(part: str) -> None:
    files = dict(files_of(part))
    assert len(files) > 10
    assert set(files.values()) == set(groups(part))
    for file, group in files.items():
        for test in itertools.chain(*group.stages_of(file)):
            assert test.startswith("-") or (ROOT / test.partition("::")[0]).exists(), test


def test_an_equivalent_mutant_has_its_line_and_a_reason() -> None:
    for each in equivalents():
        lines = [line.strip() for line in (ROOT / each.file).read_text("utf-8").splitlines()]
        assert each.before.split("\n")[0] in lines, each
        assert each.reason.endswith(".")
        assert each.is_this(each.file, Lines(1, each.before, each.after or ""))
        assert not each.is_this(each.file, Lines(1, f"{each.before} ", each.after or ""))
