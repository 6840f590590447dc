"""A run as tables: for the terminal, and as Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from benchmarks.ceilings import ceiling_seconds
from benchmarks.results import (
    CaseResult,
    PeerResult,
    Run,
    Timing,
    best_rival,
    curves,
    ratio_to_base,
)

MARKS = {"same": "same", "close": "close", "differs": "DIFFERS", "base": "base", "": ""}


def duration(seconds: float | None) -> str:
    """Three digits and a unit."""
    if seconds is None:
        return "-"
    for limit, factor, unit in ((1e-6, 1e9, "ns"), (1e-3, 1e6, "us"), (1, 1e3, "ms")):
        if seconds < limit:
            return f"{_digits(seconds * factor)} {unit}"
    return f"{_digits(seconds)} s"


def ratio(value: float | None) -> str:
    return "-" if value is None else f"{_digits(value)} x"


def _digits(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def agreement(peer: PeerResult) -> str:
    """The verdict and, where it is not `same`, the largest difference."""
    return " ".join(filter(None, (MARKS[peer.agreement], peer.difference)))


def _timing(peer: PeerResult) -> Timing | None:
    return peer.wall if peer.clock == "wall" else peer.cpu


def _over_best(case: CaseResult, peer: PeerResult) -> tuple[str, str]:
    """How many times faster than the best rival, and who that is; only for ours."""
    rival = best_rival(case)
    if rival is None or not peer.seconds or not peer.peer.startswith("opsbridge"):
        return "", ""
    return ratio((rival.seconds or 0) / peer.seconds), rival.peer


def peer_row(case: CaseResult, peer: PeerResult) -> list[str]:
    """Cells of one line of the terminal's table."""
    timing = _timing(peer)
    if timing is None:
        return [peer.peer, *[""] * 6, f"{peer.status}: {peer.note}"]
    clock = "wall" if peer.clock == "wall" else ""
    over_best, rival = _over_best(case, peer)
    spread = [duration(value) for value in (timing.median, timing.min, timing.max)]
    over_best = f"{over_best} ({rival})" if rival else ""
    return [
        peer.peer, *spread, clock, ratio(ratio_to_base(case, peer)), over_best, agreement(peer)
    ]  # fmt: skip


COLUMNS = ("peer", "median", "min", "max", "clock", "to base", "to best rival", "agreement")


