"""compute-sanitizer finds nothing in a few calls of every operator."""

from __future__ import annotations

from typing import Any

import pytest
from sanitize import TOOLS, find_sanitizer, run_tools

SECONDS = 90


@pytest.fixture(scope="module")
def sanitized() -> dict[str, dict[str, Any]]:
    program = find_sanitizer()
    torch = pytest.importorskip("torch")
    if program is None or not torch.cuda.is_available():
        pytest.skip("no compute-sanitizer or no CUDA device")
    return run_tools([program], SECONDS)


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_is_found(tool: str, sanitized: dict[str, dict[str, Any]], bulk: Any) -> None:
    bulk.record("sanitizer", tool, value=sanitized[tool])
    assert sanitized[tool]["clean"], sanitized[tool]
