"""Files of a translation: which are read, what is said of the others, how they are written."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path, PurePath

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge import cli
from opsbridge.errors import PortError
from opsbridge.port.source.files import (
    MAX_SOURCE_BYTES,
    SourceFile,
    Text,
    discover,
    read_bytes,
    read_source,
    write_file,
)

MODEL = "from mindspore import nn\nx = nn.Cell\n"
TRANSLATED = "import torch\nx = torch.nn.Module\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"x" * (MAX_SOURCE_BYTES + 1), f"is larger than {4 * 1024 * 1024} bytes"),
        (b"# coding: unheard\n", "unknown encoding: unheard"),
        (b"# coding: utf-8\nx = 1\n\ny = '\xff'\n", "line 4 is not utf-8 (byte 28)"),
        (b"# coding: ascii\n\xff\n", "line 2 is not ascii (byte 16)"),
        (codecs.BOM_UTF8 + b"\n\n\xff\n", "line 3 is not utf-8 (byte 5)"),
        (b"x = '\0'\n", "contains a null character"),
        (
            b"# coding: utf-16\nx",
            "declares utf-16, but the declaration itself is not utf-16",
        ),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_bytes(data)
    with pytest.raises(PortError) as raised:
        read_source(path)
    assert str(raised.value) == f"{path}: {message}"


def test_a_codec_of_something_else_than_text(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_bytes(b"# coding: hex\n")
    with pytest.raises(PortError) as raised:
        read_source(path)
    assert re.fullmatch(rf"{path}: (unknown encoding|is not hex): .*", str(raised.value))


@pytest.mark.parametrize("read", [read_source, read_bytes])
def test_a_pipe_is_no_source(read: Callable[[Path], object], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "net.py")
    with pytest.raises(PortError) as raised:
        read(tmp_path / "net.py")
    assert str(raised.value) == f"{tmp_path / 'net.py'}: cannot be read: it is no regular file"


@pytest.mark.parametrize("read", [read_source, read_bytes])
def test_a_file_that_is_gone_is_said(read: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(PortError) as raised:
        read(tmp_path / "net.py")
    expected = f"{tmp_path / 'net.py'}: cannot be read: No such file or directory"
    assert str(raised.value) == expected


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"x = 1\r\n", Text("x = 1\r\n", "utf-8", False)),
        (codecs.BOM_UTF8 + b"x\n", Text("x\n", "utf-8", True)),
        (b"# coding: latin-1\n\xe9", Text("# coding: latin-1\n\xe9", "iso-8859-1", False)),
        (b"\n# coding: cp1252\n\x80", Text("\n# coding: cp1252\n\u20ac", "cp1252", False)),
        (b"", Text("", "utf-8", False)),
    ],
)
def test_what_is_read_and_written_again(data: bytes, text: Text, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_bytes(data)
    assert read_source(path) == text
    assert text.encode(text.text) == data


@pytest.mark.parametrize(
    ("mode", "expected"), [(None, 0o644), (0o600, 0o600), (0o100755, 0o755), (0o104755, 0o755)]
)
def test_how_a_file_is_written(mode: int | None, expected: int, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "net.py"
    for data in (b"first", b"second"):
        write_file(path, data, mode)
        assert path.read_bytes() == data
        assert stat.S_IMODE(path.stat().st_mode) == expected
    assert [each.name for each in path.parent.iterdir()] == ["net.py"]


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(PortError) as raised:
        write_file(tmp_path / "a" / "net.py", b"")
    path = tmp_path / "a" / "net.py"
    assert str(raised.value) in (
        f"{path}: cannot be written: File exists", f"{path}: cannot be written: Not a directory",
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files and folders, some of them links."""
    inside = tmp_path / "in"
    for place in ("b.py", "a.pyi", "sub/c.py", "sub/deep/d.txt", "e/f.py"):
        (inside / place).parent.mkdir(parents=True, exist_ok=True)
        (inside / place).write_text(MODEL)
    (tmp_path / "out.py").write_text(MODEL)
    (inside / "link.py").symlink_to(inside / "sub" / "c.py")
    (inside / "other.py").symlink_to(tmp_path / "out.py")
    return inside


def places(sources: list[Path], *exclude: str) -> list[tuple[str, bool, bool]]:
    found = discover([str(source) for source in sources], exclude)
    return [(str(each.place), each.is_python, each.is_link) for each in found]


