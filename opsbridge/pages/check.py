"""Checks the examples of pages: every half on every backend asked for, one process each."""

from __future__ import annotations

import ast
import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from opsbridge.pages.judge import backend_of, judge_half
from opsbridge.pages.model import (
    Backend,
    Framework,
    HalfResult,
    Page,
    PageResult,
    Progress,
    Row,
    Statement,
)
from opsbridge.pages.prelude import prelude_of
from opsbridge.pages.run import Limits, Step, run_half


@dataclass(frozen=True)
class Backends:
    """What the halves of each framework run on.

    Two backends are compared with each other as well: a further result, of Backend.COMPARED, has a
    row for every statement that printed on both.
    """

    torch: tuple[Backend, ...] = (Backend.PYTORCH,)
    mindspore: tuple[Backend, ...] = (Backend.MINDSPORE,)

    @classmethod
    def chosen(cls, torch: str | None = None, mindspore: str | None = None) -> Backends:
        """Return the backends that 'real', 'opsbridge' or 'both' mean for each framework.

        None means the real PyTorch, and for MindSpore both where it is installed, else opsbridge.
        """
        return cls(_chosen(torch or "real", Backend.PYTORCH), mindspore_backends(mindspore))

    def of(self, framework: Framework) -> tuple[Backend, ...]:
        """Return what the halves of a framework run on."""
        if framework is Framework.TORCH:
            return self.torch
        return self.mindspore if framework is Framework.MINDSPORE else (Backend.PYTHON,)


def _chosen(choice: str, real: Backend) -> tuple[Backend, ...]:
    return {
        "real": (real,),
        "opsbridge": (Backend.OPSBRIDGE,),
        "both": (real, Backend.OPSBRIDGE),
    }[choice]


def mindspore_backends(choice: str | None) -> tuple[Backend, ...]:
    """Return what MindSpore halves run on; choice is 'real', 'opsbridge', 'both' or None.

    None means both where MindSpore is installed, else opsbridge.
    """
    if choice is None:
        choice = "both" if importlib.util.find_spec("mindspore") else "opsbridge"
    return _chosen(choice, Backend.MINDSPORE)


def check_pages(
    pages: Sequence[Page],
    backends: Backends,
    limits: Limits,
    workers: int,
    on_progress: Callable[[Progress], None] | None = None,
) -> Iterator[PageResult]:
    """Yield the result of every page as it is done, in any order.

    Args:
        pages: what to check; a page without examples has a result without halves.
        backends: what the halves run on.
        limits: what one half may use.
        workers: how many halves run at a time, at least 1.
        on_progress: called in the thread that takes the results.
    """
    start = time.monotonic()
    for number, page in enumerate(pages):
        halves = []
        for example, framework, backend, rows in check_page(page, backends.mindspore, limits):
            halves.append(HalfResult(example, framework, backend, tuple(rows)))
        yield PageResult(number, tuple(halves))
        if on_progress:
            seconds = time.monotonic() - start
            on_progress(Progress(page.path, "", "", seconds, number + 1, len(pages)))


def describe_isolation() -> str:
    """Return one line for the head of a report: what this system keeps the code of a half from."""
    return "own folder and process group; limits on time, memory and output"


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
