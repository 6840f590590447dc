"""One difference between two APIs: its code, how much it weighs and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from opsbridge.tables.schema import Text

Code = Literal[
    "same",
    "renamed",
    "moved",
    "packed",
    "split",
    "default-added",
    "default-removed",
    "extra",
    "type-differs",
    "unknown",
    "default-differs",
    "limit",
    "missing",
    "output-differs",
    "values-differ",
    "behaviour-differs",
    "absent",
]
Part = Literal["parameter", "output", "behaviour", "limit", "operator"]
# What becomes of a caller who keeps the left API's call and takes it from opsbridge.
Action = Literal["none", "bridged", "by hand", "impossible"]

SEVERITY: dict[Code, int] = {
    "same": 0,
    "renamed": 1,
    "moved": 2,
    "packed": 3,
    "split": 3,
    "default-added": 4,
    "default-removed": 4,
    "extra": 4,
    "type-differs": 5,
    "unknown": 5,
    "default-differs": 6,
    "limit": 6,
    "missing": 7,
    "output-differs": 7,
    "values-differ": 7,
    "behaviour-differs": 8,
    "absent": 9,
}
_ACTIONS: dict[Code, Action] = {
    "same": "none",
    "unknown": "by hand",
    "limit": "by hand",
    "absent": "impossible",
}
ABSENT = "-"
AS_IT_IS = Text("as it is", "原样")


@dataclass(frozen=True)
class Difference:
    """One directed difference; ``left`` and ``right`` are the cells of a difference table.

    ``names`` are the slots, the output or the axes of the core table that it is about, ``detail``
    picks the wording among those of a code, and ``facts`` are what the wording mentions.
    """

    code: Code
    part: Part
    names: tuple[str, ...]
    left: str
    right: str
    subject: Text
    detail: str = ""
    facts: dict[str, Text] = field(default_factory=dict)
    harmless: bool = False

    @property
    def severity(self) -> int:
        """Rank of the code: the highest one is the headline of a page."""
        return SEVERITY[self.code]

    @property
    def action(self) -> Action:
        """What a caller of the left API has to do about it when using opsbridge."""
        return "none" if self.harmless else _ACTIONS.get(self.code, "bridged")


def headline(differences: Iterable[Difference]) -> Difference:
    """The worst difference, the first among equals.

    Raises:
        ValueError: there is none at all.
    """
    return max(differences, key=lambda difference: difference.severity)


def plain(value: object) -> Text:
    """A text that is the same in both languages, such as a number or a name in code."""
    return Text(str(value), str(value))


def joined(texts: Iterable[Text]) -> Text:
    """Several texts as one enumeration, without the full stops of sentences."""
    texts = list(texts)
    return Text(
        "; ".join(text.en.removesuffix(".") for text in texts),
        "；".join(text.zh.removesuffix("。") for text in texts),
    )
