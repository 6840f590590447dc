"""Finding, reading and validating mapping tables.

An API is named by its identifier (``torchvision/nms``, the path of its table) or by its dotted
name (``torchvision.ops.nms``). Tables are data from disk: the size is capped, every problem is a
:class:`TableError` that names the file, and an identifier can't leave the folder of the tables.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from opsbridge.errors import TableError
from opsbridge.tables.decode import decode, problems_error
from opsbridge.tables.finding import Finding
from opsbridge.tables.rules import check_api
from opsbridge.tables.rules_core import check_core
from opsbridge.tables.schema import ApiTable, CoreTable
from opsbridge.visible import visible

MAX_TABLE_BYTES = 256 * 1024
_MAX_KEY_PARTS = 32
# Possessive, and from the start of a word only: the time is linear in the size of the file.
_LONG_KEY = re.compile(
    rf"""(?<![\w.-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{_MAX_KEY_PARTS}}}"""
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IDENTIFIER = re.compile(rf"{_WORD.pattern}/{_WORD.pattern}")


@lru_cache
def table_root() -> Path:
    """The folder of the shipped tables: inside the installed package, or beside it in a checkout.

    Raises:
        TableError: neither folder exists.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "mappings", package.parent / "mappings"):
        if folder.is_dir():
            return folder
    raise TableError("mappings: the folder is missing from this installation of opsbridge")


def table_folders() -> tuple[Path, ...]:
    """The folder of the shipped tables, and those of other frameworks that the user has.

    `OPSBRIDGE_MAPPINGS` names folders with tables of more APIs, `<framework>/<api>.toml`, separated
    like a search path. The shipped tables come first, and only they have operators.
    """
    more = os.environ.get("OPSBRIDGE_MAPPINGS", "").split(os.pathsep)
    return (table_root(), *(Path(folder) for folder in more if folder))


def frameworks_of_the_user() -> frozenset[str]:
    """The frameworks that only folders in `OPSBRIDGE_MAPPINGS` have tables of."""
    return _frameworks_of_the_user(os.environ.get("OPSBRIDGE_MAPPINGS", ""))


@lru_cache(maxsize=8)
def _frameworks_of_the_user(setting: str) -> frozenset[str]:
    if not setting:
        return frozenset()
    shipped, *others = table_folders()
    found = {path.parent.name for folder in others for path in folder.glob("*/*.toml")}
    return frozenset(name for name in found if not (shipped / name).is_dir())


def load_core(op: str, root: Path | None = None) -> CoreTable:
    """Load the core table of an operator, for example ``nms``.

    Raises:
        TableError: no such operator (with suggestions), or a table that is not valid.
    """
    return _cached_core(op) if root is None else _load_core(root, op)


def load_api(name: str, root: Path | None = None) -> ApiTable:
    """Load the table of an API by identifier (``torchvision/nms``) or dotted name.

    Raises:
        TableError: no such API (with suggestions), or a table that is not valid.

    >>> load_api("torchvision.ops.nms").core
    'nms'
    """
    return _cached_api(name) if root is None else _load_api(root, name)


def all_api_identifiers(root: Path | None = None) -> tuple[str, ...]:
    """Identifiers of all API tables, sorted."""
    paths = (
        path
        for folder in _folders(root)
        for path in folder.glob("*/*.toml")
        if path.parent.name != "core" and not is_port_table(path)
    )
    return tuple(sorted({f"{path.parent.name}/{path.stem}" for path in paths}))


def all_api_names(root: Path | None = None) -> tuple[str, ...]:
    """Dotted names of all APIs that have a table, sorted.

    Raises:
        TableError: a table that cannot be read.
    """
    return tuple(sorted(_identifiers_by_name(root)))


def all_core_names(root: Path | None = None) -> tuple[str, ...]:
    """Names of all operators that have a core table, sorted."""
    return tuple(sorted(path.stem for path in ((root or table_root()) / "core").glob("*.toml")))


@lru_cache(maxsize=256)
def _cached_core(op: str) -> CoreTable:
    return _load_core(table_root(), op)


@lru_cache(maxsize=1024)
def _cached_api(name: str) -> ApiTable:
    return _load_api(None, name)


def _load_core(root: Path, op: str) -> CoreTable:
    path = root / "core" / f"{op}.toml"
    if not _WORD.fullmatch(op) or not path.exists():
        raise TableError(_unknown("operator", op, all_core_names(root)))
    core = decode(CoreTable, read_toml(path), display(path))
    _raise_findings(path, check_core(core, path.stem))
    return core


