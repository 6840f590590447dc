"""Where this file lies is what it does: pytest makes its folder importable for the tests below.

``cases`` (seeded inputs) and ``real_frameworks`` (the installed ones) are shared that way, while
the package under test is always the installed one, never the source tree. So no folder beside this
file may bear the name of a framework: it would be found where the framework is not installed.
"""

import importlib.util
from pathlib import Path

import pytest
from trust_record import TrustRecord


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much the bulk tests do: seconds by default, as many hours as asked."""
    group = parser.getgroup("differential")
    group.addoption("--cases", type=int, default=4000, help="cases of nms; of others, a share")
    group.addoption("--first-case", type=int, default=0, help="number of the first case")
    group = parser.getgroup("trust")
    group.addoption("--record", type=Path, default=None, help="JSON file for what was compared")
    group.addoption("--command", default="pytest", help="how the record calls this run")
    group.addoption("--peer", default="", help="framework that this run is about")
    group.addoption("--watcher", default="", help="tool that watches every test of this run")
    group = parser.getgroup("museum")
    group.addoption("--faults", choices=("quick", "all"), default="quick", help="to be planted")
    group = parser.getgroup("cuda")
    group.addoption("--device", choices=("cuda", "cpu"), default="cuda", help="beside the CPU")
    group.addoption("--seconds", type=float, default=240, help="of the bulk tests, about")
    group.addoption("--json", default=None, help="file for what was found on the device")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--record")
    if path is not None and not hasattr(config, "workerinput"):
        about = (config.getoption(f"--{name}") for name in ("command", "peer", "watcher"))
        config.pluginmanager.register(TrustRecord(path, *about))


if importlib.util.find_spec("hypothesis"):
    from hypothesis import settings

    # A busy machine is slow without being wrong: no example fails for its time.
    settings.register_profile("opsbridge", deadline=None)
    settings.load_profile("opsbridge")
