"""A run with every verdict, made by hand: what the tests of the reports are given."""

from __future__ import annotations

from opsbridge.pages.model import Backend, Cause, Framework, HalfResult, Row, Verdict
from opsbridge.pages.report import PageReport, RunReport

HOSTILE = "</pre><script>alert('x')</script>\x1b[31m\x00\ud800<img src=x onerror=y>\u202e"

_CAUSES = {
    Verdict.ERROR: (Cause.UNKNOWN, "RuntimeError: of no known kind"),
    Verdict.NOT_REACHED: (Cause.STOPPED, "an earlier statement of the half stopped it"),
    Verdict.SKIPPED: (Cause.PACKAGE, "package torchtext is not installed"),
}


def row(
    verdict: Verdict,
    source: str = "print(x)",
    backend: Backend = Backend.PYTORCH,
    where: str = "12",
    documented: str | None = "[1, 2]",
    printed: str = "[1, 3]",
) -> Row:
    """Return a row of a PyTorch half with the cause that its verdict has."""
    kind, cause = _CAUSES.get(verdict, (None, ""))
    half = Framework.TORCH
    return Row(1, half, backend, where, source, verdict, cause, documented, printed, kind)


def page(path: str, *rows: Row, problem: str = "", language: str = "en") -> PageReport:
    """Return the report of a page with one half."""
    half = HalfResult(1, Framework.TORCH, Backend.PYTORCH, rows, 1.25)
    return PageReport(path, language, f"Title of {path}", problem, halves=(half,) if rows else ())


def fake_run() -> RunReport:
    """Return a run with a page per verdict, one that is no text, and one full of hostile text."""
    pages = [page(f"docs/{verdict.name.lower()}.md", row(verdict)) for verdict in Verdict]
    bad = row(Verdict.DIFFERS, HOSTILE, documented=HOSTILE, printed=HOSTILE)
    pages.append(page(f"docs/{HOSTILE.replace('/', '')}.md", bad, language="zh"))
    binary = PageReport("docs/binary.md", problem="byte 4 is 0x00", is_unusable=True)
    return RunReport([*pages, binary], "own folder", 12.5, {"numpy": "1.26.4"})
