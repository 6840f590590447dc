"""Tables of made-up frameworks, for tests: written in few words, found through the environment."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opsbridge.tables.load import load_api

_HEAD = """
name = "{name}"
framework = "{framework}"
framework_name = "{framework}"
core = "{core}"
form = "{form}"
source = "https://example.org"
example = '''
>>> from opsbridge.{module} import {last}
>>> {last}.__name__
'{last}'
'''
{more}

[text]
en = "An operator of a made-up framework."
zh = "虚构框架的算子。"

[documentation]
en = "https://example.org"
zh = "https://example.org"
"""
FLOATS = ["float32", "float64"]


def _lines(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())


def tensor(name: str, fills: str, shape: list[Any], **more: Any) -> str:
    """A required parameter that takes a tensor."""
    fixed = {
        **{"name": name, "stage": "call", "types": ["tensor"], "converter": "same"},
        **{"fills": fills.split(), "required": True, "shape": shape, "dtypes": FLOATS},
    }
    return f"[[params]]\n{_lines(fixed | more)}\n"


def number(name: str, fills: str, default: Any, **more: Any) -> str:
    """A parameter with a default: a number, or an integer where that is one."""
    kind = "integer" if type(default) is int and "times" not in more else "number"
    fixed = {"name": name, "stage": "call", "types": [kind], "converter": kind}
    return f"[[params]]\n{_lines(fixed | {'fills': fills.split(), 'default': default} | more)}\n"


def returned(name: str, output: str, dtype: str, **more: Any) -> str:
    """One result."""
    return f"[[returns]]\n{_lines({'name': name, 'output': output, 'dtype': dtype} | more)}\n"


def conventions(like: str, **other: Any) -> str:
    """The conventions of a shipped table, some of them with another value."""
    api = load_api(like)
    found: dict[str, Any] = {}
    for param in api.params:
        found |= param.choices[0].set if param.choices else {}
    for block in api.behaviour:
        found |= block.set if block.device is None and not block.dtypes else {}
    evidence = 'evidence = { kind = "assumed", note = "made up" }'
    return f"[[behaviour]]\n{evidence}\n[behaviour.set]\n{_lines(found | other)}\n"


def table(name: str, core: str, *parts: str, form: str = "function", **more: Any) -> str:
    """A whole table."""
    module, _, last = name.rpartition(".")
    framework = name.partition(".")[0]
    head = _HEAD.format(
        name=name, framework=framework, core=core, form=form, module=module, last=last,
        more=_lines(more),
    )  # fmt: skip
    return "\n".join([head, *parts])


@contextmanager
def in_folder(folder: Path, tables: Mapping[str, str], patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tables by dotted name, in a folder that opsbridge looks into; forgotten afterwards."""
    frameworks = {name.partition(".")[0] for name in tables}
    for name, text in tables.items():
        path = folder / name.partition(".")[0] / f"{name.rpartition('.')[2]}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    patch.setenv("OPSBRIDGE_MAPPINGS", str(folder))
    yield
    for module in list(sys.modules):
        if module.removeprefix("opsbridge.").partition(".")[0] in frameworks:
            sys.modules.pop(module)
