"""What a translation cannot write by itself but can say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from opsbridge.errors import PortError
from opsbridge.port.source.files import SourceFile, read_source
from opsbridge.port.source.result import FileResult

_REQUIREMENT = re.compile(r"^\s*mindspore(?:[-_](?:gpu|ascend|cpu))?\b", re.IGNORECASE)
_MODE = (
    "translated modules start in training mode, as PyTorch's do; MindSpore's cells start in"
    " evaluation mode: call .eval() before inference"
)


def advice_on(files: Iterable[SourceFile], results: Sequence[FileResult]) -> Iterator[str]:
    """Yield remarks on the whole: the modes of modules, and requirements files."""
    changed = [each for each in results if each.is_changed]
    if any(point.name == "mindspore.nn.Cell" for each in changed for point in each.points):
        yield _MODE
    needs = ["torch", *filter(partial(_is_imported, changed), ("torchvision", "opsbridge"))]
    for file in files:
        if "requirements" in file.path.name and file.path.suffix == ".txt":
            yield from _requirements(file, needs)


def _is_imported(results: Iterable[FileResult], package: str) -> bool:
    return any(f"import {package}" in str(each.after) for each in results)


def _requirements(file: SourceFile, needs: Sequence[str]) -> Iterator[str]:
    try:
        lines = read_source(file.path).text.splitlines()
    except PortError:
        return
    for number, line in enumerate(lines, 1):
        if _REQUIREMENT.match(line):
            yield f"{file.place.as_posix()}:{number}: {line.strip()} becomes {', '.join(needs)}"
