"""What checkpoints may hold, for Hypothesis."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from opsbridge.checkpoints.stored import TYPES, StoredTensor

NAMES = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=9)


@st.composite
def tensors(draw: st.DrawFn, dtypes: tuple[str, ...] = tuple(TYPES)) -> StoredTensor:
    """A tensor or a text of any type, with any bits."""
    dtype = draw(st.sampled_from(dtypes))
    if dtype == "str":
        return StoredTensor.of(draw(TEXTS))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=4)))
    size = math.prod(shape) * TYPES[dtype].size
    bits = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8)
    if dtype == "bool":
        bits = bits & 1
    return StoredTensor.of(bits.view(TYPES[dtype].layout).reshape(shape), dtype)


def checkpoints(dtypes: tuple[str, ...] = tuple(TYPES)) -> st.SearchStrategy:
    """Some of them by name."""
    return st.dictionaries(NAMES, tensors(dtypes), min_size=1, max_size=4)


def same(first: dict[str, StoredTensor], second: dict[str, StoredTensor]) -> bool:
    """Whether two checkpoints hold the same bits under the same names, in the same order."""
    return [(name, t.dtype, t.shape, bytes(t.contents())) for name, t in first.items()] == [
        (name, t.dtype, t.shape, bytes(t.contents())) for name, t in second.items()
    ]
