"""Mutants of Python modules: the changes that mutmut makes, one at a time, anywhere in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import libcst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper
from mutant import ROOT, Mutant
from mutmut.mutation.file_mutation import Mutation, MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

_TYPE_VARIABLE = m.Assign(value=m.Call(func=m.Name("TypeVar") | m.Name("ParamSpec")))


def python_mutants(file: str) -> Iterator[Mutant]:
    """All mutants of a module, but those of what nothing reads at run time.

    Sentences are for people, the names and bounds of type variables for type checkers.
    """
    wrapper = MetadataWrapper(libcst.parse_module((ROOT / file).read_text(encoding="utf-8")))
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    declared = m.findall(wrapper.module, _TYPE_VARIABLE)
    of_types = {node for each in declared for node in m.findall(each, m.MatchIfTrue(bool))}
    for mutation in visitor.mutations:
        node = mutation.original_node
        if not _is_sentence(node) and node not in of_types:
            yield Mutant(file, type(mutation.original_node).__name__, _change(wrapper, mutation))


def _is_sentence(node: libcst.CSTNode) -> bool:
    return isinstance(node, libcst.SimpleString) and " " in node.raw_value


def _change(wrapper: MetadataWrapper, mutation: Mutation) -> Callable[[str], str]:
    return partial(_mutated, wrapper, mutation)


def _mutated(wrapper: MetadataWrapper, mutation: Mutation, text: str) -> str:
    assert text == wrapper.module.code
    changed = wrapper.module.deep_replace(mutation.original_node, mutation.mutated_node)
    assert isinstance(changed, libcst.Module)
    return changed.code
