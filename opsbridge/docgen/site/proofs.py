"""The tests that show what was found wrong or silent, from `tests/deviations`, as pages.

A test is named after the deviation that it proves; `test_declared.py` there says in which files
those of an API are, and fails where one has no test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from opsbridge.docgen.markdown import fence, joined
from opsbridge.docgen.site.guides import checkout
from opsbridge.docgen.wording import Language, pick
from opsbridge.errors import PageError
from opsbridge.tables.schema import ApiTable, Deviation, Text

_FOLDER = Path("tests", "deviations")
_DECLARED = "test_declared"
_RUN = Text("Run it in a checkout:", "在代码仓库中运行：")
_SHARED = Text("What its tests share", "各测试共用的部分")


def proof_pages(language: Language) -> Iterator[tuple[str, str]]:
    """Name and page of every file of tests that proves a deviation."""
    for module in dict.fromkeys(name for names in _declared().values() for name in names):
        yield module, _page(module, language)


def proof_link(api: ApiTable, deviation: Deviation, shown: str) -> str:
    """A link from a page beside those of the proofs' folder to the test of a deviation.

    Raises:
        PageError: there is none.
    """
    wanted = deviation.id.replace("-", "_")
    for module in _declared().get(api.name, ()):
        for name in (f"test_{wanted}", f"test_real_{wanted}"):
            if name in _tests(module):
                return f"[{shown}](../proofs/{module}.md#{name})"
    raise PageError(f"docs: {_FOLDER} has no test of {deviation.id} of {api.name}")


def _page(module: str, language: Language) -> str:
    path = _FOLDER / f"{module}.py"
    tests = _tests(module)
    sections = [joined([f"## {name}", fence(code)]) for name, code in tests.items()]
    return joined(
        [
            f"# {module}",
            ast.get_docstring(_tree(module)) or "",
            pick(_RUN, language),
            fence(f"pytest {path.as_posix()}", "sh"),
            *sections,
            f"## {pick(_SHARED, language)}",
            fence(_shared(module)),
        ]
    )


def _tests(module: str) -> dict[str, str]:
    """The code of every test by its name."""
    return {
        node.name: _code(module, node)
        for node in _tree(module).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _shared(module: str) -> str:
    """What is in the file besides its tests and its docstring, empty lines between as they are."""
    lines = _text(module).split("\n")
    left_out: set[int] = set()
    for number, node in enumerate(_tree(module).body):
        is_docstring = not number and isinstance(node, ast.Expr)
        if is_docstring or (isinstance(node, ast.FunctionDef) and node.name.startswith("test_")):
            left_out.update(range(_first_line(node), (node.end_lineno or 0) + 2))
    kept = [line for number, line in enumerate(lines, start=1) if number not in left_out]
    return "\n".join(kept).strip()


def _code(module: str, node: ast.FunctionDef) -> str:
    lines = _text(module).split("\n")
    return "\n".join(lines[_first_line(node) - 1 : node.end_lineno])


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return min([node.lineno, *(each.lineno for each in decorators)])


def _declared() -> dict[str, list[str]]:
    """The files of tests by API."""
    for node in _tree(_DECLARED).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MODULES":
            return {api: names.split() for api, names in ast.literal_eval(node.value).items()}
    raise PageError(f"docs: {_FOLDER}/{_DECLARED}.py does not say where the tests are")


def _text(module: str) -> str:
    return (checkout() / _FOLDER / f"{module}.py").read_text(encoding="utf-8")


def _tree(module: str) -> ast.Module:
    return _parsed(_text(module))


@lru_cache(maxsize=128)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)
