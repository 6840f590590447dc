"""Code squeezed onto one line gets its statements and comments back."""

from __future__ import annotations

import ast
import time

import pytest

from opsbridge.pages.flat_code import restore_code


def restored(code: str) -> list[str]:
    return [line.text for line in restore_code(code)]


def flattened(code: str) -> str:
    return " ".join(code.split())


SOUND = """
# PyTorch
import torch
import numpy as np
from torch import nn, tensor
from a.b import c as d, e
boxes = np.array([ [0, 0, 4, 4], [0, 0, 3, 3] ]).astype(np.float32)
iou_threshold = 0.4
a, b = boxes if iou_threshold else None, not iou_threshold
f = lambda x: x + 1
g = 'one' "two" f'three'
h = [i for i in range(3) if i not in (1, 2)]
boxes[0] = -1
x = y = 3
assert x == 3, 'no'
del x
print(boxes, end='# no comment')
# Out: tensor([0, 2, 3])
print(f(3))
# 4
# In MindSpore, fill a constant array with value(int or numpy array).
import mindspore as ms
t = ms.Tensor(boxes)
print(t)
# Out: [[0 1]
# [2 3]]
raise ValueError('x') from None
"""


def test_every_line_of_sound_code_comes_back() -> None:
    assert restored(flattened(SOUND)) == [
        " ".join(line.split()) for line in SOUND.strip().split("\n")
    ]


def test_restored_lines_know_their_place() -> None:
    code = flattened(SOUND)
    for line in restore_code(code, start=7):
        assert code[line.start - 7 :].startswith(line.text)


@pytest.mark.parametrize(
    "comment",
    [
        "# Out: tensor([0, 2, 3])",
        "# tensor([0, 2, 3])",
        "# [True False True True]",
        "# (3, 5, 16)",
        "# 1.4374993",
        "# True",
        "# <class 'torch.Tensor'>",
        "# IndexError: out of range: tried to access index 8 on a tensor of 6 elements",
        "# If an element of x is less than 0, PyTorch will directly report an error",
        "# MindSpore will use the result of max(x, eps)",
        "# the x that is in use",
        "# x = 3",
        "# x.shape",
        "# 输出：[1 2]",
    ],
)
def test_comments_stay_comments(comment: str) -> None:
    code = f"from torch import tensor x = tensor(3) print(x) {comment} y = 4 print(y)"
    assert restored(code) == [
        "from torch import tensor",
        "x = tensor(3)",
        "print(x)",
        comment,
        "y = 4",
        "print(y)",
    ]


def test_a_statement_commented_out_stays_so() -> None:
    assert restored("import ms # ms.set_context(mode=1) x = ms.f()") == [
        "import ms",
        "# ms.set_context(mode=1)",
        "x = ms.f()",
    ]


def test_comments_inside_brackets() -> None:
    code = "import numpy as np x = np.array([ # first row [0, 1], # second [2, 3] ]) print(x) # 1"
    lines = restored(code)
    assert lines[-2:] == ["print(x)", "# 1"]
    tree = ast.parse("\n".join(lines))
    assert ast.unparse(tree.body[1]) == "x = np.array([[0, 1], [2, 3]])"


def test_semicolons_separate_statements() -> None:
    assert restored("import a; x = 1; y = 2") == ["import a", "x = 1", "y = 2"]


@pytest.mark.parametrize(
    "compound",
    [
        "for i in range(3): print(i)",
        "class Net(nn.Module): def __init__(self): super().__init__()",
        "def f(x): return x",
        "with a.b() as c: print(c)",
        "@decorator def f(): pass",
    ],
)
def test_lost_indentation_is_named(compound: str) -> None:
    lines = restore_code(f"import a {compound} # 1 # MindSpore import b print(b)")
    assert [line.text for line in lines] == [
        "import a",
        compound,
        "# 1",
        "# MindSpore",
        "import b",
        "print(b)",
    ]
    assert "indentation" in lines[1].lost
    assert not any(line.lost for line in lines if line is not lines[1])


def test_one_sound_line_stays_one() -> None:
    assert restored("torch.std(input, dim, *, out=None)") == ["torch.std(input, dim, *, out=None)"]


def test_broken_code_comes_back_for_the_parser_to_refuse() -> None:
    assert restored("x = = 3 # Out: 3") == ["x = = 3", "# Out: 3"]


@pytest.mark.parametrize("comment", ["# for i in x: a b = )", "# note for i in x: a b = )"])
def test_a_loop_that_goes_on_as_no_code_is_a_comment(comment: str) -> None:
    assert restored(f"x = 1 {comment} # more y = 2") == ["x = 1", comment, "# more", "y = 2"]


@pytest.mark.parametrize(
    "words",
    ["a = 1 ", "for i in x: a ", "a = [ ", "f( ", "if {a: 1, ", "x: ", "print(x) ", "@a ", "'a "],
)
def test_comments_that_nearly_read_as_code_take_no_longer(words: str) -> None:
    # Each word may be where code begins: the time of long ones would grow with the square.
    text = "x = 1 # " + words * (40_000 // len(words)) + ")"
    start = time.perf_counter()
    lines = restore_code(text)
    assert time.perf_counter() - start < 30
    assert "".join(line.text for line in lines).replace(" ", "") == text.replace(" ", "")


def test_what_takes_too_long_says_so() -> None:
    text = "x = 1 # " + "a = 1 " * 2000 + ")"
    (line,) = restore_code(text)
    assert (line.text, line.lost) == (
        text,
        "a flattened example that takes too long to take apart",
    )


def test_time_is_bounded_on_long_prose() -> None:
    start = time.perf_counter()
    restore_code("x = 1 # " + "some words of x in the prose " * 5000)
    assert time.perf_counter() - start < 20
