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

_STRICT = m.Arg(keyword=m.Name("strict"))
_TYPE_VARIABLE = m.Assign(value=m.Call(func=m.Name("TypeVar") | m.Name("ParamSpec")))


def python_mutants(file: str) -> Iterator[Mutant]:
    """All mutants of a module, but those of what nothing reads at run time.

    Sentences are for people, the names and bounds of type variables for type checkers. What `zip`
    is told of lengths is an assertion, which never fails.
    """
    wrapper = MetadataWrapper(libcst.parse_module((ROOT / file).read_text(encoding="utf-8")))
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    quiet = {
        node
        for each in m.findall(wrapper.module, _TYPE_VARIABLE | _STRICT)
        for node in m.findall(each, m.MatchIfTrue(bool))
    }
    for mutation in visitor.mutations:
        node = mutation.original_node
        if not _is_sentence(node) and node not in quiet and not _is_of_lengths(mutation):
            yield Mutant(file, type(mutation.original_node).__name__, _change(wrapper, mutation))


def _is_of_lengths(mutation: Mutation) -> bool:
    """Whether a call differs in what it says of lengths alone."""
    nodes = (mutation.original_node, mutation.mutated_node)
    kept = [
        [node.func, *(arg for arg in node.args if not m.matches(arg, _STRICT))]
        for node in nodes
        if isinstance(node, libcst.Call)
    ]
    return len(kept) == 2 and kept[0] == kept[1]


def _is_sentence(node: libcst.CSTNode) -> bool:
    return isinstance(node, libcst.SimpleString) and " " in node.raw_value


def _change(wrapper: MetadataWrapper, mutation: Mutation) -> Callable[[str], str]:
    return partial(_mutated, wrapper, mutation)


def _mutated(wrapper: MetadataWrapper, mutation: Mutation, text: str) -> str:
    assert text == wrapper.module.code
    changed = wrapper.module.deep_replace(mutation.original_node, mutation.mutated_node)
    assert isinstance(changed, libcst.Module)
    return changed.code
