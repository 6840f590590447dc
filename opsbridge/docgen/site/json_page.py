"""The page about the machine-readable form of difference pages, from its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsbridge.docgen.markdown import code, fence, joined, table
from opsbridge.docgen.page_json import SCHEMA
from opsbridge.docgen.wording import Language, pick
from opsbridge.tables.schema import Text

_TITLE = Text("Difference pages as JSON", "JSON 形式的差异页面")
_INTRO = Text(
    "Every difference page as data, both languages in one file. Beside the pages are `index.json`, "
    "which lists them with their worst codes, and `schema.json`, the JSON Schema that each of "
    "them is valid under; the tables below are that schema.",
    "每个差异页面的数据形式，一个文件包含两种语言。与页面同在的还有 "
    "`index.json`（列出全部页面及其最大差异）与 `schema.json`（每个页面都符合的 "
    "JSON Schema）；下列各表即为该模式。",
)
_HEADER = Text("Key|Type|Meaning", "键|类型|含义")
_PAGE = Text("A page", "页面")
_COMMAND = "opsbridge docs pages --format json --out DIR"


def json_page(language: Language) -> str:
    """A table of keys per object of the schema."""
    parts = [f"# {pick(_TITLE, language)}", pick(_INTRO, language), fence(_COMMAND, "sh")]
    for name, schema in {"": SCHEMA, **SCHEMA["$defs"]}.items():
        title = code(name) if name else pick(_PAGE, language)
        rows = list(_rows(schema, ""))
        parts += [f"## {title}", schema.get("description", ""), _table(rows, language)]
    return joined(parts)


def _table(rows: list[tuple[str, str, str]], language: Language) -> str:
    return table(pick(_HEADER, language).split("|"), rows)


def _rows(schema: dict[str, Any], prefix: str) -> Iterator[tuple[str, str, str]]:
    for key, value in schema["properties"].items():
        yield code(f"{prefix}{key}"), _kind(value), value.get("description", "")
        if "properties" in value:
            yield from _rows(value, f"{prefix}{key}.")


def _kind(schema: dict[str, Any]) -> str:
    """The type of a value as readers write it."""
    if "$ref" in schema:
        return code(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return ", ".join(map(code, schema["enum"]))
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    items = f" of {_kind(schema['items'])}" if "items" in schema else ""
    return " or ".join(kinds) + items
