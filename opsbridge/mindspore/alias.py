"""`as_mindspore()`: code that imports mindspore gets opsbridge.mindspore instead, for a while."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from types import ModuleType

from opsbridge.alias import standing_in
from opsbridge.mindspore.versions import written_for


@contextlib.contextmanager
def as_mindspore(version: str | None = None) -> Iterator[ModuleType]:
    """Let `import mindspore` mean opsbridge.mindspore within the block.

    A real MindSpore, loaded or not, is set aside untouched and is back after the block. Names that
    opsbridge does not cover raise NotCoveredImport or NotCoveredAttribute with their full name, the
    nearest covered names and how to add one; those of modules such as mindspore.dataset do so when
    they are used.

    Args:
        version: the MindSpore that the code is written for, where a call has changed its meaning:
            since 2.5, `Tensor.max(1)` gives (values, indices). Without one, such calls mean what
            they meant before, and warn.

    Raises:
        ArgumentError: the version is no text such as "2.10".

    Example:
        >>> with as_mindspore():
        ...     from mindspore import ops
        ...     print(ops.__name__)
        mindspore.ops
    """
    names = importlib.import_module("opsbridge.mindspore.names")
    modules = {name: names.module_of(name) for name in names.module_names()}
    later = {"has": names.is_placeholder, "make": names.module_of, "refuse": names.not_covered}
    with written_for(version), standing_in(modules, **later) as stand_ins:
        yield stand_ins["mindspore"]
