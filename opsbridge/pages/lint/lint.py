"""Runs all rules over pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from opsbridge.pages.lint.finding import PageFinding
from opsbridge.pages.lint.resolve import Answer, resolve_names
from opsbridge.pages.lint.rules_form import (
    fences_are_closed,
    headings_are_headings,
    headings_name_what_is_printed,
    lines_are_whole,
    rows_fit_headers,
    separators_fit_headers,
    tables_are_tables,
)
from opsbridge.pages.lint.rules_names import names_exist, names_of
from opsbridge.pages.lint.rules_rows import (
    every_parameter_has_a_row,
    rows_name_parameters,
    rows_pair_what_belongs_together,
    rows_tell_other_defaults,
    rows_tell_other_names,
)
from opsbridge.pages.lint.rules_shapes import shapes_are_true
from opsbridge.pages.model import Page

RULES: tuple[Callable[[Page], Iterator[PageFinding]], ...] = (
    fences_are_closed,
    lines_are_whole,
    tables_are_tables,
    separators_fit_headers,
    rows_fit_headers,
    headings_are_headings,
    headings_name_what_is_printed,
    rows_name_parameters,
    every_parameter_has_a_row,
    rows_pair_what_belongs_together,
    rows_tell_other_names,
    rows_tell_other_defaults,
    shapes_are_true,
)


def lint_page(page: Page, answers: Mapping[str, Answer]) -> list[PageFinding]:
    """Return the findings about a page in the order of its lines."""
    found = [finding for rule in RULES for finding in rule(page)]
    found += names_exist(page, answers)
    return sorted(found, key=lambda finding: finding.line)


def resolve_pages(pages: Sequence[Page]) -> dict[str, Answer]:
    """Return what is known of all API names of some pages."""
    return resolve_names(name for page in pages for name, _ in names_of(page))
