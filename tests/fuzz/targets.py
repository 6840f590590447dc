"""What reads bytes that somebody else wrote. Any bytes give a result or the reader's own error."""

from __future__ import annotations

import ast
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from opsbridge.checkpoints.mindspore_file import read_ckpt
from opsbridge.errors import (
    CheckpointError,
    OpsbridgeError,
    PageError,
    PortError,
    TableError,
)
from opsbridge.pages.load import unclosed_fence
from opsbridge.pages.read import decode, parse_page
from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate_text
from opsbridge.tables.load import load_api, load_core, table_root

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).with_name("corpus")

_FOLDER = Path(tempfile.mkdtemp(prefix="opsbridge-fuzz-"))
_TABLES = _FOLDER / "mappings"
shutil.copytree(table_root() / "core", _TABLES / "core")
(_TABLES / "made").mkdir()


@contextmanager
def refusals(kind: type[OpsbridgeError], start: str) -> Iterator[None]:
    """Bears errors of the reader, if they say where they come from."""
    try:
        yield
    except kind as error:
        if not str(error).startswith(start):
            raise AssertionError(f"{error} does not begin with {start}") from error


def table(data: bytes) -> None:
    """The table of an API."""
    (_TABLES / "made" / "api.toml").write_bytes(data)
    with refusals(TableError, "mappings/made/api.toml: "):
        load_api("made/api", root=_TABLES)


def core_table(data: bytes) -> None:
    """The table of an operator."""
    (_TABLES / "core" / "made.toml").write_bytes(data)
    with refusals(TableError, "mappings/core/made.toml: "):
        load_core("made", root=_TABLES)


def page(data: bytes) -> None:
    """A page of documentation, taken apart; nothing of it runs."""
    with refusals(PageError, "page.md: "):
        unclosed_fence(parse_page(decode(data, "page.md"), "page.md").lines)


def checkpoint(data: bytes) -> None:
    """A checkpoint of MindSpore; what is read is never larger than the file."""
    path = _FOLDER / "made.ckpt"
    path.write_bytes(data)
    with refusals(CheckpointError, f"{path}: "):
        read = read_ckpt(path)
        assert sum(tensor.nbytes for tensor in read.values()) <= len(data)
        for tensor in read.values():
            tensor.text() if tensor.dtype == "str" else tensor.array()


def source(data: bytes) -> None:
    """Source that is translated; the result is Python again, and nothing of it runs."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    for target in Target:
        with refusals(PortError, "model.py: "), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python says of odd escapes
            ast.parse(translate_text(text, target))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "table": table,
    "core_table": core_table,
    "page": page,
    "checkpoint": checkpoint,
    "source": source,
}

# Files of the repository that are good to begin with, beside the corpus.
SEEDS: dict[str, tuple[str, ...]] = {
    "table": ("mappings/torchvision/nms.toml", "mappings/mindspore/ROIAlign.toml"),
    "core_table": ("mappings/core/check_valid.toml",),
    "page": ("tests/pages/corpus/*.md",),
    "checkpoint": (),
    "source": ("tests/port/source/mini_network.txt",),
}


def seeds(name: str) -> list[Path]:
    """The files that a target begins with."""
    found = sorted((CORPUS / name).iterdir())
    for pattern in SEEDS[name]:
        found += sorted(ROOT.glob(pattern))
    return found
