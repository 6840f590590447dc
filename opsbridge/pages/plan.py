"""Plans what runs: the halves of a page on every backend, each as a job of its own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from opsbridge.pages.model import Backend, Framework, Page, Statement
from opsbridge.pages.prelude import prelude_of
from opsbridge.pages.run import HalfRecord, Job, Step


@dataclass(frozen=True, eq=False)
class Half:
    """One half of an example on one backend."""

    position: int
    """Among the halves of its page."""
    example: int
    framework: Framework
    backend: Backend
    statements: tuple[Statement, ...]
    prelude: tuple[Statement, ...]
    """The statements of other halves that run first."""
    steps: tuple[Statement, ...]
    """Those of both that run, in order: the steps of the job."""
    job: Job

    def named(self, record: HalfRecord) -> HalfRecord:
        """Return the record of the job with the indices that the page gives to statements."""
        names = [statement.index for statement in self.steps]
        return replace(
            record,
            outcomes={names[step]: outcome for step, outcome in record.outcomes.items()},
            running=None if record.running is None else names[record.running],
        )


def halves_of(page: Page, backends: Callable[[Framework], Sequence[Backend]]) -> list[Half]:
    """Return the halves of a page, each on every backend of its framework."""
    halves: list[Half] = []
    for example in range(1, len(page.examples) + 1):
        own = [statement for statement in page.statements if statement.example == example]
        for framework in Framework:
            half = [statement for statement in own if statement.framework is framework]
            for backend in backends(framework) if half else ():
                halves.append(_half(page, half, backend, len(halves)))
    return halves


def _half(page: Page, half: Sequence[Statement], backend: Backend, position: int) -> Half:
    indices = [statement.index for statement in half]
    prelude = [page.statements[index] for index in prelude_of(page.statements, indices)]
    chosen: list[Statement] = []
    for statement in sorted([*half, *prelude], key=lambda statement: statement.index):
        if statement.broken:
            break
        chosen.append(statement)
    framework = half[0].framework
    steps = [
        _step(number, statement, _next_in(half, statement), is_silent=statement in prelude)
        for number, statement in enumerate(chosen)
    ]
    job = Job(
        tuple(line.text for line in page.lines),
        tuple(steps),
        backend,
        framework.value if backend is Backend.OPSBRIDGE else "",
    )
    return Half(
        position, half[0].example, framework, backend,
        tuple(half), tuple(prelude), tuple(chosen), job,
    )  # fmt: skip


def _next_in(half: Sequence[Statement], statement: Statement) -> Statement | None:
    later = (other for other in half if other.index > statement.index)
    return next(later, None)


def _step(
    number: int, statement: Statement, following: Statement | None, *, is_silent: bool
) -> Step:
    node, expectation = statement.node, statement.expectation
    if is_silent:
        return Step(number, statement.first_line, statement.source)
    documented = [expectation, following.expectation if following else None]
    return Step(
        number,
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
