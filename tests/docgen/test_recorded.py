"""What the examples of generated pages print was printed by the real thing, and still is."""

from __future__ import annotations

import pytest

from opsbridge.docgen.pairs import all_snippets
from opsbridge.docgen.recorded import (
    Recording,
    installed_versions,
    record,
    recording_of,
    run_code,
)
from opsbridge.docgen.snippet import Snippet
from opsbridge.errors import PageError
from opsbridge.pages.launch import Launcher
from opsbridge.tables.load import all_api_names

SNIPPETS = all_snippets()
RECORDED = {name: found for name in SNIPPETS if (found := recording_of(name)) is not None}


def recording(environment: str) -> Recording:
    """The recording of an environment that must have one."""
    return RECORDED[environment]


def test_every_framework_and_opsbridge_are_recorded() -> None:
    """Also those that are not installed here: what they printed is kept with their versions."""
    real = {name.partition(".")[0] for name in all_api_names()}
    ours = {f"opsbridge-{library}" for library in ("mindspore", "numpy", "torch")}
    assert real | ours == set(SNIPPETS) == set(RECORDED)


@pytest.mark.parametrize("environment", sorted(RECORDED))
def test_a_recording_is_of_exactly_the_codes_of_the_pages(environment: str) -> None:
    """`opsbridge docs record` is due when a table, a case or the form of the code has changed."""
    found = recording(environment)
    refused = {snippet.code for snippet in SNIPPETS[environment] if snippet.refused}
    codes = {snippet.code for snippet in SNIPPETS[environment]} - refused
    assert set(found.outputs) == codes
    assert set(found.errors) == refused
    assert all(all(outputs) for outputs in found.outputs.values())


@pytest.mark.parametrize("environment", sorted(RECORDED))
def test_what_is_recorded_is_printed_again(environment: str) -> None:
    snippets = SNIPPETS[environment]
    versions = installed_versions(snippets[0])
    if versions is None:
        pytest.skip(f"{snippets[0].package} or {snippets[0].library} is not installed")
    if versions != recording(environment).versions:
        pytest.skip(f"recorded with {recording(environment).versions}; installed: {versions}")
    assert record(snippets) == recording(environment)


def test_a_failing_example_is_an_error_that_shows_it() -> None:
    with pytest.raises(PageError, match=r"ZeroDivisionError.*\n1 / 0"):
        record([Snippet("opsbridge", "opsbridge", "1 / 0")])


def test_a_refusal_is_kept_as_an_error_and_must_be_one() -> None:
    refused = Snippet("opsbridge", "opsbridge", "int('x')", refused=True)
    found = record([refused])
    assert (found.outputs, list(found.errors)) == ({}, ["int('x')"])
    assert found.errors["int('x')"].startswith("ValueError: invalid literal")
    with pytest.raises(PageError, match="is refused no longer"):
        record([Snippet("opsbridge", "opsbridge", "int('1')", refused=True)])


def test_each_print_has_an_output_of_its_own() -> None:
    with Launcher() as launcher:
        outputs = run_code('x = [1]\nprint(x)\nprint("a\\nb")', launcher)
    assert outputs == (("[1]",), ("a", "b"))


def test_nothing_of_one_code_reaches_the_next() -> None:
    with Launcher() as launcher:
        run_code("leftover = 1\nprint(leftover)", launcher)
        with pytest.raises(PageError, match="NameError"):
            run_code("print(leftover)", launcher)
