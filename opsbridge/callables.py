"""The two forms a framework API takes in Python: a function, or a class configured before calls.

Objects of the class are PyTorch modules where PyTorch is loaded, and plain callables elsewhere;
nothing here imports a framework.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
from typing import TYPE_CHECKING, Any, Self

from opsbridge.direct import preparation
from opsbridge.errors import DtypeError
from opsbridge.tables.describe import describe

if TYPE_CHECKING:
    from opsbridge.frontend import Operator


def make_function(operator: Operator, module: str) -> Any:
    """The API as a function of `module`."""
    signature = operator.call_signature
    arrange, roads = operator.arrange_call, operator.roads
    count, first = operator.direct_count, operator.first_tensor_place

    def function(*args: Any, **kwargs: Any) -> Any:
        values = args if len(args) == count and not kwargs else arrange(args, kwargs)
        if values is None:
            values = _bound(operator, signature, args, kwargs)
        road = roads.get(type(values[first]))
        if road is not None:
            result = road(values)
            if result is not None:
                return result
        return operator.run(function, {}, (), values)

    function.__signature__ = signature  # type: ignore[attr-defined]
    form = _GraphForm(function)
    function.__wrapped__ = _stub(operator.plan.name, signature, "form.mindspore_cell", form)  # type: ignore[attr-defined]
    function.operator = operator  # type: ignore[attr-defined]
    # torch.jit.script asks every callable for this attribute.
    function.__prepare_scriptable__ = functools.partial(  # type: ignore[attr-defined]
        _scriptable_function, function
    )
    _name(function, operator, module)
    return function


def make_class(operator: Operator, module: str) -> Any:
    """The API as a class of `module`; its objects are called with the tensors."""
    names = tuple(step.param.name for step in operator.plan.init)
    prepare_settings = preparation(operator.plan.init)

    class Configured:
        # MindSpore's parser follows such objects into the source of `forward`.
        __ms_class__ = True
        __parse_method__ = _OfObjects("forward")
        mindspore_cell = _MindSporeCell()

        # An attribute, since PyTorch's compiler does not follow closures into new classes.
        operator: Operator

        def __new__(cls, *args: Any, **kwargs: Any) -> Self:
            return blank(cls)  # type: ignore[no-any-return]

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            values = _bound(self.operator, self.operator.init_signature, args, kwargs)
            self._slots, self._chosen = self.operator.configure(values)
            self._settings = values if prepare_settings is None else prepare_settings(values)
            for name, value in zip(names, values, strict=True):
                setattr(self, name, value)

        def forward(self, *args: Any, **kwargs: Any) -> Any:
            operator = self.operator
            values = operator.arrange_call(args, kwargs)
            if values is None:
                values = _bound(operator, operator.call_signature, args, kwargs)
            road = operator.roads.get(type(values[operator.first_tensor_place]))
            if road is not None and self._settings is not None:
                result = road(values, self._settings)
                if result is not None:
                    return result
            return operator.run(self, self._slots, self._chosen, values)

        __call__ = forward

        def __repr__(self) -> str:
            shown = ", ".join(f"{name}={getattr(self, name)}" for name in names)
            return f"{self.operator.plan.name}({shown})"

        def __prepare_scriptable__(self) -> Any:
            from opsbridge.graphs import scriptable_module

            return scriptable_module(self)

    Configured.operator = operator
    Configured.__signature__ = operator.init_signature  # type: ignore[attr-defined]
    _name(Configured, operator, module)
    Configured.forward.__doc__ = Configured.__doc__
    Configured.forward.__signature__ = _method(operator.call_signature)  # type: ignore[attr-defined]
    method = Configured.forward.__signature__  # type: ignore[attr-defined]
    Configured.forward.__wrapped__ = _stub("forward", method, "self.mindspore_cell")  # type: ignore[attr-defined]
    return Configured


def _method(signature: inspect.Signature) -> inspect.Signature:
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    rest = list(signature.parameters.values())
    return signature.replace(parameters=[own, *rest])


def _stub(name: str, signature: inspect.Signature, callee: str, form: Any = None) -> Any:
    """A function with these parameters: FX reads them from its code.

    MindSpore's parser, which needs source, finds it in an attribute: a call of the API's Cell.
    """
    code = (lambda: None).__code__
    names = tuple(signature.parameters)
    stub = types.FunctionType(
        code.replace(
            co_name=name,
            co_argcount=len(names),
            co_nlocals=len(names),
            co_varnames=names,
            co_freevars=("form",),
            co_firstlineno=_BEYOND_THIS_FILE,
        ),
        {"__name__": __name__},
        closure=(types.CellType(form),),
    )
    passed = ", ".join(each for each in names if each != "self")
    plain = signature.replace(
        parameters=[
            each.replace(kind=each.POSITIONAL_OR_KEYWORD, annotation=each.empty)
            for each in signature.parameters.values()
        ],
        return_annotation=signature.empty,
    )
    stub.source = ([f"def {name}{plain}:\n", f"    return {callee}({passed})\n"], 0)  # type: ignore[attr-defined]
    return stub


# A line where no source is found, so that the attribute is looked at.
_BEYOND_THIS_FILE = 1_000_000


class _MindSporeCell:
    """The Cell of an API as MindSpore's graphs call it."""

    def __get__(self, owner: Any, kind: type) -> Any:
        if owner is None or "mindspore" not in sys.modules:
            raise AttributeError("mindspore_cell")
        from opsbridge.frameworks.mindspore_graph import cell_of

        return cell_of(getattr(owner, "target", owner))


class _OfObjects:
    """An attribute that objects have, and their class has not."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __get__(self, owner: Any, kind: type) -> Any:
        if owner is None:
            raise AttributeError(kind.__name__)
        return self.value


class _GraphForm:
    """An object that MindSpore's parser reaches the Cell of a function through."""

    __ms_class__ = True
    mindspore_cell = _MindSporeCell()

    def __init__(self, target: Any) -> None:
        self.target = target


def blank(cls: Any) -> Any:
    """An object without its settings yet: of the class, or of its form as a PyTorch module."""
    torch = sys.modules.get("torch")
    # PyTorch's compiler cannot make modules; an object made in compiled code does not outlive it.
    if torch is None or torch.compiler.is_compiling():
        return object.__new__(cls)
    from opsbridge.frameworks.torch_modules import blank_module

    return blank_module(cls)


def record(target: Any, symbol: Any, values: tuple[Any, ...]) -> Any:
    """A call of `target` as a node of the FX graph that `symbol` belongs to."""
    from opsbridge.graphs import record

    return record(symbol.tracer, target, values)


def _scriptable_function(function: Any) -> Any:
    from opsbridge.graphs import scriptable_function

    return scriptable_function(function)


def _bound(
    operator: Operator, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Any
) -> tuple[Any, ...]:
    """The arguments in order, defaults filled in; says what is wrong with them, if anything is."""
    named = operator.plan.renamed(kwargs)
    try:
        bound = signature.bind(*args, **named)
    except TypeError as error:
        raise DtypeError(f"{operator.plan.name}: {error}; expected {signature}") from None
    bound.apply_defaults()
    return tuple(bound.arguments.values())


def _name(target: Any, operator: Operator, module: str) -> None:
    target.__name__ = target.__qualname__ = operator.plan.name
    target.__module__ = module
    target.__doc__ = describe(operator.plan.api)
