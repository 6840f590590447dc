"""Cells of Cells: in a row, in a list, by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.nn.cell import Cell

__all__ = ["CellDict", "CellList", "SequentialCell"]


class _Numbered(Cell):
    """Children named 0, 1, ... whose parameters follow when places change."""

    def __len__(self) -> int:
        return len(self._modules)

    def __bool__(self) -> bool:
        return bool(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def _place(self, index: int, one_more: bool = False) -> int:
        length = len(self) + one_more
        if not isinstance(index, int):
            raise DtypeError(f"{self.cls_name}: index is a {type(index).__name__}; it must be int")
        if not -length <= index < length:
            raise IndexError(f"{self.cls_name}: index {index} is outside [{-length}, {length})")
        if one_more:
            return index if index >= 0 else index % len(self) if len(self) else 0
        return index % length

    def _put(self, name: str, cell: Any) -> None:
        """Hold a Cell under a name, which its parameters get as the prefix."""
        if not isinstance(cell, Cell):
            raise DtypeError(f"{self.cls_name}: a child is a {type(cell).__name__}; not a Cell")
        if self._auto_prefix:
            cell.update_parameters_name(f"{self._prefix()}{name}.")
        self._modules[name] = cell

    def _prefix(self) -> str:
        """Return what stands before the number in the children's parameter names."""
        for name, cell in self._modules.items():
            first = next(cell.get_parameters(), None) if isinstance(cell, Cell) else None
            if first is not None:
                parts = first.name.split(".")
                return ".".join([*parts[: parts.index(name)], ""]) if name in parts else ""
        return ""

    def _renumber(self, cells: list[tuple[str, Any]]) -> None:
        """Hold Cells under new names; their parameters' names follow."""
        depth = self._prefix().count(".")
        prefix = self._prefix()
        self._modules.clear()
        for name, cell in cells:
            self._modules[name] = cell
            for parameter in cell.get_parameters() if self._auto_prefix else ():
                rest = parameter.name.split(".")[depth + 1 :]
                parameter.name = prefix + ".".join([name, *rest])

    def append(self, cell: Cell) -> None:
        """Add a Cell at the end."""
        self._put(str(len(self)), cell)

    def insert(self, index: int, cell: Cell) -> None:
        """Add a Cell before that at `index`."""
        place = self._place(index, one_more=True)
        if not isinstance(cell, Cell):
            raise DtypeError(f"{self.cls_name}: a child is a {type(cell).__name__}; not a Cell")
        later = list(self._modules.values())[place:]
        prefix = self._prefix()
        names = [str(number) for number in range(place, len(self) + 1)]
        self._renumber(
            [
                *list(self._modules.items())[:place],
                *zip(names[1:], later, strict=True),
            ]
        )
        if self._auto_prefix:
            cell.update_parameters_name(f"{prefix}{names[0]}.")
        children = list(self._modules.items())
        self._modules.clear()
        self._modules.update([*children[:place], (names[0], cell), *children[place:]])


