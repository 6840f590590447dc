"""Calls of framework APIs as nodes of PyTorch's own graphs: FX traces and TorchScript.

Such graphs hold operators, not Python objects. So every API that ends up in one is a PyTorch
operator as well, `torch.ops.opsbridge.torchvision_nms`, whose body is the API: conventions are
chosen when the graph runs, by the tensors that come.
"""

# No postponed annotations here: TorchScript compiles ScriptableRegions from its annotations.

import functools
import importlib
import importlib.util
import json
import operator
from collections.abc import Callable
from typing import Any, List, Union  # noqa: UP035

import torch
from torch import Tensor

from opsbridge.errors import OpsbridgeError
from opsbridge.tables.schema import ApiTable, Param

_SCHEMA_TYPES = {
    "tensor": "Tensor",
    "tensor_list": "Tensor[]",
    "float": "float",
    "number": "float",
    "bool": "bool",
    "int": "int",
    "integer": "int",
    "int_pair": "int[2]",
    "number_pair": "int[2]",
    "string": "str",
}
_LIBRARY = torch.library.Library("opsbridge", "FRAGMENT")


def record(tracer: Any, target: Any, values: tuple[Any, ...]) -> Any:
    """The node that a call of `target` with FX proxies becomes, as one piece.

    A function stays a call of that function, a module a call of that module; a module that is
    traced by itself becomes a call of its operator.
    """
    if callable(getattr(target, "forward", None)):
        path = _path(tracer, target)
        if path:
            return tracer.create_proxy("call_module", path, values, {})
        arguments = (_settings(target), *values)
        return tracer.create_proxy("call_function", api_operator(type(target)), arguments, {})
    parameters = target.operator.call_signature.parameters.values()
    positional = sum(each.kind is not each.KEYWORD_ONLY for each in parameters)
    rest = zip([each.name for each in parameters][positional:], values[positional:], strict=True)
    return tracer.create_proxy("call_function", target, values[:positional], dict(rest))


def _path(tracer: Any, module: Any) -> str:
    """Where the traced model holds the module; "" where it does not or is the module itself."""
    try:
        return str(tracer.path_of_module(module))
    except (AttributeError, NameError):
        return ""


def scriptable_function(function: Any) -> Callable[..., Any]:
    """What TorchScript compiles in place of an API function: a wrapper with real source."""
    module = f"{function.__module__.rpartition('.')[0]}.scripted"
    found = importlib.util.find_spec(module) is not None
    wrapper = getattr(importlib.import_module(module), function.__name__, None) if found else None
    if wrapper is None:
        raise OpsbridgeError(f"{function.__name__}: TorchScript has no form of it")
    return torch.jit.script_if_tracing(wrapper)  # type: ignore[no-any-return]


def scriptable_module(module: Any) -> torch.nn.Module:
    """What TorchScript compiles in place of a configured API."""
    api = module.operator.plan.api
    kinds = [param.types for param in api.params if param.stage == "call"]
    if kinds != [("tensor",), ("tensor", "tensor_list")] or len(api.returns) != 1:
        raise OpsbridgeError(f"{type(module).__name__}: TorchScript has no form of it")
    return ScriptableRegions(api_operator(type(module)), _settings(module))


class ScriptableRegions(torch.nn.Module):  # type: ignore[misc]
    """A configured operator on a tensor and regions, as TorchScript can compile it."""

    def __init__(self, call: Any, settings: str) -> None:
        super().__init__()
        self.call = call
        self.settings = settings

    def forward(self, input: Tensor, rois: Union[Tensor, List[Tensor]]) -> Tensor:  # noqa: UP006,UP007
        # Each branch is another overload of the operator.
        if isinstance(rois, Tensor):
            return self.call(self.settings, input, rois)
        return self.call(self.settings, input, rois)


def api_operator(target: Any) -> Any:
    """The PyTorch operator of an API function or class, defined at its first use."""
    if isinstance(target, type):
        target = next(cls for cls in target.__mro__ if "operator" in vars(cls))
    return getattr(torch.ops.opsbridge, _define(target))


@functools.cache
def _define(target: Any) -> str:
    api: ApiTable = target.operator.plan.api
    name = f"{api.framework}_{api.name.rpartition('.')[2]}"
    call = target if api.form == "function" else _configured(target)
    lists = any("tensor_list" in param.types for param in api.params)
    for overload, kind in (("", "tensor"), (".list", "tensor_list"))[: 1 + lists]:
        _LIBRARY.define(f"{name}{overload}{_schema(api, kind)}")
        _LIBRARY.impl(f"{name}{overload}", call, "CompositeImplicitAutograd")
    return name


def _schema(api: ApiTable, kind: str) -> str:
    """The schema of an API's operator; a class takes its settings first, as text."""
    parts = ["str settings"] if api.form == "class" else []
    parts += [
        _parameter(param, kind)
        for param in api.params
        if param.stage == "call" and not param.extension
    ]
    results = ", ".join("Tensor" for _ in api.returns)
    return f"({', '.join(parts)}) -> {results if len(api.returns) == 1 else f'({results})'}"


def _parameter(param: Param, kind: str) -> str:
    """One parameter; regions as a tensor or as a list, whichever `kind` says."""
    widest = kind if kind in param.types else param.types[0]
    if "int_pair" in param.types:
        widest = "int_pair"
    default = "" if param.required else f"={_literal(param.default)}"
    return f"{_SCHEMA_TYPES[widest]} {param.name}{default}"


def _literal(default: Any) -> str:
    return json.dumps(default) if isinstance(default, str) else str(default)


def _settings(configured: Any) -> str:
    """The constructor's arguments of an object, as text."""
    names = [param.name for param in configured.operator.plan.api.params if param.stage == "init"]
    return json.dumps([getattr(configured, name) for name in names], default=_plain_number)


def _plain_number(value: Any) -> Any:
    return operator.index(value) if hasattr(value, "__index__") else float(value)


def _configured(cls: Any) -> Callable[..., Any]:
    """A call of the class's objects that takes their settings as text."""

    @functools.lru_cache(maxsize=256)
    def configure(settings: str) -> Any:
        return cls(*json.loads(settings))

    def call(settings: str, *tensors: Any) -> Any:
        return configure(settings)(*tensors)

    return call
