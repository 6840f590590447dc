"""`mindspore._checkparam`: what models check their own arguments with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opsbridge.errors import ArgumentError, DtypeError


def _check(kind: str, is_right: Callable[[Any], bool]) -> Callable[..., Any]:
    def check(arg_value: Any, arg_name: Any = None, prim_name: Any = None) -> Any:
        if not is_right(arg_value):
            owner = f"{prim_name}: " if prim_name else ""
            error = DtypeError if isinstance(arg_value, str | bool) else ArgumentError
            raise error(f"{owner}{arg_name or 'the argument'} is {arg_value!r}; it must be {kind}")
        return arg_value

    check.__doc__ = f"Return a value that is {kind}."
    return check


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


check_bool = _check("a bool", lambda value: isinstance(value, bool))
check_is_int = _check("an int", _is_int)
check_is_float = _check("a float", lambda value: isinstance(value, float))
check_is_number = _check("a number", _is_number)
check_positive_int = _check("a positive int", lambda v: _is_int(v) and v > 0)
check_non_negative_int = _check("an int of at least 0", lambda v: _is_int(v) and v >= 0)
check_positive_float = _check("a positive float", lambda v: isinstance(v, float) and v > 0)
check_non_negative_float = _check(
    "a float of at least 0", lambda v: isinstance(v, float) and v >= 0
)


def check_int(
    arg_value: Any, value: int, rel: Any, arg_name: Any = None, prim_name: Any = None
) -> Any:
    """Return an int; how it compares with another value is left to the model."""
    return check_is_int(arg_value, arg_name, prim_name)


def check_string(
    arg_value: Any, valid_values: Sequence[str], arg_name: Any = None, prim_name: Any = None
) -> Any:
    """Return a string that is one of some."""
    return _check(f"one of {list(valid_values)}", lambda v: v in valid_values)(
        arg_value, arg_name, prim_name
    )


def check_value_type(
    arg_name: Any, arg_value: Any, valid_types: Any, prim_name: Any = None
) -> None:
    """Raise unless a value is of one of some types."""
    types = tuple(valid_types) if isinstance(valid_types, tuple | list) else (valid_types,)
    is_wrong_bool = isinstance(arg_value, bool) and bool not in types
    if is_wrong_bool or not isinstance(arg_value, types):
        raise DtypeError(
            f"{prim_name or 'model'}: {arg_name} is a {type(arg_value).__name__};"
            f" it must be one of {[each.__name__ for each in types]}"
        )


def check_subclass(arg_name: Any, type_: Any, template_types: Any, prim_name: Any = None) -> None:
    """Accept a type."""


def twice(x: Any) -> tuple[Any, ...]:
    """Return a pair: of a number twice, of a sequence itself."""
    return tuple(x) if isinstance(x, tuple | list) else (x, x)


class Validator:
    """The same checks under the name of 1.x."""

    check_bool = staticmethod(check_bool)
    check_int = staticmethod(check_int)
    check_is_int = staticmethod(check_is_int)
    check_is_float = staticmethod(check_is_float)
    check_is_number = staticmethod(check_is_number)
    check_positive_int = staticmethod(check_positive_int)
    check_non_negative_int = staticmethod(check_non_negative_int)
    check_positive_float = staticmethod(check_positive_float)
    check_non_negative_float = staticmethod(check_non_negative_float)
    check_string = staticmethod(check_string)
    check_value_type = staticmethod(check_value_type)
    check_subclass = staticmethod(check_subclass)
