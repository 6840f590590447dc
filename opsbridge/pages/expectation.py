"""Reads the comments below a statement: the output or the error that a page documents there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from opsbridge.pages.canonical import CLOSING, canonical, split
from opsbridge.pages.model import Expectation
from opsbridge.pages.names import is_print
from opsbridge.pages.numbers import NUMBER

_MARK = re.compile(r"\s*(?:(?:out|output|outputs|输出|输出结果)\s*[:：]|(?:out|output)\s*$)", re.I)
_ERROR = re.compile(r"\s*(?:[A-Za-z_]\w*\.)*([A-Z]\w*(?:Error|Exception))\b")
_ASSIGNED = re.compile(r"\s*([A-Za-z_][\w.]*(?:\(\))?(?:\[[^\]]*\])?)\s*(?:=(?!=)|[:：])\s*(?=\S)")
_VALUE = re.compile(
    r"""\s*(?:[\[({<"'] | [-+]?(?:\d|\.\d|nan\b|inf\b)
    | (?:True|False|None)\b(?!\s+[a-z]) | (?:torch\.|mindspore\.|ms\.|np\.)?\w+[(<])""",
    re.VERBOSE,
)
_ASSIGNMENT = re.compile(r"\w+\s*=(?!=)")
_PLAIN_TOKEN = re.compile(r"[\[\](){},]|\.\.\.|True|False|None")
_PLAIN_WORD = re.compile(
    r"(?!(?:True|False|None|nan|inf)\b)[A-Za-z\u4e00-\u9fff][\w'\u4e00-\u9fff-]*"
)
_HOLDS_VALUE = re.compile(r"[\[\](){}<>]|\d|\b(?:True|False|None|nan|inf)\b")


def expectation_of(
    node: ast.stmt, comments: Sequence[tuple[int, str]], last_line: int
) -> Expectation | None:
    """Return what the comments after a statement document, or None for ordinary comments.

    comments holds (line, text from the `#` on); the statement ends on last_line. Below a
    `print(...)`, or a block that prints, every comment is an output; below another bare expression
    only what looks like a value; below `name =`, on a line of its own, only what is nothing but a
    value; below anything else only what is marked `Out:`. An error may be documented below every
    statement.
    """
    texts = [re.sub(r"^\s*#+ ?", "", text) for _, text in comments]
    if not any(text.strip() for text in texts):
        return None
    while len(texts) > 1 and is_prose(texts[0]) and any(map(_MARK.match, texts[1:])):
        del texts[0]
    mark = _MARK.match(texts[0])
    if mark:
        texts[0] = texts[0][mark.end() :]
    text = "\n".join(texts).strip("\n")
    error = _documented_error(texts)
    prints = is_print(node) or _block_prints(node)
    is_below = comments[0][0] > last_line
    shows = prints or mark or error or _shows_value(node, text, is_below=is_below)
    if not shows or not text.strip():
        return None
    return Expectation(text, comments[0][0], bool(mark), error)


def is_bare_mark(line: str) -> bool:
    """Whether a line is a comment that introduces an output and says nothing else."""
    mark = _MARK.match(line.lstrip().removeprefix("#"))
    return mark is not None and not line.lstrip().removeprefix("#")[mark.end() :].strip()


def is_open(comments: Sequence[str]) -> bool:
    """Whether some comments hold an output that ends inside brackets, so that more must follow."""
    text = _MARK.sub("", "\n".join(comment.lstrip("#") for comment in comments), count=1)
    depth = 0
    for token in split(text):
        depth += (token in CLOSING) - (token in CLOSING.values())
    return depth > 0 and looks_like_value(text)


def readings(text: str, source: str) -> Iterator[str]:
    """Yield the outputs that an expectation may mean: as it stands, then without its wrapping.

    `name = value` and `name: value` count as `value` where the statement names that name; `A or B`
    gives A and B; sentences before and after the value are dropped.
    """
    yield text
    lines = text.split("\n")
    begin, end = 0, len(lines)
    while begin < end - 1 and is_prose(lines[begin]):
        begin += 1
    while end > begin + 1 and is_prose(lines[end - 1]):
        end -= 1
    value = "\n".join(lines[begin:end])
    if value != text:
        yield value
    assigned = _ASSIGNED.match(value)
    if assigned and assigned[1].split(".")[0].split("(")[0].split("[")[0] in _words(source):
        value = value[assigned.end() :]
        yield value
    alternatives = re.split(r"\s+(?:or|或者?)\s+", value)
    if len(alternatives) > 1 and all(looks_like_value(part) for part in alternatives):
        yield from alternatives


def looks_like_value(text: str) -> bool:
    """Whether a comment starts as a printed value does: a bracket, a number, `tensor(` ..."""
    return _VALUE.match(text) is not None


def _shows_value(node: ast.stmt, text: str, *, is_below: bool) -> bool:
    """Whether a comment without a mark is the value of an expression, or of the name assigned."""
    if isinstance(node, ast.Expr):
        return looks_like_value(text)
    return bool(assigned_name(node)) and is_below and _is_plain_value(text)


def assigned_name(node: ast.AST | None) -> str:
    """Return the name that a plain assignment binds, which a comment may show, or ''."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        return target.id if isinstance(target, ast.Name) else ""
    return ""


def _is_plain_value(text: str) -> bool:
    """Whether a text holds brackets, numbers and constants only, once its wrappers are off."""
    tokens = canonical(text).tokens
    return bool(tokens) and all(
        NUMBER.fullmatch(token) or _PLAIN_TOKEN.fullmatch(token) for token in tokens
    )


def is_prose(line: str) -> bool:
    """Whether a line is words: two with nothing that a value would hold, or a longer sentence."""
    words = _PLAIN_WORD.findall(line)
    chinese = len(re.findall(r"[\u4e00-\u9fff]", line))
    if _HOLDS_VALUE.search(line) is None:
        return len(words) >= 2 or chinese >= 2
    if looks_like_value(line):
        return False
    parts = line.split()
    plain = [part for part in parts if re.fullmatch(r"[A-Za-z']+[,.;:]?", part)]
    return (len(plain) >= 5 and len(plain) * 3 >= len(parts) * 2) or chinese >= 6


def is_remark(expectation: Expectation, source: str) -> bool:
    """Whether a comment that no output matched was never meant as one.

    That is an unmarked sentence of three words or more, a label that repeats a name of the
    statement, or a tuple below an assignment: it tells the shape more often than the value. What is
    marked is one only below a statement that prints nothing, such as one that opens a window.
    """
    text = expectation.text.strip()
    if expectation.error or (expectation.marked and "print" in source):
        return False
    if looks_like_value(text):
        return text.startswith("(") and _ASSIGNMENT.match(source) is not None
    if text.rstrip(":：") in _words(source):
        return True
    lines = [line for line in text.split("\n") if line.strip()]
    return all(map(is_prose, lines)) and (
        len(_PLAIN_WORD.findall(text)) >= 3 or len(re.findall(r"[\u4e00-\u9fff]", text)) >= 4
    )


def _words(source: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", source))


def _documented_error(texts: Sequence[str]) -> str:
    if texts[0].strip().startswith("Traceback"):
        found = [match[1] for match in map(_ERROR.match, texts) if match]
        return found[-1] if found else ""
    filled = next((text for text in texts if text.strip()), "")
    match = _ERROR.match(re.sub(r"^\s*(?:error|raises?|报错)\s*[:：]\s*", "", filled, flags=re.I))
    return match[1] if match else ""


def _block_prints(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    blocks = ast.For | ast.While | ast.If | ast.With | ast.Try
    return isinstance(node, blocks) and any(map(is_print, ast.walk(node)))