class SequentialCell(_Numbered):
    """Call Cells one after the other.

    Args:
        args: Cells, one list of them, or one OrderedDict, whose keys become the names.

    Example:
        >>> len(SequentialCell([Cell(), Cell()]))
        2
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        cells = args[0] if len(args) == 1 and not isinstance(args[0], Cell) else list(args)
        if not isinstance(cells, list | OrderedDict):
            raise DtypeError(
                f"SequentialCell: args[0] is a {type(cells).__name__};"
                " it must be a Cell, list or OrderedDict"
            )
        pairs = cells.items() if isinstance(cells, OrderedDict) else enumerate(cells)
        for name, cell in pairs:
            if not isinstance(cell, Cell):
                raise DtypeError(f"SequentialCell: a child is a {type(cell).__name__}; not a Cell")
            self._modules[str(name)] = cell
            cell.update_parameters_name(f"{name}.")

    @property
    def cell_list(self) -> list[Cell]:
        """The Cells in order."""
        return list(self._modules.values())

    def construct(self, input_data: Any) -> Any:
        """Pass the input through all Cells."""
        for cell in self._modules.values():
            input_data = cell(input_data)
        return input_data

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self.cell_list[self._place(index)]

    def __setitem__(self, index: int, cell: Cell) -> None:
        self._put(list(self._modules)[self._place(index)], cell)

    def __delitem__(self, index: int | slice) -> None:
        children = list(self._modules.items())
        del children[index if isinstance(index, slice) else self._place(index)]
        self._renumber(
            [
                (str(number) if name.isdigit() else name, cell)
                for number, (name, cell) in enumerate(children)
            ]
        )

    def set_grad(self, requires_grad: bool = True) -> SequentialCell:
        """Note for this and all children that gradients will be asked for."""
        for cell in self.cell_list:
            cell.set_grad(requires_grad)
        self.requires_grad = requires_grad
        return self


class CellList(_Numbered):
    """Hold Cells in a list; it is not called itself.

    Args:
        args: one list of Cells.
        auto_prefix: whether the parameters of the Cells get their number as prefix.
    """

    def __init__(self, *args: Any, auto_prefix: bool = True) -> None:
        super().__init__(auto_prefix)
        if len(args) == 1:
            self.extend(args[0])

    def __getitem__(self, index: int | slice) -> Any:
        cells = list(self._modules.values())
        return CellList(cells[index]) if isinstance(index, slice) else cells[self._place(index)]

    def __setitem__(self, index: int, cell: Cell) -> None:
        self._put(str(self._place(index)), cell)

    def __delitem__(self, index: int | slice) -> None:
        cells = list(self._modules.values())
        del cells[index if isinstance(index, slice) else self._place(index)]
        self._renumber([(str(number), cell) for number, cell in enumerate(cells)])

    def __iadd__(self, cells: list[Cell]) -> CellList:
        return self.extend(cells)

    def extend(self, cells: list[Cell]) -> CellList:
        """Add a list of Cells at the end."""
        if not isinstance(cells, list):
            raise DtypeError(f"CellList: cells is a {type(cells).__name__}; it must be a list")
        for cell in cells:
            self.append(cell)
        return self

    def set_grad(self, requires_grad: bool = True) -> CellList:
        """Note for this and all children that gradients will be asked for."""
        for cell in self._modules.values():
            cell.set_grad(requires_grad)
        self.requires_grad = requires_grad
        return self


class CellDict(Cell):
    """Hold Cells by name; it is not called itself.

    Args:
        args: one mapping, or an iterable of pairs of name and Cell.
        auto_prefix: whether the parameters of the Cells get their name as prefix.
    """

    def __init__(self, *args: Any, auto_prefix: bool = True) -> None:
        super().__init__(auto_prefix)
        if len(args) == 1:
            self.update(args[0])

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, cell: torch.nn.Module) -> None:
        if not isinstance(key, str) or not key or "." in key:
            raise ArgumentError(f"CellDict: key is {key!r}; it must be a name without dots")
        if not isinstance(cell, torch.nn.Module):
            raise DtypeError(f"CellDict: a child is a {type(cell).__name__}; not a Cell")
        if self._auto_prefix and isinstance(cell, Cell):  # in translated code PyTorch's modules
            cell.update_parameters_name(f"{key}.")
        self._modules[key] = cell

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def keys(self) -> Iterable[str]:
        """Return the names."""
        return list(self._modules)

    def values(self) -> Iterable[Any]:
        """Return the Cells."""
        return list(self._modules.values())

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return the pairs of name and Cell."""
        return list(self._modules.items())

    def clear(self) -> None:
        """Remove all Cells."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Remove a Cell and return it."""
        return self._modules.pop(key)

    def update(self, cells: Mapping[str, Cell] | Iterable[tuple[str, Cell]]) -> None:
        """Add Cells by name."""
        for key, cell in cells.items() if isinstance(cells, Mapping) else cells:
            self[key] = cell
