"""Takes the fences of a page apart: examples, their halves, statements with what they document."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opsbridge.pages.expectation import expectation_of, is_bare_mark, is_open
from opsbridge.pages.model import Fence, Framework, Line, Statement
from opsbridge.pages.names import names_of, parse

_MODULES = {
    "torch": Framework.TORCH,
    "torchvision": Framework.TORCH,
    "torchaudio": Framework.TORCH,
    "torchtext": Framework.TORCH,
    "mindspore": Framework.MINDSPORE,
}
_MARKER = re.compile(
    r"\#+\s*(?:\d+[.、)]?\s*)?(?:(?:in|the|using|use|with|for|by|code|example|使用|在|以下是|下面是)\s*)*"
    r"[`'\"]?(?P<name>py-?torch|torch|mind-?spore)[`'\"]?(?:\s*(?:version)?\s*v?\d+(?:\.\d+)*)?"
    r"(?P<rest>(?:\s*(?:code|example|examples|implementation|usage|side|half|version|demo|api"
    r"|示例|样例|代码|实现|版本|中|的|例子|用法|\d+|[.:：,，、)(（）\-]))*)\s*$",
    re.IGNORECASE,
)
_SENTENCE_MARKER = re.compile(
    r"\#+\s*(?:in|在)\s*(?P<name>py-?torch|torch|mind-?spore)\s*(?:中\s*)?[,，:：]", re.IGNORECASE
)


@dataclass
class _Item:
    """A statement, or a marker comment (`node` None and `marker` set), of one fence."""

    first: int
    last: int
    source: str
    node: ast.stmt | None
    broken: str = ""
    marker: Framework | None = None


def take_apart(
    lines: Sequence[Line], fences: Sequence[Fence]
) -> tuple[list[list[Fence]], list[Statement]]:
    """Return the examples of a page, as groups of fences, and the statements of all of them."""
    examples: list[list[Fence]] = []
    statements: list[Statement] = []
    shown: set[Framework] = set()
    for fence in fences:
        lines = _with_raw_output_as_comments(lines, fence)
        items = _items(lines, fence)
        labels = _labels(items)
        frameworks = set(labels) - {Framework.NONE}
        continues = (
            examples
            and examples[-1][-1].heading == fence.heading
            and frameworks
            and not frameworks & shown
        )
        if continues:
            examples[-1].append(fence)
        else:
            examples.append([fence])
            shown = set()
        shown |= frameworks
        for position, (item, label) in enumerate(zip(items, labels, strict=True)):
            if item.marker is not None:
                continue
            end = items[position + 1].first if position + 1 < len(items) else fence.last_line + 1
            statement = Statement(
                len(statements), item.first, item.last, item.source, item.node,
                len(examples), label, item.broken,
            )  # fmt: skip
            if item.node is not None:
                comments = _comments_after(lines, item, end)
                if _heads_what_follows(items, position, comments):
                    comments = []
                if position == len(items) - 1 and not comments:
                    comments = list(fence.output)
                statement.expectation = expectation_of(item.node, comments, item.last)
            statements.append(statement)
    return examples, statements


def _with_raw_output_as_comments(lines: Sequence[Line], fence: Fence) -> Sequence[Line]:
    """Return the lines with what stands uncommented below a bare `# Out:` made a comment.

    Only where the fence is no Python otherwise: below a mark that ends its output there is code.
    """
    first, end = fence.first_line - 1, fence.last_line
    if _is_python([line.text for line in lines[first:end]]):
        return lines
    changed = list(lines)
    is_output = False
    for number in range(first, end):
        text = changed[number].text
        if not text.strip() or text.startswith("#"):
            is_output = is_bare_mark(text)
        elif is_output:
            changed[number] = dataclasses.replace(changed[number], text="# " + text)
    return changed if _is_python([line.text for line in changed[first:end]]) else lines


def _is_python(texts: Sequence[str]) -> bool:
    try:
        parse("\n".join(_dedent(texts)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def marker_of(line: str) -> Framework | None:
    """Return the framework whose half a comment line introduces, or None."""
    match = _MARKER.match(line.strip()) or _SENTENCE_MARKER.match(line.strip())
    if match is None:
        return None
    return Framework.MINDSPORE if "mind" in match["name"].lower() else Framework.TORCH


def _items(lines: Sequence[Line], fence: Fence) -> list[_Item]:
    """Parse each part between two markers alone, so that one broken half leaves the other."""
    items: list[_Item] = []
    chunk: list[int] = []
    for number in range(fence.first_line, fence.last_line + 1):
        line = lines[number - 1]
        marker = marker_of(line.text) if line.text.lstrip().startswith("#") else None
        if marker is None and not line.lost:
            chunk.append(number)
            continue
        items += _parse(lines, chunk)
        chunk = []
        text = line.text.strip()
        items.append(_Item(number, number, text, None, broken=line.lost, marker=marker))
    return [*items, *_parse(lines, chunk)]


def _parse(lines: Sequence[Line], chunk: Sequence[int]) -> list[_Item]:
    """Parse the lines of one part; what follows a syntax error becomes one broken statement."""
    if not chunk:
        return []
    texts = _dedent([lines[number - 1].text for number in chunk])
    end, broken = len(texts), ""
    while True:
        try:
            body = parse("\n".join(texts[:end]))
            break
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            place = getattr(error, "lineno", None) or 1
            broken = broken or f"{type(error).__name__}: {getattr(error, 'msg', None) or error}"
            end = min(place - 1, end - 1)
    items = [_item(node, texts, chunk[0]) for node in body]
    rest = [number for number in range(end, len(texts)) if texts[number].strip()]
    code = [number for number in rest if not texts[number].lstrip().startswith("#")]
    if code:
        first = chunk[0] + code[0]
        items.append(_Item(first, chunk[0] + rest[-1], texts[code[0]].strip(), None, broken))
    return items


def _item(node: ast.stmt, texts: Sequence[str], first_line: int) -> _Item:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    last = node.end_lineno or node.lineno
    parts = list(texts[first - 1 : last])
    # The columns count bytes; several statements may share a line.
    parts[-1] = parts[-1].encode()[: node.end_col_offset].decode()
    parts[0] = parts[0].encode()[0 if decorators else node.col_offset :].decode()
    return _Item(first_line + first - 1, first_line + last - 1, "\n".join(parts), node)


def _dedent(texts: Sequence[str]) -> list[str]:
    """Remove the indentation that all code lines share; comments and blank lines do not count."""
    code = [text for text in texts if text.strip() and not text.lstrip().startswith("#")]
    shared = min((len(text) - len(text.lstrip(" ")) for text in code), default=0)
    return [text[shared:] if text[:shared].isspace() else text for text in texts]


def _comments_after(lines: Sequence[Line], item: _Item, end: int) -> list[tuple[int, str]]:
    """Return the comment on the statement's last line and those below, up to a blank line.

    A blank line inside brackets ends nothing: it stands in the output.
    """
    comments: list[tuple[int, str]] = []
    last = lines[item.last - 1].text
    tail = item.source.split("\n")[-1]
    trailing = last[last.find(tail) + len(tail) :].strip() if tail in last else ""
    if trailing.startswith("#"):
        comments.append((item.last, trailing))
    for number in range(item.last + 1, end):
        text = lines[number - 1].text.strip()
        if text.startswith("#"):
            comments.append((number, text))
        elif text or (comments and not is_open([comment for _, comment in comments])):
            break
    return comments


def _heads_what_follows(
    items: Sequence[_Item], position: int, comments: Sequence[tuple[int, str]]
) -> bool:
    """Whether a comment, set apart from the statement above it, is the name of what is below it."""
    if len(comments) != 1 or position + 1 == len(items):
        return False
    number, text = comments[0]
    is_apart = number > items[position].last + 1 and number + 1 == items[position + 1].first
    word = re.fullmatch(r"#+\s*(\w*[A-Za-z]\w*):?", text)
    return bool(is_apart and word and word[1] in items[position + 1].source)


def _labels(items: Sequence[_Item]) -> list[Framework]:
    """Return the framework of every item: by markers where both are there, else by what is used."""
    markers = {item.marker for item in items if item.marker}
    tainted: dict[str, Framework] = {}
    current = Framework.NONE
    labels: list[Framework] = []
    marked = False
    for item in items:
        used = _framework_of(item.node, tainted) if item.node else Framework.NONE
        if item.marker:
            current, marked = item.marker, True
        elif used is not Framework.NONE and (not marked or len(markers) < 2):
            current = used
        labels.append(current)
    first = next((label for label in labels if label is not Framework.NONE), Framework.NONE)
    return [first if label is Framework.NONE else label for label in labels]


def _framework_of(node: ast.stmt, tainted: dict[str, Framework]) -> Framework:
    """Return the framework that a statement uses, and note the names that it passes it on to."""
    names = names_of(node)
    modules = {_MODULES[root] for root in _imported(node) if root in _MODULES}
    found = modules or {tainted[name] for name in names.reads if name in tainted}
    framework = found.pop() if len(found) == 1 else Framework.NONE
    for name in names.binds | names.maybe:
        tainted.pop(name, None)
        if framework is not Framework.NONE:
            tainted[name] = framework
    return framework


def _imported(node: ast.stmt) -> Iterable[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module.split(".")[0]]
    return []