def print_case(console: Any, case: CaseResult) -> None:
    """One case as a table of its peers."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=case.name, title_justify="left", expand=False)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in ("peer", "agreement") else "right")
    for peer in case.peers:
        style = "dim" if peer.status != "measured" else "bold" if "opsbridge" in peer.peer else ""
        style = "red" if peer.agreement == "differs" or peer.status == "failed" else style
        table.add_row(*[Text(cell, style=style) for cell in peer_row(case, peer)])
    console.print(table)


def print_summary(console: Any, run: Run) -> None:
    """Growth, extra memory, and what did not agree or did not run."""
    for line in (*slope_lines(run), *thread_lines(run), *memory_lines(run), *trouble_lines(run)):
        console.print(line, markup=False, highlight=False)


def slope_lines(run: Run) -> Iterator[str]:
    """The exponent of each curve over the upper half of its sizes."""
    for (operator, variant, unit), group in groupby(
        curves(run.cases), key=lambda curve: (curve.operator, curve.variant, curve.unit)
    ):
        slopes = ", ".join(
            f"{curve.peer} {curve.slope:.2f}" for curve in group if curve.slope is not None
        )
        yield f"growth of {operator} {variant} with {unit}: {slopes}"


def thread_lines(run: Run) -> Iterator[str]:
    """How many times faster than on one thread, by the minima of wall-clock time."""
    single = {_inputs_of(case): case for case in run.cases if case.threads == 1}
    for case in run.cases:
        before = single.get(_inputs_of(case))
        if case.threads == 1 or before is None:
            continue
        gains = []
        for peer in case.measured():
            other = before.find(peer.peer)
            if other is not None and other.wall and peer.wall:
                gains.append(f"{peer.peer} {ratio(other.wall.min / peer.wall.min)}")
        if gains:
            yield f"gain of {case.name}: {', '.join(gains)}"


def _inputs_of(case: CaseResult) -> tuple[str, str, int, str]:
    return case.operator, case.variant, case.size, case.unit


def memory_lines(run: Run) -> Iterator[str]:
    """Extra memory of a call, in all and for each box or region."""
    for case in run.cases:
        for peer in case.peers:
            if peer.extra_bytes is not None:
                each = peer.extra_bytes / case.size
                total = peer.extra_bytes / 2**20
                unit = case.unit.removesuffix("es").removesuffix("s")
                yield (
                    f"extra memory of {case.name}, {peer.peer}: {total:.1f} MiB, {each:,.0f} B a"
                    f" {unit}"
                )


def trouble_lines(run: Run) -> Iterator[str]:
    """Peers that disagree, failed or did not run, each once with its reason."""
    for case in run.cases:
        for peer in case.peers:
            if peer.agreement == "differs":
                yield f"DISAGREES: {peer.peer} in {case.name}: {peer.difference}"
            elif peer.status == "failed":
                yield f"FAILED: {peer.peer} in {case.name}: {peer.note}"
    missing = {
        peer.peer: peer.note
        for case in run.cases
        for peer in case.peers
        if peer.status == "missing"
    }
    for name, note in missing.items():
        yield f"not run: {name}: {note}"


# --- Markdown ----------------------------------------------------------------------------------


def markdown(run: Run) -> str:
    """The whole run as the figures of docs/performance.md."""
    lines = [machine_line(run), ""]
    for operator, tables in _tables(run.cases).items():
        lines += [f"### {operator}", ""]
        for peers, cases in tables.items():
            lines += [*_peer_table(peers, cases), ""]
    lines += ["### Growth", "", *_bullets(slope_lines(run)), ""]
    lines += ["### Two threads", "", *_bullets(thread_lines(run)), ""]
    lines += ["### Extra memory", "", *_bullets(memory_lines(run)), ""]
    lines += ["### Physical limits", "", *_limits_table(run), ""]
    lines += ["### Peers that disagree or did not run", "", *_bullets(trouble_lines(run))]
    return "\n".join(lines) + "\n"


def _tables(cases: Iterable[CaseResult]) -> dict[str, dict[tuple[str, ...], list[CaseResult]]]:
    """Cases by operator, and by who competes, in the order of the run."""
    found: dict[str, dict[tuple[str, ...], list[CaseResult]]] = {}
    for case in cases:
        peers = tuple(peer.peer for peer in case.peers)
        found.setdefault(case.operator, {}).setdefault(peers, []).append(case)
    return found


def machine_line(run: Run) -> str:
    """Where and on what the figures were measured."""
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    machine = run.machine
    return f"Measured on {machine['processor']}, {machine['cores']} cores; {versions}."


def _peer_table(names: Iterable[str], cases: Iterable[CaseResult]) -> Iterator[str]:
    yield from _table_head(["case", *names, "over the best rival"])
    for case in cases:
        cells = [f"{case.variant} {case.size:,} {case.unit}" + ", 2 threads" * (case.threads == 2)]
        cells += [_cell(case, peer) for peer in case.peers]
        ours = [peer for peer in case.measured() if peer.peer.startswith("opsbridge")]
        best = min(ours, key=lambda peer: peer.seconds or 0, default=None)
        cells.append(" ".join(_over_best(case, best)) if best else "")
        yield _table_row(cells)


def _cell(case: CaseResult, peer: PeerResult) -> str:
    if peer.seconds is None:
        return {"missing": "-"}.get(peer.status, peer.status)
    starred = "*" if peer.clock == "wall" else ""
    over = "" if peer is case.peers[0] else f" ({ratio(ratio_to_base(case, peer))})"
    doubt = {"differs": " DIFFERS", "close": " ~"}.get(peer.agreement, "")
    return f"{duration(peer.seconds)}{starred}{over}{doubt}"


def _limits_table(run: Run) -> Iterator[str]:
    if not run.ceilings:
        return
    yield (
        f"Ceilings of one thread: {run.ceilings['bytes'] / 1e9:.1f} GB/s copied,"
        f" {run.ceilings['operations'] / 1e9:.0f} G operations a second."
    )
    yield ""
    yield from _table_head(["case", "bytes", "operations", "ceiling", "opsbridge", "fraction"])
    largest = {(case.operator, case.variant): case for case in run.cases if case.threads == 1}
    for case in largest.values():
        ours, ceiling = case.find("opsbridge torch"), ceiling_seconds(case, run)
        if ours and ours.seconds and ceiling and ours.agreement:
            moved, done = (case.work[what] / 1e6 for what in ("bytes", "operations"))
            yield _table_row(
                [
                    case.name,
                    f"{moved:,.3g} MB",
                    f"{done:,.3g} M",
                    duration(ceiling),
                    duration(ours.seconds),
                    f"{ceiling / ours.seconds:.0%}",
                ]
            )


def _table_head(columns: list[str]) -> list[str]:
    return [_table_row(columns), _table_row(["---"] * len(columns))]


def _table_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _bullets(lines: Iterable[str]) -> list[str]:
    return [f"- {line}" for line in lines] or ["None."]
