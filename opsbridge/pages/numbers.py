"""Whether two printed numbers can be the same value."""

from __future__ import annotations

import functools
import importlib
import math
import re
from typing import Any

from opsbridge.errors import PageError

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?j?(?![\w.])|[-+]?(?:nan|inf)\b")
RTOL = 1e-5
"""Relative tolerance for floats printed with equally many decimals (float32 sums, other order)."""
_MIN_DIGITS = 3
"""A float with fewer significant digits must be met exactly: rounding would hide 2 %."""


def same_number(documented: str, printed: str) -> bool:
    """Whether two printed numbers can be the same value.

    Integers must be equal, and an integer is never a float. Floats may differ by RTOL, never by
    half a unit where the text can show units; where one has fewer decimals, the other must round to
    it, if it has three significant digits at least.
    """
    if documented == printed:
        return True
    kinds = [is_float(text) for text in (documented, printed)]
    if kinds[0] != kinds[1]:
        return False
    if not kinds[0]:
        return _integer(documented) == _integer(printed)
    if "j" in documented + printed:
        return complex(documented) == complex(printed)
    return _same_float(documented, printed)


def _same_float(documented: str, printed: str) -> bool:
    left, right = float(documented), float(printed)
    if not (math.isfinite(left) and math.isfinite(right)):
        # The same word apart from its sign's spelling; a number too large to read is not inf.
        return documented.lstrip("+") == printed.lstrip("+")
    if left == right:
        return True
    units = (_unit(documented), _unit(printed))
    if left == int(left) and right == int(right) and min(units) >= 1:
        return False
    if abs(left - right) > max(0.5, min(units)):
        return False
    if _checker(RTOL).check_output(documented, printed, _float_flag()):
        return True
    coarse, fine = (documented, right) if units[0] > units[1] else (printed, left)
    if units[0] == units[1] or _significant_digits(coarse) < _MIN_DIGITS:
        return False
    # 1.0000001 absorbs the binary error of a tie such as 0.12345 against 0.1234.
    return abs(float(coarse) - fine) <= 0.5 * max(units) * 1.0000001


def _integer(text: str) -> tuple[bool, str]:
    """Return sign and digits: Python refuses to convert integers of many thousand digits."""
    digits = text.lstrip("+-").lstrip("0")
    return text.startswith("-") and digits != "", digits


def is_float(text: str) -> bool:
    """Whether a printed number is no integer: it has a point, an exponent, or is nan or inf."""
    return not text.lstrip("+-").isdigit()


def _unit(text: str) -> float:
    """Return the value of one unit in the last printed place."""
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(f"1e{int(exponent or 0) - decimals}")


def _significant_digits(text: str) -> int:
    digits = re.sub(r"[eE].*|[^\d]", "", text)
    return len(digits.lstrip("0"))


@functools.cache
def _checker(rtol: float) -> Any:
    checker = _checker_module().OutputChecker()
    checker.rtol, checker.atol = rtol, 0.0
    return checker


@functools.cache
def _float_flag() -> int:
    return int(_checker_module().FLOAT_CMP)


@functools.cache
def _checker_module() -> Any:
    try:
        return importlib.import_module("pytest_doctestplus.output_checker")
    except ModuleNotFoundError as error:
        raise PageError(
            f"doctest: needs the packages of opsbridge[docs]: markdown-it-py and"
            f" pytest-doctestplus; {error.name} is not installed"
        ) from None
