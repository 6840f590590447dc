"""Which files a translation reads, how they are decoded, and how results are written."""

from __future__ import annotations

import codecs
import fnmatch
import io
import os
import tempfile
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from opsbridge.errors import PortError

MAX_SOURCE_BYTES = 4 * 1024 * 1024
_SKIPPED_FOLDERS = {".git", ".hg", ".svn", "__pycache__", ".tox", ".venv", "node_modules"}


@dataclass(frozen=True)
class SourceFile:
    """A file to translate or to copy: where it is, and its place below the folder of results."""

    path: Path
    place: PurePath
    is_link: bool = False

    @property
    def is_python(self) -> bool:
        """Whether the file is Python source."""
        return self.path.suffix in (".py", ".pyi")


@dataclass(frozen=True)
class Text:
    """Python source: its text with `\\n` line ends kept as they are, and its encoding."""

    text: str
    encoding: str
    has_bom: bool

    def encode(self, text: str) -> bytes:
        """Return new source in the encoding that the file had."""
        mark = codecs.BOM_UTF8 if self.has_bom else b""
        return mark + text.encode(self.encoding)


def discover(sources: Sequence[str], exclude: Iterable[str] = ()) -> list[SourceFile]:
    """Return the files of files and folders, in the order of their names, without doubles.

    A link that leads out of its folder is skipped: it belongs to somebody else.

    Raises:
        PortError: a source does not exist.
    """
    patterns = tuple(exclude)
    found: dict[Path, SourceFile] = {}
    for source in sources:
        path = Path(source)
        if not path.exists():
            raise PortError(f"{source}: no such file or folder")
        files = _folder_files(path) if path.is_dir() else [SourceFile(path, PurePath(path.name))]
        for file in files:
            if not _is_excluded(file.place, patterns):
                found.setdefault(file.path.resolve(), file)
    return list(found.values())


def read_source(path: Path) -> Text:
    """Read Python source by its declared encoding.

    Raises:
        PortError: not readable, too large, or not in the encoding it declares.
    """
    _need_regular(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_SOURCE_BYTES + 1)
    except OSError as error:
        raise PortError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_SOURCE_BYTES:
        raise PortError(f"{path}: is larger than {MAX_SOURCE_BYTES} bytes")
    try:
        encoding, head = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise PortError(f"{path}: {error.msg or error}") from error
    body = data.removeprefix(codecs.BOM_UTF8)
    plain = "utf-8" if encoding == "utf-8-sig" else encoding
    try:
        text = body.decode(plain)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        byte = len(data) - len(body) + error.start
        raise PortError(f"{path}: line {line} is not {plain} (byte {byte})") from error
    except (LookupError, ValueError) as error:  # a codec that is of something else than text
        raise PortError(f"{path}: is not {plain}: {error}") from error
    if "\0" in text:
        raise PortError(f"{path}: contains a null character")
    if plain != "utf-8" and "coding" not in text[: sum(map(len, head))]:
        # Read like this it may be Python, too, but no longer what was declared in ASCII.
        raise PortError(f"{path}: declares {plain}, but the declaration itself is not {plain}")
    return Text(text, plain, body != data)


def write_file(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write a file at once: whoever reads it meanwhile sees the old one or the new one.

    Raises:
        PortError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
            os.chmod(name, (0o644 if mode is None else mode) & 0o777)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise PortError(f"{path}: cannot be written: {error.strerror}") from error


def read_bytes(path: Path) -> bytes:
    """Return what a file that is only copied holds.

    Raises:
        PortError: it cannot be read.
    """
    _need_regular(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise PortError(f"{path}: cannot be read: {error.strerror}") from error


def _need_regular(path: Path) -> None:
    """Refuse what has no end, or waits for somebody: a device, a pipe."""
    if path.exists() and not path.is_file():
        raise PortError(f"{path}: cannot be read: it is no regular file")


def _folder_files(folder: Path) -> Iterator[SourceFile]:
    inside = folder.resolve()
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        for name in sorted(names):
            path = Path(base, name)
            is_link = path.is_symlink()
            is_ours = not is_link or Path(os.path.realpath(path)).is_relative_to(inside)
            if is_ours and path.is_file():
                yield SourceFile(path, PurePath(path.relative_to(folder)), is_link)


def _is_excluded(place: PurePath, patterns: Sequence[str]) -> bool:
    names = [place.as_posix(), *place.parts]
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns for name in names)
