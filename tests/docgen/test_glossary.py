"""Texts of the tables translate a term the same way wherever it stands."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest

from opsbridge.docgen.glossary import TERMS
from opsbridge.tables.load import all_api_names, all_core_names, load_api, load_core
from opsbridge.tables.schema import Text


def texts_in(value: object) -> Iterator[Text]:
    """All texts of a table, however deep."""
    if isinstance(value, Text):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts_in(getattr(value, field.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from texts_in(each)


TABLES = [*map(load_core, all_core_names()), *map(load_api, all_api_names())]
TEXTS = list(dict.fromkeys(text for table in TABLES for text in texts_in(table)))


@pytest.mark.parametrize("term", TERMS)
def test_a_term_has_its_translation(term: str) -> None:
    pattern = re.compile(rf"\b{re.escape(term)}(s|es)?\b")
    prose = [text for text in TEXTS if not text.en.startswith("https://")]
    using = [text for text in prose if pattern.search(text.en)]
    assert using, "a term that no text uses"
    allowed = TERMS[term].split("|")
    assert not [text for text in using if not any(each in text.zh for each in allowed)]
