"""One file as a tree, with the scopes and positions that a translation asks for."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import libcst as cst
from libcst.metadata import (
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    ScopeProvider,
)

from opsbridge.errors import PortError

_MAX_DEPTH = 1_000
_DEEP = 20_000
"""Frames of the interpreter for one file of that depth."""


@dataclass(frozen=True)
class Tree:
    """A parsed file."""

    place: PurePath
    module: cst.Module
    scopes: Any
    positions: Any
    parents: Any

    def start(self, node: cst.CSTNode) -> tuple[int, int]:
        """The line and column that a node starts at, for comparisons."""
        start = self.positions[node].start
        return (start.line, start.column)

    def line(self, node: cst.CSTNode) -> int:
        """The line that a node starts on."""
        return int(self.positions[node].start.line)

    def column(self, node: cst.CSTNode) -> int:
        """The column that a node starts at, from 1."""
        return int(self.positions[node].start.column) + 1

    def code(self, node: cst.CSTNode) -> str:
        """The source of a node."""
        return self.module.code_for_node(node)

    def is_assigned(self, node: cst.CSTNode) -> bool:
        """Whether a node is what an assignment sets, alone or in a tuple."""
        parent = self.parents.get(node)
        while isinstance(parent, cst.Element | cst.Tuple):
            parent = self.parents.get(parent)
        return isinstance(parent, cst.AssignTarget)

    def is_base(self, node: cst.CSTNode) -> bool:
        """Whether a node is what a class derives from."""
        argument = self.parents.get(node)
        return isinstance(self.parents.get(argument), cst.ClassDef)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, from the inside."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent


def parse(text: str, place: PurePath) -> Tree:
    """Parse a file.

    Raises:
        PortError: it is no Python that can be parsed, or is nested too deeply; with the line.
    """
    check_readable(text, place)
    with deep_stack():
        try:
            wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
            found = wrapper.resolve_many((ScopeProvider, PositionProvider, ParentNodeProvider))
            return Tree(
                place,
                wrapper.module,
                found[ScopeProvider],
                found[PositionProvider],
                found[ParentNodeProvider],
            )
        except Exception as error:
            # libcst says in many ways what it cannot read; a file must never end the whole run.
            raise PortError(
                f"{place}: cannot be parsed: {type(error).__name__}: {error}"
            ) from error


def check_readable(text: str, place: PurePath) -> None:
    """Ask Python's own parser first: it says what is wrong, and libcst's has no stack guard."""
    try:
        with without_warnings():
            levels: list[ast.AST] = [ast.parse(text)]
    except (RecursionError, MemoryError) as error:
        raise PortError(f"{place}: is nested too deeply") from error
    except SyntaxError as error:
        where = f"line {error.lineno}, column {error.offset}"
        raise PortError(f"{place}: {where}: {error.msg}") from error
    except ValueError as error:
        raise PortError(f"{place}: {error}") from error
    depth = 0
    while levels:
        depth += 1
        if depth > _MAX_DEPTH:
            raise PortError(f"{place}: is nested more than {_MAX_DEPTH} levels deep")
        levels = [child for node in levels for child in ast.iter_child_nodes(node)]


@contextmanager
def without_warnings() -> Iterator[None]:
    """Say nothing of odd escapes, which are none of the translation's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def deep_stack() -> Iterator[None]:
    """Let trees be as deep as Python's own parser allows."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEP))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
