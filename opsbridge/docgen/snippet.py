"""Code of one call on the inputs of a case: as the framework has it, or as opsbridge does."""

from __future__ import annotations

import keyword
import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from opsbridge.tables.case_call import CaseCall
from opsbridge.tables.options import fold
from opsbridge.tables.schema import ApiTable, Param, Stage

Library = Literal["torch", "mindspore"]
_LINE = 88
_IMPORTS: dict[Library, str] = {"torch": "import torch", "mindspore": "import mindspore as ms"}
_TENSOR: dict[Library, str] = {
    "torch": "torch.tensor({data}, dtype=torch.{dtype})",
    "mindspore": "ms.Tensor({data}, ms.{dtype})",
}


# A deviation of this name says that the real API has no CPU kernel.
_NO_CPU = "cpu-tensors"


@dataclass(frozen=True)
class Snippet:
    """Code of a package on tensors of a library; its last lines print what the call returns.

    Where the API is ``refused`` on a CPU, the call raises an error instead.
    """

    package: str
    library: Library
    code: str
    refused: bool = False

    @property
    def environment(self) -> str:
        """What its output depends on: the package, and the library where that is not implied."""
        return f"opsbridge-{self.library}" if self.package == "opsbridge" else self.package

    @property
    def call(self) -> str:
        """The line that calls the API."""
        lines = self.code.split("\n")
        prints = sum(line.startswith("print(") for line in lines)
        return lines[-prints - 1]


def library_of(api: ApiTable) -> Library:
    """Whose tensors the real API takes."""
    return "mindspore" if api.framework == "mindspore" else "torch"


def real_snippet(api: ApiTable, call: CaseCall) -> Snippet:
    """The call of the real API."""
    library = library_of(api)
    module, _, function = (api.real or api.name).rpartition(".")
    code = _code(api, call, library, f"from {module} import {function}", function)
    refused = any(deviation.id == _NO_CPU for deviation in api.deviations)
    return Snippet(api.framework, library, code, refused)


def bridged_snippet(api: ApiTable, call: CaseCall, library: Library) -> Snippet:
    """The same call taken from opsbridge, on tensors of any library."""
    name = f"opsbridge.{api.real if api.real_arguments else api.name}"
    imported = f"import {name.rpartition('.')[0]}"
    return Snippet("opsbridge", library, _code(api, call, library, imported, name))


def _code(api: ApiTable, call: CaseCall, library: Library, imported: str, function: str) -> str:
    given = _given(api, call, "call")
    tensors = [_tensor(param, call, library) for param in given if _is_tensor(param, call)]
    init = f"({_listed(_given(api, call, 'init'), call)})" if api.form == "class" else ""
    results = [_result(value.name, value.output) for value in api.returns]
    returned = f"{', '.join(results)} = {function}{init}({_listed(given, call)})"
    prints = [f"print({result})" for result in results]
    return "\n".join([_IMPORTS[library], imported, "", *tensors, returned, *prints])


def _given(api: ApiTable, call: CaseCall, stage: Stage) -> list[Param]:
    """The parameters with an argument; those that go by position also before such a one."""
    folded = fold(param for param in api.params if param.stage == stage)
    params = [param for param in folded if not param.extension]
    given = [index for index, param in enumerate(params) if param.name in call.arguments]
    return [
        param
        for index, param in enumerate(params)
        if index in given or (param.positional_only and index < max(given, default=0))
    ]


def _listed(params: list[Param], call: CaseCall) -> str:
    return ", ".join(_argument(param, call) for param in params)


def _argument(param: Param, call: CaseCall) -> str:
    if _is_tensor(param, call):
        return param.name
    value = _literal(call.arguments.get(param.name, param.default))
    return value if param.positional_only else f"{param.name}={value}"


def _is_tensor(param: Param, call: CaseCall) -> bool:
    return param.name in call.dtypes


def _tensor(param: Param, call: CaseCall, library: Library) -> str:
    dtype = call.dtypes[param.name]
    form = f"{param.name} = {_TENSOR[library]}"
    value = call.arguments[param.name]
    line = form.format(data=_literal(value), dtype=dtype)
    return line if len(line) <= _LINE else form.format(data="\n".join(_rows(value)), dtype=dtype)


def _rows(value: list[Any], indent: int = 4) -> Iterator[str]:
    """A nested list over several lines, each of its rows on one where that fits."""
    yield "["
    if not isinstance(value[0], list):
        margin = " " * indent
        numbers = f"{_literal(value)[1:-1]},"
        yield textwrap.fill(numbers, _LINE, initial_indent=margin, subsequent_indent=margin)
        value = []
    for row in value:
        text = _literal(row)
        if len(text) + indent > _LINE and isinstance(row, list) and isinstance(row[0], list):
            text = "\n".join(_rows(row, indent + 4))
        yield " " * indent + text + ","
    yield " " * (indent - 4) + "]"


def _literal(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, dict):
        return f"dict({', '.join(f'{name}={_literal(each)}' for name, each in value.items())})"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))})"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _result(name: str, output: str) -> str:
    """The name that a table gives a result, where that is one of a variable."""
    usable = name.isidentifier() and name.islower() and not keyword.iskeyword(name)
    return name if usable else output
