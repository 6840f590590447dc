"""Where this file lies is what it does: pytest makes its folder importable for the tests below.

``cases`` (seeded inputs) and ``real_frameworks`` (the installed ones) are shared that way, while
the package under test is always the installed one, never the source tree. So no folder beside this
file may bear the name of a framework: it would be found where the framework is not installed.
"""

import importlib.util

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much the bulk tests do: seconds by default, as many hours as asked."""
    group = parser.getgroup("differential")
    group.addoption("--cases", type=int, default=4000, help="cases of nms; of others, a share")
    group.addoption("--first-case", type=int, default=0, help="number of the first case")
    group = parser.getgroup("cuda")
    group.addoption("--device", choices=("cuda", "cpu"), default="cuda", help="beside the CPU")
    group.addoption("--seconds", type=float, default=240, help="of the bulk tests, about")
    group.addoption("--json", default=None, help="file for what was found on the device")


if importlib.util.find_spec("hypothesis"):
    from hypothesis import settings

    # A busy machine is slow without being wrong: no example fails for its time.
    settings.register_profile("opsbridge", deadline=None)
    settings.load_profile("opsbridge")
