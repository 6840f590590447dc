"""Whatever a test of this folder translates: the report of it says what is in the two files."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import pytest

# What points became, where the words are not those of the translated file.
IN_WORDS = {
    "[p for p in module.parameters() if p.requires_grad]",
    "[p for p in module.parameters() if not p.requires_grad]",
    "an assignment of a new tensor",
    "dict(module.named_children())",
    "dict(module.named_parameters())",
    "list(modules)",
    "nothing",
    "to_float of opsbridge's layer",
    "torch.nn.Buffer(torch.tensor(...))",
    "written at its calls",
    "x.detach().cpu().numpy()",
}
BEGINNING = re.compile(r"(?<![\w.])(?:[^\W\d]|\()")
REMARK = re.compile(r"\((?:axis|dim)=\)$|: .*$")


@pytest.fixture(autouse=True)
def _points_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("libcst") is None:
        return
    from opsbridge.port.source import translate

    made = translate._result

    def checked(*arguments: Any) -> Any:
        result = made(*arguments)
        for point in result.points:
            check(point, result.before, result.after)
        return result

    monkeypatch.setattr(translate, "_result", checked)


def check(point: Any, before: str, after: str) -> None:
    """A point lies where a name begins, and became what it says."""
    from opsbridge.port.source.result import Outcome

    line = before.split("\n")[point.line - 1]
    assert BEGINNING.match(line, point.column - 1), (point, line)
    said = REMARK.sub("", point.became)
    if point.outcome is Outcome.BY_HAND:
        assert not said, point
        assert point.reason, point
    else:
        assert point.outcome in (Outcome.EXACT, Outcome.APPROXIMATE), point
        assert said in IN_WORDS or said in after, point
