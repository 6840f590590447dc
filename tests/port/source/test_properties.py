"""What holds for every source: the translation parses, is stable, and keeps the comments."""

from __future__ import annotations

import ast
import io
import tokenize

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
hypothesis = pytest.importorskip("hypothesis", reason="the sources are drawn by Hypothesis")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from opsbridge.port.source.result import Target  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402

IMPORTS = st.sampled_from(
    [
        "import mindspore",
        "import mindspore as ms",
        "import mindspore.nn as nn",
        "from mindspore import nn, ops",
        "from mindspore import nn, Tensor as T, unheard",
        "from mindspore.ops import operations as P",
        "from mindspore.ops import *",
        "import numpy as np, mindspore.ops as ops",
        "try:\n    from mindspore import nn\nexcept ImportError:\n    nn = None",
        "if True: from mindspore import nn",
    ]
)
NAMES = st.sampled_from(
    ["nn", "ops", "P", "ms", "T", "mindspore.ops", "ms.nn", "np", "self", "x", "unheard"]
)
MEMBERS = st.sampled_from(
    ["Cell", "Concat", "TopK", "ReLU", "Split", "Conv2d", "CellList", "relu", "shape", "cat", "b"]
)
ATOMS = st.sampled_from(["x", "1", "0.5", "'same'", "(1, 2)", "()", "[x, *y]", "None", "-1", "x.y"])


@st.composite
def calls(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    """A call of something by something."""
    function = draw(st.one_of(inner, st.builds("{}.{}".format, NAMES, MEMBERS)))
    arguments = draw(st.lists(st.one_of(inner, st.builds("axis={}".format, inner)), max_size=3))
    arguments.sort(key=lambda text: text.startswith("axis="))
    keywords = [text for text in arguments if text.startswith("axis=")]
    comma = draw(st.sampled_from([", ", ",", ",  # why\n      "]))
    end = draw(st.sampled_from([")", "\n)", " )"]))
    return f"{function}({comma.join(arguments[: len(arguments) - len(keywords[1:])])}{end}"


EXPRESSIONS = st.recursive(
    st.one_of(ATOMS, st.builds("{}.{}".format, NAMES, MEMBERS)),
    lambda inner: st.one_of(
        calls(inner),
        st.builds("({} + {})".format, inner, inner),
        st.builds("{}[0]".format, st.sampled_from(["x", "self.x", "y"])),
        st.builds("(lambda x: {})".format, inner),
        st.builds("[{} for x in y]".format, inner),
    ),
    max_leaves=6,
)
TARGETS = st.sampled_from(["x", "self.x", "self.op", "x, y", "_, x", "x[0]", "self.loss"])
STATEMENTS = st.one_of(
    st.builds("{} = {}".format, TARGETS, EXPRESSIONS),
    st.builds("x += {}".format, EXPRESSIONS),
    st.builds("self.loss *= {}".format, EXPRESSIONS),
    st.builds("x = {}; y = {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("x = self.op({})  # behind".format, ATOMS),
    st.builds("for x in {}: pass".format, EXPRESSIONS),
    st.builds("# above\nif {}:\n    x = {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("with {} as x: y = 1".format, EXPRESSIONS),
)
HEADS = ["class Net(nn.Cell):", "class Net(ms.nn.Cell, Base):  # head", "class Net(Base):"]


def indented(text: str, depth: int) -> str:
    """Text with every line moved to the right."""
    return "\n".join("    " * depth + line for line in text.split("\n"))


@st.composite
def sources(draw: st.DrawFn) -> str:
    """A module of imports, a class and loose statements."""
    lines = ["# licence", *draw(st.lists(IMPORTS, min_size=1, max_size=4))]
    lines += ["", draw(st.sampled_from(HEADS))]
    for name in ("__init__", "construct", "other"):
        lines += [f"    def {name}(self, x, y=()):  # {name}"]
        lines += [indented(each, 2) for each in draw(st.lists(STATEMENTS, min_size=1, max_size=4))]
    lines += ["", *draw(st.lists(STATEMENTS, max_size=3)), ""]
    return "\n".join(lines)


def comments(source: str) -> list[str]:
    """The comments of a source, but for those that the translator writes."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    texts = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return [text for text in texts if not text.startswith("# opsbridge:")]


@settings(max_examples=25, deadline=None)
@given(source=sources(), target=st.sampled_from(list(Target)))
def test_a_translation_parses_and_is_stable(source: str, target: Target) -> None:
    try:
        ast.parse(source)
    except SyntaxError:
        hypothesis.assume(False)
    once = translate_text(source, target)
    ast.parse(once)
    assert translate_text(once, target) == once
    kept = [text for text in comments(once) if text != "# why"]
    assert kept == [text for text in comments(source) if text != "# why"]
