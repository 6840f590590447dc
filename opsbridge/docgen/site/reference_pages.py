"""The API reference: what public modules hold, read from their sources and tables, never imported.

A module is public if it says what it holds, in `__all__`; the exceptions are public, too.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from opsbridge.docgen.markdown import code, fence, joined
from opsbridge.docgen.signature import signature_text
from opsbridge.docgen.wording import Language, pick
from opsbridge.tables.describe import describe
from opsbridge.tables.load import load_api, load_core
from opsbridge.tables.schema import Text

_PACKAGE = Path(__file__).resolve().parents[2]
# The slow truth of the tests: readable, and not for callers.
_INTERNAL = ("opsbridge.reference",)
_ERRORS = "opsbridge.errors"
# Lines of a docstring that stand alone: an argument, or what is said of the whole.
_ITEM = re.compile(r"\n(?=[\w.\"\[\]]+: |(?:Returns|Raises|Differs from|Source) ?)")
_API_PAGE = Text(
    "Every fact of it, with evidence: [{name}](../apis/{name}.md).",
    "其全部事实与依据：[{name}](../apis/{name}.md)。",
)
_OPERATOR_PAGE = Text(
    "Inputs and outputs: [operator {op}](../operators/{op}.md); the keywords: "
    "[its conventions](../concepts/{op}.md).",
    "输入与输出：[算子 {op}](../operators/{op}.md)；关键字：[该算子的约定](../concepts/{op}.md)。",
)
_AS_IN_SOURCE = Text("", "说明文字取自代码中的文档字符串，为英文。")
_PLAIN = Text("Also: {names}.", "另有：{names}。")


@dataclass(frozen=True)
class _Module:
    """A parsed module, and the names that it makes public."""

    name: str
    tree: ast.Module
    public: tuple[str, ...]


def reference_pages(language: Language) -> Iterator[tuple[str, str]]:
    """Name and page of every public module."""
    for module in _public_modules():
        yield module.name, _page(module, language)


def _page(module: _Module, language: Language) -> str:
    plain = [name for name in module.public if _definition(module.tree, name) is None]
    shown = [name for name in module.public if name not in plain]
    also = pick(_PLAIN, language).format(names=", ".join(map(code, plain))) if plain else ""
    return joined(
        [
            f"# {module.name}",
            pick(_AS_IN_SOURCE, language),
            _prose(ast.get_docstring(module.tree) or ""),
            *(_entry(module, name, language) for name in shown),
            also,
        ]
    )


def _entry(module: _Module, name: str, language: Language) -> str:
    found = _definition(module.tree, name)
    if isinstance(found, ast.Call) and isinstance(found.func, ast.Name):
        return _made(found, name, language)
    parts = [f"## {name}"]
    if isinstance(found, ast.FunctionDef | ast.ClassDef):
        parts += [fence(_signature(found)), _prose(ast.get_docstring(found) or "")]
        parts += _methods(found) if isinstance(found, ast.ClassDef) else []
    return joined(parts)


def _made(call: ast.Call, name: str, language: Language) -> str:
    """A callable made from a table: of an API, or of a core operator with its own name."""
    if call.func.id == "api":  # type: ignore[attr-defined]
        table = load_api(str(ast.literal_eval(call.args[0])))
        link = pick(_API_PAGE, language).format(name=table.name)
        signature = signature_text(table).removeprefix("class ").replace(table.name, name, 1)
        return joined([f"## {name}", fence(signature), link, _prose(describe(table))])
    core = load_core(re.findall(r"OPERATORS\['(\w+)'\]", ast.unparse(call))[0])
    link = pick(_OPERATOR_PAGE, language).format(op=core.op)
    example = fence(core.example, "pycon") if name == core.op else ""
    return joined([f"## {name}", pick(core.text, language), link, example])


def _methods(found: ast.ClassDef) -> Iterator[str]:
    for node in found.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            parts = [f"### {found.name}.{node.name}", fence(_signature(node))]
            yield joined([*parts, _prose(ast.get_docstring(node) or "")])


def _signature(found: ast.FunctionDef | ast.ClassDef) -> str:
    if isinstance(found, ast.FunctionDef):
        if "property" in map(ast.unparse, found.decorator_list):
            return f"{found.name}: {ast.unparse(found.returns)}" if found.returns else found.name
        returns = f" -> {ast.unparse(found.returns)}" if found.returns else ""
        return f"{found.name}({_without_self(found.args)}){returns}"
    for node in found.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return f"class {found.name}({_without_self(node.args)})"
    return f"class {found.name}({', '.join(map(ast.unparse, found.bases))})"


def _without_self(arguments: ast.arguments) -> str:
    return re.sub(r"^self(, )?(/(, )?)?", "", ast.unparse(arguments))


def _prose(docstring: str) -> str:
    """A docstring as Markdown: its examples are fenced, sections that follow a colon are lists."""
    blocks = inspect.cleandoc(docstring).split("\n\n")
    return joined(_block(block) for block in blocks)


def _block(block: str) -> str:
    if ">>>" in block:
        before, prompt, example = block.partition(">>>")
        indent = " " * (len(before) - len(before.rstrip(" ")))
        return joined([before.strip(), fence(textwrap.dedent(indent + prompt + example), "pycon")])
    flat = re.sub(r"\n {4,}", "\n", re.sub(r":\n {4}", ":\n\n", block))
    return _ITEM.sub("\n\n", flat)


def _statement(tree: ast.Module, name: str) -> ast.stmt | None:
    """The statement that makes a name, wherever in the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node
        if isinstance(node, ast.ImportFrom) and name in [each.name for each in node.names]:
            return node
    return None


def _definition(tree: ast.Module, name: str) -> ast.AST | None:
    """What a name stands for: a function, a class or a call; imports are followed."""
    found = _statement(tree, name)
    if isinstance(found, ast.ImportFrom):
        path, part = _path(str(found.module)), _path(f"{found.module}.{name}")
        is_code = path.is_file() and not part.is_file()
        return _definition(_parsed(path), name) if is_code else None
    return found.value if isinstance(found, ast.Assign) else found


def _public_modules() -> Iterator[_Module]:
    for path in sorted(_PACKAGE.rglob("*.py")):
        parts = ("opsbridge", *path.relative_to(_PACKAGE).with_suffix("").parts)
        name = ".".join(parts).removesuffix(".__init__")
        if any(part.startswith("_") for part in name.split(".")) or name in _INTERNAL:
            continue
        public = _public_names(_parsed(path), name)
        if public:
            yield _Module(name, _parsed(path), public)


def _public_names(tree: ast.Module, name: str) -> tuple[str, ...]:
    if name == _ERRORS:
        return tuple(node.name for node in tree.body if isinstance(node, ast.ClassDef))
    listed = _statement(tree, "__all__")
    if not isinstance(listed, ast.Assign):
        return ()
    return tuple(_strings(tree, listed.value))


def _strings(tree: ast.Module, node: ast.expr) -> Iterator[str]:
    """The strings of a list or tuple, those of other lists that it takes in among them."""
    for each in getattr(node, "elts", ()):
        if isinstance(each, ast.Starred):
            inner = _definition(tree, ast.unparse(each.value))
            yield from _strings(tree, inner) if isinstance(inner, ast.expr) else ()
        else:
            yield str(ast.literal_eval(each))


def _path(module: str) -> Path:
    folder = _PACKAGE.joinpath(*module.split(".")[1:])
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


@lru_cache(maxsize=256)
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
