"""Modules of frameworks that are a folder of tables and nothing else.

`import opsbridge.oddframe.ops` works where some table is named `oddframe.ops.<api>`; a framework
with a front-end of its own is imported from that.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_PACKAGE = "opsbridge."


class TableFinder(MetaPathFinder, Loader):
    """Finds modules by the dotted names of tables; asked after everything else."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        module = name.removeprefix(_PACKAGE)
        if module == name or not self._has_tables(module):
            return None
        return ModuleSpec(name, self, is_package=True)

    def _has_tables(self, module: str) -> bool:
        from opsbridge.tables.load import all_api_identifiers, all_api_names

        framework = module.partition(".")[0]
        if not any(each.startswith(f"{framework}/") for each in all_api_identifiers()):
            return False
        return any(name.startswith(f"{module}.") for name in all_api_names())

    def exec_module(self, module: ModuleType) -> None:
        from opsbridge.frontend import api
        from opsbridge.tables.load import all_api_names

        prefix = module.__name__.removeprefix(_PACKAGE)
        names = [name for name in all_api_names() if name.rpartition(".")[0] == prefix]
        module.__doc__ = f"`{prefix}` for tensors of every framework, made of its tables."
        for name in names:
            setattr(module, name.rpartition(".")[2], api(name, module.__name__))


def install() -> None:
    """Let the import system ask for modules made of tables, once."""
    if not any(isinstance(finder, TableFinder) for finder in sys.meta_path):
        sys.meta_path.append(TableFinder())
