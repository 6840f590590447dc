"""Which exhibits are planted: those that take no compiler, or all with `--faults all`."""

from __future__ import annotations

import pytest
from fault import all_faults


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "fault" in metafunc.fixturenames:
        wants_all = metafunc.config.getoption("--faults") == "all"
        chosen = [fault for fault in all_faults() if wants_all or not fault.is_native]
        metafunc.parametrize("fault", chosen, ids=[fault.name for fault in chosen])
