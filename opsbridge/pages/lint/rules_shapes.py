"""The rule about shapes: what a sentence says against what the mapping tables know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opsbridge.pages.lint.finding import PageFinding, plain
from opsbridge.pages.lint.rules_form import prose_lines
from opsbridge.pages.lint.tables import known_shapes
from opsbridge.pages.model import Page
from opsbridge.tables.schema import Text

_BACKTICKED = re.compile(r"`([A-Za-z_]\w*)`")
_SHAPE = re.compile(
    r"[(（]\s*((?:[A-Z]\w*|\d+)\s*[,，]\s*(?:(?:[A-Z]\w*|\d+)\s*(?:[,，]\s*)?)*)[)）]"
)
_SENTENCE_END = re.compile(r"[.。;；](?=\s|$)|[。；]|(?=(?:PyTorch|MindSpore)\s*[:：])")


def shapes_are_true(page: Page) -> Iterator[PageFinding]:
    """A shape that a sentence gives to a parameter is the one that the mapping tables know."""
    facts = {(name, param): shape for name, param, shape in known_shapes(page.apis)}
    shapes: dict[str, list[tuple[str, tuple[int | str, ...]]]] = {}
    for (api, param), shape in facts.items():
        shapes.setdefault(param, []).append((api, shape))
    for number, line in prose_lines(page) if facts else ():
        for name, claimed in _claims(line.text):
            known = shapes.get(name, [])
            if known and all(_contradicts(claimed, shape) for _, shape in known):
                api, shape = known[0]
                right = _written(shape)
                wrong = _written(claimed)
                message = Text(
                    f"`{name}` of {api} has shape {right}, not {wrong}",
                    f"{api} 的 `{name}` 的形状为 {right}，而不是 {wrong}",
                )
                yield PageFinding("shape", number, message, plain(right))


def _claims(text: str) -> Iterator[tuple[str, tuple[int | str, ...]]]:
    """Yield the parameters of a line and the shapes that its sentences give them, in order."""
    for sentence in _SENTENCE_END.split(text):
        if not re.search(r"shape|形状", sentence, re.IGNORECASE):
            continue
        names = _BACKTICKED.findall(sentence)
        shapes = [_dimensions(match[1]) for match in _SHAPE.finditer(sentence)]
        if len(names) == len(shapes):
            yield from zip(names, shapes, strict=True)


def _dimensions(text: str) -> tuple[int | str, ...]:
    parts = [part.strip() for part in re.split(r"[,，]", text) if part.strip()]
    return tuple(int(part) if part.isdigit() else part for part in parts)


def _contradicts(claimed: Sequence[int | str], known: Sequence[int | str]) -> bool:
    if len(claimed) != len(known):
        return True
    pairs = zip(claimed, known, strict=True)
    return any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs)


def _written(shape: Sequence[int | str]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
