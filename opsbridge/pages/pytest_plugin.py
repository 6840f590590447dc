"""The options of the pytest plugin; without `--opsbridge-pages` nothing else of it is imported."""

from __future__ import annotations

from typing import Any

import pytest

_BACKENDS = ("real", "opsbridge", "both")


def pytest_addoption(parser: Any) -> None:
    """Declare the options."""
    group = parser.getgroup("opsbridge", "examples of difference pages")
    group.addoption(
        "--opsbridge-pages",
        action="store_true",
        help="collect the documented statements of the difference pages (*.md) among the arguments",
    )
    group.addoption(
        "--opsbridge-mindspore", choices=_BACKENDS, help="what runs the MindSpore halves"
    )
    group.addoption("--opsbridge-torch", choices=_BACKENDS, help="what runs the PyTorch halves")
    group.addoption(
        "--opsbridge-timeout", type=_positive, metavar="SECONDS", help="time limit of each half"
    )


def pytest_configure(config: Any) -> None:
    """Register what collects and runs the pages, if it is asked for."""
    if not config.getoption("opsbridge_pages"):
        return
    from opsbridge.errors import PageError
    from opsbridge.pages.load import need_packages

    try:
        need_packages("markdown_it", "pytest_doctestplus", "sybil")
    except PageError as error:
        raise pytest.UsageError(f"--opsbridge-pages {error}") from None
    from opsbridge.pages.pytest_pages import Pages

    config.pluginmanager.register(Pages(config), "opsbridge-pages")


def _positive(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError(text)
    return seconds
