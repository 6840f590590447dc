"""How far the outputs of two runs lie apart, layer by layer."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Deviation:
    """One call of one layer on both sides; `relative` is to the largest value of the first."""

    path: str
    kind: str
    absolute: float
    relative: float
    note: str = ""


def deviations(first: Path, second: Path) -> list[Deviation]:
    """The layers that both sides have, in the order in which the first ends them.

    Layers are found by path and number of call. Outputs of different shape, or NaN on one side
    only, deviate infinitely.
    """
    ours, theirs = _calls(first), _calls(second)
    found = []
    for key, (place, layer) in ours.items():
        path = key[0] or "(network)"
        if key not in theirs:
            found.append(Deviation(path, layer["kind"], np.inf, np.inf, "not called on B"))
            continue
        other_place, other = theirs[key]
        if layer["outputs"] != other["outputs"]:
            note = f"{layer['outputs']} outputs, {other['outputs']} on B"
            found.append(Deviation(path, layer["kind"], np.inf, np.inf, note))
            continue
        parts = [
            _apart(
                np.load(first / f"{place}_{number}.npy", allow_pickle=False),
                np.load(second / f"{other_place}_{number}.npy", allow_pickle=False),
            )
            for number in range(layer["outputs"])
        ]
        absolute, relative, note = max(parts, default=(0.0, 0.0, ""), key=lambda part: part[1])
        found.append(Deviation(path, layer["kind"], absolute, relative, note))
    return found


def _calls(folder: Path) -> dict[tuple[str, int], tuple[int, dict[str, Any]]]:
    calls: dict[tuple[str, int], tuple[int, dict[str, Any]]] = {}
    counts: dict[str, int] = {}
    layers = json.loads((folder / "layers.json").read_text(encoding="utf-8"))
    for place, layer in enumerate(layers):
        number = counts.get(layer["path"], 0)
        counts[layer["path"]] = number + 1
        calls[layer["path"], number] = place, layer
    return calls


def _apart(first: Array, second: Array) -> tuple[float, float, str]:
    if first.shape != second.shape:
        return np.inf, np.inf, f"shape {list(first.shape)}, {list(second.shape)} on B"
    if not first.size:
        return 0.0, 0.0, ""
    one, two = first.astype(np.float64), second.astype(np.float64)
    same = (one == two) | (np.isnan(one) & np.isnan(two))
    if not np.isfinite(np.where(same, 0, one - two)).all():
        return np.inf, np.inf, "NaN or infinity on one side"
    absolute = float(np.abs(np.where(same, 0, one - two)).max())
    scale = float(np.abs(one[np.isfinite(one)]).max(initial=0))
    return absolute, absolute / scale if scale else absolute, ""
