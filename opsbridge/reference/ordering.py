"""The orders in which frameworks look at scored candidates, and what each does with ties.

All three sorts return positions, best score first. They work on dense integer keys instead of the
scores, so that one rule for equal scores, signed zeros and NaN serves them all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

INSERTION_SORT_BELOW = 17
"""libstdc++ leaves runs of at most 16 elements to the final insertion sort."""

Order = list[int]


def order_by_score(scores: npt.NDArray[Any], order: str) -> Order:
    """Positions of ``scores`` in the order of the named sort, best first; ``given`` is no sort."""
    keys = dense_keys(scores)
    if order == "stable":
        return stable_descending(keys)
    if order == "introsort":
        return introsort_descending(keys)
    if order == "bitonic":
        return bitonic_descending(keys)
    return list(range(len(keys)))


def dense_keys(scores: npt.NDArray[Any]) -> list[int]:
    """Rank of each value among the distinct values: -0 equals +0, every NaN is one largest."""
    _, keys = np.unique(scores, return_inverse=True)
    return [int(key) for key in keys]


def stable_descending(keys: list[int]) -> Order:
    """Largest key first; of equal keys the lowest position first."""
    return sorted(range(len(keys)), key=lambda position: -keys[position])


def bitonic_descending(keys: list[int]) -> Order:
    """The sorting network of MindSpore: ascending over the next power of two, then reversed.

    Its order of equal keys depends only on where they stand and how many keys there are. Missing
    keys are larger than every real one, so that padding never reaches the result.
    """
    width = 1
    while width < len(keys):
        width *= 2
    padding = max(keys, default=0) + 1
    values = keys + [padding] * (width - len(keys))
    positions = list(range(width))
    block = 2
    while block <= width:
        distance = block // 2
        while distance >= 1:
            _bitonic_step(values, positions, block, distance)
            distance //= 2
        block *= 2
    return positions[: len(keys)][::-1]


def _bitonic_step(values: list[int], positions: list[int], block: int, distance: int) -> None:
    for low in range(len(values)):
        high = low ^ distance
        if high <= low:
            continue
        ascending = (low & block) == 0
        out_of_order = values[low] > values[high] if ascending else values[low] < values[high]
        if out_of_order:
            values[low], values[high] = values[high], values[low]
            positions[low], positions[high] = positions[high], positions[low]


def introsort_descending(keys: list[int]) -> Order:
    """The order in which libstdc++'s ``std::sort`` leaves (key, position) pairs, largest first.

    The comparison looks at the key only. Up to 16 elements the result is the stable order; above
    that, equal keys come out in an order of the algorithm's own, which frameworks expose.
    """
    return _Introsort(keys).sorted_positions()


class _Introsort:
    """Quicksort (median of three), heap sort when too deep, insertion sort for what is left."""

    def __init__(self, keys: list[int]) -> None:
        self.items = [(key, position) for position, key in enumerate(keys)]

    def sorted_positions(self) -> Order:
        count = len(self.items)
        if count > 1:
            self._quicksort(0, count, 2 * (count.bit_length() - 1))
            self._insertion_sort(0, min(count, INSERTION_SORT_BELOW - 1))
            for index in range(INSERTION_SORT_BELOW - 1, count):
                self._sink(index)
        return [position for _, position in self.items]

    def _before(self, left: int, right: int) -> bool:
        return self.items[left][0] > self.items[right][0]

    def _swap(self, left: int, right: int) -> None:
        self.items[left], self.items[right] = self.items[right], self.items[left]

    def _quicksort(self, first: int, last: int, depth: int) -> None:
        while last - first >= INSERTION_SORT_BELOW:
            if depth == 0:
                self._heapsort(first, last)
                return
            depth -= 1
            self._move_median(first, first + 1, first + (last - first) // 2, last - 1)
            cut = self._partition(first + 1, last, first)
            self._quicksort(cut, last, depth)
            last = cut

    def _move_median(self, target: int, a: int, b: int, c: int) -> None:
        """Swap the median of the items at a, b and c to ``target``."""
        if self._before(a, b):
            median = b if self._before(b, c) else c if self._before(a, c) else a
        else:
            median = a if self._before(a, c) else c if self._before(b, c) else b
        self._swap(target, median)

    def _partition(self, first: int, last: int, pivot: int) -> int:
        while True:
            while self._before(first, pivot):
                first += 1
            last -= 1
            while self._before(pivot, last):
                last -= 1
            if first >= last:
                return first
            self._swap(first, last)
            first += 1

    def _insertion_sort(self, first: int, last: int) -> None:
        for index in range(first + 1, last):
            if self._before(index, first):
                self.items.insert(first, self.items.pop(index))
            else:
                self._sink(index)

    def _sink(self, index: int) -> None:
        """Move an item left past all that it goes before; an item to stop at is known to exist."""
        target = index
        while self._before(index, target - 1):
            target -= 1
        self.items.insert(target, self.items.pop(index))

    def _heapsort(self, first: int, last: int) -> None:
        heap = self.items[first:last]
        for parent in range((len(heap) - 2) // 2, -1, -1):
            _sift(heap, parent, len(heap), heap[parent])
        for end in range(len(heap) - 1, 0, -1):
            value = heap[end]
            heap[end] = heap[0]
            _sift(heap, 0, end, value)
        self.items[first:last] = heap


def _sift(heap: list[tuple[int, int]], hole: int, size: int, value: tuple[int, int]) -> None:
    """Fill ``hole``: walk it down to a leaf along the children that go last, then ``value`` up."""
    top = hole
    child = hole
    while child < (size - 1) // 2:
        child = 2 * (child + 1)
        if heap[child][0] > heap[child - 1][0]:
            child -= 1
        heap[hole] = heap[child]
        hole = child
    if size % 2 == 0 and child == (size - 2) // 2:
        child = 2 * child + 1
        heap[hole] = heap[child]
        hole = child
    parent = (hole - 1) // 2
    while hole > top and heap[parent][0] > value[0]:
        heap[hole] = heap[parent]
        hole = parent
        parent = (hole - 1) // 2
    heap[hole] = value
