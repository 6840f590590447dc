"""The comparison of a documented with a printed output: nothing false passes."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "pytest_doctestplus", reason="pytest-doctestplus of opsbridge[docs] compares the floats"
)

from hypothesis import assume, given
from hypothesis import strategies as st

from opsbridge.pages.canonical import canonical
from opsbridge.pages.compare import compare
from opsbridge.pages.model import Verdict


@pytest.mark.parametrize(
    ("documented", "printed"),
    [
        ("[True False True True]", "[ True False  True  True]"),
        ("[[1.7 2.03]\n[2.36 3.7 ]]", "[[1.7  2.03]\n [2.36 3.7 ]]\n"),
        ("tensor([0, 2, 3])", "tensor([0, 2, 3])\n"),
        ("(3, 5, 16)", "(3, 5, 16)"),
        ("Float32", "Float32"),
        ("nan", "nan"),
    ],
)
def test_the_same_tokens_are_true(documented: str, printed: str) -> None:
    assert compare(documented, printed) is Verdict.TRUE


@pytest.mark.parametrize(
    ("documented", "printed"),
    [
        ("[1. 2.]", "[1., 2.]"),
        ("tensor([1., 2.])", "[1. 2.]"),
        ("1.7000", "1.7"),
        ("2.0333", "2.0333333"),
        ("1.4375", "1.4374993"),
        ("0.5", "0.5000001"),
        ("tensor(3., grad_fn=<AddBackward0>)", "tensor(3.)"),
        ("tensor([], dtype=torch.int32)", "tensor([], dtype=torch.int32, size=(0,))"),
        ("tensor([1, 2], dtype=torch.int64)", "tensor([1, 2])"),
        ("Tensor(shape=[2], dtype=Float32, value=[1. 2.])", "[1. 2.]"),
        (
            "Tensor(shape=[2], dtype=Float32, value= [ 1.50000000e+00,  2.03333330e+00])",
            "[1.5       2.0333333]",
        ),
        ("[0 ... 9]", "[0 1 2 9]"),
        ("[0 ... 9]", "[0 1 9]"),
        ("[[0 1] ... [8 9]]", "[[0 1]\n [2 3]\n [8 9]]"),
        ("<generator object f at 0x7f5e48142bd0>", "<generator object f at 0x7fa00a5b0040>"),
    ],
)
def test_the_same_value_in_another_print_is_numerically_true(documented: str, printed: str) -> None:
    assert compare(documented, printed) is Verdict.NUMERICALLY_TRUE


@pytest.mark.parametrize(
    ("documented", "printed"),
    [
        ("2.", "3"),
        ("2.", "3."),
        ("2.", "2"),
        ("100001", "100000"),
        ("100001.", "100000."),
        ("123456.78", "123457.78"),
        ("1e-9", "1.02e-9"),
        ("[1e-09 1.]", "[1.02e-09 1.]"),
        ("1e400", "1e500"),
        ("0.5", "0.51"),
        ("0.0012", "0.001224"),
        ("[[1 2]]", "[1 2]"),
        ("[[1 2] [3 4]]", "[[1 2 3 4]]"),
        ("(2, 3)", "torch.Size([2, 3])"),
        ("tensor([1, 2], dtype=torch.int32)", "tensor([1, 2])"),
        ("tensor([1, 2])", "tensor([1, 2], dtype=torch.int32)"),
        ("tensor([1.])", "tensor([1.], dtype=torch.float64)"),
        ("tensor([1, 2], dtype=torch.int32)", "tensor([1, 2], dtype=torch.int16)"),
        ("Tensor(shape=[2], dtype=Int32, value=[1. 2.])", "[1. 2.]"),
        ("Tensor(shape=[3], dtype=Float32, value=[1. 2.])", "[1. 2.]"),
        ("tensor([], size=(0, 4))", "tensor([], size=(0, 5))"),
        ("Parameter (name=a, shape=(2,))", "Parameter (name=b, shape=(2,))"),
        ("[0 ... 9]", "[0 1 2 8]"),
        ("[[0 ...]]", "[[0 1] [2]]"),
        ("True", "False"),
        ("'a'", "a"),
        ("Float32", "Int32"),
        ("<generator object f at 0x7f5e48142bd0>", "<generator object g at 0x7f5e48142bd0>"),
        ("0x7f5e", "0x7fa0"),
        ("[1 2 3]", ""),
        ("", "[1 2 3]"),
        ("nan", "inf"),
        ("[nan 1.]", "[1. nan]"),
    ],
)
def test_another_value_shape_or_type_differs(documented: str, printed: str) -> None:
    assert compare(documented, printed) is Verdict.DIFFERS


def test_deep_nesting_does_not_break_the_comparison() -> None:
    assert compare("tensor(" * 5000 + "1" + ")" * 5000, "1") is Verdict.DIFFERS


def test_wrappers_leave_value_and_facts() -> None:
    form = canonical("(tensor([1, 2], dtype=torch.int32), tensor(3.))")
    assert form.tokens == ["(", "[", "1", "2", "]", "3.", ")"]
    assert form.dtypes == ["int32", ""]


numbers = st.one_of(
    st.integers(-(10**12), 10**12).map(str),
    st.floats(1e-12, 1e12, allow_nan=False).map(repr),
    st.floats(1e-9, 1e9).map("{:.4f}".format),
    st.floats(1e-30, 1e30).map("{:.8e}".format),
    st.floats(-1e6, -1e-6).map("{:.7g}".format),
)
rows = st.lists(numbers, min_size=1, max_size=6)


def _moved(number: str) -> str:
    """Return the number moved by 2 %, in the same print; an integer by one unit."""
    if number.lstrip("-").isdigit():
        return str(int(number) + 1)
    if "e" in number:
        mantissa, exponent = number.split("e")
        decimals = len(mantissa.partition(".")[2])
        return f"{float(mantissa) * 1.02:.{decimals}f}e{exponent}"
    decimals = len(number.partition(".")[2])
    return f"{float(number) * 1.02:.{decimals}f}"


def _printed(style: str, row: list[str]) -> str:
    if style == "numpy":
        return "[" + " ".join(row) + "]"
    return (
        ("tensor([" if style == "torch" else "[")
        + ", ".join(row)
        + ("])" if style == "torch" else "]")
    )


styles = st.sampled_from(["numpy", "torch", "list"])


@given(row=rows, documented_style=styles, printed_style=styles, data=st.data())
def test_a_moved_number_never_passes(
    row: list[str], documented_style: str, printed_style: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(row) - 1))
    moved = _moved(row[place])
    assume(float(moved) != float(row[place]))
    altered = [*row[:place], moved, *row[place + 1 :]]
    documented, printed = _printed(documented_style, altered), _printed(printed_style, row)
    assert compare(documented, printed) is Verdict.DIFFERS
    assert compare(printed, documented) is Verdict.DIFFERS


@given(number=st.floats(1, 1e12).map(repr), steps=st.sampled_from([-1, 1]))
def test_a_float_moved_by_one_unit_never_passes(number: str, steps: int) -> None:
    moved = repr(float(number) + steps)
    assert compare(f"[{moved}]", f"[{number}]") is Verdict.DIFFERS


@given(row=rows, documented_style=styles, printed_style=styles, depth=st.integers(1, 3))
def test_a_lost_bracket_never_passes(
    row: list[str], documented_style: str, printed_style: str, depth: int
) -> None:
    def nested(style: str, levels: int) -> str:
        inner = " ".join(row) if style == "numpy" else ", ".join(row)
        text = "[" * levels + inner + "]" * levels
        return f"tensor({text})" if style == "torch" else text

    whole = nested(printed_style, depth + 1)
    assert compare(nested(documented_style, depth), whole) is Verdict.DIFFERS
    assert (
        compare(nested(documented_style, depth + 1).replace("[", "", 1), whole) is Verdict.DIFFERS
    )


@given(row=rows, documented_style=styles, printed_style=styles)
def test_the_same_row_passes_in_every_style(
    row: list[str], documented_style: str, printed_style: str
) -> None:
    verdict = compare(_printed(documented_style, row), _printed(printed_style, row))
    assert verdict in (Verdict.TRUE, Verdict.NUMERICALLY_TRUE)
