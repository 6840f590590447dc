"""Turns what a half did into one verdict per documented statement."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsbridge.pages.causes import SKIPPING, Found, cause_of, platform_in
from opsbridge.pages.compare import compare
from opsbridge.pages.evidence import Failure
from opsbridge.pages.expectation import is_remark, readings
from opsbridge.pages.model import Backend, Cause, Expectation, Page, Row, Statement, Verdict
from opsbridge.pages.names import is_print
from opsbridge.pages.rerun import is_random
from opsbridge.pages.run import TOO_MUCH, HalfRecord, Outcome

_STOPPED = Found(Cause.STOPPED, "an earlier statement of the half stopped it")


def judge_half(
    page: Page,
    half: Sequence[Statement],
    prelude: Sequence[Statement],
    record: HalfRecord,
    backend: Backend,
    others: Sequence[HalfRecord] = (),
) -> list[Row]:
    """Return the rows of one half: documented statements, and the one that stopped it.

    others is what more runs of the half did; outputs that differ between runs are random.
    """
    judge = _Judge(page, backend, record, others)
    stopped = judge.prelude_stop(prelude, half)
    for position, statement in enumerate(half):
        if stopped:
            judge.not_reached(statement)
            continue
        following = half[position + 1] if position + 1 < len(half) else None
        stopped = judge.statement(statement, following)
    return judge.rows


class _Judge:
    def __init__(
        self, page: Page, backend: Backend, record: HalfRecord, others: Sequence[HalfRecord]
    ) -> None:
        self.rows: list[Row] = []
        self._page = page
        self._backend = backend
        self._record = record
        self._others = others
        self._pending = ""
        """Output of the prints just before that document nothing themselves."""
        self._raised: Failure | None = None
        """What the statement before raised, if the page documents it one statement later."""

    def prelude_stop(self, prelude: Sequence[Statement], half: Sequence[Statement]) -> bool:
        """Note a failure in the statements taken from the other half; return whether there is."""
        stop = _first_failure([*half, *prelude], self._record)
        for statement in prelude:
            if statement is not stop:
                continue
            outcome = self._record.outcomes.get(statement.index)
            found = self._why_failed(statement, outcome)
            place = f"line {self._page.where(statement.first_line)}"
            cause = f"needs `{_short(statement.source)}` of {place}, which failed: {found.text}"
            if statement.framework is not half[0].framework:
                cause += f" (the half reads names that the {statement.framework.value} half makes)"
            self._fail(half[0], Found(found.kind, cause))
            return True
        return False

    def not_reached(self, statement: Statement) -> None:
        """Note a documented statement that did not run because an earlier one stopped the half."""
        if statement.expectation is None or self._is_reported(statement):
            return
        stop = self.rows[-1]
        if stop.verdict is Verdict.SKIPPED and stop.kind is not None:
            self._fail(statement, Found(stop.kind, stop.cause))
        else:
            self._fail(statement, _STOPPED)

    def statement(self, statement: Statement, following: Statement | None) -> bool:
        """Judge one statement; return whether the half stopped there."""
        outcome = self._record.outcomes.get(statement.index)
        raised, self._raised = self._raised, None
        expectation = statement.expectation
        if raised is not None and expectation is not None:
            self._judge_error(statement, expectation, raised)
            return False
        if outcome is None or outcome.cut:
            self._fail(statement, self._why_failed(statement, outcome))
            return True
        if outcome.failure is not None:
            return self._failed(statement, following, outcome.failure)
        self._judge_output(statement, outcome)
        return False

    def _failed(self, statement: Statement, following: Statement | None, failure: Failure) -> bool:
        expectation = statement.expectation
        if expectation is not None and expectation.error == failure.name:
            self._judge_error(statement, expectation, failure)
            return False
        later = following.expectation if following is not None else None
        if expectation is None and later is not None and later.error == failure.name:
            self._raised = failure
            return False
        self._fail(statement, cause_of(failure, self._page.apis))
        return True

    def _judge_output(self, statement: Statement, outcome: Outcome) -> None:
        expectation = statement.expectation
        if expectation is None:
            self._pending = self._pending + outcome.output if is_print_of(statement) else ""
            return
        before, self._pending = self._pending, ""
        if expectation.error:
            cause = f"{expectation.error} is documented, but nothing was raised"
            self._add(statement, Verdict.DIFFERS, cause, outcome.output)
            return
        verdicts = [
            compare(documented, printed)
            for printed in dict.fromkeys((outcome.output, before + outcome.output))
            for documented in readings(expectation.text, statement.source)
        ]
        for verdict in (Verdict.TRUE, Verdict.NUMERICALLY_TRUE):
            if verdict in verdicts:
                self._add(statement, verdict, "", outcome.output)
                return
        if not is_remark(expectation, statement.source):
            self._differs(statement, expectation, outcome, before)

    def _differs(
        self, statement: Statement, expectation: Expectation, outcome: Outcome, before: str
    ) -> None:
        elsewhere = platform_in(outcome.output)
        if elsewhere:  # the example prints the error that it catches
            self._fail(statement, elsewhere, outcome.output)
            return
        documented = list(readings(expectation.text, statement.source))
        for other in self._others:
            again = other.outcomes.get(statement.index)
            if again is not None and is_random(documented, outcome.output, again.output):
                cause = f"another run printed: {_short(again.output)}"
                self._add(statement, Verdict.RANDOM, cause, outcome.output)
                return
        is_of_several = expectation.text.count("\n") > outcome.output.rstrip("\n").count("\n")
        printed = before + outcome.output if is_of_several else outcome.output
        self._add(statement, Verdict.DIFFERS, "", printed)

    def _judge_error(
        self, statement: Statement, expectation: Expectation, failure: Failure
    ) -> None:
        printed = f"{failure.name}: {failure.message}"
        if _message_agrees(expectation, failure):
            self._add(statement, Verdict.DOCUMENTED_ERROR, "", printed)
        else:
            cause = f"{failure.name} was raised as documented, with another message"
            self._add(statement, Verdict.DIFFERS, cause, printed)

    def _why_failed(self, statement: Statement, outcome: Outcome | None) -> Found:
        if statement.broken:
            return Found(Cause.SYNTAX, statement.broken)
        if outcome is not None and outcome.cut:
            return Found(Cause.OUTPUT, TOO_MUCH)
        if outcome is not None and outcome.failure is not None:
            return cause_of(outcome.failure, self._page.apis)
        if self._record.running == statement.index or self._record.ended:
            return Found(self._record.kind, self._record.ended)
        return _STOPPED

    def _is_reported(self, statement: Statement) -> bool:
        return any(row.statement == statement.index for row in self.rows)

    def _fail(self, statement: Statement, found: Found, printed: str = "") -> None:
        if found.kind in SKIPPING:
            verdict = Verdict.SKIPPED
        else:
            verdict = Verdict.NOT_REACHED if found.kind is Cause.STOPPED else Verdict.ERROR
        self._add(statement, verdict, found.text, printed, kind=found.kind)

    def _add(
        self,
        statement: Statement,
        verdict: Verdict,
        cause: str,
        printed: str = "",
        kind: Cause | None = None,
    ) -> None:
        self.rows.append(
            Row(
                example=statement.example,
                framework=statement.framework,
                backend=self._backend,
                where=self._page.where(statement.first_line),
                source=statement.source,
                verdict=verdict,
                cause=cause,
                documented=statement.expectation.text if statement.expectation else None,
                printed=printed,
                kind=kind,
                statement=statement.index,
            )
        )


def _first_failure(statements: Sequence[Statement], record: HalfRecord) -> Statement | None:
    """Return the first statement that did not run to its end, documented errors not counted."""
    for statement in sorted(statements, key=lambda each: each.index):
        outcome = record.outcomes.get(statement.index)
        if outcome is None or outcome.cut:
            return statement
        if outcome.failure is not None and statement.index == max(record.outcomes):
            return statement
    return None


def is_print_of(statement: Statement) -> bool:
    """Whether a statement is a bare `print(...)`."""
    return statement.node is not None and is_print(statement.node)


def _message_agrees(expectation: Expectation, failure: Failure) -> bool:
    """Whether the documented message, if there is one, is the raised one or its beginning."""
    tail = expectation.text[expectation.text.rfind(expectation.error) + len(expectation.error) :]
    documented = _squeeze(tail.lstrip(" :："))
    pattern = ".*".join(re.escape(part.strip()) for part in documented.split("..."))
    return re.match(pattern, _squeeze(failure.message)) is not None


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _short(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= 50 else line[:47] + "..."
