"""The exceptions of opsbridge: one family, each also the built-in class that callers expect."""


class OpsbridgeError(Exception):
    """Base of every exception that opsbridge raises on purpose."""


class ArgumentError(OpsbridgeError, ValueError):
    """An argument has the wrong shape, length or value."""


class DtypeError(OpsbridgeError, TypeError):
    """An argument has the wrong type or dtype."""


class DeviceError(OpsbridgeError, RuntimeError):
    """Tensors are on different devices, or on one that this build has no kernels for."""


class TableError(OpsbridgeError, ValueError):
    """A mapping table cannot be read, or says something that the schema does not allow."""


class PageError(OpsbridgeError, ValueError):
    """A documentation page cannot be read as a difference page."""


class NativeLibraryError(OpsbridgeError, ImportError):
    """The compiled kernels cannot be loaded; the message says why."""
