"""Tables that mean harm: each is refused with the file and the key, in little time and memory."""

from __future__ import annotations

import os
import shutil
import time
import tracemalloc
from pathlib import Path

import pytest

from opsbridge import cli
from opsbridge.docgen.api_page import api_page
from opsbridge.errors import TableError
from opsbridge.tables.lint import lint_tables
from opsbridge.tables.load import load_api, load_core, table_root
from opsbridge.tables.port_load import load_port_table

SECONDS = 20
"""For one file, on a machine with much else to do; a parser in trouble takes minutes."""

DEEP = 100_000
FILES: dict[str, tuple[str, str]] = {
    "nested lists": ("name = " + "[" * DEEP, "nested too deeply"),
    "nested tables": ("name = " + "{a = " * 40_000, "nested too deeply"),
    "a key of 100,000 parts": (".".join("a" * DEEP) + " = 1", "nested too deeply"),
    "a header of 100,000 parts": (f"[{'.'.join('a' * DEEP)}]", "nested too deeply"),
    "quoted parts": (" . ".join(['"a"'] * 20_000) + " = 1", "nested too deeply"),
    "a word without end": ("a" * 250_000, "is not TOML"),
    "quotes without end": ('"' * 250_000, "is not TOML"),
    "100,000 digits": ("name = " + "9" * DEEP, "is not TOML"),
    "50,000 hexadecimal digits": ("name = 0x" + "f" * 50_000, "expected a string"),
    "a date that is none": ("name = 2026-13-45", "is not TOML"),
    "a date": ("name = 2026-11-27", "expected a string"),
    "many unknown keys": ("".join(f"k{n} = 1\n" for n in range(20_000)), "more problems"),
    "many headers": ("[[params]]\n" * 20_000, "more problems"),
    "a table in place of text": ("[name]\nen = 'a'", "name is"),
    "null bytes": ("name = 'a\0b'", "is not TOML"),
    "an operator elsewhere": ("core = '../../../etc/passwd'", "is missing"),
}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A copy of the operators, with one API to be edited."""
    root = tmp_path / "mappings"
    for place in ("core/nms.toml", "torchvision/nms.toml"):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(table_root() / place, root / place)
    return root


def refused(root: Path, name: str = "torchvision/nms") -> str:
    """What is said, once it is known to be said soon."""
    start = time.process_time()
    with pytest.raises(TableError) as caught:
        load_api(name, root)
    assert time.process_time() - start < SECONDS
    message = str(caught.value)
    assert message.startswith("mappings/torchvision/nms.toml: ")
    assert len(message) < 20_000
    assert message.replace("\n", "").isprintable()
    return message


def edit(root: Path, old: str, new: str, file: str = "torchvision/nms.toml") -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_table(name: str, tables: Path) -> None:
    contents, said = FILES[name]
    (tables / "torchvision" / "nms.toml").write_text(contents)
    tracemalloc.start()
    try:
        assert said in refused(tables)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


EDITS: dict[str, tuple[str, str, str]] = {
    "a converter that would run": ('"same"', "'__import__(\"os\").system'", "params[0].converter"),
    "an operator elsewhere": ('core = "nms"', 'core = "../torchvision/nms"', "no table for"),
    "an absolute operator": ('core = "nms"', 'core = "/etc/passwd"', "no table for"),
    "another framework": ('framework = "torchvision"', 'framework = "../x"', "framework is ../x"),
    "a number for text": ('en = "', 'en = 1e999 #"', "text.en is Infinity; expected a string"),
    "a list for a number": ("required = true", "required = [true]", "expected true or false"),
    "HTML": ('en = "', 'en = "<script>alert(1)</script> ', "the markup '<s'"),
    "Chinese HTML": ('zh = "', 'zh = "<img src=x onerror=y> ', "the markup '<i'"),
    "a link": ('en = "', 'en = "[here](javascript:alert) ', "the markup ']('"),
    "a role": ('en = "', 'en = "{download}`/etc/passwd` ', "the markup '}`'"),
    "a directive": ('en = "', 'en = "```{include} /etc/passwd ', "the markup '```'"),
    "a colon fence": ('zh = "', 'zh = ":::{include} /etc/passwd ', "the markup ':::'"),
    "several lines": ('en = "', 'en = "a\\n\\n# b ', "a hidden character or several lines"),
    "escapes of a terminal": ('en = "', 'en = "\\u001b[2J ', "a hidden character"),
    "escapes of 8 bits": ('zh = "', 'zh = "\\u009b2J ', "a hidden character"),
    "text turned around": ('en = "', 'en = "\\u202e ', "a hidden character"),
    "an unseen space": ('zh = "', 'zh = "\\u200b ', "a hidden character"),
    "a key of a terminal": ("required = true", '"\\u001b[31m" = true', "\\x1b[31m is not a known"),
    "a fence that ends early": ("example = '''", "example = '''\n```\n# x\n", "example has the"),
    "an address that runs": ('en = "https:', 'en = "javascript:', "is no address"),
    "a name that is code": ('name = "boxes"', 'name = "x=print(1),y"', "expected one of Python"),
    "a keyword for a name": ('name = "boxes"', 'name = "lambda"', "expected one of Python"),
    "a name of another script": ('name = "boxes"', 'name = "bох"', "expected one of Python"),
}


@pytest.mark.parametrize("name", EDITS)
def test_one_hostile_value(name: str, tables: Path) -> None:
    old, new, said = EDITS[name]
    if old.startswith("example"):
        old, new = (text.replace("'''", '"""') for text in (old, new))
    edit(tables, old, new)
    assert said in refused(tables)


