"""The core operators as `torch.library` operators: graphs, fake tensors, gradients.

Everything is derived from the core function and its `Operator` record: the schema from the
signature, fake results from the output shapes, the gradient from the backward operator. A rule
travels as its word and a caller as text, so that graphs and exported programs can hold them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from opsbridge.core import OPERATORS
from opsbridge.core.checks import Caller
from opsbridge.core.operator import Operator
from opsbridge.errors import DerivativeError, OpsbridgeError
from opsbridge.frameworks.torch_tensors import DTYPES, TorchTensors

_SCHEMA_TYPES = {
    "Tensor": "Tensor",
    "float": "float",
    "int": "SymInt",
    "Number": "Scalar",
    "tuple[float, ...]": "float[]",
}
_TRAVELLING = ("rule", "outputs", "caller")
_TENSORS = TorchTensors()
_GRADIENTS = {operator.backward for operator in OPERATORS.values()}


def run_recorded(operator: Operator, arguments: dict[str, Any]) -> tuple[Any, ...]:
    """Call an operator through PyTorch's dispatcher."""
    outputs = arguments["outputs"]
    picked = operator.picked
    if picked is None or picked.output not in dict(outputs):
        kept = tuple((name, operator.output_dtypes[name]) for name in _kept(operator, arguments))
        recorded = outputs + tuple(output for output in kept if output not in outputs)
        return _dispatch(operator, arguments, recorded)[: len(outputs)]
    # Indexing has a gradient, unlike the rows that native code copies.
    others = dict(outputs) | {picked.rows: dict(outputs).get(picked.rows, "int64")}
    del others[picked.output]
    names = list(others)
    results = dict(zip(names, _dispatch(operator, arguments, tuple(others.items())), strict=True))
    results[picked.output] = _scored_rows(arguments, results[picked.rows])
    return tuple(results[name] for name, _ in outputs)