def _load_api(root: Path | None, name: str) -> ApiTable:
    path = _file(root, _identifier(root, name))
    api = decode(ApiTable, read_toml(path), display(path))
    try:
        core = load_core(api.core, _root_of_cores(root))
    except TableError as error:
        raise TableError(f"{display(path)}: core is {api.core!r}; {error}") from error
    _raise_findings(path, check_api(api, core, path.parent.name, path.stem))
    return api


def read_toml(path: Path) -> dict[str, Any]:
    """Parse one table file.

    Raises:
        TableError: not a readable file, too large, not UTF-8, or not TOML; with file and line.
    """
    file = display(path)
    if path.exists() and not path.is_file():
        raise TableError(f"{file}: cannot be read: it is no regular file")
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_TABLE_BYTES + 1)
    except OSError as error:
        raise TableError(f"{file}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_TABLE_BYTES:
        raise TableError(f"{file}: is larger than {MAX_TABLE_BYTES} bytes")
    try:
        return _parsed(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableError(f"{file}: line {line} is not UTF-8 (byte {error.start})") from error
    except RecursionError as error:
        raise TableError(f"{file}: is nested too deeply ({error})") from error
    except ValueError as error:  # a syntax error, or an integer of thousands of digits
        raise TableError(visible(f"{file}: is not TOML: {error}")) from error


def _parsed(text: str) -> dict[str, Any]:
    """The values of a file; the parser takes time in the square of the parts of a dotted key."""
    if match := _LONG_KEY.search(text):
        line = text.count("\n", 0, match.start()) + 1
        raise RecursionError(f"a key of more than {_MAX_KEY_PARTS} parts in line {line}")
    return tomllib.loads(text)


def is_port_table(path: Path) -> bool:
    """Whether a file holds the general names of a module: it then starts with ``module``."""
    if not path.is_file():  # a pipe would wait for ever
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(7) == b"module "
    except OSError:
        return False


def display(path: Path) -> str:
    """How messages name a table: relative to the folder that holds all tables."""
    return "/".join(path.parts[-3:])


def _root_of_cores(root: Path | None) -> Path | None:
    """A folder without operators of its own has APIs of the shipped ones."""
    if root is None or root == table_root() or not (root / "core").is_dir():
        return None
    return root


def _folders(root: Path | None) -> tuple[Path, ...]:
    return table_folders() if root is None else (root,)


def _file(root: Path | None, identifier: str) -> Path:
    """Where the table of an identifier is, or would be."""
    paths = [folder / f"{identifier}.toml" for folder in _folders(root)]
    return next((path for path in paths if path.exists()), paths[0])


def _identifier(root: Path | None, name: str) -> str:
    if _IDENTIFIER.fullmatch(name) and not name.startswith("core/"):
        if _file(root, name).exists():
            return name
    elif identifier := _likely_identifier(root, name) or _identifiers_by_name(root).get(name):
        return identifier
    known = (*all_api_names(root), *all_api_identifiers(root))
    raise TableError(_unknown("API", name, known))


def _likely_identifier(root: Path | None, name: str) -> str | None:
    """``a/c`` for the dotted name ``a.b.c`` when that table says so: spares reading all tables."""
    parts = name.split(".")
    identifier = f"{parts[0]}/{parts[-1]}"
    path = _file(root, identifier)
    if not (_IDENTIFIER.fullmatch(identifier) and path.exists()):
        return None
    return identifier if _name_in(path) == name else None


def _identifiers_by_name(root: Path | None) -> dict[str, str]:
    names = {}
    for identifier in all_api_identifiers(root):
        if name := _name_in(_file(root, identifier)):
            names[name] = identifier
    return names


def _name_in(path: Path) -> str:
    """The dotted name that a table gives; nothing where it gives none."""
    try:
        about = path.stat()
        state: tuple[int, int] | None = (about.st_mtime_ns, about.st_size)
    except OSError:
        state = None
    return _name_when(path, state)


@lru_cache(maxsize=1024)
def _name_when(path: Path, state: tuple[int, int] | None) -> str:
    """The name in a file of this time and size: all files are asked for each name."""
    del state
    name = read_toml(path).get("name")
    return name if isinstance(name, str) else ""


def _unknown(what: str, name: str, known: tuple[str, ...]) -> str:
    last = re.split(r"[./]", name)[-1].lower()
    same_last = [other for other in known if re.split(r"[./]", other)[-1].lower() == last]
    close = list(dict.fromkeys((*difflib.get_close_matches(name, known, n=3), *same_last)))
    hint = f"did you mean {', '.join(close)}?" if close else f"known: {', '.join(known)}"
    return f"there is no table for the {what} {name!r}; {hint}"


def _raise_findings(path: Path, findings: list[Finding]) -> None:
    if findings:
        raise problems_error(display(path), [f"{f.key} {f.message}" for f in findings])
