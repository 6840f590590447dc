"""The exceptions of opsbridge: one family, each also the built-in class that callers expect."""

import builtins


class OpsbridgeError(Exception):
    """Base of every exception that opsbridge raises on purpose."""


class ArgumentError(OpsbridgeError, ValueError):
    """An argument has the wrong shape, length or value."""


class DtypeError(OpsbridgeError, TypeError):
    """An argument has the wrong type or dtype."""


class DeviceError(OpsbridgeError, RuntimeError):
    """Tensors are on different devices, or on one that this build has no kernels for."""


class DerivativeError(OpsbridgeError, RuntimeError):
    """A derivative is asked for that does not exist."""


class TableError(OpsbridgeError, ValueError):
    """A mapping table cannot be read, or says something that the schema does not allow."""


class PageError(OpsbridgeError, ValueError):
    """A documentation page cannot be read as a difference page."""


class CheckpointError(OpsbridgeError, ValueError):
    """A file of weights is damaged, hostile, encrypted or of another format than it should be."""


class NativeLibraryError(OpsbridgeError, ImportError):
    """The compiled kernels cannot be loaded; the message says why."""


_IMITATING: dict[tuple[type[OpsbridgeError], str], type[OpsbridgeError]] = {}


def imitating(kind: type[OpsbridgeError], real: str) -> type[OpsbridgeError]:
    """`kind` that is also the built-in exception `real`, which the imitated API raises there.

    Code written for the real API catches it as before; `except OpsbridgeError` catches it, too.

    >>> issubclass(imitating(ArgumentError, "AssertionError"), (ArgumentError, AssertionError))
    True
    """
    builtin = getattr(builtins, real)
    if issubclass(kind, builtin):
        return kind
    if (kind, real) not in _IMITATING:
        _IMITATING[kind, real] = _derive(kind, builtin)
    return _IMITATING[kind, real]


def _derive(kind: type[OpsbridgeError], builtin: type[Exception]) -> type[OpsbridgeError]:
    real = builtin.__name__
    return type(
        kind.__name__,
        (kind, builtin),
        {
            "__doc__": f"{kind.__doc__} Also a {real}.",
            "__module__": kind.__module__,
            "__reduce__": lambda self: (_remake, (kind, real, self.args)),
        },
    )


def _remake(kind: type[OpsbridgeError], real: str, args: tuple[object, ...]) -> OpsbridgeError:
    """An unpickled error: its class has no name of its own to be found by."""
    return imitating(kind, real)(*args)
