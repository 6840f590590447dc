"""The difference page of two APIs, in the grammar of MindSpore's own mapping pages.

A title, both APIs with their signatures, a paragraph for each side and the five-column table, as in
such a page; in addition all computed codes with what becomes of them, and how the facts are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opsbridge.docgen.difference_table import difference_table, side_names
from opsbridge.docgen.evidence import evidence_phrase
from opsbridge.docgen.markdown import code, fence, joined
from opsbridge.docgen.signature import signature_text
from opsbridge.docgen.wording import Language, explain_action, pick
from opsbridge.tables.diff import differences
from opsbridge.tables.difference import Difference, headline
from opsbridge.tables.schema import ApiTable, CoreTable, Text

_TITLE = Text("Differences between {left} and {right}", "比较{left}与{right}的差异")
_HEADLINE = Text("Worst difference: `{code}`", "最大差异：`{code}`")
_LINE = Text("- `{code}` ({action}): {names}", "- `{code}`（{action}）：{names}")
_BETWEEN = Text(", ", "、")
_CALL = Text("Through opsbridge, in one line: `{call}`", "经由 opsbridge，一行即可：`{call}`")
_MORE = Text("For more information, see [{name}]({link}).", "更多内容详见[{name}]({link})。")
_DIFFERENCES = Text("Differences", "差异对比")
_SIDE = Text("{name}: {text}", "{name}：{text}")
_EVIDENCE = Text("How the facts are known", "依据")
_DEVIATES = Text("not imitated by opsbridge: {names}", "opsbridge 不予模仿：{names}")


def title(left: ApiTable, right: ApiTable, language: Language) -> str:
    """The title of the page."""
    return pick(_TITLE, language).format(left=left.name, right=right.name)


def difference_page(
    left: ApiTable,
    right: ApiTable,
    core: CoreTable,
    language: Language = "en",
    examples: str = "",
    call: str = "",
) -> str:
    """The whole page as Markdown.

    ``examples`` are its sections with code, where there are any; ``call`` is the line of theirs
    that calls the left API through opsbridge.

    Raises:
        TableError: the APIs are not of the operator ``core``.
    """
    names = side_names(left, right)
    say = pick(_SIDE, language).format
    return joined(
        [
            f"# {title(left, right, language)}",
            summary(left, right, core, language),
            pick(_CALL, language).format(call=call) if call else "",
            *(_api_section(api, language) for api in (left, right)),
            f"## {pick(_DIFFERENCES, language)}",
            *(
                say(name=name, text=pick(api.text, language))
                for name, api in zip(names, (left, right), strict=True)
            ),
            difference_table(left, right, core, language),
            examples,
            _evidence(left, right, language),
        ]
    )


def summary(left: ApiTable, right: ApiTable, core: CoreTable, language: Language) -> str:
    """The worst code, then a line per code and action that names what it is about."""
    found = differences(left, right, core)
    worst = pick(_HEADLINE, language).format(code=headline(found).code)
    texts = {axis.name: pick(axis.text, language) for axis in core.axes}
    return joined([worst, _lines(found, texts, language)])


def _lines(found: list[Difference], texts: dict[str, str], language: Language) -> str:
    lines: dict[tuple[str, str], list[str]] = {}
    for item in sorted(found, key=lambda difference: -difference.severity):
        if item.code != "same":
            action = explain_action(item.action, language)
            lines.setdefault((item.code, action), []).extend(item.names)
    line, between = pick(_LINE, language), pick(_BETWEEN, language)
    return "\n".join(
        line.format(code=code, action=action, names=between.join(_called(names, texts)))
        for (code, action), names in lines.items()
    )


def _called(names: list[str], texts: dict[str, str]) -> Iterator[str]:
    """What differs, by name, and an axis in words where it comes first."""
    for name in dict.fromkeys(names):
        words = texts.pop(name, "")
        yield f"{words} {code(name)}" if words else code(name)


def _api_section(api: ApiTable, language: Language) -> str:
    link = pick(api.documentation, language)
    more = pick(_MORE, language).format(name=api.name, link=link)
    return joined([f"## {api.name}", fence(signature_text(api)), more])


def _evidence(left: ApiTable, right: ApiTable, language: Language) -> str:
    lines = [line for api in (left, right) for line in _evidence_lines(api, language)]
    return joined([f"## {pick(_EVIDENCE, language)}", "\n".join(dict.fromkeys(lines))])


def _evidence_lines(api: ApiTable, language: Language) -> Iterable[str]:
    """One line per kind of evidence of an API's behaviour and limits, then what is not imitated."""
    facts = [block.evidence for block in api.behaviour] + [limit.evidence for limit in api.limits]
    say = pick(_SIDE, language).format
    for evidence in facts:
        phrase = evidence_phrase(evidence, api.framework, language)
        yield "- " + say(name=code(api.name), text=phrase)
    if api.deviations:
        names = ", ".join(code(item.id) for item in api.deviations)
        text = pick(_DEVIATES, language).format(names=names)
        yield "- " + say(name=code(api.name), text=text)
