"""The rows of a page's difference table, with the parameters that they set side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from opsbridge.pages.lint.signature import Parameter, Signature, parse_signatures
from opsbridge.pages.model import Api, Page

Kind = Literal["parameter", "output", ""]
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("param", "parameter"),
    ("input", "parameter"),
    ("参数", "parameter"),
    ("输入", "parameter"),
    ("output", "output"),
    ("return", "output"),
    ("输出", "output"),
    ("返回", "output"),
)
_NAME = re.compile(r"\*{0,2}([A-Za-z_]\w*)")
_ABSENT = frozenset({"", "-", "\\-", "—", "/", "无", "None", "none"})


@dataclass(frozen=True)
class DifferenceRow:
    """One row; a side without names is absent, one with other text has `None`."""

    kind: Kind
    left: tuple[str, ...] | None
    right: tuple[str, ...] | None
    text: str
    line: int


@dataclass(frozen=True)
class Side:
    """The APIs of one framework on a page."""

    apis: tuple[Api, ...]
    signatures: tuple[Signature, ...]

    @property
    def is_known(self) -> bool:
        """Whether every API of the side has a signature that tells all its parameters."""
        named = {signature.name for signature in self.signatures}
        return (
            bool(self.apis)
            and len(named) >= len(self.apis)
            and not any(signature.is_open for signature in self.signatures)
        )

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of this name."""
        every = (param for signature in self.signatures for param in signature.parameters)
        return next((param for param in every if param.name == name), None)

    def names(self) -> list[str]:
        """Return the names of all parameters, in order, each once."""
        every = (param.name for signature in self.signatures for param in signature.parameters)
        return list(dict.fromkeys(every))


def sides_of(page: Page) -> tuple[Side, Side]:
    """Return PyTorch's side and MindSpore's side of a page."""
    right = [api for api in page.apis if api.name.startswith("mindspore.")]
    left = [api for api in page.apis if api not in right]
    return _side(left), _side(right)


def difference_rows(page: Page) -> Iterator[DifferenceRow]:
    """Yield the rows of the five-column tables of a page."""
    for table in page.tables:
        header = [cell.lower() for cell in table.header]
        if len(header) != 5 or "torch" not in header[2] or "mindspore" not in header[3]:
            continue
        kind: Kind = ""
        for number, row in enumerate(table.rows):
            kind = _kind(row[0]) if row[0] else kind
            yield DifferenceRow(
                kind, _names(row[2]), _names(row[3]), row[4], table.line + 2 + number
            )


def _side(apis: Sequence[Api]) -> Side:
    every = (signature for api in apis for signature in parse_signatures(api.signature))
    return Side(tuple(apis), tuple(every))


def _kind(cell: str) -> Kind:
    lowered = cell.lower()
    return next((kind for word, kind in _KINDS if word in lowered), "")


def _names(cell: str) -> tuple[str, ...] | None:
    text = cell.strip().strip("`").strip()
    if text in _ABSENT:
        return ()
    parts = re.split(r"\s*[,，、/]\s*", text.strip("[]()（）"))
    matches = [_NAME.fullmatch(part.strip("` ")) for part in parts]
    names = [match[1] for match in matches if match]
    return tuple(names) if len(names) == len(matches) else None