def test_which_files_are_found(folder: Path) -> None:
    """Each once, by name; of a file and a link to it the one that comes first."""
    assert places([folder]) == [
        ("a.pyi", True, False),
        ("b.py", True, False),
        ("link.py", True, True),
        ("e/f.py", True, False),
        ("sub/deep/d.txt", False, False),
    ]
    assert places([folder / "sub" / "c.py", folder]) == [
        ("c.py", True, False),
        ("a.pyi", True, False),
        ("b.py", True, False),
        ("e/f.py", True, False),
        ("sub/deep/d.txt", False, False),
    ]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["sub"], ["a.pyi", "b.py", "link.py", "e/f.py"]),
        (["sub/*"], ["a.pyi", "b.py", "link.py", "e/f.py"]),
        (["*.py"], ["a.pyi", "sub/deep/d.txt"]),
        (["e/f.py", "A.pyi"], ["a.pyi", "b.py", "link.py", "sub/deep/d.txt"]),
        (["deep", "b.py"], ["a.pyi", "link.py", "e/f.py"]),
    ],
)
def test_what_is_excluded(patterns: list[str], left: list[str], folder: Path) -> None:
    assert [place for place, _, _ in places([folder], *patterns)] == left


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PortError) as raised:
        discover([str(tmp_path / "gone")])
    assert str(raised.value) == f"{tmp_path / 'gone'}: no such file or folder"


def test_a_file_to_translate() -> None:
    """What is no Python is copied."""
    for name, is_python in (("a.py", True), ("a.pyi", True), ("a.pyc", False), ("py", False)):
        assert SourceFile(Path(name), PurePath(name)).is_python is is_python


USAGE = "say where to write: -o OUT, --in-place, --diff or --check"
ENDING = "--report r.txt: the name must end with .html, .json or .md"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["net.py"], USAGE),
        (["net.py", "--check", "--report", "r.txt"], ENDING),
        (["in", "-o", "in"], "in: is the source itself; --in-place changes it"),
        (["in", "-o", "in/../in"], "in/../in: is the source itself; --in-place changes it"),
        (
            ["in/b.py", "in/sub/../e/b.py", "-o", "out"],
            "two sources would be written to b.py; translate them one by one",
        ),
    ],
)
def test_what_is_not_begun(
    arguments: list[str],
    message: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "e" / "b.py").write_text(MODEL)
    (folder.parent / "net.py").write_text(MODEL)
    monkeypatch.chdir(folder.parent)
    before = sorted(folder.parent.rglob("*"))
    assert cli.main(["port", *arguments]) == 2
    assert capsys.readouterr() == ("", f"opsbridge port: {message}\n")
    assert sorted(folder.parent.rglob("*")) == before


def test_several_sources_below_one_folder(folder: Path, tmp_path: Path) -> None:
    """Folders keep their names, files lie beside them, and the folder itself is no source."""
    out = folder / "out"
    sources = [str(folder / "sub"), str(folder / "e"), str(folder / "b.py")]
    for _ in range(2):
        assert cli.main(["port", *sources, "-o", str(out), "-q"]) == 0
        written = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
        assert written == {"sub/c.py", "sub/deep/d.txt", "e/f.py", "b.py"}
    assert cli.main(["port", str(folder), "-o", str(out), "-q"]) == 0
    assert not (out / "out").exists()
    assert (out / "b.py").read_text() == TRANSLATED
    assert (out / "sub" / "deep" / "d.txt").read_text() == MODEL


def test_links_change_their_file_in_place(folder: Path) -> None:
    """A translation through a link leaves the link."""
    assert cli.main(["port", str(folder), "--in-place", "-q"]) == 0
    assert (folder / "link.py").is_symlink()
    assert (folder / "sub" / "c.py").read_text() == TRANSLATED
    assert (folder / "sub" / "deep" / "d.txt").read_text() == MODEL
    assert (folder.parent / "out.py").read_text() == MODEL


def test_a_difference_is_a_patch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("a.py", MODEL), ("b.py", "x = 1\n"), ("c.py", MODEL.removesuffix("\n"))):
        (tmp_path / name).write_text(text)
    assert cli.main(["port", str(tmp_path), "--diff", "-q"]) == 0
    lines = "@@ -1,2 +1,2 @@\n-from mindspore import nn\n-x = nn.Cell\n"
    bare = "\\ No newline at end of file\n"
    assert capsys.readouterr() == (
        f"--- a.py\n+++ a.py\n{lines}+import torch\n+x = torch.nn.Module\n"
        f"--- c.py\n+++ c.py\n{lines}{bare}+import torch\n+x = torch.nn.Module\n{bare}",
        "3 files, 2 changed; 2 conversion points found, 2 translated (100.00 %): 2 exact,"
        " 0 approximate; 0 by hand\n",
    )


def test_a_status_is_at_most_a_hundred(tmp_path: Path) -> None:
    for count in (99, 100, 101, 260):
        text = "from mindspore import nn\n" + "x = nn.Unheard\n" * count
        (tmp_path / "net.py").write_text(text)
        assert cli.main(["port", str(tmp_path), "--check", "-q"]) == min(count, 100)
