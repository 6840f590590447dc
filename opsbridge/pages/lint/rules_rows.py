"""Rules about the rows of a difference table and the signatures above it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from opsbridge.pages.lint.finding import PageFinding, plain
from opsbridge.pages.lint.rows import DifferenceRow, Side, difference_rows, sides_of
from opsbridge.pages.lint.rules_form import rows_fit_headers
from opsbridge.pages.lint.signature import differing_literals
from opsbridge.pages.lint.tables import equal_defaults
from opsbridge.pages.model import Page
from opsbridge.tables.schema import Text

_SAYS_DEFAULT = re.compile(r"default|默认|缺省", re.IGNORECASE)
_SAYS_NAME = re.compile(r"\bnames?\b|\bnamed\b|renamed|参数名|名称|名字|命名", re.IGNORECASE)
_SAYS_SAME = re.compile(
    r"\b(?:consistent|same|identical|no difference)\b|一致|相同|无差异|^[-–—\s]*$", re.I
)
_SAYS_OTHER = re.compile(r"differ|\bnot\b|不", re.IGNORECASE)
_REFERS = re.compile(r"\b(?:above|below|details?|refer)\b|详见|上述|上文|参考|参见", re.IGNORECASE)


def rows_name_parameters(page: Page) -> Iterator[PageFinding]:
    """A name in a parameter row is a parameter of the signature printed above."""
    sides = sides_of(page)
    for row in difference_rows(page):
        for side, names in zip(sides, (row.left, row.right), strict=True):
            if row.kind != "parameter" or not side.is_known:
                continue
            for name in names or ():
                if side.parameter(name) is None:
                    yield _unknown_parameter(row, side, name)


def _unknown_parameter(row: DifferenceRow, side: Side, name: str) -> PageFinding:
    known = side.names()
    api = side.apis[0].name
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    listed = ", ".join(known) or "-"
    return PageFinding(
        "unknown-parameter",
        row.line,
        Text(
            f"`{name}` is no parameter of the signature of {api}, which has: {listed}",
            f"`{name}` 不是 {api} 的签名中的参数，签名中有：{listed}",
        ),
        plain(close[0]) if close else None,
    )


def every_parameter_has_a_row(page: Page) -> Iterator[PageFinding]:
    """Every parameter of the two signatures stands in some row.

    A misspelt name is no missing one, and a table with broken rows is left to their rule.
    """
    rows = list(difference_rows(page))
    if not rows or any(True for _ in rows_fit_headers(page)):
        return
    left, right = sides_of(page)
    for side, cells in ((left, [row.left for row in rows]), (right, [row.right for row in rows])):
        if None in cells or not side.is_known:
            continue
        present = [name for names in cells for name in names or ()]
        misspelt = [name for name in present if side.parameter(name) is None]
        missing = [
            name
            for name in side.names()
            if name not in present
            and not name.startswith("_")
            and not difflib.get_close_matches(name, misspelt, n=1, cutoff=0.6)
        ]
        if missing and present:
            yield _missing_rows(rows, side, missing, is_left=side is left)


def _missing_rows(
    rows: Sequence[DifferenceRow], side: Side, missing: Sequence[str], *, is_left: bool
) -> PageFinding:
    cells = [(name, "-") if is_left else ("-", name) for name in missing]
    lines = [f"| | | {before} | {after} | |" for before, after in cells]
    names = ", ".join(f"`{name}`" for name in missing)
    return PageFinding(
        "missing-row",
        rows[-1].line,
        Text(
            f"the table has no row for {names} of {side.apis[0].name}",
            f"表中缺少 {side.apis[0].name} 的参数 {names}",
        ),
        plain("\n".join(lines)),
    )


def rows_pair_what_belongs_together(page: Page) -> Iterator[PageFinding]:
    """Two parameters of different names stand in a row only if their names are not both on both
    sides: else they are paired crosswise."""
    left, right = sides_of(page)
    for row in difference_rows(page):
        pair = _pair(row)
        if pair is not None and is_crosswise(left, right, *pair):
            before, after = pair
            yield PageFinding(
                "mispaired",
                row.line,
                Text(
                    f"`{before}` is paired with `{after}`, but both signatures have both names",
                    f"`{before}` 与 `{after}` 配成一行，但两个签名都有这两个名字",
                ),
                plain(f"| {before} | {before} |"),
            )


def is_crosswise(left: Side, right: Side, before: str, after: str) -> bool:
    """Whether a row pairs two names each of which has its equal on the other side."""
    return (
        before != after
        and right.parameter(before) is not None
        and (left.parameter(after) is not None)
    )


def rows_tell_other_names(page: Page) -> Iterator[PageFinding]:
    """A row that says that nothing differs pairs parameters of one name."""
    left, right = sides_of(page)
    for row in difference_rows(page):
        pair = _pair(row)
        if pair is None or pair[0] == pair[1] or is_crosswise(left, right, *pair):
            continue
        before, after = pair
        if left.parameter(before) is None or right.parameter(after) is None:
            continue
        says_more = (
            _SAYS_NAME.search(row.text)
            or _SAYS_OTHER.search(row.text)
            or any(re.search(rf"\b{re.escape(name)}\b", row.text) for name in pair)
        )
        if _SAYS_SAME.search(row.text) and not says_more:
            yield PageFinding(
                "renamed-unsaid",
                row.line,
                Text(
                    f"the row says that nothing differs, but `{before}` is `{after}` in MindSpore",
                    f"该行称没有差异，但 `{before}` 在 MindSpore 中为 `{after}`",
                ),
                Text("Same function, different parameter names", "功能一致，参数名不同"),
            )


def rows_tell_other_defaults(page: Page) -> Iterator[PageFinding]:
    """A row whose two parameters have different literal defaults says so."""
    left, right = sides_of(page)
    prose = [line.text for line in page.lines if not line.text.lstrip().startswith(("|", "#"))]
    for row in difference_rows(page):
        pair = _pair(row)
        if pair is None or is_crosswise(left, right, *pair):
            continue
        before, after = left.parameter(pair[0]), right.parameter(pair[1])
        if before is None or after is None:
            continue
        if not differing_literals(before.default, after.default):
            continue
        if equal_defaults(left.apis, right.apis, pair):
            continue
        is_told = _SAYS_DEFAULT.search(row.text) or (
            _REFERS.search(row.text) and any(map(_SAYS_DEFAULT.search, prose))
        )
        if not is_told:
            yield PageFinding(
                "default-unsaid",
                row.line,
                Text(
                    f"the default of `{before.name}` is {before.default}, that of `{after.name}`"
                    f" {after.default}; the row does not say so",
                    f"`{before.name}` 的默认值为 {before.default}，`{after.name}` 的默认值为"
                    f" {after.default}，该行没有说明",
                ),
                Text(
                    f"PyTorch's default is {before.default}, MindSpore's is {after.default}",
                    f"PyTorch 默认值为 {before.default}，MindSpore 默认值为 {after.default}",
                ),
            )


def _pair(row: DifferenceRow) -> tuple[str, str] | None:
    if row.kind != "parameter" or not row.left or not row.right:
        return None
    return (row.left[0], row.right[0]) if len(row.left) == len(row.right) == 1 else None
