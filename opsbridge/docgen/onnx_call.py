"""The lines that run one operator of ONNX: a model of one node, as text, in ONNX Runtime."""

from __future__ import annotations

import json
from typing import Any

from opsbridge.tables.schema import ApiTable, Param

IMPORTS = ("import onnx", "import onnxruntime")
_TYPES = {"float32": "float", "float64": "double"}
# The version of the set of operators where a table names no last one.
_SET = 16


def is_input(param: Param) -> bool:
    """Whether a parameter is a tensor that goes in; the others are attributes of the node."""
    return "tensor" in param.types or "single" in param.types


def input_dtype(param: Param) -> str:
    """The dtype of a number that goes in as a tensor of one element."""
    return "int64" if "integer" in param.types else "float32"


def call_lines(
    api: ApiTable, arguments: dict[str, Any], dtypes: dict[str, str], results: list[str]
) -> list[str]:
    """The model and its run; arguments that go in are variables of their names.

    ``dtypes`` are those of all that goes in, in the order of the parameters.
    """
    ranks = {param.name: len(param.shape) or 1 for param in api.params}
    inputs = ", ".join(
        f"{_type(dtype, ranks[name])} {name}" for name, dtype in dtypes.items() if name in arguments
    )
    attributes = ", ".join(
        f"{param.name}={_attribute(arguments[param.name], param)}"
        for param in api.params
        if not is_input(param) and param.name in arguments
    )
    operator = api.name.rpartition(".")[2].partition("_")[0]
    operator = f"{operator} <{attributes}>" if attributes else operator
    version = int(api.versions[1]) if len(api.versions) > 1 else _SET
    first, dtype_of_first = next(iter(dtypes.items()))
    outputs = ", ".join(
        f"{_type(dtype_of_first, ranks[first])} {name}"
        if value.dtype == "same"
        else f"{_type(value.dtype, 2 if value.part == 'places' else 1)} {name}"
        for value, name in zip(api.returns, results, strict=True)
    )
    fed = ", ".join(f"{name}={name}" for name in dtypes)
    return [
        "model = onnx.parser.parse_model(",
        f"""    '<ir_version: 8, opset_import: ["": {version}]>'""",
        f"    'graph ({inputs})'",
        f"    ' => ({outputs})'",
        f"    '{{ {', '.join(results)} = {operator} ({', '.join(dtypes)}) }}'",
        ")",
        "session = onnxruntime.InferenceSession(model.SerializeToString())",
        f"({', '.join(results)},) = session.run(None, dict({fed}))",
    ]


def _type(dtype: str, rank: int) -> str:
    return f"{_TYPES.get(dtype, dtype)}[{', '.join('?' * rank)}]"


def _attribute(value: Any, param: Param) -> str:
    """A value as the text of a model has it: numbers of the schema's kind, strings in quotes."""
    if "number" in param.types:
        return repr(float(value))
    return json.dumps(list(value) if isinstance(value, tuple) else value)
