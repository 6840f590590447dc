"""The code examples of a difference page, with what they printed where they were run."""

from __future__ import annotations

from collections.abc import Iterator

from opsbridge.docgen.difference_table import side_names
from opsbridge.docgen.evidence import evidence_phrase
from opsbridge.docgen.examples import Example, pair_examples
from opsbridge.docgen.libraries import FORMS, bridged_library, library_of
from opsbridge.docgen.markdown import fence, joined, tab_set
from opsbridge.docgen.recorded import Outputs, recording_of
from opsbridge.docgen.snippet import Snippet
from opsbridge.docgen.unshown import unshown_differences
from opsbridge.docgen.wording import Language, join_sentences, pick, sentence
from opsbridge.tables.diff_parameters import subject
from opsbridge.tables.schema import ApiTable, CoreTable, Text

_HEADING = Text("Code Example {number}", "代码示例 {number}")
_SHOWS = Text("Shows a difference in: {what}", "体现差异：{what}")
_AGREES = Text("Both do the same here.", "此例中两者行为相同。")
_BRIDGED = Text("Bridged Call {number}", "经由 opsbridge 的调用 {number}")
_KEEPS = Text(
    "`{left}` taken from opsbridge, on tensors of {library}: what it returns is what the real "
    "one returns.",
    "从 opsbridge 取用 `{left}`，输入为 {library} 的张量：返回值与真实接口相同。",
)
_RECORDED = Text(
    "Outputs recorded on a CPU with {versions}.", "输出在 CPU 上以 {versions} 实际运行得到。"
)
_NOT_RECORDED = Text(
    "The code of {name} was not run. What is said of it is {evidence}.",
    "{name} 的代码未运行。有关内容依据{evidence}。",
)
_COMMA = Text(", ", "、")
_IN_PLACE = Text(
    "opsbridge takes no tensors of {theirs}; arrays of NumPy stand in their place.",
    "opsbridge 不接受 {theirs} 的张量，此处以 NumPy 数组代替。",
)
_NONE = Text(
    "There is no example: no case of the tables has inputs and conventions that both APIs take.",
    "没有示例：表格中没有哪个用例的输入与约定为两个接口共同接受。",
)


def example_section(
    left: ApiTable, right: ApiTable, core: CoreTable, language: Language, tabs: bool = False
) -> str:
    """All examples of a pair as Markdown, or that there is none because no case fits both APIs.

    With ``tabs`` both halves and the bridged call stand in tabs of the site; without, below one
    another, as in pages of MindSpore.
    """
    examples = pair_examples(left, right, core)
    numbered = enumerate(examples, start=1)
    write = _tabs if tabs else _parts
    parts = [joined(write(left, right, core, n, example, language)) for n, example in numbered]
    if not examples:
        return pick(_NONE, language)
    unshown = [pick(item.text, language) for item in unshown_differences(left, right, core)]
    return joined([*parts, *unshown, _provenance(left, right, examples, language)])


def printed_by(snippet: Snippet) -> Outputs | None:
    """What each print of the snippet printed; None where it was not run, or was refused."""
    recording = recording_of(snippet.environment)
    return recording.outputs.get(snippet.code) if recording else None


def error_of(snippet: Snippet) -> str:
    """The error with which the framework refused the snippet, if it did."""
    recording = recording_of(snippet.environment)
    return recording.errors.get(snippet.code, "") if recording else ""


def bridged_call(left: ApiTable, right: ApiTable, core: CoreTable) -> str:
    """The one line that calls the left API through opsbridge, as the first example has it."""
    examples = pair_examples(left, right, core)
    return examples[0].bridged.call if examples else ""


def _parts(
    left: ApiTable,
    right: ApiTable,
    core: CoreTable,
    number: int,
    example: Example,
    language: Language,
) -> Iterator[str]:
    names = side_names(left, right)
    halves = [(names[0], example.left), (names[1], example.right)]
    yield f"### {pick(_HEADING, language).format(number=number)}"
    yield _what_it_shows(core, example, language)
    yield fence("\n\n".join(f"# {name}\n{_with_outputs(half)}" for name, half in halves))
    yield f"### {pick(_BRIDGED, language).format(number=number)}"
    yield _bridge(left, right, language)
    yield fence(_with_outputs(example.bridged))


def _tabs(
    left: ApiTable,
    right: ApiTable,
    core: CoreTable,
    number: int,
    example: Example,
    language: Language,
) -> Iterator[str]:
    yield f"### {pick(_HEADING, language).format(number=number)}"
    yield _what_it_shows(core, example, language)
    names = side_names(left, right)
    bridged = joined([_bridge(left, right, language), fence(_with_outputs(example.bridged))])
    yield tab_set(
        {
            names[0]: fence(_with_outputs(example.left)),
            names[1]: fence(_with_outputs(example.right)),
            "opsbridge": bridged,
        }
    )


def _bridge(left: ApiTable, right: ApiTable, language: Language) -> str:
    theirs, library = library_of(right), bridged_library(right)
    keeps = pick(_KEEPS, language).format(left=left.name, library=FORMS[library].name)
    in_place = pick(_IN_PLACE, language).format(theirs=FORMS[theirs].name)
    return join_sentences([keeps, in_place if theirs != library else ""], language)


def _what_it_shows(core: CoreTable, example: Example, language: Language) -> str:
    if not example.shows:
        return pick(_AGREES, language)
    what = subject(core, example.shows)
    return sentence(Text(_SHOWS.en.format(what=what.en), _SHOWS.zh.format(what=what.zh)), language)


def _with_outputs(snippet: Snippet) -> str:
    """The code with each output as a comment below its print, or an error at the end."""
    error = error_of(snippet)
    if error:
        return "\n".join([snippet.code, *(f"# {line}" for line in error.splitlines())])
    outputs = iter(printed_by(snippet) or ())
    lines: list[str] = []
    for line in snippet.code.split("\n"):
        lines.append(line)
        if line.startswith("print("):
            lines += [f"# {text}" for text in next(outputs, ())]
    return "\n".join(lines)


def _provenance(
    left: ApiTable, right: ApiTable, examples: list[Example], language: Language
) -> str:
    """With which versions the outputs were recorded, and what was not run."""
    snippets = [s for example in examples for s in (example.left, example.right, example.bridged)]
    recordings = [recording_of(snippet.environment) for snippet in snippets]
    versions: dict[str, str] = {}
    for recording in filter(None, recordings):
        versions |= recording.versions
    comma = pick(_COMMA, language)
    named = comma.join(f"{name} {version}" for name, version in sorted(versions.items()))
    missing = {
        api.framework: evidence_phrase(api.behaviour[0].evidence, api.framework, language)
        for api in (left, right)
        if recording_of(api.framework) is None
    }
    unknown = [
        pick(_NOT_RECORDED, language).format(name=name, evidence=evidence)
        for name, evidence in missing.items()
    ]
    return joined([pick(_RECORDED, language).format(versions=named), *unknown])
