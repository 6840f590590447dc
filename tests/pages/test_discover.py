"""Paths, folders and patterns become a list of pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbridge.errors import PageError
from opsbridge.pages.discover import find_pages


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    for name in ("b.md", "a.md", "nn/c.md", "nn/notes.txt", ".git/d.md", "[x].md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    (tmp_path / "empty").mkdir()
    return tmp_path


def names(docs: Path, *arguments: str) -> list[str]:
    found = find_pages([str(docs / argument) for argument in arguments])
    return [path.relative_to(docs).as_posix() for path in found]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((".",), ["[x].md", "a.md", "b.md", "nn/c.md"]),
        (("b.md", "a.md"), ["b.md", "a.md"]),
        (("nn", "nn/notes.txt"), ["nn/c.md", "nn/notes.txt"]),
        (("?.md",), ["a.md", "b.md"]),
        (("**/*.md",), ["[x].md", "a.md", "b.md", "nn/c.md"]),
        (("n*",), ["nn/c.md"]),
        (("[x].md",), ["[x].md"]),
        (("a.md", ".", "nn/../a.md"), ["a.md", "[x].md", "b.md", "nn/c.md"]),
    ],
)
def test_every_page_is_found_once(docs: Path, arguments: tuple[str, ...], found: list[str]) -> None:
    assert names(docs, *arguments) == found


def test_a_link_is_no_second_page(docs: Path) -> None:
    (docs / "z.md").symlink_to(docs / "a.md")
    (docs / "nn" / "loop").symlink_to(docs)
    assert names(docs, ".") == ["[x].md", "a.md", "b.md", "nn/c.md"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("none.md", "there is no such file or folder"),
        ("*.rst", "no file or folder matches this pattern"),
        ("empty", "there is no page (*.md) in this folder or below it"),
    ],
)
def test_an_argument_that_matches_nothing(docs: Path, argument: str, message: str) -> None:
    with pytest.raises(PageError) as raised:
        names(docs, "a.md", argument, "gone.md")
    assert str(raised.value).splitlines() == [
        f"{docs / argument}: {message}",
        f"{docs / 'gone.md'}: there is no such file or folder",
    ]