def test_a_huge_integer_where_one_is_allowed(tables: Path) -> None:
    edit(tables, "[behaviour.set]\n", "[behaviour.set]\nmade_up = 0x" + "f" * 20_000 + "\n")
    assert "behaviour[0].set.made_up is a huge number" in refused(tables)


def test_files_that_are_none(tables: Path) -> None:
    path = tables / "torchvision" / "nms.toml"
    path.unlink()
    os.mkfifo(path)
    assert "it is no regular file" in refused(tables)  # and nobody waits for a writer
    assert lint_tables(tables).messages
    path.unlink()
    path.symlink_to("/dev/zero")
    assert "it is no regular file" in refused(tables)
    path.unlink()
    path.symlink_to(path)
    assert "cannot be read" in refused(tables)


EVIL = "raise SystemExit('it ran')\nopen('it_ran', 'w')\n"


@pytest.mark.parametrize(
    "line",
    [
        'real = "evil.suppress"',
        'schema = "evil.suppress"',
        'schema = "subprocess.call"',
        'schema = "onnx.defs.register_schema"',
        'real = "torchvision.__builtins__.exec"',
        'real = "..evil"',
    ],
)
def test_the_linter_imports_nothing_that_a_table_names(
    line: str, tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.py").write_text(EVIL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    edit(tables, 'source = "', f'{line}\nsource = "')
    report = lint_tables(tables)
    assert not (tmp_path / "it_ran").exists()
    reason = report.signatures.get("torchvision.ops.nms")
    if reason is None:
        assert any("expected one of Python" in message for message in report.messages)
    else:
        assert "of the shipped tables" in reason.reason


def test_a_framework_of_the_user_is_not_imported_by_the_linter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evilframe.py").write_text(EVIL)
    monkeypatch.syspath_prepend(tmp_path)
    assert cli.main(["new-framework", "evilframe", "--out", str(tmp_path / "tables")]) == 0
    assert cli.main(["tables", "lint", str(tmp_path / "tables")]) == 0
    assert "only frameworks of the shipped tables are imported" in capsys.readouterr().out


PORT_TABLES: dict[str, tuple[str, str]] = {
    "a number for entries": ("entries = 5", "entries is 5; expected a list"),
    "words for entries": ("entries = ['x']", 'entries[0] is "x"; expected a table'),
    "a table for cases": ("cases = { a = 1 }", "cases is"),
    "a list for arguments": ("[[entries]]\nname = 'm.a'\narguments = [1]", "expected a table"),
    "HTML": ("[[entries]]\nname = '<script>'", "the markup '<s'"),
    "a key of 100,000 parts": (".".join("a" * DEEP) + " = 1", "nested too deeply"),
}


@pytest.mark.parametrize("name", PORT_TABLES)
def test_a_table_of_general_names(name: str, tables: Path) -> None:
    contents, said = PORT_TABLES[name]
    path = tables / "torchvision" / "general.toml"
    path.write_text(f'module = "m"\n{contents}\n')
    with pytest.raises(TableError) as caught:
        load_port_table(path)
    assert said in str(caught.value)
    assert any(said in message for message in lint_tables(tables).messages)


def test_the_linter_imports_no_module_of_general_names(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.py").write_text(EVIL)
    monkeypatch.syspath_prepend(tmp_path)
    path = tables / "torchvision" / "general.toml"
    entry = 'name = "evil.f"\nform = "function"\ntorch = "torch.abs"'
    path.write_text(f'module = "evil"\n[[entries]]\n{entry}\n')
    load_port_table(path)
    lint_tables(tables)  # SystemExit where it runs


@pytest.mark.parametrize("language", ["en", "zh"])
def test_bars_stay_within_their_cell(language: str, tables: Path) -> None:
    edit(tables, 'en = "', 'en = "a | b | c | d ')
    edit(tables, 'zh = "', 'zh = "a | b | c | d ')
    api = load_api("torchvision/nms", tables)
    page = api_page(api, load_core("nms"), language)  # type: ignore[arg-type]
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert all("a | b" not in line for line in rows)


def test_the_error_of_a_command_hides_no_characters(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["tables", "lint", str(tmp_path / "\x1b[2J")]) == 2
    assert cli.main(["explain", "\x1b[31mnms"]) == 2
    written = capsys.readouterr().err
    assert "\\x1b[2J" in written
    assert "\x1b" not in written
