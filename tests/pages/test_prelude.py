"""The backward slice takes what a half needs from the other, and nothing left over."""

from __future__ import annotations

import ast

import pytest

from opsbridge.pages.model import Framework, Statement
from opsbridge.pages.names import names_of
from opsbridge.pages.prelude import prelude_of


def prelude(before: str, half: str) -> list[str]:
    nodes = ast.parse(before).body + ast.parse(half).body
    split = len(ast.parse(before).body)
    statements = [
        Statement(index, 1, 1, ast.unparse(node), node, 1, Framework.NONE)
        for index, node in enumerate(nodes)
    ]
    return [statements[i].source for i in prelude_of(statements, range(split, len(nodes)))]


def test_names_are_followed_back() -> None:
    before = "import numpy as np\nn = 3\nboxes = np.ones(n)\nt = torch.tensor(boxes)\nprint(t)"
    assert prelude(before, "y = boxes + 1") == ["import numpy as np", "n = 3", "boxes = np.ones(n)"]


def test_a_name_bound_by_the_half_is_never_taken() -> None:
    assert prelude("output = 1\nprint(output)", "output = f()\nprint(output)") == []


def test_a_name_read_first_is_taken() -> None:
    assert prelude("output = 1", "output = output + 1\nprint(output)") == ["output = 1"]


def test_the_latest_binding_wins() -> None:
    assert prelude("x = 1\nx = 2", "print(x)") == ["x = 2"]


def test_what_changes_a_needed_name_comes_along() -> None:
    before = "import random\nx = [1]\nx[0] = 5\nrandom.shuffle(x)\nx.append(2)\nx += [3]\nprint(x)"
    assert prelude(before, "print(x)") == [
        "import random",
        "x = [1]",
        "x[0] = 5",
        "random.shuffle(x)",
        "x.append(2)",
        "x += [3]",
    ]


def test_conditional_bindings_keep_the_one_before() -> None:
    before = "x = 1\nif c:\n    x = 2"
    assert prelude(before, "print(x)") == ["x = 1", "if c:\n    x = 2"]


def test_star_imports_are_the_last_resort() -> None:
    assert prelude("from numpy import *\nx = 1", "print(ones(x))") == [
        "from numpy import *",
        "x = 1",
    ]
    assert prelude("from numpy import *\nx = 1", "y = x") == ["x = 1"]


def test_names_inside_functions_count() -> None:
    before = "import numpy as np\nk = 2\nz = 9"
    half = "def f(a):\n    z = a\n    return np.ones(k) + z\nprint(f(1))"
    assert prelude(before, half) == ["import numpy as np", "k = 2"]


@pytest.mark.parametrize(
    ("code", "reads", "binds"),
    [
        ("x = y", {"y"}, {"x"}),
        ("x += 1", {"x"}, {"x"}),
        ("a, (b, *c) = d", {"d"}, {"a", "b", "c"}),
        ("import a.b", set(), {"a"}),
        ("import a.b as c", set(), {"c"}),
        ("from a import b as c", set(), {"c"}),
        ("[i for i in x if i > y]", {"x", "y"}, set()),
        ("{k: v for k, v in x}", {"x"}, set()),
        ("f = lambda a, b=c: a + d", {"c", "d"}, {"f"}),
        ("if (n := f()) > 1: pass", {"f"}, {"n"}),
        ("with open(p) as q: r = q", {"open", "p"}, {"q", "r"}),
        ("class A(B):\n    x = y\n    z = x", {"B", "y"}, {"A"}),
        ("def f(a: T) -> R:\n    global g\n    return a + g", {"T", "R", "g"}, {"f"}),
        ("try:\n    x = 1\nexcept E as e:\n    print(e)", {"E", "print"}, set()),
    ],
)
def test_names_of_a_statement(code: str, reads: set[str], binds: set[str]) -> None:
    names = names_of(ast.parse(code).body[0])
    assert (set(names.reads), set(names.binds)) == (reads, binds)


def test_loops_bind_perhaps() -> None:
    names = names_of(ast.parse("for i in x:\n    y = i\n").body[0])
    assert (set(names.reads), set(names.binds), set(names.maybe)) == ({"x"}, set(), {"i", "y"})


@pytest.mark.parametrize(
    ("makers", "taken"),
    [
        # (framework, example) of statements that bind x, in page order; the reader is MindSpore, 2.
        ([(Framework.MINDSPORE, 1), (Framework.TORCH, 1)], 0),
        ([(Framework.MINDSPORE, 1), (Framework.TORCH, 2)], 1),
        ([(Framework.TORCH, 1), (Framework.TORCH, 1)], 1),
        ([(Framework.NONE, 1), (Framework.MINDSPORE, 1), (Framework.TORCH, 1)], 1),
    ],
)
def test_the_own_example_comes_before_the_own_framework(
    makers: list[tuple[Framework, int]], taken: int
) -> None:
    places = [*makers, (Framework.MINDSPORE, 2)]
    sources = [*(f"x = {number}" for number in range(len(makers))), "print(x)"]
    statements = [
        Statement(index, 1, 1, source, ast.parse(source).body[0], example, framework)
        for index, (source, (framework, example)) in enumerate(zip(sources, places, strict=True))
    ]
    assert prelude_of(statements, [len(makers)]) == [taken]
