"""Pages about core operators: what they are, and their conventions one by one with figures."""

from __future__ import annotations

from collections.abc import Iterator

from opsbridge.docgen.api_page import shape_text
from opsbridge.docgen.figures.all import all_figures
from opsbridge.docgen.find import apis_of
from opsbridge.docgen.markdown import code, fence, joined, table
from opsbridge.docgen.wording import Language, pick, sentence
from opsbridge.tables.pairing import axis_values
from opsbridge.tables.schema import ApiTable, Axis, CoreTable, Scalar, Text

_SLOTS = Text("What goes in", "输入")
_SLOT_HEADER = Text("Slot|Kind|Shape|Meaning", "输入|种类|形状|含义")
_OUTPUTS = Text("What comes out", "输出")
_OUTPUT_HEADER = Text("Output|Meaning|Refers to", "输出|含义|所指对象")
_APIS = Text("APIs", "接口")
_EXAMPLE = Text("Example", "示例")
_CONVENTIONS = Text("Conventions of {op}", "{op} 的约定")
_ALL_CONVENTIONS = Text(
    "[All conventions of this operator](../concepts/{op}.md)",
    "[该算子的全部约定](../concepts/{op}.md)",
)
_SHOWS = Text("Shows with: {shows}.", "可见于：{shows}。")
_VALUE_HEADER = Text("Value|Meaning|APIs", "取值|含义|接口")
_DIFFERENCES = Text("Differences, from row to column", "差异（从行到列）")
_FROM = Text("from", "从")


def operator_page(core: CoreTable, language: Language) -> str:
    """What the operator takes and returns, its APIs, and links to all of their differences."""
    apis = apis_of(core.op)
    slots = [
        (code(s.name), s.kind, code(shape_text(s.shape)) if s.shape else "", pick(s.text, language))
        for s in core.slots
    ]
    outputs = [
        (code(o.name), pick(o.text, language), pick(o.refers_to, language) if o.refers_to else "")
        for o in core.outputs
    ]
    return joined(
        [
            f"# {core.op}",
            pick(core.text, language),
            pick(_ALL_CONVENTIONS, language).format(op=core.op) if core.axes else "",
            f"## {pick(_EXAMPLE, language)}",
            fence(core.example, "pycon"),
            f"## {pick(_SLOTS, language)}",
            table(pick(_SLOT_HEADER, language).split("|"), slots),
            f"## {pick(_OUTPUTS, language)}",
            table(pick(_OUTPUT_HEADER, language).split("|"), outputs),
            f"## {pick(_APIS, language)}",
            "\n".join(f"- [{api.name}](../apis/{api.name}.md)" for api in apis),
            *_difference_links(apis, language),
        ]
    )


def _difference_links(apis: list[ApiTable], language: Language) -> Iterator[str]:
    if len(apis) > 1:
        yield f"## {pick(_DIFFERENCES, language)}"
        rows = [
            (api.name, *("" if other == api else _difference_link(api, other) for other in apis))
            for api in apis
        ]
        yield table([pick(_FROM, language), *(api.name for api in apis)], rows)


def _difference_link(left: ApiTable, right: ApiTable) -> str:
    return f"[{left.name} → {right.name}](../differences/{left.name}-to-{right.name}.md)"


def concept_page(core: CoreTable, language: Language) -> str:
    """A section per convention: its values, who has which, and a figure where there is one."""
    title = pick(_CONVENTIONS, language).format(op=core.op)
    sections = [_section(core, axis, language) for axis in core.axes]
    return joined([f"# {title}", pick(core.text, language), *sections])


def _section(core: CoreTable, axis: Axis, language: Language) -> str:
    rows = [
        (code(item.value), pick(item.text, language), _holders(core, axis, item.value))
        for item in axis.values
    ]
    return joined(
        [
            f"## {axis.name}",
            sentence(axis.text, language),
            pick(_SHOWS, language).format(shows=pick(axis.shows, language)),
            figure_of(core.op, axis.name, language),
            table(pick(_VALUE_HEADER, language).split("|"), rows),
        ]
    )


def figure_of(op: str, axis_name: str, language: Language) -> str:
    """The figure of an axis as Markdown; nothing if it has none."""
    figure = all_figures().get((op, axis_name))
    return f"![{pick(figure.alt, language)}](../figures/{figure.name}.svg)" if figure else ""


def _holders(core: CoreTable, axis: Axis, value: Scalar) -> str:
    """The APIs that have this value by default; of the others those whose parameters offer it."""
    names = []
    for api in apis_of(core.op):
        link = f"[{api.name}](../apis/{api.name}.md)"
        if axis_values(api, core).get(axis.name) == value:
            names.append(link)
            continue
        for param in api.params:
            for choice in param.choices:
                if choice.set.get(axis.name) == value:
                    names.append(f"{link} `{param.name}={choice.value!r}`")
    return ", ".join(names)
