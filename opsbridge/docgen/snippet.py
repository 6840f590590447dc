"""Code of one call on the inputs of a case: as the framework has it, or as opsbridge does."""

from __future__ import annotations

import keyword
import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from opsbridge.docgen import onnx_call
from opsbridge.docgen.libraries import FORMS, Library, library_of
from opsbridge.tables.case_call import CaseCall
from opsbridge.tables.load import all_api_names, load_api
from opsbridge.tables.options import fold
from opsbridge.tables.schema import ApiTable, Param, Stage

_LINE = 88

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


def real_snippet(api: ApiTable, call: CaseCall) -> Snippet:
    """The call of the real API."""
    library = library_of(api)
    refused = any(deviation.id == _NO_CPU for deviation in api.deviations)
    if api.schema:
        return Snippet(api.framework, library, _model_code(api, call, library), refused)
    name = api.real or _public(api)
    names = sorted({name, *(param.held_in for param in api.params if param.held_in)})
    imported = "\n".join("from {0} import {2}".format(*each.rpartition(".")) for each in names)
    code = _code(api, call, library, imported, name.rpartition(".")[2], is_real=True)
    return Snippet(api.framework, library, code, refused)


def bridged_snippet(api: ApiTable, call: CaseCall, library: Library) -> Snippet:
    """The same call taken from opsbridge, on tensors of any library."""
    name = f"opsbridge.{api.real if api.real_arguments else _public(api)}"
    imported = f"import {name.rpartition('.')[0]}"
    return Snippet("opsbridge", library, _code(api, call, library, imported, name))


def _public(api: ApiTable) -> str:
    """The name of the API that has this table for some of its calls, or the table's own."""
    return _owners().get(api.name, api.name)


@lru_cache
def _owners() -> dict[str, str]:
    """By the name of every table that is of some calls of another one: the name of that."""
    return {
        load_api(variant.table).name: name
        for name in all_api_names()
        for variant in load_api(name).variants
    }


def _code(
    api: ApiTable,
    call: CaseCall,
    library: Library,
    imported: str,
    function: str,
    is_real: bool = False,
) -> str:
    form = FORMS[library]
    given = _given(api, call, "call")
    tensors = [
        _tensor(param, call, library, param.held_in if is_real else "")
        for param in given
        if _is_tensor(param, call)
    ]
    init = f"({_listed(_given(api, call, 'init'), call)})" if api.form == "class" else ""
    results = _results(api)
    # The table of some calls may have the parameters in another order.
    by_name = [param.name for param in given[1:]] if _public(api) != api.name else []
    returned = f"{', '.join(results)} = {function}{init}({_listed(given, call, by_name)})"
    prints = [form.printed.format(result=result) for result in results]
    return "\n".join([form.imported, imported, "", *tensors, returned, *prints])


def _model_code(api: ApiTable, call: CaseCall, library: Library) -> str:
    """A model of one operator, which has no callable of its own."""
    form, results = FORMS[library], _results(api)
    inputs = [p for p in _given(api, call, "call") if onnx_call.is_input(p)]
    tensors, dtypes = [], {}
    for param in inputs:
        if _is_tensor(param, call):
            tensors.append(_tensor(param, call, library))
            dtypes[param.name] = call.dtypes[param.name]
        else:
            dtypes[param.name] = onnx_call.input_dtype(param)
            data = _literal([call.arguments[param.name]])
            made = form.tensor.format(data=data, dtype=dtypes[param.name])
            tensors.append(f"{param.name} = {made}")
    lines = onnx_call.call_lines(api, call.arguments, dtypes, results)
    prints = [form.printed.format(result=result) for result in results]
    return "\n".join([form.imported, *onnx_call.IMPORTS, "", *tensors, *lines, *prints])


def _results(api: ApiTable) -> list[str]:
    """The variables of what a call returns."""
    return [_result(value.name, value.output) for value in api.returns]


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


def _listed(params: list[Param], call: CaseCall, by_name: Sequence[str] = ()) -> str:
    """Tensors by position up to the first keyword, all else by keyword where that is allowed."""
    keywords = [p.name in by_name or not _by_position(p, call) for p in params]
    first = keywords.index(True) if True in keywords else len(params)
    return ", ".join(_argument(param, call, i >= first) for i, param in enumerate(params))


def _by_position(param: Param, call: CaseCall) -> bool:
    return _is_tensor(param, call) or param.positional_only


def _argument(param: Param, call: CaseCall, after_keyword: bool) -> str:
    if _is_tensor(param, call):
        return f"{param.name}={param.name}" if after_keyword else param.name
    value = _literal(call.arguments.get(param.name, param.default))
    return value if param.positional_only else f"{param.name}={value}"


def _is_tensor(param: Param, call: CaseCall) -> bool:
    return param.name in call.dtypes


def _tensor(param: Param, call: CaseCall, library: Library, held_in: str = "") -> str:
    dtype = call.dtypes[param.name]
    tensor = FORMS[library].tensor
    holder = held_in.rpartition(".")[2]
    form = f"{param.name} = {f'{holder}({tensor})' if holder else tensor}"
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
