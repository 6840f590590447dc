"""The difference table of two APIs in the five-column grammar of MindSpore's mapping pages.

Its first rows are those of such a page (parameters, inputs, outputs); then come the rows that the
pages omit: changed defaults, what returned numbers refer to, behaviour and limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opsbridge.docgen.markdown import table
from opsbridge.docgen.wording import Language, explain, join_sentences, pick, sentence
from opsbridge.tables.diff import differences
from opsbridge.tables.diff_parameters import cell, place, subject
from opsbridge.tables.difference import ABSENT, Difference
from opsbridge.tables.pairing import Pairing, pair_parameters, subject_names
from opsbridge.tables.schema import ApiTable, CoreTable, Param, Text

_HEADER = (
    Text("Categories", "分类"),
    Text("Subcategories", "子类"),
    Text("Difference", "差异"),
)
_CATEGORIES = {
    "parameter": Text("Parameter", "参数"),
    "input": Text("Input", "输入"),
    "output": Text("Output", "输出"),
    "default": Text("Default", "默认值"),
    "meaning": Text("Index meaning", "下标含义"),
    "behaviour": Text("Behaviour", "行为"),
    "limit": Text("Limit", "限制"),
}
# Written as rows of their own, so that nobody reads over a changed default.
_DEFAULT_CODES = ("default-differs", "default-removed")


@dataclass(frozen=True)
class Row:
    """One row of a difference table; ``left`` and ``right`` are the cells of the two APIs."""

    category: str
    subcategory: str
    left: str
    right: str
    difference: str


def difference_table(
    left: ApiTable, right: ApiTable, core: CoreTable, language: Language = "en"
) -> str:
    """The difference table as Markdown.

    Raises:
        TableError: the APIs are not of the operator ``core``.
    """
    category, subcategory, difference = (pick(text, language) for text in _HEADER)
    header = category, subcategory, *side_names(left, right), difference
    lines = []
    previous = ""
    for row in table_rows(left, right, core, language):
        shown = row.category if row.category != previous else ""
        lines.append((shown, row.subcategory, row.left, row.right, row.difference))
        previous = row.category
    return table(header, lines)


def table_rows(
    left: ApiTable, right: ApiTable, core: CoreTable, language: Language = "en"
) -> list[Row]:
    """The rows of the difference table, every row with its category.

    Raises:
        TableError: the APIs are not of the operator ``core``.
    """
    writer = _Writer(left, right, core, language, differences(left, right, core))
    rows = [
        *writer.parameters("parameter"),
        *writer.parameters("input"),
        *writer.outputs(),
        *writer.defaults(),
        *writer.meaning(),
        *writer.behaviour(),
        *writer.limits(),
    ]
    return list(_numbered(rows, language))


def _numbered(rows: Iterable[Row], language: Language) -> Iterator[Row]:
    """Names of categories in the language; rows without a subcategory are counted, as in a page."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.category] = counts.get(row.category, 0) + 1
        category = pick(_CATEGORIES[row.category], language)
        subcategory = row.subcategory or f"{category}{counts[row.category]}"
        yield Row(category, subcategory, row.left, row.right, row.difference)


def side_names(left: ApiTable, right: ApiTable) -> tuple[str, str]:
    """What a page calls its two sides: the frameworks, or the APIs where those are the same."""
    names = left.framework_name, right.framework_name
    return names if names[0] != names[1] else (left.name, right.name)


@dataclass(frozen=True)
class _Writer:
    left: ApiTable
    right: ApiTable
    core: CoreTable
    language: Language
    differences: list[Difference]

    def parameters(self, section: str) -> Iterator[Row]:
        for pairing in pair_parameters(self.left, self.right):
            before = self._in_section(self.left, pairing.left, section)
            after = self._in_section(self.right, pairing.right, section)
            if before and after and before == pairing.left and after == pairing.right:
                text = self._text(pairing.names, pairing)
                yield Row(section, "", cell(before), cell(after), text)
            else:
                yield from self._apart(section, pairing, before, after)

    def _apart(
        self, section: str, pairing: Pairing, before: tuple[Param, ...], after: tuple[Param, ...]
    ) -> Iterator[Row]:
        """Rows of parameters whose partner is in the other section, as the pages write them."""
        for param in before:
            text = self._text(subject_names(param), pairing)
            yield Row(section, "", param.name, ABSENT, text)
        for param in after:
            text = self._text(subject_names(param), None if pairing.left else pairing)
            yield Row(section, "", ABSENT, param.name, text)

    @staticmethod
    def _in_section(api: ApiTable, params: tuple[Param, ...], section: str) -> tuple[Param, ...]:
        return tuple(p for p in params if (place(api, p) == "input") == (section == "input"))

    def _text(self, names: tuple[str, ...], explained: Pairing | None) -> str:
        """What slots or axes are, then the differences of their pairing, defaults apart."""
        sentences = [sentence(subject(self.core, names), self.language)]
        if explained is not None:
            sentences += [
                explain(item, self.language)
                for item in self._about("parameter")
                if item.names == explained.names and item.code not in _DEFAULT_CODES
            ]
        return join_sentences(sentences, self.language)

    def _about(self, part: str) -> list[Difference]:
        return [item for item in self.differences if item.part == part]

    def _sentences(self, *items: Difference) -> str:
        about = sentence(items[0].subject, self.language)
        explained = [explain(item, self.language) for item in items]
        return join_sentences([about, *explained], self.language)

    def outputs(self) -> Iterator[Row]:
        """Outputs of the left API in its order, then those that only the right one has."""
        found = [item for item in self._about("output") if item.detail != "meaning"]
        order = [value.output for value in (*self.left.returns, *self.right.returns)]
        for output in dict.fromkeys(order):
            items = [item for item in found if item.names == (output,)]
            yield Row("output", "", items[0].left, items[0].right, self._sentences(*items))

    def defaults(self) -> Iterator[Row]:
        for item in self.differences:
            if item.code in _DEFAULT_CODES:
                facts = {name: pick(text, self.language) for name, text in item.facts.items()}
                before, after = f"{item.left}={facts['left']}", item.right
                after = f"{item.right}={facts['right']}" if "right" in facts else after
                yield Row("default", "", before, after, self._sentences(item))

    def meaning(self) -> Iterator[Row]:
        for item in self._about("output"):
            if item.detail == "meaning":
                text = explain(item, self.language)
                yield Row("meaning", f"{item.left} / {item.right}", *self._facts(item), text)

    def behaviour(self) -> Iterator[Row]:
        for item in self._about("behaviour"):
            yield Row("behaviour", item.names[0], *self._facts(item), self._sentences(item))

    def limits(self) -> Iterator[Row]:
        for item in self._about("limit"):
            yield Row("limit", item.names[0], item.left, item.right, self._sentences(item))

    def _facts(self, item: Difference) -> tuple[str, str]:
        return pick(item.facts["left"], self.language), pick(item.facts["right"], self.language)
