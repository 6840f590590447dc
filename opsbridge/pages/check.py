"""Checks the examples of a page: every half on every backend asked for, one process each."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator, Sequence

from opsbridge.pages.judge import backend_of, judge_half
from opsbridge.pages.model import Backend, Framework, Page, Row, Statement
from opsbridge.pages.prelude import prelude_of
from opsbridge.pages.run import Limits, Step, run_half


def mindspore_backends(choice: str | None) -> tuple[Backend, ...]:
    """Return what MindSpore halves run on; choice is 'real', 'opsbridge', 'both' or None.

    None means both where MindSpore is installed, else opsbridge.
    """
    if choice is None:
        choice = "both" if importlib.util.find_spec("mindspore") else "opsbridge"
    return {
        "real": (Backend.MINDSPORE,),
        "opsbridge": (Backend.OPSBRIDGE,),
        "both": (Backend.MINDSPORE, Backend.OPSBRIDGE),
    }[choice]


def check_page(
    page: Page, mindspore: Sequence[Backend], limits: Limits
) -> Iterator[tuple[int, Framework, Backend, list[Row]]]:
    """Yield example, framework, backend and rows of every half of a page, as they are done."""
    for example in range(1, len(page.examples) + 1):
        own = [statement for statement in page.statements if statement.example == example]
        for framework in Framework:
            half = [statement for statement in own if statement.framework is framework]
            is_mindspore = framework is Framework.MINDSPORE
            backends = mindspore if is_mindspore else [backend_of(framework)]
            for backend in backends if half else []:
                yield example, framework, backend, _check_half(page, half, backend, limits)


def _check_half(
    page: Page, half: Sequence[Statement], backend: Backend, limits: Limits
) -> list[Row]:
    indices = [statement.index for statement in half]
    prelude = [page.statements[index] for index in prelude_of(page.statements, indices)]
    chosen = sorted([*half, *prelude], key=lambda statement: statement.index)
    steps: list[Step] = []
    for statement in chosen:
        if statement.broken:
            break
        following = _next_in(half, statement)
        steps.append(_step(statement, following, is_silent=statement in prelude))
    code = [line.text for line in page.lines]
    return judge_half(page, half, prelude, run_half(code, steps, backend, limits), backend)


def _next_in(half: Sequence[Statement], statement: Statement) -> Statement | None:
    later = (other for other in half if other.index > statement.index)
    return next(later, None)


def _step(statement: Statement, following: Statement | None, *, is_silent: bool) -> Step:
    node, expectation = statement.node, statement.expectation
    if is_silent:
        return Step(statement.index, statement.first_line, statement.source)
    documented = [expectation, following.expectation if following else None]
    return Step(
        statement.index,
        statement.first_line,
        statement.source,
        show=isinstance(node, ast.Expr) and expectation is not None,
        value_of=_assigned_name(node) if expectation and not expectation.error else "",
        errors=tuple(item.error for item in documented if item and item.error),
    )


def _assigned_name(node: ast.stmt | None) -> str:
    """Return the name that a plain assignment binds: its value is what `Out:` below it shows."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        return target.id if isinstance(target, ast.Name) else ""
    return ""
