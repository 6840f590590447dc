"""The printed form of a PyTorch tensor, made from a NumPy array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_LINE_WIDTH = 80
_SUMMARY_FROM = 1000
_EDGE_ITEMS = 3
_UNSAID = ("float32", "int64", "bool")
"""The dtypes that PyTorch leaves out."""
_START = "tensor("


def tensor_text(array: np.ndarray[Any, Any]) -> str:
    """Return what `print` shows for a tensor with these values."""
    facts = [] if array.dtype.name in _UNSAID else [f"dtype=torch.{array.dtype.name}"]
    if array.size == 0:
        if array.ndim != 1:
            facts.insert(0, f"size={array.shape}")
        text = "[]"
        if array.dtype.name in ("int64", "bool"):  # without elements it would look like floats
            facts.append(f"dtype=torch.{array.dtype.name}")
    else:
        text = _Layout(array).elements(array, len(_START))
    for fact in facts:
        last_line = text.rsplit("\n", 1)[-1]
        start = len(_START) if last_line is text else 0
        fits = start + len(last_line) + len(fact) + 4 <= _LINE_WIDTH
        text += f", {fact}" if fits else f",\n{' ' * len(_START)}{fact}"
    return f"{_START}{text})"


def _shown(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the elements that are printed: of large arrays the edges only."""
    if array.size > _SUMMARY_FROM:
        for axis, length in enumerate(array.shape):
            if length > 2 * _EDGE_ITEMS:
                edges = [*range(_EDGE_ITEMS), *range(length - _EDGE_ITEMS, length)]
                array = array.take(edges, axis)
    return array


def _float_format(array: np.ndarray[Any, Any]) -> Callable[[float], str]:
    sizes = np.abs(array[np.isfinite(array) & (array != 0)].astype(np.float64))
    is_whole = bool((sizes == np.ceil(sizes)).all())
    low, high = (float(sizes.min()), float(sizes.max())) if sizes.size else (1.0, 1.0)
    if high / low > 1000 or high > 1e8 or (low < 1e-4 and not is_whole):
        return "{:.4e}".format
    if is_whole:
        return lambda value: f"{value:.0f}." if np.isfinite(value) else f"{value:.0f}"
    return "{:.4f}".format


class _Layout:
    """How the elements of one array are printed: all to the same width."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._is_summary = array.size > _SUMMARY_FROM
        shown = _shown(array)
        is_float = array.dtype.kind == "f"
        self._show: Callable[[Any], str] = _float_format(shown) if is_float else str
        measured = shown[np.isfinite(shown) & (shown != 0)] if is_float else shown
        texts = map(self._show, measured.reshape(-1).tolist())
        self._width = max(map(len, texts), default=1)

    def elements(self, array: np.ndarray[Any, Any], indent: int) -> str:
        """Return the elements in brackets; lines after the first begin behind indent blanks."""
        if array.ndim == 0:
            return self._word(array)
        has_gap = self._is_summary and len(array) > 2 * _EDGE_ITEMS
        parts = [*array[:_EDGE_ITEMS], *array[-_EDGE_ITEMS:]] if has_gap else list(array)
        if array.ndim == 1:
            words = [self._word(part) for part in parts]
            per_line = max(1, (_LINE_WIDTH - indent) // (self._width + 2))
            if has_gap:
                words.insert(_EDGE_ITEMS, " ...")
            lines = [", ".join(words[at : at + per_line]) for at in range(0, len(words), per_line)]
            gap = "\n"
        else:
            lines = [self.elements(part, indent + 1) for part in parts]
            if has_gap:
                lines.insert(_EDGE_ITEMS, "...")
            gap = "\n" * (array.ndim - 1)
        return f"[{(',' + gap + ' ' * (indent + 1)).join(lines)}]"

    def _word(self, element: Any) -> str:
        return self._show(element.item()).rjust(self._width)
