"""Results are kept by which arguments came: an equal one may be another table."""

from __future__ import annotations

from opsbridge.tables.remember import remembered


def test_a_result_is_computed_once_for_the_same_arguments() -> None:
    calls: list[list[int]] = []

    @remembered
    def total(numbers: list[int], more: list[int]) -> int:
        calls.append(numbers)
        return sum(numbers) + sum(more)

    first, second = [1, 2], [3]
    assert total(first, second) == total(first, more=second) == 6
    assert calls == [first]
    assert total([1, 2], second) == 6
    assert total(second, first) == 6
    assert len(calls) == 3


def test_a_forgotten_argument_is_not_taken_for_a_new_one() -> None:
    """A list made where another one was has its identity, if nothing keeps that alive."""

    @remembered
    def length(numbers: list[int]) -> int:
        return len(numbers)

    assert [length([0] * count) for count in range(50)] == list(range(50))