def _kept(operator: Operator, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The outputs that the gradient will want, if one is recorded."""
    tensors = [value for value in arguments.values() if isinstance(value, Tensor)]
    if _is_transformed() or (
        torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    ):
        return operator.kept(_shape, arguments, arguments[operator.main].is_cuda)
    return ()


def _shape(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)


def _scored_rows(arguments: dict[str, Any], rows: Tensor) -> Tensor:
    """Boxes with their scores, the rows that were picked."""
    boxes, scores = arguments["boxes"], arguments["scores"]
    first, column = arguments.get("boxes_column") or 0, arguments.get("scores_column")
    scores = scores if column is None else scores[:, column]
    return torch.cat((boxes[:, first : first + 4][rows], scores[rows, None]), dim=1)


def _dispatch(
    operator: Operator, arguments: dict[str, Any], outputs: tuple[tuple[str, str], ...]
) -> tuple[Any, ...]:
    inputs = {name: value for name, value in arguments.items() if name not in _TRAVELLING}
    _refuse_tangents(arguments["caller"], inputs.values(), [dtype for _, dtype in outputs])
    travelling = {
        "rule": arguments["rule"].word,
        "outputs": [name for name, _ in outputs],
        "dtypes": [dtype for _, dtype in outputs],
        "caller": arguments["caller"].text,
    }
    return _call(operator, inputs, travelling)


def _call(
    operator: Operator, inputs: Mapping[str, Any], travelling: dict[str, Any]
) -> tuple[Tensor, ...]:
    """Call the operator that PyTorch knows, so that its transforms can follow."""
    if _is_transformed():
        values = [inputs.get(name) for name in _input_names(operator)]
        return _Transformed.apply(operator, travelling, *values)  # type: ignore[no-any-return]
    return tuple(getattr(torch.ops.opsbridge, operator.name)(**inputs, **travelling))


def _is_transformed() -> bool:
    """A transform of `torch.func` takes gradients of this call."""
    if torch.compiler.is_compiling():
        return False
    stack = torch._C._functorch.get_interpreter_stack() or ()
    return any(each.key() == torch._C._functorch.TransformType.Grad for each in stack)


class _Transformed(torch.autograd.Function):  # type: ignore[misc]
    """An operator as `torch.func` differentiates it; what `register_autograd` makes, it refuses."""

    generate_vmap_rule = True

    @staticmethod
    def forward(operator: Operator, travelling: dict[str, Any], *inputs: Any) -> tuple[Tensor, ...]:
        return tuple(getattr(torch.ops.opsbridge, operator.name)(*inputs, **travelling))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        operator, travelling, *values = inputs
        _save(operator)(ctx, tuple(values), travelling, output)
        ctx.operator = operator
        ctx.mark_non_differentiable(*(each for each in output if not each.is_floating_point()))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        return None, None, *_backward(ctx.operator)(ctx, list(gradients))


def _refuse_tangents(caller: Caller, inputs: Iterable[Any], dtypes: Sequence[str]) -> None:
    """Forward-mode differentiation would take a missing derivative for zero, without a word."""
    if forward_ad._current_level < 0 or not any(map(_is_differentiable, dtypes)):
        return
    tensors = [value for value in inputs if isinstance(value, Tensor)]
    if any(map(torch._C._functorch.is_batchedtensor, tensors)):
        return  # vmap's rule looks at each element of the batch
    for tensor in tensors:
        if forward_ad.unpack_dual(tensor).tangent is not None:
            raise DerivativeError(
                f"{caller.operator}: there is no forward-mode derivative; use reverse mode"
            )


def _is_differentiable(dtype: str) -> bool:
    # Names that are no dtypes stand for what the operator makes of that of the boxes.
    return dtype not in DTYPES or DTYPES[dtype].is_floating_point


def _schema(function: Callable[..., Any]) -> str:
    """The schema of a core function, from its signature."""
    parts = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.name in _TRAVELLING:
            continue
        kind, _, optional = str(parameter.annotation).partition(" | ")
        default = "" if parameter.default is inspect.Parameter.empty else "=None"
        parts.append(f"{_SCHEMA_TYPES[kind]}{'?' if optional else ''} {parameter.name}{default}")
    # Tensors may not be keyword-only where there are gradients; what only travels may.
    parts += ["*", "int rule", "str[] outputs", "str[] dtypes", "str caller"]
    return f"({', '.join(parts)}) -> Tensor[]"


def _implementation(operator: Operator) -> Callable[..., list[Tensor]]:
    names = _input_names(operator)

    def run(
        *args: Any, rule: int, outputs: list[str], dtypes: list[str], caller: str
    ) -> list[Tensor]:
        results = operator.run(
            _TENSORS,
            **dict(zip(names, args, strict=False)),
            rule=operator.rule.from_word(rule),
            outputs=tuple(zip(outputs, dtypes, strict=True)),
            caller=Caller.from_text(caller),
        )
        return list(results)

    return run


def _input_names(operator: Operator) -> list[str]:
    parameters = list(inspect.signature(operator.run).parameters)[1:]
    return [name for name in parameters if name not in _TRAVELLING]


def _fake(operator: Operator) -> Callable[..., list[Tensor]]:
    names = _input_names(operator)

    def run(
        *args: Any, outputs: list[str], dtypes: list[str], rule: int, caller: str
    ) -> list[Tensor]:
        arguments = dict(zip(names, args, strict=False))
        arguments["rule"] = operator.rule.from_word(rule)
        main: Tensor = arguments[operator.main]
        shapes = operator.shapes(_shape, arguments)
        return [
            main.new_empty(
                _cut(shapes[name]) if name in operator.cut else shapes[name],
                dtype=DTYPES[operator.result_dtype(dtype, _TENSORS.dtype(main), arguments)],
            )
            for name, dtype in zip(outputs, dtypes, strict=True)
        ]

    return run


def _cut(shape: tuple[int, ...]) -> tuple[Any, ...]:
    return (torch.library.get_ctx().new_dynamic_size(), *shape[1:])


def _save(operator: Operator) -> Callable[..., None]:
    names = _input_names(operator)

    def setup_context(
        ctx: Any, inputs: tuple[Any, ...], keyword_only_inputs: dict[str, Any], output: Any
    ) -> None:
        arguments = dict(zip(names, inputs, strict=False))
        main: Tensor = arguments[operator.main]
        rule = operator.rule.from_word(keyword_only_inputs["rule"])
        results = dict(zip(keyword_only_inputs["outputs"], output, strict=True))
        names_kept = operator.kept(_shape, {**arguments, "rule": rule}, main.is_cuda)
        kept = {name: results[name] for name in names_kept if name in results}
        if kept or not operator.backward_reads_main(rule):
            # Its shape and dtype are all that the gradient needs, so its memory is not kept.
            arguments[operator.main] = main.new_empty(()).expand(main.shape)
        arguments |= kept
        tensors = {name: value for name, value in arguments.items() if isinstance(value, Tensor)}
        ctx.save_for_backward(*tensors.values())
        ctx.tensor_names = tuple(tensors)
        ctx.inputs = {name: value for name, value in arguments.items() if name not in tensors}
        ctx.travelling = keyword_only_inputs

    return setup_context


def _backward(operator: Operator) -> Callable[..., tuple[Any, ...]]:
    names = _input_names(operator)
    differentiable = operator.differentiable or (operator.main,)

    def backward(context: Any, gradients: list[Tensor]) -> tuple[Any, ...]:
        if operator.backward is None:
            caller = Caller.from_text(context.travelling["caller"])
            order = "second derivative" if operator.name in _GRADIENTS else "gradient"
            raise DerivativeError(f"{caller.operator}: there is no {order}")
        tensors = dict(zip(context.tensor_names, context.saved_tensors, strict=True))
        gradient = next(
            gradient
            for gradient, dtype in zip(gradients, context.travelling["dtypes"], strict=True)
            if _is_differentiable(dtype)
        )
        travelling = {
            **context.travelling,
            "outputs": [
                "gradient" if name == operator.main else f"gradient_of_{name}"
                for name in differentiable
            ],
            "dtypes": ["same"] * len(differentiable),
        }
        inputs = {"gradient": gradient.contiguous(), **tensors, **context.inputs}
        results = _call(OPERATORS[operator.backward], inputs, travelling)
        gradient_of = dict(zip(differentiable, results, strict=True))
        # The dispatcher drops last arguments that are their defaults, and PyTorch before 2.15 takes
        # no gradients for those.
        passed = names[: len(context.needs_input_grad)]
        return tuple(gradient_of.get(name) for name in passed)

    return backward


def _vmap(operator: Operator) -> Callable[..., tuple[list[Tensor], list[int]]]:
    """One call per element of the batch: kernels know no further dimension."""

    def run(
        info: Any, in_dims: tuple[int | None, ...], *args: Any, **travelling: Any
    ) -> tuple[list[Tensor], list[int]]:
        call = getattr(torch.ops.opsbridge, operator.name)
        caller = Caller.from_text(travelling["caller"])
        calls = []
        for index in range(info.batch_size):
            inputs = [
                # A list of numbers has a list of no dimensions.
                value.select(dim, index) if isinstance(dim, int) else value
                for value, dim in zip(args, in_dims, strict=True)
            ]
            _refuse_tangents(caller, inputs, travelling["dtypes"])
            calls.append(call(*inputs, **travelling))
        stacked = [
            _stack(caller, name, results, name in operator.cut)
            for name, *results in zip(travelling["outputs"], *calls, strict=True)
        ]
        return stacked, [0] * len(stacked)

    return run


def _stack(caller: Caller, name: str, results: list[Tensor], is_cut: bool) -> Tensor:
    lengths = {result.shape[0] for result in results} if is_cut else set()
    if len(lengths) > 1:
        raise OpsbridgeError(
            f"{caller.operator}: {name} has {min(lengths)} to {max(lengths)} entries within one "
            "batch; vmap needs results of one length"
        )
    return torch.stack(results)


_LIBRARY = torch.library.Library("opsbridge", "DEF")


def _register(operator: Operator) -> None:
    _LIBRARY.define(operator.name + _schema(operator.run))
    for device in ("CPU", "CUDA"):
        _LIBRARY.impl(operator.name, _implementation(operator), device)
    name = f"opsbridge::{operator.name}"
    torch.library.register_fake(name, _fake(operator), lib=_LIBRARY)
    torch.library.register_autograd(
        name, _backward(operator), setup_context=_save(operator), lib=_LIBRARY
    )
    torch.library.register_vmap(name, _vmap(operator), lib=_LIBRARY)


for _operator in OPERATORS.values():
    _register(_operator)
